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

// The self-test measures a second instance that exists only for the test. The same code builds it with the same limits
// in the same process; its database is in a folder next to the real one, so on the same disk; and requests reach it
// over the loopback interface through the same front door. So the results are realistic and the real instance is
// untouched: its database does not grow, its lists show no extra app, and all a crash leaves behind is a folder.

const (
	quiet     = 300 * time.Millisecond
	quietRate = 20 // requests and writes per second that still count as idle
)

// calibration allows one self-test at a time.
type calibration struct{ busy atomic.Bool }

// count is called for every response of the front door.
func (i *Instance) count(e gateway.Event) {
	i.visits.Add(1)
	i.traffic.count(e)
}

// measure runs the self-test for about the given time.
func (i *Instance) measure(ctx context.Context, length time.Duration, force bool) (m system.Measured, err error) {
	r := i.running.Load()
	if r == nil {
		return m, errs.New(errs.Conflict, "no server is running on %s, and only a running server can be measured; start one with `fazt server start`", i.DB.Path())
	}
	if !i.calibration.busy.CompareAndSwap(false, true) {
		return m, errs.New(errs.Conflict, "the instance is already being measured")
	}
	defer i.calibration.busy.Store(false)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := context.AfterFunc(r.ctx, cancel) // a server that is told to stop ends the self-test
	defer stopped()
	if !force {
		if err := i.checkIdle(ctx); err != nil {
			return m, err
		}
	}
	parent, prefix := i.scratch()
	dir, err := os.MkdirTemp(parent, prefix)
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
	if m, err = s.runSelfTest(ctx, length); err != nil {
		if r.ctx.Err() != nil {
			err = errs.New(errs.Unavailable, "the server is stopping; nothing was measured")
		}
		return m, err
	}
	m.MeasuredAt = time.Now().UTC().Truncate(time.Second)
	m.CPUCores, m.TotalRAM = limits.Hardware.CPUCores, limits.Hardware.TotalRAM
	return m, nil
}

// sweepScratch removes what interrupted self-tests and copies for peers left behind. The caller holds the lock of the
// database.
func (i *Instance) sweepScratch() {
	parent, prefix := i.scratch()
	entries, err := os.ReadDir(parent)
	if err != nil {
		return // without permission to list the folder, nothing can be found
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) && !strings.HasPrefix(e.Name(), backup.FetchPrefix(i.config.Database)) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(parent, e.Name())); err != nil {
			i.log.Warn("cannot remove a folder that a self-test or a backup left behind", "folder", e.Name(), "error", err)
		}
	}
}

// scratch returns the folder that holds the folders of self-tests, and the prefix of their names. The prefix includes
// the name of the database, because there may be other databases in the same folder, with servers of their own.
func (i *Instance) scratch() (parent, prefix string) {
	return filepath.Dir(i.config.Database), ".fazt-bench-" + filepath.Base(i.config.Database) + "-"
}

// checkIdle watches the instance for a moment and returns an error if it is busy. Under load, the self-test would
// measure only what is left of the machine, and slow down the visitors.
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
		return errs.New(errs.Conflict, "the instance is busy (%.0f requests and writes per second, %d functions running): measure when it is quiet, or use --force", rate, busy)
	}
	return nil
}

// runSelfTest deploys the test app, serves it and measures.
func (i *Instance) runSelfTest(ctx context.Context, length time.Duration) (m system.Measured, err error) {
	if err := selftest.Deploy(ctx, i.API()); err != nil {
		return m, err
	}
	l, err := listener.TCP("127.0.0.1:0", nil)
	if err != nil {
		return m, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// These services keep running when ctx ends and are stopped in order: the edge drains before the engine it needs.
	work := begin(context.WithoutCancel(ctx), cancel, i.engine.Run)
	front := begin(context.WithoutCancel(ctx), cancel, i.edge("", l, i.front).Run)
	defer func() { err = errors.Join(err, front.end(), work.end()) }()
	return selftest.Measure(ctx, l.Addr().String(), length)
}
