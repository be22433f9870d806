package egress

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"fazt/internal/egress/rules"

	"golang.org/x/net/http2"
)

// conn is a connection to another server, with HTTP/1.1 or HTTP/2 spoken on it. It serves one call at a time: what the
// other server does on it is done to that call and to no other, and it can be closed for that call's sake.
type conn struct {
	key   poolKey
	wire  *wire
	http  http.RoundTripper
	timer *time.Timer // that ends its waiting
}

// close closes it from outside: neither HTTP nor TLS is asked, which may wait.
func (c *conn) close() { _ = c.wire.Close() }

// fault is why something on it failed: what the wire found wrong comes first, for HTTP sees no more than a closed connection.
func (c *conn) fault(err error) error {
	if f := c.wire.failed(); f != nil {
		return f
	}
	return err
}

const (
	mostWaiting = 256              // connections
	mostIdle    = 8                // of them, of one app under one entry
	idleFor     = 15 * time.Second // shorter than servers wait, so that a call seldom meets a connection that is just being closed
	window      = 1 << 20          // of an answer, may be here before it is read (HTTP/2; HTTP/1 has what the system holds)
)

// newConn speaks HTTP on a connection. It asks no proxy of the environment, and follows, decodes, repeats and adds nothing.
func newConn(ctx context.Context, raw, plain net.Conn, framed bool, key poolKey) (*conn, error) {
	w := newWire(raw, plain, framed, key.head)
	t := &http.Transport{
		DialContext:            func(context.Context, string, string) (net.Conn, error) { return w, nil },
		DisableCompression:     true,
		MaxResponseHeaderBytes: key.head,
		HTTP2: &http.HTTP2Config{
			SendPingTimeout: idleFor, PingTimeout: idleFor, MaxReadFrameSize: longestFrame,
			MaxReceiveBufferPerConnection: window, MaxReceiveBufferPerStream: window,
		},
	}
	var speaks http.RoundTripper
	var err error
	if framed {
		// The HTTP/2 of net/http deadlocks on a window that overflows (golang.org/x/net does not).
		var t2 *http2.Transport                                 //nolint:staticcheck // see above
		if t2, err = http2.ConfigureTransports(t); err == nil { //nolint:staticcheck // see above
			speaks, err = t2.NewClientConn(w) //nolint:staticcheck // see above
		}
	} else {
		speaks, err = t.NewClientConn(ctx, "http", "the-connection-there-is:80")
	}
	if err != nil {
		_ = w.Close()
		return nil, err
	}
	return &conn{key: key, wire: w, http: speaks}, nil
}

// pools are the connections that wait for the next call of the same app to the same origin, under the same entry and the same
// version of the policy, and for no other: what an app did with a connection, and what its entry allowed it to reach, is not
// for its neighbour.
type pools struct {
	mu      sync.Mutex
	closed  bool
	version uint64
	list    []*conn // the one that waits longest is the first
}

type poolKey struct {
	version            uint64
	app, entry, origin string
	head               int64 // largest head of an answer
}

// follow closes what waits under older versions of the policy; newer says that this one was not seen yet. What is in use is
// closed after its call.
func (p *pools) follow(version uint64) (newer bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if version <= p.version {
		return false
	}
	p.version = version
	p.drop(func(c *conn) bool { return c.key.version < version })
	return true
}

// take is the connection that waits since last; nil = none does.
func (p *pools) take(key poolKey) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.list) - 1; i >= 0; i-- {
		c := p.list[i]
		if c.key != key {
			continue
		}
		p.list = slices.Delete(p.list, i, i+1)
		if c.timer.Stop() && c.wire.reusable() {
			c.wire.begin()
			return c
		}
		c.close()
	}
	return nil
}

// put lets a connection wait; ok is false when it may not.
func (p *pools) put(c *conn) (ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || c.key.version < p.version || !c.wire.reusable() {
		return false
	}
	alike := func(o *conn) bool { return o.key.app == c.key.app && o.key.entry == c.key.entry }
	if p.count(alike) >= mostIdle {
		p.dropFirst(alike)
	} else if len(p.list) >= mostWaiting {
		p.dropFirst(func(*conn) bool { return true })
	}
	c.wire.rest()
	c.timer = time.AfterFunc(idleFor, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.drop(func(o *conn) bool { return o == c })
	})
	p.list = append(p.list, c)
	return true
}

func (p *pools) count(which func(*conn) bool) (n int) {
	for _, c := range p.list {
		if which(c) {
			n++
		}
	}
	return n
}

func (p *pools) drop(which func(*conn) bool) {
	p.list = slices.DeleteFunc(p.list, func(c *conn) bool {
		if !which(c) {
			return false
		}
		c.timer.Stop()
		c.close()
		return true
	})
}

func (p *pools) dropFirst(which func(*conn) bool) {
	if i := slices.IndexFunc(p.list, which); i >= 0 {
		c := p.list[i]
		p.drop(func(o *conn) bool { return o == c })
	}
}

func (p *pools) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.drop(func(*conn) bool { return true })
}

// warn says what is open that should be seldom open.
func (g *Gate) warn(policy *rules.Policy) {
	for _, e := range policy.Private() {
		g.c.Log.Warn("functions may call into a private network", "domain", e.Domain, "app", e.AppID, "ranges", e.Private)
	}
}
