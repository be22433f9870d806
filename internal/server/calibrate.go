package server

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"fazt/internal/api/backup"
	"fazt/internal/errs"
	"fazt/internal/gateway"
	"fazt/internal/listener"
	"fazt/internal/selftest"
	"fazt/internal/system"
)

// The self-test measures a second instance that exists only for it: built by the same code with the same limits, in the
// same process, with its database in a folder beside the real one and so on the same disk, reached over the loopback
// interface through the same front door. So it is honest, and touches nothing: the real database does not grow by what
// is written, no list shows an app that nobody made, and what a crash leaves behind is a folder.

const (
	quiet     = 300 * time.Millisecond
	quietRate = 20 // requests and writes in a second that an idle instance may have
)

// calibration is at most one at a time.
type calibration struct{ busy atomic.Bool }

// count is told of every answer of the front door.
func (i *Instance) count(e gateway.Event) {
	i.visits.Add(1)
	i.traffic.count(e)
}

// measure runs the self-test for about the given time.
func (i *Instance) measure(ctx context.Context, length time.Duration, force bool) (m system.Measured, err error) {
	r := i.running.Load()
	if r == nil {
		return m, errs.New(errs.Conflict, "no server is running on %s: what is measured is a running server; start one with `fazt server start`", i.DB.Path())
	}
	if !i.calibration.busy.CompareAndSwap(false, true) {
		return m, errs.New(errs.Conflict, "the instance is being measured already")
	}
	defer i.calibration.busy.Store(false)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := context.AfterFunc(r.ctx, cancel) // a server that is told to stop does not measure to the end
	defer stopped()
	if !force {
		if err := i.checkIdle(ctx); err != nil {
			return m, err
		}
	}
	beside, prefix := i.scratch()
	dir, err := os.MkdirTemp(beside, prefix)
	if err != nil {
		return m, errs.Wrap(errs.Unavailable, err, "no folder can be created next to the database")
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	limits := *i.Limits.Load()
	s, err := Open(ctx, Config{Database: filepath.Join(dir, "data.db"), Domain: "localhost", Limits: &limits})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if m, err = s.carry(ctx, length); err != nil {
		if r.ctx.Err() != nil {
			err = errs.New(errs.Unavailable, "the server is stopping; nothing was measured")
		}
		return m, err
	}
	m.MeasuredAt = time.Now().UTC().Truncate(time.Second)
	m.CPUCores, m.TotalRAM = limits.Hardware.CPUCores, limits.Hardware.TotalRAM
	return m, nil
}

// sweepScratch removes what self-tests and copies for peers left behind that did not get to their end. The caller has the lock of the database.
func (i *Instance) sweepScratch() {
	beside, prefix := i.scratch()
	entries, err := os.ReadDir(beside)
	if err != nil {
		return // a folder that nobody may list has none of ours that could be found
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) && !strings.HasPrefix(e.Name(), backup.FetchPrefix(i.config.Database)) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(beside, e.Name())); err != nil {
			i.log.Warn("what a self-test or a backup left behind cannot be removed", "folder", e.Name(), "error", err)
		}
	}
}

// scratch is where the folders of self-tests are, and how their names begin: with that of the database, as there may be
// other databases beside it, with servers of their own.
func (i *Instance) scratch() (beside, prefix string) {
	return filepath.Dir(i.config.Database), ".fazt-bench-" + filepath.Base(i.config.Database) + "-"
}

// checkIdle watches the instance for a moment: under load it would measure what is left of the machine, and take that
// from those who use it.
func (i *Instance) checkIdle(ctx context.Context) error {
	work := func() uint64 { return i.visits.Load() + i.DB.Stats().Writes }
	before := work()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(quiet):
	}
	rate := float64(work()-before) / quiet.Seconds()
	if busy := i.engine.Stats().Busy; rate > quietRate || busy > 0 {
		return errs.New(errs.Conflict, "the instance is busy (%.0f requests and writes in a second, %d functions at work): measure when it is quiet, or all the same with --force", rate, busy)
	}
	return nil
}

// carry deploys the app that is measured, serves it, and measures.
func (i *Instance) carry(ctx context.Context, length time.Duration) (m system.Measured, err error) {
	if err := selftest.Deploy(ctx, i.API()); err != nil {
		return m, err
	}
	l, err := listener.TCP("127.0.0.1:0", nil)
	if err != nil {
		return m, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// What stops last runs on when ctx ends; the edge drains before the engine it needs.
	work := begin(context.WithoutCancel(ctx), cancel, i.engine.Run)
	front := begin(context.WithoutCancel(ctx), cancel, i.edge("", l, i.front).Run)
	defer func() { err = errors.Join(err, front.end(), work.end()) }()
	return selftest.Measure(ctx, l.Addr().String(), length)
}
