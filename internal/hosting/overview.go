package hosting

import (
	"context"
	"time"

	"fazt/internal/database"
)

// Overview is what a list of apps shows about the deployments of an app.
type Overview struct {
	Live        *Brief // nil = nothing is live
	Deployments int    // including the live one
}

// Brief is a deployment in a list of apps, which may have thousands.
type Brief struct {
	Number    int       `json:"number"`
	Files     int       `json:"files"`
	Bytes     int64     `json:"bytes"`
	Function  bool      `json:"function"`
	CreatedAt time.Time `json:"created_at"`

	StoppedAt *time.Time `json:"stopped_at,omitempty"` // absent = its function runs
}

// Overviews returns the overviews of several apps, with two queries per batch of apps. Apps without deployments are
// missing from the result.
func (s *Store) Overviews(ctx context.Context, appIDs []string) (map[string]Overview, error) {
	all := make(map[string]Overview, len(appIDs))
	err := s.db.Read(ctx, func(c *database.Conn) error {
		return database.InBatches(appIDs, func(batch []any) error {
			err := c.Each("SELECT app_id, count(*) FROM deployments WHERE app_id IN "+database.OneOf+" GROUP BY app_id", func(r *database.Row) error {
				all[r.Text(0)] = Overview{Deployments: r.Int(1)}
				return nil
			}, batch...)
			if err != nil {
				return err
			}
			return c.Each(`SELECT live.app_id, d.number, d.files, d.bytes, EXISTS (SELECT 1 FROM programs p WHERE p.deployment_id = d.id), d.created_at, d.stopped_at
			FROM live JOIN deployments d ON d.id = live.deployment_id
			WHERE live.app_id IN `+database.OneOf, func(r *database.Row) error {
				o := all[r.Text(0)]
				o.Live = &Brief{Number: r.Int(1), Files: r.Int(2), Bytes: r.Int64(3), Function: r.Bool(4), CreatedAt: r.Time(5)}
				if !r.IsNull(6) {
					at := r.Time(6)
					o.Live.StoppedAt = &at
				}
				all[r.Text(0)] = o
				return nil
			}, batch...)
		})
	})
	return all, err
}
