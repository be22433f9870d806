// Package listener opens the addresses of an instance: TCP with a limit on connections, and the owner's unix socket next to the
// database.
package listener

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"fazt/internal/errs"
)

// TCP listens on address, "host:port"; port 0 takes a free one. The limit applies to all listeners that share it: a connection
// beyond it replaces an idle one, or waits until another ends.
func TCP(address string, limit *Limit) (net.Listener, error) {
	return (*Handed)(nil).TCP(address, limit)
}

// TCP is like the function TCP, but uses the socket that was handed over for the address, if any.
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
	return &bounded{Listener: l, limit: limit, ended: make(chan struct{})}, nil
}

func explain(address string, err error) error {
	var addrErr *net.AddrError
	var dnsErr *net.DNSError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return errs.Wrap(errs.Conflict, err, "%s is in use by another program; stop it or choose another address with --listen", address)
	case errors.Is(err, syscall.EACCES):
		return errs.Wrap(errs.Forbidden, err, "listening on %s is not allowed; ports below 1024 need privileges", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return errs.Wrap(errs.Invalid, err, "%s is not an address of this machine", address)
	case errors.As(err, &addrErr), errors.As(err, &dnsErr):
		return errs.Wrap(errs.Invalid, err, "%q is not a listen address; use host:port, such as 127.0.0.1:4698 or [::1]:4698", address)
	}
	return errs.Wrap(errs.Invalid, err, "listening on %s failed: %v", address, err)
}

// Limit limits the connections of the listeners that share it. The limits are read for every new connection. When one is
// reached, the connection that has been idle longest is closed, so that those that browsers keep open for later do not keep
// others out now.
type Limit struct {
	LimitConfig

	mu    sync.Mutex
	open  int
	by    map[netip.Prefix]*origin
	idle  ring          // connections without a request, the oldest first
	freed chan struct{} // has a token after a connection ended or became idle
}

// LimitConfig configures a Limit.
type LimitConfig struct {
	Max     func() int
	PerIP   func() int               // for one address; nil = no limit
	Trusted func(ip netip.Addr) bool // proxies, to which PerIP does not apply; nil = none
}

// origin has the connections of one address.
type origin struct {
	open int
	idle ring
}

// NewLimit returns a limit.
func NewLimit(c LimitConfig) *Limit {
	l := &Limit{LimitConfig: c, by: map[netip.Prefix]*origin{}, freed: make(chan struct{}, 1)}
	l.idle.init()
	return l
}

// network returns the addresses that count as one client; invalid = they are not limited.
func (l *Limit) network(remote net.Addr) (by netip.Prefix) {
	tcp, isTCP := remote.(*net.TCPAddr)
	if l.PerIP == nil || !isTCP {
		return by
	}
	ip := tcp.AddrPort().Addr().Unmap()
	if l.Trusted != nil && l.Trusted(ip) {
		return by
	}
	bits := 32
	if ip.Is6() {
		bits = 64 // one customer has a whole /64
	}
	return netip.PrefixFrom(ip.WithZone(""), bits).Masked()
}

// admit counts a connection for its address. If the address has reached its limit, one of its idle connections is closed; ok is
// false if there is none.
func (l *Limit) admit(c *Conn) (ok bool) {
	by := l.network(c.RemoteAddr())
	if !by.IsValid() {
		return true
	}
	l.mu.Lock()
	o := l.by[by]
	if o == nil {
		o = &origin{}
		o.idle.init()
		l.by[by] = o
	}
	var old *Conn
	if o.open >= l.PerIP() {
		if old = o.idle.oldest(); old == nil {
			l.mu.Unlock()
			return false
		}
		old.evict()
		l.by[by] = o // evict removed it with its last connection
	}
	o.open++
	c.by, c.from = by, o
	l.mu.Unlock()
	if old != nil {
		old.Close()
	}
	return true
}

