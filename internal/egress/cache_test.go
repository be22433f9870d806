package egress

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// counter answers with how often it was asked, and with the headers of the query: /?Cache-Control=max-age%3D60.
func counter(t testing.TB, e Entry) (w *world, asked *int) {
	w, asked = newWorld(t), new(int)
	w.serve("example.com", func(rw http.ResponseWriter, r *http.Request) {
		*asked++
		status := 200
		for name, values := range r.URL.Query() {
			if name == "status" {
				status, _ = strconv.Atoi(values[0])
			} else {
				rw.Header()[name] = values
			}
		}
		if tag := r.Header.Get("If-None-Match"); tag != "" && tag == rw.Header().Get("Etag") {
			status = 304
		}
		rw.WriteHeader(status)
		if status != 304 && status != 204 {
			io.WriteString(rw, strconv.Itoa(*asked))
		}
	})
	e.Domain, e.HTTP = "example.com", true
	w.allow(e)
	return w, asked
}

func TestTheCacheKeepsWhatRFC9111AllowsOnePrivateCache(t *testing.T) {
	past := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
	future := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	tests := []struct {
		name, query string
		header      http.Header
		mode, auth  string
		method      string
		want        bool // the second call is served from it
	}{
		{name: "no lifetime of its own", want: true},
		{name: "max-age", query: "Cache-Control=max-age%3D60", want: true},
		{name: "max-age 0", query: "Cache-Control=max-age%3D0"},
		{name: "nonsense for max-age", query: "Cache-Control=max-age%3Dx"},
		{name: "two max-ages, the shorter", query: "Cache-Control=max-age%3D60,max-age%3D0"},
		{name: "s-maxage says nothing to a private cache", query: "Cache-Control=s-maxage%3D0", want: true},
		{name: "private", query: "Cache-Control=private,max-age%3D60", want: true},
		{name: "no-store", query: "Cache-Control=max-age%3D60,No-Store"},
		{name: "no-cache", query: "Cache-Control=no-cache,max-age%3D60"},
		{name: "expired", query: "Expires=" + strings.ReplaceAll(past, " ", "%20")},
		{name: "not expired", query: "Expires=" + strings.ReplaceAll(future, " ", "%20"), want: true},
		{name: "max-age before Expires", query: "Cache-Control=max-age%3D60&Expires=0", want: true},
		{name: "Expires 0", query: "Expires=0"},
		{name: "older than it may be", query: "Cache-Control=max-age%3D60&Age=60"},
		{name: "dated older than it may be", query: "Cache-Control=max-age%3D60&Date=" + strings.ReplaceAll(past, " ", "%20")},
		{name: "Vary by everything", query: "Vary=*"},
		{name: "Vary by what stays the same", query: "Vary=Accept", header: http.Header{"Accept": {"a"}}, want: true},
		{name: "not found, without a lifetime", query: "status=404"},
		{name: "not found, with one", query: "status=404&Cache-Control=max-age%3D60", want: true},
		{name: "a part", query: "status=206&Cache-Control=max-age%3D60"},
		{name: "an error", query: "status=500&Cache-Control=max-age%3D60"},
		{name: "asked with Authorization", header: http.Header{"authorization": {"a"}}},
		{name: "asked with Cookie", header: http.Header{"Cookie": {"a=b"}}},
		{name: "asked with a secret", auth: "KEY"},
		{name: "asked for a part", header: http.Header{"Range": {"bytes=0-1"}}},
		{name: "asked with a condition", header: http.Header{"If-None-Match": {"x"}}},
		{name: "asked with no-cache", header: http.Header{"Cache-Control": {"no-cache"}}},
		{name: "asked with no-store", header: http.Header{"Cache-Control": {"no-store"}}},
		{name: "mode no-store", mode: "no-store"},
		{name: "mode reload", mode: "reload"},
		{name: "POST", method: "POST", query: "Cache-Control=max-age%3D60"},
		{name: "HEAD", method: "HEAD", query: "Cache-Control=max-age%3D60"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, asked := counter(t, Entry{CacheTTL: 60})
			w.secret(Secret{Name: "KEY", As: AsHeader, Key: "X-Key", Domain: "example.com", Value: "s3cret-value"})
			c := Call{Method: tt.method, URL: "http://example.com/?" + tt.query, Header: tt.header, Cache: tt.mode, Auth: tt.auth}
			w.must(c)
			a, _ := w.must(c)
			if (*asked == 1) != tt.want || a.Cached != tt.want {
				t.Errorf("asked %d times, %+v", *asked, a)
			}
			if got := w.last().Cache; tt.want && got != cacheHit || !tt.want && got == cacheHit {
				t.Errorf("logged %q", got)
			}
		})
	}
}

func TestNothingIsKeptWhereTheEntryDoesNotAsk(t *testing.T) {
	w, asked := counter(t, Entry{})
	w.must(Call{URL: "http://example.com/?Cache-Control=max-age%3D60"})
	w.must(Call{URL: "http://example.com/?Cache-Control=max-age%3D60"})
	if *asked != 2 || w.gate.CacheStats() != (CacheStats{}) {
		t.Errorf("asked %d times, %+v", *asked, w.gate.CacheStats())
	}
}

// The predecessor's key was the URL alone: what one app was told, another was.
func TestAnAppIsNotToldWhatAnotherWas(t *testing.T) {
	w, asked := counter(t, Entry{CacheTTL: 60})
	c := Call{URL: "http://example.com/"}
	w.must(c)
	a, body, err := w.in(w.gate.Begin("app_2", ""), c)
	if err != nil || a.Cached || body != "2" {
		t.Errorf("%q, %v", body, err)
	}
	w.gate.ClearCache("app_1")
	if _, body, _ := w.in(w.gate.Begin("app_2", ""), c); body != "2" {
		t.Error("one app's cache was cleared with another's")
	}
	w.must(c)
	w.gate.ClearCache("")
	w.must(c)
	if *asked != 4 {
		t.Errorf("asked %d times", *asked)
	}
}

func TestVariantsAreKeptBesideEachOther(t *testing.T) {
	w, asked := counter(t, Entry{CacheTTL: 60})
	say := func(language string) string {
		_, body := w.must(Call{URL: "http://example.com/?Vary=accept-language", Header: http.Header{"Accept-Language": {language}}})
		return body
	}
	if say("de") != "1" || say("fr") != "2" || say("de") != "1" || say("fr") != "2" || *asked != 2 {
		t.Errorf("asked %d times", *asked)
	}
	for i := range 20 {
		say(strconv.Itoa(i))
	}
	if n := w.gate.CacheStats().Items; n != mostVariants {
		t.Errorf("%d variants", n)
	}
}

func TestWhatPassedItsEndIsAskedFor(t *testing.T) {
	w, asked := counter(t, Entry{CacheTTL: 60})
	c := Call{URL: `http://example.com/?Cache-Control=max-age%3D0&Etag="a"&Set-Cookie=a%3Db`}
	if a, _ := w.must(c); a.Header.Get("Set-Cookie") == "" {
		t.Error("the first answer is not whole")
	}
	a, body := w.must(c)
	if *asked != 2 || body != "1" || !a.Cached || a.Status != 200 || w.last().Cache != cacheRevalidated || a.Header.Get("Set-Cookie") != "" {
		t.Errorf("asked %d times: %q %+v %+v", *asked, body, a, w.last())
	}
	if s := w.gate.CacheStats(); s.Revalidated != 1 || s.Misses != 1 || s.Hits != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAChangeForgetsWhatIsKept(t *testing.T) {
	w, asked := counter(t, Entry{CacheTTL: 60})
	c := Call{URL: "http://example.com/"}
	w.must(c)
	w.must(Call{Method: "POST", URL: "http://example.com/?status=500"})
	w.must(c)
	if *asked != 2 {
		t.Errorf("a change that failed, elsewhere, forgot it: asked %d times", *asked)
	}
	w.must(Call{Method: "DELETE", URL: "http://example.com/"})
	w.must(c)
	if *asked != 4 {
		t.Errorf("asked %d times", *asked)
	}
	w.must(Call{Method: "POST", URL: "http://example.com/x?Content-Location=/"})
	w.must(c)
	if *asked != 6 {
		t.Errorf("what the answer names was not forgotten: asked %d times", *asked)
	}
}

func TestPastItsEndAnAnswerServesWhileTheOtherServerFailsIfTheEntrySaysSo(t *testing.T) {
	for name, tt := range map[string]struct {
		stale int
		also  string
	}{"with": {60, ""}, "without": {0, ""}, "with, and the answer forbids it": {60, ", must-revalidate"}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			broken, serves := false, tt.stale > 0 && tt.also == ""
			s := w.serve("example.com", func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Cache-Control", "max-age=0"+tt.also)
				rw.Header().Set("Etag", `"a"`)
				if broken {
					rw.WriteHeader(503)
				}
				hello(rw, nil)
			})
			w.allow(Entry{Domain: "example.com", HTTP: true, CacheTTL: 1, Stale: tt.stale})
			c := Call{URL: "http://example.com/"}
			w.must(c)
			broken = true
			a, body, err := w.do(c)
			if err != nil || (a.Status == 200 && a.Cached && body == "hello" && w.last().Cache == cacheStale) != serves {
				t.Errorf("while it says 503: %+v %q %v", a, body, err)
			}
			s.Close()
			w.apply()
			if _, _, err = w.do(c); (err == nil) != serves {
				t.Errorf("while it is gone: %v", err)
			}
			w.entries = nil
			w.apply()
			if _, _, err = w.do(c); code(err) != CodeBlocked {
				t.Errorf("what is no longer allowed was served: %v", err)
			}
			w.free()
		})
	}
}

