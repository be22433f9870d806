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

// Progress ends requests whose client is idle: it must send part of the body, or receive part of the response, within the
// timeouts. A transfer that makes progress is never cut off, however large it is.
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
			// net/http looks at the body of its own request when the response begins: whether the client waits for
			// 100 Continue, and how much is left to read.
			own := *r
			r = &own
			r.Body = out.body
			defer out.body.hangUp()
		}
		next.ServeHTTP(out, r)
	})
}

// linger is how long net/http continues to read a body that the handler has not read, before or after it sends the response: if
// the connection were closed while the client sends, the client could lose the response.
const linger = 500 * time.Millisecond

// body extends the read deadline before every read.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	wait    time.Duration
	ends    time.Time // deadline for the whole body; zero = none

	// The function may read while its response begins.
	begun atomic.Bool // a read was attempted
	whole atomic.Bool // it was read to its end
}

// hangUp keeps net/http from waiting for the rest of the body.
func (b *body) hangUp() {
	if !b.whole.Load() {
		_ = b.control.SetReadDeadline(time.Now().Add(linger))
	}
}

// EndBy sets a deadline for the whole body.
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
		// From here on net/http reads ahead to notice that the client has gone, and a timeout would look the same.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// writer extends the write deadline as the response is sent.
type writer struct {
	http.ResponseWriter
	control *http.ResponseController
	wait    time.Duration
	moved   time.Time
	body    *body // of the request; nil once the response has begun
}

// WriteHeader sends the header.
func (w *writer) WriteHeader(status int) {
	if status >= http.StatusOK {
		w.begin()
	}
	w.ResponseWriter.WriteHeader(status)
}

// begin is called before the response begins, when net/http reads what is left of a short body.
func (w *writer) begin() {
	if w.body != nil && !w.body.begun.Load() {
		w.body.hangUp()
	}
	w.body = nil
}

// piece is how much of the response the client must receive within the timeout: a client on a slow line needs long for a
// megabyte, but is not idle.
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

// move sets a new deadline when a good part of the old one has passed: setting one costs more than reading the clock.
func (w *writer) move() {
	if now := time.Now(); now.Sub(w.moved) > w.wait/8 {
		w.moved = now
		_ = w.control.SetWriteDeadline(now.Add(w.wait))
	}
}

// logAdapter writes the messages of net/http to the log, at debug level: they are about broken clients.
func logAdapter(l *slog.Logger) *log.Logger {
	return log.New(debugWriter{l}, "", 0)
}

type debugWriter struct{ log *slog.Logger }

func (d debugWriter) Write(p []byte) (int, error) {
	d.log.Debug("http", "message", string(bytes.TrimSpace(p)))
	return len(p), nil
}
