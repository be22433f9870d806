// Package storage stores the data of apps: values under keys, for a whole app or for one of its users.
package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/system"
	"fazt/internal/timeout"
)

const (
	listDefault = 100
	maxList     = 1000
	listBytes   = 4 << 20 // of keys and values; a larger page ends early
	purgeEvery  = time.Minute
)

// Scope identifies whose data it is: an app's, or one user's within an app. Scopes are isolated from each other.
type Scope struct {
	App  string // id of the app
	User string // id of the user; "" = the app's own
}

// Entry is a key with its value.
type Entry struct {
	Key       string
	Value     []byte    // JSON
	ExpiresAt time.Time // zero = never
}

// ListOptions select entries.
type ListOptions struct {
	Prefix string // keys start with exactly this
	Cursor string // Next of the previous page
	Limit  int    // 1 to 1000; 0 = 100
}

// Page is a part of a list of entries, sorted by the bytes of their keys.
type Page struct {
	Entries []Entry
	Next    string // cursor of the next page; "" = last page
}

// Config configures a KV.
type Config struct {
	DB     *database.DB
	Limits func(appID string) system.Storage
}

// KV is the key-value store of all apps.
type KV struct {
	Config

	mu      sync.Mutex
	forking map[string]bool // ids of apps that a Fork is making
}

// New returns the store in c.DB. It starts nothing.
func New(c Config) *KV { return &KV{Config: c, forking: map[string]bool{}} }

// Get reads a value. Expired values are not found.
func (k *KV) Get(ctx context.Context, s Scope, key string) (value []byte, found bool, err error) {
	if err := k.checkKey(s.App, key); err != nil {
		return nil, false, err
	}
	ctx, cancel, err := timeout.StorageContext(ctx)
	if err != nil {
		return nil, false, err
	}
	defer cancel()
	err = k.DB.Read(ctx, func(c *database.Conn) (err error) {
		found, err = c.First(`SELECT value FROM kv WHERE app_id = ?1 AND user_id = ?2 AND key = ?3
			AND (expires_at IS NULL OR expires_at > ?4) AND `+ofAnApp, func(r *database.Row) { value = r.Bytes(0) }, s.App, s.User, key, time.Now())
		return err
	})
	return value, found, err
}

