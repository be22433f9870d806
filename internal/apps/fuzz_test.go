package apps

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"fazt/internal/database"
)

func FuzzAliasName(f *testing.F) {
	for _, s := range []string{"blog", "a", "-a", "a--b", "xn--a", "A", "ü", "www", "a.b", "", strings.Repeat("a", 64), "a\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if checkLabel(name, "an alias") != nil {
			return
		}
		// Whatever is accepted is a label that means the same to every parser.
		u, err := url.Parse("http://" + name + ".example.com/")
		if err != nil || u.Hostname() != name+".example.com" || name != strings.ToLower(name) || strings.ContainsAny(name, "._/:@ ") || len(name) > 63 {
			t.Fatalf("%q is accepted", name)
		}
		if host, err := CheckHost(name+".example.org", own); err != nil || host != name+".example.org" {
			t.Fatalf("%q is not a label: %q %v", name, host, err)
		}
	})
}

func FuzzHost(f *testing.F) {
	for raw := range hosts {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		host, err := CheckHost(raw, own)
		if err != nil {
			return
		}
		if again, err := CheckHost(host, own); err != nil || again != host {
			t.Fatalf("%q gives %q, and that %q, %v", raw, host, again, err)
		}
		if host == own || strings.HasSuffix(host, "."+own) || strings.HasSuffix(host, ".") || len(host) > 253 {
			t.Fatalf("%q gives %q", raw, host)
		}
		if _, err := netip.ParseAddr(host); err == nil {
			t.Fatalf("%q gives the address %q", raw, host)
		}
		if u, err := url.Parse("http://" + host + "/"); err != nil || u.Host != host {
			t.Fatalf("%q gives %q, which is not a host name", raw, host)
		}
	})
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"a:90,b:10", "a:50,a:50", "a:100", "a:+50,b:50", "a:050,b:50", "a:1e1,b:90", ",", "a:", ":1", "a:50, b:50", "a:9223372036854775807,b:1", "a:b:50,c:50"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		shares, err := ParseSplit(text)
		if err != nil {
			return
		}
		sum, seen := 0, map[string]bool{}
		for _, s := range shares {
			if s.App == "" || s.Weight < 1 || s.Weight > 100 || seen[s.App] {
				t.Fatalf("%q gives %+v", text, shares)
			}
			seen[s.App] = true
			sum += s.Weight
		}
		if sum != 100 || len(shares) < 2 {
			t.Fatalf("%q gives %+v", text, shares)
		}
	})
}

// FuzzRedirect checks that any accepted redirect URL can stand in a header and that browsers go to the host it names.
func FuzzRedirect(f *testing.F) {
	for _, s := range []string{"https://a.example/x?y#z", "http://[::1]:80/", "https://a.example\\@b.example", "https://a.example/%0d%0a", "https://ü.example/ü?ü#ü", "https://a.example:99999", "http://a.example#\\", "https://a.example?\x01"} {
		f.Add(s)
	}
	s := open(f)
	f.Fuzz(func(t *testing.T, text string) {
		var address string
		err := s.db.Read(t.Context(), func(c *database.Conn) (err error) {
			address, err = checkRedirect(c, "x", Destination{Redirect: text, Domain: own})
			return err
		})
		if err != nil {
			return
		}
		for i := range len(address) {
			if address[i] <= ' ' || address[i] >= 0x7f || address[i] == '\\' {
				t.Fatalf("%q gives %q", text, address)
			}
		}
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Host == "" {
			t.Fatalf("%q gives %q: %v", text, address, err)
		}
	})
}
