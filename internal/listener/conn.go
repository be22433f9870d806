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

// Conn is an accepted connection. It passes on only unambiguous HTTP/1 (see framing), tells clients that are too slow with
// their header so, and never lets an incomplete response look complete.
//
// It is for net/http, which reads from one goroutine at a time. The server calls Answered after every complete response, and
// Hijacked when the connection switches to another protocol.
type Conn struct {
	net.Conn

	framing  framing
	fault    error // of the client; nothing more is read
	other    bool  // it has switched to another protocol
	answered int   // requests

	refused atomic.Bool // the client was at fault or too slow, and is told so
	once    sync.Once

	// Guarded by the lock of the limit.
	limit   *Limit // nil = none
	by      netip.Prefix
	from    *origin // nil = its address is not limited
	counted bool
	evicted bool
	inAll   ring // link in the limit's idle connections
	inOwn   ring // link in those of its address
}

// Read passes on what arrives. If it is refused, net/http gets everything except the end of the offending line, and then an
// error, which makes it respond with 400.
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

// refuse ends reading. During a response net/http reads one byte ahead to find out if the client has gone, and an error would
// end the response. If the fault is in the next header, it therefore gets a byte that no header can contain.
func (c *Conn) refuse(p []byte) (int, error) {
	if c.framing.part <= headerLine && c.framing.heads > c.answered && len(p) > 0 {
		p[0] = 0
		return 1, nil
	}
	return 0, c.fault
}

// idle reports whether there is no request, or less than four bytes of one: net/http also considers it started with the fourth.
func (c *Conn) idle() bool {
	return c.fault == nil && c.framing.part == requestLine && c.framing.begun() < 4 && c.framing.heads == c.answered
}

// slow reports whether an error is a timeout in the middle of a header. During a response it means that net/http no longer wants
// to read ahead.
func (c *Conn) slow(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) && c.framing.heads == c.answered && c.framing.begun() > 0
}

// late responds to a slow header. net/http would send nothing.
func (c *Conn) late() {
	c.refused.Store(true)
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = io.WriteString(c.Conn, "HTTP/1.1 408 Request Timeout\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: 19\r\n\r\n408 Request Timeout")
}

// Answered is called when a response is complete, while nothing reads from the connection.
func (c *Conn) Answered() {
	c.answered++
	if c.limit == nil || !c.idle() {
		return
	}
	c.limit.mu.Lock()
	c.rest()
	full := c.limit.open >= c.limit.Max()
	c.limit.mu.Unlock()
	if full {
		c.limit.signal()
	}
}

// Hijacked is called when the connection switches to another protocol.
func (c *Conn) Hijacked() { c.other = true }

// begin removes it from the idle connections. It returns false if it was closed to make room.
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

// rest adds it to the idle connections. The lock of the limit is held.
func (c *Conn) rest() {
	if c.evicted {
		return
	}
	c.limit.idle.push(&c.inAll, c)
	if c.from != nil {
		c.from.idle.push(&c.inOwn, c)
	}
}

// evict removes it from all counts; the caller closes it. The lock of the limit is held.
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

// Write remembers failures.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, c.wrote(err)
}

// ReadFrom keeps sendfile and splice of net.TCPConn available.
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

// ResetOnClose makes the connection end with a reset, whatever ends it, even the end of the process. It is for responses that
// are delimited by the end of the connection, until they are complete: otherwise a client could not tell that one is not.
func (c *Conn) ResetOnClose(reset bool) {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		seconds := -1 // the default of the system
		if reset {
			seconds = 0
		}
		_ = tcp.SetLinger(seconds)
	}
}

// CloseWrite ends sending. Reading is still possible.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

const (
	lingerTime = 500 * time.Millisecond // how long a refused client is still read from
	maxLinger  = 256 << 10              // and how many bytes
)

// Close closes the connection. A refused client is read from for a moment: with unread bytes the system would reset the
// connection, and the client might not see why it was refused.
func (c *Conn) Close() (err error) {
	c.once.Do(func() {
		if c.refused.Load() && c.CloseWrite() == nil {
			_ = c.SetReadDeadline(time.Now().Add(lingerTime))
			_, _ = io.CopyN(io.Discard, c.Conn, maxLinger)
		}
		if c.limit != nil {
			c.limit.release(c)
		}
		err = c.Conn.Close()
	})
	return err
}

// ring is a list of connections, or a link in one that is part of a connection. The zero value is not in a list.
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

// oldest returns the connection that has been in the list longest, or nil.
func (r *ring) oldest() *Conn { return r.after.conn }
