package client

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// handlerTransport serves requests by calling a handler in this process.
type handlerTransport struct{ handler http.Handler }

func (t handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	reader, writer := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: writer, begun: make(chan struct{})}
	body := &pipeBody{PipeReader: reader, cancel: cancel, ended: make(chan struct{})}
	resp := &http.Response{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, Body: body, ContentLength: -1}
	request := r.Clone(ctx)
	request.RequestURI = r.URL.RequestURI()
	request.Host = r.URL.Host
	if request.Body == nil {
		request.Body = http.NoBody
	}
	go func() {
		defer close(body.ended)
		defer cancel()
		defer func() {
			aborted := recover()
			if aborted != nil && aborted != http.ErrAbortHandler { //nolint:errorlint // the sentinel of net/http is compared by identity
				panic(aborted)
			}
			request.Body.Close()
			w.WriteHeader(http.StatusOK)
			if aborted != nil {
				writer.CloseWithError(io.ErrUnexpectedEOF) // like a dropped connection
			}
			writer.Close()
		}()
		t.handler.ServeHTTP(w, request)
	}()
	<-w.begun
	resp.StatusCode, resp.Header = w.status, w.sent
	resp.Status = http.StatusText(w.status)
	return resp, nil
}

// pipeBody is a response body. Closing it acts like a disconnecting client and waits until the handler has finished, so
// that what the handler uses may then be closed.
type pipeBody struct {
	*io.PipeReader
	cancel context.CancelFunc
	ended  chan struct{}
}

func (b *pipeBody) Close() error {
	b.cancel()
	err := b.PipeReader.Close()
	<-b.ended
	return err
}

// pipeWriter passes on a response as it is written.
type pipeWriter struct {
	header http.Header
	body   *io.PipeWriter
	once   sync.Once
	begun  chan struct{} // closed when status and sent are set
	status int
	sent   http.Header
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.begun)
	})
}

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// Flush sends the response head; nothing else is buffered.
func (w *pipeWriter) Flush() { w.WriteHeader(http.StatusOK) }
