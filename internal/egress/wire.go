package egress

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// What another server may send beside the bytes of bodies: heads, the framing of bodies, and frames that are about the
// connection. Each costs a processor something, and none is bounded by the size of an answer.
const (
	besideAtOnce = 128 << 10 // and twice the largest head
	besideIdle   = 8 << 10   // while the connection waits for its next call
	besideMost   = 1 << 20   // that can be saved up
	besideASec   = 64 << 10
	perAnswer    = 64 // what a frame that has to be answered costs beside its bytes
)

// wire is a connection as HTTP sees it, above TLS. It serves one call at a time, so what the other server does with it is
// known to be done to that call: the wire counts it, and fails when it is out of proportion.
type wire struct {
	net.Conn // TLS, or raw
	raw      net.Conn
	frames   *frames // nil in HTTP/1
	head     int64
	dead     atomic.Bool // there is no reading from it any more

	mu      sync.Mutex
	idle    bool
	beside  int64 // bytes that may still come
	at      time.Time
	read    int64 // since the call began
	written int64
	fault   *fault
}

func newWire(raw, conn net.Conn, framed bool, head int64) *wire {
	w := &wire{Conn: conn, raw: raw, head: head}
	if framed {
		w.frames = newFrames(w, conn)
	}
	w.begin()
	return w
}

// begin says that a call begins.
func (w *wire) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle, w.read, w.written = false, 0, 0
	w.beside, w.at = besideAtOnce+2*w.head, time.Now()
	if w.frames != nil {
		w.frames.begin()
	}
}

// rest says that a call has ended well.
func (w *wire) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle, w.beside = true, besideIdle
}

// Read gives what HTTP is to see. In HTTP/1 nothing comes of itself: an answer to no request would be taken for that to the
// next one.
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
			w.fail("it sent something that was not asked for")
		} else {
			w.spend(int64(n))
		}
	}
	if w.fault != nil {
		n, err = 0, w.fault
	}
	if err != nil {
		w.dead.Store(true)
	}
	return n, err
}

// Write counts; an upload is answered with frames that make room for more of it.
func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written += int64(n)
	w.earn(int64(n / 16))
	return n, err
}

// Close says goodbye to nobody: TLS would wait until the other side has read it.
func (w *wire) Close() error {
	w.dead.Store(true)
	return w.raw.Close()
}

// body says that so much of an answer's body was read in HTTP/1, where frames do not tell it from the rest.
func (w *wire) body(n int) {
	if w.frames != nil || n == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.earn(2 * int64(n))
}

// earn and spend keep what may still come beside bodies: as much again as came of bodies, and some each second. The lock is held.
func (w *wire) earn(n int64) { w.beside = min(w.beside+n, max(w.beside, besideMost)) }

func (w *wire) spend(n int64) {
	if w.beside -= n; w.beside >= 0 {
		return
	}
	now := time.Now()
	w.beside = min(w.beside+int64(now.Sub(w.at).Seconds()*besideASec), besideAtOnce)
	if w.at = now; w.beside < 0 {
		w.fail("it sent too much that is not part of a response")
	}
}

// fail ends the connection, and says why. The lock is held.
func (w *wire) fail(why string) {
	if w.fault == nil {
		w.fault = nonsense("the connection was closed: " + why)
	}
	w.dead.Store(true)
	_ = w.raw.Close()
}

// failed is why the wire ended the connection; nil = it did not.
func (w *wire) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault == nil {
		return nil
	}
	return w.fault
}

// repeatable says whether a request that failed can be sent again on another connection: the other server said that it did
// not look at it, or it got nothing of it, or it closed a connection that had waited and the request asks for nothing that
// happens twice (RFC 9110 §9.2.2).
func (w *wire) repeatable(method string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.fault != nil:
		return false
	case w.written == 0, w.frames != nil && w.frames.refused:
		return true
	case method == "POST", method == "PATCH":
		return false
	}
	return w.read == 0
}

// reusable says whether another call may go over the connection.
func (w *wire) reusable() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.dead.Load() && (w.frames == nil || !w.frames.leaving)
}
