package apps

import (
	"strings"
	"testing"

	"fazt/internal/errs"
)

var hosts = map[string]string{ // spelling -> its canonical form, or "!" and the error
	"example.org":             "example.org",
	"Example.ORG.":            "example.org",
	"www.example.org":         "www.example.org",
	"bücher.example":          "xn--bcher-kva.example",
	"BÜCHER.example":          "xn--bcher-kva.example",
	"xn--bcher-kva.example":   "xn--bcher-kva.example",
	"例え。テスト":                  "xn--r8jz45g.xn--zckzah",
	"ｅｘａｍｐｌｅ.org":             "example.org",
	"nas":                     "nas",
	"notexample.com":          "notexample.com",
	"example.com.evil.org":    "example.com.evil.org",
	"a1.b2":                   "a1.b2",
	"":                        "!the domain is missing",
	"example.com":             "!the instance's own domain",
	"EXAMPLE.com.":            "!the instance's own domain",
	"blog.example.com":        "!below the instance's own domain",
	"a.b.example.com":         "!below the instance's own domain",
	"example.org:80":          "!it has a port",
	"https://example.org":     "!use only the host name",
	"example.org/x":           "!use only the host name",
	"*.example.org":           "!wildcards are not supported",
	"ana@example.org":         "!an email address",
	"192.168.1.2":             "!it is an IP address",
	"[2001:db8::1]":           "!it is an IP address",
	"2001:db8::1":             "!it is an IP address",
	"::ffff:1.2.3.4":          "!it is an IP address",
	"127.1":                   "!it is an IP address",
	"0x7f.0x1":                "!it is an IP address",
	"2130706433":              "!it is an IP address",
	"example.0X1f":            "!it is an IP address",
	"a b.org":                 "!not a host name",
	"a_b.org":                 "!not a host name",
	"-a.org":                  "!not a host name",
	"a-.org":                  "!not a host name",
	"a..org":                  "!not a host name",
	".org":                    "!not a host name",
	".":                       "!not a host name",
	"example.org..":           "!not a host name",
	"xn--a":                   "!not a host name",
	"a\x00.org":               "!not a host name",
	"a\xff.org":               "!not a host name",
	strings.Repeat("a", 64):   "!not a host name",
	strings.Repeat("a.", 140): "!not a host name",
}

func TestHostsOfDomains(t *testing.T) {
	for raw, want := range hosts {
		got, err := CheckHost(raw, own)
		text, bad := strings.CutPrefix(want, "!")
		if bad && (!errs.Is(err, errs.Invalid) || !strings.Contains(errs.Sentence(err), text)) || !bad && (err != nil || got != want) {
			t.Errorf("%q: %q %v, want %q", raw, got, err, want)
		}
	}
}

func TestADomainLeadsToOneApp(t *testing.T) {
	s := open(t)
	ensure(t, s, "blog", "")
	ensure(t, s, "shop", "")
	d, err := s.AddDomain(t.Context(), "Bücher.Example.", own, "blog")
	if err != nil || d.Host != "xn--bcher-kva.example" || d.App != "blog" || d.CreatedAt.IsZero() {
		t.Fatalf("%+v %v", d, err)
	}
	if again, err := s.AddDomain(t.Context(), "bücher.example", own, "blog"); err != nil || again != d {
		t.Fatalf("%+v %v", again, err)
	}
	if _, err := s.AddDomain(t.Context(), "bücher.example", own, "shop"); !errs.Is(err, errs.Conflict) || !strings.Contains(err.Error(), "already points to blog") {
		t.Fatal(err)
	}
	if _, err := s.AddDomain(t.Context(), "a.example", own, "none"); !errs.Is(err, errs.NotFound) {
		t.Fatal(err)
	}
	for _, raw := range []string{"none.example", "not a host"} {
		if _, err := s.Domain(t.Context(), raw); err == nil {
			t.Errorf("%s was found", raw)
		}
		if _, _, err := s.RemoveDomain(t.Context(), raw, true); err == nil {
			t.Errorf("%s was removed", raw)
		}
	}
	if gone, _, err := s.RemoveDomain(t.Context(), "BÜCHER.example", false); err != nil || gone.Host != d.Host {
		t.Fatalf("%+v %v", gone, err)
	}
	if _, err := s.AddDomain(t.Context(), "bücher.example", own, "shop"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Remove(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Domain(t.Context(), "bücher.example"); !errs.Is(err, errs.NotFound) {
		t.Fatalf("a domain outlived its app: %v", err)
	}
}
