package edge

import (
	"bytes"
	"io"
	"log"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"fazt/internal/system"
)

// Progress ends exchanges in which the client does nothing: it must send some of the body, or take some of the
// answer, within the times the limits say. A transfer that moves, however large, is never cut.
func Progress(next http.Handler, limits *system.Live) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l := limits.HTTP()
		control := http.NewResponseController(w)
		write := time.Duration(l.WriteTimeout) * time.Millisecond
		out := &writer{ResponseWriter: w, control: control, wait: write, moved: time.Now()}
		if r.Body != nil && r.Body != http.NoBody {
			read := time.Duration(l.ReadTimeout) * time.Millisecond
			_ = control.SetReadDeadline(time.Now().Add(read))
			out.body = &body{ReadCloser: r.Body, control: control, wait: read}
			// net/http looks at the body of its own request when the answer begins: whether the client waits for
			// 100 Continue, and what is left to read.
			own := *r
			r = &own
			r.Body = out.body
			defer out.body.hangUp()
		}
		next.ServeHTTP(out, r)
	})
}

// linger is how long net/http goes on reading a body that the handler has not read, before it sends the answer or
// after: were the connection closed while the client sends, the client might lose the answer.
const linger = 500 * time.Millisecond

// body moves the read deadline on before every read.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	wait    time.Duration
	ends    time.Time // all of it must have arrived by then; zero = at any time

	// The function may read while its answer begins.
	begun atomic.Bool // some of it was asked for
	whole atomic.Bool // all of it was read
}

// hangUp keeps net/http from waiting for what nobody reads.
func (b *body) hangUp() {
	if !b.whole.Load() {
		_ = b.control.SetReadDeadline(time.Now().Add(linger))
	}
}

// EndBy bounds the reading of all of the body.
func (b *body) EndBy(ends time.Time) { b.ends = ends }

func (b *body) Read(p []byte) (int, error) {
	b.begun.Store(true)
	deadline := time.Now().Add(b.wait)
	if !b.ends.IsZero() && b.ends.Before(deadline) {
		deadline = b.ends
	}
	_ = b.control.SetReadDeadline(deadline)
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.whole.Store(true)
		// From here on net/http reads ahead to learn that the client left; a deadline would look like that.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// writer moves the write deadline on as the answer goes out.
type writer struct {
	http.ResponseWriter
	control *http.ResponseController
	wait    time.Duration
	moved   time.Time
	body    *body // of the request; nil once the answer has begun
}

// WriteHeader sends the head.
func (w *writer) WriteHeader(status int) {
	if status >= http.StatusOK {
		w.begin()
	}
	w.ResponseWriter.WriteHeader(status)
}

// begin is called before the answer begins, when net/http reads what is left of a short body.
func (w *writer) begin() {
	if w.body != nil && !w.body.begun.Load() {
		w.body.hangUp()
	}
	w.body = nil
}

// piece is how much of the answer the client must take within the time: a slow line takes long over a megabyte, and is
// not idle.
const piece = 64 << 10

func (w *writer) Write(p []byte) (n int, err error) {
	w.begin()
	for len(p) > piece && err == nil {
		var m int
		w.move()
		m, err = w.ResponseWriter.Write(p[:piece])
		n, p = n+m, p[m:]
	}
	if err != nil {
		return n, err
	}
	w.move()
	m, err := w.ResponseWriter.Write(p)
	return n + m, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush sends what is buffered.
func (w *writer) Flush() {
	w.begin()
	w.move()
	_ = w.control.Flush()
}

// move sets a new deadline when a good part of the old one has passed: setting one costs more than asking the time.
func (w *writer) move() {
	if now := time.Now(); now.Sub(w.moved) > w.wait/8 {
		w.moved = now
		_ = w.control.SetWriteDeadline(now.Add(w.wait))
	}
}

// logAdapter sends what net/http has to say to the log, at the level of debugging: it is about broken clients.
func logAdapter(l *slog.Logger) *log.Logger {
	return log.New(debugWriter{l}, "", 0)
}

type debugWriter struct{ log *slog.Logger }

func (d debugWriter) Write(p []byte) (int, error) {
	d.log.Debug("http", "message", string(bytes.TrimSpace(p)))
	return len(p), nil
}
