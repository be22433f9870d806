package cli

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
)

// called is a command tree whose commands record how they were called instead of doing anything.
type called struct {
	root *cobra.Command
	path string
	args []string
}

func recording(t *testing.T) *called {
	t.Helper()
	c := &kit.CLI{Env: kit.Env{Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, Getenv: func(string) string { return "" }}, Ctx: t.Context()}
	r := &called{root: commands{c}.root()}
	for _, cmd := range leaves(r.root) {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			r.path, r.args = cmd.CommandPath(), slices.Clone(args)
			return nil
		}
	}
	return r
}

// leaves returns the commands that do something.
func leaves(root *cobra.Command) []*cobra.Command {
	var list []*cobra.Command
	for _, cmd := range root.Commands() {
		switch {
		case cmd.HasSubCommands():
			list = append(list, leaves(cmd)...)
		case cmd.Name() != "help":
			list = append(list, cmd)
		}
	}
	return list
}

// sample returns arguments for a command, from its use: a word in upper case is one, and of a|b it takes a.
func sample(cmd *cobra.Command) []string {
	switch cmd.CommandPath() {
	case "fazt env set":
		return []string{"app", "A=1", "B=2"}
	}
	var args []string
	words := strings.Fields(cmd.Use)[1:]
	for i, word := range words {
		word, _, _ = strings.Cut(strings.Trim(word, "[]…"), "|")
		ofFlag := i > 0 && strings.HasPrefix(words[i-1], "--")
		if word != "" && !ofFlag && !strings.HasPrefix(word, "-") {
			args = append(args, word)
		}
	}
	return args
}

func flagText(f *pflag.Flag) []string {
	switch f.Value.Type() {
	case "bool":
		return []string{"--" + f.Name}
	case "int", "int64":
		return []string{"--" + f.Name, "3"}
	case "duration":
		return []string{"--" + f.Name, "3h"}
	}
	if f.Name == "format" {
		return []string{"--format", "json"}
	}
	return []string{"--" + f.Name, "v"}
}

// In the predecessor, parsing stopped at the first argument, so flags after it were dropped or taken for something else.
func TestTheOrderOfFlagsAndArgumentsNeverChangesTheMeaningOfACommand(t *testing.T) {
	outcome := func(line []string, flag string) string {
		r := recording(t)
		r.root.SetArgs(line)
		cmd, err := r.root.ExecuteC()
		value := ""
		if f := cmd.Flags().Lookup(flag); f != nil {
			value = f.Value.String()
		}
		return fmt.Sprint(r.path, r.args, value, err)
	}
	for _, cmd := range leaves(recording(t).root) {
		path := strings.Fields(cmd.CommandPath())[1:]
		args := sample(cmd)
		flags := []*pflag.Flag{}
		cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f) })
		inherited := len(flags)
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" {
				flags = append(flags, f)
			}
		})
		for n, f := range flags {
			words := slices.Concat(path, args)
			want := outcome(slices.Concat(words, flagText(f)), f.Name)
			if !strings.Contains(want, cmd.CommandPath()) && !strings.Contains(want, "twice") && !strings.Contains(want, "goes with no") {
				t.Errorf("%s --%s: %s", cmd.CommandPath(), f.Name, want)
			}
			from := len(path) // a command's own flag cannot come before its name
			if n < inherited {
				from = 0
			}
			for at := from; at <= len(words); at++ {
				line := slices.Concat(words[:at], flagText(f), words[at:])
				if got := outcome(line, f.Name); got != want {
					t.Errorf("%v: %s\nwant %s", line, got, want)
				}
			}
		}
	}
}

// usageOf runs a command line and returns the exit code and the output.
func usageOf(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out, complaint bytes.Buffer
	code := Main(t.Context(), kit.Env{
		Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &complaint,
		Getenv: func(string) string { return "" }, Home: func() (string, error) { return t.TempDir(), nil },
	})
	return code, complaint.String()
}

