package codec

import (
	"bytes"
	"encoding/hex"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
)

// EncodingOf returns the name of the encoding that a label means in the Encoding standard, or "" if the label is unknown or
// its encoding must not be decoded.
func EncodingOf(label string) string {
	label = strings.Trim(label, "\t\n\f\r ")
	if strings.ContainsFunc(label, func(c rune) bool { return c >= utf8.RuneSelf }) {
		return "" // the Kelvin sign is a k for ToLower
	}
	label = strings.ToLower(label)
	switch label {
	case "utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8":
		return "utf-8"
	case "iso-8859-8-i", "csiso88598i", "logical":
		return "iso-8859-8-i"
	}
	e, err := htmlindex.Get(label)
	if err != nil || strings.TrimSpace(label) != label { // Get removes more white space than the standard does
		return ""
	}
	name, err := htmlindex.Name(e)
	if err != nil || name == "replacement" {
		return ""
	}
	return name
}

// Decode returns bytes as text; ok is false if something had to be replaced.
func Decode(name string, b []byte) (s string, ok bool) {
	switch name {
	case "utf-8":
		if utf8.Valid(b) {
			return string(b), true
		}
		return replaceInvalid(b), false
	case "utf-16le", "utf-16be":
		return decodeUTF16(b, name == "utf-16be")
	}
	e, err := legacy(name)
	if err != nil {
		return "", false
	}
	return decodeLegacy(e, b, strings.HasPrefix(name, "windows-125"))
}

// legacy returns the decoder of an encoding. That of GBK is the one of GB 18030, which has more characters.
func legacy(name string) (encoding.Encoding, error) {
	if name == "gbk" {
		name = "gb18030"
	}
	return htmlindex.Get(name)
}

func decodeUTF16(b []byte, bigEndian bool) (s string, ok bool) {
	lo, hi := 0, 1
	if bigEndian {
		lo, hi = 1, 0
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i+lo]) | uint16(b[2*i+hi])<<8
	}
	ok = len(b)%2 == 0
	for i := 0; ok && i < len(units); i++ {
		switch {
		case !utf16.IsSurrogate(rune(units[i])):
		case i+1 < len(units) && utf16.DecodeRune(rune(units[i]), rune(units[i+1])) != utf8.RuneError:
			i++
		default:
			ok = false
		}
	}
	s = string(utf16.Decode(units))
	if len(b)%2 == 1 {
		s += "\uFFFD"
	}
	return s, ok
}

// decodeLegacy decodes one of the many encodings from before Unicode. Their decoders replace what they cannot read, but the
// standard decodes bytes that Windows left unassigned as control characters.
func decodeLegacy(e encoding.Encoding, b []byte, windows bool) (s string, ok bool) {
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return "", false
	}
	s = string(out)
	if windows && strings.ContainsRune(s, utf8.RuneError) {
		list := []rune(s) // one for each byte
		for i, c := range list {
			if c == utf8.RuneError && b[i] >= 0x80 && b[i] < 0xa0 {
				list[i] = rune(b[i])
			}
		}
		s = string(list)
	}
	return s, !strings.ContainsRune(s, utf8.RuneError)
}

// replaceInvalid puts one U+FFFD in place of each maximal part of an invalid sequence, as the Encoding standard requires.
func replaceInvalid(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 {
			n = max(1, len(b)-len(b[partial(b):]))
		}
		out.WriteRune(r)
		b = b[n:]
	}
	return out.String()
}

// partial returns how many bytes at the start of b are the beginning of a valid sequence that does not continue as one.
func partial(b []byte) int {
	n, lo, hi := 0, byte(0x80), byte(0xbf)
	switch c := b[0]; {
	case c >= 0xc2 && c <= 0xdf:
		n = 1
	case c >= 0xe0 && c <= 0xef:
		n = 2
		if c == 0xe0 {
			lo = 0xa0
		} else if c == 0xed {
			hi = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		n = 3
		if c == 0xf0 {
			lo = 0x90
		} else if c == 0xf4 {
			hi = 0x8f
		}
	}
	i := 1
	for ; i <= n && i < len(b) && b[i] >= lo && b[i] <= hi; i++ {
		lo, hi = 0x80, 0xbf
	}
	return i
}

// Incomplete returns how many bytes at the end of b may begin a character that the next chunk completes.
func Incomplete(name string, b []byte) int {
	switch name {
	case "utf-8":
		for n := 1; n <= 3 && n <= len(b); n++ {
			c := b[len(b)-n]
			if c < 0x80 {
				return 0
			}
			if c >= 0xc0 {
				if utf8.FullRune(b[len(b)-n:]) {
					return 0
				}
				return n
			}
		}
		return 0
	case "utf-16le", "utf-16be":
		n := len(b) % 2
		high := len(b) - n - 1
		if name == "utf-16be" {
			high--
		}
		if len(b) >= 2+n && b[high]&0xfc == 0xd8 {
			return n + 2
		}
		return n
	case "iso-2022-jp":
		return len(b) // what a byte means depends on everything before it
	}
	e, err := legacy(name)
	if err != nil {
		return 0
	}
	_, read, _ := e.NewDecoder().Transform(make([]byte, 4*len(b)+16), b, false)
	return len(b) - read
}

// PercentDecode decodes %XX as UTF-8 and leaves everything else as it is.
func PercentDecode(s string) string {
	var b bytes.Buffer
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := hex.DecodeString(s[i+1 : i+3]); err == nil {
				b.WriteByte(c[0])
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	text, _ := Decode("utf-8", b.Bytes())
	return text
}
