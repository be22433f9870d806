// Package output writes the results of commands: as a table for people, as Markdown for documents, as JSON for
// programs. The same View serves all three, so that no format can lack what another shows.
package output

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"

	"fazt/internal/errs"
)

// Format is how results are written.
type Format string

// The formats.
const (
	Table    Format = "table"
	JSON     Format = "json"
	Markdown Format = "markdown"
)

// ParseFormat returns the format with the given name.
func ParseFormat(name string) (Format, error) {
	switch f := Format(name); f {
	case Table, JSON, Markdown:
		return f, nil
	}
	return "", errs.New(errs.Invalid, "unknown format %q; use table, json or markdown", name)
}

// View is a result. Value is written as JSON; Columns and Rows are shown to people. A View without Columns is a single
// thing, not a list: each of its rows is a label and a text. In a list with several columns, a row with one cell is a
// heading.
type View struct {
	Value   any
	Columns []string
	Rows    [][]string
	Empty   string // shown instead of a table without rows

	// On a narrow terminal, the columns named in Yields are shortened before others, in that order. If Wraps is set,
	// the last column of a table is wrapped, never shortened. So is the text of a single thing.
	Yields []string
	Wraps  bool
}

// Printer writes results.
type Printer struct {
	W      io.Writer
	Format Format
	Width  int // columns of the terminal; 0 = not a terminal: nothing is shortened or styled
}

// Print writes one result.
func (p Printer) Print(v View) error {
	switch p.Format {
	case JSON:
		return p.json(v.Value)
	case Markdown:
		return p.markdown(v)
	}
	return p.table(v)
}

func (p Printer) json(value any) error {
	if v := reflect.ValueOf(value); v.Kind() == reflect.Slice && v.IsNil() {
		value = []struct{}{} // an empty list is a list
	}
	e := json.NewEncoder(JSONWriter{p.W})
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

func (p Printer) markdown(v View) error {
	columns := v.Columns
	if columns == nil {
		columns = []string{"", ""}
	} else if len(v.Rows) == 0 && v.Empty != "" {
		_, err := fmt.Fprintln(p.W, Line(v.Empty))
		return err
	}
	var b strings.Builder
	line := func(cells []string) {
		for _, c := range cells {
			b.WriteString("| " + cell(c) + " ")
		}
		b.WriteString("|\n")
	}
	line(columns)
	b.WriteString(strings.Repeat("|---", len(columns)) + "|\n")
	for _, row := range v.Rows {
		line(row)
	}
	_, err := io.WriteString(p.W, b.String())
	return err
}

// cell escapes a text for a cell of a Markdown table.
func cell(text string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`).Replace(Line(strings.ReplaceAll(text, "\r\n", " ")))
}
