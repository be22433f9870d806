package cache

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"fazt/internal/egress/rules"
)

// now is when the responses of these tests arrive; their requests were sent a second before.
var (
	now   = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	began = now.Add(-time.Second)
)

// at returns a time as an HTTP date.
func at(after time.Duration) string { return now.Add(after).Format(http.TimeFormat) }

// lines returns the header with these lines.
func lines(list ...string) http.Header {
	h := http.Header{}
	for _, line := range list {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return h
}

// toStore returns what is stored of a response to a request without headers.
func toStore(status int, e rules.Entry, header ...string) *Response {
	return Storable("https://example.com/", http.Header{}, false, &http.Response{StatusCode: status, Status: "200 OK", Header: lines(header...)}, &e, began, now)
}

func TestHowLongAResponseIsFresh(t *testing.T) {
	t.Parallel()
	const none = -1 * time.Second // it is not stored
	for _, tt := range []struct {
		name   string
		header []string
		want   time.Duration
	}{
		{"nothing says how long", nil, 60 * time.Second},
		{"max-age", []string{"Cache-Control: max-age=10"}, 10 * time.Second},
		{"in capitals", []string{"Cache-Control: MAX-AGE=10"}, 10 * time.Second},
		{"quoted", []string{`Cache-Control: max-age="10"`}, 10 * time.Second},
		{"with an escape", []string{`Cache-Control: max-age="1\0"`}, 10 * time.Second},
		{"s-maxage goes first", []string{"Cache-Control: max-age=10, s-maxage=5"}, 5 * time.Second},
		{"also if it is longer", []string{"Cache-Control: s-maxage=20, max-age=10"}, 20 * time.Second},
		{"the shorter of two", []string{"Cache-Control: max-age=10, max-age=20"}, 10 * time.Second},
		{"on two lines", []string{"Cache-Control: max-age=20", "Cache-Control: max-age=10"}, 10 * time.Second},
		{"two s-maxage", []string{"Cache-Control: s-maxage=20, s-maxage=10"}, 10 * time.Second},
		{"nine digits", []string{"Cache-Control: max-age=999999999"}, 999999999 * time.Second},
		{"2^31 - 1", []string{"Cache-Control: max-age=2147483647"}, (1<<31 - 1) * time.Second},
		{"2^31", []string{"Cache-Control: max-age=2147483648"}, 1 << 31 * time.Second},
		{"more than any number", []string{"Cache-Control: max-age=" + strings.Repeat("9", 40)}, 1 << 31 * time.Second},
		{"no number", []string{"Cache-Control: max-age=ten", "Etag: x"}, 0},
		{"negative", []string{"Cache-Control: max-age=-10", "Etag: x"}, 0},
		{"without a value", []string{"Cache-Control: max-age", "Etag: x"}, 0},
		{"zero, and nothing to revalidate with", []string{"Cache-Control: max-age=0"}, none},
		{"zero, with an ETag", []string{"Cache-Control: max-age=0", `Etag: "a"`}, 0},
		{"zero, with Last-Modified", []string{"Cache-Control: max-age=0", "Last-Modified: " + at(-time.Hour)}, 0},
		{"a second", []string{"Cache-Control: max-age=1"}, time.Second},
		{"Expires", []string{"Expires: " + at(30*time.Second)}, 30 * time.Second},
		{"Expires and Date", []string{"Expires: " + at(30*time.Second), "Date: " + at(-10*time.Second)}, 40 * time.Second},
		{"max-age goes before Expires", []string{"Expires: " + at(30*time.Second), "Cache-Control: max-age=10"}, 10 * time.Second},
		{"Expires in the past", []string{"Expires: " + at(-time.Second), "Etag: x"}, -time.Second},
		{"Expires of 0", []string{"Expires: 0", "Etag: x"}, 0},
		{"Expires twice", []string{"Expires: " + at(time.Hour), "Expires: " + at(time.Hour), "Etag: x"}, 0},
		{"no-store", []string{"Cache-Control: max-age=10, no-store"}, none},
		{"no-store among others", []string{"Cache-Control: no-store", "Cache-Control: max-age=10"}, none},
		{"private", []string{"Cache-Control: private, max-age=10"}, none},
		{"private for some fields", []string{`Cache-Control: private="a, b", max-age=10`}, none},
		{"no-store inside a text", []string{`Cache-Control: x="no-store", max-age=10`}, 10 * time.Second},
		{"a cookie", []string{"Cache-Control: public, max-age=10", "Set-Cookie: a=b"}, none},
		{"an old cookie", []string{"Cache-Control: public, max-age=10", "Set-Cookie2: a=b"}, none},
		{"empty members", []string{"Cache-Control: , ,max-age=10 ,"}, 10 * time.Second},
		{"malformed: a semicolon", []string{"Cache-Control: max-age=10; public"}, none},
		{"malformed: no value", []string{"Cache-Control: max-age="}, none},
		{"malformed: no end of the text", []string{`Cache-Control: max-age="10`}, none},
		{"malformed: no name", []string{"Cache-Control: =10"}, none},
		{"malformed: two values", []string{"Cache-Control: max-age=10 20"}, none},
	} {
		got := toStore(200, rules.Entry{CacheTTL: 60}, tt.header...)
		switch {
		case got == nil && tt.want != none:
			t.Errorf("%s: it is not stored, want %s", tt.name, tt.want)
		case got != nil && (tt.want == none && !strings.HasPrefix(tt.name, "Expires") || got.lifetime != tt.want):
			t.Errorf("%s: it is fresh for %s, want %s", tt.name, got.lifetime, tt.want)
		}
	}
	if got := toStore(200, rules.Entry{CacheTTL: 60, Stale: 1}, "Cache-Control: max-age=0"); got == nil {
		t.Error("a response that may be served stale is not stored")
	}
}

func TestWhichStatusesAreStored(t *testing.T) {
	t.Parallel()
	always := []int{200, 203, 204}
	ifExplicit := []int{300, 301, 308, 404, 410}
	for status := 100; status < 600; status++ {
		implicit, explicit := toStore(status, rules.Entry{CacheTTL: 60}), toStore(status, rules.Entry{CacheTTL: 60}, "Cache-Control: max-age=1")
		if got, want := implicit != nil, slices.Contains(always, status); got != want {
			t.Errorf("%d is stored: %v, want %v", status, got, want)
		}
		if got, want := explicit != nil, slices.Contains(always, status) || slices.Contains(ifExplicit, status); got != want {
			t.Errorf("%d with a lifetime is stored: %v, want %v", status, got, want)
		}
	}
}

func TestTheAgeOfAResponseThatArrives(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		header []string
		want   time.Duration
	}{
		{nil, 0},
		{[]string{"Age: 7"}, 7 * time.Second},
		{[]string{"Age: 7, 9"}, 7 * time.Second},
		{[]string{"Age:  7 "}, 7 * time.Second},
		{[]string{"Age: -7"}, 0},
		{[]string{"Age: old"}, 0},
		{[]string{"Date: " + at(-20*time.Second)}, 20 * time.Second},
		{[]string{"Date: " + at(-20*time.Second), "Age: 7"}, 20 * time.Second},
		{[]string{"Date: " + at(-20*time.Second), "Age: 21"}, 21 * time.Second},
		{[]string{"Date: " + at(time.Hour)}, 0}, // its clock is ahead
		{[]string{"Date: yesterday"}, 0},
	} {
		if got := toStore(200, rules.Entry{CacheTTL: 60}, tt.header...); got == nil || got.age != tt.want {
			t.Errorf("%q: %+v, want %s", tt.header, got, tt.want)
		}
	}
}

