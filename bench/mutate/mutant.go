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
	"slices"
)

// mutant is a file with one condition changed.
type mutant struct {
	file         string
	line, column int
	what         string // the change
	source       []byte
}

func (m mutant) String() string { return fmt.Sprintf("%s:%d:%d %s", m.file, m.line, m.column, m.what) }

// mutants returns every mutant of the package in dir, as it is built for this system.
func mutants(dir string) ([]mutant, error) {
	pkg, err := build.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, name := range pkg.GoFiles {
		file := filepath.Join(dir, name)
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		list, err := fileMutants(file, source)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// swaps are the operators of conditions and what replaces them. A bound moves by one; everything else turns around.
func swaps() map[token.Token]token.Token {
	return map[token.Token]token.Token{
		token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR,
		token.EQL: token.NEQ, token.NEQ: token.EQL, token.LAND: token.LOR, token.LOR: token.LAND,
	}
}

// fileMutants returns the mutants of one file: each with one operator of a condition swapped, or one condition of an
// "if" without such an operator turned around.
func fileMutants(file string, source []byte) ([]mutant, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, source, 0)
	if err != nil {
		return nil, err
	}
	var all []mutant
	add := func(from, to token.Pos, text string) {
		at := set.Position(from)
		start, end := at.Offset, set.Position(to).Offset
		what := fmt.Sprintf("%s becomes %s", bytes.TrimSpace(source[start:end]), text)
		all = append(all, mutant{file, at.Line, at.Column, what, slices.Concat(source[:start], []byte(text), source[end:])})
	}
	swap := swaps()
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if to, ok := swap[n.Op]; ok {
				add(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), to.String())
			}
		case *ast.IfStmt:
			if b, ok := n.Cond.(*ast.BinaryExpr); !ok || swap[b.Op] == token.ILLEGAL {
				text := source[set.Position(n.Cond.Pos()).Offset:set.Position(n.Cond.End()).Offset]
				add(n.Cond.Pos(), n.Cond.End(), fmt.Sprintf("!(%s)", text))
			}
		}
		return true
	})
	return all, nil
}
