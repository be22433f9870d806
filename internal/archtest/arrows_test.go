package archtest

import (
	"go/ast"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// maxBackward is how many arrows may run backwards between the files of a package.
const maxBackward = 5

// tangle is a package that may have more backward arrows, up to max.
type tangle struct {
	pkg    string
	max    int
	reason string
}

var tangled = []tangle{
	{"internal/database/sqlite", 7, "a connection and what meters it know each other"},
	{"internal/gateway", 12, "pages and gates are methods of one Gateway"},
	{"internal/quickjs", 12, "isolate, realm and value hold each other, as the engine has it"},
	{"internal/runtime/intl", 8, "moments, their intervals and the names of their zones are methods of one type"},
	{"internal/server", 12, "an instance and its background tasks are one type"},
	{"internal/system", 7, "limits, their live values and where they come from are one table"},
}

// A package reads from its first file to its last when each uses what the ones after it declare, or each what the ones
// before it declare. An arrow leads from a file to another whose declarations it uses; the backward ones are those that
// remain in the best order of the files.
func TestFilesOfAPackageHaveAnOrderToReadThem(t *testing.T) {
	if testing.Short() {
		t.Skip("short: it reads the types of the whole program")
	}
	t.Parallel()
	allowed := map[string]tangle{}
	for _, x := range tangled {
		allowed[x.pkg] = x
	}
	for _, p := range product(t) {
		name := strings.TrimPrefix(p.PkgPath, "fazt/")
		back := backward(arrows(p))
		x, exception := allowed[name]
		delete(allowed, name)
		switch {
		case !exception && len(back) > maxBackward:
			t.Errorf("%s has %d backward arrows, the most is %d: %v", name, len(back), maxBackward, back)
		case exception && len(back) > x.max:
			t.Errorf("%s has %d backward arrows, its exception ends at %d: %v", name, len(back), x.max, back)
		case exception && len(back) <= maxBackward:
			t.Errorf("%s has %d backward arrows and needs no exception any more", name, len(back))
		}
	}
	for pkg := range allowed {
		t.Errorf("the exception %s names no package", pkg)
	}
}

func TestBackwardArrowsAreThoseThatCloseCircles(t *testing.T) {
	for _, c := range []struct {
		name   string
		arrows []arrow
		want   int
	}{
		{"none", nil, 0},
		{"chain", []arrow{{"a", "b"}, {"b", "c"}, {"a", "c"}}, 0},
		{"chain from the end", []arrow{{"c", "b"}, {"b", "a"}}, 0},
		{"pair", []arrow{{"a", "b"}, {"b", "a"}}, 1},
		{"circle", []arrow{{"a", "b"}, {"b", "c"}, {"c", "a"}}, 1},
		{"hub", []arrow{{"h", "a"}, {"a", "h"}, {"h", "b"}, {"b", "h"}, {"h", "c"}, {"c", "h"}}, 3},
		{"two circles through one arrow", []arrow{{"a", "b"}, {"b", "c"}, {"c", "a"}, {"b", "d"}, {"d", "a"}}, 1},
	} {
		if got := backward(c.arrows); len(got) != c.want {
			t.Errorf("%s: %v, want %d", c.name, got, c.want)
		}
	}
}

// arrow leads from a file to one whose declarations it uses.
type arrow struct{ from, to string }

// arrows returns the arrows between the files of a package, each once. Fields of structs do not count: using them implies
// using the type.
func arrows(p *packages.Package) []arrow {
	found := map[arrow]bool{}
	for _, file := range p.Syntax {
		from := filepath.Base(p.Fset.Position(file.FileStart).Filename)
		ast.Inspect(file, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			o := p.TypesInfo.Uses[id]
			if o == nil || o.Pkg() != p.Types {
				return true
			}
			method := false
			if fn, ok := o.(*types.Func); ok {
				method = fn.Signature().Recv() != nil
			}
			if to := filepath.Base(p.Fset.Position(o.Pos()).Filename); to != from && (method || o.Parent() == p.Types.Scope()) {
				found[arrow{from, to}] = true
			}
			return true
		})
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b arrow) int { return strings.Compare(a.from+" "+a.to, b.from+" "+b.to) })
}

// backward returns the backward arrows in the best order of the files that it finds. It moves one file at a time to its best
// place until that no longer helps. The result is deterministic but not always minimal.
func backward(list []arrow) []arrow {
	var order []string
	for _, a := range list {
		for _, name := range []string{a.from, a.to} {
			if !slices.Contains(order, name) {
				order = append(order, name)
			}
		}
	}
	slices.Sort(order)
	for better := true; better; {
		better = false
		for _, name := range slices.Clone(order) {
			least := len(against(order, list))
			i := slices.Index(order, name)
			rest := slices.Delete(slices.Clone(order), i, i+1)
			for at := range order {
				moved := slices.Insert(slices.Clone(rest), at, name)
				if n := len(against(moved, list)); n < least {
					least, order, better = n, moved, true
				}
			}
		}
	}
	return against(order, list)
}

// against returns the arrows that lead to an earlier file.
func against(order []string, list []arrow) (back []arrow) {
	place := map[string]int{}
	for i, name := range order {
		place[name] = i
	}
	for _, a := range list {
		if place[a.to] < place[a.from] {
			back = append(back, a)
		}
	}
	return back
}
