//go:build !linux

package engine

// Clear makes memory zero. b is a part of a module's memory.
func Clear(b []byte) { clear(b) }
