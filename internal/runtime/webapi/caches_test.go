package webapi

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestHowLongAResponseIsKept(t *testing.T) {
	now := time.Now()
	for header, want := range map[string]time.Duration{
		"": 0, "Cache-Control: max-age=60": time.Minute, "Cache-Control: public, max-age=60, s-maxage=5": 5 * time.Second, "Cache-Control: s-maxage=5, max-age=60": 5 * time.Second,
		"Cache-Control: max-age=0": -1, "Cache-Control: no-store": -1, "Cache-Control: PRIVATE": -1, "Cache-Control: private=\"set-cookie\"": -1, "Cache-Control: no-cache": -1,
		"Expires: never": -1, "Expires: Thu, 01 Jan 1970 00:00:00 GMT": -1, "Set-Cookie: a=b": -1, "Cache-Control: max-age=x": 0,
	} {
		h := http.Header{}
		if name, value, ok := strings.Cut(header, ": "); ok {
			h.Set(name, value)
		}
		keep, got := lifetime(h, now)
		if keep != (want >= 0) || keep && got != want {
			t.Errorf("%s: %v %v", header, keep, got)
		}
	}
}

func TestAnAppCannotPushOutTheCachesOfOthers(t *testing.T) {
	s := newCaches(func() int64 { return 40_000 })
	put := func(app, url string, size int) {
		s.put(&cached{key: cacheKey{app, "", url}, app: app, status: 200, body: make([]byte, size)}, nil)
	}
	kept := func(app, url string) bool { return s.match(cacheKey{app, "", url}, nil) != nil }
	put("a", "/1", 4000)
	for i := range 100 {
		put("b", strings.Repeat("x", i), 3000)
	}
	if !kept("a", "/1") || kept("b", "") || !kept("b", strings.Repeat("x", 99)) {
		t.Error("the entries that are kept are not the newest of each app")
	}
	if s.total > 40_000 || s.ofApps["b"] > 10_000 {
		t.Errorf("%d bytes, %v", s.total, s.ofApps)
	}
	if put("a", "/large", 20_000); kept("a", "/large") || !kept("a", "/1") {
		t.Error("a response that is too large was kept, or others made room for it")
	}
	if put("a", "/1", 20_000); kept("a", "/1") {
		t.Error("the old response is still served after one that is too large")
	}
	s.put(&cached{key: cacheKey{"a", strings.Repeat("n", 20_000), "/"}, app: "a", status: 200}, nil)
	s.put(&cached{key: cacheKey{"a", "", "/v"}, app: "a", status: 200, headers: "vary\nx\n"}, http.Header{"X": {strings.Repeat("v", 20_000)}})
	if s.ofApps["a"] > 0 {
		t.Errorf("%d bytes: a name or a header was not counted", s.ofApps["a"])
	}
	s.dropCache("b", "")
	if s.total != 0 || len(s.known) != 0 || s.order.Len() != 0 || len(s.ofApps) != 0 {
		t.Errorf("left: %d bytes, %v, %d, %v", s.total, s.known, s.order.Len(), s.ofApps)
	}
}
