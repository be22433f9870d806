package server

import (
	"context"
	"os"
	goruntime "runtime"
)

const (
	// heapRoom is how much the heap may grow between two collections, however little is alive in it. Go collects each
	// time the heap has doubled: an instance with 5 MB alive would do so 20 times a second under load, and spend a
	// tenth of its processor time on it.
	heapRoom = 24 << 20
	// leastPercent is Go's own default, for heaps that are larger than the room.
	leastPercent = 100
	mostPercent  = 400
)

// spareProcessor lets one more thread of Go work than the machine has processors, until ctx ends. Scripts may work on all
// of those at once, and Go looks at the network and its timers when a thread of its has nothing to do, or else every 10 ms:
// a request would wait for as long before anybody knew of it. Whoever sets GOMAXPROCS has decided for themselves.
func spareProcessor(ctx context.Context) error {
	if os.Getenv("GOMAXPROCS") == "" {
		goruntime.SetDefaultGOMAXPROCS()
		goruntime.GOMAXPROCS(max(2, goruntime.GOMAXPROCS(0)) + 1)
		defer goruntime.SetDefaultGOMAXPROCS()
	}
	<-ctx.Done()
	return nil
}

// gcPercent is the growth at which to collect when so many bytes are alive, in steps of 50: setting it stops the
// program for a moment.
func gcPercent(live uint64) int {
	percent := int(heapRoom * 100 / max(live, 1<<20))
	return min(max(percent/50*50, leastPercent), mostPercent)
}
