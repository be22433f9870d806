package egress

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"fazt/internal/egress/cache"
	"fazt/internal/egress/rules"
)

// counter responds with the number of requests so far, and with the headers in the query: /?Cache-Control=max-age%3D60.
func counter(t testing.TB, e rules.Entry) (w *world, asked *int) {
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

func TestTheCacheStoresWhatRFC9111Allows(t *testing.T) {
	at := func(d time.Duration) string { return url.QueryEscape(time.Now().Add(d).UTC().Format(http.TimeFormat)) }
	says := func(directives ...string) string {
		var all []string
		for _, d := range directives {
			all = append(all, "Cache-Control="+url.QueryEscape(d))
		}
		return strings.Join(all, "&")
	}
	auth := http.Header{"Authorization": {"Bearer a"}}
	asking := func(directives string) http.Header { return http.Header{"Cache-Control": {directives}} }
	tests := []struct {
		name, query string
		header      http.Header
		mode, auth  string
		method      string
		want        bool // the second call is served from it
	}{
		// §3: which responses are stored.
		{name: "no lifetime of its own", want: true},
		{name: "no-store", query: says("max-age=60, no-store")},
		{name: "No-Store", query: says("max-age=60,No-Store")},
		{name: "no-store in a line of its own", query: says("max-age=60", "no-store")},
		{name: "no-store before it", query: says("no-store, max-age=60")},
		{name: "no-store with an argument", query: says("max-age=60, no-store=1")},
		{name: "no-store after empty members", query: says(", ,max-age=60,, no-store,")},
		{name: "empty members", query: says(", ,max-age=60,,"), want: true},
		{name: "an extension", query: says("max-age=60, community=\"UCI, no-store\""), want: true},
		{name: "must-understand with no-store", query: says("must-understand, no-store, max-age=60")},
		{name: "private", query: says("private, max-age=60")},
		{name: "PRIVATE", query: says("PRIVATE, max-age=60")},
		{name: "private for a field", query: says("private=\"x-user\", max-age=60")},
		{name: "private and public", query: says("public, private, max-age=60")},
		{name: "private with s-maxage", query: says("private, s-maxage=60")},
		{name: "public", query: says("public"), want: true},
		{name: "a cookie is set", query: says("public, max-age=60") + "&Set-Cookie=a%3Db"},
		// A Cache-Control that cannot be parsed counts as no-store.
		{name: "two words", query: says("max-age=60 no-store")},
		{name: "a semicolon", query: says("max-age=60; no-store")},
		{name: "a space before the equals sign", query: says("max-age =60")},
		{name: "a space after it", query: says("max-age= 60")},
		{name: "an equals sign alone", query: says("=60")},
		{name: "no value after it", query: says("max-age=")},
		{name: "a quote that is not closed", query: says("max-age=60, x=\"no-store")},
		{name: "a colon", query: says("max-age:60")},
		{name: "a part that is not a token", query: says("max-age=60, (x)")},
		{name: "text after a string", query: says("max-age=60, x=\"a\"b")},
		// §4.2: freshness.
		{name: "max-age", query: says("max-age=60"), want: true},
		{name: "max-age in quotes", query: says("max-age=\"60\""), want: true},
		{name: "Max-Age", query: says("Max-Age=60"), want: true},
		{name: "max-age 0", query: says("max-age=0")},
		{name: "nonsense for max-age", query: says("max-age=x")},
		{name: "max-age without a value", query: says("max-age")},
		{name: "a negative max-age", query: says("max-age=-1")},
		{name: "a fraction", query: says("max-age=1.5")},
		{name: "more seconds than there are numbers", query: says("max-age=99999999999999999999"), want: true},
		{name: "two max-ages, the shorter", query: says("max-age=60, max-age=0")},
		{name: "two max-ages, the shorter first", query: says("max-age=0", "max-age=60")},
		{name: "s-maxage before max-age", query: says("max-age=60, s-maxage=0")},
		{name: "s-maxage makes it last", query: says("max-age=0, s-maxage=60"), want: true},
		{name: "s-maxage before Expires", query: says("s-maxage=60") + "&Expires=0", want: true},
		{name: "nonsense for s-maxage", query: says("max-age=60, s-maxage=x")},
		{name: "expired", query: "Expires=" + at(-time.Hour)},
		{name: "not expired", query: "Expires=" + at(time.Hour), want: true},
		{name: "not expired by its own clock", query: "Expires=" + at(-time.Hour) + "&Date=" + at(-2*time.Hour)},
		{name: "max-age before Expires", query: says("max-age=60") + "&Expires=0", want: true},
		{name: "Expires 0", query: "Expires=0"},
		{name: "Expires -1", query: "Expires=-1"},
		{name: "two Expires", query: "Expires=" + at(time.Hour) + "&Expires=" + at(2*time.Hour)},
		// §4.2.3: age.
		{name: "older than it may be", query: says("max-age=60") + "&Age=60"},
		{name: "younger than that", query: says("max-age=60") + "&Age=30", want: true},
		{name: "a list of ages, of which the first counts", query: says("max-age=60") + "&Age=70,1"},
		{name: "no number for an age", query: says("max-age=60") + "&Age=x", want: true},
		{name: "dated older than it may be", query: says("max-age=60") + "&Date=" + at(-time.Hour)},
		{name: "dated in the future", query: says("max-age=60") + "&Date=" + at(time.Hour), want: true},
		// §5.2.2: directives that require revalidation.
		{name: "no-cache", query: says("no-cache, max-age=60")},
		{name: "no-cache for a field", query: says("no-cache=\"x-a\", max-age=60")},
		{name: "must-revalidate, while it is fresh", query: says("must-revalidate, max-age=60"), want: true},
		{name: "proxy-revalidate, while it is fresh", query: says("proxy-revalidate, max-age=60"), want: true},
		{name: "Pragma, which net/http takes for no-cache", query: "Pragma=no-cache"},
		// §3.5: credentials.
		{name: "asked with Authorization", header: auth},
		{name: "with it, and max-age", header: auth, query: says("max-age=60")},
		{name: "with it, and public", header: auth, query: says("public, max-age=60"), want: true},
		{name: "with it, and s-maxage", header: auth, query: says("s-maxage=60"), want: true},
		{name: "with it, and must-revalidate", header: auth, query: says("must-revalidate, max-age=60"), want: true},
		{name: "with it, and proxy-revalidate", header: auth, query: says("proxy-revalidate, max-age=60")},
		{name: "with it, and public, private", header: auth, query: says("public, private, max-age=60")},
		{name: "asked with Cookie", header: http.Header{"Cookie": {"a=b"}}, query: says("max-age=60")},
		{name: "asked with the header of a secret", header: http.Header{"X-Whose": {"a"}}, query: says("max-age=60")},
		{name: "asked with it, and an underscore", header: http.Header{"X_Whose": {"a"}}, query: says("max-age=60")},
		{name: "asked with the header of another host's secret", header: http.Header{"X-Else": {"a"}}, query: says("max-age=60"), want: true},
		{name: "asked with the parameter of a secret", query: says("max-age=60") + "&wh%6Fse=a"},
		{name: "asked with a header that names a token", header: http.Header{"X-Gitlab-Token": {"a"}}, query: says("max-age=60")},
		{name: "asked with a header that names a key", header: http.Header{"X-Api-Key": {"a"}}, query: says("max-age=60")},
		{name: "asked with a secret", auth: "KEY", query: says("max-age=60")},
		{name: "asked with a secret, and public", auth: "KEY", query: says("public, max-age=60")},
		// §4.1: Vary.
		{name: "Vary by everything", query: "Vary=*"},
		{name: "Vary by everything, among others", query: "Vary=Accept,%20*"},
		{name: "Vary by everything, in a second line", query: "Vary=Accept&Vary=*"},
		{name: "Vary with an invalid name", query: "Vary=a%20b"},
		{name: "Vary by what stays the same", query: "Vary=Accept", header: http.Header{"Accept": {"a"}}, want: true},
		{name: "Vary by what is not there", query: "Vary=X-None", want: true},
		// §3: status.
		{name: "not found, without a lifetime", query: "status=404"},
		{name: "not found, with one", query: "status=404&" + says("max-age=60"), want: true},
		{name: "gone, with one", query: "status=410&" + says("max-age=60"), want: true},
		{name: "moved, with one", query: "status=301&" + says("max-age=60"), want: true},
		{name: "no content", query: "status=204", want: true},
		{name: "found, with one", query: "status=302&" + says("max-age=60")},
		{name: "a part", query: "status=206&" + says("max-age=60")},
		{name: "not allowed", query: "status=403&" + says("max-age=60")},
		{name: "an error", query: "status=500&" + says("max-age=60")},
		// §5.2.1, §3.4, §13 of RFC 9110: directives of the request.
		{name: "asked for a part", header: http.Header{"Range": {"bytes=0-1"}}},
		{name: "asked with a condition", header: http.Header{"If-None-Match": {"x"}}},
		{name: "asked with a condition by date", header: http.Header{"If-Modified-Since": {time.Now().UTC().Format(http.TimeFormat)}}},
		{name: "asked with no-cache", header: asking("no-cache")},
		{name: "asked with Pragma", header: http.Header{"Pragma": {"no-cache"}}},
		{name: "asked with no-store", header: asking("no-store")},
		{name: "asked with what cannot be read", header: asking("max-age=1 no-store")},
		{name: "asked with max-age=0", header: asking("max-age=0")},
		{name: "asked with max-age, and younger", header: asking("max-age=30"), query: says("max-age=60") + "&Age=10", want: true},
		{name: "asked with max-age, and older", header: asking("max-age=30"), query: says("max-age=60") + "&Age=40"},
		{name: "asked with min-fresh, and fresh", header: asking("min-fresh=10"), query: says("max-age=60"), want: true},
		{name: "asked with min-fresh, and not fresh enough", header: asking("min-fresh=50"), query: says("max-age=60") + "&Age=20"},
		{name: "asked with max-stale", header: asking("max-stale=1000"), query: says("max-age=60") + "&Age=70"},
		{name: "mode no-store", mode: "no-store"},
		{name: "mode reload", mode: "reload"},
		{name: "POST", method: "POST", query: says("max-age=60")},
		{name: "HEAD", method: "HEAD", query: says("max-age=60")},
	}
	if len(tests) < 60 {
		t.Errorf("%d rows", len(tests))
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, asked := counter(t, rules.Entry{CacheTTL: 60})
			w.secret(rules.Secret{Name: "KEY", As: rules.AsHeader, Key: "X-Mine", Domain: "example.com", Value: "s3cret-value"})
			w.secret(rules.Secret{Name: "WHOSE", As: rules.AsHeader, Key: "X-Whose", Domain: "example.com", Value: "s3cret-value"})
			w.secret(rules.Secret{Name: "QUERY", As: rules.AsQuery, Key: "whose", Domain: "example.com", Value: "s3cret-value"})
			w.secret(rules.Secret{Name: "ELSE", As: rules.AsHeader, Key: "X-Else", Domain: "else.test", Value: "s3cret-value"})
			c := Call{Method: tt.method, URL: "http://example.com/?" + tt.query, Header: tt.header, Cache: tt.mode, Auth: tt.auth, Redirect: "manual"}
			w.must(c)
			a, _ := w.must(c)
			if (*asked == 1) != tt.want || a.Cached != tt.want {
				t.Errorf("asked %d times, %+v", *asked, a)
			}
			if got := w.last().Cache; tt.want && got != cache.Hit || !tt.want && got == cache.Hit {
				t.Errorf("logged %q", got)
			}
		})
	}
}

