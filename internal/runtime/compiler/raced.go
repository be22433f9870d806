//go:build race

package compiler

// raced reports whether the race detector is in this program.
const raced = true
