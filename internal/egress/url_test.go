package egress

import (
	"net/netip"
	"strings"
	"testing"
)

func TestAURLHasOneReadingOrNone(t *testing.T) {
	tests := []struct{ name, url, want string }{ // "" = refused
		{"plain", "https://example.com/a?b=c", "https://example.com/a?b=c"},
		{"no path", "https://example.com", "https://example.com/"},
		{"query without path", "https://example.com?a", "https://example.com/?a"},
		{"scheme and host in capitals", "HTTPS://Example.COM/A", "https://example.com/A"},
		{"the scheme's own port", "https://example.com:443/", "https://example.com/"},
		{"another port", "http://example.com:8080/", "http://example.com:8080/"},
		{"root dot", "https://example.com./", "https://example.com/"},
		{"fragment", "https://example.com/#@evil.test/", "https://example.com/"},
		{"international", "https://bücher.example/", "https://xn--bcher-kva.example/"},
		{"international already", "https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"},
		{"full-width letters", "https://ｅｘａｍｐｌｅ.com/", "https://example.com/"},
		{"ideographic dot", "https://example。com/", "https://example.com/"},
		{"soft hyphen", "https://exam\u00adple.com/", "https://example.com/"},
		{"double hyphen", "https://r3---sn-a.example.com/", "https://r3---sn-a.example.com/"},
		{"dot segments", "https://example.com/a/../b/./c", "https://example.com/b/c"},
		{"dot segments above the root", "https://example.com/../../b", "https://example.com/b"},
		{"encoded dot segments", "https://example.com/a/%2e%2E/b/.%2e", "https://example.com/"},
		{"encoded slash stays", "https://example.com/a%2Fb", "https://example.com/a%2Fb"},
		{"letters beyond ASCII", "https://example.com/ü?ü", "https://example.com/%C3%BC?%C3%BC"},
		{"user in the query", "https://example.com/?a@b", "https://example.com/?a@b"},

		{"dotted literal", "https://127.0.0.1/", ""},
		{"short literal", "https://127.1/", ""},
		{"octal literal", "https://0177.0.0.1/", ""},
		{"hexadecimal literal", "https://0x7f.0.0.1/", ""},
		{"hexadecimal integer", "https://0x7f000001/", ""},
		{"0x alone", "https://a.0x/", ""},
		{"integer", "https://2130706433/", ""},
		{"literal with a root dot", "https://127.0.0.1./", ""},
		{"full-width literal", "https://１２７.０.０.１/", ""},
		{"circled digits", "https://①②⑦.⓪.⓪.①/", ""},
		{"literal with ideographic dots", "https://127。0。0。1/", ""},
		{"a name that ends in a number", "https://example.1/", ""},
		{"a name that ends in a hexadecimal number", "https://example.0X1f/", ""},
		{"IPv6", "https://[::1]/", ""},
		{"IPv6 with a zone", "https://[fe80::1%25eth0]/", ""},
		{"IPv4 in IPv6", "https://[::ffff:127.0.0.1]/", ""},
		{"brackets around a name", "https://[example.com]/", ""},
		{"user", "https://user@example.com/", ""},
		{"user and password", "https://user:pw@example.com/", ""},
		{"a host as a user", "https://example.com@evil.test/", ""},
		{"an encoded @", "https://example.com%40evil.test/", ""},
		{"two @", "https://a@b@example.com/", ""},
		{"an empty user", "https://@example.com/", ""},
		{"backslash for a slash", `https://example.com\@evil.test/`, ""},
		{"backslash in the path", `https://example.com/a\b`, ""},
		{"tab in the host", "https://exam\tple.com/", ""},
		{"line end in the path", "https://example.com/a\r\nHost: evil", ""},
		{"leading space", " https://example.com/", ""},
		{"no-break space", "https://example.com\u00a0.evil.test/", ""},
		{"zero", "https://example.com\x00.evil.test/", ""},
		{"encoded zero in the host", "https://example.com%00.evil.test/", ""},
		{"a control character of Latin-1", "https://example.com/\u0085", ""},
		{"byte order mark", "https://example.com/\ufeff", ""},
		{"no UTF-8", "https://example.com/\xff", ""},
		{"underscore", "https://A_b.example.com/", "https://a_b.example.com/"},
		{"underscore in front", "https://_dmarc.example.com/", "https://_dmarc.example.com/"},
		{"underscore in a number", "https://127.0.0._1/", "https://127.0.0._1/"},
		{"empty label", "https://example..com/", ""},
		{"leading dot", "https://.example.com/", ""},
		{"two root dots", "https://example.com../", ""},
		{"hyphen in front", "https://-a.example.com/", ""},
		{"long label", "https://" + strings.Repeat("a", 64) + ".com/", ""},
		{"long name", "https://" + strings.Repeat("a.", 130) + "com/", ""},
		{"bad punycode", "https://xn--a.example.com/", ""},
		{"right to left in between", "https://exa\u05d0mple.com/", ""},
		{"slash that is none", "https://example.com⁄evil.test/", "https://example.xn--comevil-3d7c.test/"},
		{"account of", "https://example.com℀.evil.test/", ""},
		{"port 0", "https://example.com:0/", ""},
		{"port with a plus", "https://example.com:+443/", ""},
		{"port above 65535", "https://example.com:65979/", ""},
		{"empty port", "https://example.com:/", ""},
		{"port with zeros in front", "https://example.com:0443/", ""},
		{"two ports", "https://example.com:80:443/", ""},
		{"a user in place of the port", "https://example.com:80@evil.test/", ""},
		{"broken encoding", "https://example.com/%zz", ""},
		{"no host", "https:///path", ""},
		{"one slash", "https:/example.com/", ""},
		{"three slashes", "https:///example.com/", ""},
		{"no scheme", "//example.com/", ""},
		{"file", "file:///etc/passwd", ""},
		{"gopher", "gopher://example.com/_x", ""},
		{"javascript", "javascript:alert(1)", ""},
		{"data", "data:text/plain,x", ""},
		{"unix", "http+unix://example.com/", ""},
		{"too long", "https://example.com/" + strings.Repeat("a", longestURL), ""},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, why := parseURL(tt.url)
			switch {
			case got == nil && tt.want != "":
				t.Errorf("refused: %s", why)
			case got != nil && got.url.String() != tt.want:
				t.Errorf("got %q, want %q", got.url, tt.want)
			case got == nil && why == "":
				t.Error("refused without a reason")
			}
		})
	}
}

