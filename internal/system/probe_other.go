//go:build !linux && !darwin && !windows

package system

// machine is unknown here.
func machine() Hardware { return Hardware{} }
