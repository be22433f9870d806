package egress

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"testing"

	"fazt/internal/egress/cache"
	"fazt/internal/egress/rules"

	"fazt/internal/errs"
)

// answers makes example.com respond to every request with the same bytes, and close.
func (w *world) answers(text string) {
	w.raw(func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			_, _ = c.Write([]byte(text))
		}
	})
}

func TestMalformedHeadersFailTheCall(t *testing.T) {
	const rest = "Content-Length: 2\r\n\r\nok"
	for name, tt := range map[string]struct {
		answer string
		want   string // code
	}{
		"as it should be":               {"HTTP/1.1 200 OK\r\nX-A: b\r\n" + rest, ""},
		"HTTP/1.0":                      {"HTTP/1.0 200 OK\r\nX-A: b\r\n" + rest, ""},
		"a space before the colon":      {"HTTP/1.1 200 OK\r\nX-A : b\r\n" + rest, CodeError},
		"a space in the name":           {"HTTP/1.1 200 OK\r\nX A: b\r\n" + rest, CodeError},
		"no-store behind a space":       {"HTTP/1.1 200 OK\r\nCache-Control : no-store\r\n" + rest, CodeError},
		"a tab before the colon":        {"HTTP/1.1 200 OK\r\nX-A\t: b\r\n" + rest, CodeError},
		"a name with a slash":           {"HTTP/1.1 200 OK\r\nX/A: b\r\n" + rest, CodeError},
		"no name":                       {"HTTP/1.1 200 OK\r\n: b\r\n" + rest, CodeError},
		"a NUL in a value":              {"HTTP/1.1 200 OK\r\nX-A: a\x00b\r\n" + rest, CodeError},
		"HTTP/3.0":                      {"HTTP/3.0 200 OK\r\n" + rest, CodeError},
		"HTTP/2.0 on such a connection": {"HTTP/2.0 200 OK\r\n" + rest, CodeError},
		"HTTP/1.2":                      {"HTTP/1.2 200 OK\r\n" + rest, CodeError},
		"HTTP/0.9":                      {"HTTP/0.9 200 OK\r\n" + rest, CodeError},
		"another protocol":              {"ICY 200 OK\r\n" + rest, CodeError},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.answers(tt.answer)
			w.allow(rules.Entry{Domain: "example.com", HTTP: true})
			_, body, err := w.get("http://example.com/")
			if code(err) != tt.want || err == nil && body != "ok" || err != nil && w.last().Reason == "" {
				t.Errorf("%q, %v, logged %+v", body, err, w.last())
			}
			w.free()
		})
	}
}

func TestFunctionsDoNotSeeHeadersOfTheConnection(t *testing.T) {
	w := newWorld(t)
	w.answers("HTTP/1.1 200 OK\r\nConnection: keep-alive, x-hop\r\nConnection: X-Second , Keep-Alive\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nX-Second: 2\r\nX-Own: 3\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok")
	w.allow(rules.Entry{Domain: "example.com", HTTP: true, CacheTTL: 60})
	for range 2 { // the second out of the cache
		a, _ := w.must(Call{URL: "http://example.com/"})
		for _, name := range []string{"Connection", "Keep-Alive", "X-Hop", "X-Second"} {
			if a.Header.Get(name) != "" {
				t.Errorf("%s is seen, cached %v", name, a.Cached)
			}
		}
		if a.Header.Get("X-Own") != "3" {
			t.Error("more is hidden")
		}
	}
	if w.last().Cache != cache.Hit {
		t.Errorf("%+v", w.last())
	}
}

// A function may pass on the headers of its visitor's request.
func TestHeadersNamedByConnectionAreNotSent(t *testing.T) {
	w, s := two(t)
	w.must(Call{URL: "http://example.com/", Header: http.Header{"connection": {"close, X-Hop", "x-second"}, "X-Hop": {"1"}, "x-second": {"2"}, "X-Own": {"3"}}})
	if h := s.list[0].Header; h.Get("X-Hop") != "" || h.Get("X-Second") != "" || h.Get("X-Own") != "3" {
		t.Errorf("sent %v", h)
	}
}

