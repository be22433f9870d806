package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layer of every package: imports go down only. Packages of one layer do not import each other, but for the pairs
// in sideways.
var layers = map[string]int{
	"internal/errs": 0, "internal/id": 0, "internal/schema": 0, "internal/timeout": 0, "internal/database": 0, "internal/database/sqlite": 0,
	"internal/system": 0, "internal/journal": 0, "internal/listener": 0, "internal/listener/edge": 0, "internal/output": 0,
	"internal/content": 0, "internal/share": 0, "internal/scratch": 0, "internal/hostname": 0, "internal/limitio": 0, "internal/throttle": 0,
	"internal/quickjs": 0,

	"internal/apps": 1, "internal/hosting": 1, "internal/storage": 1, "internal/runtime": 1, "internal/runtime/bind": 1,
	"internal/runtime/compile": 1, "internal/runtime/compiler": 1, "internal/runtime/web": 1, "internal/runtime/sched": 1, "internal/auth": 1, "internal/egress": 1,
	"internal/activity": 1, "internal/applog": 1, "internal/idempotency": 1,

	"internal/bindings": 2, "internal/api": 2, "internal/api/op": 2, "internal/api/call": 2,
	"internal/api/show": 2, "internal/gateway": 2,
	"internal/api/alias": 2, "internal/api/app": 2, "internal/api/backup": 2, "internal/api/deployment": 2, "internal/api/domain": 2,
	"internal/api/env": 2, "internal/api/key": 2, "internal/api/limits": 2, "internal/api/log": 2, "internal/api/net": 2,
	"internal/api/server": 2, "internal/api/sql": 2,

	"internal/server": 3, "internal/client": 3, "internal/cli": 3,

	"cmd/fazt": 4,
}

// sideways are the imports allowed within a layer.
var sideways = map[string][]string{
	"internal/schema":           {"internal/errs"},
	"internal/timeout":          {"internal/errs"},
	"internal/database":         {"internal/errs", "internal/database/sqlite"},
	"internal/database/sqlite":  {"internal/errs"},
	"internal/content":          {"internal/errs", "internal/database"},
	"internal/quickjs":          {"internal/errs"},
	"internal/listener":         {"internal/errs"},
	"internal/listener/edge":    {"internal/listener", "internal/system"},
	"internal/output":           {"internal/errs"},
	"internal/system":           {"internal/errs", "internal/schema", "internal/database", "internal/hostname"},
	"internal/journal":          {"internal/errs", "internal/database"},
	"internal/runtime":          {"internal/runtime/bind", "internal/runtime/compile", "internal/runtime/sched", "internal/runtime/web"},
	"internal/runtime/compiler": {"internal/runtime/compile"},
	"internal/api":              {"internal/api/op", "internal/api/call", "internal/api/show", "internal/api/alias", "internal/api/app", "internal/api/backup", "internal/api/deployment", "internal/api/domain", "internal/api/env", "internal/api/key", "internal/api/limits", "internal/api/log", "internal/api/net", "internal/api/server", "internal/api/sql"},
	"internal/api/call":         {"internal/api/op"},
	"internal/api/show":         {"internal/api/op"},
	"internal/api/alias":        {"internal/api/op", "internal/api/call", "internal/api/show"},
	"internal/api/app":          {"internal/api/op", "internal/api/call", "internal/api/show"},
	"internal/api/backup":       {"internal/api/op", "internal/api/call", "internal/api/show"},
	"internal/api/deployment":   {"internal/api/op", "internal/api/call", "internal/api/show"},
	"internal/api/domain":       {"internal/api/op", "internal/api/call", "internal/api/show"},
	"internal/api/env":          {"internal/api/op", "internal/api/call", "internal/api/show"},
	"internal/api/key":          {"internal/api/op", "internal/api/call", "internal/api/show"},
	"internal/api/limits":       {"internal/api/op", "internal/api/call", "internal/api/show"},
	"internal/api/log":          {"internal/api/op", "internal/api/call", "internal/api/show"},
	"internal/api/net":          {"internal/api/op", "internal/api/call", "internal/api/show"},
	"internal/api/server":       {"internal/api/op", "internal/api/call", "internal/api/show"},
	"internal/api/sql":          {"internal/api/op", "internal/api/call", "internal/api/show"},
	"internal/client":           {},
	"internal/cli":              {"internal/server", "internal/client"},
}

