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

// Hides says whether a character is there and cannot be seen, or turns the direction in which the text around it is
// shown: a name with one looks like another name. Joiners are not among them; there are languages that need them.
func Hides(r rune) bool {
	switch {
	case r == '\u200b', r == '\u2060', r == '\ufeff', r == '\u2028', r == '\u2029', 0xe0000 <= r && r <= 0xe007f:
		return true
	}
	return unicode.Is(unicode.Bidi_Control, r)
}

// steers says whether a character moves the cursor, changes colours, or hides.
func steers(r rune) bool { return unicode.IsControl(r) || r > 0x7f && Hides(r) }
