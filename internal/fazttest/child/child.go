// Package child lets the program of a test be the process that compiles functions: a test program is not fazt, and the
// server starts the program it is in. Whatever test deploys a function imports it, by way of fazttest or for this alone.
package child

import (
	"os"

	"fazt/internal/runtime/compiler"
)

func init() {
	if compiler.Asked(os.Args[1:]) {
		os.Exit(compiler.Serve(os.Stdin, os.Stdout)) //nolint:forbidigo // it is a process of its own, and this is its main
	}
}
