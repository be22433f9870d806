package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
)

// process sets up this process. Environment variables that Go itself reads take precedence.
type process struct{}

// Serve lets Go use one more thread than the machine has processors, until ctx ends. Scripts may keep all processors busy,
// and Go checks the network and its timers only when one of its threads is idle, or else every 10 ms: that is how long a
// request would wait before it is noticed.
func (process) Serve(ctx context.Context) error {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.SetDefaultGOMAXPROCS()
		runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0)) + 1)
		defer runtime.SetDefaultGOMAXPROCS()
	}
	<-ctx.Done()
	return nil
}

// Collect sets the pace and the memory limit of Go's garbage collector.
func (process) Collect(percent int, limit int64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
}
