package transport

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Overhead is what another server sends besides the bytes of bodies: headers, the framing of bodies, and frames about the
// connection. All of it costs processor time, and no limit on the size of a response covers it.
const (
	initialOverhead   = 128 << 10 // bytes, plus twice the largest header
	idleOverhead      = 8 << 10   // until the next request
	maxOverhead       = 1 << 20   // that can be saved up
	overheadPerSecond = 64 << 10
	replyCost         = 64 // of a frame that requires a reply, in addition to its size
)

// wire is a connection as HTTP sees it, above TLS. It carries one request at a time. It counts what the other server sends,
// and fails when that is out of proportion.
type wire struct {
	net.Conn  // TLS, or raw
	raw       net.Conn
	frames    *frames // nil in HTTP/1
	maxHeader int64
	dead      atomic.Bool // a read has failed, or it was closed

	mu        sync.Mutex
	idle      bool
	allowance int64 // bytes of overhead that may still come
	refilled  time.Time
	read      int64 // during the current request
	written   int64
	failure   *Error
}

func newWire(raw, conn net.Conn, framed bool, maxHeader int64) *wire {
	w := &wire{Conn: conn, raw: raw, maxHeader: maxHeader}
	if framed {
		w.frames = newFrames(w, conn)
	}
	w.begin()
	return w
}

// begin starts a request.
func (w *wire) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle, w.read, w.written = false, 0, 0
	w.allowance, w.refilled = initialOverhead+2*w.maxHeader, time.Now()
	if w.frames != nil {
		w.frames.begin()
	}
}

// rest makes the connection idle after a request that ended well.
func (w *wire) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle, w.allowance = true, idleOverhead
}

// Read returns what HTTP may see. In HTTP/1 a server must not send anything unasked: the next request would take it for its
// response.
func (w *wire) Read(p []byte) (int, error) {
	var from io.Reader = w.Conn
	if w.frames != nil {
		from = w.frames
	}
	n, err := from.Read(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read += int64(n)
	if w.frames == nil && n > 0 {
		if w.idle {
			w.fail("it sent unrequested data")
		} else {
			w.spend(int64(n))
		}
	}
	if w.failure != nil {
		n, err = 0, w.failure
	}
	if err != nil {
		w.dead.Store(true)
	}
	return n, err
}

// Write counts what is sent, because a server replies to an upload with frames that make room for more.
func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written += int64(n)
	w.earn(int64(n / 16))
	return n, err
}

// Close skips the closing message of TLS, which may block.
func (w *wire) Close() error {
	w.dead.Store(true)
	return w.raw.Close()
}

// body counts bytes of a response body in HTTP/1, where Read cannot tell them from the rest.
func (w *wire) body(n int) {
	if w.frames != nil || n == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.earn(2 * int64(n))
}

// earn adds to the allowance, which grows with the bytes of bodies and with time. The lock is held.
func (w *wire) earn(n int64) { w.allowance = min(w.allowance+n, max(w.allowance, maxOverhead)) }

// spend takes overhead out of the allowance, and fails when it is used up. The lock is held.
func (w *wire) spend(n int64) {
	if w.allowance -= n; w.allowance >= 0 {
		return
	}
	now := time.Now()
	w.allowance = min(w.allowance+int64(now.Sub(w.refilled).Seconds()*overheadPerSecond), initialOverhead)
	if w.refilled = now; w.allowance < 0 {
		w.fail("it sent too much that is not part of a response body")
	}
}

// fail closes the connection and keeps the reason. The lock is held.
func (w *wire) fail(why string) {
	if w.failure == nil {
		w.failure = &Error{Reason: "the connection was closed: " + why}
	}
	w.dead.Store(true)
	_ = w.raw.Close()
}

// failed returns why the wire closed the connection; nil = it did not.
func (w *wire) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failure == nil {
		return nil
	}
	return w.failure
}

// repeatable reports whether a failed request can be sent again on another connection: the server did not process it, or
// received none of it, or closed an idle connection and the method is idempotent (RFC 9110 §9.2.2).
func (w *wire) repeatable(method string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.failure != nil:
		return false
	case w.written == 0, w.frames != nil && w.frames.refused:
		return true
	case method == "POST", method == "PATCH":
		return false
	}
	return w.read == 0
}

// reusable reports whether the connection can carry another request.
func (w *wire) reusable() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.dead.Load() && (w.frames == nil || !w.frames.leaving)
}
