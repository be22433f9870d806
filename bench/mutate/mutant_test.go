package main

import (
	"go/parser"
	"go/token"
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

func TestOneConditionChangesAtATime(t *testing.T) {
	all, err := fileMutants("p.go", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range all {
		got = append(got, m.String())
		if _, err := parser.ParseFile(token.NewFileSet(), "p.go", m.source, 0); err != nil {
			t.Errorf("%s: %v", m, err)
		}
		if changed := differentLines(example, string(m.source)); changed != 1 {
			t.Errorf("%s: %d lines changed", m, changed)
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
}

func differentLines(a, b string) (n int) {
	one, two := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range one {
		if one[i] != two[i] {
			n++
		}
	}
	return n
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
