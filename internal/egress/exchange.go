package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// exchange is a request on its way and its answer. One goroutine does all of it that waits: it looks the name up, connects, and is the
// only one that enters net/http. Whoever waits for it waits no longer than the call lasts. When the call ends first, its connection is
// closed from outside, and the goroutine is left to end by that. One that does not, because net/http waits for itself, costs its
// memory and no place, and is counted.
type exchange struct {
	gate *Gate
	hop  *hop
	ctx  context.Context
	end  context.CancelFunc

	head  chan headed
	asks  chan struct{} // for a piece of the body
	gives chan piece

	mu    sync.Mutex
	conn  *conn       // nil while there is none
	over  bool        // the goroutine has ended
	lost  bool        // it is counted as one that does not
	timer *time.Timer // after which it will be
}

type headed struct {
	resp *http.Response
	err  error
}

type piece struct {
	data []byte // valid until the next is asked for
	err  error
}

const (
	lostAfter = time.Second // how long a goroutine may take to end whose connection was closed
	pieceSize = 32 << 10
)

// exchange sends a request. The caller closes the body of the answer.
func (g *Gate) exchange(h *hop, req *http.Request, key poolKey) (*http.Response, error) {
	x := &exchange{gate: g, hop: h, head: make(chan headed, 1), asks: make(chan struct{}), gives: make(chan piece, 1)}
	x.ctx, x.end = context.WithCancel(h.ctx)
	stop := context.AfterFunc(x.ctx, x.leave)
	go x.run(req.WithContext(x.ctx), key, stop)
	select {
	case got := <-x.head:
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

// leave is called when the call ends before its exchange has.
func (x *exchange) leave() {
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
	x.gate.slots.lose(x.hop.call.run.app, 1)
	x.gate.c.Log.Error("a connection to another server does not end, and is left behind", "app", x.hop.call.run.app, "host", x.hop.target.host)
}

// ended says that the goroutine leaves.
func (x *exchange) ended() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.over = true
	if x.timer != nil {
		x.timer.Stop()
	}
	if x.lost {
		x.gate.slots.lose(x.hop.call.run.app, -1)
	}
}

// through makes c the connection of the exchange, to be closed with the call; ok is false when that has ended.
func (x *exchange) through(c *conn) (ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ctx.Err() != nil {
		c.close()
		return false
	}
	x.conn = c
	return true
}

// run is the goroutine.
func (x *exchange) run(req *http.Request, key poolKey, stop func() bool) {
	defer x.ended()
	c, resp, err := x.ask(req, key)
	if err != nil {
		x.head <- headed{err: err}
		return
	}
	body := resp.Body
	clean := false
	done := func() {
		_ = body.Close()
		if !clean || resp.Close || !stop() || !x.gate.pools.put(c) {
			c.close()
		}
	}
	if body == http.NoBody || resp.StatusCode == http.StatusSwitchingProtocols {
		clean = resp.StatusCode != http.StatusSwitchingProtocols
		done()
		x.head <- headed{resp: resp}
		return
	}
	resp.Body = &stream{x: x}
	x.head <- headed{resp: resp}
	var buffer []byte
	for {
		select {
		case <-x.asks:
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
				err = c.fault(err)
			}
			done()
		}
		x.gives <- piece{buffer[:n], err}
		if err != nil {
			return
		}
	}
}

func sizeFor(length int64) int64 {
	if length < 0 {
		return pieceSize
	}
	return min(length+1, pieceSize)
}

// ask brings the head of the answer. A connection that waited may have been closed meanwhile: then the request is sent once
// more, over one that is new. No hop opens more than one, whatever the other server does with it.
func (x *exchange) ask(req *http.Request, key poolKey) (*conn, *http.Response, error) {
	again := req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
	if again {
		if c := x.gate.pools.take(key); c != nil {
			resp, err := x.send(c, req)
			if err == nil {
				return c, resp, nil
			}
			if x.ctx.Err() != nil || !c.wire.repeatable(req.Method) {
				return nil, nil, c.fault(err)
			}
			if req.GetBody != nil {
				if req.Body, err = req.GetBody(); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	c, err := x.gate.open(x.ctx, x.hop, key)
	if err != nil {
		return nil, nil, err
	}
	resp, err := x.send(c, req)
	if err != nil {
		return nil, nil, c.fault(err)
	}
	return c, resp, nil
}

// send sends the request over a connection, which is closed when that fails.
func (x *exchange) send(c *conn, req *http.Request) (*http.Response, error) {
	if !x.through(c) {
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

// stream is the body of an answer for the caller. It does not wait for net/http when the call has ended.
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
		case s.x.asks <- struct{}{}:
		case <-s.x.ctx.Done():
			return 0, s.x.ctx.Err()
		}
		select {
		case got := <-s.x.gives:
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

// Close gives up what was not read, and waits for nothing. It may be called while another goroutine reads.
func (s *stream) Close() error {
	s.x.end()
	return nil
}