// Open returns the number of open connections.
func (l *Limit) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// recheckEvery is how long it can take until a raised limit is noticed while no connection ends.
const recheckEvery = 200 * time.Millisecond

// acquire waits until c is within the limit. If the listener ends in the meantime, c is accepted anyway: it is no longer in the
// kernel's queue, where the next process would find it.
func (l *Limit) acquire(c *Conn, ended <-chan struct{}) {
	for over := false; !l.enter(c, over); {
		select {
		case <-l.freed:
		case <-time.After(recheckEvery): // the limit may have been raised
		case <-ended:
			over = true
		}
	}
}

// enter counts c if it is within the limit, after closing idle connections if needed, or if over is set.
func (l *Limit) enter(c *Conn, over bool) bool {
	var old []*Conn
	l.mu.Lock()
	for l.open >= l.Max() && l.idle.oldest() != nil { // several if the limit was lowered
		old = append(old, l.idle.oldest())
		l.idle.oldest().evict()
	}
	in := over || l.open < l.Max()
	if in {
		l.open++
		c.counted = true
		c.rest() // no request yet
	}
	room := in && l.open < l.Max()
	l.mu.Unlock()
	for _, o := range old {
		o.Close()
	}
	if room {
		l.signal() // another listener may be waiting too
	}
	return in
}

// release removes c from the counts. It may be called more than once.
func (l *Limit) release(c *Conn) {
	l.mu.Lock()
	c.evict()
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
	limit *Limit // nil = no limit
	once  sync.Once
	ended chan struct{}
}

// Accept returns the next connection within the limits. If its address has reached its limit and none of its connections is
// idle, the connection is closed at once: if it waited, others would wait behind it.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		inner, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &Conn{Conn: inner, limit: b.limit}
		if b.limit == nil {
			return c, nil
		}
		if b.limit.admit(c) {
			b.limit.acquire(c, b.ended)
			return c, nil
		}
		inner.Close()
	}
}

func (b *bounded) Close() error {
	b.once.Do(func() { close(b.ended) })
	return b.Listener.Close()
}

// Socket listens on the unix socket at path, which only its owner may use. The caller holds the lock of the database, so an
// existing socket is that of a dead server and is replaced.
func Socket(path string) (net.Listener, error) { return (*Handed)(nil).Socket(path) }

// Socket is like the function Socket, but uses the socket that was handed over, if any.
func (h *Handed) Socket(path string) (net.Listener, error) {
	if l, err := h.take(path); l != nil || err != nil {
		return &socket{Listener: l, path: path}, err
	}
	// The socket is made in a directory that no other user can enter, and moved when its mode is set: other users of the
	// machine can never connect.
	dir, err := os.MkdirTemp(filepath.Dir(path), ".fazt-socket-")
	name, widen := filepath.Join(dir, "s"), func() {}
	if err != nil {
		// On a full disk a directory cannot be made, but a socket can.
		name = path + ".new"
		_ = os.Remove(name)
		widen = narrow()
	}
	defer os.RemoveAll(dir)
	l, err := listenUnix(name)
	widen()
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "the control socket %s cannot be created: %v", path, err)
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(name, 0o600), os.Rename(name, path)); err != nil {
		l.Close()
		return nil, errs.Wrap(errs.Invalid, err, "the control socket %s cannot be created: %v", path, err)
	}
	return &socket{Listener: l, path: path}, nil
}

// socket removes its file when it is closed.
type socket struct {
	net.Listener
	path  string
	stays bool // the next process uses it
}

// Accept returns the next connection.
func (s *socket) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: c}, nil
}

func (s *socket) Close() error {
	err := s.Listener.Close()
	if s.stays {
		return err
	}
	// If the directory is no longer writable the file stays, and the next server replaces it.
	if removed := os.Remove(s.path); removed != nil && !errors.Is(removed, os.ErrNotExist) && !errors.Is(removed, syscall.EROFS) && !errors.Is(removed, os.ErrPermission) {
		return errors.Join(err, removed)
	}
	return err
}
