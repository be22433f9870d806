package archtest

import (
	"go/ast"
	"strings"
	"testing"
)

// Larger units are hard to read in one go and usually do two things.
const (
	maxPackage  = 3000 // lines, without tests
	maxFile     = 500
	maxFunction = 80
)

// oversize is something that may be larger than it should be, up to max lines.
type oversize struct {
	name   string // a package, a file, or a function as package.name
	max    int
	reason string
}

var oversized = []oversize{
	{"internal/api.API.routes", 100, "one line for each operation, on one screen"},
	{"internal/wasm.Machine.run", 240, "the loop of the interpreter: a case for each instruction that is common"},
	{"internal/fazttest/wire.Shapes", 220, "a table of odd requests"},
	{"internal/egress/upstreamtest.overHTTP2", 150, "a table of hostile servers"},
}

func TestNothingGrowsTooLarge(t *testing.T) {
	packages, files, functions := map[string]int{}, map[string]int{}, map[string]int{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		lines := s.set.File(s.file.Pos()).LineCount()
		packages[s.pkg] += lines
		files[s.name] = lines
		for _, d := range s.file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				functions[s.pkg+"."+nameOfFunction(fn)] = s.set.Position(fn.End()).Line - s.set.Position(fn.Pos()).Line + 1
			}
		}
	}
	if len(packages) < 30 || functions["cmd/fazt.main"] == 0 {
		t.Fatalf("%d packages and %d functions were looked at; the test does not see what it should", len(packages), len(functions))
	}
	allowed := map[string]oversize{}
	for _, o := range oversized {
		allowed[o.name] = o
	}
	seen := map[string]bool{}
	for _, level := range []struct {
		what  string
		sizes map[string]int
		max   int
	}{{"package", packages, maxPackage}, {"file", files, maxFile}, {"function", functions, maxFunction}} {
		for name, lines := range level.sizes {
			o, exception := allowed[name]
			seen[name] = true
			switch {
			case !exception && lines > level.max:
				t.Errorf("%s %s has %d lines; the most is %d", level.what, name, lines, level.max)
			case exception && lines > o.max:
				t.Errorf("%s %s has %d lines; its exception ends at %d", level.what, name, lines, o.max)
			case exception && lines <= level.max:
				t.Errorf("%s %s has %d lines and needs no exception any more", level.what, name, lines)
			}
		}
	}
	for name, o := range allowed {
		if !seen[name] {
			t.Errorf("the exception %s names nothing that exists", name)
		}
		if strings.TrimSpace(o.reason) == "" {
			t.Errorf("the exception %s has no reason", name)
		}
	}
}

// nameOfFunction is Name, or Type.Name for a method.
func nameOfFunction(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	of := fn.Recv.List[0].Type
	for {
		switch x := of.(type) {
		case *ast.StarExpr:
			of = x.X
		case *ast.IndexExpr:
			of = x.X
		case *ast.IndexListExpr:
			of = x.X
		case *ast.Ident:
			return x.Name + "." + fn.Name.Name
		default:
			return fn.Name.Name
		}
	}
}
