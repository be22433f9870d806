// Package transport sends requests to other servers. It connects only to addresses that functions may reach, and a
// connection carries one request at a time, so everything that is received on it belongs to that request.
package transport

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
)

// Transport sends requests. Its fields are set before the first one; it must not be copied.
type Transport struct {
	Resolver Resolver
	Own      func() map[netip.Addr]bool // addresses of this instance, which are refused
	Roots    *x509.CertPool             // nil = the system's
	Log      *slog.Logger

	// Tests replace these two.
	Dial func(context.Context, *Route, netip.Addr) (net.Conn, error) // connects to a checked address; nil = over TCP
	Wrap func(app string, rt http.RoundTripper) http.RoundTripper    // of a new connection; nil = none

	pool pool
	mu   sync.Mutex
	lost map[string]int // by app
}

// Resolver looks names up.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Route is where a request goes.
type Route struct {
	Key
	Private []netip.Prefix // private ranges that this route may lead to
}

// Key determines which requests may reuse a connection: those with the same key.
type Key struct {
	Version      uint64 // of the policy that allows the request
	App, Entry   string
	Scheme, Host string // http or https; a canonical name
	Port         int
	MaxHeader    int64 // bytes of the largest response header
}

// Error is a failure that this package found itself. Its reason quotes nothing that the other server sent.
type Error struct {
	Blocked bool // the address may not be reached; otherwise the server broke the rules of HTTP
	Reason  string
}

func (e *Error) Error() string { return e.Reason }

func blocked(reason string) *Error { return &Error{Blocked: true, Reason: reason} }

// Advance closes the idle connections of older versions of the policy, and reports whether this version is new. Connections
// in use are closed after their request.
func (t *Transport) Advance(version uint64) (newer bool) { return t.pool.advance(version) }

// Lost returns the number of requests that have ended while their goroutine has not: it is stuck in net/http, and only the
// end of the process ends it.
func (t *Transport) Lost() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, of := range t.lost {
		n += of
	}
	return n
}

// LostBy returns the number of an app's lost requests.
func (t *Transport) LostBy(app string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lost[app]
}

// addLost counts lost requests of an app; n is negative for one that ended after all.
func (t *Transport) addLost(app string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lost == nil {
		t.lost = map[string]int{}
	}
	if t.lost[app] += n; t.lost[app] == 0 {
		delete(t.lost, app)
	}
}

// Close closes the idle connections, and keeps none from now on.
func (t *Transport) Close() { t.pool.close() }
