package egress

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fazt/internal/egress/field"
	"fazt/internal/egress/rules"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// FuzzURL checks that an accepted URL has the same scheme, host and port for a parser that follows the WHATWG and for Go's own,
// and that the URL that is sent is the one that was checked.
func FuzzURL(f *testing.F) {
	for _, s := range []string{
		"https://example.com/a?b#c", "http://EXAMPLE.com.:8080/../x", `https://a\@b/`, "https://a@b:1@c/", "https://ｅ。com/", "https://0x7f.1/", "https://[::1]/", "https://a:b@c",
		"https://xn--bcher-kva.example/", "https://ß.example/", "https://a%2eb/", "https://a\u200db.com/", "https://faß.de/%2e%2e/x", "https://a.com:443?x=@y", "https://İ.com/", "https://a.com/\u202e",
	} {
		f.Add(s)
	}
	parser := whatwg.NewParser()
	f.Fuzz(func(t *testing.T, text string) {
		got, why := parseURL(text)
		if got == nil {
			if why == "" {
				t.Fatal("refused without a reason")
			}
			return
		}
		for _, written := range []string{text, got.url.String()} {
			other, err := parser.Parse(written)
			if err != nil {
				t.Fatalf("%q passed as %q, which is not a URL: %v", written, got.url, err)
			}
			port := other.Port()
			if port == "" {
				port = strconv.Itoa(rules.DefaultPort(got.scheme))
			}
			if other.Protocol() != got.scheme+":" || strings.TrimSuffix(other.Hostname(), ".") != got.host || port != strconv.Itoa(got.port) || other.Username() != "" || other.Password() != "" {
				t.Fatalf("%q passed as %s, and is %s", written, got.origin(), other.Href(false))
			}
		}
		third, err := url.Parse(got.url.String())
		if err != nil || third.Hostname() != got.host || third.User != nil || third.RequestURI() != got.url.RequestURI() {
			t.Fatalf("%q: %v, %v", got.url, third, err)
		}
		if strings.ContainsFunc(got.url.RequestURI(), func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Fatalf("sent: %q", got.url.RequestURI())
		}
		if again, _ := parseURL(got.url.String()); again == nil || again.url.String() != got.url.String() {
			t.Fatalf("%q is not its own canonical form", got.url)
		}
		if net.ParseIP(got.host) != nil {
			t.Fatalf("%q passed", got.host)
		}
	})
}

// FuzzRedirect checks that a Location leads where a browser would go, or is refused.
func FuzzRedirect(f *testing.F) {
	for _, s := range []string{"/a", "a", "?a", "#a", "//b.test/", "///b.test", "http://b.test", `\\b`, "/\\b", "https:b", "..//b.test/", "/.//b.test", "a:b", "/a:b", "./a:b", "%2f%2fb"} {
		f.Add(s)
	}
	base, _ := parseURL("https://example.com/dir/file?query")
	parser := whatwg.NewParser()
	f.Fuzz(func(t *testing.T, location string) {
		got, _ := base.resolve(location)
		if got == nil {
			return
		}
		other, err := parser.ParseRef(base.url.String(), location)
		if err != nil || strings.TrimSuffix(other.Hostname(), ".") != got.host || other.Protocol() != got.scheme+":" {
			t.Fatalf("%q leads to %s, for a browser to %v (%v)", location, got.url, other, err)
		}
	})
}

// FuzzHeaders checks that the receiver reads the same headers that were sent, and that none of them is forbidden.
func FuzzHeaders(f *testing.F) {
	f.Add("X-A", "a", "x-b", "b")
	f.Add("X-A", "a\r\nHost: evil", "transfer-encoding", "chunked")
	f.Add("cOnTeNt-LeNgTh", "5", "X\r\nY", "")
	f.Add("Metadata-Flavor", "Google", "X-Forwarded-Host", " a\t")
	f.Add("X-\x00", "\x00", "X-A:", "\x7f")
	f.Fuzz(func(t *testing.T, a, av, b, bv string) {
		header, fault := sanitize(http.Header{a: {av}, b: {bv}}, 64<<10)
		if fault != nil {
			return
		}
		for name := range header {
			lower := strings.ToLower(name)
			if field.Forbidden(lower) || strings.HasPrefix(lower, "proxy-") || strings.HasPrefix(lower, "x-forwarded") || strings.HasPrefix(lower, "sec-") {
				t.Fatalf("%q passed", name)
			}
		}
		header["User-Agent"] = []string{"x"} // else Go writes its own
		req, _ := http.NewRequest("GET", "http://example.com/", nil)
		req.Header = header
		var wire bytes.Buffer
		if err := req.Write(&wire); err != nil {
			t.Fatal(err)
		}
		got, err := http.ReadRequest(bufio.NewReader(&wire))
		if err != nil || got.Host != "example.com" || len(got.TransferEncoding) != 0 || got.ContentLength != 0 || wire.Len() != 0 && got.Body == nil {
			t.Fatalf("%v, %+v", err, got)
		}
		if header["Pragma"] != nil {
			delete(got.Header, "Cache-Control") // which ReadRequest makes of it
			delete(header, "Cache-Control")
		}
		for name := range got.Header {
			if !slices.Equal(got.Header[name], header[name]) {
				t.Fatalf("%s: %q is read as %q", name, header[name], got.Header[name])
			}
		}
		if len(got.Header) != len(header) {
			t.Fatalf("%v is read as %v", header, got.Header)
		}
	})
}

// The letter case of header and host names is lost on the way.
func TestNamesRevealNoSecretInAnyLetterCase(t *testing.T) {
	const value = "Sk_Live_AbCdEf01"
	w := newWorld(t)
	w.serve("example.com", func(rw http.ResponseWriter, r *http.Request) {
		got := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		rw.Header()["X-"+got] = []string{"a"}
		rw.Header()["X-"+strings.ToLower(url.PathEscape(got))+"-b"] = []string{"a"}
		rw.Header().Set("X-"+hex.EncodeToString([]byte(got)), "a")
		rw.Header().Set("Location", "http://"+strings.ReplaceAll(got, "_", "-")+".example.com/")
	})
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	w.secret(rules.Secret{Name: "KEY", As: rules.AsBearer, Domain: "example.com", Value: value})
	a, _ := w.must(Call{URL: "http://example.com/", Auth: "KEY"})
	for name := range a.Header {
		if low := strings.ToLower(name); strings.HasPrefix(low, "x-") && !strings.Contains(low, "[secret key]") || strings.Contains(low, "live") {
			t.Errorf("%q tells it", name)
		}
	}
}
