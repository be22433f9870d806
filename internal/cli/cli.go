// Package cli is the command line: arguments become operations, results become output.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"fazt/internal/client"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/listener"
	"fazt/internal/output"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/compiler"
	"fazt/internal/runtime/web"
	"fazt/internal/server"
	"fazt/internal/system"
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

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// Main runs one command and returns the exit code.
func Main(ctx context.Context, env Env) int {
	if compiler.Asked(env.Args) {
		return compiler.Serve(env.Stdin, env.Stdout)
	}
	screen, notes := output.NewScreen(env.Stdout), output.NewScreen(env.Stderr)
	defer func() { _, _ = screen.Close(), notes.Close() }()
	env.Stdout, env.Stderr = screen, notes
	c := &command{Env: env, ctx: ctx, compiler: compiler.New(func() system.Runtime { return system.Defaults().Runtime })}
	defer c.compiler.Close()
	c.peer, c.Args = cutPeer(env.Args)
	root := c.root()
	root.SetArgs(c.Args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var u *usage
	if errors.As(err, &u) || !c.began {
		fmt.Fprintf(env.Stderr, "fazt: %v\nRun `fazt %s--help` to see how it is used.\n", err, path(root, c.Args))
		return exitUsage
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		fmt.Fprintln(env.Stderr, "fazt: interrupted")
		return exitFailed
	}
	c.explain(err)
	return errs.KindOf(err).ExitCode()
}

// explain says what went wrong. The person at the terminal owns the instance: they see the cause of a failure that
// nobody classified.
func (c *command) explain(err error) {
	text := errs.Sentence(err)
	if errs.Is(err, errs.Internal) {
		text = err.Error()
	}
	fmt.Fprintf(c.Stderr, "fazt: %s\n", output.Visible(text))
	for _, d := range diagnostics(err) {
		if d.Frame != "" {
			if place := fmt.Sprintf("%s:%d:%d: %s\n", d.File, d.Line, d.Column, d.Text); !strings.HasPrefix(text+"\n", place) {
				fmt.Fprintf(c.Stderr, "\n%s", output.Visible(place))
			}
			fmt.Fprintf(c.Stderr, "%s\n", output.Visible(d.Frame))
		}
		for _, note := range d.Notes {
			fmt.Fprintf(c.Stderr, "  note: %s\n", output.Visible(note))
		}
	}
}

// diagnostics are the places in the author's files that err is about.
func diagnostics(err error) []compile.Diagnostic {
	switch d := errs.Details(err).(type) {
	case []compile.Diagnostic:
		return d
	case json.RawMessage:
		var list []compile.Diagnostic
		if json.Unmarshal(d, &list) == nil {
			return list
		}
	}
	return nil
}

// usage is a mistake in the way a command was called.
type usage struct{ message string }

func (u *usage) Error() string { return u.message }

func usagef(format string, args ...any) error { return &usage{fmt.Sprintf(format, args...)} }

// path is the command that was meant, for the hint.
func path(root *cobra.Command, args []string) string {
	found, _, err := root.Find(args)
	if err != nil || found == root {
		return ""
	}
	return strings.TrimPrefix(found.CommandPath(), "fazt ") + " "
}

// command is what the commands share.
type command struct {
	Env
	ctx         context.Context
	database    string
	format      string
	peer        string // named with @ before the command; "" = none was
	here        bool   // the command works on this machine only
	quiet       bool
	verbose     bool
	compiler    *compiler.Compiler // of what is checked on this machine
	began       bool               // the call was understood: what fails from now on is no mistake in the way it was written
	toldOfPeers bool               // that the file of the peers cannot be used
}

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "fazt",
		Short: "A whole personal cloud in one file",
		Long: `Fazt makes a folder a running app: its pages are served, its api/main.ts runs on
the server, and everything is kept in one SQLite file.`,
		Example: `  fazt dev examples/guestbook      run a folder and follow its changes
  fazt server start                start an instance that lasts
  fazt app deploy ./site           put a folder live`,
		SilenceErrors: true, SilenceUsage: true,
		Args:              noCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return c.begin(cmd) },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetIn(c.Stdin)
	root.SetOut(c.Stdout)
	root.SetErr(c.Stderr)
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 80"))
	root.PersistentFlags().StringVar(&c.database, "db", "", "database file (FAZT_DB, else ~/.fazt/data.db)")
	root.PersistentFlags().StringVar(&c.format, "format", "table", "how results are shown: table, json or markdown")
	root.PersistentFlags().BoolVar(&c.quiet, "quiet", false, "no hints and no progress, only results and errors")
	root.PersistentFlags().BoolVar(&c.verbose, "verbose", false, "tell of every operation on standard error")
	root.AddCommand(onThisMachine(c.dev()), c.server(), c.app(), c.alias(), c.domain(), c.env(), c.net(), c.secrets(), c.sql(), c.key(), c.activityLog(), c.databaseCommand(), c.backup(), c.limits(), c.settings(), c.bench("bench"),
		onThisMachine(c.peers()), onThisMachine(c.doctor()), onThisMachine(c.completion()), onThisMachine(c.version()))
	root.AddCommand(c.shortForms()...)
	root.SetHelpCommand(help(root))
	c.completeWords(root)
	return root
}

