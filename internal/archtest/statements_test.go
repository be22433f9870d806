package archtest

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

const databasePath = "fazt/internal/database"

// statement is one SQL text that the program runs, and a call that runs it.
type statement struct{ sql, at string }

// statements finds the text of every statement that the program runs through database.Conn. A text made of parts counts
// once for each combination that can occur.
func statements(t *testing.T, list []*packages.Package) []statement {
	t.Helper()
	p := newProgram(list)
	found := map[string]string{}
	for _, pkg := range list {
		for _, file := range pkg.Syntax {
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || !runsSQL(pkg.TypesInfo, call) || p.isForwarded(call.Args[0]) {
					return true
				}
				at := strings.TrimPrefix(pkg.Fset.Position(call.Pos()).String(), root(t)+"/")
				texts, err := p.texts(call.Args[0])
				if err != nil {
					t.Errorf("%s: the text of this statement cannot be found: %v", at, err)
				}
				for _, sql := range texts {
					if pkg.PkgPath == databasePath && ofEngine.MatchString(sql) {
						continue
					}
					found[sql] = cmp.Or(found[sql], at)
				}
				return true
			})
		}
	}
	var all []statement
	for _, sql := range slices.Sorted(maps.Keys(found)) {
		all = append(all, statement{sql, found[sql]})
	}
	return all
}

// ofEngine matches what only the engine inside package database runs.
var ofEngine = regexp.MustCompile(`^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA)\b|\bsqlite_schema\b`)

// runsSQL reports whether a call runs a statement on a connection.
func runsSQL(info *types.Info, call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := info.Uses[sel.Sel].(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Pkg().Path() != databasePath || fn.Signature().Recv() == nil {
		return false
	}
	recv := fn.Signature().Recv().Type().String()
	return recv == "*"+databasePath+".Conn" && slices.Contains([]string{"Exec", "Each", "First"}, fn.Name())
}

// program knows what is assigned to every variable, parameter, field and result of the program.
type program struct {
	info   map[ast.Expr]*types.Info    // of every expression
	values map[types.Object][]choice   // what a variable, parameter or field can be; of a list, what it can hold
	added  map[types.Object][]ast.Expr // what is added to it with +=
	result map[types.Object][]ast.Expr
}

// choice is one value of a variable. Values of one group are chosen together: the arguments of one call, the fields of
// one composite literal.
type choice struct {
	group  types.Object // the function or the type; nil = the variable alone
	member token.Pos    // which call or literal
	expr   ast.Expr
}

func newProgram(list []*packages.Package) *program {
	p := &program{map[ast.Expr]*types.Info{}, map[types.Object][]choice{}, map[types.Object][]ast.Expr{}, map[types.Object][]ast.Expr{}}
	for _, pkg := range list {
		for _, file := range pkg.Syntax {
			p.collect(pkg.TypesInfo, file)
		}
	}
	return p
}

func (p *program) collect(info *types.Info, file *ast.File) {
	var functions []types.Object // that enclose the node
	var open []ast.Node
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			switch open[len(open)-1].(type) {
			case *ast.FuncDecl, *ast.FuncLit:
				functions = functions[:len(functions)-1]
			}
			open = open[:len(open)-1]
			return true
		}
		open = append(open, n)
		if e, ok := n.(ast.Expr); ok {
			p.info[e] = info
		}
		switch n := n.(type) {
		case *ast.FuncDecl:
			functions = append(functions, info.Defs[n.Name])
		case *ast.FuncLit:
			functions = append(functions, nil)
		case *ast.ReturnStmt:
			if fn := functions[len(functions)-1]; fn != nil && len(n.Results) > 0 {
				p.result[fn] = append(p.result[fn], n.Results[0])
			}
		case *ast.AssignStmt:
			if n.Tok == token.ADD_ASSIGN {
				p.plus(info, n.Lhs[0], n.Rhs[0])
			} else {
				p.assign(info, n.Lhs, n.Rhs)
			}
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if i < len(n.Values) {
					p.add(info.Defs[name], choice{expr: n.Values[i]})
				}
			}
		case *ast.RangeStmt:
			p.rangeOver(info, n)
		case *ast.CallExpr:
			p.call(info, n)
		case *ast.CompositeLit:
			p.literal(info, n)
		}
		return true
	})
}

func (p *program) add(o types.Object, c choice) {
	if o != nil {
		p.values[origin(o)] = append(p.values[origin(o)], c)
	}
}