func TestUnknownFlagsArgumentsAndCommandsAreUsageErrorsWithAnExplanation(t *testing.T) {
	root := recording(t).root
	for _, cmd := range leaves(root) {
		path := strings.Fields(cmd.CommandPath())[1:]
		args := slices.Concat(path, sample(cmd))
		hint := "Run `" + cmd.CommandPath() + " --help`"
		for _, at := range []int{len(path), len(args)} { // before and after the arguments
			line := slices.Insert(slices.Clone(args), at, "--formt=x")
			if code, said := usageOf(t, line...); code != exitUsage || !strings.Contains(said, "unknown flag --formt; did you mean --format?") || !strings.Contains(said, hint) {
				t.Errorf("%v: %d %s", line, code, said)
			}
		}
		line := append(slices.Clone(args), "-Z")
		if code, said := usageOf(t, line...); code != exitUsage {
			t.Errorf("%v: %d %s", line, code, said)
		}
		if strings.HasSuffix(cmd.Use, "…") { // takes any number
			continue
		}
		line = append(slices.Clone(args), "surplus")
		if code, said := usageOf(t, line...); code != exitUsage || !strings.Contains(said, `"surplus" is one argument too many`) {
			t.Errorf("%v: %d %s", line, code, said)
		}
	}
	groups := []*cobra.Command{root}
	for _, cmd := range root.Commands() {
		if cmd.HasSubCommands() {
			groups = append(groups, cmd)
		}
	}
	for _, g := range groups {
		known := leaves(g)[0].Name()
		if g == root {
			known = "version"
		}
		line := append(strings.Fields(g.CommandPath())[1:], known[:len(known)-1])
		if code, said := usageOf(t, line...); code != exitUsage || !strings.Contains(said, "unknown command") || !strings.Contains(said, "did you mean") {
			t.Errorf("%v: %d %s", line, code, said)
		}
		line = append(line, "--no-such-flag")
		if code, said := usageOf(t, line...); code != exitUsage || !strings.Contains(said, "unknown command") {
			t.Errorf("%v: %d %s", line, code, said)
		}
	}
}

func TestEveryCommandHasAnExampleOfItself(t *testing.T) {
	for _, cmd := range leaves(recording(t).root) {
		if !strings.Contains(cmd.Example, cmd.CommandPath()) {
			t.Errorf("the help of %s shows no example of it: %q", cmd.CommandPath(), cmd.Example)
		}
		for line := range strings.Lines(cmd.Long + "\n" + cmd.Example) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); n > 90 {
				t.Errorf("%s: a line of the help has %d columns: %s", cmd.CommandPath(), n, line)
			}
		}
	}
}

// forPrograms lists the operations that no command needs, each with the reason.
var forPrograms = map[string]string{
	"SchemaManifest": "editors fetch it",
	"SystemHealthz":  "for probes; people use server health",
	"SystemReadyz":   "for probes and load balancers",
	"DeployArchive":  "for curl and build servers; commands send the files themselves, and only those that are missing",
}

func TestEveryOperationIsReachedByACommandOrIsForPrograms(t *testing.T) {
	declared := selectors(t, "../api/op", true)
	if len(declared) != len(op.All()) {
		t.Fatalf("%d operations are declared, %d are in op.All", len(declared), len(op.All()))
	}
	used := map[string]bool{}
	dirs, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range append(dirs, ".", "../client") {
		maps.Copy(used, selectors(t, dir, false))
	}
	for name := range declared {
		if _, exempt := forPrograms[name]; used[name] == exempt {
			t.Errorf("op.%s: reached by a command: %t; on the list of those that need none: %t", name, used[name], exempt)
		}
	}
}

// selectors returns the operations that the files of a folder declare, or otherwise those that they name as op.X.
func selectors(t *testing.T, dir string, declared bool) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.SelectorExpr:
				if pkg, ok := x.X.(*ast.Ident); ok && pkg.Name == "op" && !declared {
					found[x.Sel.Name] = true
				}
			case *ast.ValueSpec:
				if declared && len(x.Values) == 1 && declares(x.Values[0]) {
					found[x.Names[0].Name] = true
				}
			}
			return true
		})
	}
	return found
}

func declares(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	index, ok := call.Fun.(*ast.IndexListExpr)
	if !ok {
		return false
	}
	fn, ok := index.X.(*ast.Ident)
	return ok && fn.Name == "declare"
}

func TestEveryShellGetsItsCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		var out, complaint bytes.Buffer
		code := Main(context.Background(), kit.Env{Args: []string{"completion", shell}, Stdin: os.Stdin, Stdout: &out, Stderr: &complaint, Getenv: os.Getenv, Home: os.UserHomeDir})
		if code != exitOK || !strings.Contains(out.String(), "__complete") || complaint.Len() > 0 {
			t.Errorf("%s: %d %s", shell, code, complaint.String())
		}
	}
}
