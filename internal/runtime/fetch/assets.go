package fetch

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"

	"fazt/internal/errs"
)

var errNoAssets = errs.New(errs.Unavailable, "this function has no static files")

// assets is the account of requests for the files of the deployment. They are neither limited by what the app may reach nor
// logged: nothing leaves the instance.
type assets struct{ files http.Handler }

// Refuse implements Account.
func (assets) Refuse(Outgoing, error) {}

// Do implements Account. The body is passed on as it is read, however large the file is.
func (a assets) Do(ctx context.Context, o Outgoing) (*Reply, error) {
	if a.files == nil {
		return nil, errNoAssets
	}
	r, err := http.NewRequestWithContext(ctx, o.Method, o.URL, http.NoBody)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "not a URL of a file: %.200q", o.URL)
	}
	r.Header = o.Headers
	body, w := io.Pipe()
	p := &piped{header: http.Header{}, body: w, began: make(chan struct{})}
	go func() {
		defer p.end()
		a.files.ServeHTTP(p, r)
	}()
	select {
	case <-p.began:
	case <-ctx.Done():
		body.Close()
		return nil, ctx.Err()
	}
	reply := &Reply{Status: p.status, URL: o.URL, Headers: p.sent, Body: body, Size: -1}
	reply.StatusText = http.StatusText(p.status)
	if n, err := strconv.ParseInt(p.sent.Get("Content-Length"), 10, 64); err == nil && o.Method != http.MethodHead {
		reply.Size = n
	}
	return reply, nil
}

// piped is a response that is read while it is written.
type piped struct {
	header http.Header
	body   *io.PipeWriter
	once   sync.Once
	began  chan struct{} // closed when the fields below are set
	status int
	sent   http.Header
}

// Header implements http.ResponseWriter.
func (p *piped) Header() http.Header { return p.header }

// WriteHeader implements http.ResponseWriter.
func (p *piped) WriteHeader(status int) {
	p.once.Do(func() {
		p.status, p.sent = status, p.header.Clone()
		close(p.began)
	})
}

// Write implements http.ResponseWriter.
func (p *piped) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return p.body.Write(b)
}

// end ends the body. A handler that panics leaves it incomplete.
func (p *piped) end() {
	if cause := recover(); cause != nil {
		p.WriteHeader(http.StatusInternalServerError)
		p.body.CloseWithError(io.ErrUnexpectedEOF)
		return
	}
	p.WriteHeader(http.StatusOK)
	p.body.Close()
}
