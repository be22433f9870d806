package system

import (
	"context"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/schema"
)

// Settings are what the owner decides about the instance. Only what differs from the defaults is stored.
type Settings struct {
	Domain string   `json:"domain" label:"Domain" desc:"Apps are served below this name" default:"localhost" range:"1,253" live:"false"`
	Listen []string `json:"listen" label:"Listen" desc:"Addresses to listen on" default:"[\"127.0.0.1:4698\"]" live:"false"`
}

// LoadSettings reads the settings in force: the stored ones over the defaults. A stored name this version does not
// know is left alone.
func LoadSettings(ctx context.Context, db *database.DB) (Settings, error) {
	s := schema.Defaults[Settings]()
	err := db.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT name, value FROM settings", func(r *database.Row) error {
			if _, known := schema.Of[Settings]().Field(r.Text(0)); !known {
				return nil
			}
			return schema.Set(&s, r.Text(0), r.Text(1))
		})
	})
	return s, err
}

// SetSettingTx stores one setting after checking it.
func SetSettingTx(tx *database.Tx, name, value string) error {
	s := schema.Defaults[Settings]()
	if err := schema.Set(&s, name, value); err != nil {
		return errs.Wrap(errs.Invalid, err, "setting %s", errs.Sentence(err))
	}
	return tx.Exec(`INSERT INTO settings (name, value, updated_at) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`, name, value, time.Now())
}
