package output

import (
	"strings"
	"unicode"
)

// Visible returns a text from an untrusted source (an app's log, a line of someone's source code) without characters
// that would control the terminal. Line breaks and tabs stay.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || !steers(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// Line is like Visible for a text that must stay on one line: a name, a cell of a table.
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

// Hides reports whether a character is invisible, or changes the direction of the text around it: a name that contains
// one looks like another name. Joiners do not count, because some languages need them.
func Hides(r rune) bool {
	switch {
	case r == '\u200b', r == '\u2060', r == '\ufeff', r == '\u2028', r == '\u2029', 0xe0000 <= r && r <= 0xe007f:
		return true
	}
	return unicode.Is(unicode.Bidi_Control, r)
}

// steers reports whether a character moves the cursor, changes colors, or hides.
func steers(r rune) bool { return unicode.IsControl(r) || r > 0x7f && Hides(r) }
