// Package kit is what commands share: the instance they work on, commands derived from operations, output, prompts, usage errors.
package kit

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"fazt/internal/client"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/listener"
	"fazt/internal/runtime/compiler"
	"fazt/internal/server"
)

// Env is the environment of a command.
type Env struct {
	Args   []string // without the program's name
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	Home   func() (string, error)
	// Replace replaces the process with a new one that takes over the sockets of a server; it returns only on failure.
	// nil = a server of this process cannot be replaced.
	Replace func(*listener.Kept) error
	// Process lets a server change settings of this process. nil = it may not.
	Process server.Process
}

// CLI is one call of the program: its options and environment.
type CLI struct {
	Env
	Ctx         context.Context
	Database    string
	Format      string
	Peer        string // named with @ before the command; "" = none
	here        bool   // the command works on this machine only
	Quiet       bool
	Verbose     bool
	Compiler    *compiler.Compiler // for checks on this machine
	Began       bool               // the command line was valid: later failures are not usage errors
	toldOfPeers bool               // the note about an unusable peers file was printed
}

// DatabasePath returns the database that a command uses.
func (c *CLI) DatabasePath() (string, error) {
	for _, chosen := range []string{c.Database, c.Getenv("FAZT_DB")} {
		if chosen != "" {
			return database.Canonical(chosen)
		}
	}
	home, err := c.Home()
	if err != nil {
		return "", errs.Wrap(errs.Invalid, err, "the home directory is unknown; name the database with --db")
	}
	return database.Canonical(filepath.Join(home, ".fazt", "data.db"))
}

// open connects to the chosen peer, or to the instance of this machine: through the socket of the running server, or in
// this process.
func (c *CLI) open() (*client.Client, error) {
	peer, err := c.ChosenPeer()
	if err != nil {
		return nil, err
	}
	if peer != nil {
		return client.OpenPeer(*peer)
	}
	path, err := c.DatabasePath()
	if err != nil {
		return nil, err
	}
	return client.Open(c.Ctx, client.Config{Database: path, Compose: server.InProcess(c.Getenv, c.Logger(slog.LevelError))})
}

// With runs fn on the instance.
func (c *CLI) With(fn func(*client.Client) error) error {
	cl, err := c.open()
	if err != nil {
		return err
	}
	c.observe(cl)
	return errors.Join(fn(cl), cl.Close())
}

// Logger returns a logger to standard error for the given level and above.
func (c *CLI) Logger(level slog.Level) *slog.Logger {
	if c.Verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(c.Stderr, &slog.HandlerOptions{Level: level}))
}

// Existing is like With, for commands that need an existing database and must not create one.
func (c *CLI) Existing(fn func(*client.Client) error) error {
	if peer, err := c.ChosenPeer(); err != nil || peer != nil {
		return errors.Join(err, c.With(fn))
	}
	path, err := c.DatabasePath()
	if err != nil {
		return err
	}
	// A server whose file was deleted still has its content.
	if _, err := os.Stat(path); err != nil && !client.Answers(c.Ctx, path) {
		return errs.Wrap(errs.NotFound, err, "there is no database %s; `fazt server start` creates one, --db names another", path)
	}
	return c.With(fn)
}
