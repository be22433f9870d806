package server

import (
	"context"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

const (
	governEvery = 250 * time.Millisecond
	// calmTicks in a row with little allocated are a moment in which to give memory back; calmBytes is little.
	calmTicks = 4
	calmBytes = 1 << 20
	// settleEvery is how often at most that is done: it collects garbage, and a collection costs processor time.
	settleEvery = 3 * time.Second
	settleOften = 2 // rounds: what is pooled goes with the second collection
	leastHeap   = 24 << 20
	leastRoom   = 8 << 20
)

// governor keeps the process inside the memory it may use. Machines of functions, SQLite and Go's heap take memory in
// three ways, and none knows of the others: so it measures what the process has, and gives the collector and the
// machines what the rest leaves. After a burst it gives back to the system what is not used.
//
// Whoever sets GOGC or GOMEMLIMIT has decided that part for themselves.
type governor struct {
	total    func() int64 // bytes the process may use
	machines func() int64 // bytes the machines of functions hold
	shrink   func()       // lets SQLite forget what it keeps of the file
	room     atomic.Int64 // bytes the machines may hold together
	limit    atomic.Int64 // of the collector, in force
	ownGC    bool
	ownLimit bool

	percent int
	usage   usage
	calm    int
	rounds  int
	rested  int64     // anonymous memory after it was last given back
	settled time.Time // when that was
}

// usage is what the process has at a moment, in bytes.
type usage struct {
	anonymous int64  // resident, and not of a file; where that is not known, what Go has
	goes      int64  // of it, Go's
	live      uint64 // of the heap, after the last collection
	allocated uint64 // since the start
}

func newGovernor(total, machines func() int64, shrink func()) *governor {
	g := &governor{total: total, machines: machines, shrink: shrink, ownGC: os.Getenv("GOGC") == "", ownLimit: os.Getenv("GOMEMLIMIT") == ""}
	g.room.Store(math.MaxInt64)
	return g
}

// measure reads the usage.
func measure() usage {
	s := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(s)
	u := usage{goes: int64(s[0].Value.Uint64() - s[1].Value.Uint64()), live: s[2].Value.Uint64(), allocated: s[3].Value.Uint64()}
	if u.anonymous = anonymous(); u.anonymous == 0 {
		u.anonymous = u.goes
	}
	return u
}

// run governs until ctx ends.
func (g *governor) run(ctx context.Context) error {
	if g.ownGC {
		g.percent = mostPercent
		defer debug.SetGCPercent(debug.SetGCPercent(g.percent))
	}
	if g.ownLimit {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	}
	tick := time.NewTicker(governEvery)
	defer tick.Stop()
	for {
		g.govern(measure())
		g.settle(time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// govern divides the memory by what is used.
func (g *governor) govern(u usage) {
	if u.allocated-g.usage.allocated > calmBytes {
		g.calm = 0
	} else {
		g.calm++
	}
	g.usage = u
	usable := usable(g.total())
	g.room.Store(max(usable-(u.anonymous-g.machines()), leastRoom))
	if next := gcPercent(u.live); g.ownGC && next != g.percent {
		g.percent = next
		debug.SetGCPercent(next)
	}
	// Each change stops the program for a moment.
	next := heapLimit(usable, u)
	if now := g.limit.Load(); g.ownLimit && (next < now-now/20 || next > now+now/20) {
		g.limit.Store(next)
		debug.SetMemoryLimit(next)
	}
}

// usable is what of the memory may be planned with: the kernel counts buffers of connections and files to it, too.
func usable(total int64) int64 { return total - max(total/8, 16<<20) }

// heapLimit is what Go may have beside the memory that is not its. What is alive has to fit, and garbage beside it: below
// that the program would do nothing but collect.
func heapLimit(usable int64, u usage) int64 {
	return max(usable-max(u.anonymous-u.goes, 0), int64(u.live)*5/4+8<<20, leastHeap)
}

// settle gives memory back when a moment is calm and the process has grown since it last did: Go would keep what is free
// for minutes.
func (g *governor) settle(now time.Time) {
	if u := g.usage; u.anonymous < g.rested {
		g.rested = u.anonymous
	} else if u.anonymous > g.rested+max(g.rested/20, 1<<20) {
		g.rounds = settleOften
	}
	if g.rounds == 0 || g.calm < calmTicks || now.Sub(g.settled) < settleEvery {
		return
	}
	g.rounds--
	g.shrink()
	debug.FreeOSMemory()
	g.settled, g.usage = now, measure()
	g.rested = g.usage.anonymous
}
