package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// source is one of our Go files.
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
	list, err := parsed(root(t))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// parsed reads every Go file below top, once for all tests.
var parsed = once(func(top string) (list []source, err error) {
	for _, dir := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(top, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && d.Name() == "testdata" {
				return fs.SkipDir
			}
			if d.IsDir() || filepath.Ext(path) != ".go" {
				return nil
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
			if err != nil || ast.IsGenerated(file) {
				return err
			}
			rel, err := filepath.Rel(top, path)
			rel = filepath.ToSlash(rel)
			list = append(list, source{filepath.ToSlash(filepath.Dir(rel)), rel, strings.HasSuffix(path, "_test.go"), file, set})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
})

// once returns a function that calls load once and returns its result every time.
func once[T any](load func(top string) (T, error)) func(top string) (T, error) {
	var do sync.Once
	var result T
	var err error
	return func(top string) (T, error) {
		do.Do(func() { result, err = load(top) })
		return result, err
	}
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
	return strings.HasPrefix(pkg, "internal/fazttest") || slices.Contains([]string{"internal/api/apitest", "internal/archtest", "internal/database/databasetest", "internal/database/diskfault", "internal/runtime/runtimetest"}, pkg)
}

// placeOf returns the layer of a package and the entry it comes from: that of the package or of the nearest one above it.
func placeOf(pkg string) (entry string, layer int, known bool) {
	for entry = pkg; entry != "."; entry = path.Dir(entry) {
		for layer, packages := range layers {
			if slices.Contains(packages, entry) {
				return entry, layer, true
			}
		}
	}
	return "", 0, false
}

// within reports whether a path is prefix or below it.
func within(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }

func TestImportsGoDown(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || testOnly(s.pkg) {
			continue
		}
		from, layer, known := placeOf(s.pkg)
		if !known {
			t.Errorf("%s is in no layer: add it to the table here and to docs/ARCHITECTURE.md", s.pkg)
			continue
		}
		for _, path := range imports(s) {
			inner, ours := strings.CutPrefix(path, "fazt/")
			if !ours {
				continue
			}
			to, below, known := placeOf(inner)
			switch {
			case testOnly(inner):
				t.Errorf("%s imports %s, which is for tests", s.name, inner)
			case inner == "admin" || inner == "sdk" || inner == "examples":
			case !known:
				t.Errorf("%s imports %s, which is in no layer", s.name, inner)
			case below > layer:
				t.Errorf("%s imports %s: that goes up from layer %d to %d", s.name, inner, layer, below)
			case below == layer && to != from && !slices.Contains(sideways, edge{from, to}):
				t.Errorf("%s imports %s: packages of one layer do not import each other", s.name, inner)
			}
		}
	}
}

// Parsing an author's source can crash the process, so it happens in a separate one: package compiler.
func TestSourceIsReadInAProcessOfItsOwn(t *testing.T) {
	const owner = "internal/runtime/compiler"
	for _, s := range sources(t) {
		if s.test || testOnly(s.pkg) || s.pkg == owner || !slices.Contains(imports(s), "fazt/internal/runtime/compile") {
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
				continue // the standard library or one of our packages
			}
			var packages []string
			allowed := false
			for _, o := range owners {
				if within(path, o.library) {
					packages = append(packages, o.pkg)
					allowed = allowed || o.pkg == anyone || within(s.pkg, o.pkg)
				}
			}
			switch {
			case packages == nil:
				t.Errorf("%s imports %s, which no package owns: see the table of libraries in docs/ARCHITECTURE.md", s.name, path)
			case !allowed:
				t.Errorf("%s imports %s, which belongs to %v", s.name, path, packages)
			}
		}
	}
}

// A stale entry would allow an import that nobody decided on.
func TestNoEntryOfATableIsLeftOver(t *testing.T) {
	used := map[edge]bool{}
	owned := map[owner]bool{}
	exists := map[string]bool{}
	for _, s := range sources(t) {
		exists[s.pkg] = true
		if s.test || testOnly(s.pkg) {
			continue
		}
		from, _, _ := placeOf(s.pkg)
		for _, path := range imports(s) {
			if inner, ours := strings.CutPrefix(path, "fazt/"); ours {
				to, _, _ := placeOf(inner)
				used[edge{from, to}] = true
			}
			for _, o := range owners {
				if within(path, o.library) && (o.pkg == anyone || within(s.pkg, o.pkg)) {
					owned[o] = true
				}
			}
		}
	}
	for _, e := range sideways {
		if !used[e] {
			t.Errorf("sideways: %s does not import %s", e.from, e.to)
		}
	}
	for _, o := range owners {
		if !owned[o] {
			t.Errorf("owners: %s does not import %s", o.pkg, o.library)
		}
	}
	for _, packages := range layers {
		for _, pkg := range packages {
			if !exists[pkg] {
				t.Errorf("layers: there is no package %s", pkg)
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
				t.Errorf("%s: a package name is one noun, not %q", pkg, vague)
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

// Two instances can live in one process, so only the command sets what they share. The process of the compiler may too: it
// runs nothing else.
func TestOnlyMainSetsTheProcess(t *testing.T) {
	setters := []string{"debug.SetGCPercent", "debug.SetMemoryLimit", "debug.SetMaxStack", "debug.SetMaxThreads", "signal.Notify", "signal.NotifyContext", "signal.Ignore", "os.Setenv", "os.Chdir"}
	seen := 0
	for _, s := range sources(t) {
		if s.test || testOnly(s.pkg) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := types.ExprString(call.Fun)
			sets := slices.Contains(setters, name)
			if strings.HasSuffix(name, "runtime.GOMAXPROCS") || name == "goruntime.GOMAXPROCS" {
				sets = types.ExprString(call.Args[0]) != "0"
			}
			if !sets {
				return true
			}
			if s.pkg == "cmd/fazt" || s.name == "internal/runtime/compiler/child.go" {
				seen++
			} else {
				t.Errorf("%s: %s sets the process, which belongs to cmd/fazt", s.set.Position(n.Pos()), name)
			}
			return true
		})
	}
	if seen < 4 {
		t.Errorf("only %d calls found in cmd/fazt and the compiler; the test does not see what it should", seen)
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
