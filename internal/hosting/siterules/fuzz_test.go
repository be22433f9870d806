package siterules

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func FuzzRedirects(f *testing.F) {
	f.Add("/go/* /:splat 301\n/:a/*/x https://example.com/:a?b=:splat#:a\n", "here.example", "/go//evil.example", "a=b")
	f.Add("https://:h.example/* /x/:h/:splat 200!\n/s id=:id /b/:id 404", "a.example", "/../x", "id=%0d")
	f.Fuzz(func(t *testing.T, file, host, path, query string) {
		r, _ := ParseRedirects([]byte(file))
		if len(r.rules) != len(r.addresses) {
			t.Fatal("rules without an address")
		}
		q := Request{Host: host, Path: "/" + path, Query: query}
		for _, exists := range []bool{true, false} {
			result, ok := r.Find(q, func() bool { return exists })
			if !ok {
				continue
			}
			if result.Location == "" {
				if !strings.HasPrefix(result.Path, "/") || strings.HasPrefix(result.Path, "//") || strings.Contains(result.Path+"/", "/../") {
					t.Errorf("%q is not a clean path", result.Path)
				}
				continue
			}
			for i := range len(result.Location) {
				if c := result.Location[i]; c <= ' ' || c >= 0x7f || c == '\\' {
					t.Fatalf("%q has the byte %#x", result.Location, c)
				}
			}
			if result.Location[0] == '/' && strings.HasPrefix(result.Location, "//") {
				t.Errorf("%q names a host", result.Location)
			}
			if u, err := url.Parse(result.Location); err == nil && result.Location[0] != '/' && !strings.Contains(strings.ToLower(file), strings.ToLower(u.Hostname())) {
				t.Errorf("%q has a host that is not in the file", result.Location)
			}
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add("/*\n  X-A: :splat\n  ! Vary\nhttps://:p.example/:x\n X-B: :p:x\n", "a.example", "/x\r\ny")
	f.Fuzz(func(t *testing.T, file, host, path string) {
		h, _ := ParseHeaders([]byte(file))
		changes := h.Find(Request{Host: host, Path: "/" + path})
		total := 0
		for _, c := range changes {
			if fixed(c.Name) != "" || strings.ContainsAny(c.Name+c.Value, "\r\n\x00") {
				t.Errorf("%q: %q", c.Name, c.Value)
			}
			total += len(c.Value)
		}
		if total > maxHeaders {
			t.Errorf("%d bytes", total)
		}
		Apply(changes, http.Header{"Vary": {"Accept-Encoding"}})
	})
}
