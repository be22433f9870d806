//go:build race

package compiler

// raced says whether the race detector is in this program.
const raced = true
