//go:build !unix

package main

import "syscall"

// gone cannot tell here.
func gone(syscall.RawConn) error { return nil }
