//go:build !cgo

package compiler

// withC reports whether C libraries are in this program. The product has none; the race detector is one.
const withC = false
