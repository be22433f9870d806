package apps

import (
	"context"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// Origin is what an app was forked from.
type Origin struct {
	AppID      string `json:"app_id"` // "" = that app was removed
	Name       string `json:"name"`   // its current name or, once removed, its name at the time of the fork
	Deployment int    `json:"deployment"`
}

// ForkTx creates an app with a new ID (NewID) and a new name that records its origin: the app from and the number of
// its deployment. It copies only the title, never aliases, and the variables if environment is set.
func (s *Store) ForkTx(tx *database.Tx, id string, from App, number int, name string, environment bool) (App, error) {
	if err := checkFree(tx.Conn, name); err != nil {
		return App{}, err
	}
	app, err := create(tx, id, name, from.Title)
	if err != nil {
		return App{}, err
	}
	err = tx.Exec("INSERT INTO forks (app_id, origin_id, origin_name, number) VALUES (?, ?, ?, ?)", app.ID, from.ID, from.Name, number)
	if err == nil && environment {
		err = tx.Exec("INSERT INTO env (app_id, name, value, updated_at) SELECT ?, name, value, ? FROM env WHERE app_id = ?", app.ID, app.CreatedAt, from.ID)
	}
	return app, err
}

// CheckFree reports whether a new app may have the given name.
func (s *Store) CheckFree(ctx context.Context, name string) error {
	return s.db.Read(ctx, func(c *database.Conn) error { return checkFree(c, name) })
}

func checkFree(c *database.Conn, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	_, err := find(c, name)
	switch {
	case err == nil:
		return errs.New(errs.Conflict, "an app named %q already exists; choose another name", name)
	case errs.Is(err, errs.NotFound):
		return nil
	}
	return err
}

// Kin is what a list of apps shows about an app besides itself.
type Kin struct {
	Addresses Addresses
	Origin    *Origin // nil = not a fork
}

// KinOf returns the Kin of several apps, with a few queries per batch. The result has every app.
func (s *Store) KinOf(ctx context.Context, appIDs []string) (map[string]Kin, error) {
	all := make(map[string]Kin, len(appIDs))
	for _, app := range appIDs {
		all[app] = Kin{Addresses: noAddresses()}
	}
	err := s.db.Read(ctx, func(c *database.Conn) error {
		return database.InBatches(appIDs, func(batch []any) error {
			err := eachAddress(c, batch, func(app string, kind addressKind, name string) {
				k := all[app]
				k.Addresses.add(kind, name)
				all[app] = k
			})
			if err != nil {
				return err
			}
			return c.Each(`SELECT f.app_id, coalesce(f.origin_id, ''), coalesce(o.name, f.origin_name), f.number
			FROM forks f LEFT JOIN apps o ON o.id = f.origin_id WHERE f.app_id IN `+database.OneOf, func(r *database.Row) error {
				k := all[r.Text(0)]
				k.Origin = &Origin{AppID: r.Text(1), Name: r.Text(2), Deployment: r.Int(3)}
				all[r.Text(0)] = k
				return nil
			}, batch...)
		})
	})
	return all, err
}
