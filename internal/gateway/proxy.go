package gateway

import (
	"net/http"
	"net/netip"
	"strings"

	"fazt/internal/share"
)

// clientIP returns the client's address: the peer, unless the peer is a trusted proxy. Then it is the right-most
// address in X-Forwarded-For that is not itself a trusted proxy or, without that header, the one in X-Real-IP. Anything
// further left may be forged by the visitor and is ignored. The Forwarded header is ignored too: a proxy that does not
// know it would pass on a visitor's own.
func clientIP(r *http.Request, trusted func() []netip.Prefix) string {
	ip, _ := client(r, trusted)
	if !ip.IsValid() {
		return "" // the socket next to the database
	}
	return ip.String()
}

// client returns the client's address, invalid if there is none, and the network that counts as one client with it,
// which is unknown if a proxy does not name the client.
func client(r *http.Request, trusted func() []netip.Prefix) (netip.Addr, netip.Prefix) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, netip.Prefix{}
	}
	ip := canonicalIP(peer.Addr())
	if trusted == nil {
		return ip, share.Client(ip)
	}
	if proxies := trusted(); Trusted(proxies, ip) {
		if ip = forwardedFor(r.Header, proxies, ip); Trusted(proxies, ip) {
			return ip, netip.Prefix{}
		}
	}
	return ip, share.Client(ip)
}

// Trusted reports whether ip is a trusted proxy.
func Trusted(proxies []netip.Prefix, ip netip.Addr) bool {
	for _, p := range proxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

func canonicalIP(ip netip.Addr) netip.Addr { return ip.Unmap().WithZone("") }

// forwardedFor follows the addresses that trusted proxies report, starting at the peer, up to the first that is not
// one. At an invalid address it stops with the last valid one.
func forwardedFor(h http.Header, proxies []netip.Prefix, peer netip.Addr) netip.Addr {
	lines := h["X-Forwarded-For"]
	if len(lines) == 0 {
		if ip, ok := parseForwarded(h.Get("X-Real-Ip")); ok {
			return ip
		}
		return peer
	}
	known := peer
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			var last string
			if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
				rest, last = rest[:comma], rest[comma+1:]
			} else {
				last, more = rest, false
			}
			ip, ok := parseForwarded(last)
			if !ok {
				return known
			}
			if known = ip; !Trusted(proxies, ip) {
				return ip
			}
		}
	}
	return known
}

// parseForwarded parses an address as proxies write it: alone or with a port, IPv6 with or without brackets.
func parseForwarded(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if len(text) > len("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255%zone-of-a-length]:65535") {
		return netip.Addr{}, false
	}
	if ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")); err == nil {
		return canonicalIP(ip), true
	}
	withPort, err := netip.ParseAddrPort(text)
	return canonicalIP(withPort.Addr()), err == nil
}

// https reports whether a trusted proxy says that the visitor's connection is encrypted. Only the last value is the
// known proxy's; earlier ones may be forged.
func (g *gateway) https(r *http.Request) bool {
	if g.TrustedProxies == nil {
		return false
	}
	proxies := g.TrustedProxies()
	if len(proxies) == 0 {
		return false
	}
	lines := r.Header["X-Forwarded-Proto"]
	if len(lines) == 0 {
		return false
	}
	last := lines[len(lines)-1]
	last = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && strings.EqualFold(last, "https") && Trusted(proxies, canonicalIP(peer.Addr()))
}
