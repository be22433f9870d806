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

// Config configures a Gate. Policy, Limits and System are read for every call, so that changes apply immediately.
type Config struct {
	Policy   func() *rules.Policy          // never nil
	Limits   func(appID string) system.Net // of an app
	System   func() system.Net             // of all apps together
	Resolver transport.Resolver            // nil = the system's
	Record   Recorder                      // nil = attempts are not logged
	Own      func() []netip.Addr           // addresses that the instance listens on, in addition to those of the machine's interfaces; nil = none
	Roots    *x509.CertPool                // nil = the system's, which SSL_CERT_FILE replaces
	Log      *slog.Logger
}

// Gate checks and makes outbound calls.
type Gate struct {
	c         Config
	self      address.Self
	slots     slots
	buckets   throttle.Throttle[bucketKey]
	transport transport.Transport
	cache     cache.Cache
	closed    atomic.Bool
}

// New returns a gate.
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

// Close closes idle connections and refuses new calls. Open calls end with their contexts.
func (g *Gate) Close() {
	g.closed.Store(true)
	g.transport.Close()
	g.cache.Clear("")
}

// CacheStats returns the state of the cache.
func (g *Gate) CacheStats() cache.Stats { return g.cache.Stats() }

// ClearCache drops the stored responses of an app; "" = of all apps.
func (g *Gate) ClearCache(appID string) { g.cache.Clear(appID) }

// Lost returns the number of calls that ended while their goroutine is still stuck; see transport.Transport.Lost.
func (g *Gate) Lost() int { return g.transport.Lost() }

// Run counts the calls of one invocation and the time they take together. It is safe for concurrent use.
type Run struct {
	gate      *Gate
	app       string
	requestID string

	mu    sync.Mutex
	calls int
	open  int           // calls
	since time.Time     // start of the first open call
	spent time.Duration // before that
}

// Begin returns the Run of one invocation.
func (g *Gate) Begin(appID, requestID string) *Run {
	return &Run{gate: g, app: appID, requestID: requestID}
}

// enter counts a call. ok is false once the limit is exceeded; first marks the first such call.
func (r *Run) enter(limits system.Net) (ok, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	return r.calls <= limits.MaxCalls, r.calls == limits.MaxCalls+1
}

// start opens a call and returns what is left of the time for all calls. That is the time during which at least one call is
// open, so calls that run concurrently use it once.
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
