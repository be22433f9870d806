//go:build !unix

package main

import "syscall"

// gone cannot tell on this system.
func gone(syscall.RawConn) error { return nil }
