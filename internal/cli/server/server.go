// Package server holds the commands that run and examine an instance.
package server

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
	"fazt/internal/cli/kit"
	"fazt/internal/cli/limits"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/listener"
	"fazt/internal/output"
	"fazt/internal/server"
)

// commands holds what all commands of the package share.
type commands struct{ *kit.CLI }

// Command returns `fazt server` with its subcommands.
func Command(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	return kit.Group("server", "Start, stop and inspect an instance",
		kit.OnThisMachine(c.serverStart()), kit.OnThisMachine(c.serverInit()), c.serverMetrics(), kit.OnThisMachine(c.serverStop()), kit.OnThisMachine(c.serverRestart()), Bench(c.CLI, "calibrate"))
}

func (c commands) serverStart() *cobra.Command {
	cmd := &cobra.Command{
		Use: "start", Short: "Start an instance", Args: kit.Arguments(),
		Long: `Start an instance and serve until Ctrl-C or ` + "`fazt server stop`" + `. A database
that does not exist is created.

A flag overrides a setting for this start. Without it, the environment variable
counts (FAZT_DOMAIN, FAZT_LISTEN and so on), then the value stored by
` + "`fazt settings set`" + `.`,
		Example: `  fazt server start
  fazt server start --listen 0.0.0.0:80 --listen '[::]:80' --domain example.com`,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(limits.GivenSettings(cmd)) },
	}
	limits.SettingFlags(cmd)
	return cmd
}

