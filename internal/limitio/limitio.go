// Package limitio bounds and counts reads and writes.
package limitio

import (
	"errors"
	"io"
	"sync/atomic"
	"unicode/utf8"
)

// ErrTooLong is returned by ReadAll if the source is longer than the limit.
var ErrTooLong = errors.New("too long")

// Max returns a reader of at most n bytes of r. It fails with over if r has more: an exact fit ends in io.EOF.
func Max(r io.Reader, n int64, over error) io.Reader {
	return &limited{r, n, over}
}

type limited struct {
	r    io.Reader
	left int64
	over error
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left > 0 {
		n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
		l.left -= int64(n)
		return n, err
	}
	var probe [1]byte
	if n, err := l.r.Read(probe[:]); n == 0 {
		return 0, err
	}
	return 0, l.over
}

// ReadAll reads all of r, or returns ErrTooLong if r has more than limit bytes.
func ReadAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(Max(r, limit, ErrTooLong))
	if err != nil {
		return nil, err
	}
	return data, nil
}

// Counter is a reader that adds the number of bytes it has read to N.
type Counter struct {
	R io.Reader
	N *atomic.Int64
}

// Read reads from R.
func (c Counter) Read(p []byte) (int, error) {
	n, err := c.R.Read(p)
	c.N.Add(int64(n))
	return n, err
}

// CountWriter is a writer that counts bytes and drops them.
type CountWriter int64

// Write adds the length of p.
func (c *CountWriter) Write(p []byte) (int, error) {
	*c += CountWriter(len(p))
	return len(p), nil
}

// Source records the error with which a reader failed, to distinguish a broken source from an error of its consumer.
type Source struct {
	R   io.Reader
	Err error // never io.EOF
}

// Read reads from R.
func (s *Source) Read(p []byte) (int, error) {
	n, err := s.R.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.Err = err
	}
	return n, err
}

// Head is a writer that keeps the first Max bytes and drops the rest.
type Head struct {
	Max  int
	kept []byte
}

// Write keeps the part of p that fits. It never fails.
func (h *Head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), max(0, h.Max-len(h.kept)))]...)
	return len(p), nil
}

// String returns the bytes kept.
func (h *Head) String() string { return string(h.kept) }

// Bytes returns the bytes kept.
func (h *Head) Bytes() []byte { return h.kept }

// Cut returns the first n bytes of text, or fewer if the cut would be in the middle of a character.
func Cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	n = max(n, 0)
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
