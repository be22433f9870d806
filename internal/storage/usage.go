package storage

import (
	"context"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// entryCost is what an entry counts in addition to its key and value: about the size of its row and its index entry in
// the file. Without it, a gigabyte of one-byte values would be thirty gigabytes on the disk.
const entryCost = 64

// Usage is how much data an app has.
type Usage struct {
	Keys     int   `json:"keys"`      // entries of the key-value store, including those of users
	KeyBytes int64 `json:"key_bytes"` // of the keys and values
	Bytes    int64 `json:"bytes"`     // counted against storage.max_app_data: KeyBytes, and 64 for each entry
}

// Usage returns the current usage of an app. The database maintains the sums, so this does not count rows.
func (k *KV) Usage(ctx context.Context, app string) (u Usage, err error) {
	err = k.DB.Read(ctx, func(c *database.Conn) error {
		u, err = usage(c, app)
		return err
	})
	return u, err
}

// usage returns the usage of an app; NotFound if there is no such app.
func usage(c *database.Conn, app string) (u Usage, err error) {
	found, err := c.First("SELECT keys, key_bytes FROM usage WHERE app_id = ?", func(r *database.Row) { u.Keys, u.KeyBytes = r.Int(0), r.Int64(1) }, app)
	if err == nil && !found {
		err = errs.New(errs.NotFound, "the app was removed")
	}
	u.Bytes = u.KeyBytes + entryCost*int64(u.Keys)
	return u, err
}

// admit refuses a write of size bytes under a key if the app would then have more than limit bytes. It runs in the
// transaction of the write, so that two writes cannot both use the last of the space. Writes that do not make the data
// larger are always allowed, even if the app is already over the limit.
func admit(tx *database.Tx, s Scope, key string, size int, limit int64) error {
	u, err := usage(tx.Conn, s.App)
	if err != nil {
		return err
	}
	after := u.Bytes + entryCost + int64(len(key)+size)
	if after <= limit { // nearly always
		return nil
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

// full is the error of a write that exceeds the limit.
func full(used, after, limit int64) error {
	err := errs.New(errs.StorageFull, "the app stores %s of at most %s; this would make it %s: delete something, or raise the limit storage.max_app_data", errs.Size(used), errs.Bound(limit), errs.Size(after))
	err.Code = "APP_DATA_FULL"
	err.Details = map[string]int64{"used": used, "limit": limit, "needed": after - used}
	return err
}
