package transport

import (
	"context"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/http2"
)

// conn is a connection to another server that speaks HTTP/1.1 or HTTP/2.
type conn struct {
	key   Key
	wire  *wire
	http  http.RoundTripper
	timer *time.Timer // closes it when it was idle for too long
}

// close closes the connection below HTTP and TLS, which may block.
func (c *conn) close() { _ = c.wire.Close() }

// cause returns why something on the connection failed: what the wire found comes first, because HTTP sees only a closed
// connection.
func (c *conn) cause(err error) error {
	if failure := c.wire.failed(); failure != nil {
		return failure
	}
	return err
}

// window is how much of a response body HTTP/2 may send before it is read. In HTTP/1 that is up to the system.
const window = 1 << 20

// newConn speaks HTTP on a connection. It ignores proxies from the environment, and does not redirect, decode, retry or add
// anything.
func (t *Transport) newConn(ctx context.Context, raw, plain net.Conn, framed bool, key Key) (*conn, error) {
	w := newWire(raw, plain, framed, key.MaxHeader)
	h1 := &http.Transport{
		DialContext:            func(context.Context, string, string) (net.Conn, error) { return w, nil },
		DisableCompression:     true,
		MaxResponseHeaderBytes: key.MaxHeader,
		HTTP2: &http.HTTP2Config{
			SendPingTimeout: keepIdle, PingTimeout: keepIdle, MaxReadFrameSize: maxFrame,
			MaxReceiveBufferPerConnection: window, MaxReceiveBufferPerStream: window,
		},
	}
	var rt http.RoundTripper
	var err error
	if framed {
		// The HTTP/2 of net/http deadlocks when a window overflows (golang.org/x/net does not).
		var h2 *http2.Transport                                  //nolint:staticcheck // see above
		if h2, err = http2.ConfigureTransports(h1); err == nil { //nolint:staticcheck // see above
			rt, err = h2.NewClientConn(w) //nolint:staticcheck // see above
		}
	} else {
		rt, err = h1.NewClientConn(ctx, "http", "connected:80")
	}
	if err != nil {
		_ = w.Close()
		return nil, err
	}
	if t.Wrap != nil {
		rt = t.Wrap(key.App, rt)
	}
	return &conn{key: key, wire: w, http: rt}, nil
}
