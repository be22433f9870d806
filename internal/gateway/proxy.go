package gateway

import (
	"net/http"
	"net/netip"
	"strings"

	"fazt/internal/share"
)

// clientIP is the address of who is asking. That is the peer, unless the peer is a trusted proxy: then it is the
// right-most address of X-Forwarded-For that is not a trusted proxy itself, or, where there is no such header, the one
// in X-Real-IP. What stands further left the visitor may have written, and it is not looked at. The header Forwarded is
// not read: a proxy that does not know it would pass on a visitor's own.
func clientIP(r *http.Request, trusted func() []netip.Prefix) string {
	ip, _ := client(r, trusted)
	if !ip.IsValid() {
		return "" // the socket beside the database
	}
	return ip.String()
}

// client is the address of who is asking, invalid where there is none, and who counts as one client with them. That is not
// known of whom a proxy does not name.
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

// Trusted says whether ip is that of a trusted proxy.
func Trusted(proxies []netip.Prefix, ip netip.Addr) bool {
	for _, p := range proxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

func canonicalIP(ip netip.Addr) netip.Addr { return ip.Unmap().WithZone("") }

// forwardedFor follows what trusted proxies say from one to the next, beginning at the peer, up to who is none. What
// is no address ends the way: the last that is known stands.
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

// parseForwarded reads an address as proxies write it: alone or with a port, an IPv6 one with brackets or without.
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

// https says whether a trusted proxy says that the visitor's connection is encrypted. The last word is that of the
// proxy we know; what stands left of it may be anybody's.
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
