//go:build !linux && !darwin && !windows

package system

// machine reports nothing on this system.
func machine() Hardware { return Hardware{} }
