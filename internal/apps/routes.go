package apps

import (
	"context"

	"fazt/internal/database"
)

// Routing is where every host leads: what the gateway needs, read in one transaction.
type Routing struct {
	Apps    []AppRoute
	Aliases []Alias
	Domains []Domain
}

// AppRoute is what the gateway knows of an app.
type AppRoute struct {
	ID, Name string
	Env      map[string]string
}

// Routing reads all apps, aliases and domains. A row that refers to an app created or removed meanwhile may name one
// that is not in Apps.
func (s *Store) Routing(ctx context.Context) (Routing, error) {
	var all Routing
	err := s.db.Read(ctx, func(c *database.Conn) (err error) {
		if all.Apps, err = appRoutes(c, "", "SELECT id, name FROM apps"); err != nil {
			return err
		}
		if all.Aliases, err = aliasRoutes(c, "", ""); err != nil {
			return err
		}
		all.Domains, err = domainRoutes(c, "")
		return err
	})
	return all, err
}

// RoutingPart selects a part of the routing: apps by ID, aliases, domains by host.
type RoutingPart struct{ Apps, Aliases, Domains []string }

// RoutingOf is Routing for a part, which it first extends by what points to its apps. Anything in complete but not in
// found no longer exists.
func (s *Store) RoutingOf(ctx context.Context, part RoutingPart) (found Routing, complete RoutingPart, err error) {
	complete.Apps = part.Apps
	err = s.db.Read(ctx, func(c *database.Conn) error {
		aliases, domains := named(part.Aliases), named(part.Domains)
		for _, id := range part.Apps {
			err := c.Each("SELECT name FROM aliases WHERE app_id = ? UNION SELECT alias FROM arms WHERE app_id = ?", func(r *database.Row) error { aliases[r.Text(0)] = true; return nil }, id, id)
			if err == nil {
				err = c.Each("SELECT host FROM domains WHERE app_id = ?", func(r *database.Row) error { domains[r.Text(0)] = true; return nil }, id)
			}
			if err != nil {
				return err
			}
			app, err := appRoutes(c, "WHERE app_id = ?", "SELECT id, name FROM apps WHERE id = ?", id)
			if err != nil {
				return err
			}
			found.Apps = append(found.Apps, app...)
		}
		for name := range aliases {
			list, err := aliasRoutes(c, "WHERE alias = ?", "WHERE aliases.name = ?", name)
			if err != nil {
				return err
			}
			found.Aliases = append(found.Aliases, list...)
			complete.Aliases = append(complete.Aliases, name)
		}
		for host := range domains {
			list, err := domainRoutes(c, "WHERE host = ?", host)
			if err != nil {
				return err
			}
			found.Domains = append(found.Domains, list...)
			complete.Domains = append(complete.Domains, host)
		}
		return nil
	})
	return found, complete, err
}

func named(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, name := range list {
		m[name] = true
	}
	return m
}

// aliasRoutes reads aliases; the conditions apply to arms and to aliases.
func aliasRoutes(c *database.Conn, whereTargets, whereAliases string, args ...any) (list []Alias, err error) {
	targets := map[string][]SplitTarget{}
	err = c.Each("SELECT alias, app_id, weight, token FROM arms "+whereTargets+" ORDER BY alias, token", func(r *database.Row) error {
		targets[r.Text(0)] = append(targets[r.Text(0)], SplitTarget{AppID: r.Text(1), Weight: r.Int(2), Token: r.Text(3)})
		return nil
	}, args...)
	if err != nil {
		return nil, err
	}
	err = c.Each("SELECT "+aliasColumns+aliasTables+whereAliases, func(r *database.Row) error {
		a := scanAlias(r)
		a.Targets = targets[a.Name]
		list = append(list, a)
		return nil
	}, args...)
	return list, err
}

func domainRoutes(c *database.Conn, where string, args ...any) (list []Domain, err error) {
	err = c.Each("SELECT "+domainColumns+where, func(r *database.Row) error {
		list = append(list, scanDomain(r))
		return nil
	}, args...)
	return list, err
}

func appRoutes(c *database.Conn, whereEnv, apps string, args ...any) (list []AppRoute, err error) {
	env := map[string]map[string]string{}
	err = c.Each("SELECT app_id, name, value FROM env "+whereEnv, func(r *database.Row) error {
		if env[r.Text(0)] == nil {
			env[r.Text(0)] = map[string]string{}
		}
		env[r.Text(0)][r.Text(1)] = r.Text(2)
		return nil
	}, args...)
	if err != nil {
		return nil, err
	}
	err = c.Each(apps, func(r *database.Row) error {
		list = append(list, AppRoute{ID: r.Text(0), Name: r.Text(1), Env: env[r.Text(0)]})
		return nil
	}, args...)
	return list, err
}
