package storage

import (
	"context"

	"fazt/internal/database"
)

// store is a table of what apps keep. Every such table is declared here, so that nothing is forgotten when an app is
// forked with its data; a test holds the list against the schema.
type store struct{ table, columns string } // the columns besides app_id

func stores() []store {
	return []store{
		{"kv", "user_id, key, value, expires_at, updated_at"},
	}
}

// ForkTx copies everything one app keeps to another, which has nothing yet.
func ForkTx(tx *database.Tx, from, to string) error {
	for _, s := range stores() {
		err := tx.Exec("INSERT INTO "+s.table+" (app_id, "+s.columns+") SELECT ?, "+s.columns+" FROM "+s.table+" WHERE app_id = ?", to, from)
		if err != nil {
			return err
		}
	}
	return nil
}

// Usage is how much an app keeps.
type Usage struct {
	Keys     int   `json:"keys"`      // entries of the key-value store, its users' included
	KeyBytes int64 `json:"key_bytes"` // of the keys and values
}

// Usage counts what an app keeps.
func (k *KV) Usage(ctx context.Context, app string) (u Usage, err error) {
	err = k.DB.Read(ctx, func(c *database.Conn) error {
		_, err := c.First("SELECT count(*), coalesce(sum(octet_length(key) + octet_length(value)), 0) FROM kv WHERE app_id = ?",
			func(r *database.Row) { u.Keys, u.KeyBytes = r.Int(0), r.Int64(1) }, app)
		return err
	})
	return u, err
}
