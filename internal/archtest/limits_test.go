package archtest

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"fazt/internal/schema"
	"fazt/internal/system"
)

// product returns all our packages with types, without their tests.
func product(t *testing.T) []*packages.Package {
	t.Helper()
	list, err := typed(root(t))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// typed type-checks the packages below top, once for all tests.
var typed = once(func(top string) ([]*packages.Package, error) {
	list, err := packages.Load(&packages.Config{
		Dir:  top,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports,
		Env:  append(os.Environ(), "CGO_ENABLED=0"),
	}, "./internal/...", "./cmd/...")
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		for _, e := range p.Errors {
			return nil, fmt.Errorf("%s: %w", p.PkgPath, e)
		}
	}
	return list, nil
})

const systemPath = "fazt/internal/system"

// leaf names a field of a group: "Runtime.ExecTimeout".
func leaf(field *types.Var, owner types.Type) (string, bool) {
	if p, ok := owner.(*types.Pointer); ok {
		owner = p.Elem()
	}
	named, ok := owner.(*types.Named)
	if !ok || field.Pkg() == nil || field.Pkg().Path() != systemPath {
		return "", false
	}
	return named.Obj().Name() + "." + field.Name(), true
}

// reads returns the fields of package system that a piece of code reads, by "Group.Field". The left side of = is written,
// not read.
func reads(info *types.Info, n ast.Node) map[string]bool {
	written := map[ast.Expr]bool{}
	found := map[string]bool{}
	ast.Inspect(n, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && (a.Tok == token.ASSIGN || a.Tok == token.DEFINE) {
			for _, l := range a.Lhs {
				written[l] = true
			}
		}
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || written[sel] {
			return true
		}
		if s := info.Selections[sel]; s != nil && s.Kind() == types.FieldVal {
			if name, ok := leaf(s.Obj().(*types.Var), s.Recv()); ok {
				found[name] = true
			}
		}
		return true
	})
	return found
}

// methods returns, for every method of a group, the fields it reads: calling Runtime.Deadline reads Runtime.ExecTimeout.
func methods(list []*packages.Package) map[string]map[string]bool {
	found := map[string]map[string]bool{}
	for _, p := range list {
		if p.PkgPath != systemPath {
			continue
		}
		for _, f := range p.Syntax {
			for _, d := range f.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || fn.Recv == nil {
					continue
				}
				found[p.TypesInfo.Defs[fn.Name].(*types.Func).FullName()] = reads(p.TypesInfo, fn.Body)
			}
		}
	}
	return found
}

// The predecessor published 24 limits and enforced 13 of them. A limit counts as read if code outside package system reads
// that field of that group, directly or through a method of the group. Fields of the same name elsewhere do not count, nor
// do tests.
func TestNoLimitIsPublishedThatNothingReads(t *testing.T) {
	list := product(t)
	through := methods(list)
	read := map[string]bool{}
	for _, p := range list {
		if p.PkgPath == systemPath {
			continue
		}
		for _, f := range p.Syntax {
			for name := range reads(p.TypesInfo, f) {
				read[name] = true
			}
		}
		for _, s := range p.TypesInfo.Selections {
			if fn, ok := s.Obj().(*types.Func); ok {
				for name := range through[fn.FullName()] {
					read[name] = true
				}
			}
		}
	}
	count := 0
	walkLimits(func(group reflect.Type, sf reflect.StructField, f *schema.Field) {
		if f.ReadOnly {
			return
		}
		count++
		if !read[group.Name()+"."+sf.Name] {
			t.Errorf("nothing reads the limit %s (system.%s.%s): enforce it, or take it away", f.Path, group.Name(), sf.Name)
		}
	})
	if count < 30 || !read["Runtime.ExecTimeout"] || read["Storage.Nothing"] {
		t.Fatalf("%d limits were looked at; the test does not see what it should", count)
	}
}

// walkLimits calls fn for every limit with the group that declares it.
func walkLimits(fn func(group reflect.Type, sf reflect.StructField, f *schema.Field)) {
	all := reflect.TypeFor[system.Limits]()
	for i := range all.NumField() {
		group := all.Field(i)
		for k := range group.Type.NumField() {
			sf := group.Type.Field(k)
			f, _ := schema.Of[system.Limits]().Field(group.Tag.Get("json") + "." + sf.Tag.Get("json"))
			fn(group.Type, sf, f)
		}
	}
}

// In the predecessor some limits were displayed from one place and enforced from a constant in another, which went stale. No
// constant of the server may have the name of a limit, in any spelling.
func TestNoConstantStandsBesideTheLimitOfTheSameName(t *testing.T) {
	limits := map[string]string{}
	walkLimits(func(_ reflect.Type, sf reflect.StructField, f *schema.Field) {
		if !f.ReadOnly {
			limits[strings.ToLower(sf.Name)] = f.Path
		}
	})
	for _, p := range product(t) {
		// Commands do not know the limits of the instance.
		if p.PkgPath == systemPath || strings.HasPrefix(p.PkgPath, "fazt/internal/cli") || p.PkgPath == "fazt/internal/client" {
			continue
		}
		for _, name := range p.Types.Scope().Names() {
			c, ok := p.Types.Scope().Lookup(name).(*types.Const)
			if !ok || c.Val().Kind() != constant.Int {
				continue
			}
			plain := strings.ToLower(name)
			for _, prefix := range []string{"default", "fallback"} {
				plain = strings.TrimPrefix(plain, prefix)
			}
			if path := limits[plain]; path != "" {
				t.Errorf("%s.%s is a constant called like the limit %s: read the limit", filepath.Base(p.PkgPath), name, path)
			}
		}
	}
}
