// Command fazt is a whole personal cloud: server, command line and everything else in one binary.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // time zones for functions, even where the system has none

	"fazt/internal/cli"
	"fazt/internal/cli/kit"
	"fazt/internal/listener"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	os.Exit(cli.Main(ctx, kit.Env{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Home: os.UserHomeDir,
		Replace: replace, Process: process{},
	}))
}

// replace replaces this process with a fresh one of the program at the path it was started from.
func replace(kept *listener.Kept) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	return kept.Replace(program, os.Args, os.Environ())
}
