package client

import (
	"io"
	"net/http"
	"sync"
)

// handlerTransport answers requests by calling a handler in this process.
type handlerTransport struct{ handler http.Handler }

func (t handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	reader, writer := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: writer, begun: make(chan struct{})}
	resp := &http.Response{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, Body: reader, ContentLength: -1}
	request := r.Clone(r.Context())
	request.RequestURI = r.URL.RequestURI()
	request.Host = r.URL.Host
	if request.Body == nil {
		request.Body = http.NoBody
	}
	go func() {
		defer func() {
			request.Body.Close()
			w.WriteHeader(http.StatusOK)
			writer.Close()
		}()
		t.handler.ServeHTTP(w, request)
	}()
	<-w.begun
	resp.StatusCode, resp.Header = w.status, w.sent
	resp.Status = http.StatusText(w.status)
	return resp, nil
}

// pipeWriter hands a response over while it is being written.
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
