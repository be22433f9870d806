package server

import (
	"context"
	"math"
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
	// relieveEvery is how often at most memory is collected for those who wait for some.
	relieveEvery = 500 * time.Millisecond
	// heapRoom is how much the heap may grow between two collections, however little is alive in it. Go collects each
	// time the heap has doubled: an instance with 5 MB alive would do so 20 times a second under load, and spend a
	// tenth of its processor time on it.
	heapRoom   = 24 << 20
	minPercent = 100 // Go's own default, for heaps that are larger than the room
	maxPercent = 400
	// freePart is which part of what is free the heap may grow by before it is measured again, and the static cache.
	freePart = 4
)

// governor keeps the process inside the memory it may use. Machines of functions, SQLite and Go's heap take memory in
// three ways, and none knows of the others: so it measures what the process has, and divides what there is. The collector,
// the static cache and the machines may take what they got and no more, so that what is free is promised once, however
// fast it is taken; when somebody waits for memory it is divided anew at once, and the cache gives way. After a burst what
// is not used goes back to the system.
type governor struct {
	governed
	room  atomic.Int64 // bytes the machines may hold together
	limit atomic.Int64 // of the collector, in force
	cache atomic.Int64 // bytes the static cache may hold
	short chan struct{}

	relieved time.Time
	percent  int
	usage    usage
	calm     int
	rounds   int
	rested   int64     // anonymous memory after it was last given back
	settled  time.Time // when that was
}

// governed is what a governor looks at and acts on.
type governed struct {
	total   func() int64 // bytes the process may use
	parts   func() parts
	wanting func() bool // whether somebody waits for memory
	changed func()      // puts what was divided in force
	shrink  func()      // lets SQLite forget what it keeps of the file
	process Process     // whose collector is set; nil = it stays as it is
}

// parts are the holders of memory that count for themselves, in bytes.
type parts struct {
	machines int64 // of functions; it is not Go's
	charged  int64 // Go's, on the account of machines
	buffers  int64 // the most that bodies and answers may take; it is Go's
	waiting  int64 // of it, what they have
	cache    int64 // static files in memory; it is Go's
}

// usage is what the process has at a moment, in bytes.
type usage struct {
	anonymous int64  // resident, and not of a file; where that is not known, what Go has
	goes      int64  // of it, Go's
	live      uint64 // of the heap, after the last collection
	allocated uint64 // since the start
}

func newGovernor(of governed) *governor {
	g := &governor{governed: of, short: make(chan struct{}, 1)}
	g.room.Store(math.MaxInt64)
	g.cache.Store(math.MaxInt64)
	return g
}

// shortage says that somebody waits for memory.
func (g *governor) shortage() {
	select {
	case g.short <- struct{}{}:
	default:
	}
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
	tick := time.NewTicker(governEvery)
	defer tick.Stop()
	for {
		g.govern(measure())
		g.settle(time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-g.short:
		}
	}
}

// govern divides the memory by what is used. While somebody waits for some the cache shrinks, and garbage is collected first
// when that is what holds it.
func (g *governor) govern(u usage) {
	if u.allocated-g.usage.allocated > calmBytes {
		g.calm = 0
	} else {
		g.calm++
	}
	g.usage = u
	p, wanting := g.parts(), g.wanting()
	d := divide(usable(g.total()), u, p, wanting)
	g.cache.Store(d.cache)
	if now := time.Now(); wanting && now.Sub(g.relieved) > relieveEvery && (p.cache > d.cache || u.goes > d.heap+relief) {
		g.relieved = now
		g.changed()
		g.shrink()
		debug.FreeOSMemory()
		g.usage = measure()
		d = divide(usable(g.total()), g.usage, g.parts(), wanting)
	}
	g.room.Store(d.room)
	g.changed()
	g.collect(gcPercent(u.live), d.heap)
}

// collect puts what the collector may let grow in force where it has changed: each change stops the program for a moment.
func (g *governor) collect(percent int, heap int64) {
	if g.process == nil {
		return
	}
	now := g.limit.Load()
	if percent == g.percent && heap >= now-now/20 && heap <= now+now/20 {
		return
	}
	g.percent = percent
	g.limit.Store(heap)
	g.process.Collect(percent, heap)
}

// gcPercent is the growth at which to collect when so many bytes are alive, in steps of 50: setting it stops the
// program for a moment.
func gcPercent(live uint64) int {
	percent := int(heapRoom * 100 / max(live, 1<<20))
	return min(max(percent/50*50, minPercent), maxPercent)
}

// usable is what of the memory may be planned with: the kernel counts buffers of connections and files to it, too.
func usable(total int64) int64 { return total - max(total/8, 16<<20) }

// relief is how much garbage is worth a collection for those who wait for memory.
const relief = 4 << 20

// division is what the holders may have.
type division struct{ heap, cache, room int64 }

// divide gives each holder what it has, and the heap and the cache a part of what is free; the machines may take the rest of
// that. What is alive in the heap has to fit, and garbage beside it: below that the program would do nothing but collect.
// While somebody waits, nothing is kept free, and the cache gives up a half.
func divide(usable int64, u usage, p parts, wanting bool) (d division) {
	rest := max(u.anonymous-u.goes-p.machines, 0)
	own := max(int64(u.live)-p.charged-p.waiting-p.cache, 0)
	base := max(leastHeap, own*5/4+8<<20) + p.buffers
	free := max(usable-rest-base-p.cache-p.machines-p.charged, 0)
	d.heap, d.cache = base+p.cache, p.cache
	if wanting {
		d.cache /= 2
		d.heap -= p.cache - d.cache
	} else {
		d.cache += free / freePart
		d.heap += 2 * free / freePart
	}
	// What Go has is not free, though it be garbage.
	d.room = max(usable-rest-max(d.heap, u.goes-p.charged), leastRoom)
	d.heap += p.charged
	return d
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
