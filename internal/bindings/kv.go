package bindings

import (
	"encoding/json"
	"time"

	"fazt/internal/runtime/bind"
	"fazt/internal/storage"
)

// kv is the key-value namespace mounted at a path, on the scope a call has there.
func kv(path string, store KV, scope func(*bind.Call) storage.Scope) bind.Namespace {
	type key struct {
		Key string `js:"key" doc:"1 to 512 bytes of UTF-8"`
	}
	type set struct {
		Key     string          `js:"key" doc:"1 to 512 bytes of UTF-8"`
		Value   json.RawMessage `js:"value" doc:"anything that JSON can say"`
		Options struct {
			TTL float64 `json:"ttl" optional:"true"`
		} `js:"options" doc:"ttl: milliseconds after which the value is gone" optional:"true"`
	}
	type list struct {
		Prefix  string `js:"prefix" doc:"keys that begin with exactly this" optional:"true"`
		Options struct {
			Limit  int    `json:"limit" optional:"true"`
			Cursor string `json:"cursor" optional:"true"`
		} `js:"options" doc:"limit: at most so many, 1 to 1000, 100 when absent; cursor: where to go on" optional:"true"`
	}
	type entry struct {
		Key       string          `json:"key"`
		Value     json.RawMessage `json:"value"`
		ExpiresAt int64           `json:"expiresAt,omitempty"`
	}
	return bind.Namespace{Path: path, Doc: "JSON values under keys. A value that set has stored survives a crash.", Members: []bind.Func{
		bind.Fn("get", "The value under a key; undefined when there is none.", func(c *bind.Call, a key) (json.RawMessage, error) {
			value, _, err := store.Get(c.Context, scope(c), a.Key)
			return value, err
		}),
		bind.Fn("set", "Store a value under a key, in place of the one there. Returns when it is on the disk.", func(c *bind.Call, a set) (struct{}, error) {
			return struct{}{}, store.Set(c.Context, scope(c), a.Key, a.Value, time.Duration(a.Options.TTL*float64(time.Millisecond)))
		}).Waits(),
		bind.Fn("delete", "Remove a key. Returns whether it was there.", func(c *bind.Call, a key) (bool, error) {
			return store.Delete(c.Context, scope(c), a.Key)
		}).Waits(),
		bind.Fn("list", "Entries in the order of their keys. When there are more, cursor says where to go on.", func(c *bind.Call, a list) (json.RawMessage, error) {
			page, err := store.List(c.Context, scope(c), storage.ListOptions{Prefix: a.Prefix, Limit: a.Options.Limit, Cursor: a.Options.Cursor})
			if err != nil {
				return nil, err
			}
			entries := make([]entry, 0, len(page.Entries))
			for _, e := range page.Entries {
				x := entry{Key: e.Key, Value: e.Value}
				if !e.ExpiresAt.IsZero() {
					x.ExpiresAt = e.ExpiresAt.UnixMilli()
				}
				entries = append(entries, x)
			}
			data, err := json.Marshal(struct {
				Entries []entry `json:"$entries"`
				Cursor  string  `json:"cursor,omitempty"`
			}{entries, page.Next})
			return data, err
		}).Returns("{ key: string; value: any; expiresAt?: number }[] & { cursor?: string }").Pages(),
	}}
}
