package apps

import (
	"fazt/internal/database"
	"fazt/internal/errs"
)

// RenameTx renames an app and its host label. The old label becomes free, or points to keep if that is set. A label that
// already leads elsewhere is left alone. Everything else refers to the app by ID.
func (s *Store) RenameTx(tx *database.Tx, ref, name string, keep *Destination) (App, error) {
	if err := CheckName(name); err != nil {
		return App{}, err
	}
	app, err := find(tx.Conn, ref)
	if err != nil {
		return App{}, err
	}
	if app.Name == name {
		return App{}, errs.New(errs.Invalid, "the app is already named %s", name)
	}
	if err := free(tx.Conn, name, app.ID); err != nil {
		return App{}, err
	}
	old := app.Name
	app.Name, app.UpdatedAt = name, now()
	if err := tx.Exec("UPDATE apps SET name = ?, updated_at = ? WHERE id = ?", app.Name, app.UpdatedAt, app.ID); err != nil {
		return App{}, err
	}
	if err := setAlias(tx, name, Destination{App: app.ID}); err != nil {
		return App{}, err
	}
	label, err := findAlias(tx.Conn, old)
	switch {
	case errs.Is(err, errs.NotFound) || err == nil && label.AppID != app.ID:
		return app, nil
	case err != nil:
		return App{}, err
	case keep == nil:
		return app, tx.Exec("DELETE FROM aliases WHERE name = ?", old)
	}
	return app, setAlias(tx, old, *keep)
}

// free reports whether an app may take a name: no other app has it, and its label leads nowhere else.
func free(c *database.Conn, name, appID string) error {
	other, err := find(c, name)
	if err == nil && other.ID != appID {
		return errs.New(errs.Conflict, "another app is named %s", name)
	}
	if err != nil && !errs.Is(err, errs.NotFound) {
		return err
	}
	alias, err := findAlias(c, name)
	switch {
	case errs.Is(err, errs.NotFound), err == nil && alias.AppID == appID:
		return nil
	case err != nil:
		return err
	}
	return errs.New(errs.Conflict, "the name %s is taken: it points to %s; `fazt alias remove %s` frees it", name, alias.Leads(), name)
}
