//go:build !unix

package main

import "time"

var began = time.Now()

// processorTime is the time itself where the processor's cannot be had.
func processorTime() time.Duration { return time.Since(began) }