// owners of third-party modules, by import path prefix. A library has one owner, so that it can be replaced in one
// place.
var owners = map[string][]string{
	"zombiezen.com/go/sqlite":           {"internal/database/sqlite"},
	"modernc.org/quickjs":               {"internal/quickjs"},
	"modernc.org/libquickjs":            {"internal/quickjs"},
	"modernc.org/sqlite":                {"internal/database/sqlite"},
	"modernc.org/libc":                  {"internal/quickjs", "internal/database/sqlite"},
	"github.com/evanw/esbuild":          {"internal/runtime/compile"},
	"github.com/maypok86/otter":         {"internal/hosting/static"},
	"github.com/klauspost/compress":     {"internal/content", "internal/hosting", "internal/client"}, // variants; the two ends of an upload
	"github.com/andybalholm/brotli":     {"internal/content", "internal/egress"},                     // what is sent, and what is received
	"github.com/gofrs/flock":            {"internal/database"},
	"github.com/go-git/go-git":          {"internal/cli"},
	"github.com/go-git/go-billy":        {"internal/cli"},
	"github.com/fsnotify/fsnotify":      {"internal/cli"},
	"github.com/spf13/cobra":            {"internal/cli"},
	"github.com/spf13/pflag":            {"internal/cli"},
	"github.com/charmbracelet/lipgloss": {"internal/output"},
	"github.com/prometheus":             {"internal/server"},
	"github.com/nlnwa/whatwg-url":       {"internal/runtime"},
	"golang.org/x/text":                 {"internal/runtime", "internal/hosting"}, // encodings and languages; forms of names
	"github.com/go-sourcemap/sourcemap": {"internal/runtime/compile"},
	"golang.org/x/crypto":               {"internal/auth"},
	"golang.org/x/net":                  {"internal/hostname", "internal/egress"}, // host names; public suffixes and HTTP/2
	"golang.org/x/time":                 {"internal/throttle"},
	"golang.org/x/term":                 {"internal/cli"},
	"golang.org/x/sync":                 nil, // used where it helps
	"golang.org/x/sys":                  {"internal/cli", "internal/runtime", "internal/system"},
}

// source is one Go file of the product.
type source struct {
	pkg  string // directory below the root, with slashes
	name string
	test bool
	file *ast.File
	set  *token.FileSet
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(filepath.Dir(dir))
}

func sources(t *testing.T) []source {
	t.Helper()
	var list []source
	top := root(t)
	for _, dir := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(top, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && d.Name() == "testdata" {
				if err == nil {
					err = fs.SkipDir
				}
				return err
			}
			if d.IsDir() || filepath.Ext(path) != ".go" {
				return nil
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(top, path)
			rel = filepath.ToSlash(rel)
			list = append(list, source{filepath.ToSlash(filepath.Dir(rel)), rel, strings.HasSuffix(path, "_test.go"), file, set})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func imports(s source) []string {
	var list []string
	for _, i := range s.file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		list = append(list, path)
	}
	return list
}

// testOnly are packages that only tests import.
func testOnly(pkg string) bool {
	return strings.HasPrefix(pkg, "internal/fazttest") || pkg == "internal/archtest" || pkg == "internal/database/diskfault"
}

// base finds the entry of a table for a package or the nearest package above it.
func base[V any](table map[string]V, pkg string) (string, V, bool) {
	for p := pkg; ; {
		if v, ok := table[p]; ok {
			return p, v, true
		}
		i := strings.LastIndex(p, "/")
		if i < 0 {
			var none V
			return "", none, false
		}
		p = p[:i]
	}
}

func TestImportsGoDown(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || testOnly(s.pkg) {
			continue
		}
		from, layer, known := base(layers, s.pkg)
		if !known {
			t.Errorf("%s is in no layer: add it to the table here and to docs/ARCHITECTURE.md", s.pkg)
			continue
		}
		for _, path := range imports(s) {
			inner, ours := strings.CutPrefix(path, "fazt/")
			if !ours {
				continue
			}
			to, below, known := base(layers, inner)
			switch {
			case testOnly(inner):
				t.Errorf("%s imports %s, which is for tests", s.name, inner)
			case inner == "admin" || inner == "sdk" || inner == "examples":
			case !known:
				t.Errorf("%s imports %s, which is in no layer", s.name, inner)
			case below > layer:
				t.Errorf("%s imports %s: that goes up from layer %d to %d", s.name, inner, layer, below)
			case below == layer && to != from && !slices.Contains(sideways[from], to):
				t.Errorf("%s imports %s: packages of one layer do not import each other", s.name, inner)
			}
		}
	}
}

// Reading the source of an author can end the process that does it, so it has one of its own: package compiler.
func TestSourceIsReadInAProcessOfItsOwn(t *testing.T) {
	const owner = "internal/runtime/compiler"
	for _, s := range sources(t) {
		if s.test || s.pkg == owner || !slices.Contains(imports(s), "fazt/internal/runtime/compile") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if of, ok := call.X.(*ast.Ident); ok && of.Name == "compile" && slices.Contains([]string{"Compile", "Gather", "Assemble"}, call.Sel.Name) {
				t.Errorf("%s: compile.%s is for %s alone", s.set.Position(call.Pos()), call.Sel.Name, owner)
			}
			return true
		})
	}
}

