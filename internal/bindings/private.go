package bindings

import (
	"context"
	"encoding/json"
	"unicode/utf8"

	"fazt/internal/errs"
	"fazt/internal/runtime/bind"
)

// Private is the files below private/ of a deployment, as functions read them.
type Private interface {
	PrivateFile(ctx context.Context, deployment, path string) ([]byte, error) // nil when there is none
	HasPrivateFile(ctx context.Context, deployment, path string) (bool, error)
	PrivateFiles(ctx context.Context, deployment string) ([]string, error)
}

func private(files Private) bind.Namespace {
	type path struct {
		Path string `js:"path" doc:"below private/, such as data/prices.json"`
	}
	return bind.Namespace{Path: "fazt.private", Doc: "The files of the folder private/, of the deployment that runs. Visitors see them at /private/ once they are signed in and may read the app, and never before.", Members: []bind.Func{
		bind.Fn("read", "The text of a file; undefined when there is none.", func(c *bind.Call, a path) (json.RawMessage, error) {
			data, err := files.PrivateFile(c.Context, c.Deployment, a.Path)
			if err != nil || data == nil {
				return nil, err
			}
			if !utf8.Valid(data) {
				return nil, errs.New(errs.Invalid, "private/%s is no text in UTF-8", a.Path)
			}
			return json.Marshal(string(data))
		}).Returns("string | undefined"),
		bind.Fn("readJSON", "The value that a file holds as JSON; undefined when there is no file.", func(c *bind.Call, a path) (json.RawMessage, error) {
			data, err := files.PrivateFile(c.Context, c.Deployment, a.Path)
			if err != nil || data == nil {
				return nil, err
			}
			if !json.Valid(data) {
				return nil, errs.New(errs.Invalid, "private/%s is no JSON", a.Path)
			}
			return data, nil
		}),
		bind.Fn("exists", "Whether there is such a file.", func(c *bind.Call, a path) (bool, error) {
			return files.HasPrivateFile(c.Context, c.Deployment, a.Path)
		}),
		bind.Fn("list", "The paths of all files, below private/ and without it.", func(c *bind.Call, _ struct{}) ([]string, error) {
			return files.PrivateFiles(c.Context, c.Deployment)
		}),
	}}
}
