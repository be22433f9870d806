package apps

import (
	"context"

	"fazt/internal/database"
)

// Route is where a host label leads.
type Route struct {
	Label string
	AppID string // "" = reserved
	App   string // the app's name
	Env   map[string]string
}

// Routes are all host labels of the instance: what the front door needs to know, read in one go.
func (s *Store) Routes(ctx context.Context) ([]Route, error) {
	var routes []Route
	err := s.db.Read(ctx, func(c *database.Conn) error {
		env := map[string]map[string]string{}
		err := c.Each("SELECT app_id, name, value FROM env", func(r *database.Row) error {
			if env[r.Text(0)] == nil {
				env[r.Text(0)] = map[string]string{}
			}
			env[r.Text(0)][r.Text(1)] = r.Text(2)
			return nil
		})
		if err != nil {
			return err
		}
		return c.Each("SELECT aliases.name, coalesce(apps.id, ''), coalesce(apps.name, '') FROM aliases LEFT JOIN apps ON apps.id = app_id", func(r *database.Row) error {
			routes = append(routes, Route{Label: r.Text(0), AppID: r.Text(1), App: r.Text(2), Env: env[r.Text(1)]})
			return nil
		})
	})
	return routes, err
}