// Set stores a JSON value under a key. It expires after ttl, or never if ttl is 0, regardless of the previous value. It
// is refused if the app would exceed storage.max_app_data.
func (k *KV) Set(ctx context.Context, s Scope, key string, value []byte, ttl time.Duration) error {
	if err := k.checkKey(s.App, key); err != nil {
		return err
	}
	if limit := k.Limits(s.App).MaxValue; len(value) > limit {
		return errs.TooBig(fmt.Sprintf("the value of %q, as JSON,", key), int64(len(value)), int64(limit), "storage.max_value")
	}
	if !json.Valid(value) || !utf8.Valid(value) {
		return errs.New(errs.Invalid, "the value of %q is not JSON", key)
	}
	if ttl < 0 {
		return errs.New(errs.Invalid, "the time to live of %q is negative", key)
	}
	ctx, cancel, err := timeout.StorageContext(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	now, expires := time.Now(), time.Time{}
	if ttl > 0 {
		expires = now.Add(max(ttl, time.Millisecond))
	}
	err = k.DB.Write(database.Growing(ctx), func(tx *database.Tx) error {
		if err := admit(tx, s, key, len(value), k.Limits(s.App).MaxAppData); err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO kv (app_id, user_id, key, value, expires_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (app_id, user_id, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at, updated_at = excluded.updated_at`,
			s.App, s.User, key, string(value), expires, now)
	})
	return err
}

// Delete removes a key; existed reports whether it existed and had not expired.
func (k *KV) Delete(ctx context.Context, s Scope, key string) (existed bool, err error) {
	if err := k.checkKey(s.App, key); err != nil {
		return false, err
	}
	ctx, cancel, err := timeout.StorageContext(ctx)
	if err != nil {
		return false, err
	}
	defer cancel()
	err = k.DB.Write(ctx, func(tx *database.Tx) error {
		return tx.Each("DELETE FROM kv WHERE app_id = ?1 AND user_id = ?2 AND key = ?3 AND "+ofAnApp+" RETURNING expires_at IS NULL OR expires_at > ?4", func(r *database.Row) error {
			existed = r.Bool(0)
			return nil
		}, s.App, s.User, key, time.Now())
	})
	return existed, err
}

// List returns a page of the entries whose keys start with a prefix.
func (k *KV) List(ctx context.Context, s Scope, o ListOptions) (Page, error) {
	if o.Limit == 0 {
		o.Limit = listDefault
	}
	if o.Limit < 1 || o.Limit > maxList {
		return Page{}, errs.New(errs.Invalid, "limit must be from 1 to %d, not %d", maxList, o.Limit)
	}
	if !utf8.ValidString(o.Prefix) || !utf8.ValidString(o.Cursor) {
		return Page{}, errs.New(errs.Invalid, "the prefix and the cursor must be UTF-8")
	}
	from, sql := o.Prefix, listFrom
	if o.Cursor >= from {
		from, sql = o.Cursor, listAfter
	}
	ctx, cancel, err := timeout.StorageContext(ctx)
	if err != nil {
		return Page{}, err
	}
	defer cancel()
	page := Page{Entries: []Entry{}}
	size := 0
	err = k.DB.Read(ctx, func(c *database.Conn) error {
		return c.Each(sql, func(r *database.Row) error {
			key := r.Text(0)
			if !strings.HasPrefix(key, o.Prefix) {
				return errEnd
			}
			size += len(key) + r.Len(1)
			if len(page.Entries) > 0 && size > listBytes {
				page.Next = page.Entries[len(page.Entries)-1].Key
				return errEnd
			}
			page.Entries = append(page.Entries, Entry{key, r.Bytes(1), r.Time(2)})
			return nil
		}, s.App, s.User, from, time.Now(), o.Limit+1)
	})
	if err != nil && !errors.Is(err, errEnd) {
		return Page{}, err
	}
	if len(page.Entries) > o.Limit {
		page.Entries = page.Entries[:o.Limit]
		page.Next = page.Entries[o.Limit-1].Key
	}
	return page, nil
}

// Keys with the same prefix are adjacent: the scan starts at the prefix and ends at the first key without it. No
// character of a prefix has a special meaning.
const (
	listHead  = "SELECT key, value, expires_at FROM kv WHERE app_id = ?1 AND user_id = ?2 AND key "
	listTail  = " ?3 AND (expires_at IS NULL OR expires_at > ?4) AND " + ofAnApp + " ORDER BY key LIMIT ?5"
	listFrom  = listHead + ">=" + listTail
	listAfter = listHead + ">" + listTail
)

// ofAnApp is a condition: the app ?1 exists. Leftover data of removed apps is never returned.
const ofAnApp = "EXISTS (SELECT 1 FROM apps WHERE id = ?1)"

// errEnd ends a scan.
var errEnd = errors.New("the keys with the prefix end here")

// Run removes expired entries until ctx ends.
func (k *KV) Run(ctx context.Context) error {
	k.DB.Repeat(ctx, purgeEvery, "removing expired values", func(ctx context.Context) error {
		_, err := k.Purge(ctx)
		return err
	})
	return nil
}

// Purge removes all expired entries, in batches so that it does not delay other writes, and returns their number.
func (k *KV) Purge(ctx context.Context) (removed int, err error) {
	err = k.DB.Steps(ctx, func(tx *database.Tx) (more bool, err error) {
		// Entries that a fork is copying stay, because the fork has counted them.
		err = tx.Exec(`DELETE FROM kv WHERE (app_id, user_id, key) IN
			(SELECT app_id, user_id, key FROM kv WHERE expires_at <= ? AND app_id NOT IN (SELECT app_id FROM leftovers) LIMIT ?)`, time.Now(), stepRows)
		removed += tx.Changes()
		return tx.Changes() == stepRows, err
	})
	return removed, err
}

func (k *KV) checkKey(app, key string) error {
	limit := k.Limits(app).MaxKey
	switch {
	case key == "":
		return errs.New(errs.Invalid, "the key is empty")
	case len(key) > limit:
		return errs.New(errs.TooLarge, "the key has %d bytes; at most %d are allowed (storage.max_key)", len(key), limit)
	case !utf8.ValidString(key):
		return errs.New(errs.Invalid, "the key is not UTF-8")
	}
	return nil
}
