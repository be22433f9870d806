package output

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/charmbracelet/lipgloss"
)

const (
	gap       = "  " // between columns
	narrowest = 8    // what a column keeps when the table is made to fit
)

func (p *Printer) table(v View) error {
	if v.Columns != nil && len(v.Rows) == 0 {
		if v.Empty == "" {
			return nil
		}
		_, err := fmt.Fprintln(p.w, v.Empty)
		return err
	}
	rows := make([][]string, 0, len(v.Rows)+1)
	if v.Columns != nil {
		head := make([]string, len(v.Columns))
		for i, c := range v.Columns {
			head[i] = strings.ToUpper(c)
		}
		rows = append(rows, head)
	}
	for _, row := range v.Rows {
		clean := make([]string, len(row))
		for i, c := range row {
			clean[i] = plain(c)
		}
		rows = append(rows, clean)
	}
	widths := p.fit(rows)
	var b strings.Builder
	for i, row := range rows {
		p.writeRow(&b, row, widths, func(column int, text string) string {
			switch {
			case !p.terminal.Color:
			case v.Columns != nil && i == 0:
				return p.bold.Render(text)
			case v.Columns == nil && column == 0:
				return p.faint.Render(text)
			}
			return text
		})
	}
	_, err := io.WriteString(p.w, b.String())
	return err
}

// fit gives every column its width. On a terminal the widest columns give way until the table fits.
func (p *Printer) fit(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], lipgloss.Width(c))
		}
	}
	if p.terminal.Width <= 0 {
		return widths
	}
	total := len(gap) * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for ; total > p.terminal.Width; total-- {
		widest := 0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= narrowest {
			break
		}
		widths[widest]--
	}
	return widths
}

func (p *Printer) writeRow(b *strings.Builder, row []string, widths []int, style func(column int, text string) string) {
	for i, c := range row {
		c = shorten(c, widths[i])
		padding := strings.Repeat(" ", widths[i]-lipgloss.Width(c))
		if i == len(row)-1 {
			padding = "" // no spaces at the end of a line
		} else {
			padding += gap
		}
		b.WriteString(style(i, c) + padding)
	}
	b.WriteByte('\n')
}

// shorten cuts a text to a width, and shows that it did.
func shorten(text string, width int) string {
	if lipgloss.Width(text) <= width {
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

// plain makes a text one line without control characters: what an app is called must not be able to move the cursor.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text)
}
