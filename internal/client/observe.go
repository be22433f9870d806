package client

import (
	"net/http"
	"time"
)

// Observed describes one call as sent over the wire.
type Observed struct {
	Request   *http.Request
	Via       string // how the instance was reached
	Status    int    // 0 if there was no response
	RequestID string // identifies the call in the instance's log
	Took      time.Duration
	Err       error
}

// Observe calls fn after every call. It must be set before the first one.
func (c *Client) Observe(fn func(Observed)) {
	via := "through " + c.base
	switch {
	case c.local:
		via = "in this process"
	case c.base == "http://fazt":
		via = "through the socket"
	}
	c.transport = observer{c.transport, via, fn}
}

type observer struct {
	http.RoundTripper
	via string
	fn  func(Observed)
}

func (o observer) RoundTrip(r *http.Request) (*http.Response, error) {
	started := time.Now()
	resp, err := o.RoundTripper.RoundTrip(r)
	seen := Observed{Request: r, Via: o.via, Took: time.Since(started), Err: err}
	if resp != nil {
		seen.Status, seen.RequestID = resp.StatusCode, resp.Header.Get("X-Request-Id")
	}
	o.fn(seen)
	return resp, err
}
