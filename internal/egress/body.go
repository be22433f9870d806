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

// tooLarge is what reading past a limit says.
func tooLarge(what string) *fault {
	return fail(CodeSize, what+" is larger than is allowed", what+" is larger than is allowed")
}

// bounded reads at most so many bytes, and fails when there are more.
func bounded(r io.Reader, most int64, what string) io.Reader {
	return limitio.Max(r, most, tooLarge(what))
}

// What the body of a call may be kept in memory for: to be sent again, when a connection that waited turns out to be closed,
// or a redirect of the same origin asks for it.
const (
	keptAtOnce = 64 << 10 // of known size up to this, it is read before the call begins
	keptAtMost = 1 << 20
)

// upload is the body of a call.
type upload struct {
	whole []byte // when it was read at once
	size  int64  // -1 = not known

	mu     sync.Mutex
	from   io.Reader
	left   int64
	kept   []byte // of a stream, as far as it was read; nil when it became too long
	keep   bool
	ended  bool // all of it was read
	closed bool
	sent   int64
	failed error
}

// newUpload takes the body of a call; nil = it has none.
func newUpload(c *Call, most int64) (*upload, *fault) {
	if c.Body == nil || c.Size == 0 {
		return nil, nil
	}
	u := &upload{from: c.Body, size: max(c.Size, -1), left: most, keep: true}
	if c.Size > most {
		return nil, tooLarge("the body of the call")
	}
	if c.Size < 0 || c.Size > keptAtOnce {
		return u, nil
	}
	u.whole = make([]byte, c.Size)
	if _, err := io.ReadFull(c.Body, u.whole); err != nil {
		return nil, malformed("the body of the call is shorter than it says")
	}
	return u, nil
}

// attach makes u the body of a request; again says that it was one already. ok is false when it cannot be sent again.
func (u *upload) attach(req *http.Request, again bool) (ok bool) {
	whole := u.whole
	if whole == nil && again {
		if !u.mu.TryLock() { // it is still being read
			return false
		}
		defer u.mu.Unlock()
		if !u.ended || !u.keep {
			return false
		}
		whole = u.kept
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
		if len(u.kept)+n > keptAtMost {
			u.kept, u.keep = nil, false
		} else {
			u.kept = append(u.kept, p[:n]...)
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

// Close is called by the transport, as soon as it needs no more.
func (u *upload) Close() error {
	if u.mu.TryLock() { // else a read of the function's stream is under way, and ends with the call
		u.closed = true
		u.mu.Unlock()
	}
	return nil
}

// state is how much was sent, and what reading failed with.
func (u *upload) state() (sent int64, failed error) {
	if u == nil || !u.mu.TryLock() {
		return 0, nil
	}
	defer u.mu.Unlock()
	return u.sent, u.failed
}

var errClosed = errors.New("the call is over")

// encodings are what is asked for. Not zstd: its window, up to 8 MiB, is allocated for the first byte of an answer, however
// small it is; gzip has 32 KiB, and the window of brotli grows with what came.
const encodings = "gzip, br"

// decoded is a body without its Content-Encoding; ok is false when there is none that we decode.
func decoded(from io.Reader, encoding string) (r io.Reader, ok bool) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "gzip", "x-gzip":
		return &lazily{from: from, open: func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }}, true
	case "br":
		return &lazily{from: from, open: func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }}, true
	}
	return from, false
}

// lazily opens a decoder when something is to be decoded: an answer without a body may name an encoding too.
type lazily struct {
	from io.Reader
	open func(io.Reader) (io.Reader, error)
	r    io.Reader
}

func (l *lazily) Read(p []byte) (int, error) {
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
