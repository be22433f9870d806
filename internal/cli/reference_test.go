package cli

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"fazt/internal/cli/kit"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The help of every command is the reference of the command line.
func TestTheReferenceIsTheHelp(t *testing.T) {
	var text bytes.Buffer
	c := &kit.CLI{Env: kit.Env{Stdout: &text, Stderr: &text}}
	text.WriteString("# The command line\n\nGenerated from the help of the commands. `fazt help` shows the same.\n")
	describe(t, &text, commands{c}.root())

	path := filepath.Join("..", "..", "docs", "reference", "cli.md")
	if *update {
		if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Errorf("docs/reference/cli.md is stale; run `make golden`\n%s", diff)
	}
}

func describe(t *testing.T, w *bytes.Buffer, cmd *cobra.Command) {
	t.Helper()
	if cmd.Hidden || cmd.Name() == "help" {
		return
	}
	fmt.Fprintf(w, "\n## %s\n\n```\n", cmd.CommandPath())
	cmd.InitDefaultHelpFlag()
	if err := cmd.Help(); err != nil {
		t.Fatal(err)
	}
	w.WriteString("```\n")
	for _, sub := range cmd.Commands() {
		describe(t, w, sub)
	}
}

func TestEveryCommandSaysWhatItDoes(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		text := bytes.Buffer{}
		cmd.SetOut(&text)
		if err := cmd.Help(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(text.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("%s: a line of its help has %d columns, more than a terminal shows: %s", cmd.CommandPath(), n, line)
			}
		}
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: %q is not a heading", cmd.CommandPath(), cmd.Short)
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	c := &kit.CLI{}
	walk(commands{c}.root())
}

func TestTheLicensesOfLibrariesAreInTheBinary(t *testing.T) {
	var out, problems bytes.Buffer
	if code := Main(t.Context(), kit.Env{Args: []string{"version", "--licenses"}, Stdout: &out, Stderr: &problems, Stdin: strings.NewReader("")}); code != exitOK {
		t.Fatal(code, problems.String())
	}
	for _, want := range []string{"\nmodernc.org/quickjs/intl\n", "\nlodash 4.", "\nquickjs-wasi 3.", "Ben Noordhuis", "Permission is hereby granted", "Redistribution and use"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in it", want)
		}
	}
}
