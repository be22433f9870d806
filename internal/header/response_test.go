package header_test

import (
	"net/http"
	"strings"
	"testing"

	"fazt/internal/header"
)

// What a function may send is what affects its own host alone. want is the value that is sent; "" = the header is dropped.
func TestWhatAFunctionMaySend(t *testing.T) {
	for _, tt := range []struct{ name, value, want, why string }{
		{"content-type", "text/html", "text/html", ""},
		{"access-control-allow-origin", "*", "*", ""},
		{"content-security-policy", "default-src 'none'", "default-src 'none'", ""},
		{"service-worker-allowed", "/", "/", ""},
		{"reporting-endpoints", `a="https://x"`, `a="https://x"`, ""},
		{"x-own", "", "", ""}, // an empty header is one
		{"x-own", "ü", "ü", ""},
		{"x-own", "€", "", "it is not a header"},
		{"x-own", "a\rb", "", "it is not a header"},
		{"x-own", "a\x00b", "", "it is not a header"},
		{"x own", "1", "", "it is not a header"},
		{"", "1", "", "it is not a header"},
		{"x:own", "1", "", "it is not a header"},

		{"connection", "close", "", "about the connection"},
		{"Keep-Alive", "timeout=5", "", "about the connection"},
		{"transfer-encoding", "chunked", "", "about the connection"},
		{"upgrade", "h2c", "", "about the connection"},
		{"TE", "trailers", "", "about the connection"},
		{"trailer", "x", "", "about the connection"},
		{"proxy-authenticate", "Basic", "", "about the connection"},
		{"date", "now", "", "Fazt sets it"},
		{"x-request-id", "1", "", "Fazt sets it"},
		{"alt-svc", `h3=":443"`, "", "how this host is reached"},
		{"public-key-pins", "x", "", "how this host is reached"},
		{"nel", "{}", "", "reports about the hosts of other apps"},
		{"report-to", "{}", "", "reports about the hosts of other apps"},

		{"x-accel-redirect", "/etc/passwd", "", "a proxy before Fazt"},
		{"X_Accel_Redirect", "/etc/passwd", "", "a proxy before Fazt"},
		{"x-accel-buffering", "no", "no", ""},
		{"x-sendfile", "/etc/passwd", "", "a proxy before Fazt"},
		{"x-sendfile2", "/etc/passwd", "", "a proxy before Fazt"},
		{"x-lighttpd-send-file", "/etc/passwd", "", "a proxy before Fazt"},
		{"x-litespeed-location", "/x", "", "a proxy before Fazt"},
		{"x-reproxy-url", "http://10.0.0.1/", "", "a proxy before Fazt"},

		{"strict-transport-security", "max-age=1", "max-age=1", ""},
		{"strict-transport-security", "max-age=1; includeSubDomains", "max-age=1", "it would bind other apps"},
		{"strict-transport-security", "max-age=1;\tPRELOAD ;includesubdomains=1", "max-age=1", "it would bind other apps"},
		{"strict-transport-security", "includeSubDomains", "", "it would bind other apps"},
		{"clear-site-data", `"cache", "storage"`, `"cache", "storage"`, ""},
		{"clear-site-data", `"cache", "cookies"`, `"cache"`, "sign people out"},
		{"clear-site-data", `"*"`, "", "sign people out"},
		{"clear-site-data", `"executionContexts"`, `"executionContexts"`, ""},

		{"content-length", "5", "", ""}, // it is set anyway
		{"content-length", "6", "", "not the length of the body"},
		{"content-length", "-5", "", "not the length of the body"},
		{"content-length", "five", "", "not the length of the body"},

		{"set-cookie", "a=b", "a=b", ""},
		{"set-cookie", "a=b; Path=/; HttpOnly", "a=b; Path=/; HttpOnly", ""},
		{"set-cookie", "a=b; Domain=example.com; Path=/", "a=b; Path=/", "a cookie is for one host"},
		{"set-cookie", "a=b; \tDOMAIN = x;Secure", "a=b;Secure", "a cookie is for one host"},
		{"set-cookie", "a=b; domain", "a=b", "a cookie is for one host"},
		{"set-cookie", "fazt_session=1", "", "begin with fazt"},
		{"set-cookie", "__Host-FAZT=1; Path=/", "", "begin with fazt"},
		{"set-cookie", "=fazt=1", "", "begin with fazt"},
		{"set-cookie", " \tfazt =1", "", "begin with fazt"},
		{"set-cookie", "fazt", "", "begin with fazt"},
		{"set-cookie", "a=b\r\nc", "", "it is not a header"},
	} {
		var removed header.Removed
		got := removed.Filter(tt.name+"\n"+strings.ReplaceAll(tt.value, "\n", ""), false, 5)
		want := ""
		if tt.want != "" || tt.why == "" && tt.name == "x-own" {
			want = strings.ToLower(tt.name) + "\n" + tt.want
		}
		if got != want {
			t.Errorf("%s: %q sends %q, want %q", tt.name, tt.value, got, want)
		}
		if (tt.why == "") != (len(removed) == 0) || len(removed) > 0 && !strings.Contains(removed[0], tt.why) {
			t.Errorf("%s: %q is explained by %q, want %q", tt.name, tt.value, removed, tt.why)
		}
	}
}

