package listener

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is a connection that was taken. It passes on only what is HTTP/1 beyond doubt (see framing), says to a client that
// is too slow with its head that it was, and leaves no answer looking whole that is not.
//
// It is for net/http, which reads from it one at a time. Whoever serves it tells it of every answer that is complete
// (Answered), and when it speaks something else from now on (Hijacked).
type Conn struct {
	net.Conn

	framing  framing
	fault    error // of the client; nothing more is read
	other    bool  // it speaks another protocol now
	answered int   // requests

	refused atomic.Bool // it was faulty or late, and is answered so
	once    sync.Once

	// Under the lock of the limit.
	limit   *Limit // nil = none
	by      netip.Prefix
	from    *origin // nil = there is no bound on its address
	counted bool
	evicted bool
	inAll   ring // of the limit's idle connections
	inOwn   ring // of those of its address
}

// Read passes on what came. Of what is refused net/http gets all but the end of the line at fault, and then an error, to
// which it answers 400.
func (c *Conn) Read(p []byte) (int, error) {
	if c.fault != nil {
		return c.refuse(p)
	}
	n, err := c.Conn.Read(p)
	if c.other {
		return n, err
	}
	idle := c.idle()
	passed, fault := c.framing.pass(p[:n])
	if fault != nil {
		c.fault = fault
		c.refused.Store(true)
		if passed == 0 {
			return c.refuse(p)
		}
		n, err = passed, nil
	}
	if idle && !c.idle() && !c.begin() {
		return 0, net.ErrClosed
	}
	if n == 0 && c.slow(err) {
		c.late()
	}
	return n, err
}

// refuse ends the reading. When the fault is in a head, and a request before it is being answered, net/http reads a byte ahead
// to learn whether its client left, and an error would end the answer: it gets one that no head can hold.
func (c *Conn) refuse(p []byte) (int, error) {
	if c.framing.part <= headerLine && c.framing.heads > c.answered && len(p) > 0 {
		p[0] = 0
		return 1, nil
	}
	return 0, c.fault
}

// idle says whether there is no request, but perhaps the first bytes of one: net/http too takes it for begun with the fourth.
func (c *Conn) idle() bool {
	return c.fault == nil && c.framing.part == requestLine && c.framing.begun() < 4 && c.framing.heads == c.answered
}

// slow says whether an error means that time ran out with a head half read. While a request is answered it means that
// net/http does not want to read ahead any more.
func (c *Conn) slow(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) && c.framing.heads == c.answered && c.framing.begun() > 0
}

// late answers a slow head. net/http would say nothing.
func (c *Conn) late() {
	c.refused.Store(true)
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = io.WriteString(c.Conn, "HTTP/1.1 408 Request Timeout\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: 19\r\n\r\n408 Request Timeout")
}

// Answered is called when the answer to a request is complete, and nothing reads from the connection.
func (c *Conn) Answered() {
	c.answered++
	if c.limit == nil || !c.idle() {
		return
	}
	c.limit.mu.Lock()
	c.rest()
	full := c.limit.open >= c.limit.Most()
	c.limit.mu.Unlock()
	if full {
		c.limit.signal()
	}
}

// Hijacked is called when the connection stops to be HTTP.
func (c *Conn) Hijacked() { c.other = true }

// begin takes it out of those that are idle; false = it was closed to make room.
func (c *Conn) begin() bool {
	if c.limit == nil {
		return true
	}
	c.limit.mu.Lock()
	defer c.limit.mu.Unlock()
	c.inAll.leave()
	c.inOwn.leave()
	return !c.evicted
}

// rest puts it among those that are idle. The lock of the limit is held.
func (c *Conn) rest() {
	if c.evicted {
		return
	}
	c.limit.idle.push(&c.inAll, c)
	if c.from != nil {
		c.from.idle.push(&c.inOwn, c)
	}
}

// evict takes it out of all counts; whoever calls it closes it. The lock of the limit is held.
func (c *Conn) evict() {
	c.evicted = true
	c.inAll.leave()
	c.inOwn.leave()
	if c.counted {
		c.counted = false
		c.limit.open--
	}
	if c.from != nil {
		if c.from.open--; c.from.open <= 0 {
			delete(c.limit.by, c.by)
		}
		c.from = nil
	}
}

// Write notes what does not go out.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, c.wrote(err)
}

// ReadFrom keeps sendfile and splice, which net.TCPConn has and the wrapper would hide.
func (c *Conn) ReadFrom(r io.Reader) (n int64, err error) {
	if rf, ok := c.Conn.(io.ReaderFrom); ok {
		n, err = rf.ReadFrom(r)
	} else {
		n, err = io.Copy(struct{ io.Writer }{c.Conn}, r)
	}
	return n, c.wrote(err)
}

func (c *Conn) wrote(err error) error {
	if err != nil {
		c.ResetOnClose(true)
	}
	return err
}

// ResetOnClose makes the end of the connection, however it comes, a reset: the end of the process too. It is for answers
// whose end is the end of the connection, until they are complete: a client cannot tell otherwise that one is not.
func (c *Conn) ResetOnClose(reset bool) {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		seconds := -1 // the system's own way
		if reset {
			seconds = 0
		}
		_ = tcp.SetLinger(seconds)
	}
}

// CloseWrite ends what is sent; what comes can be read.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

const (
	farewell     = 500 * time.Millisecond // how long what still comes is read of a client that was refused
	mostFarewell = 256 << 10              // and how much
)

// Close closes it. A client that was refused is read from for a moment: were it closed with bytes unread, the system
// would reset it, and the client might never see why.
func (c *Conn) Close() (err error) {
	c.once.Do(func() {
		if c.refused.Load() && c.CloseWrite() == nil {
			_ = c.SetReadDeadline(time.Now().Add(farewell))
			_, _ = io.CopyN(io.Discard, c.Conn, mostFarewell)
		}
		if c.limit != nil {
			c.limit.release(c)
		}
		err = c.Conn.Close()
	})
	return err
}

// ring is a list of connections whose links are part of them; the zero value is in none. The one without a connection is
// the list.
type ring struct {
	before, after *ring
	conn          *Conn
}

func (r *ring) init() { r.before, r.after = r, r }

// push makes link the newest.
func (r *ring) push(link *ring, c *Conn) {
	link.leave()
	link.conn, link.before, link.after = c, r.before, r
	r.before.after, r.before = link, link
}

func (r *ring) leave() {
	if r.after != nil {
		r.before.after, r.after.before = r.after, r.before
		r.before, r.after = nil, nil
	}
}

// oldest is the connection that has been in the list for the longest; nil = it is empty.
func (r *ring) oldest() *Conn { return r.after.conn }
