//go:build race

package compiler

// raced reports whether this program was built with the race detector.
const raced = true
