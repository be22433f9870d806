package egress

import (
	"crypto/x509"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/egress/address"
	"fazt/internal/egress/cache"
	"fazt/internal/egress/rules"
	"fazt/internal/egress/transport"

	"fazt/internal/system"
	"fazt/internal/throttle"
)

// Config is what a gate needs. Policy, Limits and System are asked for every call, so that changes hold at once.
type Config struct {
	Policy   func() *rules.Policy          // never nil
	Limits   func(appID string) system.Net // those of an app
	System   func() system.Net             // those of all apps together
	Resolver transport.Resolver            // nil = the system's
	Record   Recorder                      // nil = nobody reads what was tried
	Own      func() []netip.Addr           // addresses the instance listens on, besides those of the machine's interfaces; nil = none
	Roots    *x509.CertPool                // nil = the system's, which SSL_CERT_FILE replaces
	Log      *slog.Logger
}

// Gate is the one way out.
type Gate struct {
	c         Config
	self      address.Self
	slots     slots
	buckets   throttle.Throttle[bucketKey]
	transport transport.Transport
	cache     cache.Cache
	closed    atomic.Bool
}

// New makes a gate. It starts nothing.
func New(c Config) *Gate {
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gate{c: c, self: address.Self{More: c.Own}}
	g.transport.Resolver, g.transport.Own, g.transport.Roots, g.transport.Log = c.Resolver, g.self.Addresses, c.Roots, c.Log
	return g
}

// Close closes what waits and begins no more calls. Those that are open end with their contexts.
func (g *Gate) Close() {
	g.closed.Store(true)
	g.transport.Close()
	g.cache.Clear("")
}

// CacheStats returns the state of the cache.
func (g *Gate) CacheStats() cache.Stats { return g.cache.Stats() }

// ClearCache forgets the responses to an app; "" = to every app.
func (g *Gate) ClearCache(appID string) { g.cache.Clear(appID) }

// Lost returns the number of calls that ended while their goroutine is still stuck; see transport.Transport.Lost.
func (g *Gate) Lost() int { return g.transport.Lost() }

// Run is one request of a visitor: its calls, and the time they take together. It may be used by several goroutines.
type Run struct {
	gate      *Gate
	app       string
	requestID string

	mu    sync.Mutex
	calls int
	open  int           // calls
	since time.Time     // when the first of the open calls began
	spent time.Duration // before that
}

// Begin opens the account of one request.
func (g *Gate) Begin(appID, requestID string) *Run {
	return &Run{gate: g, app: appID, requestID: requestID}
}

// enter counts a call, whatever comes of it.
func (r *Run) enter(limits system.Net) (ok, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	return r.calls <= limits.MaxCalls, r.calls == limits.MaxCalls+1
}

// start opens a call and says how much is left of the time the calls of this request may take together. Calls that are open
// at the same time take that time once: it is the time in which at least one is open.
func (r *Run) start(limits system.Net) (left time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if r.open == 0 {
		r.since = now
	}
	r.open++
	return milliseconds(limits.Budget) - r.spent - now.Sub(r.since)
}

func (r *Run) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open--; r.open == 0 {
		r.spent += time.Since(r.since)
	}
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }
