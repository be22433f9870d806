// Package cli is the command line: arguments become operations, results become output.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"fazt/internal/cli/alias"
	"fazt/internal/cli/app"
	"fazt/internal/cli/env"
	"fazt/internal/cli/key"
	"fazt/internal/cli/kit"
	"fazt/internal/cli/limits"
	"fazt/internal/cli/log"
	"fazt/internal/cli/net"
	"fazt/internal/cli/peer"
	"fazt/internal/cli/server"
	"fazt/internal/cli/sql"
	"fazt/internal/errs"
	"fazt/internal/output"
	"fazt/internal/runtime/compiler"
	"fazt/internal/runtime/web"
	"fazt/internal/system"
)

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// commandGC is the growth of the heap, in percent, at which a command collects garbage: 16 MB at first.
const commandGC = 400

// Main runs one command and returns the exit code.
func Main(ctx context.Context, env kit.Env) int {
	if compiler.Asked(env.Args) {
		return compiler.Serve(env.Stdin, env.Stdout)
	}
	if env.Process != nil { // most commands end before a collection would pay; a server sets its own values
		env.Process.Collect(commandGC, math.MaxInt64)
	}
	screen, notes := output.NewScreen(env.Stdout), output.NewScreen(env.Stderr)
	defer func() { _, _ = screen.Close(), notes.Close() }()
	env.Stdout, env.Stderr = screen, notes
	c := &kit.CLI{Env: env, Ctx: ctx, Compiler: compiler.New(func() system.Runtime { return system.Defaults().Runtime })}
	defer c.Compiler.Close()
	c.Peer, c.Args = kit.CutPeer(env.Args)
	root := commands{c}.root()
	root.SetArgs(c.Args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var u *kit.Usage
	if errors.As(err, &u) || !c.Began {
		fmt.Fprintf(env.Stderr, "fazt: %v\nRun `fazt %s--help` for help.\n", err, path(root, c.Args))
		return exitUsage
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		fmt.Fprintln(env.Stderr, "fazt: interrupted")
		return exitFailed
	}
	c.Explain(err)
	return errs.KindOf(err).ExitCode()
}

// commands holds what the commands of this package share.
type commands struct{ *kit.CLI }

// path returns the command that was called, for the hint.
func path(root *cobra.Command, args []string) string {
	found, _, err := root.Find(args)
	if err != nil || found == root {
		return ""
	}
	return strings.TrimPrefix(found.CommandPath(), "fazt ") + " "
}

func (c commands) root() *cobra.Command {
	version := false
	root := &cobra.Command{
		Use:   "fazt",
		Short: "A whole personal cloud in one file",
		Long: `Fazt turns a folder into a running app: it serves the pages, runs api/main.ts on
the server, and keeps everything in one SQLite file.`,
		Example: `  fazt dev examples/guestbook      run a folder and redeploy it on changes
  fazt server start                start a permanent instance
  fazt app deploy ./site           put a folder live`,
		SilenceErrors: true, SilenceUsage: true,
		Args: kit.NoCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version {
				return c.printVersion()
			}
			return cmd.Help()
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return c.begin(cmd) },
	}
	root.Flags().BoolVar(&version, "version", false, "print the version")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetIn(c.Stdin)
	root.SetOut(c.Stdout)
	root.SetErr(c.Stderr)
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 80"))
	root.PersistentFlags().StringVar(&c.Database, "db", "", "database file (FAZT_DB, else ~/.fazt/data.db)")
	root.PersistentFlags().StringVar(&c.Format, "format", "table", "output format: table, json or markdown")
	root.PersistentFlags().BoolVar(&c.Quiet, "quiet", false, "only results and errors, no hints or progress")
	root.PersistentFlags().BoolVar(&c.Verbose, "verbose", false, "report every operation on standard error")
	root.AddCommand(
		kit.OnThisMachine(app.Dev(c.CLI)), kit.OnThisMachine(app.Types(c.CLI)), server.Command(c.CLI), app.Command(c.CLI), alias.Command(c.CLI), alias.Domain(c.CLI), env.Command(c.CLI),
		net.Command(c.CLI), net.Secrets(c.CLI), sql.Command(c.CLI), key.Command(c.CLI), log.Command(c.CLI), kit.Group("database", "Check the database file"),
		server.Backup(c.CLI), limits.Command(c.CLI), limits.Settings(c.CLI), server.Bench(c.CLI, "bench"),
		kit.OnThisMachine(peer.Command(c.CLI)), kit.OnThisMachine(server.Doctor(c.CLI)), kit.OnThisMachine(c.completion()), kit.OnThisMachine(c.version()))
	root.AddCommand(app.ShortForms(c.CLI)...)
	kit.Add(c.CLI, root, plain())
	root.SetHelpCommand(help(root))
	c.completeWords(root)
	return root
}

// begin checks the common flags before a command runs.
func (c commands) begin(cmd *cobra.Command) error {
	if _, err := output.ParseFormat(c.Format); err != nil {
		return kit.Usagef("%s", errs.Sentence(err))
	}
	if c.Quiet && c.Verbose {
		return kit.Usagef("--quiet and --verbose cannot be combined")
	}
	if err := c.CheckPlace(cmd); err != nil {
		return err
	}
	c.Began = true
	return nil
}

// help works like cobra's own, except that an unknown command is an error.
func help(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Show the help of a command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil {
				cmd, rest = root, args
			}
			if err := kit.NoCommand(cmd, rest); err != nil {
				return err
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

// flagError suggests the nearest flag for an unknown one.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	name, ok := strings.CutPrefix(text, "unknown flag: --")
	if !ok {
		// `invalid argument "x" for "--to" flag: strconv.ParseInt: parsing "x": invalid syntax`
		text, _, _ = strings.Cut(text, ": strconv.")
		return kit.Usagef("%s", text)
	}
	if args := cmd.Flags().Args(); cmd.HasSubCommands() && len(args) > 0 {
		return kit.NoCommand(cmd, args) // the flag is unknown because the command is
	}
	message := fmt.Sprintf("unknown flag --%s", name)
	if near := kit.Nearest(name, flagNames(cmd)); near != "" {
		message += fmt.Sprintf("; did you mean --%s?", near)
	}
	return kit.Usagef("%s", message)
}

func (c commands) version() *cobra.Command {
	licenses := false
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version", Args: kit.Arguments(),
		Example: `  fazt version
  fazt version --licenses`,
		RunE: func(*cobra.Command, []string) error {
			if licenses {
				text := web.Licenses()
				if text == "" {
					return errs.New(errs.Unsupported, "this build of Fazt contains no licenses; `make build` includes them")
				}
				_, err := io.WriteString(c.Stdout, text)
				return err
			}
			return c.printVersion()
		},
	}
	cmd.Flags().BoolVar(&licenses, "licenses", false, "print the licenses of third-party software")
	return cmd
}

func (c commands) printVersion() error {
	return c.Print(output.View{
		Value: map[string]string{"version": system.Version, "go": goVersion(), "platform": platform()},
		Rows:  [][]string{{"fazt", system.Version}, {"go", goVersion()}, {"platform", platform()}},
	})
}
