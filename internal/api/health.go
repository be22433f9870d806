package api

import (
	"context"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// readyWait is how long the database may take to answer a probe.
const readyWait = 2 * time.Second

func (a *API) systemHealth(ctx context.Context, _ op.None) (op.Health, error) {
	if err := a.live(ctx); err != nil {
		return op.Health{}, err
	}
	stats := a.DB.Stats()
	file, wal := a.DB.Size()
	h := op.Health{
		Status: "ok", Problems: []string{}, Version: system.Version,
		Database: op.HealthDatabase{
			Bytes: file, WALBytes: wal, Queued: stats.Queued, Writes: int64(stats.Writes), Commits: int64(stats.Commits),
		},
	}
	a.Health(&h)
	if len(h.Problems) > 0 {
		h.Status = "degraded"
	}
	return h, nil
}

func (a *API) systemMetrics(ctx context.Context, _ op.None) (op.Stream, error) {
	if err := a.live(ctx); err != nil {
		return op.Stream{}, err
	}
	return op.Stream{Size: -1, Write: a.Metrics}, nil
}

// live says that there is no server to ask about. One that is about to stop still tells.
func (a *API) live(ctx context.Context) error {
	s, err := a.serverStatus(ctx, op.None{})
	if err == nil && !s.Running {
		err = errs.New(errs.Conflict, "no server is running on %s; `fazt server start` starts it", a.DB.Path())
	}
	return err
}

func (a *API) systemHealthz(context.Context, op.None) (op.State, error) {
	return op.State{Status: "ok"}, nil
}

// readyz tells a stranger nothing but yes or no; why not is in the log.
func (a *API) systemReadyz(ctx context.Context, _ op.None) (op.State, error) {
	err := a.Ready(ctx)
	if err == nil {
		within, cancel := context.WithTimeout(ctx, readyWait)
		defer cancel()
		err = a.DB.Read(within, func(c *database.Conn) error {
			_, err := c.First("SELECT 1", func(*database.Row) {})
			return err
		})
	}
	if err != nil {
		a.Log.Warn("the instance is not ready", "error", err)
		return op.State{}, errs.Wrap(errs.Unavailable, err, "not ready")
	}
	return op.State{Status: "ready"}, nil
}