func (c commands) serve(flags map[string]string) error {
	// What net/http logs there quotes other servers, which may send back a secret. What it logs about our server goes to
	// our log.
	log.SetOutput(io.Discard)
	path, err := c.DatabasePath()
	if err != nil {
		return err
	}
	handed, err := listener.ReadHanded(c.Getenv(listener.HandedVariable))
	if err != nil {
		return err
	}
	_, missing := os.Stat(path)
	i, err := server.Open(c.Ctx, server.Config{
		Database: path, Flags: flags, Getenv: c.Getenv, Log: c.Logger(slog.LevelInfo), Handed: handed, Replace: c.Replace != nil, Process: c.Process,
	})
	if err != nil {
		return err
	}
	err = i.Run(c.Ctx, func(addresses []net.Addr) {
		if missing != nil {
			fmt.Fprintf(c.Stdout, "Created the database %s.\n", path)
		} else {
			fmt.Fprintf(c.Stdout, "Serving the database %s.\n", path)
		}
		for _, a := range addresses {
			fmt.Fprintf(c.Stdout, "Listening on %s; apps are at %s\n", a, i.URL("<name>"))
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

func (c commands) serverInit() *cobra.Command {
	var req op.ServerOwner
	var fromStdin bool
	cmd := &cobra.Command{
		Use: "init", Short: "Give a new instance its owner and its domain", Args: kit.Arguments(),
		Example: `  fazt server init
  fazt server init --name ana --domain example.com --password-stdin < file`,
		RunE: func(*cobra.Command, []string) error {
			if err := c.ask(&req, fromStdin); err != nil {
				return err
			}
			return c.With(func(cl *client.Client) error {
				s, err := client.Call(c.Ctx, cl, op.ServerInit, req)
				if err != nil {
					return err
				}
				return c.Print(output.View{Value: s, Rows: [][]string{{"owner", req.Owner}, {"domain", domainOf(req, s)}, {"database", s.Database}}})
			})
		},
	}
	cmd.Flags().StringVar(&req.Owner, "name", "", "name of the owner; asked for if it is missing")
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

// ask reads values that no flag gave from the terminal or standard input.
func (c commands) ask(req *op.ServerOwner, fromStdin bool) error {
	terminal, ok := c.Stdin.(*os.File)
	interactive := ok && term.IsTerminal(int(terminal.Fd()))
	in := bufio.NewReader(c.Stdin)
	if req.Owner == "" {
		if !interactive {
			return kit.Usagef("--name is missing, and there is no terminal to ask for it")
		}
		fmt.Fprint(c.Stderr, "Name of the owner: ")
		name, err := in.ReadString('\n')
		if err != nil {
			return kit.Usagef("no name was given")
		}
		req.Owner = strings.TrimSpace(name)
	}
	if fromStdin {
		text, err := kit.ReadInput(in, "the password")
		if err != nil {
			return err
		}
		req.Password = strings.TrimRight(text, "\r\n")
		return nil
	}
	if !interactive {
		return kit.Usagef("--password-stdin is missing, and there is no terminal to ask for the password")
	}
	password, err := c.Secret(terminal, "Password (at least 8 characters): ")
	if err != nil {
		return err
	}
	if err := auth.CheckPassword(password); err != nil {
		return err
	}
	again, err := c.Secret(terminal, "Repeat it: ")
	if err != nil {
		return err
	}
	if password != again {
		return errs.New(errs.Invalid, "the two passwords differ; nothing was changed")
	}
	req.Password = password
	return nil
}

// Status returns the view of the state of an instance.
func Status(s op.ServerState) output.View {
	rows := [][]string{{"server", "not running"}}
	switch {
	case s.Running && s.PID == 0:
		rows = [][]string{{"server", "running, without a socket: the folder is not writable"}}
	case s.Running:
		rows = [][]string{
			{"server", fmt.Sprintf("running since %s (process %d)", output.Time(s.StartedAt), s.PID)},
			{"listening on", strings.Join(s.Listen, ", ")},
		}
	}
	owner := "none yet; `fazt server init` creates one"
	if s.Owner {
		owner = "set"
	}
	rows = append(rows, [][]string{
		{"domain", s.Domain}, {"database", fmt.Sprintf("%s (%s)", s.Database, output.Size(s.Bytes))},
		{"apps", fmt.Sprint(s.Apps)}, {"owner", owner}, {"version", s.Version},
	}...)
	return output.View{Rows: rows}
}

// stopWait bounds how long `server stop` waits until the server has released the database.
const stopWait = 30 * time.Second

func (c commands) serverStop() *cobra.Command {
	return &cobra.Command{
		Use: "stop", Short: "Stop the server; running requests finish", Args: kit.Arguments(),
		Example: "  fazt server stop",
		RunE: func(*cobra.Command, []string) error {
			var s op.ServerState
			err := c.Existing(func(cl *client.Client) (err error) {
				s, err = client.Call(c.Ctx, cl, op.ServerStop, op.None{})
				return err
			})
			if err != nil {
				return err
			}
			if err := c.waitStopped(s.Database); err != nil {
				return err
			}
			return c.Print(output.View{Value: s, Rows: [][]string{{"stopped", fmt.Sprintf("process %d", s.PID)}}})
		},
	}
}

func (c commands) serverRestart() *cobra.Command {
	return &cobra.Command{
		Use: "restart", Short: "Replace the server with a new process without refusing a request", Args: kit.Arguments(),
		Long: `Replace the server with a new process of the same program and arguments. Running
requests finish, and new connections wait for a moment. If the program file was
replaced by a newer one, that one starts.`,
		Example: "  fazt server restart",
		RunE: func(*cobra.Command, []string) error {
			return c.Existing(func(cl *client.Client) error {
				before, err := client.Call(c.Ctx, cl, op.ServerRestart, op.None{})
				if err != nil {
					return err
				}
				s, err := c.waitRestarted(cl, before)
				if err != nil {
					return err
				}
				return c.Print(output.View{Value: s, Rows: [][]string{{"restarted", fmt.Sprintf("process %d, version %s", s.PID, s.Version)}}})
			})
		},
	}
}

// waitRestarted returns the state of the server that started after the one before.
func (c commands) waitRestarted(cl *client.Client, before op.ServerState) (s op.ServerState, err error) {
	ctx, cancel := context.WithTimeout(c.Ctx, stopWait)
	defer cancel()
	for {
		s, err = client.Call(ctx, cl, op.ServerStatus, op.None{})
		if err == nil && s.StartedAt.After(before.StartedAt) {
			return s, nil
		}
		select {
		case <-ctx.Done():
			return s, errs.Wrap(errs.Timeout, errors.Join(ctx.Err(), err), "the server is restarting but does not respond yet; check it with `fazt server status`")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// waitStopped returns when the server has ended: its lock is free.
func (c commands) waitStopped(path string) error {
	ctx, cancel := context.WithTimeout(c.Ctx, stopWait)
	defer cancel()
	return server.WaitStopped(ctx, path)
}
