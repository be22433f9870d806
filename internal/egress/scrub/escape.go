package scrub

import (
	"html"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// unit is a character that stands escaped in a text.
type unit struct {
	text [8]byte // in UTF-8, or a byte of it
	size int     // of text; 0 = there is none
	took int     // bytes of the text
}

// introducers begin an escape.
const introducers = `%&\`

func introduces(c byte) bool { return c == '%' || c == '&' || c == '\\' }

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func single(c byte, took int) unit { return unit{text: [8]byte{c}, size: 1, took: took} }

func character(r rune, took int) (u unit) {
	u.took, u.size = took, utf8.EncodeRune(u.text[:], r)
	return u
}

// escape is the character that in begins with in escaped form: percent-encoded (RFC 3986, and %u of JavaScript's escape), a
// reference of HTML, or behind a backslash as in JSON and JavaScript. more says that in ends before that is decided; at the
// end everything is.
func escape(in []byte, end bool) (u unit, more bool) {
	switch in[0] {
	case '%':
		if len(in) > 1 && in[1] == 'u' {
			return coded(in, 2, 4, end)
		}
		n, complete, ok := hexNumber(in, 1, 2)
		if !ok || !complete {
			return unit{}, ok && !end
		}
		return single(byte(n), 3), false
	case '&':
		return reference(in, end)
	case '\\':
		return backslash(in, end)
	}
	return unit{}, false
}

// hexNumber is the number of so many hexadecimal digits; ok is false where something else stands among them, and complete
// where in ends before the last.
func hexNumber(in []byte, from, digits int) (n int, complete, ok bool) {
	for i := from; i < from+digits; i++ {
		switch {
		case i >= len(in):
			return 0, false, true
		case !hexadecimal(in[i]):
			return 0, false, false
		}
		n = n<<4 | int(digit(in[i]))
	}
	return n, true, true
}

// digit is the value of a hexadecimal one.
func digit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// coded is a character that is given by so many digits of its code in UTF-16; of a pair of surrogates, both are read.
func coded(in []byte, from, digits int, end bool) (unit, bool) {
	n, complete, ok := hexNumber(in, from, digits)
	if !ok || !complete {
		return unit{}, ok && !end
	}
	length := from + digits
	if !utf16.IsSurrogate(rune(n)) {
		return character(rune(n), length), false
	}
	for i := range from { // the second is introduced like the first
		switch {
		case length+i >= len(in):
			return unit{}, !end
		case in[length+i] != in[i]:
			return unit{}, false
		}
	}
	low, complete, ok := hexNumber(in, length+from, digits)
	if !ok || !complete {
		return unit{}, ok && !end
	}
	return character(utf16.DecodeRune(rune(n), rune(low)), 2*length), false
}

func backslash(in []byte, end bool) (unit, bool) {
	if len(in) < 2 {
		return unit{}, !end
	}
	switch c := in[1]; {
	case c == 'u' && len(in) > 2 && in[2] == '{':
		return braced(in, end)
	case c == 'u':
		return coded(in, 2, 4, end)
	case c == 'x':
		n, complete, ok := hexNumber(in, 2, 2)
		if !ok || !complete {
			return unit{}, ok && !end
		}
		return character(rune(n), 4), false
	case c == 'n':
		return single('\n', 2), false
	case c == 'r':
		return single('\r', 2), false
	case c == 't':
		return single('\t', 2), false
	case letter(c) || c >= '0' && c <= '9' || c >= utf8.RuneSelf || c < ' ':
		return unit{}, false // values have no control characters
	default:
		return single(c, 2), false
	}
}

// mostDigits of a number in \u{…} and &#…; more of them are zeros in front, and nobody writes those.
const mostDigits = 10

// braced is \u{…}.
func braced(in []byte, end bool) (unit, bool) {
	for i := 3; i < 3+mostDigits+1; i++ {
		switch {
		case i >= len(in):
			return unit{}, !end
		case in[i] == '}':
			return numbered(string(in[3:i]), 16, i+1), false
		case !hexadecimal(in[i]):
			return unit{}, false
		}
	}
	return unit{}, false
}

func numbered(digits string, base, took int) unit {
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return unit{}
	}
	return character(rune(n), took)
}

// reference is a character reference of HTML, by its number or its name. The semicolon may be missing where browsers do
// without it: after a number, and after the old names, of which those are known here that stand in values.
func reference(in []byte, end bool) (unit, bool) {
	if len(in) < 2 {
		return unit{}, !end
	}
	if in[1] == '#' {
		return byNumber(in, end)
	}
	n := 1
	for n < len(in) && n < longestName && (letter(in[n]) || in[n] >= '0' && in[n] <= '9') {
		n++
	}
	switch {
	case n == len(in) && n < longestName && n > 0 && !end:
		return unit{}, true
	case n < len(in) && in[n] == ';':
		return named(in[:n+1]), false
	}
	return bare(in[1:n]), false
}

// longestName of a reference is CounterClockwiseContourIntegral, with its ampersand.
const longestName = 33

func named(in []byte) unit {
	switch string(in) {
	case "&amp;":
		return single('&', len(in))
	case "&lt;":
		return single('<', len(in))
	case "&gt;":
		return single('>', len(in))
	case "&quot;":
		return single('"', len(in))
	case "&nbsp;":
		return character('\u00a0', len(in))
	}
	text := html.UnescapeString(string(in))
	u := unit{size: len(text), took: len(in)}
	if len(text) > len(u.text) || text[0] == '&' && len(text) > 1 {
		return unit{}
	}
	copy(u.text[:], text)
	return u
}

// bare is a reference without a semicolon at the beginning of a word.
func bare(word []byte) unit {
	for _, old := range [...]struct {
		name string
		is   byte
	}{{"amp", '&'}, {"AMP", '&'}, {"lt", '<'}, {"LT", '<'}, {"gt", '>'}, {"GT", '>'}, {"quot", '"'}, {"QUOT", '"'}} {
		if len(word) >= len(old.name) && string(word[:len(old.name)]) == old.name {
			return single(old.is, 1+len(old.name))
		}
	}
	return unit{}
}

// byNumber is &#…; or &#x…;.
func byNumber(in []byte, end bool) (unit, bool) {
	from, base := 2, 10
	if len(in) > 2 && in[2]|0x20 == 'x' {
		from, base = 3, 16
	}
	n := from
	for n < len(in) && n < from+mostDigits && (in[n] >= '0' && in[n] <= '9' || base == 16 && hexadecimal(in[n])) {
		n++
	}
	switch {
	case n == len(in) && !end && n < from+mostDigits:
		return unit{}, true
	case n == from:
		return unit{}, false
	case n < len(in) && in[n] == ';':
		return numbered(string(in[from:n]), base, n+1), false
	case n == len(in) && !end: // a semicolon may follow
		return unit{}, true
	}
	return numbered(string(in[from:n]), base, n), false
}

// escapes are the characters that in begins with where it is escaped, and where an escape is itself escaped. more says that
// in ends before that is decided.
func escapes(in []byte, end bool) (once, twice unit, more bool) {
	if !introduces(in[0]) {
		return once, twice, false
	}
	once, more = escape(in, end)
	if more {
		return once, twice, more
	}
	if once.size > 0 && in[0] == '&' && in[once.took-1] != ';' && once.took < len(in) && introduces(in[once.took]) {
		semicolon, more := escape(in[once.took:], end) // of &lt; a part alone may be escaped: &lt%3B
		if semicolon.size == 1 && semicolon.text[0] == ';' {
			twice = once
			twice.took += semicolon.took
		}
		return once, twice, more
	}
	if once.size > 0 && !introduces(once.text[0]) {
		return once, twice, false
	}
	if once.size == 0 && !slices.ContainsFunc(in[1:min(len(in), longestEscape)], introduces) && (end || len(in) >= longestEscape) {
		return once, twice, false
	}
	twice, more = escapeTwice(in, end)
	return once, twice, more
}

// longestEscape is how much of what was escaped twice is read to find out what it is.
const longestEscape = 16

// escapeTwice is the character that in begins with where an escape is itself escaped: %252F, \\u002f, &amp;quot;, %5C%22.
func escapeTwice(in []byte, end bool) (u unit, more bool) {
	var text [longestEscape + 8]byte
	var ends [longestEscape + 8]int // where in in each byte of text ends
	more = true
	for n, at := 0, 0; more && n < longestEscape; {
		if at == len(in) {
			if u, more = escape(text[:n], end); !end {
				return unit{}, more
			}
			break
		}
		one, open := escape(in[at:], end)
		if open {
			return unit{}, true
		}
		if one.size == 0 {
			one = single(in[at], 1)
		}
		at += one.took
		for i := range one.size {
			text[n], ends[n] = one.text[i], at
			n++
		}
		if !introduces(text[0]) {
			return unit{}, false
		}
		u, more = escape(text[:n], false)
	}
	if u.size > 0 {
		u.took = ends[u.took-1]
	}
	return u, false
}

func hexadecimal(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
