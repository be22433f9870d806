// Command cross type-checks every package of the project, with its tests, for the given targets. It takes
// seconds, where compiling takes minutes: it generates no code, and reads only the declarations of libraries.
package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	failed := false
	for _, target := range os.Args[1:] {
		fmt.Println("type-check", target)
		problems, err := check(target)
		for _, p := range problems {
			failed = true
			fmt.Fprintln(os.Stderr, p)
		}
		if err != nil {
			failed = true
			fmt.Fprintf(os.Stderr, "%s: %v\n", target, err)
		}
	}
	if failed {
		os.Exit(1)
	}
}

// check returns the type errors for a target such as linux/arm64.
func check(target string) (problems []string, err error) {
	system, arch, ok := strings.Cut(target, "/")
	if !ok {
		return nil, errors.New("a target is GOOS/GOARCH")
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	list, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps | packages.NeedModule |
			packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesSizes,
		Env:   append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch),
		Tests: true,
		ParseFile: func(set *token.FileSet, name string, text []byte) (*ast.File, error) {
			return parse(dir, set, name, text)
		},
	}, "./...")
	if err != nil {
		return nil, err
	}
	own := 0
	seen := map[string]bool{} // a package occurs once with its tests and once without
	packages.Visit(list, nil, func(p *packages.Package) {
		ours := p.Module != nil && p.Module.Main
		if ours {
			own++
		}
		for _, e := range p.Errors {
			if text := e.Error(); (ours || e.Kind == packages.ListError) && !generated(p) && !seen[text] {
				seen[text] = true
				problems = append(problems, target+": "+text)
			}
		}
	})
	if own == 0 {
		err = errors.New("no package was found")
	}
	return problems, err
}

// parse reads a file; it leaves out the function bodies of libraries.
func parse(dir string, set *token.FileSet, name string, text []byte) (*ast.File, error) {
	file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if rel, outside := filepath.Rel(dir, name); file == nil || outside == nil && filepath.IsLocal(rel) {
		return file, err
	}
	for _, d := range file.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			fn.Body = nil
		}
	}
	return file, err
}

// generated reports whether a package is the main program that go writes for the tests of another.
func generated(p *packages.Package) bool { return strings.HasSuffix(p.ID, ".test") }
