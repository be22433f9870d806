//go:build !linux

package quickjs

import "errors"

// Elsewhere an isolate has ordinary memory, and one that does not listen is abandoned.

func reserve(int) []byte { return nil }

func revoke([]byte) error { return errors.ErrUnsupported }

func unreserve([]byte) {}

func discard([]byte) {}