// origin returns a field or parameter as declared, before type arguments were applied.
func origin(o types.Object) types.Object {
	switch o := o.(type) {
	case *types.Var:
		return o.Origin()
	case *types.Func:
		return o.Origin()
	}
	return o
}

func (p *program) assign(info *types.Info, left, right []ast.Expr) {
	if len(left) != len(right) {
		return
	}
	for i, l := range left {
		switch l := l.(type) {
		case *ast.Ident:
			p.add(info.ObjectOf(l), choice{expr: right[i]})
		case *ast.SelectorExpr:
			p.add(info.Uses[l.Sel], choice{expr: right[i]})
		}
	}
}

func (p *program) plus(info *types.Info, left, right ast.Expr) {
	o := info.Uses[nameOf(left)]
	if o != nil {
		p.added[origin(o)] = append(p.added[origin(o)], right)
	}
}

// nameOf returns the variable or field that an expression names; nil if it is neither.
func nameOf(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	}
	return nil
}

// rangeOver gives the variable of a loop the elements of its list. Fields of elements are found by their type.
func (p *program) rangeOver(info *types.Info, n *ast.RangeStmt) {
	value, ok := n.Value.(*ast.Ident)
	if !ok {
		return
	}
	if list, isList := n.X.(*ast.CompositeLit); isList {
		for _, e := range list.Elts {
			p.add(info.ObjectOf(value), choice{expr: e})
		}
	} else {
		p.add(info.ObjectOf(value), choice{expr: n.X})
	}
}

func (p *program) call(info *types.Info, n *ast.CallExpr) {
	fn := callee(info, n)
	if fn == nil {
		return
	}
	params := fn.Origin().Signature().Params()
	for i := range min(params.Len(), len(n.Args)) {
		p.add(params.At(i), choice{fn.Origin(), n.Pos(), n.Args[i]})
	}
}

func callee(info *types.Info, n *ast.CallExpr) *types.Func {
	fun := n.Fun
	if generic, ok := fun.(*ast.IndexExpr); ok {
		fun = generic.X
	}
	switch fun := fun.(type) {
	case *ast.Ident:
		fn, _ := info.Uses[fun].(*types.Func)
		return fn
	case *ast.SelectorExpr:
		fn, _ := info.Uses[fun.Sel].(*types.Func)
		return fn
	}
	return nil
}

func (p *program) literal(info *types.Info, n *ast.CompositeLit) {
	named, ok := types.Unalias(info.TypeOf(n)).(*types.Named)
	if !ok {
		return
	}
	fields, ok := named.Origin().Underlying().(*types.Struct)
	if !ok {
		return
	}
	for i, e := range n.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			key, _ := kv.Key.(*ast.Ident)
			p.add(info.ObjectOf(key), choice{named.Origin().Obj(), n.Pos(), kv.Value})
		} else {
			p.add(fields.Field(i), choice{named.Origin().Obj(), n.Pos(), e})
		}
	}
}

// isForwarded reports whether a statement is the parameter of Exec, Each or First itself.
func (p *program) isForwarded(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	if !ok {
		return false
	}
	v, ok := p.info[e].Uses[id].(*types.Var)
	return ok && v.Name() == "sql" && v.Pkg().Path() == databasePath
}

// chosen is what a text depends on: the member of each group, and the value of each variable.
type chosen map[types.Object]any

// text is one value of an expression and what it depends on.
type text struct {
	value string
	rests chosen
}

// texts returns the values of an expression.
func (p *program) texts(e ast.Expr) ([]string, error) {
	list, err := p.eval(e, nil)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%s has no value", types.ExprString(e))
	}
	found := map[string]bool{}
	for _, t := range list {
		found[t.value] = true
	}
	return slices.Sorted(maps.Keys(found)), err
}

func (p *program) eval(e ast.Expr, within []types.Object) ([]text, error) {
	info := p.info[e]
	if info == nil {
		return nil, fmt.Errorf("%s is not part of the program", types.ExprString(e))
	}
	if v := info.Types[e].Value; v != nil {
		if v.Kind() == constant.String {
			return []text{{constant.StringVal(v), nil}}, nil
		}
		return []text{{v.ExactString(), nil}}, nil
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return p.eval(e.X, within)
	case *ast.BinaryExpr:
		return p.binary(e, within)
	case *ast.Ident:
		return p.variable(info.ObjectOf(e), within)
	case *ast.SelectorExpr:
		return p.variable(info.Uses[e.Sel], within)
	case *ast.CompositeLit:
		return p.each(e.Elts, within)
	case *ast.CallExpr:
		if builtin, ok := e.Fun.(*ast.Ident); ok && builtin.Name == "append" {
			return p.each(e.Args, within)
		}
		return p.called(info, e, within)
	}
	return nil, fmt.Errorf("%s is more than this test can read", types.ExprString(e))
}

