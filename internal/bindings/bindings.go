// Package bindings declares the fazt.* object: every JavaScript function of the product, one file per namespace.
package bindings

import (
	"context"
	"math"
	"time"

	"fazt/internal/runtime/bind"
	"fazt/internal/storage"
)

// Deps are the services the functions call.
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

// All returns the namespaces of the whole object.
func All(d Deps) []bind.Namespace {
	return []bind.Namespace{
		{Path: "fazt", Doc: "What the instance provides to functions.", Members: []bind.Func{
			bind.Value("version", "The instance's version.", func(c *bind.Call) string { return c.Version }),
			sleep(),
		}},
		{Path: "fazt.app", Doc: "The app the function belongs to.", Members: []bind.Func{
			bind.Value("id", "The app's id, such as app_01jd….", func(c *bind.Call) string { return c.AppID }),
			bind.Value("name", "The app's name: the host label it was deployed under.", func(c *bind.Call) string { return c.AppName }),
		}},
		{Path: "fazt.env", Doc: "The app's environment variables. A change is visible from the next request on.", Members: []bind.Func{
			bind.Script("get(name: string, otherwise?: string): string | undefined", "Returns the variable, or otherwise if it is not set."),
			bind.Script("has(name: string): boolean", "Returns whether the variable is set."),
		}},
		{Path: "fazt.log", Doc: "Writes to the app's log, as console does.", Members: []bind.Func{
			bind.Script("debug(...values: unknown[]): void", "Writes a line at this level."),
			bind.Script("info(...values: unknown[]): void", "Writes a line at this level."),
			bind.Script("warn(...values: unknown[]): void", "Writes a line at this level."),
			bind.Script("error(...values: unknown[]): void", "Writes a line at this level."),
		}},
		net(),
		private(d.Private),
		passwords(),
		kv("fazt.app.kv", d.KV, func(c *bind.Call) storage.Scope { return storage.Scope{App: c.AppID} }),
	}
}

func sleep() bind.Func {
	type args struct {
		MS float64 `js:"ms" doc:"milliseconds"`
	}
	return bind.Async("sleep", "Waits without blocking other requests.", func(c *bind.Call, a args) (struct{}, error) {
		t := time.NewTimer(milliseconds(a.MS))
		defer t.Stop()
		select {
		case <-t.C:
			return struct{}{}, nil
		case <-c.Context.Done():
			return struct{}{}, c.Context.Err()
		}
	})
}

// milliseconds returns a time that JavaScript gives as a number. One that no Duration can hold becomes the longest, because
// Go may convert it to a negative one.
func milliseconds(n float64) time.Duration {
	const longest = float64(math.MaxInt64 / time.Millisecond)
	if n > longest {
		return math.MaxInt64
	}
	return time.Duration(max(n, -longest) * float64(time.Millisecond))
}
