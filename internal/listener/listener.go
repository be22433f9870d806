// Package listener opens the addresses an instance is reached at: TCP with a bound on connections, and the unix
// socket beside the database, which is the owner's own door.
package listener

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"fazt/internal/errs"
)

// TCP listens on address, "host:port"; port 0 takes a free one. At most limit connections are open at once over all
// listeners that share it; a further one waits until another ends.
func TCP(address string, limit *Limit) (net.Listener, error) {
	return (*Handed)(nil).TCP(address, limit)
}

// TCP is TCP with the socket that was handed over for the address, if there is one.
func (h *Handed) TCP(address string, limit *Limit) (net.Listener, error) {
	l, err := h.take(address)
	if err != nil {
		return nil, err
	}
	if l == nil {
		if l, err = net.Listen("tcp", address); err != nil {
			return nil, explain(address, err)
		}
	}
	if limit == nil {
		return l, nil
	}
	return &bounded{Listener: l, limit: limit, ended: make(chan struct{})}, nil
}

func explain(address string, err error) error {
	var addrErr *net.AddrError
	var dnsErr *net.DNSError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return errs.Wrap(errs.Conflict, err, "%s is in use by another program; stop it or choose another address with --listen", address)
	case errors.Is(err, syscall.EACCES):
		return errs.Wrap(errs.Forbidden, err, "listening on %s is not allowed; ports below 1024 need a privilege", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return errs.Wrap(errs.Invalid, err, "%s is not an address of this machine", address)
	case errors.As(err, &addrErr), errors.As(err, &dnsErr):
		return errs.Wrap(errs.Invalid, err, "%q is not an address to listen on; write host:port, such as 127.0.0.1:4698 or [::1]:4698", address)
	}
	return errs.Wrap(errs.Invalid, err, "listening on %s failed: %v", address, err)
}

// Limit bounds the connections of the listeners that share it. The bounds are read for every new connection.
type Limit struct {
	LimitConfig

	mu    sync.Mutex
	open  int
	by    map[netip.Prefix]int // of them, by address
	freed chan struct{}        // holds a token after a connection ended
}

// LimitConfig is what a Limit follows.
type LimitConfig struct {
	Most    func() int
	PerIP   func() int               // of one address; nil = no bound
	Trusted func(ip netip.Addr) bool // a proxy, through which many may come: PerIP is not for it; nil = none is
}

// NewLimit bounds connections. It starts nothing.
func NewLimit(c LimitConfig) *Limit {
	return &Limit{LimitConfig: c, by: map[netip.Prefix]int{}, freed: make(chan struct{}, 1)}
}

// admit counts a connection for its address, and says whether that may have one more.
func (l *Limit) admit(remote net.Addr) (by netip.Prefix, ok bool) {
	tcp, isTCP := remote.(*net.TCPAddr)
	if l.PerIP == nil || !isTCP {
		return by, true
	}
	ip := tcp.AddrPort().Addr().Unmap()
	if l.Trusted != nil && l.Trusted(ip) {
		return by, true
	}
	bits := 32
	if ip.Is6() {
		bits = 64 // what one customer has
	}
	by = netip.PrefixFrom(ip.WithZone(""), bits).Masked()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by[by] >= l.PerIP() {
		return by, false
	}
	l.by[by]++
	return by, true
}

// Open is how many connections are open.
func (l *Limit) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// lookAgain is how long a raised bound goes unnoticed at most, while no connection ends.
const lookAgain = 200 * time.Millisecond

func (l *Limit) acquire(ended <-chan struct{}) bool {
	for {
		l.mu.Lock()
		if l.open < l.Most() {
			l.open++
			room := l.open < l.Most()
			l.mu.Unlock()
			if room {
				l.signal() // another listener may be waiting too
			}
			return true
		}
		l.mu.Unlock()
		select {
		case <-l.freed:
		case <-time.After(lookAgain): // the bound may have been raised
		case <-ended:
			return false
		}
	}
}

func (l *Limit) release(by netip.Prefix) {
	l.mu.Lock()
	l.open--
	if l.by[by]--; l.by[by] <= 0 {
		delete(l.by, by)
	}
	l.mu.Unlock()
	l.signal()
}

func (l *Limit) signal() {
	select {
	case l.freed <- struct{}{}:
	default:
	}
}

type bounded struct {
	net.Listener
	limit *Limit
	once  sync.Once
	ended chan struct{}
}

// Accept is the next connection within the bounds. One of an address that has as many as it may is closed at once: were
// it to wait, others would wait behind it.
func (b *bounded) Accept() (net.Conn, error) {
	if !b.limit.acquire(b.ended) {
		return nil, net.ErrClosed
	}
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			b.limit.release(netip.Prefix{})
			return nil, err
		}
		if by, ok := b.limit.admit(c.RemoteAddr()); ok {
			return &counted{Conn: c, limit: b.limit, by: by}, nil
		}
		c.Close()
	}
}

func (b *bounded) Close() error {
	b.once.Do(func() { close(b.ended) })
	return b.Listener.Close()
}

type counted struct {
	net.Conn
	once  sync.Once
	limit *Limit
	by    netip.Prefix
}

func (c *counted) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.limit.release(c.by) })
	return err
}

// ReadFrom keeps sendfile and splice, which net.TCPConn has and the wrapper would hide.
func (c *counted) ReadFrom(r io.Reader) (int64, error) {
	if rf, ok := c.Conn.(io.ReaderFrom); ok {
		return rf.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{c.Conn}, r)
}

// Socket listens on the unix socket at path, which only its owner may use. The caller holds the lock of the
// database, so a socket that lies there already is a dead server's and is replaced.
func Socket(path string) (net.Listener, error) { return (*Handed)(nil).Socket(path) }

// Socket is Socket with the one that was handed over, if there is one.
func (h *Handed) Socket(path string) (net.Listener, error) {
	if l, err := h.take(path); l != nil || err != nil {
		return &socket{Listener: l, path: path}, err
	}
	// The socket is made in a directory nobody else can enter and moved into place when its mode is set: at no time
	// can another user of the machine connect.
	dir, err := os.MkdirTemp(filepath.Dir(path), ".fazt-socket-")
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "the control socket %s cannot be made: %v", path, err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "s")
	l, err := listenUnix(name)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "the control socket %s cannot be made: %v", path, err)
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(name, 0o600), os.Rename(name, path)); err != nil {
		l.Close()
		return nil, errs.Wrap(errs.Invalid, err, "the control socket %s cannot be made: %v", path, err)
	}
	return &socket{Listener: l, path: path}, nil
}

// socket removes its file when it is closed.
type socket struct {
	net.Listener
	path  string
	stays bool // the process that follows goes on with it
}

func (s *socket) Close() error {
	err := s.Listener.Close()
	if s.stays {
		return err
	}
	if removed := os.Remove(s.path); removed != nil && !errors.Is(removed, os.ErrNotExist) {
		return errors.Join(err, removed)
	}
	return err
}
