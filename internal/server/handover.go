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

// A server replaces itself: it lets running requests finish, closes everything but the sockets it listens on, and makes
// its process a fresh one that goes on with them. Whoever connects meanwhile waits; nobody is refused. That ends what
// nothing else ends, the runs of functions that had to be abandoned and work on.

const (
	// A client may be about to send its next request on a connection when the server closes it. So for a while every
	// answer says that it is the last on its connection, and clients come back on new ones.
	farewell = 500 * time.Millisecond

	burnFor = 30 * time.Second // how long abandoned runs may use more than one processor
)

// visitors counts the requests that are being answered, and tells their clients to close when the server hands over.
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

// stuck says whether there are visitors of abandoned runs, which do not end, and no others.
func (i *Instance) stuck() bool {
	burning := i.engine.Stats().Burning
	return burning > 0 && i.visitors.now.Load() <= int64(burning)
}

// HandOver makes the server replace itself. Run returns when all is ready for that, and Kept says so.
func (i *Instance) HandOver(reason string) error {
	r := i.running.Load()
	switch {
	case r == nil:
		return errs.New(errs.Conflict, "no server is running on %s", i.DB.Path())
	case !i.config.Replace:
		return errs.New(errs.Unsupported, "this server cannot replace itself; stop it and start it again")
	case r.ctx.Err() != nil:
		return errs.New(errs.Unavailable, "the server is stopping already")
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

// Kept are the sockets for the process that follows when Run returned to be replaced; nil = it returned to end.
func (i *Instance) Kept() *listener.Kept { return i.kept }

// keep keeps the sockets, and serves on until those who have a connection had the chance to learn that it ends.
func (i *Instance) keep(edges []edge.Edge) {
	i.kept = &listener.Kept{}
	for _, e := range edges {
		if err := i.kept.Keep(e.Address, e.Listener); err != nil {
			i.log.Warn("the next process opens the address again", "error", err)
		}
	}
	i.visitors.leaving.Store(true)
	time.Sleep(farewell)
}

// mostLost is how many calls may be over and not end, before a fresh process is better than their memory.
const mostLost = 64

// watchBurning hands over when abandoned runs have used more than one processor for a while, or all there is, or when too
// many calls to other servers do not end.
func (i *Instance) watchBurning(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	b := burning{most: min(1, runtime.NumCPU()-1)}
	lost := burning{most: mostLost}
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			if n := i.Gate.Lost(); lost.tooLong(n, now) {
				if err := i.HandOver(fmt.Sprintf("%d calls to other servers do not end", n)); err != nil {
					i.log.Error("calls to other servers do not end, and the server does not replace itself", "calls", n, "error", err)
					lost = burning{most: lost.most}
				}
			}
			n := i.engine.Stats().Burning
			if !b.tooLong(n, now) {
				continue
			}
			if err := i.HandOver(fmt.Sprintf("%d runs of functions that could not be stopped have used processors for %v", n, burnFor)); err != nil {
				i.log.Error("abandoned runs of functions use processors, and the server does not replace itself", "runs", n, "error", err)
				b = burning{most: b.most} // said again after as long
			}
		}
	}
}

// burning is for how long there have been more abandoned runs than may be.
type burning struct {
	most  int
	since time.Time
}

func (b *burning) tooLong(runs int, now time.Time) bool {
	if runs <= b.most {
		b.since = time.Time{}
		return false
	}
	if b.since.IsZero() {
		b.since = now
	}
	return now.Sub(b.since) >= burnFor
}
