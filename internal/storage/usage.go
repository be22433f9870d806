package storage

import (
	"context"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// entryCost is what an entry counts besides its key and value: about what its row and its place in the index take in the
// file. Without it a gigabyte of one-byte values would be thirty gigabytes on the disk.
const entryCost = 64

// Usage is how much an app keeps.
type Usage struct {
	Keys     int   `json:"keys"`      // entries of the key-value store, its users' included
	KeyBytes int64 `json:"key_bytes"` // of the keys and values
	Bytes    int64 `json:"bytes"`     // what counts against storage.max_app_data: those, and 64 for each entry
}

// Usage returns what an app keeps now. It is not counted but read: the database keeps the sums.
func (k *KV) Usage(ctx context.Context, app string) (u Usage, err error) {
	err = k.DB.Read(ctx, func(c *database.Conn) error {
		u, err = usage(c, app)
		return err
	})
	return u, err
}

// usage returns the usage of an app; NotFound when there is no such app.
func usage(c *database.Conn, app string) (u Usage, err error) {
	found, err := c.First("SELECT keys, key_bytes FROM usage WHERE app_id = ?", func(r *database.Row) { u.Keys, u.KeyBytes = r.Int(0), r.Int64(1) }, app)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "the app was removed")
	}
	u.Bytes = u.KeyBytes + entryCost*int64(u.Keys)
	return u, err
}

// admit refuses a write of size bytes under a key when the app would then keep more than limit bytes. It runs in the
// transaction of the write, so that no two writes can both take the last of the room. What makes nothing larger is always
// allowed, also where the limit is below what is kept by now.
func admit(tx *database.Tx, s Scope, key string, size int, limit int64) error {
	u, err := usage(tx.Conn, s.App)
	after := u.Bytes + entryCost + int64(len(key)+size)
	if err != nil || after <= limit { // nearly always
		return err
	}
	old := -1
	_, err = tx.First("SELECT octet_length(value) FROM kv WHERE app_id = ? AND user_id = ? AND key = ?", func(r *database.Row) { old = r.Int(0) }, s.App, s.User, key)
	if err != nil || size <= old {
		return err
	}
	if old >= 0 {
		after = u.Bytes + int64(size-old)
	}
	if after <= limit {
		return nil
	}
	return full(u.Bytes, after, limit)
}

// full is the refusal of a write for want of room.
func full(used, after, limit int64) error {
	err := errs.New(errs.StorageFull, "the app keeps %s and may keep %s; this would make it %s: remove something, or raise the limit storage.max_app_data", errs.Size(used), errs.Bound(limit), errs.Size(after))
	err.Code = "APP_DATA_FULL"
	err.Details = map[string]int64{"used": used, "limit": limit, "needed": after - used}
	return err
}