func TestWhatCanBeAllowed(t *testing.T) {
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
		{"*.com", "", "one label"},
		{"*.co.uk", "", "anybody"},
		{"co.uk", "", "anybody"},
		{"*.github.io", "", "anybody"},
		{"*.s3.amazonaws.com", "", "anybody"},
		{"localhost", "", "one label"},
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
		{"api.*.com", "", "front"},
		{"*api.example.com", "", "front"},
		{"*.*.example.com", "", "front"},
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

func TestWhatAnEntryCanSay(t *testing.T) {
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
		if got := e.logged(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if got := (&Entry{}).logged("/" + strings.Repeat("a", 1000)); len(got) > longestPath+4 {
		t.Errorf("%d bytes are logged", len(got))
	}
}

func TestWhichAddressesMayBeCalled(t *testing.T) {
	own := map[netip.Addr]bool{netip.MustParseAddr("8.8.4.4"): true, netip.MustParseAddr("2a00::1"): true}
	for _, a := range []string{"8.8.8.8", "1.1.1.1", "93.184.215.14", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "223.255.255.255", "11.0.0.0", "2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "2001:200::1", "2620:4f:8001::1", "3ffe::1"} {
		if why := refused(netip.MustParseAddr(a), nil, own); why != "" {
			t.Errorf("%s is refused: %s", a, why)
		}
	}
	for _, a := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "100.100.100.200", "127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.0.1", "169.254.169.254", "169.254.170.2",
		"172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.9", "192.0.0.170", "192.0.0.192", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.0", "192.168.255.255", "192.175.48.1",
		"198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "8.8.4.4",
		"::", "::1", "::7f00:1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.4.4", "::ffff:0:127.0.0.1", "64:ff9b::808:808", "64:ff9b::7f00:1", "64:ff9b:1::808:808", "100::1", "100:0:0:1::1",
		"2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2001:1ff:ffff::1", "2002:7f00:1::1", "2002:808:808::1", "2620:4f:8000::1", "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "2a00::1",
		"2a00:1450::5efe:7f00:1", "2a00:1450::200:5efe:808:808", "2a00:1450:0:1:200:5efe:a00:1",
	} {
		if refused(netip.MustParseAddr(a), nil, own) == "" {
			t.Errorf("%s may be called", a)
		}
	}
	everything := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")} // as no entry can have it
	for _, a := range []string{"127.0.0.1", "::1", "169.254.169.254", "100.100.100.200", "fd00:ec2::254", "fe80::1", "224.0.0.1", "0.0.0.0", "8.8.4.4", "::ffff:127.0.0.1", "64:ff9b::a00:1", "192.0.2.1"} {
		if refused(netip.MustParseAddr(a), everything, own) == "" {
			t.Errorf("%s may be called where private ranges are open", a)
		}
	}
	for _, a := range []string{"10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "fd12::1"} {
		if why := refused(netip.MustParseAddr(a), everything, own); why != "" {
			t.Errorf("%s is refused where it is open: %s", a, why)
		}
	}
	if refused(netip.Addr{}, nil, nil) == "" {
		t.Error("no address at all may be called")
	}
}
