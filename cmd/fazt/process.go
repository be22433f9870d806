package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
)

// process is what a server sets of this process. A variable of the environment that Go reads itself takes precedence.
type process struct{}

// Serve lets one more thread of Go work than the machine has processors, until ctx ends. Scripts may work on all of those
// at once, and Go looks at the network and its timers when a thread of its has nothing to do, or else every 10 ms: a
// request would wait that long before it is seen.
func (process) Serve(ctx context.Context) error {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.SetDefaultGOMAXPROCS()
		runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0)) + 1)
		defer runtime.SetDefaultGOMAXPROCS()
	}
	<-ctx.Done()
	return nil
}

// Collect sets Go's collector.
func (process) Collect(percent int, limit int64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
}
