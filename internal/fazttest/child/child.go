// Package child lets a test binary be the process that compiles functions: the server starts its own program for that,
// and a test binary is not fazt. Every test that deploys a function imports it, through fazttest or directly.
package child

import (
	"os"

	"fazt/internal/runtime/compiler"
)

func init() {
	if compiler.Asked(os.Args[1:]) {
		os.Exit(compiler.Serve(os.Stdin, os.Stdout)) //nolint:forbidigo // this is the main function of a separate process
	}
}
