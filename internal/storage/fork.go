package storage

import "fazt/internal/database"

// store is a table of what apps keep. Every such table is declared here, so that nothing is forgotten when an app is
// forked with its data; a test holds the list against the schema.
type store struct{ table, columns string } // the columns besides app_id

func stores() []store {
	return []store{
		{"kv", "user_id, key, value, expires_at, updated_at"},
	}
}

// ForkTx copies everything one app keeps to another, which has nothing yet and must be allowed to keep that much.
func (k *KV) ForkTx(tx *database.Tx, from, to string) error {
	u, err := usage(tx.Conn, from)
	if err != nil {
		return err
	}
	if most := k.Limits(to).MaxAppData; u.Bytes > most {
		return full(0, u.Bytes, most)
	}
	for _, s := range stores() {
		err := tx.Exec("INSERT INTO "+s.table+" (app_id, "+s.columns+") SELECT ?, "+s.columns+" FROM "+s.table+" WHERE app_id = ?", to, from)
		if err != nil {
			return err
		}
	}
	return nil
}