func TestWhatVarySelects(t *testing.T) {
	t.Parallel()
	request := lines("Accept: a", "Accept-Language: en", "Accept-Language: de")
	for vary, want := range map[string]http.Header{
		"":                            {},
		"Accept":                      {"Accept": {"a"}},
		"accept":                      {"Accept": {"a"}},
		" Accept\t,, Accept-Language": {"Accept": {"a"}, "Accept-Language": {"en", "de"}},
		"X-Missing":                   {"X-Missing": nil},
		"*":                           nil,
		"Accept, *":                   nil,
		"a b":                         nil,
		"a:b":                         nil,
	} {
		got := Storable("u", request, false, &http.Response{StatusCode: 200, Header: http.Header{"Vary": {vary}}}, &rules.Entry{CacheTTL: 60}, began, now)
		switch {
		case (got == nil) != (want == nil):
			t.Errorf("%q: %+v, want %v", vary, got, want)
		case got != nil && !maps.EqualFunc(got.vary, want, slices.Equal[[]string]):
			t.Errorf("%q: %v, want %v", vary, got.vary, want)
		}
	}
}

// A response to a request with credentials may hold what only that caller may see.
func TestWhichResponsesToCredentialsAreStored(t *testing.T) {
	t.Parallel()
	for control, public := range map[string]bool{
		"": false, "max-age=60": false, "no-cache": false, "proxy-revalidate, max-age=60": false, "immutable, max-age=60": false,
		"public": true, "public, max-age=60": true, "s-maxage=60": true, "must-revalidate, max-age=60": true,
	} {
		resp := &http.Response{StatusCode: 200, Header: lines("Cache-Control: "+control, "Etag: x")}
		with := Storable("u", http.Header{}, true, resp, &rules.Entry{CacheTTL: 60}, began, now)
		without := Storable("u", http.Header{}, false, resp, &rules.Entry{CacheTTL: 60}, began, now)
		if without == nil || without.public != public || (with != nil) != public {
			t.Errorf("%q: %+v with credentials, %+v without", control, with, without)
		}
	}
}

