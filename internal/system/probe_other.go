//go:build !linux && !darwin && !windows

package system

// machine returns unknown here.
func machine() Hardware { return Hardware{} }
