package main

import (
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

const example = `package p

func f(a, b int, ok bool) int {
	if ok {
		return a + b
	}
	if a < 3 && !ok {
		return 1
	}
	for a >= b {
		a--
	}
	return b
}
`

// change returns the mutants of a file and the text that contains all of them.
func change(t *testing.T, text string) ([]mutant, string) {
	t.Helper()
	var s source
	changed, err := s.change("p.go", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.mutants, changed
}

func TestEveryConditionIsAMutant(t *testing.T) {
	all, changed := change(t, example)
	var got []string
	for i, m := range all {
		got = append(got, m.String())
		if m.number != i {
			t.Errorf("%s has the number %d", m, m.number)
		}
	}
	want := []string{
		"p.go:4:5 ok becomes !(ok)",
		"p.go:7:11 && becomes ||",
		"p.go:7:7 < becomes <=",
		"p.go:10:8 >= becomes >",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if one, two := strings.Count(example, "\n"), strings.Count(changed, "\n"); one != two {
		t.Errorf("%d lines became %d:\n%s", one, two, changed)
	}
	if _, err := parser.ParseFile(token.NewFileSet(), "", changed, 0); err != nil {
		t.Errorf("%v:\n%s", err, changed)
	}
	if _, err := parser.ParseFile(token.NewFileSet(), "", chosen("p", "chosen"), 0); err != nil {
		t.Error(err)
	}
}

// Each mutant means what the expression means with one operator replaced, and no mutant changes nothing.
func TestOneOperatorChangesAtATime(t *testing.T) {
	for _, expression := range []string{
		"a", "!a", "a == b", "a != b", "a && b", "a || b", "a && (b || c)", "(a && b) || c", "(a == b) && (c != (a || !b))", "((a || b) && c) || a", "((a && b) && c) || (b && c)",
	} {
		const before, after = "package p\nfunc f() {\nif ", " {\n}\n}\n"
		all, changed := change(t, before+expression+after)
		changed = strings.TrimSuffix(strings.TrimPrefix(changed, before), after)
		if len(all) == 0 {
			t.Errorf("%s has no mutant", expression)
		}
		for values := range 8 {
			if eval(t, changed, values, -1) != eval(t, expression, values, -1) {
				t.Errorf("%s, without a mutant, with values %03b: %s", expression, values, changed)
			}
			for _, m := range all {
				at := m.column - 1 - len("if ")
				from, to, _ := strings.Cut(m.what, " becomes ")
				want := eval(t, expression[:at]+to+expression[at+len(from):], values, -1)
				if eval(t, changed, values, m.number) != want {
					t.Errorf("%s, %s, with values %03b: %s", expression, m, values, changed)
				}
			}
		}
	}
}

// eval evaluates an expression of a, b and c.
func eval(t *testing.T, expression string, values, number int) bool {
	t.Helper()
	pkg := types.NewPackage("p", "p")
	for i, name := range []string{"a", "b", "c"} {
		pkg.Scope().Insert(types.NewConst(token.NoPos, pkg, name, types.Typ[types.Bool], constant.MakeBool(values>>i&1 == 1)))
	}
	pkg.Scope().Insert(types.NewConst(token.NoPos, pkg, "mutantChosen", types.Typ[types.Int], constant.MakeInt64(int64(number))))
	v, err := types.Eval(token.NewFileSet(), pkg, token.NoPos, expression)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return constant.BoolVal(v.Value)
}

func TestABoundMovesByOne(t *testing.T) {
	_, changed := change(t, "package p\nvar _ = []bool{1+a < f(b), a <= b, a > b, a >= b && c}\n")
	want := "package p\nvar _ = []bool{mutantLess(0, 1+a , f(b)), mutantAtMost(1, a , b), mutantGreater(2, a , b), " +
		"((((mutantAtLeast(4, a , b)) != (mutantChosen == 3)) && ((c) != (mutantChosen == 3))) != (mutantChosen == 3))}\n"
	if changed != want {
		t.Errorf("got %s", changed)
	}
}

func TestASampleIsTheSameForTheSameSeed(t *testing.T) {
	var all []mutant
	for i := range 50 {
		all = append(all, mutant{line: i})
	}
	lines := func(seed uint64) (l []int) {
		for _, m := range choose(all, 10, seed) {
			l = append(l, m.line)
		}
		return l
	}
	if one, two, other := lines(1), lines(1), lines(2); len(one) != 10 || !slices.Equal(one, two) || slices.Equal(one, other) {
		t.Errorf("%v, %v, %v", one, two, other)
	}
	if got := choose(all, 0, 1); len(got) != 50 {
		t.Errorf("0 chose %d of 50", len(got))
	}
}
