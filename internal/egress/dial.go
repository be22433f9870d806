package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"syscall"
	"time"

	"fazt/internal/egress/address"
)

// open makes a new connection for a hop. Its time is that of ctx.
func (g *Gate) open(ctx context.Context, h *hop, key poolKey) (*conn, error) {
	raw, err := g.connect(ctx, h)
	if err != nil {
		return nil, err
	}
	if h.target.scheme == "http" {
		return g.newConn(ctx, raw, raw, false, key)
	}
	secure, err := secured(ctx, h, raw, g.c.Roots)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return g.newConn(ctx, raw, secure, secure.ConnectionState().NegotiatedProtocol == "h2", key)
}

// connect connects to the host of a hop, once all its addresses were judged.
func (g *Gate) connect(ctx context.Context, h *hop) (net.Conn, error) {
	addresses, err := g.resolve(ctx, h.target.host)
	if err != nil {
		return nil, err
	}
	own := g.self.Addresses()
	for _, a := range addresses {
		if why := address.Refused(a, h.entry.Private, own); why != "" {
			return nil, blocked(h.target.host + " leads to " + a.String() + ": " + why)
		}
	}
	return g.race(ctx, h, addresses)
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
func (g *Gate) race(ctx context.Context, h *hop, addresses []netip.Addr) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
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
	d := net.Dialer{ControlContext: func(_ context.Context, _, peer string, _ syscall.RawConn) error {
		return g.judgeSocket(h, peer)
	}}
	return d.DialContext(ctx, "tcp", netip.AddrPortFrom(a, uint16(h.target.port)).String())
}

func (g *Gate) judgeSocket(h *hop, peer string) error {
	to, err := netip.ParseAddrPort(peer)
	if err != nil {
		return err
	}
	if why := address.Refused(to.Addr(), h.entry.Private, g.self.Addresses()); why != "" {
		return blocked("the socket leads to " + peer + ": " + why)
	}
	if int(to.Port()) != h.target.port {
		return blocked("the socket leads to port " + peer)
	}
	return nil
}

// secured speaks TLS on raw, and verifies the certificate for the host of the hop, whatever it was connected to.
func secured(ctx context.Context, h *hop, raw net.Conn, roots *x509.CertPool) (*tls.Conn, error) {
	secure := tls.Client(raw, &tls.Config{
		ServerName: h.target.host, RootCAs: roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	})
	return secure, secure.HandshakeContext(ctx)
}
