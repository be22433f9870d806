package bindings

import (
	"context"
	"encoding/json"
	"unicode/utf8"

	"fazt/internal/errs"
	"fazt/internal/runtime/bind"
)

// Private reads the files below private/ of a deployment.
type Private interface {
	PrivateFile(ctx context.Context, deployment, path string) ([]byte, error) // nil if it does not exist
	HasPrivateFile(ctx context.Context, deployment, path string) (bool, error)
	PrivateFiles(ctx context.Context, deployment string) ([]string, error)
}

func private(files Private) bind.Namespace {
	type path struct {
		Path string `js:"path" doc:"relative to private/, such as data/prices.json"`
	}
	return bind.Namespace{Path: "fazt.private", Doc: "Files in the private/ folder of the running deployment. Only signed-in visitors who may read the app can open them at /private/.", Members: []bind.Func{
		bind.Fn("read", "Returns a file's text, or undefined if it does not exist.", func(c *bind.Call, a path) (json.RawMessage, error) {
			data, err := files.PrivateFile(c.Context, c.Deployment, a.Path)
			if err != nil || data == nil {
				return nil, err
			}
			if !utf8.Valid(data) {
				return nil, errs.New(errs.Invalid, "private/%s is not valid UTF-8", a.Path)
			}
			return json.Marshal(string(data))
		}).Returns("string | undefined"),
		bind.Fn("readJSON", "Returns a file's JSON value, or undefined if it does not exist.", func(c *bind.Call, a path) (json.RawMessage, error) {
			data, err := files.PrivateFile(c.Context, c.Deployment, a.Path)
			if err != nil || data == nil {
				return nil, err
			}
			if !json.Valid(data) {
				return nil, errs.New(errs.Invalid, "private/%s is not valid JSON", a.Path)
			}
			return data, nil
		}),
		bind.Fn("exists", "Returns whether a file exists.", func(c *bind.Call, a path) (bool, error) {
			return files.HasPrivateFile(c.Context, c.Deployment, a.Path)
		}),
		bind.Fn("list", "Returns the paths of all files, relative to private/.", func(c *bind.Call, _ struct{}) ([]string, error) {
			return files.PrivateFiles(c.Context, c.Deployment)
		}),
	}}
}
