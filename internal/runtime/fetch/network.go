package fetch

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Network is the way out of functions.
type Network interface {
	// Begin opens the account of one request.
	Begin(appID, requestID string) Account
}

// Account is what one request may send and has sent. It is used by several goroutines at once.
type Account interface {
	// Do sends o. It ends, and so do reads of what it gives, when ctx does.
	Do(ctx context.Context, o Outgoing) (*Reply, error)
	// Refuse notes that o failed with err before it could be sent.
	Refuse(o Outgoing, err error)
}

// Outgoing is a request to another server.
type Outgoing struct {
	Method, URL     string
	Headers         http.Header
	Body            io.Reader // nil = none
	Size            int64     // of Body; -1 = unknown
	Auth            string    // name of a secret; "" = none
	Timeout         time.Duration
	Redirect, Cache string
}

// Reply is what another server answered. The body may be closed more than once, and while it is read.
type Reply struct {
	Status               int
	StatusText, URL      string
	Headers              http.Header
	Redirected, FromKept bool
	Body                 io.ReadCloser
	Size                 int64 // of Body; -1 = unknown
}
