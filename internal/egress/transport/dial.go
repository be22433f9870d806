package transport

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"syscall"
	"time"

	"fazt/internal/egress/address"
)

// open returns a new connection.
func (t *Transport) open(ctx context.Context, r *Route) (*conn, error) {
	raw, err := t.connect(ctx, r)
	if err != nil {
		return nil, err
	}
	if r.Scheme == "http" {
		return t.newConn(ctx, raw, raw, false, r.Key)
	}
	secure := tls.Client(raw, &tls.Config{
		ServerName: r.Host, RootCAs: t.Roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	})
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return t.newConn(ctx, raw, secure, secure.ConnectionState().NegotiatedProtocol == "h2", r.Key)
}

// connect connects to the host after checking all of its addresses.
func (t *Transport) connect(ctx context.Context, r *Route) (net.Conn, error) {
	addresses, err := t.Resolve(ctx, r.Host)
	if err != nil {
		return nil, err
	}
	own := t.Own()
	for _, a := range addresses {
		if why := address.Refused(a, r.Private, own); why != "" {
			return nil, blocked(r.Host + " leads to " + a.String() + ": " + why)
		}
	}
	return t.race(ctx, r, addresses)
}

// Resolve returns the addresses of a host; at least one.
func (t *Transport) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	// With a final dot the system does not try the name below its search domains.
	addresses, err := t.Resolver.LookupNetIP(ctx, "ip", host+".")
	if err != nil {
		return nil, err
	}
	if len(addresses) == 0 {
		return nil, &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	for i := range addresses {
		addresses[i] = addresses[i].Unmap() // the system's resolver returns IPv4 in either form
	}
	return addresses, nil
}

const (
	maxAddresses = 4                      // of a name are tried
	attemptDelay = 250 * time.Millisecond // before the next address is tried alongside (RFC 8305 §5)
)

// race tries the addresses in order, the next one as soon as one failed or is slow, and returns the first connection.
func (t *Transport) race(ctx context.Context, r *Route, addresses []netip.Addr) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dial := t.Dial
	if dial == nil {
		dial = t.dialTCP
	}
	addresses = addresses[:min(len(addresses), maxAddresses)]
	if len(addresses) == 1 {
		return dial(ctx, r, addresses[0])
	}
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result, len(addresses))
	timer := time.NewTimer(attemptDelay)
	defer timer.Stop()
	started, ended := 0, 0
	next := func() {
		if started < len(addresses) {
			a := addresses[started]
			started++
			timer.Reset(attemptDelay)
			go func() {
				conn, err := dial(ctx, r, a)
				results <- result{conn, err}
			}()
		}
	}
	var first error
	for next(); ; {
		select {
		case <-timer.C:
			next()
		case got := <-results:
			ended++
			if got.err == nil {
				go func(open int) { // the others are canceled, but may have connected before that
					for range open {
						if late := <-results; late.conn != nil {
							_ = late.conn.Close()
						}
					}
				}(started - ended)
				return got.conn, nil
			}
			if first == nil {
				first = got.err
			}
			if ended == len(addresses) {
				return nil, first
			}
			next()
		}
	}
}

// dialTCP connects to an address, and checks once more what the socket is about to be connected to.
func (t *Transport) dialTCP(ctx context.Context, r *Route, a netip.Addr) (net.Conn, error) {
	d := net.Dialer{ControlContext: func(_ context.Context, _, peer string, _ syscall.RawConn) error {
		return t.CheckSocket(r, peer)
	}}
	return d.DialContext(ctx, "tcp", netip.AddrPortFrom(a, uint16(r.Port)).String())
}

// CheckSocket returns an error unless a socket for the route may be connected to peer.
func (t *Transport) CheckSocket(r *Route, peer string) error {
	to, err := netip.ParseAddrPort(peer)
	if err != nil {
		return err
	}
	if why := address.Refused(to.Addr(), r.Private, t.Own()); why != "" {
		return blocked("the socket leads to " + peer + ": " + why)
	}
	if int(to.Port()) != r.Port {
		return blocked("the socket leads to port " + peer)
	}
	return nil
}