func TestTheCacheStaysWithinItsLimits(t *testing.T) {
	w := newWorld(t)
	w.serve("example.com", func(rw http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		rw.Write(make([]byte, n))
	})
	w.allow(Entry{Domain: "example.com", HTTP: true, CacheTTL: 60})
	w.limits.CacheMaxItems, w.limits.CacheMaxBytes = 3, 20<<10
	get := func(path string, n int) bool {
		a, body := w.must(Call{URL: "http://example.com/" + path + "?n=" + strconv.Itoa(n)})
		if len(body) != n {
			t.Fatalf("%d bytes", len(body))
		}
		if s := w.gate.CacheStats(); s.Items > 3 || s.Bytes > 20<<10 {
			t.Fatalf("%+v", s)
		}
		return a.Cached
	}
	for _, p := range []string{"a", "b", "c"} {
		get(p, 1)
	}
	get("a", 1)
	get("d", 1)
	if !get("a", 1) || get("b", 1) {
		t.Error("not what was used longest ago made room")
	}
	get("large", 15<<10)
	get("large2", 15<<10)
	if get("large", 15<<10) {
		t.Error("two large ones have room")
	}
	get("huge", 30<<10)
	if get("huge", 30<<10) {
		t.Error("one that is larger than the cache is in it")
	}
	w.limits.CacheMaxItems = 0
	get("a", 1)
	if get("a", 1) {
		t.Error("a cache of nothing serves")
	}
}

func TestWhoeverChangesAKeptAnswerChangesTheirsAlone(t *testing.T) {
	w, _ := counter(t, Entry{CacheTTL: 60})
	c := Call{URL: "http://example.com/?X-A=a"}
	w.must(c)
	a, _ := w.must(c)
	a.Header.Set("X-A", "changed")
	a.Header["X-B"] = []string{"b"}
	a, body := w.must(c)
	if a.Header.Get("X-A") != "a" || a.Header.Get("X-B") != "" || body != "1" {
		t.Errorf("%v %q", a.Header, body)
	}
}

func TestASecretThatIsGivenLaterIsReplacedInWhatIsKept(t *testing.T) {
	w := newWorld(t)
	w.serve("example.com", func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, "it is s3cret-value") })
	w.allow(Entry{Domain: "example.com", HTTP: true, CacheTTL: 60})
	w.must(Call{URL: "http://example.com/"})
	w.secret(Secret{Name: "KEY", As: AsBearer, Domain: "else.test", Value: "s3cret-value"})
	if a, body := w.must(Call{URL: "http://example.com/"}); !a.Cached || body != "it is [secret KEY]" {
		t.Errorf("%q", body)
	}
}

func TestWhatManyHeaderFieldsTakeIsCounted(t *testing.T) {
	const fields = 10000
	var names strings.Builder
	many := http.Header{"Cache-Control": {"max-age=60"}}
	for i := range fields {
		names.WriteString(",a" + strconv.Itoa(i))
		many["A"+strconv.Itoa(i)] = []string{""}
	}
	for name, header := range map[string]http.Header{
		"names in Vary": {"Cache-Control": {"max-age=60"}, "Vary": {names.String()[1:]}},
		"fields":        many,
	} {
		kept := keepable("http://example.com/", http.Header{}, &http.Response{StatusCode: 200, Status: "200 OK", Header: header}, &Entry{CacheTTL: 60}, time.Now())
		// A map alone has 40 bytes for each: the name and the list.
		if kept == nil || kept.size() < fields*40 {
			t.Errorf("%s: %d of them count as %d bytes", name, fields, kept.size())
		}
		var c cache
		if c.put("a", kept, 10, fields*40); c.apps["a"] != nil {
			t.Errorf("%s: kept beyond the limit", name)
		}
	}
}
