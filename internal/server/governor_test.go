package server

import (
	"math"
	"testing"
	"time"
)

// Under a limit of a container the heap, the machines and the rest went over it together, each of them within its own: what
// was free was promised to all of them.
func TestWhatIsFreeIsPromisedOnce(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		name              string
		total             int64
		u                 usage
		p                 parts
		wanting           bool
		heap, cache, room int64
	}{
		{"idle", 256 * mb, usage{anonymous: 30 * mb, goes: 24 * mb, live: 8 * mb}, parts{buffers: 32 * mb}, false, 137 * mb, 40*mb + mb/2, 81 * mb},
		{"a machine works", 256 * mb, usage{anonymous: 110 * mb, goes: 24 * mb, live: 8 * mb}, parts{buffers: 32 * mb, machines: 80 * mb}, false, 97 * mb, 20*mb + mb/2, 121 * mb},
		{"somebody waits", 256 * mb, usage{anonymous: 150 * mb, goes: 64 * mb, live: 48 * mb}, parts{buffers: 32 * mb, machines: 80 * mb, cache: 40 * mb}, true, 76 * mb, 20 * mb, 142 * mb},
		{"garbage is not free", 256 * mb, usage{anonymous: 150 * mb, goes: 144 * mb, live: 8 * mb}, parts{buffers: 32 * mb}, true, 56 * mb, 0, 74 * mb},
		{"over it already", 128 * mb, usage{anonymous: 200 * mb, goes: 40 * mb, live: 10 * mb}, parts{buffers: 16 * mb}, false, 40 * mb, 0, 8 * mb},
	} {
		d := divide(usable(c.total), c.u, c.p, c.wanting)
		if d.heap/mb != c.heap/mb || d.cache/mb != c.cache/mb || d.room/mb != c.room/mb {
			t.Errorf("%s: the heap may have %d MB, the cache %d, the machines %d; should be %d, %d, %d", c.name, d.heap/mb, d.cache/mb, d.room/mb, c.heap/mb, c.cache/mb, c.room/mb)
		}
	}
	// Whatever was free, and whoever takes what they were promised.
	for used := int64(20); used < 220; used += 5 {
		for machines := int64(0); machines < used-10; machines += 10 {
			u := usage{anonymous: used * mb, goes: min(used-machines, 40) * mb, live: 10 * mb}
			rest := u.anonymous - u.goes - machines*mb
			for _, wanting := range []bool{false, true} {
				d := divide(usable(256*mb), u, parts{machines: machines * mb, buffers: 32 * mb, cache: 5 * mb}, wanting)
				if sum := rest + d.heap + d.room; sum > usable(256*mb)+1 && d.room > leastRoom {
					t.Fatalf("used %d, machines %d: %d MB were promised", used, machines, sum/mb)
				}
			}
		}
	}
}

// The static cache kept what it had while functions were refused for want of memory.
func TestTheCacheGivesWayToWhoWaitsForMemory(t *testing.T) {
	cache, waits := int64(64<<20), true
	g := newGovernor(governed{
		total: func() int64 { return 256 << 20 }, wanting: func() bool { return waits }, changed: func() {}, shrink: func() {},
		parts: func() parts { return parts{buffers: 32 << 20, cache: cache} },
	})
	for range 8 {
		g.govern(usage{anonymous: 24<<20 + cache, goes: 20<<20 + cache, live: 10<<20 + uint64(cache)})
		cache = min(cache, g.cache.Load())
	}
	if cache > 1<<20 {
		t.Errorf("the cache holds %d MB while somebody waits for memory", cache>>20)
	}
	if waits = false; true {
		g.govern(usage{anonymous: 24 << 20, goes: 20 << 20, live: 10 << 20})
	}
	if g.cache.Load() < 16<<20 {
		t.Errorf("the cache may have %d MB when there is room again", g.cache.Load()>>20)
	}
}

// After a burst memory came back after two minutes, or not at all.
func TestMemoryIsGivenBackOnceItIsCalmAndNotAgain(t *testing.T) {
	shrunk := 0
	g := newGovernor(governed{
		total: func() int64 { return math.MaxInt32 }, parts: func() parts { return parts{} }, wanting: func() bool { return false },
		changed: func() {}, shrink: func() { shrunk++ },
	})
	now := time.Now()
	tick := func(allocated, anonymous int64) {
		now = now.Add(governEvery)
		g.govern(usage{anonymous: anonymous, allocated: g.usage.allocated + uint64(allocated)})
		g.settle(now)
	}
	for range 100 {
		tick(10<<20, 1<<40)
	}
	if shrunk != 0 {
		t.Errorf("under load memory was given back %d times", shrunk)
	}
	for range 100 { // the process has what it has: only growth counts
		tick(0, g.rested)
	}
	if shrunk != 0 && shrunk != settleOften {
		t.Errorf("in a calm moment memory was given back %d times", shrunk)
	}
	before := shrunk
	tick(0, g.rested+64<<20)
	for range 100 {
		tick(0, g.rested)
	}
	if shrunk != before+settleOften {
		t.Errorf("after a growth memory was given back %d times", shrunk-before)
	}
}

func TestTheCollectorIsLazyOnlyWhileLittleIsAlive(t *testing.T) {
	for live, want := range map[uint64]int{
		0: 400, 5 << 20: 400, 8 << 20: 300, 10 << 20: 200, 12 << 20: 200, 24 << 20: 100, 1 << 30: 100,
	} {
		if got := gcPercent(live); got != want {
			t.Errorf("with %d MB alive the heap may grow by %d %%, should be %d", live>>20, got, want)
		}
	}
}
