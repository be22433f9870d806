package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"fazt/internal/api/op"
	"fazt/internal/auth"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/listener"
	"fazt/internal/output"
	"fazt/internal/server"
)

func (c *command) server() *cobra.Command {
	return group("server", "Start, stop and look after an instance",
		onThisMachine(c.serverStart()), onThisMachine(c.serverInit()), c.serverStatus(), c.serverHealth(), c.serverMetrics(), onThisMachine(c.serverStop()), onThisMachine(c.serverRestart()), c.bench("calibrate"))
}

func (c *command) serverStart() *cobra.Command {
	cmd := &cobra.Command{
		Use: "start", Short: "Start an instance", Args: arguments(),
		Long: `Start an instance and serve until Ctrl-C or ` + "`fazt server stop`" + `. A database
that does not exist is made.

A flag that sets a setting counts for this start. Without it, the variable of
the environment counts (FAZT_DOMAIN, FAZT_LISTEN and so on), then what
` + "`fazt settings set`" + ` stored.`,
		Example: `  fazt server start
  fazt server start --listen 0.0.0.0:80 --listen '[::]:80' --domain example.com`,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(givenSettings(cmd)) },
	}
	settingFlags(cmd)
	return cmd
}

// logger writes what is at least of a level to standard error.
func (c *command) logger(level slog.Level) *slog.Logger {
	if c.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(c.Stderr, &slog.HandlerOptions{Level: level}))
}

func (c *command) serve(flags map[string]string) error {
	// What net/http prints there of its own quotes other servers, which may send back a secret. What it has to say of ours
	// goes to our log.
	log.SetOutput(io.Discard)
	path, err := c.databasePath()
	if err != nil {
		return err
	}
	handed, err := listener.ReadHanded(c.Getenv(listener.HandedVariable))
	if err != nil {
		return err
	}
	_, missing := os.Stat(path)
	i, err := server.Open(c.ctx, server.Config{
		Database: path, Flags: flags, Getenv: c.Getenv, Log: c.logger(slog.LevelInfo), Handed: handed, Replace: c.Replace != nil, Process: c.Process,
	})
	if err != nil {
		return err
	}
	err = i.Run(c.ctx, func(addresses []net.Addr) {
		if missing != nil {
			fmt.Fprintf(c.Stdout, "Made the database %s.\n", path)
		} else {
			fmt.Fprintf(c.Stdout, "Serving the database %s.\n", path)
		}
		for _, a := range addresses {
			fmt.Fprintf(c.Stdout, "Listening on %s; apps answer at %s\n", a, i.URL("<name>"))
			break
		}
		for _, a := range addresses[1:] {
			fmt.Fprintf(c.Stdout, "Listening on %s too\n", a)
		}
		if missing != nil {
			fmt.Fprintf(c.Stdout, "\nNext:\n  fazt app deploy DIR    put a folder live\n  fazt server init       give the instance an owner\n")
		}
	})
	err = errors.Join(err, i.Close())
	if kept := i.Kept(); kept != nil {
		return errors.Join(err, c.Replace(kept))
	}
	return err
}

func (c *command) serverInit() *cobra.Command {
	var req op.ServerOwner
	var fromStdin bool
	cmd := &cobra.Command{
		Use: "init", Short: "Give a new instance its owner and its domain", Args: arguments(),
		Example: `  fazt server init
  fazt server init --name ana --domain example.com --password-stdin < file`,
		RunE: func(*cobra.Command, []string) error {
			if err := c.ask(&req, fromStdin); err != nil {
				return err
			}
			return c.with(func(cl *client.Client) error {
				s, err := client.Call(c.ctx, cl, op.ServerInit, req)
				if err != nil {
					return err
				}
				return c.print(output.View{Value: s, Rows: [][]string{{"owner", req.Owner}, {"domain", domainOf(req, s)}, {"database", s.Database}}})
			})
		},
	}
	cmd.Flags().StringVar(&req.Owner, "name", "", "name of the owner; asked for when it is missing")
	cmd.Flags().StringVar(&req.Domain, "domain", "", "apps are served below this name")
	cmd.Flags().BoolVar(&fromStdin, "password-stdin", false, "read the password from standard input")
	return cmd
}