// A response to a request without credentials is served to one with credentials only if its server says that it is public.
func TestACallWithCredentialsIsServedOnlyPublicResponses(t *testing.T) {
	for directives, want := range map[string]int{"max-age=60": 2, "public,max-age=60": 1} {
		w, asked := counter(t, rules.Entry{CacheTTL: 60})
		u := "http://example.com/?Cache-Control=" + url.QueryEscape(directives)
		w.must(Call{URL: u})
		w.must(Call{URL: u, Header: http.Header{"Authorization": {"Bearer a"}}})
		w.must(Call{URL: u})
		if *asked != want {
			t.Errorf("%s: asked %d times, want %d", directives, *asked, want)
		}
	}
}

func TestOnlyIfCachedSendsNoRequest(t *testing.T) {
	w, asked := counter(t, rules.Entry{CacheTTL: 60})
	only := Call{URL: "http://example.com/", Header: http.Header{"Cache-Control": {"only-if-cached"}}}
	if a, _ := w.must(only); a.Status != 504 || *asked != 0 {
		t.Errorf("%d, asked %d times", a.Status, *asked)
	}
	w.must(Call{URL: "http://example.com/"})
	if a, body := w.must(only); a.Status != 200 || body != "1" || *asked != 1 {
		t.Errorf("%d %q, asked %d times", a.Status, body, *asked)
	}
}