func TestOnlyTheFieldsOfTheResourceAreStored(t *testing.T) {
	t.Parallel()
	resp := &http.Response{StatusCode: 404, Status: "404 Nothing here", Header: lines("Connection: close, X-Hop", "X-Hop: 1", "Keep-Alive: 5", "Content-Length: 9",
		"Transfer-Encoding: chunked", "Alt-Svc: h3", "Etag: \"a\"", "X-Kept: 1", "Cache-Control: max-age=5")}
	got := Storable("u", http.Header{}, false, resp, &rules.Entry{CacheTTL: 60}, began, now)
	if names := slices.Sorted(maps.Keys(got.header)); !slices.Equal(names, []string{"Cache-Control", "Etag", "X-Kept"}) {
		t.Errorf("stored %v", names)
	}
	if len(resp.Header) != 9 {
		t.Errorf("the response of the caller was changed: %v", resp.Header)
	}
	got.SetBody([]byte("body"))
	for range 2 { // each caller reads a copy
		r := got.Response(began.Add(1999 * time.Millisecond))
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != "body" || r.StatusCode != 404 || r.Status != "404 Nothing here" || r.ContentLength != 4 || r.Header.Get("Age") != "1" {
			t.Errorf("%+v %q %v", r, body, err)
		}
		r.Header.Set("X-Kept", "2")
	}
	if got.header.Get("X-Kept") != "1" || got.header.Get("Age") != "" {
		t.Errorf("a caller changed what is stored: %v", got.header)
	}
}

