package codec

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"unicode/utf16"
	"unicode/utf8"
)

// An Encoding is one of those that a Buffer of Node.js has between bytes and text.
type Encoding int

// The encodings, by the numbers that node-buffer.js uses.
const (
	UTF8 Encoding = iota
	UTF16
	Latin1
	ASCII
	Hex
	Base64
	Base64URL
)

// Chars are the characters of a text as the engine keeps them: one byte each (Latin-1) or, if they are wide, two (UTF-16,
// little-endian).
type Chars struct {
	Data []byte
	Wide bool
}

func (c Chars) len() int {
	if c.Wide {
		return len(c.Data) / 2
	}
	return len(c.Data)
}

// at returns a unit of the text.
func (c Chars) at(i int) uint16 {
	if c.Wide {
		return binary.LittleEndian.Uint16(c.Data[2*i:])
	}
	return uint16(c.Data[i])
}

// asciiRun returns how many bytes from the start on are ASCII.
func asciiRun(b []byte) int {
	n := 0
	for len(b)-n >= 8 && binary.LittleEndian.Uint64(b[n:])&0x8080808080808080 == 0 {
		n += 8
	}
	for n < len(b) && b[n] < utf8.RuneSelf {
		n++
	}
	return n
}

// Size returns how many bytes a text has in an encoding. For hex and base64 that is what its length says; what does not belong
// there makes it fewer.
func (e Encoding) Size(text Chars) int {
	n := text.len()
	switch e {
	case UTF8:
		return sizeUTF8(text)
	case UTF16:
		return 2 * n
	case Hex:
		return n / 2
	case Base64, Base64URL:
		if n > 0 && text.at(n-1) == '=' {
			n--
		}
		if n > 1 && text.at(n-1) == '=' {
			n--
		}
		return n/4*3 + n%4*3/4
	}
	return n
}

func sizeUTF8(text Chars) int {
	size := 0
	if !text.Wide {
		b := text.Data
		for len(b) > 0 {
			run := asciiRun(b)
			size += run
			for b = b[run:]; len(b) > 0 && b[0] >= utf8.RuneSelf; b = b[1:] {
				size += 2
			}
		}
		return size
	}
	for i := 0; i < text.len(); {
		_, n, units := text.rune(i)
		size += n
		i += units
	}
	return size
}

// rune returns the character at a unit, the bytes it has in UTF-8, and its units. Half a pair is U+FFFD.
func (c Chars) rune(i int) (r rune, size, units int) {
	switch u := c.at(i); {
	case u < 0x80:
		return rune(u), 1, 1
	case u < 0x800:
		return rune(u), 2, 1
	case u < 0xd800 || u >= 0xe000:
		return rune(u), 3, 1
	case i+1 < c.len():
		if r = utf16.DecodeRune(rune(u), rune(c.at(i+1))); r != utf8.RuneError {
			return r, 4, 2
		}
	}
	return utf8.RuneError, 3, 1
}

// Encode writes as many whole characters of a text as dst has room for, and returns how many bytes that are and how many
// units of the text were read.
func (e Encoding) Encode(dst []byte, text Chars) (written, read int) {
	switch e {
	case UTF8:
		return encodeUTF8(dst, text)
	case UTF16:
		n := min(len(dst)/2, text.len())
		if text.Wide {
			copy(dst, text.Data[:2*n])
			return 2 * n, n
		}
		for i, c := range text.Data[:n] {
			dst[2*i], dst[2*i+1] = c, 0
		}
		return 2 * n, n
	case Hex:
		n := decodeHex(dst, text)
		return n, 2 * n
	case Base64, Base64URL:
		return decodeBase64(dst, text), text.len()
	}
	n := min(len(dst), text.len())
	if !text.Wide {
		return copy(dst, text.Data[:n]), n
	}
	for i := range n {
		dst[i] = text.Data[2*i]
	}
	return n, n
}

