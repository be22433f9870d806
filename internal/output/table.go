package output

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/lipgloss"
)

const (
	gap       = "  " // between columns
	narrowest = 8    // the minimum width of a shortened column
	wrapWidth = 24   // the width of a wrapped column below which other columns are shortened first
)

func (p Printer) table(v View) error {
	if v.Columns != nil && len(v.Rows) == 0 {
		if v.Empty == "" {
			return nil
		}
		_, err := fmt.Fprintln(p.W, Line(v.Empty))
		return err
	}
	rows := make([][]string, 0, len(v.Rows)+1)
	if v.Columns != nil {
		head := make([]string, len(v.Columns))
		for i, c := range v.Columns {
			head[i] = strings.ToUpper(Line(c))
		}
		rows = append(rows, head)
	}
	for _, row := range v.Rows {
		clean := make([]string, len(row))
		for i, c := range row {
			clean[i] = Line(c)
		}
		rows = append(rows, clean)
	}
	wraps := v.Wraps || v.Columns == nil
	widths := p.fit(rows, v.yielding(), wraps)
	var b strings.Builder
	first, others := p.styles(v.Columns != nil, true)
	for i, row := range rows {
		if i == 1 {
			first, others = p.styles(v.Columns != nil, false)
		}
		if wraps && len(row) == len(widths) {
			row, rest := wrapped(row, widths[len(row)-1])
			writeRow(&b, row, widths, first, others)
			for _, row := range rest {
				writeRow(&b, row, widths, first, others)
			}
			continue
		}
		writeRow(&b, row, widths, first, others)
	}
	_, err := io.WriteString(p.W, b.String())
	return err
}

// paint styles a cell.
type paint func(text string) string

// styles returns the styles of the first cell of a row and of the others. The renderer writes plain text if the output
// is not a terminal, or NO_COLOR is set.
func (p Printer) styles(list, head bool) (first, others paint) {
	plain := func(text string) string { return text } // an empty style costs more than the table
	if p.Width <= 0 {
		return plain, plain
	}
	styled := func(s lipgloss.Style) paint { return func(text string) string { return s.Render(text) } }
	r := lipgloss.NewRenderer(p.W)
	switch {
	case list && head:
		return styled(r.NewStyle().Bold(true)), styled(r.NewStyle().Bold(true))
	case !list:
		return styled(r.NewStyle().Faint(true)), plain
	}
	return plain, plain
}

// columns returns how many columns of a terminal a text occupies.
func columns(text string) int {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return lipgloss.Width(text)
		}
	}
	return len(text)
}

// yielding returns the indexes of the columns that are shortened first.
func (v View) yielding() []int {
	var places []int
	for _, name := range v.Yields {
		if i := slices.Index(v.Columns, name); i >= 0 {
			places = append(places, i)
		}
	}
	return places
}

// fit chooses the width of every column. On a terminal, columns are narrowed until the table fits: the last if it
// wraps, then those that yield, in order, then the widest.
func (p Printer) fit(rows [][]string, yields []int, wraps bool) []int {
	var widths []int
	for _, row := range rows {
		if len(row) == 1 && len(rows[0]) > 1 {
			continue // a heading
		}
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(c))
		}
	}
	if p.Width <= 0 {
		return widths
	}
	total := len(gap) * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	over := total - p.Width
	narrow := func(column, least int) {
		taken := min(max(widths[column]-least, 0), max(over, 0))
		widths[column] -= taken
		over -= taken
	}
	if wraps {
		narrow(len(widths)-1, wrapWidth)
	}
	for _, column := range yields {
		narrow(column, narrowest)
	}
	for over > 0 {
		widest := 0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= narrowest {
			break
		}
		narrow(widest, widths[widest]-1)
	}
	return widths
}

// wrapped splits a row whose last cell wraps into several rows.
func wrapped(row []string, width int) (first []string, rest [][]string) {
	last := len(row) - 1
	lines := wrap(row[last], width)
	first = append(slices.Clone(row[:last]), lines[0])
	for _, line := range lines[1:] {
		rest = append(rest, append(make([]string, last), line))
	}
	return first, rest
}

// wrap splits a text into lines of a width, at spaces if possible.
func wrap(text string, width int) []string {
	var lines []string
	for columns(text) > width {
		end, used := 0, 0
		for i, r := range text {
			w := lipgloss.Width(string(r))
			if used+w > width && i > 0 {
				break
			}
			used += w
			end = i + utf8.RuneLen(r)
		}
		if end < len(text) && text[end] != ' ' {
			if space := strings.LastIndexByte(text[:end], ' '); space > 0 && strings.TrimSpace(text[:space]) != "" {
				end = space
			}
		}
		lines = append(lines, strings.TrimRight(text[:end], " "))
		text = strings.TrimLeft(text[end:], " ")
	}
	return append(lines, text)
}

func writeRow(b *strings.Builder, row []string, widths []int, first, others paint) {
	if len(row) == 1 && len(widths) > 1 {
		b.WriteString(first(row[0]) + "\n")
		return
	}
	for i, c := range row {
		look := others
		if i == 0 {
			look = first
		}
		c = shorten(c, widths[i])
		b.WriteString(look(c))
		if i < len(row)-1 { // no spaces at the end of a line
			b.WriteString(strings.Repeat(" ", widths[i]-columns(c)) + gap)
		}
	}
	b.WriteByte('\n')
}

// shorten cuts a text to a width and marks the cut.
func shorten(text string, width int) string {
	if columns(text) <= width {
		return text
	}
	var b strings.Builder
	used := 0
	for _, r := range text {
		w := lipgloss.Width(string(r))
		if used+w > width-1 {
			break
		}
		b.WriteRune(r)
		used += w
	}
	return b.String() + "…"
}
