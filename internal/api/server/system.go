package server

import (
	"context"
	"io"
	"log/slog"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// System implements the operations that observe the running server.
type System struct {
	Server *API
	DB     *database.DB
	Log    *slog.Logger
	// Fill fills in what only the running server knows, Counters writes its counters, and Probe returns why it should get
	// no requests. They are nil if no server is running.
	Fill     func(*op.Health)
	Counters func(w io.Writer) error
	Probe    func(ctx context.Context) error
}

// readyWait is how long the database may take to respond to a probe.
const readyWait = 2 * time.Second

// Health shows the health of the running server.
func (a *System) Health(ctx context.Context, _ op.None) (op.Health, error) {
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
	a.Fill(&h)
	if len(h.Problems) > 0 {
		h.Status = "degraded"
	}
	return h, nil
}

// Metrics writes the counters of the running server.
func (a *System) Metrics(ctx context.Context, _ op.None) (op.Stream, error) {
	if err := a.live(ctx); err != nil {
		return op.Stream{}, err
	}
	return op.Stream{Size: -1, Write: a.Counters}, nil
}

// live returns an error if no server is running. A stopping server still responds.
func (a *System) live(ctx context.Context) error {
	s, err := a.Server.Status(ctx, op.None{})
	if err == nil && !s.Running {
		err = errs.New(errs.Conflict, "no server is running on %s; `fazt server start` starts it", a.DB.Path())
	}
	return err
}

// Healthz responds as long as the process is alive.
func (a *System) Healthz(context.Context, op.None) (op.State, error) {
	return op.State{Status: "ok"}, nil
}

// Readyz tells strangers only yes or no; the reason is in the log.
func (a *System) Readyz(ctx context.Context, _ op.None) (op.State, error) {
	err := a.Probe(ctx)
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
