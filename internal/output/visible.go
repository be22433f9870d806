package output

import (
	"strings"
	"unicode"
)

// Visible is a text that may come from strangers (an app's log, a line of somebody's source) without what would steer
// the terminal it is shown on. Line breaks and tabs stay.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || !steers(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// Line is Visible for what must stay one line: a name, a cell of a table.
func Line(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case steers(r):
			return -1
		}
		return r
	}, text)
}

// steers says whether a character moves the cursor, changes colours, or turns the direction in which the text around
// it is shown.
func steers(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
