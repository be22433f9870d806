package apps

import (
	"context"

	"fazt/internal/database"
)

// Routing is where everything leads: what the front door needs to know, read in one go.
type Routing struct {
	Apps    []AppRoute
	Aliases []Alias
	Domains []Domain
}

// AppRoute is an app as the front door knows it.
type AppRoute struct {
	ID, Name string
	Env      map[string]string
}

// Routing reads all apps, aliases and domains. A row that refers to an app which was made or removed in between may
// name one that is not in Apps.
func (s *Store) Routing(ctx context.Context) (Routing, error) {
	var all Routing
	err := s.db.Read(ctx, func(c *database.Conn) (err error) {
		if all.Apps, err = appRoutes(c); err != nil {
			return err
		}
		arms := map[string][]Arm{}
		err = c.Each("SELECT alias, app_id, weight, token FROM arms ORDER BY alias, token", func(r *database.Row) error {
			arms[r.Text(0)] = append(arms[r.Text(0)], Arm{AppID: r.Text(1), Weight: r.Int(2), Token: r.Text(3)})
			return nil
		})
		if err != nil {
			return err
		}
		err = c.Each("SELECT "+aliasColumns+aliasTables, func(r *database.Row) error {
			a := scanAlias(r)
			a.Arms = arms[a.Name]
			all.Aliases = append(all.Aliases, a)
			return nil
		})
		if err != nil {
			return err
		}
		return c.Each("SELECT "+domainColumns, func(r *database.Row) error {
			all.Domains = append(all.Domains, scanDomain(r))
			return nil
		})
	})
	return all, err
}

func appRoutes(c *database.Conn) ([]AppRoute, error) {
	env := map[string]map[string]string{}
	err := c.Each("SELECT app_id, name, value FROM env", func(r *database.Row) error {
		if env[r.Text(0)] == nil {
			env[r.Text(0)] = map[string]string{}
		}
		env[r.Text(0)][r.Text(1)] = r.Text(2)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var list []AppRoute
	err = c.Each("SELECT id, name FROM apps", func(r *database.Row) error {
		list = append(list, AppRoute{ID: r.Text(0), Name: r.Text(1), Env: env[r.Text(0)]})
		return nil
	})
	return list, err
}
