package server

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"fazt/internal/activity"
	"fazt/internal/errs"
	"fazt/internal/listener"
	"fazt/internal/listener/edge"
)

// A server can replace itself: it lets running requests finish, closes everything except its listening sockets, and
// turns its process into a fresh one that continues with them. Clients that connect in the meantime wait; none is
// refused. This is the only way to end abandoned runs of functions that keep working.

const (
	// A client may be about to send its next request on a connection when the server closes it. So for a while every
	// response announces that its connection closes, and clients come back on new ones.
	farewell = 500 * time.Millisecond

	burnFor = 30 * time.Second // how long abandoned runs may use more than one processor
)

// visitors counts the requests in progress, and tells their clients to close their connections during a handover.
type visitors struct {
	now     atomic.Int64
	leaving atomic.Bool
}

func (v *visitors) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.now.Add(1)
		defer v.now.Add(-1)
		if v.leaving.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// stuck reports whether the only requests left are those of abandoned runs, which never end.
func (i *Instance) stuck() bool {
	burning := i.engine.Stats().Burning
	return burning > 0 && i.visitors.now.Load() <= int64(burning)
}

// HandOver makes the server replace itself. Run returns when everything is ready for it, and Kept is then not nil.
func (i *Instance) HandOver(reason string) error {
	r := i.running.Load()
	switch {
	case r == nil:
		return errs.New(errs.Conflict, "no server is running on %s", i.DB.Path())
	case !i.config.Replace:
		return errs.New(errs.Unsupported, "this server cannot replace itself; stop it and start it again")
	case r.ctx.Err() != nil:
		return errs.New(errs.Unavailable, "the server is already stopping")
	case !r.handover.CompareAndSwap(false, true):
		return nil
	}
	i.log.Info("the server replaces itself", "reason", reason)
	i.Activity.Record(activity.Entry{
		Weight: activity.System, Action: "server.handover", Result: activity.OK, Actor: activity.Actor{Kind: activity.ItSelf}, ResourceType: "server",
		Details: activity.Details(map[string]any{"reason": reason}),
	})
	r.stop()
	return nil
}

// Kept returns the sockets for the next process if Run returned to be replaced; nil = it returned to end.
func (i *Instance) Kept() *listener.Kept { return i.kept }

// keep keeps the sockets, and goes on serving until clients with a connection had the chance to learn that it closes.
func (i *Instance) keep(edges []edge.Edge) {
	i.kept = &listener.Kept{}
	for _, e := range edges {
		if err := i.kept.Keep(e.Address, e.Listener); err != nil {
			i.log.Warn("a listening socket could not be kept; the next process will open the address again", "error", err)
		}
	}
	i.visitors.leaving.Store(true)
	time.Sleep(farewell)
}

// maxLost is how many finished calls may still hold memory before a fresh process is the better choice.
const maxLost = 64

// watchBurning starts a handover when abandoned runs have used more than one processor for a while, or all of them, or
// when too many calls to other servers do not end.
func (i *Instance) watchBurning(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	b := burning{limit: min(1, runtime.NumCPU()-1)}
	lost := burning{limit: maxLost}
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			if n := i.Gate.Lost(); lost.tooLong(n, now) {
				if err := i.HandOver(fmt.Sprintf("%d calls to other servers do not end", n)); err != nil {
					i.log.Error("calls to other servers do not end, and the server does not replace itself", "calls", n, "error", err)
					lost = burning{limit: lost.limit}
				}
			}
			n := i.engine.Stats().Burning
			if !b.tooLong(n, now) {
				continue
			}
			if err := i.HandOver(fmt.Sprintf("%d runs of functions that could not be stopped have used processors for %v", n, burnFor)); err != nil {
				i.log.Error("abandoned runs of functions use processors, and the server does not replace itself", "runs", n, "error", err)
				b = burning{limit: b.limit} // logs again after the same time
			}
		}
	}
}

// burning measures how long there have been more abandoned runs than the limit.
type burning struct {
	limit int
	since time.Time
}

func (b *burning) tooLong(runs int, now time.Time) bool {
	if runs <= b.limit {
		b.since = time.Time{}
		return false
	}
	if b.since.IsZero() {
		b.since = now
	}
	return now.Sub(b.since) >= burnFor
}
