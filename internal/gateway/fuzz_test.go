package gateway

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"fazt/internal/hosting"
)

// FuzzCanonicalPath checks that the result is what the rules may rely on, and that nothing hidden under one reading of
// a path is served under the one in use.
func FuzzCanonicalPath(f *testing.F) {
	for _, s := range spellings() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		p, err := canonicalPath(u)
		if err != nil {
			return
		}
		if p == "" || p[0] != '/' || strings.HasPrefix(p, "//") {
			t.Fatalf("%q gives %q", target, p)
		}
		if clean := path.Clean(p); p != clean && p != clean+"/" {
			t.Fatalf("%q gives %q, which is not clean", target, p)
		}
		if strings.ContainsAny(p, "\\\x00\r\n") {
			t.Fatalf("%q gives %q", target, p)
		}
		again, err := canonicalPath(&url.URL{Path: p})
		if err != nil || again != p {
			t.Fatalf("%q gives %q, and that %q", target, p, again)
		}
		if hosting.Hidden(path.Clean(u.Path)) != hosting.Hidden(path.Clean(p)) {
			t.Fatalf("%q is hidden or not: %q", target, p)
		}
		// A redirect to the path comes back as the same path.
		location := (&url.URL{Path: p}).String()
		back, err := url.ParseRequestURI(location)
		if err != nil || back.Host != "" {
			t.Fatalf("%q leads to %q", target, location)
		}
		if returned, err := canonicalPath(back); err != nil || returned != p {
			t.Fatalf("%q leads to %q, which is %q, %v", target, location, returned, err)
		}
	})
}

func FuzzCanonicalHost(f *testing.F) {
	for _, s := range []string{"blog.localhost:80", "[::1]:80", "BÜCHER.example", "a..b", "1.2.3.4", "xn--a", "a_b.c", "。", "a.b."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		host, err := canonicalHost(raw)
		if err != nil {
			return
		}
		if host == "" || host != strings.ToLower(host) || strings.ContainsAny(host, "/@[]\\ %?#") || len(host) > 253 || strings.HasSuffix(host, ".") {
			t.Fatalf("%q gives %q", raw, host)
		}
		in := host
		if strings.Contains(host, ":") {
			in = "[" + host + "]"
		}
		if again, err := canonicalHost(in); err != nil || again != host {
			t.Fatalf("%q gives %q, and that %q, %v", raw, host, again, err)
		}
	})
}
