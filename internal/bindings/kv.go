package bindings

import (
	"encoding/json"

	"fazt/internal/errs"
	"fazt/internal/runtime/bind"
	"fazt/internal/storage"
)

// kv returns the key-value namespace mounted at path; scope picks the data a call works on.
func kv(path string, store KV, scope func(*bind.Call) storage.Scope) bind.Namespace {
	type key struct {
		Key string `js:"key" doc:"1 to 512 bytes of UTF-8"`
	}
	type set struct {
		Key     string          `js:"key" doc:"1 to 512 bytes of UTF-8"`
		Value   json.RawMessage `js:"value" doc:"any JSON value"`
		Options struct {
			TTL lifetime `json:"ttl" optional:"true"`
		} `js:"options" doc:"ttl: milliseconds until the value expires" optional:"true"`
	}
	type list struct {
		Prefix  string `js:"prefix" doc:"only keys that start with this" optional:"true"`
		Options struct {
			Limit  int    `json:"limit" optional:"true"`
			Cursor string `json:"cursor" optional:"true"`
		} `js:"options" doc:"limit: maximum number of entries, 1 to 1000, default 100; cursor: where to continue" optional:"true"`
	}
	type entry struct {
		Key       string          `json:"key"`
		Value     json.RawMessage `json:"value"`
		ExpiresAt int64           `json:"expiresAt,omitempty"`
	}
	return bind.Namespace{Path: path, Doc: "JSON values by key. When set returns, the value survives a crash.", Members: []bind.Func{
		bind.Fn("get", "Returns the value of a key, or undefined.", func(c *bind.Call, a key) (json.RawMessage, error) {
			value, _, err := store.Get(c.Context, scope(c), a.Key)
			return value, err
		}),
		bind.Fn("set", "Sets the value of a key. Returns when the value is durable on disk.", func(c *bind.Call, a set) (struct{}, error) {
			return struct{}{}, store.Set(c.Context, scope(c), a.Key, a.Value, milliseconds(float64(a.Options.TTL)))
		}).Waits(),
		bind.Fn("delete", "Removes a key. Returns whether it existed.", func(c *bind.Call, a key) (bool, error) {
			return store.Delete(c.Context, scope(c), a.Key)
		}).Waits(),
		bind.Fn("list", "Returns entries in key order. If there are more, cursor is set; pass it to continue.", func(c *bind.Call, a list) (json.RawMessage, error) {
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

// lifetime is a time in milliseconds after which a value expires; 0 = it was not given. Zero and null are refused, because
// they come from a calculation that went wrong more often than they mean "never".
type lifetime float64

// UnmarshalJSON refuses what is not the length of a time.
func (l *lifetime) UnmarshalJSON(text []byte) error {
	var ms *float64
	if json.Unmarshal(text, &ms) != nil || ms == nil || *ms <= 0 {
		return errs.New(errs.Invalid, "ttl must be more than 0 milliseconds, not %s; leave it out for a value that does not expire", text)
	}
	*l = lifetime(*ms)
	return nil
}