func encodeUTF8(dst []byte, text Chars) (written, read int) {
	if text.Wide {
		for read < text.len() {
			r, size, units := text.rune(read)
			if written+size > len(dst) {
				break
			}
			if size == 1 {
				dst[written] = byte(r)
			} else {
				utf8.EncodeRune(dst[written:], r)
			}
			written += size
			read += units
		}
		return written, read
	}
	b := text.Data
	for read < len(b) && written < len(dst) {
		run := copy(dst[written:], b[read:read+asciiRun(b[read:])])
		written += run
		read += run
		for read < len(b) && b[read] >= utf8.RuneSelf {
			if written+2 > len(dst) {
				return written, read
			}
			dst[written], dst[written+1] = 0xc0|b[read]>>6, 0x80|b[read]&0x3f
			written += 2
			read++
		}
	}
	return written, read
}

const noDigit = 0xff

// hexDigit returns the value of a digit of hex, or noDigit.
func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return noDigit
}

// decodeHex decodes pairs up to the first that is none.
func decodeHex(dst []byte, text Chars) int {
	n := min(len(dst), text.len()/2)
	if !text.Wide {
		done, _ := hex.Decode(dst[:n], text.Data[:2*n])
		return done
	}
	for i := range n { // Node.js looks at the lower byte of each unit
		high, low := hexDigit(text.Data[4*i]), hexDigit(text.Data[4*i+2])
		if high == noDigit || low == noDigit {
			return i
		}
		dst[i] = high<<4 | low
	}
	return n
}

// base64Digits are the values of the digits of base64, in both alphabets.
const base64Digits = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x3e\xff\x3e\xff\x3f" +
	"\x34\x35\x36\x37\x38\x39\x3a\x3b\x3c\x3d\xff\xff\xff\xff\xff\xff" +
	"\xff\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e" +
	"\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\xff\xff\xff\xff\x3f" +
	"\xff\x1a\x1b\x1c\x1d\x1e\x1f\x20\x21\x22\x23\x24\x25\x26\x27\x28" +
	"\x29\x2a\x2b\x2c\x2d\x2e\x2f\x30\x31\x32\x33\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" +
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"

// isPlainDigit reports whether a character is a digit of the alphabet that is not for URLs.
func isPlainDigit(c byte) bool { return base64Digits[c] != noDigit && c != '-' && c != '_' }

// decodeBase64 decodes the digits before the first equals sign, of both alphabets, and passes over everything else. As in Node.js,
// the lower byte of a unit counts.
func decodeBase64(dst []byte, text Chars) int {
	written, i := 0, 0
	if !text.Wide {
		src := text.Data
		for ; i+4 <= len(src) && written+3 <= len(dst); i += 4 {
			a, b, c, d := base64Digits[src[i]], base64Digits[src[i+1]], base64Digits[src[i+2]], base64Digits[src[i+3]]
			if a|b|c|d == noDigit {
				break
			}
			dst[written], dst[written+1], dst[written+2] = a<<2|b>>4, b<<4|c>>2, c<<6|d
			written += 3
		}
	}
	var bits uint32
	held := 0
	for ; i < text.len() && written < len(dst); i++ {
		c := byte(text.at(i))
		if c == '=' {
			break
		}
		d := base64Digits[c]
		if d == noDigit {
			continue
		}
		bits, held = bits<<6|uint32(d), held+6
		if held >= 8 {
			held -= 8
			dst[written] = byte(bits >> held)
			written++
		}
	}
	return written
}

// Length returns the length of the text that bytes are in an encoding, and whether its characters are wide.
func (e Encoding) Length(b []byte) (n int, wide bool) {
	switch e {
	case UTF8:
		return lengthUTF8(b)
	case UTF16:
		b = b[:len(b)&^1]
		for i := 1; i < len(b); i += 2 {
			if b[i] != 0 {
				return len(b) / 2, true
			}
		}
		return len(b) / 2, false
	case Hex:
		return 2 * len(b), false
	case Base64:
		return base64.StdEncoding.EncodedLen(len(b)), false
	case Base64URL:
		return base64.RawURLEncoding.EncodedLen(len(b)), false
	}
	return len(b), false
}