func domainOf(req op.ServerOwner, s op.ServerState) string {
	if req.Domain == "" || req.Domain == s.Domain {
		return s.Domain
	}
	if s.Running {
		return req.Domain + " (from the next start on)"
	}
	return req.Domain
}

// ask completes what the flags left open, at the terminal.
func (c *command) ask(req *op.ServerOwner, fromStdin bool) error {
	terminal, ok := c.Stdin.(*os.File)
	interactive := ok && term.IsTerminal(int(terminal.Fd()))
	in := bufio.NewReader(c.Stdin)
	if req.Owner == "" {
		if !interactive {
			return usagef("--name is missing; without a terminal nobody can be asked")
		}
		fmt.Fprint(c.Stderr, "Name of the owner: ")
		name, err := in.ReadString('\n')
		if err != nil {
			return usagef("no name was given")
		}
		req.Owner = strings.TrimSpace(name)
	}
	if fromStdin {
		text, err := io.ReadAll(io.LimitReader(in, 1<<16))
		if err != nil {
			return errs.Wrap(errs.Invalid, err, "the password cannot be read")
		}
		req.Password = strings.TrimRight(string(text), "\r\n")
		return nil
	}
	if !interactive {
		return usagef("--password-stdin is missing; without a terminal nobody can be asked")
	}
	password, err := c.secret(terminal, "Password (at least 8 characters): ")
	if err != nil {
		return err
	}
	if err := auth.CheckPassword(password); err != nil {
		return err
	}
	again, err := c.secret(terminal, "The same again: ")
	if err != nil {
		return err
	}
	if password != again {
		return errs.New(errs.Invalid, "the two passwords differ; nothing was changed")
	}
	req.Password = password
	return nil
}

// secret reads a line without showing it.
func (c *command) secret(terminal *os.File, prompt string) (string, error) {
	fmt.Fprint(c.Stderr, prompt)
	text, err := term.ReadPassword(int(terminal.Fd()))
	fmt.Fprintln(c.Stderr)
	return string(text), errs.Wrap(errs.Invalid, err, "the password cannot be read")
}

func (c *command) serverStatus() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show how the instance is doing", Args: arguments(),
		Example: "  fazt server status",
		RunE: func(*cobra.Command, []string) error {
			return c.existing(func(cl *client.Client) error {
				s, err := client.Call(c.ctx, cl, op.ServerStatus, op.None{})
				if err != nil {
					return err
				}
				return c.print(statusView(s))
			})
		},
	}
}

// existing is with, for commands that make no sense on a database that is not there: asking must not make one.
func (c *command) existing(fn func(*client.Client) error) error {
	if peer, err := c.chosenPeer(); err != nil || peer != nil {
		return errors.Join(err, c.with(fn))
	}
	path, err := c.databasePath()
	if err != nil {
		return err
	}
	// A server whose file was deleted still has what was in it.
	if _, err := os.Stat(path); err != nil && !client.Answers(c.ctx, path) {
		return errs.Wrap(errs.NotFound, err, "there is no database %s; `fazt server start` makes one, --db names another", path)
	}
	return c.with(fn)
}

func statusView(s op.ServerState) output.View {
	rows := [][]string{{"server", "not running"}}
	switch {
	case s.Running && s.PID == 0:
		rows = [][]string{{"server", "running, without a socket: the folder cannot be written"}}
	case s.Running:
		rows = [][]string{
			{"server", fmt.Sprintf("running since %s (process %d)", output.Time(s.StartedAt), s.PID)},
			{"listening on", strings.Join(s.Listen, ", ")},
		}
	}
	owner := "none yet; `fazt server init` makes one"
	if s.Owner {
		owner = "set"
	}
	rows = append(rows, [][]string{
		{"domain", s.Domain}, {"database", fmt.Sprintf("%s (%s)", s.Database, output.Size(s.Bytes))},
		{"apps", fmt.Sprint(s.Apps)}, {"owner", owner}, {"version", s.Version},
	}...)
	return output.View{Value: s, Rows: rows}
}

// stopWait is how long `server stop` waits until the server has let go of the database.
const stopWait = 30 * time.Second