// each returns all values of some expressions.
func (p *program) each(list []ast.Expr, within []types.Object) (all []text, err error) {
	for _, e := range list {
		texts, err := p.eval(e, within)
		if err != nil {
			return nil, err
		}
		all = append(all, texts...)
	}
	return all, nil
}

// binary returns the values of a sum of texts or numbers.
func (p *program) binary(e *ast.BinaryExpr, within []types.Object) ([]text, error) {
	return p.combine(e.X, e.Y, within, func(x, y string) string {
		if basic := p.info[e].TypeOf(e).Underlying().(*types.Basic); basic.Info()&types.IsInteger != 0 {
			var a, b int
			_, _ = fmt.Sscan(x, &a)
			_, _ = fmt.Sscan(y, &b)
			return fmt.Sprint(a + b)
		}
		return x + y
	})
}

func (p *program) combine(x, y ast.Expr, within []types.Object, join func(x, y string) string) ([]text, error) {
	left, err := p.eval(x, within)
	if err != nil {
		return nil, err
	}
	right, err := p.eval(y, within)
	if err != nil {
		return nil, err
	}
	var list []text
	for _, l := range left {
		for _, r := range right {
			if rests, ok := merge(l.rests, r.rests); ok {
				list = append(list, text{join(l.value, r.value), rests})
			}
		}
	}
	return list, nil
}

// merge joins what two texts depend on, unless they depend on different values of one thing.
func merge(a, b chosen) (chosen, bool) {
	if a == nil {
		return b, true
	}
	all := maps.Clone(a)
	for o, v := range b {
		if have, ok := all[o]; ok && have != v {
			return nil, false
		}
		all[o] = v
	}
	return all, true
}

func (p *program) variable(o types.Object, within []types.Object) ([]text, error) {
	o = origin(o)
	if slices.Contains(within, o) {
		return nil, nil // its other values
	}
	values := p.values[o]
	if len(values) == 0 {
		return nil, fmt.Errorf("nothing is assigned to %s", o.Name())
	}
	var list []text
	for i, c := range values {
		group, member := o, any(i)
		if c.group != nil {
			group, member = c.group, c.member
		}
		texts, err := p.eval(c.expr, append(slices.Clip(within), o))
		if err != nil {
			return nil, err
		}
		for _, t := range texts {
			if rests, ok := merge(t.rests, chosen{group: member}); ok {
				list = append(list, text{t.value, rests})
			}
		}
	}
	return p.withAdded(o, list, within)
}

// withAdded returns the texts of a variable, without and with everything that is added to them.
func (p *program) withAdded(o types.Object, list []text, within []types.Object) ([]text, error) {
	added, err := p.each(p.added[o], append(slices.Clip(within), o))
	if err != nil || len(added) == 0 {
		return list, err
	}
	end := ""
	for _, t := range added {
		end += t.value
	}
	for _, t := range list {
		list = append(list, text{t.value + end, t.rests})
	}
	return list, nil
}

func (p *program) called(info *types.Info, e *ast.CallExpr, within []types.Object) ([]text, error) {
	fn := callee(info, e)
	if fn == nil {
		return nil, fmt.Errorf("%s is more than this test can read", types.ExprString(e))
	}
	switch fn.FullName() {
	case "strings.Repeat":
		return p.combine(e.Args[0], e.Args[1], within, func(s, count string) string {
			n := 0
			_, _ = fmt.Sscan(count, &n)
			return strings.Repeat(s, n)
		})
	case "fmt.Sprintf": // the format is enough to know a pragma; in any other statement PostgreSQL refuses its verbs
		return p.eval(e.Args[0], within)
	case "strings.Count":
		return p.combine(e.Args[0], e.Args[1], within, func(s, sub string) string { return fmt.Sprint(strings.Count(s, sub)) })
	}
	var list []text
	for _, r := range p.result[fn.Origin()] {
		texts, err := p.eval(r, within)
		if err != nil {
			return nil, err
		}
		list = append(list, texts...)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("the result of %s is unknown", fn.Name())
	}
	return list, nil
}