func TestNothingIsStoredWithoutACacheTTL(t *testing.T) {
	w, asked := counter(t, rules.Entry{})
	w.must(Call{URL: "http://example.com/?Cache-Control=max-age%3D60"})
	w.must(Call{URL: "http://example.com/?Cache-Control=max-age%3D60"})
	if *asked != 2 || w.gate.CacheStats() != (cache.Stats{}) {
		t.Errorf("asked %d times, %+v", *asked, w.gate.CacheStats())
	}
}

// In the predecessor the key was only the URL: apps got each other's responses.
func TestAppsDoNotShareResponses(t *testing.T) {
	w, asked := counter(t, rules.Entry{CacheTTL: 60})
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

func TestVariantsAreStoredAlongsideEachOther(t *testing.T) {
	w, asked := counter(t, rules.Entry{CacheTTL: 60})
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
	if n := w.gate.CacheStats().Items; n != cache.MaxVariants {
		t.Errorf("%d variants", n)
	}
}

func TestAnExpiredResponseIsRevalidated(t *testing.T) {
	w, asked := counter(t, rules.Entry{CacheTTL: 60})
	c := Call{URL: `http://example.com/?Cache-Control=max-age%3D0&Etag="a"`}
	w.must(c)
	a, body := w.must(c)
	if *asked != 2 || body != "1" || !a.Cached || a.Status != 200 || w.last().Cache != cache.Revalidated {
		t.Errorf("asked %d times: %q %+v %+v", *asked, body, a, w.last())
	}
	if s := w.gate.CacheStats(); s.Revalidated != 1 || s.Misses != 1 || s.Hits != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAnUnsafeMethodInvalidatesStoredResponses(t *testing.T) {
	w, asked := counter(t, rules.Entry{CacheTTL: 60})
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

func TestAStaleResponseIsServedWhileTheOriginFails(t *testing.T) {
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
			w.allow(rules.Entry{Domain: "example.com", HTTP: true, CacheTTL: 1, Stale: tt.stale})
			c := Call{URL: "http://example.com/"}
			w.must(c)
			broken = true
			a, body, err := w.do(c)
			if err != nil || (a.Status == 200 && a.Cached && body == "hello" && w.last().Cache == cache.Stale) != serves {
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
				t.Errorf("served although no longer allowed: %v", err)
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
	w.allow(rules.Entry{Domain: "example.com", HTTP: true, CacheTTL: 60})
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

func TestEveryCallerGetsItsOwnCopyOfAStoredResponse(t *testing.T) {
	w, _ := counter(t, rules.Entry{CacheTTL: 60})
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

func TestASecretThatIsSetLaterIsReplacedInStoredResponses(t *testing.T) {
	w := newWorld(t)
	w.serve("example.com", func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, "it is s3cret-value") })
	w.allow(rules.Entry{Domain: "example.com", HTTP: true, CacheTTL: 60})
	w.must(Call{URL: "http://example.com/"})
	w.secret(rules.Secret{Name: "KEY", As: rules.AsBearer, Domain: "else.test", Value: "s3cret-value"})
	if a, body := w.must(Call{URL: "http://example.com/"}); !a.Cached || body != "it is [secret KEY]" {
		t.Errorf("%q", body)
	}
}

// Each call goes out past the cache, and its response keeps, replaces or drops the stored one.
func TestWhatANewerResponseDoesToTheStoredOne(t *testing.T) {
	const kept, replaced, dropped = "1", "2", "3" // the number of the request whose response the last call gets
	for name, tt := range map[string]struct {
		call   Call
		status int
		says   string
		want   string
	}{
		"fresh":                              {call: Call{Cache: "reload"}, status: 200, says: "max-age=60", want: replaced},
		"not to be stored":                   {call: Call{Cache: "reload"}, status: 200, says: "no-store", want: dropped},
		"not found":                          {call: Call{Cache: "reload"}, status: 404, says: "no-store", want: dropped},
		"not allowed":                        {call: Call{Cache: "reload"}, status: 403, says: "max-age=60", want: dropped},
		"the last status of the caller":      {call: Call{Cache: "reload"}, status: 499, says: "max-age=60", want: dropped},
		"the first status of the server":     {call: Call{Cache: "reload"}, status: 500, says: "max-age=60", want: kept},
		"unavailable":                        {call: Call{Cache: "reload"}, status: 503, says: "no-store", want: kept},
		"of a call with credentials":         {call: Call{Cache: "reload", Header: http.Header{"Authorization": {"Bearer a"}}}, status: 200, says: "no-store", want: kept},
		"of one with credentials, and fails": {call: Call{Cache: "reload", Header: http.Header{"Authorization": {"Bearer a"}}}, status: 403, says: "no-store", want: kept},
		"of a call that stores nothing":      {call: Call{Cache: "no-store"}, status: 200, says: "max-age=60", want: kept},
		"HEAD":                               {call: Call{Method: "HEAD"}, status: 200, says: "max-age=60", want: kept},
		"OPTIONS":                            {call: Call{Method: "OPTIONS"}, status: 200, says: "max-age=60", want: kept},
		"POST":                               {call: Call{Method: "POST"}, status: 200, want: dropped},
		"PUT":                                {call: Call{Method: "PUT"}, status: 204, want: dropped},
		"DELETE, not done":                   {call: Call{Method: "DELETE"}, status: 400, want: kept},
		"DELETE, not found":                  {call: Call{Method: "DELETE"}, status: 404, want: kept},
		"POST that fails":                    {call: Call{Method: "POST"}, status: 500, want: kept},
	} {
		w, asked := newWorld(t), 0
		status, says := 200, "max-age=60"
		w.serve("example.com", func(rw http.ResponseWriter, _ *http.Request) {
			asked++
			rw.Header().Set("Cache-Control", says)
			rw.WriteHeader(status)
			if status != 204 {
				io.WriteString(rw, strconv.Itoa(asked))
			}
		})
		w.allow(rules.Entry{Domain: "example.com", HTTP: true, CacheTTL: 60})
		get := Call{URL: "http://example.com/"}
		w.must(get)
		status, says = tt.status, tt.says
		tt.call.URL = get.URL
		if a, _ := w.must(tt.call); a.Status != tt.status || a.Cached || asked != 2 {
			t.Errorf("%s: %+v, asked %d times", name, a, asked)
		}
		status, says = 200, "max-age=60"
		if _, body := w.must(get); body != tt.want {
			t.Errorf("%s: the last call gets response %s, want %s", name, body, tt.want)
		}
	}
}
