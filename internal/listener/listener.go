// Package listener opens the addresses an instance is reached at: TCP with a bound on connections, and the unix
// socket beside the database, which is the owner's own door.
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

// TCP listens on address, "host:port"; port 0 takes a free one. At most limit connections are open at once over all
// listeners that share it; a further one takes the place of one that is idle, or waits until another ends.
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
		return errs.Wrap(errs.Invalid, err, "%q is not a listen address; use host:port, such as 127.0.0.1:4698 or [::1]:4698", address)
	}
	return errs.Wrap(errs.Invalid, err, "listening on %s failed: %v", address, err)
}

// Limit bounds the connections of the listeners that share it. The bounds are read for every new connection. Where one is
// reached, the connection goes that has been idle for the longest, so that what a browser keeps open for later does not keep
// others out now.
type Limit struct {
	LimitConfig

	mu    sync.Mutex
	open  int
	by    map[netip.Prefix]*origin
	idle  ring          // connections without a request, the oldest first
	freed chan struct{} // holds a token after a connection ended, or became idle
}

// LimitConfig is what a Limit follows.
type LimitConfig struct {
	Most    func() int
	PerIP   func() int               // of one address; nil = no bound
	Trusted func(ip netip.Addr) bool // a proxy, through which many may come: PerIP is not for it; nil = none is
}

// origin is what an address has.
type origin struct {
	open int
	idle ring
}

// NewLimit bounds connections. It starts nothing.
func NewLimit(c LimitConfig) *Limit {
	l := &Limit{LimitConfig: c, by: map[netip.Prefix]*origin{}, freed: make(chan struct{}, 1)}
	l.idle.init()
	return l
}

// network is the addresses that count as one client's; invalid = no bound is for them.
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
		bits = 64 // what one customer has
	}
	return netip.PrefixFrom(ip.WithZone(""), bits).Masked()
}

// admit counts a connection for its address, in the place of an idle one of the same address where that has all it may.
func (l *Limit) admit(c *Conn) bool {
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
		l.by[by] = o // it was taken out with its last connection
	}
	o.open++
	c.by, c.from = by, o
	l.mu.Unlock()
	if old != nil {
		old.Close()
	}
	return true
}

// Open is how many connections are open.
func (l *Limit) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// lookAgain is how long a raised bound goes unnoticed at most, while no connection ends.
const lookAgain = 200 * time.Millisecond

// acquire waits for a place for c. When the listener ends meanwhile, c goes over the bound: it was taken from the system's
// queue, where the process that follows would have found it.
func (l *Limit) acquire(c *Conn, ended <-chan struct{}) {
	for over := false; !l.enter(c, over); {
		select {
		case <-l.freed:
		case <-time.After(lookAgain): // the bound may have been raised
		case <-ended:
			over = true
		}
	}
}

// enter counts c where there is a place, or one can be made by closing idle connections; or else over the bound.
func (l *Limit) enter(c *Conn, over bool) bool {
	var old []*Conn
	l.mu.Lock()
	for l.open >= l.Most() && l.idle.oldest() != nil { // several where the bound was lowered
		old = append(old, l.idle.oldest())
		l.idle.oldest().evict()
	}
	in := over || l.open < l.Most()
	if in {
		l.open++
		c.counted = true
		c.rest() // it has no request yet
	}
	room := in && l.open < l.Most()
	l.mu.Unlock()
	for _, o := range old {
		o.Close()
	}
	if room {
		l.signal() // another listener may be waiting too
	}
	return in
}

// release takes c out of the counts. It may be called more than once.
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
	limit *Limit // nil = no bound
	once  sync.Once
	ended chan struct{}
}

// Accept is the next connection within the bounds. One of an address that has as many as it may, none of them idle, is
// closed at once: were it to wait, others would wait behind it.
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
	name, widen := filepath.Join(dir, "s"), func() {}
	if err != nil {
		// A full disk has room for no folder, and for a socket.
		name = path + ".new"
		_ = os.Remove(name)
		widen = narrow()
	}
	defer os.RemoveAll(dir)
	l, err := listenUnix(name)
	widen()
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

// Accept is the next connection.
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
	// Where the folder cannot be written any more it stays, and the next server replaces it.
	if removed := os.Remove(s.path); removed != nil && !errors.Is(removed, os.ErrNotExist) && !errors.Is(removed, syscall.EROFS) && !errors.Is(removed, os.ErrPermission) {
		return errors.Join(err, removed)
	}
	return err
}
