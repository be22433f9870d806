package egress

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"

	"fazt/internal/limitio"
)

func tooLarge(what string) *fault {
	return fail(CodeSize, what+" is too large", what+" is too large")
}

// bounded returns a reader that fails after max bytes.
func bounded(r io.Reader, max int64, what string) io.Reader {
	return limitio.Max(r, max, tooLarge(what))
}

// A body is kept in memory so that it can be sent again: if an idle connection turns out to be closed, or if a redirect on
// the same origin asks for it.
const (
	maxPreread = 64 << 10 // bodies of a known size up to this are read before the call starts
	maxReplay  = 1 << 20
)

// upload is the body of a call.
type upload struct {
	whole []byte // if it was read before the call
	size  int64  // -1 = unknown

	mu     sync.Mutex
	from   io.Reader
	left   int64
	replay []byte // what was read of a stream; nil once that is too much
	keep   bool
	ended  bool // all of it was read
	closed bool
	sent   int64
	failed error
}

// newUpload returns the body of a call, or nil if it has none.
func newUpload(c *Call, limit int64) (*upload, *fault) {
	if c.Body == nil || c.Size == 0 {
		return nil, nil
	}
	u := &upload{from: c.Body, size: max(c.Size, -1), left: limit, keep: true}
	if c.Size > limit {
		return nil, tooLarge("the body of the call")
	}
	if c.Size < 0 || c.Size > maxPreread {
		return u, nil
	}
	u.whole = make([]byte, c.Size)
	if _, err := io.ReadFull(c.Body, u.whole); err != nil {
		return nil, malformed("the body of the call is shorter than its Content-Length")
	}
	return u, nil
}

// attach makes u the body of a request. again means that it was sent before; ok is false if it cannot be sent once more.
func (u *upload) attach(req *http.Request, again bool) (ok bool) {
	whole := u.whole
	if whole == nil && again {
		if !u.mu.TryLock() { // still being read
			return false
		}
		defer u.mu.Unlock()
		if !u.ended || !u.keep {
			return false
		}
		whole = u.replay
	}
	if whole == nil {
		req.ContentLength = u.size
		req.Body = u
		return true
	}
	u.sent = int64(len(whole))
	req.ContentLength = int64(len(whole))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(whole)), nil }
	req.Body, _ = req.GetBody()
	return true
}

func (u *upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return 0, errClosed
	}
	n, err := u.from.Read(p)
	u.left -= int64(n)
	u.sent += int64(n)
	if u.left < 0 {
		err = tooLarge("the body of the call")
	}
	if u.keep {
		if len(u.replay)+n > maxReplay {
			u.replay, u.keep = nil, false
		} else {
			u.replay = append(u.replay, p[:n]...)
		}
	}
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		u.ended = true
	default:
		u.failed = err
		return 0, err
	}
	return n, err
}

// Close is called by the transport when it needs no more.
func (u *upload) Close() error {
	if u.mu.TryLock() { // otherwise a read of the function's stream is in progress, and ends with the call
		u.closed = true
		u.mu.Unlock()
	}
	return nil
}

// state returns how much was sent, and the error if reading failed.
func (u *upload) state() (sent int64, failed error) {
	if u == nil || !u.mu.TryLock() {
		return 0, nil
	}
	defer u.mu.Unlock()
	return u.sent, u.failed
}

var errClosed = errors.New("the call is over")

// encodings is the Accept-Encoding of requests. Not zstd: its window of up to 8 MiB is allocated with the first byte of even the
// smallest response; gzip has 32 KiB, and the window of Brotli grows with the data.
const encodings = "gzip, br"

// decoded returns a body without its Content-Encoding; ok is false if the encoding is not one of encodings.
func decoded(from io.Reader, encoding string) (r io.Reader, ok bool) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "gzip", "x-gzip":
		return &lazyDecoder{from: from, open: func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }}, true
	case "br":
		return &lazyDecoder{from: from, open: func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }}, true
	}
	return from, false
}

// lazyDecoder opens its decoder with the first byte, because a response without a body may also name an encoding.
type lazyDecoder struct {
	from io.Reader
	open func(io.Reader) (io.Reader, error)
	r    io.Reader
}

func (l *lazyDecoder) Read(p []byte) (int, error) {
	if l.r == nil {
		from := bufio.NewReader(l.from)
		if _, err := from.Peek(1); err != nil {
			return 0, err
		}
		r, err := l.open(from)
		if err != nil {
			return 0, err
		}
		l.r = r
	}
	return l.r.Read(p)
}
