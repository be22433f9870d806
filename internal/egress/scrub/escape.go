package scrub

import (
	"html"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// unit is an escaped character in a text.
type unit struct {
	text   [8]byte // in UTF-8, or a byte of it
	size   int     // of text; 0 = there is no such character
	length int     // of the escape
}

// introducers has the characters that begin an escape.
const introducers = `%&\`

func introduces(c byte) bool { return c == '%' || c == '&' || c == '\\' }

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func single(c byte, length int) unit { return unit{text: [8]byte{c}, size: 1, length: length} }

func character(r rune, length int) (u unit) {
	u.length, u.size = length, utf8.EncodeRune(u.text[:], r)
	return u
}

// escape returns the escaped character at the beginning of in: percent-encoded (RFC 3986, and %u of JavaScript's escape), an
// HTML character reference, or after a backslash as in JSON and JavaScript. more reports that in ends too early to decide.
func escape(in []byte, end bool) (u unit, more bool) {
	switch in[0] {
	case '%':
		if len(in) > 1 && in[1] == 'u' {
			return codeUnit(in, 2, 4, end)
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

// hexNumber parses a fixed number of hexadecimal digits. ok is false if one of them is something else, complete if in ends
// before the last.
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

// digit returns the value of a hexadecimal digit.
func digit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// codeUnit parses a character given by a fixed number of digits of its UTF-16 code, or by two such escapes if it is a pair of
// surrogates.
func codeUnit(in []byte, from, digits int, end bool) (unit, bool) {
	n, complete, ok := hexNumber(in, from, digits)
	if !ok || !complete {
		return unit{}, ok && !end
	}
	length := from + digits
	if !utf16.IsSurrogate(rune(n)) {
		return character(rune(n), length), false
	}
	for i := range from { // the second begins like the first
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
		return codeUnit(in, 2, 4, end)
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
		return unit{}, false // secrets have no control characters
	default:
		return single(c, 2), false
	}
}

// maxDigits is how many digits a number in \u{…} and &#… may have. More would be leading zeros, which are not used in practice.
const maxDigits = 10

// braced parses \u{…}.
func braced(in []byte, end bool) (unit, bool) {
	for i := 3; i < 3+maxDigits+1; i++ {
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

func numbered(digits string, base, length int) unit {
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return unit{}
	}
	return character(rune(n), length)
}

// reference parses an HTML character reference by number or name. As in browsers, the semicolon is optional after a number and
// after the old names, of which only those for characters in secrets are known here.
func reference(in []byte, end bool) (unit, bool) {
	if len(in) < 2 {
		return unit{}, !end
	}
	if in[1] == '#' {
		return byNumber(in, end)
	}
	n := 1
	for n < len(in) && n < maxName && (letter(in[n]) || in[n] >= '0' && in[n] <= '9') {
		n++
	}
	switch {
	case n == len(in) && n < maxName && n > 0 && !end:
		return unit{}, true
	case n < len(in) && in[n] == ';':
		return named(in[:n+1]), false
	}
	return bare(in[1:n]), false
}

// maxName is the length of the longest name, CounterClockwiseContourIntegral, with its ampersand.
const maxName = 33

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
	u := unit{size: len(text), length: len(in)}
	if len(text) > len(u.text) || text[0] == '&' && len(text) > 1 {
		return unit{}
	}
	copy(u.text[:], text)
	return u
}

// bare parses a reference without a semicolon at the beginning of a word.
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

// byNumber parses &#…; or &#x…;.
func byNumber(in []byte, end bool) (unit, bool) {
	from, base := 2, 10
	if len(in) > 2 && in[2]|0x20 == 'x' {
		from, base = 3, 16
	}
	n := from
	for n < len(in) && n < from+maxDigits && (in[n] >= '0' && in[n] <= '9' || base == 16 && hexadecimal(in[n])) {
		n++
	}
	switch {
	case n == len(in) && !end && n < from+maxDigits:
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

// escapes returns the characters at the beginning of in, if it is escaped once, and if the escape is itself escaped. more
// reports that in ends too early to decide.
func escapes(in []byte, end bool) (once, twice unit, more bool) {
	if !introduces(in[0]) {
		return once, twice, false
	}
	once, more = escape(in, end)
	if more {
		return once, twice, more
	}
	if once.size > 0 && in[0] == '&' && in[once.length-1] != ';' && once.length < len(in) && introduces(in[once.length]) {
		semicolon, more := escape(in[once.length:], end) // the semicolon alone may be escaped: &lt%3B
		if semicolon.size == 1 && semicolon.text[0] == ';' {
			twice = once
			twice.length += semicolon.length
		}
		return once, twice, more
	}
	if once.size > 0 && !introduces(once.text[0]) {
		return once, twice, false
	}
	if once.size == 0 && !slices.ContainsFunc(in[1:min(len(in), maxEscape)], introduces) && (end || len(in) >= maxEscape) {
		return once, twice, false
	}
	twice, more = escapeTwice(in, end)
	return once, twice, more
}

// maxEscape is how much of a doubly escaped text is decoded to recognize it.
const maxEscape = 16

// escapeTwice parses a doubly escaped character: %252F, \\u002f, &amp;quot;, %5C%22.
func escapeTwice(in []byte, end bool) (u unit, more bool) {
	var text [maxEscape + 8]byte
	var ends [maxEscape + 8]int // for each byte of text, where it ends in in
	more = true
	for n, at := 0, 0; more && n < maxEscape; {
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
		at += one.length
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
		u.length = ends[u.length-1]
	}
	return u, false
}

func hexadecimal(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
