package server

import (
	"math"
	"testing"
	"time"
)

// In a container with a memory limit, the heap, the VMs and the rest exceeded it together, though each kept its own
// limit: the same free memory was promised to all of them.
func TestFreeMemoryIsPromisedOnce(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		name              string
		total             int64
		u                 usage
		p                 parts
		wanting           bool
		heap, cache, room int64
	}{
		{"idle", 256 * mb, usage{anonymous: 30 * mb, ofGo: 24 * mb, live: 8 * mb}, parts{buffers: 32 * mb}, false, 137 * mb, 40*mb + mb/2, 81 * mb},
		{"a VM works", 256 * mb, usage{anonymous: 110 * mb, ofGo: 24 * mb, live: 8 * mb}, parts{buffers: 32 * mb, vms: 80 * mb}, false, 97 * mb, 20*mb + mb/2, 121 * mb},
		{"a request waits", 256 * mb, usage{anonymous: 150 * mb, ofGo: 64 * mb, live: 48 * mb}, parts{buffers: 32 * mb, vms: 80 * mb, cache: 40 * mb}, true, 76 * mb, 20 * mb, 142 * mb},
		{"garbage is not free", 256 * mb, usage{anonymous: 150 * mb, ofGo: 144 * mb, live: 8 * mb}, parts{buffers: 32 * mb}, true, 56 * mb, 0, 74 * mb},
		{"already over the limit", 128 * mb, usage{anonymous: 200 * mb, ofGo: 40 * mb, live: 10 * mb}, parts{buffers: 16 * mb}, false, 40 * mb, 0, 8 * mb},
	} {
		d := divide(usable(c.total), c.u, c.p, c.wanting)
		if d.heap/mb != c.heap/mb || d.cache/mb != c.cache/mb || d.room/mb != c.room/mb {
			t.Errorf("%s: the heap may have %d MB, the cache %d, the VMs %d; should be %d, %d, %d", c.name, d.heap/mb, d.cache/mb, d.room/mb, c.heap/mb, c.cache/mb, c.room/mb)
		}
	}
	// However much was free, even if every holder takes all it was promised.
	for used := int64(20); used < 220; used += 5 {
		for vms := int64(0); vms < used-10; vms += 10 {
			u := usage{anonymous: used * mb, ofGo: min(used-vms, 40) * mb, live: 10 * mb}
			rest := u.anonymous - u.ofGo - vms*mb
			for _, wanting := range []bool{false, true} {
				d := divide(usable(256*mb), u, parts{vms: vms * mb, buffers: 32 * mb, cache: 5 * mb}, wanting)
				if sum := rest + d.heap + d.room; sum > usable(256*mb)+1 && d.room > minRoom {
					t.Fatalf("used %d, VMs %d: %d MB were promised", used, vms, sum/mb)
				}
			}
		}
	}
}

// The static cache kept its memory while functions were refused for lack of it.
func TestTheCacheShrinksWhileARequestWaitsForMemory(t *testing.T) {
	cache, waits := int64(64<<20), true
	g := newGovernor(governed{
		total: func() int64 { return 256 << 20 }, wanting: func() bool { return waits }, changed: func() {}, shrink: func() {},
		parts: func() parts { return parts{buffers: 32 << 20, cache: cache} },
	})
	for range 8 {
		g.govern(usage{anonymous: 24<<20 + cache, ofGo: 20<<20 + cache, live: 10<<20 + uint64(cache)})
		cache = min(cache, g.cache.Load())
	}
	if cache > 1<<20 {
		t.Errorf("the cache holds %d MB while a request waits for memory", cache>>20)
	}
	if waits = false; true {
		g.govern(usage{anonymous: 24 << 20, ofGo: 20 << 20, live: 10 << 20})
	}
	if g.cache.Load() < 16<<20 {
		t.Errorf("the cache may have %d MB when there is room again", g.cache.Load()>>20)
	}
}

// After a burst, memory used to be given back after two minutes or not at all.
func TestMemoryIsGivenBackOnceInACalmMoment(t *testing.T) {
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
		t.Errorf("under load, memory was given back %d times", shrunk)
	}
	for range 100 { // the usage stays the same: only growth counts
		tick(0, g.rested)
	}
	if shrunk != 0 && shrunk != settleOften {
		t.Errorf("in a calm moment, memory was given back %d times", shrunk)
	}
	before := shrunk
	tick(0, g.rested+64<<20)
	for range 100 {
		tick(0, g.rested)
	}
	if shrunk != before+settleOften {
		t.Errorf("after growth, memory was given back %d times", shrunk-before)
	}
}

func TestTheCollectorIsLazyOnlyWhileTheHeapIsSmall(t *testing.T) {
	for live, want := range map[uint64]int{
		0: 400, 5 << 20: 400, 8 << 20: 300, 10 << 20: 200, 12 << 20: 200, 24 << 20: 100, 1 << 30: 100,
	} {
		if got := gcPercent(live); got != want {
			t.Errorf("with %d MB live, the heap may grow by %d %%, should be %d", live>>20, got, want)
		}
	}
}
