package output

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"unicode/utf8"
)

// Screen is the output that people read: everything written to it is made Visible. Commands have no other way to
// standard output and standard error except Raw.
type Screen struct {
	mu   sync.Mutex
	w    io.Writer
	rest []byte // the first bytes of an incomplete character
}

// NewScreen returns a Screen that writes to w.
func NewScreen(w io.Writer) *Screen { return &Screen{w: w} }

// Raw returns the writer below the screen, for the bytes of files and for intended control sequences.
func Raw(w io.Writer) io.Writer {
	if s, ok := w.(*Screen); ok {
		return s.w
	}
	return w
}

// Write shows text. A character may be split between two calls.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := append(s.rest, p...)
	whole := len(text)
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if at := len(text) - n; utf8.RuneStart(text[at]) {
			if !utf8.FullRune(text[at:]) {
				whole = at
			}
			break
		}
	}
	s.rest = bytes.Clone(text[whole:])
	if _, err := s.w.Write([]byte(Visible(string(text[:whole])))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close writes an incomplete character at the end. It does not close the writer below.
func (s *Screen) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rest := s.rest
	s.rest = nil
	_, err := s.w.Write([]byte(Visible(string(rest))))
	return err
}

// EscapeJSON escapes characters in JSON that would control a terminal. The values stay the same.
func EscapeJSON(data []byte) []byte {
	if !bytes.ContainsFunc(data, func(r rune) bool { return r >= 0x7f && steers(r) }) {
		return data
	}
	var b bytes.Buffer
	for _, r := range string(data) {
		switch {
		case r < 0x7f || !steers(r):
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

// JSONWriter escapes what an encoder writes to w. Each Write must contain whole characters.
type JSONWriter struct{ W io.Writer }

func (j JSONWriter) Write(p []byte) (int, error) {
	_, err := j.W.Write(EscapeJSON(p))
	return len(p), err
}
