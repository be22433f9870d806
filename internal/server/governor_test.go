package server

import (
	"math"
	"testing"
	"time"
)

// Under a limit of a container the heap, the machines and the rest went over it together, each of them within its own.
func TestWhatIsUsedIsTakenFromWhatHeapAndMachinesMayHave(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		name                             string
		total, machines, anonymous, goes int64
		live                             uint64
		room, heap                       int64
	}{
		{"idle", 256 * mb, 0, 30 * mb, 24 * mb, 8 * mb, 194 * mb, 218 * mb},
		{"machines", 256 * mb, 100 * mb, 140 * mb, 30 * mb, 10 * mb, 184 * mb, 114 * mb},
		{"a large heap", 256 * mb, 10 * mb, 180 * mb, 160 * mb, 100 * mb, 54 * mb, 204 * mb},
		{"over it already", 128 * mb, 0, 200 * mb, 40 * mb, 10 * mb, 8 * mb, 24 * mb},
	} {
		g := newGovernor(func() int64 { return c.total }, func() int64 { return c.machines }, func() {})
		g.ownGC, g.ownLimit = false, false
		u := usage{anonymous: c.anonymous, goes: c.goes, live: c.live}
		g.govern(u)
		if got := g.room.Load(); got != c.room {
			t.Errorf("%s: machines may have %d MB, should be %d", c.name, got/mb, c.room/mb)
		}
		if got := heapLimit(usable(c.total), u); got != c.heap {
			t.Errorf("%s: the heap may have %d MB, should be %d", c.name, got/mb, c.heap/mb)
		}
	}
}

// After a burst memory came back after two minutes, or not at all.
func TestMemoryIsGivenBackOnceItIsCalmAndNotAgain(t *testing.T) {
	shrunk := 0
	g := newGovernor(func() int64 { return math.MaxInt32 }, func() int64 { return 0 }, func() { shrunk++ })
	g.ownGC, g.ownLimit = false, false
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