func lengthUTF8(b []byte) (n int, wide bool) {
	for len(b) > 0 {
		run := asciiRun(b)
		n += run
		for b = b[run:]; len(b) > 0 && b[0] >= utf8.RuneSelf; {
			r, size := decodeRune(b)
			wide = wide || r > 0xff
			n++
			if r > 0xffff {
				n++
			}
			b = b[size:]
		}
	}
	return n, wide
}

// decodeRune decodes a character. The largest part of an invalid one that could begin a character is one U+FFFD.
func decodeRune(b []byte) (r rune, size int) {
	r, size = utf8.DecodeRune(b)
	if r == utf8.RuneError && size <= 1 {
		return r, partial(b)
	}
	return r, size
}

// Decode writes the text that bytes are in an encoding to dst, which has room for what Length said.
func (e Encoding) Decode(dst Chars, b []byte) {
	switch e {
	case UTF8:
		decodeUTF8(dst, b)
	case UTF16:
		b = b[:len(b)&^1]
		if dst.Wide {
			copy(dst.Data, b)
			return
		}
		for i := range dst.Data {
			dst.Data[i] = b[2*i]
		}
	case Hex:
		hex.Encode(dst.Data, b)
	case Base64:
		base64.StdEncoding.Encode(dst.Data, b)
	case Base64URL:
		base64.RawURLEncoding.Encode(dst.Data, b)
	case ASCII:
		for i, c := range b {
			dst.Data[i] = c & 0x7f
		}
	default:
		copy(dst.Data, b)
	}
}

func decodeUTF8(dst Chars, b []byte) {
	if !dst.Wide {
		to := dst.Data
		for len(b) > 0 {
			run := asciiRun(b)
			to = to[copy(to, b[:run]):]
			for b = b[run:]; len(b) > 0 && b[0] >= utf8.RuneSelf; {
				r, size := decodeRune(b)
				to[0] = byte(r)
				to, b = to[1:], b[size:]
			}
		}
		return
	}
	at := 0
	put := func(u rune) {
		binary.LittleEndian.PutUint16(dst.Data[at:], uint16(u))
		at += 2
	}
	for len(b) > 0 {
		r, size := decodeRune(b)
		if r > 0xffff {
			high, low := utf16.EncodeRune(r)
			put(high)
			put(low)
		} else {
			put(r)
		}
		b = b[size:]
	}
}

// SizeBase64 returns how many bytes a text is by the forgiving decoding of the Infra standard, which passes over white space
// and lets padding be missing; ok is false if it is not base64.
func SizeBase64(text Chars) (n int, ok bool) {
	digits, padding, i := 0, 0, 0
	if !text.Wide {
		for i < len(text.Data) && isPlainDigit(text.Data[i]) {
			i++
		}
		digits = i
	}
	for ; i < text.len(); i++ {
		switch c := text.at(i); {
		case c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' ':
		case c == '=':
			padding++
		case padding > 0 || c > 0xff || !isPlainDigit(byte(c)):
			return 0, false
		default:
			digits++
		}
	}
	if padding > 0 && (padding > 2 || (digits+padding)%4 != 0) || digits%4 == 1 {
		return 0, false
	}
	return digits/4*3 + digits%4*3/4, true
}

// DecodeBase64 decodes a text that SizeBase64 accepts.
func DecodeBase64(dst []byte, text Chars) { decodeBase64(dst, text) }

// IsLatin1 reports whether every character of a text fits a byte.
func (c Chars) IsLatin1() bool {
	if c.Wide {
		for i := 1; i < len(c.Data); i += 2 {
			if c.Data[i] != 0 {
				return false
			}
		}
	}
	return true
}

// Valid reports whether bytes are text in an encoding, UTF-8 or ASCII.
func (e Encoding) Valid(b []byte) bool {
	if e == ASCII {
		return asciiRun(b) == len(b)
	}
	return utf8.Valid(b)
}
