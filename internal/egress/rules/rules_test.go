package rules

import (
	"net/netip"
	"strings"
	"testing"
)

func TestParseDomain(t *testing.T) {
	tests := []struct{ text, want, fails string }{
		{"api.example.com", "api.example.com", ""},
		{"API.Example.COM.", "api.example.com", ""},
		{"*.Example.com", "*.example.com", ""},
		{"bücher.example", "xn--bcher-kva.example", ""},
		{"*.bücher.example", "*.xn--bcher-kva.example", ""},
		{"nas.home.arpa", "nas.home.arpa", ""},
		{"me.github.io", "me.github.io", ""},
		{"s3.amazonaws.com", "s3.amazonaws.com", ""},
		{"*.me.github.io", "*.me.github.io", ""},
		{"", "", "missing"},
		{"*", "", "everything"},
		{"*.", "", "everything"},
		{"*.com", "", "single label"},
		{"*.co.uk", "", "anyone can register"},
		{"co.uk", "", "anyone can register"},
		{"*.github.io", "", "anyone can register"},
		{"*.s3.amazonaws.com", "", "anyone can register"},
		{"localhost", "", "single label"},
		{"https://example.com", "", "scheme"},
		{"example.com/path", "", "path"},
		{"example.com?q", "", "path"},
		{"example.com:8443", "", "port"},
		{"user@example.com", "", "user"},
		{"127.0.0.1", "", "address"},
		{"[::1]", "", "address"},
		{"::1", "", "address"},
		{"0x7f.1", "", "address"},
		{"2130706433", "", "address"},
		{"*.0.0.1", "", "address"},
		{"api.*.com", "", "first label"},
		{"*api.example.com", "", "first label"},
		{"*.*.example.com", "", "first label"},
		{"ex ample.com", "", "name"},
		{"a_b.example.com", "a_b.example.com", ""},
		{"example..com", "", "name"},
		{"-a.example.com", "", "name"},
	}
	for _, tt := range tests {
		got, err := ParseDomain(tt.text)
		if got != tt.want || (err == nil) != (tt.fails == "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
			t.Errorf("%q: %q, %v", tt.text, got, err)
		}
	}
}

func TestCheckEntry(t *testing.T) {
	prefix := netip.MustParsePrefix
	good, err := CheckEntry(Entry{Ports: []int{8443, 443, 8443}, Methods: []string{"post", "GET", "get"}, Private: []netip.Prefix{prefix("192.168.1.7/24"), prefix("fd12::/16"), prefix("100.64.0.0/10")}, Paths: []string{"/bot{token}/{method}"}})
	if err != nil || len(good.Ports) != 2 || good.Ports[0] != 8443 || strings.Join(good.Methods, " ") != "GET POST" || good.Private[0].String() != "192.168.1.0/24" {
		t.Errorf("%+v, %v", good, err)
	}
	for name, e := range map[string]Entry{
		"port 0": {Ports: []int{0}}, "a port too high": {Ports: []int{65536}}, "a method there is not": {Methods: []string{"TRACE"}},
		"a negative rate": {Rate: -1}, "a negative size": {MaxResponse: -1},
		"loopback": {Private: []netip.Prefix{prefix("127.0.0.0/8")}}, "link-local": {Private: []netip.Prefix{prefix("169.254.0.0/16")}},
		"metadata": {Private: []netip.Prefix{prefix("169.254.169.254/32")}}, "metadata in a private range": {Private: []netip.Prefix{prefix("100.100.100.200/32")}},
		"all": {Private: []netip.Prefix{prefix("0.0.0.0/0")}}, "more than is private": {Private: []netip.Prefix{prefix("10.0.0.0/7")}},
		"IPv6 loopback": {Private: []netip.Prefix{prefix("::1/128")}}, "IPv6 link-local": {Private: []netip.Prefix{prefix("fe80::/10")}},
		"IPv4 in IPv6": {Private: []netip.Prefix{prefix("::ffff:10.0.0.0/104")}}, "public": {Private: []netip.Prefix{prefix("8.8.8.0/24")}}, "no range": {Private: []netip.Prefix{{}}},
		"a path without a slash": {Paths: []string{"bot"}}, "an open place": {Paths: []string{"/bot{token"}}, "two places at once": {Paths: []string{"/{a}{b}"}}, "a place without a name": {Paths: []string{"/{}"}},
	} {
		if _, err := CheckEntry(e); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestTheMostSpecificEntryWinsAndThenTheAppsOwn(t *testing.T) {
	p := NewPolicy(1, []Entry{
		{ID: "wide", Domain: "*.example.com"}, {ID: "deep", Domain: "*.a.example.com"}, {ID: "exact", Domain: "x.a.example.com"},
		{ID: "own wide", Domain: "*.example.com", AppID: "app"}, {ID: "own exact", Domain: "y.example.com", AppID: "app"}, {ID: "exact too", Domain: "y.example.com"},
	}, []Secret{{Name: "K", Value: "all"}, {Name: "K", AppID: "app", Value: "own"}})
	for host, want := range map[string][2]string{ // for app, for another
		"x.a.example.com": {"exact", "exact"}, "z.a.example.com": {"deep", "deep"}, "b.a.example.com": {"deep", "deep"},
		"y.example.com": {"own exact", "exact too"}, "q.example.com": {"own wide", "wide"}, "p.q.example.com": {"own wide", "wide"},
		"example.com": {"", ""}, "com": {"", ""}, "badexample.com": {"", ""},
	} {
		own, _ := p.Match("app", host)
		other, _ := p.Match("other", host)
		if own.ID != want[0] || other.ID != want[1] {
			t.Errorf("%s: %q and %q", host, own.ID, other.ID)
		}
	}
	if s, _ := p.Secret("app", "K"); s.Value != "own" {
		t.Errorf("got %q", s.Value)
	}
	if s, _ := p.Secret("other", "K"); s.Value != "all" {
		t.Errorf("got %q", s.Value)
	}
}

func TestPathsAreLoggedByTheirTemplates(t *testing.T) {
	e := Entry{Paths: []string{"/bot{token}/{method}", "/v1/users/{id}", "/files/{id}.{ext}", "/open"}}
	for path, want := range map[string]string{
		"/bot123:abc/sendMessage": "/bot{token}/{method}", "/v1/users/7": "/v1/users/{id}", "/files/a.png": "/files/{id}.{ext}", "/open": "/open",
		"/bot123:abc": "/…", "/bot/x": "/…", "/v1/users/": "/…", "/v1/users/7/keys": "/…", "/": "/…", "/files/a/b.png": "/…",
	} {
		if got := e.LoggedPath(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if got := (&Entry{}).LoggedPath("/" + strings.Repeat("a", 1000)); len(got) > maxLoggedPath+4 {
		t.Errorf("%d bytes are logged", len(got))
	}
}