func (c *command) serverStop() *cobra.Command {
	return &cobra.Command{
		Use: "stop", Short: "Stop the server; running requests finish", Args: arguments(),
		Example: "  fazt server stop",
		RunE: func(*cobra.Command, []string) error {
			var s op.ServerState
			err := c.existing(func(cl *client.Client) (err error) {
				s, err = client.Call(c.ctx, cl, op.ServerStop, op.None{})
				return err
			})
			if err != nil {
				return err
			}
			if err := c.waitStopped(s.Database); err != nil {
				return err
			}
			return c.print(output.View{Value: s, Rows: [][]string{{"stopped", fmt.Sprintf("process %d", s.PID)}}})
		},
	}
}

func (c *command) serverRestart() *cobra.Command {
	return &cobra.Command{
		Use: "restart", Short: "Replace the server by a fresh process; nobody is refused meanwhile", Args: arguments(),
		Long: `Replace the server by a fresh process of the same program with the same
arguments. Running requests finish, and whoever connects meanwhile waits for
a moment. A newer program in the place of the old one is the one that starts.`,
		Example: "  fazt server restart",
		RunE: func(*cobra.Command, []string) error {
			return c.existing(func(cl *client.Client) error {
				before, err := client.Call(c.ctx, cl, op.ServerRestart, op.None{})
				if err != nil {
					return err
				}
				s, err := c.waitRestarted(cl, before)
				if err != nil {
					return err
				}
				return c.print(output.View{Value: s, Rows: [][]string{{"restarted", fmt.Sprintf("process %d, version %s", s.PID, s.Version)}}})
			})
		},
	}
}

// waitRestarted returns what the server says that started after the one before.
func (c *command) waitRestarted(cl *client.Client, before op.ServerState) (s op.ServerState, err error) {
	ctx, cancel := context.WithTimeout(c.ctx, stopWait)
	defer cancel()
	for {
		s, err = client.Call(ctx, cl, op.ServerStatus, op.None{})
		if err == nil && s.StartedAt.After(before.StartedAt) {
			return s, nil
		}
		select {
		case <-ctx.Done():
			return s, errs.Wrap(errs.Timeout, errors.Join(ctx.Err(), err), "the server was told to restart and does not answer yet; `fazt server status` shows how it is doing")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// waitStopped returns when the server has ended: its lock is free.
func (c *command) waitStopped(path string) error {
	ctx, cancel := context.WithTimeout(c.ctx, stopWait)
	defer cancel()
	return server.WaitStopped(ctx, path)
}

func (c *command) databaseCommand() *cobra.Command {
	return group("database", "Look after the database file", c.databaseCheck())
}

func (c *command) databaseCheck() *cobra.Command {
	content := false
	cmd := &cobra.Command{
		Use: "check", Short: "Look through the whole file for damage, also while it is in use", Args: arguments(),
		Long: `Look through the whole database file for damage, also while it is in use. With
--content all content, of deployments that are not live too, is compared with
its hashes: that finds bytes that a disk changed. A server does the same in the
background, and says what it found in ` + "`fazt server health`" + `.`,
		Example: `  fazt database check
  fazt database check --content`,
		RunE: func(*cobra.Command, []string) error {
			return c.existing(func(cl *client.Client) error {
				got, err := client.Call(c.ctx, cl, op.DatabaseCheck, op.DatabaseChecks{Content: content})
				if err != nil {
					return err
				}
				v := output.View{Value: got, Columns: []string{"fault"}, Empty: "The database is sound."}
				if content {
					v.Empty = fmt.Sprintf("The database is sound; %s compared with their hashes.", output.Count(got.Contents, "content"))
				}
				for _, f := range got.Faults {
					v.Rows = append(v.Rows, []string{f})
				}
				if err := c.print(v); err != nil || got.Sound {
					return err
				}
				return errs.New(errs.Unprocessable, "the database has %s; %s", output.Count(len(got.Faults), "fault"), remedy(got))
			})
		},
	}
	cmd.Flags().BoolVar(&content, "content", false, "compare all content with its hashes too")
	return cmd
}

// remedy is what to do about faults: content can be sent once more, a broken structure cannot be mended.
func remedy(got op.DatabaseFaults) string {
	if len(got.Damaged) == len(got.Faults) {
		return "deploy those apps again, and only what is damaged is sent"
	}
	return "restore it from a backup"
}