func TestEveryLibraryHasItsOwner(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || testOnly(s.pkg) {
			continue
		}
		for _, path := range imports(s) {
			if !strings.Contains(strings.SplitN(path, "/", 2)[0], ".") {
				continue // the standard library, or ours
			}
			owned := false
			for prefix, packages := range owners {
				if path != prefix && !strings.HasPrefix(path, prefix+"/") {
					continue
				}
				owned = true
				allowed := packages == nil
				for _, p := range packages {
					allowed = allowed || s.pkg == p || strings.HasPrefix(s.pkg, p+"/")
				}
				if !allowed {
					t.Errorf("%s imports %s, which belongs to %v", s.name, path, packages)
				}
			}
			if !owned {
				t.Errorf("%s imports %s, which no package owns: see the table of libraries in docs/ARCHITECTURE.md", s.name, path)
			}
		}
	}
}

func TestEveryPackageSaysItsDuty(t *testing.T) {
	documented := map[string]bool{}
	packages := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		packages[s.pkg] = true
		if s.file.Doc != nil {
			if documented[s.pkg] {
				t.Errorf("%s has two package comments", s.pkg)
			}
			documented[s.pkg] = true
		}
	}
	for pkg := range packages {
		if !documented[pkg] {
			t.Errorf("%s has no package comment", pkg)
		}
		for _, vague := range []string{"util", "utils", "common", "helpers", "models", "handlers", "misc"} {
			if filepath.Base(pkg) == vague {
				t.Errorf("%s: a package is one noun, and %q is none", pkg, vague)
			}
		}
	}
}

func TestOnlyMainExits(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || s.pkg == "cmd/fazt" || testOnly(s.pkg) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := call.X.(*ast.Ident); ok && (x.Name == "os" && call.Sel.Name == "Exit" || x.Name == "log" && strings.HasPrefix(call.Sel.Name, "Fatal")) {
				t.Errorf("%s: %s.%s: only cmd/fazt ends the process", s.set.Position(n.Pos()), x.Name, call.Sel.Name)
			}
			return true
		})
	}
}

func TestTheTextsSpeakOfTheProductAlone(t *testing.T) {
	top := root(t)
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == ".git" || name == "bin" || name == "node_modules" || name == "out" {
				return fs.SkipDir
			}
			return nil
		}
		switch filepath.Ext(path) {
		case ".md", ".go", ".ts", ".js", ".sql", ".yml", ".html", ".css", "":
		default:
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, outside := range []string{"/wo" + "rk/main", "../sha" + "red", "predecessor" + "/server.md", "predecessor" + "/user.md"} {
			if strings.Contains(string(text), outside) {
				t.Errorf("%s points outside the project: %s", path, outside)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
