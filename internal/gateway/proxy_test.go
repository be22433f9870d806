package gateway

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func proxies(list ...string) func() []netip.Prefix {
	var prefixes []netip.Prefix
	for _, text := range list {
		prefixes = append(prefixes, netip.MustParsePrefix(text))
	}
	return func() []netip.Prefix { return prefixes }
}

func TestClientIP(t *testing.T) {
	trusted := proxies("10.0.0.0/8", "fd00::/8")
	for _, c := range []struct {
		name, peer string
		header     http.Header
		want       string
	}{
		{"no header", "10.0.0.1:1", nil, "10.0.0.1"},
		{"a proxy", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"203.0.113.7"}}, "203.0.113.7"},
		{"a stranger", "203.0.113.9:1", http.Header{"X-Forwarded-For": {"203.0.113.7"}, "X-Real-Ip": {"203.0.113.7"}}, "203.0.113.9"},
		{"a forged address left of the proxy's", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"127.0.0.1, 203.0.113.7"}}, "203.0.113.7"},
		{"a forged header of its own", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"127.0.0.1", "203.0.113.7"}}, "203.0.113.7"},
		{"two proxies", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"127.0.0.1, 203.0.113.7, 10.0.0.2"}}, "203.0.113.7"},
		{"two proxies and two headers", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"203.0.113.7", "10.0.0.2"}}, "203.0.113.7"},
		{"only proxies", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"10.0.0.3, 10.0.0.2"}}, "10.0.0.3"},
		{"with a port", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"203.0.113.7:555"}}, "203.0.113.7"},
		{"IPv6 in brackets with a port", "[fd00::1]:1", http.Header{"X-Forwarded-For": {"[2001:DB8::7]:555"}}, "2001:db8::7"},
		{"IPv6 in brackets", "[fd00::1]:1", http.Header{"X-Forwarded-For": {"[2001:db8::7]"}}, "2001:db8::7"},
		{"IPv6 with a zone", "[fd00::1]:1", http.Header{"X-Forwarded-For": {"fe80::1%eth0"}}, "fe80::1"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1", http.Header{"X-Forwarded-For": {"::ffff:203.0.113.7"}}, "203.0.113.7"},
		{"garbage", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"unknown"}}, "10.0.0.1"},
		{"garbage behind a proxy", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"203.0.113.7, <script>, 10.0.0.2"}}, "10.0.0.2"},
		{"an empty place", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"203.0.113.7,"}}, "10.0.0.1"},
		{"empty", "10.0.0.1:1", http.Header{"X-Forwarded-For": {""}}, "10.0.0.1"},
		{"the other header", "10.0.0.1:1", http.Header{"X-Real-Ip": {"203.0.113.7"}}, "203.0.113.7"},
		{"both: the list decides", "10.0.0.1:1", http.Header{"X-Forwarded-For": {"203.0.113.7"}, "X-Real-Ip": {"203.0.113.8"}}, "203.0.113.7"},
		{"garbage in the other", "10.0.0.1:1", http.Header{"X-Real-Ip": {"203.0.113.7, 1.1.1.1"}}, "10.0.0.1"},
		{"a header that is not read", "10.0.0.1:1", http.Header{"Forwarded": {"for=203.0.113.7"}}, "10.0.0.1"},
		{"the socket", "@", http.Header{"X-Forwarded-For": {"203.0.113.7"}}, ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header = c.peer, c.header
		if got := clientIP(r, trusted); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if got, peer := clientIP(r, nil), clientIP(&http.Request{RemoteAddr: c.peer}, nil); got != peer {
			t.Errorf("%s, without trusted proxies: %s, want %s", c.name, got, peer)
		}
	}
}

func TestForwardedProto(t *testing.T) {
	for _, c := range []struct {
		name, peer string
		values     []string
		want       bool
	}{
		{"a proxy says so", "10.0.0.1:1", []string{"https"}, true},
		{"in capitals", "10.0.0.1:1", []string{"HTTPS"}, true},
		{"a proxy says http", "10.0.0.1:1", []string{"http"}, false},
		{"the last word counts", "10.0.0.1:1", []string{"https, http"}, false},
		{"the last header counts", "10.0.0.1:1", []string{"http", "https"}, true},
		{"nothing", "10.0.0.1:1", nil, false},
		{"a stranger", "203.0.113.9:1", []string{"https"}, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header = c.peer, http.Header{"X-Forwarded-Proto": c.values}
		g := &gateway{Config: Config{TrustedProxies: proxies("10.0.0.0/8")}}
		if got := g.https(r); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
		if g.TrustedProxies = nil; g.https(r) {
			t.Errorf("%s: without trusted proxies", c.name)
		}
	}
}

// FuzzForwardedFor looks for a header that makes us follow more than trusted proxies wrote: nothing left of the address
// that a trusted proxy appended may matter.
func FuzzForwardedFor(f *testing.F) {
	for _, seed := range []string{"", "1.1.1.1", "10.0.0.1", "garbage, 10.0.0.2", ",,,", "[::1]:80", "\"1.1.1.1", "a\nb", "10.0.0.1,"} {
		f.Add(seed)
	}
	trusted := proxies("10.0.0.0/8")
	f.Fuzz(func(t *testing.T, forged string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "10.0.0.1:1"
		for _, lines := range [][]string{{forged + ",203.0.113.7"}, {forged, "203.0.113.7"}, {forged + ", 203.0.113.7:1, 10.0.0.9"}} {
			r.Header = http.Header{"X-Forwarded-For": lines}
			if got := clientIP(r, trusted); got != "203.0.113.7" {
				t.Fatalf("%q: %s", lines, got)
			}
		}
		r.Header = http.Header{"X-Forwarded-For": {forged}}
		if got := clientIP(r, trusted); got == "" {
			t.Fatalf("%q: no address", forged)
		}
	})
}
