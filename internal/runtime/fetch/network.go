package fetch

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Network sends the requests of functions.
type Network interface {
	// Begin opens the account of one invocation.
	Begin(appID, requestID string) Account
}

// Account limits and records what one invocation sends. Several goroutines may use it at once.
type Account interface {
	// Do sends o. It returns when ctx ends, as do reads of the reply's body.
	Do(ctx context.Context, o Outgoing) (*Reply, error)
	// Refuse records that o failed with err before it could be sent.
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
	Assets          bool // for the files of the deployment, not for another server
}

// Reply is the response of another server. The body may be closed more than once, and while it is being read.
type Reply struct {
	Status               int
	StatusText, URL      string
	Headers              http.Header
	Redirected, FromKept bool
	Body                 io.ReadCloser
	Size                 int64 // of Body; -1 = unknown
}
