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
	// Memory is given back after calmTicks in a row with at most calmBytes allocated in each.
	calmTicks = 4
	calmBytes = 1 << 20
	// settleEvery is the minimum time between two such moments: giving memory back collects garbage, which costs
	// processor time.
	settleEvery = 3 * time.Second
	settleOften = 2 // rounds: pooled objects go only with the second collection
	minHeap     = 24 << 20
	minRoom     = 8 << 20
	// relieveEvery is the minimum time between two collections for requests that wait for memory.
	relieveEvery = 500 * time.Millisecond
	// heapRoom is how much the heap may grow between two collections, however little of it is live. Go collects each
	// time the heap has doubled: under load, an instance with 5 MB live would do so 20 times per second, and spend a
	// tenth of its processor time on it.
	heapRoom   = 24 << 20
	minPercent = 100 // Go's own default, for heaps that are larger than the room
	maxPercent = 400
	// freePart is the part of the free memory, as a divisor, that the heap may grow by before the next measurement. The
	// static cache gets the same.
	freePart = 4
)

// governor keeps the process inside its memory limit. VMs, SQLite and Go's heap take memory in three ways, and none
// knows of the others. So the governor measures what the process holds, and divides the rest. The collector, the static
// cache and the VMs may take their shares and no more, so that free memory is promised only once, however fast it is
// taken. When a request waits for memory, it is divided again at once, and the cache gives way. After a burst, unused
// memory goes back to the system.
type governor struct {
	governed
	room  atomic.Int64 // bytes the VMs may hold together
	limit atomic.Int64 // of the collector, as last set
	cache atomic.Int64 // bytes the static cache may hold
	short chan struct{}

	relieved time.Time
	percent  int
	usage    usage
	calm     int
	rounds   int
	rested   int64     // anonymous memory after memory was last given back
	settled  time.Time // when that was
}

// governed is what a governor reads and controls.
type governed struct {
	total   func() int64 // bytes the process may use
	parts   func() parts
	wanting func() bool // reports whether a request waits for memory
	changed func()      // applies a new division
	shrink  func()      // makes SQLite drop its page cache
	process Process     // whose collector is set; nil = leave it alone
}

// parts is the memory of the parts that count their own, in bytes.
type parts struct {
	vms     int64 // not part of Go's memory
	charged int64 // held by Go, charged to VMs
	buffers int64 // limit for bodies and responses; part of Go's memory
	waiting int64 // what bodies and responses hold of it now
	cache   int64 // static files in memory; part of Go's memory
}

// usage is the memory that the process holds at one moment, in bytes.
type usage struct {
	anonymous int64  // resident and not backed by a file; where that is unknown, same as ofGo
	ofGo      int64  // the part held by Go
	live      uint64 // heap that was live after the last collection
	allocated uint64 // total since the start
}

func newGovernor(of governed) *governor {
	g := &governor{governed: of, short: make(chan struct{}, 1)}
	g.room.Store(math.MaxInt64)
	g.cache.Store(math.MaxInt64)
	return g
}

// shortage tells the governor that a request waits for memory.
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
	u := usage{ofGo: int64(s[0].Value.Uint64() - s[1].Value.Uint64()), live: s[2].Value.Uint64(), allocated: s[3].Value.Uint64()}
	if u.anonymous = anonymous(); u.anonymous == 0 {
		u.anonymous = u.ofGo
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

// govern divides the memory according to its use. While a request waits for memory, the cache shrinks, and garbage is
// collected first if it is what takes the space.
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
	if now := time.Now(); wanting && now.Sub(g.relieved) > relieveEvery && (p.cache > d.cache || u.ofGo > d.heap+relief) {
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

// collect sets the collector's limits if they have changed enough: each change stops the program for a moment.
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

// gcPercent returns the heap growth, in percent, at which to collect when the given number of bytes is live. It goes in
// steps of 50, because setting it stops the program for a moment.
func gcPercent(live uint64) int {
	percent := int(heapRoom * 100 / max(live, 1<<20))
	return min(max(percent/50*50, minPercent), maxPercent)
}

// usable returns how much of the memory can be planned with: the kernel also counts buffers of connections and files.
func usable(total int64) int64 { return total - max(total/8, 16<<20) }

// relief is how much garbage is worth a collection while a request waits for memory.
const relief = 4 << 20

// division is how many bytes each holder may have.
type division struct{ heap, cache, room int64 }

// divide gives each holder what it has, plus a part of the free memory for the heap and the cache; the VMs may take the
// rest. The live heap has to fit, and some garbage with it: with less, the program would do nothing but collect. While
// a request waits for memory, nothing is kept free, and the cache gives up half.
func divide(usable int64, u usage, p parts, wanting bool) (d division) {
	rest := max(u.anonymous-u.ofGo-p.vms, 0)
	own := max(int64(u.live)-p.charged-p.waiting-p.cache, 0)
	base := max(minHeap, own*5/4+8<<20) + p.buffers
	free := max(usable-rest-base-p.cache-p.vms-p.charged, 0)
	d.heap, d.cache = base+p.cache, p.cache
	if wanting {
		d.cache /= 2
		d.heap -= p.cache - d.cache
	} else {
		d.cache += free / freePart
		d.heap += 2 * free / freePart
	}
	// What Go holds is not free, even if it is garbage.
	d.room = max(usable-rest-max(d.heap, u.ofGo-p.charged), minRoom)
	d.heap += p.charged
	return d
}

// settle gives memory back in a calm moment if the process has grown since the last time. Go would keep free memory for
// minutes.
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