// begin checks what all commands share, before any of them does anything.
func (c *command) begin(cmd *cobra.Command) error {
	if _, err := output.ParseFormat(c.format); err != nil {
		return &usage{errs.Sentence(err)}
	}
	if c.quiet && c.verbose {
		return usagef("--quiet and --verbose are opposites")
	}
	if err := c.checkPlace(cmd); err != nil {
		return err
	}
	c.began = true
	return nil
}

// help is cobra's own, but for commands that do not exist: those are a mistake.
func help(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Show how a command is used",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil {
				cmd, rest = root, args
			}
			if err := noCommand(cmd, rest); err != nil {
				return err
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

// group is a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short,
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	g.AddCommand(commands...)
	return g
}

// noCommand explains an argument where a command should be.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	message := fmt.Sprintf("there is no command %q", strings.TrimPrefix(cmd.CommandPath()+" "+args[0], "fazt "))
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	if near := nearest(args[0], names); near != "" {
		message += fmt.Sprintf("; did you mean %q?", near)
	}
	return &usage{message}
}

// flagError adds the nearest flag to what is said of an unknown one.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	name, ok := strings.CutPrefix(text, "unknown flag: --")
	if !ok {
		// `invalid argument "x" for "--to" flag: strconv.ParseInt: parsing "x": invalid syntax`
		text, _, _ = strings.Cut(text, ": strconv.")
		return &usage{text}
	}
	message := fmt.Sprintf("there is no flag --%s", name)
	if near := nearest(name, flagNames(cmd)); near != "" {
		message += fmt.Sprintf("; did you mean --%s?", near)
	}
	return &usage{message}
}

// arguments checks how many arguments there are and says what is missing by name.
func arguments(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return usagef("%s is missing", names[len(args)])
		}
		if len(args) > len(names) {
			return usagef("%q is one argument too many", args[len(names)])
		}
		return nil
	}
}

// databasePath is the one rule for which database a command means.
func (c *command) databasePath() (string, error) {
	for _, chosen := range []string{c.database, c.Getenv("FAZT_DB")} {
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
func (c *command) open() (*client.Client, error) {
	peer, err := c.chosenPeer()
	if err != nil {
		return nil, err
	}
	if peer != nil {
		return client.OpenPeer(*peer)
	}
	path, err := c.databasePath()
	if err != nil {
		return nil, err
	}
	return client.Open(c.ctx, client.Config{Database: path, Compose: server.InProcess(c.Getenv, c.logger(slog.LevelError))})
}

// with runs fn on the instance.
func (c *command) with(fn func(*client.Client) error) error {
	cl, err := c.open()
	if err != nil {
		return err
	}
	c.observe(cl)
	return errors.Join(fn(cl), cl.Close())
}

func (c *command) print(v output.View) error {
	return output.Printer{W: output.Raw(c.Stdout), Format: output.Format(c.format), Width: width(c.Stdout)}.Print(v)
}

// width is that of the terminal w writes to, or 0.
func width(w io.Writer) int {
	f, ok := output.Raw(w).(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 80
	}
	return columns
}

func (c *command) version() *cobra.Command {
	licenses := false
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version", Args: arguments(),
		Example: `  fazt version
  fazt version --licenses`,
		RunE: func(*cobra.Command, []string) error {
			if licenses {
				text := web.Licenses()
				if text == "" {
					return errs.New(errs.Unsupported, "this build of Fazt was made without the licences; `make build` makes one with them")
				}
				_, err := io.WriteString(c.Stdout, text)
				return err
			}
			return c.print(output.View{
				Value: map[string]string{"version": system.Version, "go": goVersion(), "platform": platform()},
				Rows:  [][]string{{"fazt", system.Version}, {"go", goVersion()}, {"platform", platform()}},
			})
		},
	}
	cmd.Flags().BoolVar(&licenses, "licenses", false, "the licences of the software of others in it")
	return cmd
}
