// Package kit is what commands share: the instance they work on, their output, prompts and mistakes.
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

// Env is what a command has of its surroundings.
type Env struct {
	Args   []string // without the program's name
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	Home   func() (string, error)
	// Replace makes the process a fresh one that goes on with the sockets of a server; it returns only when that
	// failed. nil = a server of this process cannot be replaced.
	Replace func(*listener.Kept) error
	// Process is what a server may set of this process. nil = nothing.
	Process server.Process
}

// CLI is one call of the program: what was asked for, and the surroundings it works in.
type CLI struct {
	Env
	Ctx         context.Context
	Database    string
	Format      string
	Peer        string // named with @ before the command; "" = none was
	here        bool   // the command works on this machine only
	Quiet       bool
	Verbose     bool
	Compiler    *compiler.Compiler // of what is checked on this machine
	Began       bool               // the call was understood: what fails from now on is no mistake in the way it was written
	toldOfPeers bool               // that the file of the peers cannot be used
}

// DatabasePath is the one rule for which database a command means.
func (c *CLI) DatabasePath() (string, error) {
	for _, chosen := range []string{c.Database, c.Getenv("FAZT_DB")} {
		if chosen != "" {
			return database.Canonical(chosen)
		}
	}
	home, err := c.Home()
	if err != nil {
		return "", errs.Wrap(errs.Invalid, err, "your home directory is not known; name the database with --db")
	}
	return database.Canonical(filepath.Join(home, ".fazt", "data.db"))
}

// open reaches the instance: the peer that is meant, or that of this machine, through the socket of the server that
// runs or in this process.
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

// Logger writes what is at least of a level to standard error.
func (c *CLI) Logger(level slog.Level) *slog.Logger {
	if c.Verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(c.Stderr, &slog.HandlerOptions{Level: level}))
}

// Existing is with, for commands that make no sense on a database that is not there: asking must not make one.
func (c *CLI) Existing(fn func(*client.Client) error) error {
	if peer, err := c.ChosenPeer(); err != nil || peer != nil {
		return errors.Join(err, c.With(fn))
	}
	path, err := c.DatabasePath()
	if err != nil {
		return err
	}
	// A server whose file was deleted still has what was in it.
	if _, err := os.Stat(path); err != nil && !client.Answers(c.Ctx, path) {
		return errs.Wrap(errs.NotFound, err, "there is no database %s; `fazt server start` makes one, --db names another", path)
	}
	return c.With(fn)
}
