package hosting

import (
	"context"
	"encoding/json"

	"fazt/internal/database"
)

// Overview is what a list of apps shows of an app's deployments.
type Overview struct {
	Live        *Deployment // nil = nothing is live
	Deployments int         // kept, the live one included
}

// Overviews are those of several apps, in a fixed number of queries. Apps without deployments are not in the result.
func (s *Store) Overviews(ctx context.Context, appIDs []string) (map[string]Overview, error) {
	all := make(map[string]Overview, len(appIDs))
	list, err := json.Marshal(appIDs)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(c *database.Conn) error {
		err := c.Each("SELECT app_id, count(*) FROM deployments WHERE app_id IN (SELECT value FROM json_each(?)) GROUP BY app_id", func(r *database.Row) error {
			all[r.Text(0)] = Overview{Deployments: r.Int(1)}
			return nil
		}, string(list))
		if err != nil {
			return err
		}
		return c.Each("SELECT "+liveColumns+` FROM live JOIN deployments d ON d.id = live.deployment_id
			WHERE live.app_id IN (SELECT value FROM json_each(?))`, func(r *database.Row) error {
			d := scanDeployment(r)
			o := all[d.AppID]
			o.Live = &d
			all[d.AppID] = o
			return nil
		}, string(list))
	})
	return all, err
}
