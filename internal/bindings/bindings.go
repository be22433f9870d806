// Package bindings declares the fazt.* object: every JavaScript function of the product, one file for each namespace.
package bindings

import (
	"context"
	"time"

	"fazt/internal/runtime/bind"
	"fazt/internal/storage"
)

// Deps are what the functions work on.
type Deps struct {
	KV      KV
	Private Private
}

// KV is the key-value store as functions use it.
type KV interface {
	Get(ctx context.Context, scope storage.Scope, key string) (value []byte, found bool, err error)
	Set(ctx context.Context, scope storage.Scope, key string, value []byte, ttl time.Duration) error
	Delete(ctx context.Context, scope storage.Scope, key string) (existed bool, err error)
	List(ctx context.Context, scope storage.Scope, o storage.ListOptions) (storage.Page, error)
}

// All is the whole object.
func All(d Deps) []bind.Namespace {
	return []bind.Namespace{
		{Path: "fazt", Doc: "What the instance gives to functions.", Members: []bind.Func{
			bind.Value("version", "Version of the instance.", func(c *bind.Call) string { return c.Version }),
			sleep(),
		}},
		{Path: "fazt.app", Doc: "The app the function belongs to.", Members: []bind.Func{
			bind.Value("id", "Id of the app, such as app_01jd….", func(c *bind.Call) string { return c.AppID }),
			bind.Value("name", "Name of the app: the host label it was deployed under.", func(c *bind.Call) string { return c.AppName }),
		}},
		{Path: "fazt.env", Doc: "The app's environment. A change reaches the next request.", Members: []bind.Func{
			bind.Script("get(name: string, otherwise?: string): string | undefined", "The variable, or otherwise when it is not set."),
			bind.Script("has(name: string): boolean", "Whether the variable is set."),
		}},
		{Path: "fazt.log", Doc: "The app's log, as console writes it.", Members: []bind.Func{
			bind.Script("debug(...values: unknown[]): void", "Write a line at this level."),
			bind.Script("info(...values: unknown[]): void", "Write a line at this level."),
			bind.Script("warn(...values: unknown[]): void", "Write a line at this level."),
			bind.Script("error(...values: unknown[]): void", "Write a line at this level."),
		}},
		net(),
		private(d.Private),
		kv("fazt.app.kv", d.KV, func(c *bind.Call) storage.Scope { return storage.Scope{App: c.AppID} }),
	}
}

func sleep() bind.Func {
	type args struct {
		MS float64 `js:"ms" doc:"milliseconds"`
	}
	return bind.Async("sleep", "Wait without holding anybody up.", func(c *bind.Call, a args) (struct{}, error) {
		t := time.NewTimer(time.Duration(a.MS * float64(time.Millisecond)))
		defer t.Stop()
		select {
		case <-t.C:
			return struct{}{}, nil
		case <-c.Context.Done():
			return struct{}{}, c.Context.Err()
		}
	})
}