// Errors of net/http, crypto/tls and the decoders quote the other server, which may quote what it was sent.
func TestReasonsDoNotQuoteOtherServers(t *testing.T) {
	const echo = "SENT-BACK-4711"
	for name, answer := range map[string]string{
		"a status line":           echo + "\r\n\r\n",
		"a version":               "HTTP/" + echo + " 200 OK\r\n\r\n",
		"a status":                "HTTP/1.1 " + echo + " OK\r\n\r\n",
		"a status of four digits": "HTTP/1.1 2000" + echo + "\r\n\r\n",
		"a header without colon":  "HTTP/1.1 200 OK\r\n" + echo + "\r\n\r\n",
		"a name":                  "HTTP/1.1 200 OK\r\n" + echo + "/x: y\r\n\r\n",
		"a name with a space":     "HTTP/1.1 200 OK\r\n" + echo + " : y\r\n\r\n",
		"a value":                 "HTTP/1.1 200 OK\r\nX: " + echo + "\x01\r\n\r\n",
		"a length":                "HTTP/1.1 200 OK\r\nContent-Length: " + echo + "\r\n\r\n",
		"two lengths":             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: " + echo + "\r\n\r\n",
		"a transfer encoding":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + echo + "\r\n\r\n",
		"a chunk":                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + echo + "\r\n",
		"a trailer":               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\n" + echo + "\r\n\r\n",
		"a body that is not gzip": "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 14\r\n\r\n" + echo,
		"a Location":              "HTTP/1.1 302 Found\r\nLocation: http://" + echo + "@x/\r\nContent-Length: 0\r\n\r\n",
		"another Location":        "HTTP/1.1 302 Found\r\nLocation: http://a/\r\nLocation: " + echo + "\r\nContent-Length: 0\r\n\r\n",
		"a protocol":              "HTTP/1.1 101 " + echo + "\r\nUpgrade: " + echo + "\r\nConnection: Upgrade\r\n\r\n",
	} {
		w := newWorld(t)
		w.answers(answer)
		w.allow(rules.Entry{Domain: "example.com", HTTP: true})
		_, _, err := w.get("http://example.com/")
		if got := w.last(); err == nil || strings.Contains(err.Error()+errs.Sentence(err), echo) || strings.Contains(got.Reason+got.Path+got.Host, echo) || got.Reason == "" {
			t.Errorf("%s: %v, logged %+v", name, err, got)
		}
	}
	// The server chooses the names and issuers in its certificate, and the bytes of a TLS record.
	w := newWorld(t)
	w.raw(func(c net.Conn) { _, _ = c.Write([]byte(echo + echo)) })
	w.mu.Lock()
	w.servers[public+":443"] = w.servers[public+":80"]
	w.mu.Unlock()
	w.allow(rules.Entry{Domain: "example.com"})
	if _, _, err := w.get("https://example.com/"); err == nil || strings.Contains(err.Error()+w.last().Reason, echo) || w.last().Reason == "" {
		t.Errorf("what is not TLS: %v, logged %+v", err, w.last())
	}
	other := newWorld(t)
	other.serveTLS(hello)
	other.names["other.test"] = other.names["example.com"]
	other.allow(rules.Entry{Domain: "other.test"})
	if _, _, err := other.get("https://other.test/"); err == nil || strings.Contains(other.last().Reason, "example.com") || !strings.Contains(other.last().Reason, "other names") {
		t.Errorf("a certificate for another name: %v, logged %+v", err, other.last())
	}
}

// A response without a body may describe one: its length is not limited, and its encoding is not decoded.
func TestAResponseWithoutABodyKeepsWhatItSaysAboutOne(t *testing.T) {
	const huge = "Content-Length: 99999999999\r\n"
	for name, tt := range map[string]struct {
		method, answer string
		status         int // 0 = the call fails
		encoding       string
	}{
		"HEAD":                      {"HEAD", "HTTP/1.1 200 OK\r\n" + huge, 200, ""},
		"HEAD, encoded":             {"HEAD", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" + huge, 200, "gzip"},
		"HEAD, encoded and unknown": {"HEAD", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 200, "gzip"},
		"HEAD of nothing":           {"HEAD", "HTTP/1.1 404 Not Found\r\nContent-Encoding: br\r\n" + huge, 404, "br"},
		"not modified":              {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Encoding: gzip\r\n", 304, "gzip"},
		"no content":                {"GET", "HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n", 204, "gzip"},
		"no content of a POST":      {"POST", "HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n", 204, "gzip"},
		"a body that is too large":  {"GET", "HTTP/1.1 200 OK\r\n" + huge, 0, ""},
		"an empty body, encoded":    {"GET", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n", 200, ""},
	} {
		w, body := newWorld(t), ""
		if name == "an empty body, encoded" {
			body = "\x1f\x8b\b\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		}
		w.answers(tt.answer + "\r\n" + body)
		w.allow(rules.Entry{Domain: "example.com", HTTP: true})
		a, text, err := w.do(Call{Method: tt.method, URL: "http://example.com/", Header: http.Header{"If-None-Match": {`"a"`}}})
		if tt.status == 0 {
			if code(err) != CodeSize {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || a.Status != tt.status || text != "" || a.Header.Get("Content-Encoding") != tt.encoding {
			t.Errorf("%s: %+v %q %v", name, a, text, err)
		}
	}
}

func TestAResponseMayBeExactlyAsLargeAsTheLimit(t *testing.T) {
	for name, tt := range map[string]struct{ answer, larger string }{
		"of a known length":    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!"},
		"of an unknown length": {"HTTP/1.1 200 OK\r\n\r\nhello", "HTTP/1.1 200 OK\r\n\r\nhello!"},
		"in pieces":            {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n3\r\nlo!\r\n0\r\n\r\n"},
	} {
		for text, want := range map[string]string{tt.answer: "", tt.larger: CodeSize} {
			w := newWorld(t)
			w.answers(text)
			w.allow(rules.Entry{Domain: "example.com", HTTP: true, MaxResponse: 5})
			if _, body, err := w.get("http://example.com/"); code(err) != want || err == nil && body != "hello" {
				t.Errorf("%s: %q: %q %v", name, text, body, err)
			}
		}
	}
}
