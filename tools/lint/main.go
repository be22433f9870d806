// Command lint runs golangci-lint, compiled with the linters that .golangci.yml enables and no others: it has more than a
// hundred, and on a fresh machine compiling them takes longer than linting.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	module  = "github.com/golangci/golangci-lint/v2"
	version = "v2.15.0"

	// table is the file of golangci-lint that lists its linters, each of which is a package below linters.
	table   = "pkg/lint/lintersdb/builder_linter.go"
	linters = module + "/pkg/golinters/"
)

func main() {
	err := run(os.Args[1:])
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	config, err := os.ReadFile(".golangci.yml")
	if err != nil {
		return err
	}
	bin, err := filepath.Abs("bin")
	if err != nil {
		return err
	}
	program := filepath.Join(bin, "golangci-lint")
	if err := compile(filepath.Join(bin, "lint"), program, enabled(config)); err != nil {
		return err
	}
	return command(".", program, append([]string{"run"}, args...)...).Run()
}

// enabled returns the names that a configuration enables. A name too many costs a second; without one that is enabled,
// golangci-lint refuses the configuration.
func enabled(config []byte) map[string]bool {
	names := map[string]bool{}
	for _, item := range regexp.MustCompile(`(?m)^ +- (\w+)\b`).FindAllSubmatch(config, -1) {
		names[string(item[1])] = true
	}
	return names
}

// compile compiles golangci-lint from sources in dir. The folder is always the same, so that go finds in its cache what it
// compiled before.
func compile(dir, program string, keep map[string]bool) error {
	list := exec.Command("go", "mod", "download", "-json", module+"@"+version)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("download %s: %w", module, err)
	}
	var source struct{ Dir string }
	if err := json.Unmarshal(out, &source); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.CopyFS(dir, os.DirFS(source.Dir)); err != nil {
		return err
	}
	file := filepath.Join(dir, filepath.FromSlash(table))
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if text, err = without(text, keep); err != nil {
		return fmt.Errorf("%s: %w", table, err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	return command(dir, "go", "build", "-pgo=off", "-buildvcs=false", "-ldflags=-s -w", "-o", program, "./cmd/golangci-lint").Run()
}

func command(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stdout, os.Stderr
	return cmd
}

// without removes the linters that are not to be kept from the table, and their imports.
func without(text []byte, keep map[string]bool) ([]byte, error) {
	// The only variable of the table; the linters that use it may all be removed.
	text = regexp.MustCompile(`(?m)^\t(\w+) := .*$`).ReplaceAll(text, []byte("$0\n\t_ = $1"))
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path.Base(table), text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	dropped := map[string]bool{} // by import path
	for _, spec := range file.Imports {
		if name, ok := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), linters); ok && !keep[name] {
			dropped[name] = true
		}
	}
	removed := 0
	ast.Inspect(file, func(n ast.Node) bool {
		list, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		kept := list.Elts[:0]
		for _, e := range list.Elts {
			if uses(e, dropped) {
				removed++
			} else {
				kept = append(kept, e)
			}
		}
		list.Elts = kept
		return true
	})
	if removed < len(dropped) {
		return nil, fmt.Errorf("%d of %d linters were found in the table", removed, len(dropped))
	}
	for _, d := range file.Decls {
		if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.IMPORT {
			kept := d.Specs[:0]
			for _, s := range d.Specs {
				if !dropped[strings.TrimPrefix(strings.Trim(s.(*ast.ImportSpec).Path.Value, `"`), linters)] {
					kept = append(kept, s)
				}
			}
			d.Specs = kept
		}
	}
	var b strings.Builder
	err = format.Node(&b, set, file)
	return []byte(b.String()), err
}

// uses reports whether an expression names one of the packages.
func uses(e ast.Expr, packages map[string]bool) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && packages[x.Name] {
				found = true
			}
		}
		return !found
	})
	return found
}
