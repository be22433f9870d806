package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// RoundTrip sends a request, and returns no later than the request's context ends. The caller closes the body of the
// response.
func (t *Transport) RoundTrip(req *http.Request, r *Route) (*http.Response, error) {
	x := &exchange{t: t, route: r, result: make(chan result, 1), wanted: make(chan struct{}), chunks: make(chan chunk, 1)}
	x.ctx, x.end = context.WithCancel(req.Context())
	stop := context.AfterFunc(x.ctx, x.abandon)
	go x.run(req.WithContext(x.ctx), stop)
	select {
	case got := <-x.result:
		if got.err != nil {
			x.end()
			return nil, got.err
		}
		return got.resp, nil
	case <-x.ctx.Done():
		x.end()
		return nil, x.ctx.Err()
	}
}

// exchange is one request and its response. A single goroutine does everything that can block: it looks the name up,
// connects, and is the only one that enters net/http. If the context ends first, the connection is closed from outside and
// the goroutine left behind; it then ends as well. If net/http is stuck, the goroutine costs memory, and is counted as lost.
type exchange struct {
	t     *Transport
	route *Route
	ctx   context.Context
	end   context.CancelFunc

	result chan result
	wanted chan struct{} // the reader wants a chunk of the body
	chunks chan chunk

	mu    sync.Mutex
	conn  *conn       // nil = none yet
	over  bool        // the goroutine has ended
	lost  bool        // it is counted as lost
	timer *time.Timer // counts it as lost
}

type result struct {
	resp *http.Response
	err  error
}

type chunk struct {
	data []byte // valid until the next one is wanted
	err  error
}

const (
	lostAfter = time.Second // time for a goroutine to end after its connection was closed
	chunkSize = 32 << 10
)

// abandon runs when the context ends before the exchange has.
func (x *exchange) abandon() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.over {
		return
	}
	if x.conn != nil {
		x.conn.close()
	}
	x.timer = time.AfterFunc(lostAfter, x.lose)
}

func (x *exchange) lose() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.over || x.lost {
		return
	}
	x.lost = true
	x.t.addLost(x.route.App, 1)
	x.t.Log.Error("a request to another server is stuck and was abandoned", "app", x.route.App, "host", x.route.Host)
}

// ended runs when the goroutine ends.
func (x *exchange) ended() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.over = true
	if x.timer != nil {
		x.timer.Stop()
	}
	if x.lost {
		x.t.addLost(x.route.App, -1)
	}
}

// use makes c the connection of the exchange; ok is false if the context has ended.
func (x *exchange) use(c *conn) (ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ctx.Err() != nil {
		c.close()
		return false
	}
	x.conn = c
	return true
}

// run is the goroutine of the exchange.
func (x *exchange) run(req *http.Request, stop func() bool) {
	defer x.ended()
	c, resp, err := x.start(req)
	if err != nil {
		x.result <- result{err: err}
		return
	}
	body := resp.Body
	clean := false
	done := func() {
		_ = body.Close()
		if !clean || resp.Close || !stop() || !x.t.pool.put(c) {
			c.close()
		}
	}
	if body == http.NoBody || resp.StatusCode == http.StatusSwitchingProtocols {
		clean = resp.StatusCode != http.StatusSwitchingProtocols
		done()
		x.result <- result{resp: resp}
		return
	}
	resp.Body = &stream{x: x}
	x.result <- result{resp: resp}
	var buffer []byte
	for {
		select {
		case <-x.wanted:
		case <-x.ctx.Done():
			done()
			return
		}
		if buffer == nil {
			buffer = make([]byte, sizeFor(resp.ContentLength))
		}
		n, err := body.Read(buffer)
		c.wire.body(n)
		if err != nil {
			if clean = errors.Is(err, io.EOF); !clean {
				err = c.cause(err)
			}
			done()
		}
		x.chunks <- chunk{buffer[:n], err}
		if err != nil {
			return
		}
	}
}

func sizeFor(length int64) int64 {
	if length < 0 {
		return chunkSize
	}
	return min(length+1, chunkSize)
}

// start returns the header of the response. An idle connection may have been closed in the meantime; the request is then
// sent once more, on a new one. A request never opens more than one connection, whatever the other server does.
func (x *exchange) start(req *http.Request) (*conn, *http.Response, error) {
	repeatable := req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
	if repeatable {
		if c := x.t.pool.take(x.route.Key); c != nil {
			resp, err := x.send(c, req)
			if err == nil {
				return c, resp, nil
			}
			if x.ctx.Err() != nil || !c.wire.repeatable(req.Method) {
				return nil, nil, c.cause(err)
			}
			if req.GetBody != nil {
				if req.Body, err = req.GetBody(); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	c, err := x.t.open(x.ctx, x.route)
	if err != nil {
		return nil, nil, err
	}
	resp, err := x.send(c, req)
	if err != nil {
		return nil, nil, c.cause(err)
	}
	return c, resp, nil
}

// send sends the request on a connection, and closes it if that fails.
func (x *exchange) send(c *conn, req *http.Request) (*http.Response, error) {
	if !x.use(c) {
		return nil, x.ctx.Err()
	}
	resp, err := c.http.RoundTrip(req)
	if err != nil {
		c.close()
		return nil, err
	}
	if secure, ok := c.wire.Conn.(*tls.Conn); ok {
		state := secure.ConnectionState()
		resp.TLS = &state
	}
	return resp, nil
}

// stream is the body of a response for the caller. Once the context has ended it does not wait for net/http.
type stream struct {
	x    *exchange
	rest []byte
	err  error
}

func (s *stream) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		select {
		case s.x.wanted <- struct{}{}:
		case <-s.x.ctx.Done():
			return 0, s.x.ctx.Err()
		}
		select {
		case got := <-s.x.chunks:
			s.rest, s.err = got.data, got.err
		case <-s.x.ctx.Done():
			s.err = s.x.ctx.Err()
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	if len(s.rest) == 0 && errors.Is(s.err, io.EOF) {
		return n, io.EOF
	}
	return n, nil
}

// Close discards what was not read, and does not block. It may be called while another goroutine reads.
func (s *stream) Close() error {
	s.x.end()
	return nil
}