func TestWhenAStoredResponseIsServed(t *testing.T) {
	t.Parallel()
	s := &Response{at: began, age: 2 * time.Second, lifetime: 12 * time.Second}
	unchecked := &Response{at: began, age: 2 * time.Second, lifetime: 12 * time.Second, noCache: true}
	for _, tt := range []struct {
		name   string
		s      *Response
		after  time.Duration
		o      Options
		serves bool
	}{
		{"at once", s, 0, Options{maxAge: -1}, true},
		{"before it was requested", s, -time.Hour, Options{maxAge: -1}, true},
		{"at the end", s, 10*time.Second - 1, Options{maxAge: -1}, true},
		{"expired", s, 10 * time.Second, Options{maxAge: -1}, false},
		{"always revalidated", unchecked, 0, Options{maxAge: -1}, false},
		{"as old as is wanted", s, 3 * time.Second, Options{maxAge: 5 * time.Second}, true},
		{"older than is wanted", s, 3*time.Second + 1, Options{maxAge: 5 * time.Second}, false},
		{"as fresh as is wanted", s, 7 * time.Second, Options{maxAge: -1, minFresh: 3 * time.Second}, true},
		{"less fresh than is wanted", s, 7*time.Second + 1, Options{maxAge: -1, minFresh: 3 * time.Second}, false},
	} {
		if got := tt.s.Serves(began.Add(tt.after), tt.o); got != tt.serves {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	e := &rules.Entry{Stale: 5}
	for after, usable := range map[time.Duration]bool{0: true, 10 * time.Second: true, 15*time.Second - 1: true, 15 * time.Second: false} {
		if got := s.Usable(began.Add(after), e); got != usable {
			t.Errorf("stale after %s: %v", after, got)
		}
	}
	if unchecked.Usable(began, e) || (&Response{at: began, lifetime: time.Hour, strict: true}).Usable(began, e) {
		t.Error("a response that must be revalidated is served stale")
	}
}

func TestHowACallUsesTheCache(t *testing.T) {
	t.Parallel()
	on := rules.Entry{CacheTTL: 60}
	minute := Options{Read: true, Write: true, maxAge: -1}
	for _, tt := range []struct {
		name         string
		mode, method string
		e            rules.Entry
		header       []string
		want         Options
	}{
		{"by default", "", "GET", on, nil, minute},
		{"of a domain without a cache", "", "GET", rules.Entry{}, nil, Options{}},
		{"HEAD", "", "HEAD", on, nil, Options{}},
		{"POST", "", "POST", on, nil, Options{}},
		{"no-store as the mode", "no-store", "GET", on, nil, Options{}},
		{"reload as the mode", "reload", "GET", on, nil, Options{Write: true, maxAge: -1}},
		{"no-store as a header", "", "GET", on, []string{"Cache-Control: no-store"}, Options{}},
		{"no-cache as a header", "", "GET", on, []string{"Cache-Control: no-cache"}, Options{Write: true, maxAge: -1}},
		{"a malformed header", "", "GET", on, []string{"Cache-Control: max-age="}, Options{}},
		{"max-age", "", "GET", on, []string{"Cache-Control: max-age=5"}, Options{Read: true, Write: true, maxAge: 5 * time.Second}},
		{"max-age of 0", "", "GET", on, []string{"Cache-Control: max-age=0"}, Options{Write: true}},
		{"min-fresh", "", "GET", on, []string{"Cache-Control: min-fresh=5"}, Options{Read: true, Write: true, maxAge: -1, minFresh: 5 * time.Second}},
		{"only-if-cached", "", "GET", on, []string{"Cache-Control: only-if-cached"}, Options{Read: true, Write: true, maxAge: -1, OnlyCached: true}},
		{"Pragma", "", "GET", on, []string{"Pragma: No-Cache"}, Options{Write: true, maxAge: -1}},
		{"Pragma of another kind", "", "GET", on, []string{"Pragma: x"}, minute},
		{"Pragma next to Cache-Control", "", "GET", on, []string{"Pragma: no-cache", "Cache-Control: max-age=5"}, Options{Read: true, Write: true, maxAge: 5 * time.Second}},
	} {
		if got := OptionsFor(tt.mode, tt.method, lines(tt.header...), &tt.e); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
	for _, name := range []string{"Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"} {
		if got := OptionsFor("", "GET", lines(name+": x"), &on); got != (Options{}) {
			t.Errorf("a call with %s uses the cache: %+v", name, got)
		}
	}
}

func TestARevalidatedResponseHasTheNewHeader(t *testing.T) {
	t.Parallel()
	e := &rules.Entry{CacheTTL: 60}
	old := toStore(200, *e, `Etag: "a"`, "Last-Modified: "+at(-time.Hour), "Content-Type: text/css", "Age: 50", "Cache-Control: max-age=10", "X-Old: 1", "X-Both: 1")
	old.SetBody([]byte("body"))
	later := now.Add(time.Hour)
	renewed := func(header ...string) *Response {
		return old.Renewed(http.Header{}, false, &http.Response{StatusCode: 304, Header: lines(header...)}, e, later, later)
	}
	got := renewed(`Etag: "a"`, "Content-Type: text/html", "Content-Length: 0", "Content-Encoding: gzip", "Content-Range: x", "X-Both: 2", "X-New: 1", "Cache-Control: max-age=20")
	if got == nil || string(got.body) != "body" || got.status != 200 || got.text != "OK" || got.lifetime != 20*time.Second || got.age != 0 || !got.at.Equal(later) {
		t.Fatalf("%+v", got)
	}
	for name, want := range map[string]string{"Content-Type": "text/css", "X-Old": "1", "X-Both": "2", "X-New": "1", "Content-Encoding": "", "Content-Range": "", "Age": ""} {
		if got := got.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := renewed(); got == nil || got.lifetime != 10*time.Second {
		t.Errorf("a 304 without headers: %+v", got)
	}
	if got := renewed(`Etag: "b"`); got != nil {
		t.Error("the 304 of another response renews this one")
	}
	if got := renewed("Cache-Control: no-store"); got != nil {
		t.Error("a response that may no longer be stored is kept")
	}
	for _, tt := range []struct {
		header    []string
		validator bool
		want      http.Header
	}{
		{nil, false, http.Header{}},
		{[]string{`Etag: "a"`}, true, http.Header{"If-None-Match": {`"a"`}}},
		{[]string{"Last-Modified: x"}, true, http.Header{"If-Modified-Since": {"x"}}},
		{[]string{`Etag: W/"a"`, "Last-Modified: x"}, true, http.Header{"If-None-Match": {`W/"a"`}, "If-Modified-Since": {"x"}}},
	} {
		s, h := &Response{header: lines(tt.header...)}, http.Header{}
		if s.Validate(h); s.Validator() != tt.validator || !maps.EqualFunc(h, tt.want, slices.Equal[[]string]) {
			t.Errorf("%q is validated with %v", tt.header, h)
		}
	}
}