// A function can announce the length of a stream, but only once.
func TestAStreamMayAnnounceItsLengthOnce(t *testing.T) {
	var removed header.Removed
	if got := removed.Filter("content-length\n9\ncontent-length\n9\na\nb", true, 0); got != "content-length\n9\na\nb" || len(removed) != 1 {
		t.Errorf("%q %q", got, removed)
	}
	removed = nil
	if got := removed.Filter("content-length\n-1", true, 0); got != "" || len(removed) != 1 {
		t.Errorf("%q %q", got, removed)
	}
}

func TestALongNameIsCutInTheLog(t *testing.T) {
	var removed header.Removed
	removed.Filter(strings.Repeat("x", 5000)+"\x1b\n1", false, 0)
	if len(removed) != 1 || len(removed[0]) > 150 || strings.Contains(removed[0], "\x1b") {
		t.Errorf("%d bytes: %.200q", len(removed[0]), removed)
	}
}

func TestProductCookies(t *testing.T) {
	for name, want := range map[string]bool{
		"fazt": true, "fazt_s": true, "FAZT": true, "__Host-fazt": true, "__host-__Secure-fazt": true, "__Http-fazt": true, "__Host- fazt": true,
		"": false, "faz": false, "my-fazt": false, "__Host-": false, "__Host-x": false, "_Host-fazt": false,
	} {
		if header.ProductCookie(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

// nginx held events back until a buffer was full.
func TestEventsAreNotHeldBackByProxies(t *testing.T) {
	for _, tt := range []struct{ kind, cache, buffering, wantCache, wantBuffering string }{
		{"text/event-stream", "", "", "no-transform", "no"},
		{"Text/Event-Stream ; charset=utf-8", "no-store", "", "no-store, no-transform", "no"},
		{"text/event-stream", "No-Transform", "yes", "No-Transform", "yes"},
		{"text/html", "", "", "", ""},
		{"text/event-streams", "", "", "", ""},
	} {
		h := http.Header{}
		for name, value := range map[string]string{"Content-Type": tt.kind, "Cache-Control": tt.cache, "X-Accel-Buffering": tt.buffering} {
			if value != "" {
				h.Set(name, value)
			}
		}
		header.Unbuffer(h)
		if h.Get("Cache-Control") != tt.wantCache || h.Get("X-Accel-Buffering") != tt.wantBuffering {
			t.Errorf("%+v: %v", tt, h)
		}
	}
}

func TestStatusesWithoutABody(t *testing.T) {
	for status, want := range map[int]bool{204: true, 205: true, 304: true, 200: false, 206: false, 404: false} {
		if header.IsBodyless(status) != want {
			t.Errorf("%d: %v", status, !want)
		}
	}
}

func TestRepeatedHeadersAreJoinedExceptCookies(t *testing.T) {
	h := http.Header{"A": {"1", "2"}, "B": {"x"}, "Set-Cookie": {"a=1", "b=2"}}
	header.JoinRepeated(h)
	if len(h["A"]) != 1 || h.Get("A") != "1, 2" || h.Get("B") != "x" || len(h["Set-Cookie"]) != 2 {
		t.Error(h)
	}
}

func FuzzLatin1(f *testing.F) {
	for _, text := range []string{"", "a", "\xff\x80", "ü", "€"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, bytes string) {
		text := header.FromLatin1(bytes)
		if back, ok := header.ToLatin1(text); !ok || back != bytes {
			t.Errorf("%q became %q and %q", bytes, text, back)
		}
	})
}
