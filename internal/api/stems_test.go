package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"fazt/internal/api/op"
)

// 24 of 77 operations had different names in different places: op.NetExplain was net.test on the wire and netTest in the code.
func TestVariableNameAndMethodOfAnOperationShareAStem(t *testing.T) {
	stem := func(name string) string { return strings.ToLower(strings.ReplaceAll(name, ".", "")) }
	names := map[string]string{} // of the wire, by variable
	inspect(t, "op/table.go", func(n ast.Node) {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return
		}
		if call, ok := v.Values[0].(*ast.CallExpr); ok {
			name, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if names[v.Names[0].Name] = name; stem(name) != stem(v.Names[0].Name) {
				t.Errorf("op.%s is %s on the wire", v.Names[0].Name, name)
			}
		}
	})
	methods := 0
	inspect(t, "routes.go", func(n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return
		}
		if join, ok := call.Fun.(*ast.Ident); !ok || join.Name != "on" && join.Name != "streamed" {
			return
		}
		variable, method := call.Args[len(call.Args)-2].(*ast.SelectorExpr), call.Args[len(call.Args)-1].(*ast.SelectorExpr)
		noun := "" // n.alias.List or schema.Manifest
		switch x := method.X.(type) {
		case *ast.SelectorExpr:
			noun = x.Sel.Name
		case *ast.Ident:
			noun = x.Name
		}
		name := noun + method.Sel.Name
		if methods++; stem(name) != stem(variable.Sel.Name) {
			t.Errorf("op.%s is carried out by %s", variable.Sel.Name, name)
		}
	})
	if want := len(op.All()); len(names) != want || methods != want {
		t.Errorf("looked at %d operations and %d methods of %d", len(names), methods, want)
	}
}

func inspect(t *testing.T, name string, look func(n ast.Node)) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		look(n)
		return true
	})
}
