package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// Connections wait for the next call of the same app under the same entry and the same version of the policy, and for no
// other: what an app did with a connection, and what its entry allowed it to reach, is not for its neighbour.
type pools struct {
	mu      sync.Mutex
	version uint64
	list    map[poolKey]*pool
}

type poolKey struct {
	version    uint64
	app, entry string
	head       int64 // largest head of an answer
}

type pool struct {
	*http.Transport
	used time.Time
}

const (
	mostPools = 32               // times mostIdle is how many connections wait at most
	mostIdle  = 8                // of one app under one entry
	idleFor   = 15 * time.Second // shorter than servers wait, so that a call seldom meets a connection that is just being closed
)

// pool is where the connections of a kind wait. The first call under a newer policy closes what waits of older ones; what is
// in use is closed after its call.
func (g *Gate) pool(key poolKey, policy *Policy) *pool {
	key.version = policy.version
	g.pools.mu.Lock()
	defer g.pools.mu.Unlock()
	if key.version > g.pools.version {
		g.pools.version = key.version
		g.warn(policy)
		for k, p := range g.pools.list {
			if k.version < key.version {
				delete(g.pools.list, k)
				p.CloseIdleConnections()
			}
		}
	}
	p := g.pools.list[key]
	if p == nil {
		if len(g.pools.list) >= mostPools {
			g.pools.evict()
		}
		p = &pool{Transport: g.transport(key.head)}
		g.pools.list[key] = p
	}
	p.used = time.Now()
	return p
}

// warn says what is open that should be seldom open.
func (g *Gate) warn(policy *Policy) {
	for _, e := range policy.entries {
		if len(e.Private) > 0 {
			g.c.Log.Warn("functions may call into a private network", "domain", e.Domain, "app", e.AppID, "ranges", e.Private)
		}
	}
}

func (p *pools) evict() {
	var oldest poolKey
	var at time.Time
	for k, candidate := range p.list {
		if at.IsZero() || candidate.used.Before(at) {
			oldest, at = k, candidate.used
		}
	}
	p.list[oldest].CloseIdleConnections()
	delete(p.list, oldest)
}

// transport speaks HTTP/1.1 and HTTP/2. It asks no proxy of the environment, and follows, decodes and adds nothing.
func (g *Gate) transport(head int64) *http.Transport {
	return &http.Transport{
		DialContext:            g.connect,
		DialTLSContext:         g.connectTLS,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConns:           mostIdle,
		MaxIdleConnsPerHost:    mostIdle,
		IdleConnTimeout:        idleFor,
		MaxResponseHeaderBytes: head,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: idleFor, PingTimeout: idleFor},
	}
}

// hopKey carries the hop to the functions that connect: the transport detaches their context from the call's, and they
// attach themselves again, so that a dial ends with its call.
type hopKey struct{}

func (g *Gate) connect(ctx context.Context, _, _ string) (net.Conn, error) {
	h, ok := ctx.Value(hopKey{}).(*hop)
	if !ok {
		return nil, errors.New("a connection that belongs to no hop")
	}
	addresses, err := g.resolve(h.ctx, h.target.host)
	if err != nil {
		return nil, err
	}
	own := g.self.addresses()
	for _, a := range addresses {
		if why := refused(a, h.entry.Private, own); why != "" {
			return nil, blocked(h.target.host + " leads to " + a.String() + ": " + why)
		}
	}
	return g.race(h, addresses)
}

// resolve is every address of a host. The dot at the end keeps the search list of the system out of it: a name under
// a domain of the system's owner is another name.
func (g *Gate) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	addresses, err := g.c.Resolver.LookupNetIP(ctx, "ip", host+".")
	if err != nil {
		return nil, err
	}
	if len(addresses) == 0 {
		return nil, &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	for i := range addresses {
		addresses[i] = addresses[i].Unmap() // the system's resolver writes IPv4 in either way
	}
	return addresses, nil
}

const (
	mostTried = 4                      // addresses of a name
	headStart = 250 * time.Millisecond // before the next one is tried too (RFC 8305 §5)
)

// race connects to the addresses one after the other, the next when one failed or is slow, and takes the first that
// answers.
func (g *Gate) race(h *hop, addresses []netip.Addr) (net.Conn, error) {
	ctx, cancel := context.WithCancel(h.ctx)
	defer cancel()
	addresses = addresses[:min(len(addresses), mostTried)]
	if len(addresses) == 1 {
		return g.dial(ctx, h, addresses[0])
	}
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result, len(addresses))
	timer := time.NewTimer(headStart)
	defer timer.Stop()
	started, ended := 0, 0
	next := func() {
		if started < len(addresses) {
			a := addresses[started]
			started++
			timer.Reset(headStart)
			go func() {
				conn, err := g.dial(ctx, h, a)
				results <- result{conn, err}
			}()
		}
	}
	var first error
	for next(); ; {
		select {
		case <-timer.C:
			next()
		case r := <-results:
			ended++
			if r.err == nil {
				go func(open int) { // the others were canceled; one may have come through all the same
					for range open {
						if late := <-results; late.conn != nil {
							_ = late.conn.Close()
						}
					}
				}(started - ended)
				return r.conn, nil
			}
			if first == nil {
				first = r.err
			}
			if ended == len(addresses) {
				return nil, first
			}
			next()
		}
	}
}

// dialAddress connects to a judged address, and judges once more what the socket is about to be connected to.
func (g *Gate) dialAddress(ctx context.Context, h *hop, a netip.Addr) (net.Conn, error) {
	d := net.Dialer{ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		return g.judgeSocket(h, address)
	}}
	return d.DialContext(ctx, "tcp", netip.AddrPortFrom(a, uint16(h.target.port)).String())
}

func (g *Gate) judgeSocket(h *hop, address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if why := refused(to.Addr(), h.entry.Private, g.self.addresses()); why != "" {
		return blocked("the socket leads to " + address + ": " + why)
	}
	if int(to.Port()) != h.target.port {
		return blocked("the socket leads to port " + address)
	}
	return nil
}

// connectTLS verifies the certificate for the host of the hop, whatever it was connected to.
func (g *Gate) connectTLS(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := g.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	h := ctx.Value(hopKey{}).(*hop)
	secure := tls.Client(conn, &tls.Config{
		ServerName: h.target.host, RootCAs: g.c.Roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	})
	if err := secure.HandshakeContext(h.ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}
