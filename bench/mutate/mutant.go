package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// mutant is one condition that can be changed. Its number selects it in the test binary.
type mutant struct {
	file         string
	line, column int
	what         string // the change
	number       int
}

func (m mutant) String() string { return fmt.Sprintf("%s:%d:%d %s", m.file, m.line, m.column, m.what) }

// source is a package in which every condition can be changed at run time.
type source struct {
	name    string            // of the package
	files   map[string]string // file -> text in which every condition depends on chosen
	mutants []mutant
}

// read returns the package in dir, as it is built for this system.
func read(dir string) (source, error) {
	pkg, err := build.ImportDir(dir, 0)
	if err != nil {
		return source{}, err
	}
	s := source{name: pkg.Name, files: map[string]string{}}
	for _, name := range pkg.GoFiles {
		file := filepath.Join(dir, name)
		text, err := os.ReadFile(file)
		if err != nil {
			return source{}, err
		}
		if s.files[file], err = s.change(file, text); err != nil {
			return source{}, err
		}
	}
	return s, nil
}

// swaps are the operators of conditions and what replaces them. A bound moves by one; everything else turns around.
func swaps() map[token.Token]token.Token {
	return map[token.Token]token.Token{
		token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
		token.EQL: token.NEQ, token.NEQ: token.EQL, token.LAND: token.LOR, token.LOR: token.LAND,
	}
}

// change adds the mutants of one file: each has one operator of a condition swapped, or one condition of an "if" without
// such an operator turned around. It returns the text that contains all of them, line by line as before.
func (s *source) change(file string, text []byte) (string, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, text, 0)
	if err != nil {
		return "", err
	}
	e := edits{text: text, opened: map[int]string{}, closed: map[int]string{}, replaced: map[int]string{}}
	offset := func(at token.Pos) int { return set.Position(at).Offset }
	add := func(from, to token.Pos, becomes string) int {
		at, number := set.Position(from), len(s.mutants)
		what := fmt.Sprintf("%s becomes %s", bytes.TrimSpace(text[at.Offset:offset(to)]), becomes)
		s.mutants = append(s.mutants, mutant{file, at.Line, at.Column, what, number})
		return number
	}
	swap := swaps()
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			return n.Tok != token.CONST // a constant cannot depend on chosen
		case *ast.BinaryExpr:
			to, ok := swap[n.Op]
			if !ok {
				return true
			}
			number := add(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), to.String())
			e.binary(n.Op, number, [5]int{offset(n.X.Pos()), offset(n.X.End()), offset(n.OpPos), offset(n.Y.Pos()), offset(n.Y.End())})
		case *ast.IfStmt:
			if b, ok := n.Cond.(*ast.BinaryExpr); !ok || swap[b.Op] == token.ILLEGAL {
				from, to := offset(n.Cond.Pos()), offset(n.Cond.End())
				number := add(n.Cond.Pos(), n.Cond.End(), fmt.Sprintf("!(%s)", text[from:to]))
				e.wrap(from, to, "((", fmt.Sprintf(") != (mutantChosen == %d))", number))
			}
		}
		return true
	})
	return e.String(), nil
}

// edits are texts to insert into a file, by offset. An outer expression is added before those inside it.
type edits struct {
	text                     []byte
	opened, closed, replaced map[int]string
}

func (e *edits) wrap(from, to int, before, after string) {
	e.opened[from] += before
	e.closed[to] = after + e.closed[to]
}

// binary makes an operator depend on chosen. The offsets are those of the left side and its end, the operator, and the
// right side and its end. Each side stays in the text once: it may contain further conditions and have effects.
func (e *edits) binary(op token.Token, number int, at [5]int) {
	chosen := fmt.Sprintf("(mutantChosen == %d)", number)
	switch op {
	case token.EQL, token.NEQ:
		e.wrap(at[0], at[4], "((", ") != "+chosen+")")
	case token.LAND, token.LOR: // a || b is !(!a && !b)
		e.wrap(at[0], at[4], "((", ") != "+chosen+")")
		e.wrap(at[0], at[1], "((", ") != "+chosen+")")
		e.wrap(at[3], at[4], "((", ") != "+chosen+")")
	default:
		name := map[token.Token]string{token.LSS: "Less", token.LEQ: "AtMost", token.GTR: "Greater", token.GEQ: "AtLeast"}[op]
		e.wrap(at[0], at[4], fmt.Sprintf("mutant%s(%d, ", name, number), ")")
		e.replaced[at[2]] = op.String()
	}
}

func (e *edits) String() string {
	var b strings.Builder
	for i := 0; i <= len(e.text); i++ {
		b.WriteString(e.closed[i])
		b.WriteString(e.opened[i])
		if op := e.replaced[i]; op != "" {
			b.WriteString(",")
			i += len(op) - 1
			continue
		}
		if i < len(e.text) {
			b.WriteByte(e.text[i])
		}
	}
	return b.String()
}

// chosen returns the file that a package gets in addition. It reads the number of the mutant from a file, not from the
// environment, which some processes do not inherit.
func chosen(name, path string) string {
	return fmt.Sprintf(`package %s

import (
	"cmp"
	"os"
	"strconv"
)

var mutantChosen = func() int {
	text, _ := os.ReadFile(%q)
	if n, err := strconv.Atoi(string(text)); err == nil {
		return n
	}
	return -1
}()

func mutantLess[T cmp.Ordered](number int, a, b T) bool    { return a < b || mutantChosen == number && a == b }
func mutantAtMost[T cmp.Ordered](number int, a, b T) bool  { return a < b || mutantChosen != number && a == b }
func mutantGreater[T cmp.Ordered](number int, a, b T) bool { return a > b || mutantChosen == number && a == b }
func mutantAtLeast[T cmp.Ordered](number int, a, b T) bool { return a > b || mutantChosen != number && a == b }
`, name, path)
}
