package server

import (
	"bytes"
	"io"
	"log"
	"log/slog"
	"net/http"
	"time"

	"fazt/internal/system"
)

// progress ends exchanges in which the client does nothing: it must send some of the body, or take some of the
// answer, within the times the limits say. A transfer that moves, however large, is never cut.
func progress(next http.Handler, limits *system.Live) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l := limits.HTTP()
		control := http.NewResponseController(w)
		write := time.Duration(l.WriteTimeout) * time.Millisecond
		if r.Body != nil && r.Body != http.NoBody {
			read := time.Duration(l.ReadTimeout) * time.Millisecond
			_ = control.SetReadDeadline(time.Now().Add(read)) // also for what net/http discards of a body nobody read
			r.Body = &body{r.Body, control, read, time.Time{}}
			defer hangUp(w, control)
		}
		next.ServeHTTP(&writer{w, control, write, time.Now()}, r)
	})
}

// linger is how long a connection that is to be closed is read from: were it closed while the client sends, the client
// might lose the answer.
const linger = 500 * time.Millisecond

// hangUp keeps net/http from waiting for the rest of a body that was refused.
func hangUp(w http.ResponseWriter, control *http.ResponseController) {
	if w.Header().Get("Connection") == "close" {
		_ = control.SetReadDeadline(time.Now().Add(linger))
	}
}

// body moves the read deadline on before every read.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	wait    time.Duration
	ends    time.Time // all of it must have arrived by then; zero = whenever
}

// EndBy bounds the reading of all of the body.
func (b *body) EndBy(ends time.Time) { b.ends = ends }

func (b *body) Read(p []byte) (int, error) {
	deadline := time.Now().Add(b.wait)
	if !b.ends.IsZero() && b.ends.Before(deadline) {
		deadline = b.ends
	}
	_ = b.control.SetReadDeadline(deadline)
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
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
}

// piece is how much of the answer the client must take within the time: a slow line takes long over a megabyte, and is
// not idle.
const piece = 64 << 10

func (w *writer) Write(p []byte) (n int, err error) {
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
