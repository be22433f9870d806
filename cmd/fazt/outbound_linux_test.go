package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// probe is an app that makes the calls it is told to.
const probe = `export default { async fetch(request) {
	const { how, url, init, read } = await request.json();
	try {
		if (how === "net") {
			const r = fazt.net.fetch(url, init);
			return Response.json({ status: r.status, body: r.text(), headers: r.headers, url: r.url, redirected: r.redirected, cached: r.cached });
		}
		const r = await fetch(url, init);
		const body = read === "pieces" ? await (async () => { let all = "", text = new TextDecoder(); for await (const b of r.body) all += text.decode(b, { stream: true }); return all; })() : await r.text();
		return Response.json({ status: r.status, body, headers: Object.fromEntries(r.headers), url: r.url, redirected: r.redirected });
	} catch (e) {
		return Response.json({ code: e.code ?? e.name, message: e.message, retryable: e.retryable, error: e instanceof Error });
	}
} };`

// called is the probe's result.
type called struct {
	Status     int
	Body       string
	Headers    map[string]string
	URL        string
	Redirected bool
	Cached     bool

	Code, Message string
	Retryable     bool
	Error         bool
}

type callInit map[string]any

func (p *product) call(how, target string, init callInit, read ...string) called {
	p.o.t.Helper()
	return p.callFrom("probe", how, target, init, read...)
}

func (p *product) callFrom(app, how, target string, init callInit, read ...string) called {
	p.o.t.Helper()
	body, err := json.Marshal(map[string]any{"how": how, "url": target, "init": init, "read": strings.Join(read, "")})
	if err != nil {
		p.o.t.Fatal(err)
	}
	answer, text := p.ask(http.MethodPost, app, "/api/x", string(body))
	var c called
	if err := json.Unmarshal([]byte(text), &c); err != nil || answer.StatusCode != http.StatusOK {
		p.o.t.Fatalf("%s %s: %d %s", how, target, answer.StatusCode, text)
	}
	return c
}

// probed returns a server with the probe and with limits high enough for hundreds of calls.
func (o *outside) probed(limits ...string) *product {
	o.t.Helper()
	p := o.startProduct()
	for _, l := range append([]string{"net.max_calls=1000"}, limits...) {
		name, value, _ := strings.Cut(l, "=")
		p.run("limits", "set", name, value)
	}
	p.run("app", "deploy", p.folder(map[string]string{"fazt.json": `{"name":"probe"}`, "api/main.js": probe}))
	return p
}

func at(address string) []netip.Addr { return []netip.Addr{netip.MustParseAddr(address)} }

// refused calls must fail without connecting to any server.
func (p *product) refused(name, how, target string, init callInit) {
	p.o.t.Helper()
	p.o.connections()
	c := p.call(how, target, init)
	if opened := p.o.connections(); !slices.Contains([]string{"NET_BLOCKED", "NET_ERROR", "TypeError"}, c.Code) || len(opened) > 0 {
		p.o.t.Errorf("%s: %s %q: %+v, connected to %v", name, how, target, c, opened)
	}
}

func TestOnlyAllowedDomainsAreReached(t *testing.T) {
	withOutside(t, func(o *outside) {
		o.site("api.good.com", "93.184.215.14", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "good ", r.Host) })
		o.site("deep.api.good.com", "93.184.215.14", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "deep") })
		o.site("good.com", "93.184.215.14", nil)
		o.site("plain.com", "93.184.215.15", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "plain") })
		o.site("h2.good.com", "93.184.215.14", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) })
		for _, host := range []string{"evil.com", "api.good.com.evil.com", "evilgood.com", "api.good.comevil", "localhost", "metadata.google.internal"} {
			o.site(host, "93.184.215.66", nil)
		}
		p := o.probed()

		p.refused("nothing is allowed yet", "fetch", "https://api.good.com/", nil)
		p.refused("nothing is allowed yet", "net", "https://api.good.com/", nil)
		p.run("net", "allow", "api.good.com", "--app", "probe")
		for _, how := range []string{"fetch", "net"} {
			for _, good := range []string{"https://api.good.com/", "https://API.GOOD.com:443/x?y", "https://api.good.com./", "https://api.good.com/#f", "https://ａpi.good.com/"} {
				if c := p.call(how, good, nil); c.Status != 200 || !strings.HasPrefix(c.Body, "good api.good.com") {
					t.Errorf("%s %s: %+v", how, good, c)
				}
			}
			for name, bad := range map[string]string{
				"plain HTTP": "http://api.good.com/", "another port": "https://api.good.com:8443/", "the apex": "https://good.com/", "a name below": "https://deep.api.good.com/",
				"another domain": "https://evil.com/", "the name as a prefix": "https://api.good.com.evil.com/", "the name as a suffix": "https://evilgood.com/",
				"user info": "https://api.good.com@evil.com/", "user info with a port": "https://api.good.com:443@evil.com/", "user info at the good host": "https://user:pw@api.good.com/",
				"a backslash": `https://evil.com\@api.good.com/`, "a backslash before the path": `https://evil.com\.api.good.com/`, "an escaped slash": "https://evil.com%2f@api.good.com/",
				"an escaped NUL": "https://evil.com%00.api.good.com/", "an escaped dot": "https://evil.com%2eapi.good.com/", "a fragment before": "https://evil.com#@api.good.com/", "a query before": "https://evil.com?@api.good.com/",
				"a tab inside": "https://evil.com\t@api.good.com/", "a line break inside": "https://evil\n.com/", "a space": "https://evil.com /", "two at signs": "https://a@b@evil.com/",
				"localhost": "https://localhost/", "localhost with a dot": "https://localhost./", "metadata by name": "http://metadata.google.internal/computeMetadata/v1/",
				"another scheme": "ftp://api.good.com/", "a file": "file:///etc/passwd", "gopher": "gopher://api.good.com:6379/_INFO", "javascript": "javascript:alert(1)", "a websocket": "wss://api.good.com/", "unix": "unix:///var/run/docker.sock",
				"port zero": "https://api.good.com:0/", "a port too large": "https://api.good.com:65536/", "an empty host": "https:///x", "only a scheme": "https://", "a relative URL": "/x", "two slashes": "//api.good.com/", "an empty label": "https://api..good.com/",
				"an ideographic dot": "https://evil。com/", "a full-width letter": "https://ｅvil.com/", "a soft hyphen that hides": "https://evil\u00ad.com/", "a homograph": "https://аpi.good.com/", "a dotless i": "https://apı.good.com/",
			} {
				p.refused(name, how, bad, nil)
			}
		}

		p.refused("a data: URL", "net", "data:text/plain,x", nil)
		if c := p.call("fetch", "data:text/plain,x", nil); c.Body != "x" {
			t.Errorf("a data: URL, for which nothing is sent: %+v", c)
		}

		p.run("net", "allow", "*.good.com", "--app", "probe")
		if c := p.call("fetch", "https://deep.api.good.com/", nil); c.Body != "deep" {
			t.Errorf("a wildcard matches any depth: %+v", c)
		}
		if c := p.call("fetch", "https://h2.good.com/", nil); c.Body != "HTTP/2.0" && c.Body != "HTTP/1.1" {
			t.Errorf("HTTP/2: %+v", c)
		}
		p.refused("the apex of a wildcard", "fetch", "https://good.com/", nil)
		p.run("net", "allow", "plain.com", "--http", "--ports", "80,8443")
		if c := p.call("fetch", "http://plain.com/", nil); c.Body != "plain" {
			t.Errorf("plain HTTP that was allowed: %+v", c)
		}
		if c := p.call("fetch", "https://plain.com:8443/", nil); c.Body != "plain" {
			t.Errorf("a port that was allowed: %+v", c)
		}
		p.refused("a port that was not", "fetch", "http://plain.com:8080/", nil)
		p.refused("a port for plain HTTP does not allow HTTPS", "fetch", "https://plain.com/", nil)

		p.run("net", "allow", "plain.com", "--http", "--methods", "GET")
		p.refused("a method that was not", "fetch", "http://plain.com/", callInit{"method": "POST", "body": "x"})
		for _, method := range []string{"TRACE", "CONNECT", "PROPFIND", "get "} {
			p.refused("method "+method, "net", "http://plain.com/", callInit{"method": method})
		}

		p.run("net", "remove", "plain.com")
		p.refused("what was removed is gone at once, its open connection too", "fetch", "http://plain.com/", nil)
		p.run("app", "deploy", p.folder(map[string]string{"fazt.json": `{"name":"other","net":["api.good.com"]}`, "api/main.js": probe}))
		if c := p.callFrom("other", "fetch", "https://api.good.com/", nil); c.Code != "NET_BLOCKED" {
			t.Errorf("an app reached a domain that only another app may reach: %+v", c)
		}
		logs := p.run("net", "logs", "--errors", "-n", "1000")
		for _, want := range []string{"NET_BLOCKED", "evil.com", "good.com"} {
			if !strings.Contains(logs, want) {
				t.Errorf("refused calls are missing from the log: no %q in\n%.3000s", want, logs)
			}
		}
	})
}

func TestLiteralAddressesAreRefusedInEverySpelling(t *testing.T) {
	withOutside(t, func(o *outside) {
		p := o.probed()
		p.run("net", "allow", "*.good.com", "--http", "--ports", "80,443,8080,8443")
		for _, host := range []string{
			"127.0.0.1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "017700000001", "0", "0.0.0.0", "127.0.0.1.", "127.000.000.001", "00000177.1",
			"①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.０.０.１", "127%2e0%2e0%2e1", "0x7F.1", "0x7f.0x0.0x0.0x1", "1e1",
			"169.254.169.254", "0xA9FEA9FE", "2852039166", "0251.0376.0251.0376", "169.254.43518", "168.63.129.16", "100.100.100.200", "192.0.0.192",
			"10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "93.184.215.14",
			"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]",
			"[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[2606:2800:220:1:248:1893:25c8:1946]", "[::ffff:a9fe:a9fe]", "[0000::1]", "[::1.]", "[::1", "::1",
			"good.com.127.0.0.1", "x.1", "x.0x1", "1.good.com.0x7f",
		} {
			for _, how := range []string{"fetch", "net"} {
				p.refused("literal", how, "http://"+host+"/", nil)
				p.refused("literal with a port", how, "http://"+host+":8080/", nil)
			}
		}
	})
}

func TestEveryAddressOfANameIsChecked(t *testing.T) {
	withOutside(t, func(o *outside) {
		p := o.probed()
		p.run("net", "allow", "*.good.com", "--http")
		bad := []string{
			"127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.1.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1",
			"198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16", "100.100.100.200",
			"::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::5db8:d70e", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "2002:a00:1::1", "3fff::1", "5f00::1",
			"fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "2001:2::1", "2001:10::1", "2001:20::1", "2606:2800:0:0:0:5efe:7f00:1",
		}
		for i, address := range bad {
			host := fmt.Sprintf("bad%d.good.com", i)
			o.site(host, address, nil)
			p.refused("leads to "+address, "fetch", "http://"+host+"/", nil)
			host = fmt.Sprintf("split%d.good.com", i)
			o.name(host, func(int) []netip.Addr { return append(at("93.184.215.14"), at(address)...) })
			p.refused("leads to a good address and to "+address, "net", "http://"+host+"/", nil)
		}

		// The addresses of a name change between any two lookups: the address that was checked is the one that is
		// dialed.
		for period := 1; period <= 4; period++ {
			host := fmt.Sprintf("rebind%d.good.com", period)
			o.name(host, func(n int) []netip.Addr {
				if n/period%2 == 0 {
					return at("93.184.215.14")
				}
				return at("127.0.0.1")
			})
			for range 12 {
				p.call("fetch", "http://"+host+"/", nil)
				for _, to := range o.connections() {
					if to.Addr() != netip.MustParseAddr("93.184.215.14") {
						t.Fatalf("a name that changes led to %v", to)
					}
				}
			}
		}

		// No response, or none in time.
		for name, fn := range map[string]func(int) []netip.Addr{"silent.good.com": func(int) []netip.Addr { return nil }, "empty.good.com": func(int) []netip.Addr { return []netip.Addr{} }} {
			o.name(name, fn)
			if c := p.call("fetch", "http://"+name+"/", callInit{"timeout": 2000}); c.Code != "NET_ERROR" && c.Code != "NET_TIMEOUT" && c.Code != "NET_BLOCKED" || strings.Contains(c.Message, "127.0.0.1") {
				t.Errorf("%s: %+v", name, c)
			}
		}
		if c := p.call("fetch", "http://absent.good.com/", nil); c.Code != "NET_ERROR" || strings.Contains(c.Message, "127.0.0.1") || strings.Contains(c.Message, "absent") {
			t.Errorf("an unknown name: %+v", c)
		}

		// An operator may allow a name to lead into one private network, and no further.
		p.run("net", "allow", "home.good.com", "--http", "--private", "192.168.1.0/24")
		o.site("home.good.com", "192.168.1.10", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "home") })
		if c := p.call("fetch", "http://home.good.com/", nil); c.Body != "home" {
			t.Errorf("a private range that was allowed: %+v", c)
		}
		p.run("net", "allow", "*.home.good.com", "--http", "--private", "192.168.1.0/24")
		for i, address := range []string{"192.168.2.10", "127.0.0.1", "169.254.169.254", "10.0.0.1"} {
			host := fmt.Sprintf("h%d.home.good.com", i)
			o.site(host, address, nil)
			p.refused("beyond the private range", "net", "http://"+host+"/", nil)
		}
		for _, never := range []string{"127.0.0.0/8", "169.254.0.0/16", "0.0.0.0/0", "::1/128", "fe80::/10", "192.168.1.0/33", "x"} {
			if out, err := p.command("net", "allow", "x.good.com", "--private", never).CombinedOutput(); err == nil {
				t.Errorf("the range %s was allowed: %s", never, out)
			}
		}
	})
}

func TestEachRedirectIsCheckedLikeACall(t *testing.T) {
	withOutside(t, func(o *outside) {
		type seen struct {
			*http.Request
			body string
		}
		var mu sync.Mutex
		var all []seen
		note := func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			all = append(all, seen{r, string(body)})
			mu.Unlock()
			if to := r.URL.Query().Get("to"); to != "" {
				var status int
				_, _ = fmt.Sscan(r.URL.Query().Get("status"), &status)
				w.Header().Set("Location", to)
				w.Header().Set("Set-Cookie", "session=x")
				w.WriteHeader(max(status, 302))
				return
			}
			fmt.Fprint(w, "arrived ", r.Method, " ", r.Host, " ", string(body))
		}
		took := func() []seen {
			mu.Lock()
			defer mu.Unlock()
			list := all
			all = nil
			return list
		}
		o.site("a.good.com", "93.184.215.14", note)
		o.site("b.good.com", "93.184.215.15", note)
		o.site("inside.good.com", "10.0.0.1", nil)
		o.site("evil.com", "93.184.215.66", nil)
		p := o.probed()
		p.run("net", "allow", "*.good.com", "--http", "--ports", "443,80,8443")
		p.runWith("s3cret-value-of-a\n", "secret", "set", "KEY", "--domain", "a.good.com", "--as", "header", "--key", "X-Key")
		p.runWith("qu3ry-value-of-a\n", "secret", "set", "QKEY", "--domain", "a.good.com", "--as", "query", "--key", "token")
		p.runWith("b3arer-value-of-a\n", "secret", "set", "BKEY", "--domain", "a.good.com")
		from := func(to string, status int) string {
			return "https://a.good.com/?" + url.Values{"to": {to}, "status": {fmt.Sprint(status)}}.Encode()
		}

		for name, to := range map[string]string{
			"another domain": "https://evil.com/", "an address": "http://127.0.0.1/", "metadata": "http://169.254.169.254/latest/meta-data/", "an integer": "http://2130706433/", "IPv6": "http://[::1]/",
			"a name that leads inside": "https://inside.good.com/", "another scheme": "file:///etc/passwd", "gopher": "gopher://b.good.com/", "data": "data:text/plain,x", "javascript": "javascript:1",
			"user info": "https://a.good.com@evil.com/", "own user info": "https://u:p@b.good.com/", "a backslash": `https:\\evil.com`, "no scheme": "//evil.com/", "another port": "https://a.good.com:8080/",
			"a downgrade": "http://a.good.com/", "a downgrade to another host": "http://b.good.com/", "a line break": "https://b.good.com/\r\nX: y",
		} {
			c := p.call("fetch", from(to, 302), nil)
			for _, opened := range o.connections() {
				if opened != netip.MustParseAddrPort("93.184.215.14:443") {
					t.Errorf("%s: %s connected to %v", name, to, opened)
				}
			}
			if c.Code == "" && c.Status == 200 && name != "a line break" {
				t.Errorf("%s: %s was followed: %+v", name, to, c)
			}
		}
		took()

		// A followed redirect starts with empty headers.
		for name, init := range map[string]callInit{
			"credentials in headers": {"headers": map[string]string{"Authorization": "Bearer own", "Cookie": "own=1", "X-Api-Key": "own", "Proxy-Authorization": "own", "Accept": "text/x"}},
			"a secret in a header":   {"auth": "KEY"}, "a secret in the query": {"auth": "QKEY"}, "a secret as a bearer": {"auth": "BKEY"},
		} {
			for _, how := range []string{"fetch", "net"} {
				for _, to := range []string{"https://b.good.com/x", "https://a.good.com:8443/x"} {
					c := p.call(how, from(to, 302), init)
					if c.Status != 200 || !c.Redirected || c.URL != to {
						t.Errorf("%s to %s: %+v", name, to, c)
					}
					list := took()
					if len(list) != 2 {
						t.Fatalf("%s: %d requests", name, len(list))
					}
					last := list[1]
					var text bytes.Buffer
					_ = last.Header.Write(&text)
					if s := text.String() + last.RequestURI; strings.Contains(s, "own") || strings.Contains(s, "value-of-a") || strings.Contains(s, "session") || last.Header.Get("Referer") != "" {
						t.Errorf("%s reached %s:\n%s", name, to, s)
					}
				}
				if c := p.call(how, from("https://a.good.com/again", 302), init); c.Status != 200 {
					t.Errorf("%s to the same origin: %+v", name, c)
				}
				if list := took(); len(list) == 2 && name != "credentials in headers" {
					var text bytes.Buffer
					_ = list[1].Header.Write(&text)
					if !strings.Contains(text.String()+list[1].RequestURI, "value-of-a") {
						t.Errorf("%s does not go on to the same origin:\n%s", name, &text)
					}
				}
			}
		}

		for name, c := range map[string]struct {
			status        int
			method, to    string
			want, method2 string
		}{
			"303 becomes GET":                   {303, "POST", "https://a.good.com/x", "arrived GET a.good.com ", "GET"},
			"302 of a POST becomes GET":         {302, "POST", "https://b.good.com/x", "arrived GET b.good.com ", "GET"},
			"307 keeps method and body":         {307, "POST", "https://a.good.com/x", "arrived POST a.good.com the body", "POST"},
			"308 keeps method and body":         {308, "PUT", "https://a.good.com/x", "arrived PUT a.good.com the body", "PUT"},
			"307 of a GET goes anywhere":        {307, "GET", "https://b.good.com/x", "arrived GET b.good.com ", "GET"},
			"307 sends a body to no other host": {307, "POST", "https://b.good.com/x", "", ""},
			"308 sends a body to no other port": {308, "POST", "https://a.good.com:8443/x", "", ""},
		} {
			init := callInit{"method": c.method}
			if c.method != "GET" {
				init["body"] = "the body"
			}
			got := p.call("net", from(c.to, c.status), init)
			list := took()
			if c.want == "" {
				if got.Code == "" || len(list) != 1 {
					t.Errorf("%s: %+v, %d requests", name, got, len(list))
				}
				continue
			}
			if got.Body != c.want {
				t.Errorf("%s: %+v", name, got)
			}
		}

		if c := p.call("fetch", from("https://b.good.com/", 302), callInit{"redirect": "manual"}); c.Status != 302 || c.Headers["location"] != "https://b.good.com/" {
			t.Errorf("manual: %+v", c)
		}
		if c := p.call("fetch", from("https://b.good.com/", 302), callInit{"redirect": "error"}); c.Code != "NET_ERROR" && c.Code != "NET_BLOCKED" {
			t.Errorf("error: %+v", c)
		}
		took()
		loop := from("https://a.good.com/", 302)
		for range 6 {
			loop = from(loop, 302)
		}
		if c := p.call("fetch", loop, nil); c.Code == "" {
			t.Errorf("too many redirects: %+v", c)
		}
		if n := len(took()); n != 4 {
			t.Errorf("%d requests of at most 3 redirects", n)
		}
		if c := p.call("net", from("https://b.good.com/", 302), nil); c.Status != 200 || c.Headers["set-cookie"] != "" {
			t.Errorf("cookies of a redirect: %+v", c)
		}
	})
}

func TestOutgoingRequestsAreClean(t *testing.T) {
	withOutside(t, func(o *outside) {
		var last atomic.Pointer[http.Request]
		o.site("a.good.com", "93.184.215.14", func(w http.ResponseWriter, r *http.Request) { last.Store(r); fmt.Fprint(w, "ok") })
		p := o.probed()
		p.run("net", "allow", "a.good.com")
		headers := map[string]string{}
		for _, name := range []string{"Host", "Connection", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Accept-Encoding", "Expect",
			"Metadata-Flavor", "Metadata", "X-Google-Metadata-Request", "X-aws-ec2-metadata-token", "X-AWS-EC2-METADATA-TOKEN-TTL-SECONDS", "X-Forwarded-For", "Forwarded", "X-Own"} {
			headers[name] = "evil"
		}
		delete(headers, "Content-Length")
		for _, how := range []string{"fetch", "net"} {
			if c := p.call(how, "https://a.good.com/", callInit{"headers": headers}); c.Body != "ok" {
				t.Fatalf("%+v", c)
			}
			r := last.Load()
			if r.Host != "a.good.com" || r.Header.Get("X-Own") != "evil" {
				t.Errorf("Host %q, X-Own %q", r.Host, r.Header.Get("X-Own"))
			}
			for name := range r.Header {
				switch strings.ToLower(name) {
				case "x-own", "accept", "accept-encoding", "user-agent", "x-forwarded-for", "forwarded":
				default:
					t.Errorf("%s: the header %s went out: %q", how, name, r.Header[name])
				}
			}
			if strings.Contains(r.Header.Get("Accept-Encoding"), "evil") {
				t.Error("Accept-Encoding is not ours")
			}
		}
		for _, value := range []string{"a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\x00b"} {
			for _, how := range []string{"fetch", "net"} {
				if c := p.call(how, "https://a.good.com/", callInit{"headers": map[string]string{"X-A": value}}); c.Code == "" {
					t.Errorf("a header with a line break was sent: %+v", c)
				}
			}
		}
		for _, path := range []string{"/a\r\nX-Evil:%201", "/a%0d%0aX-Evil:1", "/a b"} {
			p.call("net", "https://a.good.com"+path, nil)
			if r := last.Load(); r.Header.Get("X-Evil") != "" {
				t.Errorf("%q split the request", path)
			}
		}
		for _, to := range o.connections() {
			if to.Addr() != netip.MustParseAddr("93.184.215.14") {
				t.Errorf("unexpected connections, perhaps to a proxy from the environment: %v", to)
			}
		}
	})
}

func TestHostileServersAreSurvived(t *testing.T) {
	withOutside(t, func(o *outside) {
		raw := func(fn func(c net.Conn, w *bufio.ReadWriter)) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				c, rw, err := w.(http.Hijacker).Hijack()
				if err != nil {
					return
				}
				defer c.Close()
				fn(c, rw)
			}
		}
		endless := func(head, piece string, pause time.Duration) http.HandlerFunc {
			return raw(func(c net.Conn, w *bufio.ReadWriter) {
				_, err := c.Write([]byte(head))
				for err == nil {
					_, err = c.Write([]byte(piece))
					time.Sleep(pause)
				}
			})
		}
		bomb := func() []byte {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			zeros := make([]byte, 1<<20)
			for range 200 {
				_, _ = z.Write(zeros)
			}
			z.Close()
			return b.Bytes()
		}()
		const ok = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
		sites := map[string]struct {
			handler http.HandlerFunc
			want    string // error codes
		}{
			"an endless body":             {endless(ok+"\r\n", strings.Repeat("x", 65536), 0), "NET_SIZE"},
			"a slow body":                 {endless(ok+"Content-Length: 1000\r\n\r\n", "x", 50*time.Millisecond), "NET_TIMEOUT"},
			"slow chunks":                 {endless(ok+"Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 50*time.Millisecond), "NET_TIMEOUT"},
			"a slow header":               {endless("HTTP/1.1 200 OK\r\n", "X: y\r\n", 50*time.Millisecond), "NET_TIMEOUT NET_SIZE NET_ERROR"},
			"an endless header":           {endless("HTTP/1.1 200 OK\r\n", "X: "+strings.Repeat("y", 4096)+"\r\n", 0), "NET_SIZE NET_ERROR"},
			"endless 1xx responses":       {endless("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 0), "NET_ERROR NET_SIZE NET_TIMEOUT"},
			"slow 100 responses":          {endless("", "HTTP/1.1 100 Continue\r\n\r\n", 100*time.Millisecond), "NET_ERROR NET_TIMEOUT"},
			"endless trailers":            {endless(ok+"Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n1\r\nx\r\n0\r\n", "X: "+strings.Repeat("y", 1000)+"\r\n", 0), "NET_ERROR NET_SIZE NET_TIMEOUT"},
			"endless chunk extensions":    {endless(ok+"Transfer-Encoding: chunked\r\n\r\n", "1;"+strings.Repeat("e", 3000)+"\r\nx\r\n", 0), "NET_ERROR NET_SIZE NET_TIMEOUT"},
			"no response":                 {raw(func(c net.Conn, _ *bufio.ReadWriter) { _, _ = io.Copy(io.Discard, c) }), "NET_TIMEOUT"},
			"half a response":             {raw(func(c net.Conn, _ *bufio.ReadWriter) { fmt.Fprint(c, ok+"Content-Length: 10\r\n\r\nhalf") }), "NET_ERROR"},
			"a response that is not HTTP": {raw(func(c net.Conn, _ *bufio.ReadWriter) { fmt.Fprint(c, "SSH-2.0-OpenSSH_9.6\r\n") }), "NET_ERROR"},
			"switching protocols": {raw(func(c net.Conn, _ *bufio.ReadWriter) {
				fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
			}), "NET_ERROR"},
			"two lengths": {raw(func(c net.Conn, _ *bufio.ReadWriter) {
				fmt.Fprint(c, ok+"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")
			}), "NET_ERROR"},
			"an invalid status": {raw(func(c net.Conn, _ *bufio.ReadWriter) { fmt.Fprint(c, "HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n") }), "NET_ERROR 999"},
			"a gzip bomb": {raw(func(c net.Conn, _ *bufio.ReadWriter) {
				fmt.Fprintf(c, ok+"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", len(bomb))
				_, _ = c.Write(bomb)
			}), "NET_SIZE"},
			"invalid gzip": {raw(func(c net.Conn, _ *bufio.ReadWriter) {
				fmt.Fprint(c, ok+"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc")
			}), "NET_ERROR"},
			"a length that is too large": {raw(func(c net.Conn, _ *bufio.ReadWriter) {
				fmt.Fprint(c, ok+"Content-Length: 99999999999\r\n\r\n")
				_, _ = io.Copy(io.Discard, c)
			}), "NET_SIZE NET_TIMEOUT"},
			"a body of exactly the limit": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), 1<<20)) }, "200"},
			"a body one byte too large":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), 1<<20+1)) }, "NET_SIZE"},
		}
		names := []string{}
		for name := range sites {
			names = append(names, name)
		}
		slices.Sort(names)
		p := o.probed("net.call_timeout=1500", "net.app_concurrency=2")
		p.run("net", "allow", "*.good.com", "--http")
		o.site("fine.good.com", "93.184.215.14", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "fine") })
		for i, name := range names {
			host := fmt.Sprintf("s%d.good.com", i)
			o.site(host, "93.184.215.14", sites[name].handler)
			for _, c := range []called{p.call("fetch", "http://"+host+"/", nil, "pieces"), p.call("net", "http://"+host+"/", nil), p.call("fetch", "http://"+host+"/", nil)} {
				got := c.Code
				if got == "" {
					got = fmt.Sprint(c.Status)
				}
				if !slices.Contains(strings.Fields(sites[name].want), got) {
					t.Errorf("%s: %s (%s), want %s", name, got, c.Message, sites[name].want)
				}
			}
			if c := p.call("fetch", "http://fine.good.com/", nil); c.Body != "fine" {
				t.Errorf("after %s its slot is not free: %+v", name, c)
			}
		}
	})
}

func TestEncryptionIsChecked(t *testing.T) {
	withOutside(t, func(o *outside) {
		answer := func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "answered") }
		for host, spoil := range map[string]func(*x509.Certificate){
			"expired.good.com": func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, "early.good.com": func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) },
			"other.good.com": func(c *x509.Certificate) { c.DNSNames = []string{"elsewhere.good.com"} }, "own.good.com": func(c *x509.Certificate) { c.IsCA = true },
			"old.good.com": nil, "client.good.com": func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} },
		} {
			o.site(host, "93.184.215.14", answer)
			o.certify[host] = spoil
		}
		o.site("fine.good.com", "93.184.215.14", answer)
		p := o.probed()
		p.run("net", "allow", "*.good.com")
		for host := range o.sites {
			c := p.call("fetch", "https://"+host+"/", nil)
			if fine := host == "fine.good.com"; fine && c.Body != "answered" || !fine && (c.Code != "NET_ERROR" || strings.Contains(c.Message, "x509")) {
				t.Errorf("%s: %+v", host, c)
			}
		}
	})
}

func TestSecretsGoWhereTheyBelongAndNeverComeBack(t *testing.T) {
	withOutside(t, func(o *outside) {
		const value = `s3cr+t/"value"=&%`
		var got atomic.Value
		o.site("echo.good.com", "93.184.215.14", func(w http.ResponseWriter, r *http.Request) {
			got.Store(r.Header.Get("Authorization") + "|" + r.Header.Get("X-Key") + "|" + r.URL.RawQuery)
			if r.URL.Path == "/secret" {
				w.Header().Set("X-Echo", "it is "+url.QueryEscape(value))
				plain, _ := json.Marshal(value)
				text := "plain " + value + " url " + url.QueryEscape(value) + " path " + url.PathEscape(value) + " base64 " + base64.StdEncoding.EncodeToString([]byte(value)) + " json " + string(plain) + " end"
				for i := range len(text) { // one byte at a time
					fmt.Fprint(w, text[i:i+1])
					w.(http.Flusher).Flush()
				}
				return
			}
			fmt.Fprint(w, "ok")
		})
		o.site("b.good.com", "93.184.215.14", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") })
		o.site("last.good.com", "93.184.215.14", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") })
		p := o.probed()
		p.run("net", "allow", "*.good.com")
		if out := p.runWith(value+"\n", "secret", "set", "TOKEN", "--domain", "echo.good.com", "--as", "header", "--key", "Authorization"); strings.Contains(out, "s3cr") {
			t.Errorf("the value was shown: %s", out)
		}
		p.runWith("k3y-value\n", "secret", "set", "KEY", "--domain", "echo.good.com", "--as", "header", "--key", "X-Key", "--methods", "GET", "--path-prefix", "/v1/")
		p.runWith("q3ry-value\n", "secret", "set", "QUERY", "--domain", "echo.good.com", "--as", "query", "--key", "key")
		p.runWith("user:p4ss\n", "secret", "set", "BASIC", "--domain", "echo.good.com", "--as", "basic")
		p.runWith("other-apps\n", "secret", "set", "MINE", "--domain", "echo.good.com", "--app", "probe")
		for auth, want := range map[string]string{"TOKEN": value + "||", "QUERY": "||key=q3ry-value", "BASIC": "Basic dXNlcjpwNHNz||", "MINE": "Bearer other-apps||"} {
			if c := p.call("net", "https://echo.good.com/", callInit{"auth": auth}); c.Status != 200 || got.Load() != want {
				t.Errorf("%s: %+v, the server got %q", auth, c, got.Load())
			}
		}
		if c := p.call("fetch", "https://echo.good.com/v1/x", callInit{"auth": "KEY"}); c.Status != 200 || got.Load() != "|k3y-value|" {
			t.Errorf("KEY: %+v, %q", c, got.Load())
		}

		// An unknown secret and a secret for another domain give the same error.
		unknown := p.call("fetch", "https://echo.good.com/", callInit{"auth": "NOTHING"})
		for name, c := range map[string]called{
			"another domain": p.call("fetch", "https://b.good.com/", callInit{"auth": "TOKEN"}), "another path": p.call("fetch", "https://echo.good.com/v2/", callInit{"auth": "KEY"}),
			"a path that only looks right": p.call("net", "https://echo.good.com/v1/../v2", callInit{"auth": "KEY"}), "another method": p.call("fetch", "https://echo.good.com/v1/x", callInit{"auth": "KEY", "method": "POST"}),
		} {
			if c.Code != "NET_AUTH" || c.Message != unknown.Message || c.Retryable != unknown.Retryable {
				t.Errorf("%s: %+v, unknown: %+v", name, c, unknown)
			}
		}

		for _, read := range []string{"", "pieces"} {
			for _, how := range []string{"fetch", "net"} {
				c := p.call(how, "https://echo.good.com/secret", callInit{"auth": "TOKEN"}, read)
				all := c.Body + fmt.Sprint(c.Headers)
				if strings.Contains(all, "s3cr") || strings.Contains(all, base64.StdEncoding.EncodeToString([]byte(value))) || strings.Count(all, "[secret TOKEN]") < 5 || !strings.HasSuffix(c.Body, " end") {
					t.Errorf("%s %s: %s", how, read, all)
				}
			}
		}
		p.call("fetch", "https://last.good.com/", nil)
		p.logged("last.good.com")
		for _, args := range [][]string{{"net", "logs"}, {"net", "logs", "--format", "json"}, {"secret", "list"}, {"secret", "list", "--format", "json"}, {"logs", "--format", "json"}, {"app", "logs", "probe"}} {
			if out := p.run(args...); strings.Contains(out, "s3cr") || strings.Contains(out, "q3ry") || strings.Contains(out, "p4ss") || strings.Contains(out, "key=") {
				t.Errorf("%v shows a secret:\n%s", args, out)
			}
		}
		p.runWith("n3w-value\n", "secret", "rotate", "TOKEN")
		if c := p.call("net", "https://echo.good.com/", callInit{"auth": "TOKEN"}); c.Status != 200 || got.Load() != "n3w-value||" {
			t.Errorf("after the rotation: %+v, %q", c, got.Load())
		}
		p.run("secret", "remove", "TOKEN", "--yes")
		if c := p.call("net", "https://echo.good.com/", callInit{"auth": "TOKEN"}); c.Code != "NET_AUTH" {
			t.Errorf("after the removal: %+v", c)
		}
	})
}

// logged waits until a call of a host is in the log, which is written in batches.
func (p *product) logged(host string) {
	p.o.t.Helper()
	text := ""
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if text = p.run("net", "logs"); strings.Contains(text, host) {
			return
		}
	}
	p.o.t.Errorf("no call of %s is in the log:\n%s", host, text)
}

func TestCallsKeepToTheirLimits(t *testing.T) {
	withOutside(t, func(o *outside) {
		var now, most atomic.Int64
		o.site("slow.good.com", "93.184.215.14", func(w http.ResponseWriter, r *http.Request) {
			n := now.Add(1)
			for {
				if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
					break
				}
			}
			time.Sleep(100 * time.Millisecond)
			now.Add(-1)
			fmt.Fprint(w, "ok")
		})
		p := o.probed("net.max_calls=3", "net.app_concurrency=4", "net.concurrency=20")
		p.run("app", "deploy", p.folder(map[string]string{"fazt.json": `{"name":"many"}`, "api/main.js": `export default async (request) => {
			const n = Number(new URL(request.url).searchParams.get("n"));
			return Response.json((await Promise.allSettled(Array.from({ length: n }, () => fetch("https://slow.good.com/").then((r) => r.text())))).map((r) => r.reason?.code ?? r.value));
		};`}))
		p.run("net", "allow", "slow.good.com")
		_, body := p.ask("GET", "many", "/api/x?n=5", "")
		var list []string
		_ = json.Unmarshal([]byte(body), &list)
		count := func(what string) (n int) {
			for _, s := range list {
				if s == what {
					n++
				}
			}
			return n
		}
		if count("ok") != 3 || count("NET_LIMIT") != 2 {
			t.Errorf("of 5 calls with a limit of 3: %s", body)
		}

		p.run("limits", "set", "net.max_calls", "1000")
		var wg sync.WaitGroup
		var fine, limited, other atomic.Int64
		for range 50 {
			wg.Go(func() {
				_, body := p.ask("GET", "many", "/api/x?n=20", "")
				var list []string
				_ = json.Unmarshal([]byte(body), &list)
				for _, s := range list {
					switch s {
					case "ok":
						fine.Add(1)
					case "NET_LIMIT":
						limited.Add(1)
					default:
						other.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if most.Load() > 4 || fine.Load() == 0 || limited.Load() == 0 || other.Load() != 0 {
			t.Errorf("%d at once, 4 allowed; %d succeeded, %d refused, %d other", most.Load(), fine.Load(), limited.Load(), other.Load())
		}

		// A rate applies to the entry, whichever name below it is called, and changes at once.
		p.run("net", "allow", "slow.good.com", "--rate", "1", "--burst", "2")
		_, body = p.ask("GET", "many", "/api/x?n=4", "")
		list = nil
		_ = json.Unmarshal([]byte(body), &list)
		if count("ok") != 2 || count("NET_RATE") != 2 {
			t.Errorf("with a burst of 2: %s", body)
		}
		p.run("limits", "set", "net.max_req_body", "10")
		p.run("net", "allow", "slow.good.com")
		if c := p.call("fetch", "https://slow.good.com/", callInit{"method": "POST", "body": strings.Repeat("x", 11)}); c.Code != "NET_SIZE" {
			t.Errorf("a body over the limit: %+v", c)
		}
		p.run("limits", "set", "net.max_calls", "0")
		if c := p.call("fetch", "https://slow.good.com/", nil); c.Code != "NET_LIMIT" {
			t.Errorf("no calls at all: %+v", c)
		}
	})
}

// The example, as described in its README: deploy asks for what it needs, only the owner grants it, and the allowlist,
// the secret, the cache and the log work.
func TestRelayExampleGetsOnlyWhatItNeeds(t *testing.T) {
	withOutside(t, func(o *outside) {
		var pages, messages atomic.Int64
		message := make(chan string, 10)
		o.site("en.wikipedia.org", "93.184.215.14", func(w http.ResponseWriter, r *http.Request) {
			pages.Add(1)
			if r.URL.Path == "/wiki/Old" {
				http.Redirect(w, r, "/wiki/SQLite", http.StatusMovedPermanently)
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, `<!doctype html><head><title>SQLite &amp; others - Wikipedia</title><meta property="og:image" content="/logo.png"><meta name='description' content='A small &quot;engine&quot;'></head>`)
		})
		o.site("ntfy.sh", "93.184.215.15", func(w http.ResponseWriter, r *http.Request) {
			messages.Add(1)
			body, _ := io.ReadAll(r.Body)
			message <- r.Method + " " + r.URL.Path + " " + r.Header.Get("Authorization") + " " + string(body)
		})
		p := o.startProduct()
		example, err := filepath.Abs(filepath.Join("..", "..", "examples", "relay"))
		if err != nil {
			t.Fatal(err)
		}
		out := p.run("app", "deploy", example)
		for _, want := range []string{"fazt net allow '*.wikipedia.org' --app relay", "fazt net allow ntfy.sh --app relay", "fazt secret set NTFY"} {
			if !strings.Contains(out, want) {
				t.Errorf("the deploy does not say %q:\n%s", want, out)
			}
		}
		const link = "/api/preview?url=https%3A%2F%2Fen.wikipedia.org%2Fwiki%2FSQLite"
		if r, body := p.ask("GET", "relay", link, ""); r.StatusCode != 403 {
			t.Errorf("before it is allowed: %d %s", r.StatusCode, body)
		}
		p.run("net", "allow", "*.wikipedia.org", "--app", "relay", "--cache-ttl", "300")
		p.run("net", "allow", "ntfy.sh", "--app", "relay", "--methods", "POST", "--rate", "1", "--burst", "5")
		p.runWith("tk_of_the_relay\n", "secret", "set", "NTFY", "--domain", "ntfy.sh", "--app", "relay")
		p.run("env", "set", "relay", "HOOK_KEY=a key", "TOPIC=my topic")
		if out := p.run("app", "deploy", example); strings.Contains(out, "fazt net allow") || strings.Contains(out, "fazt secret set") {
			t.Errorf("a deploy asks again for what was granted:\n%s", out)
		}

		want := `{"url":"https://en.wikipedia.org/wiki/SQLite","title":"SQLite & others - Wikipedia","description":"A small \"engine\"","image":"https://en.wikipedia.org/logo.png"}`
		for range 3 {
			if r, body := p.ask("GET", "relay", link, ""); r.StatusCode != 200 || strings.TrimSpace(body) != want {
				t.Errorf("%d %s\nwant %s", r.StatusCode, body, want)
			}
		}
		if n := pages.Load(); n != 1 {
			t.Errorf("the page was fetched %d times; it should be cached for five minutes", n)
		}
		if r, body := p.ask("GET", "relay", strings.Replace(link, "SQLite", "Old", 1), ""); r.StatusCode != 200 || !strings.Contains(body, "wiki/SQLite") {
			t.Errorf("a redirect: %d %s", r.StatusCode, body)
		}
		for target, status := range map[string]int{"/api/preview?url=https%3A%2F%2Fexample.com%2F": 403, "/api/preview?url=http%3A%2F%2F169.254.169.254%2F": 403, "/api/preview?url=x": 400, "/api/preview": 400} {
			if r, body := p.ask("GET", "relay", target, ""); r.StatusCode != status {
				t.Errorf("%s: %d %s", target, r.StatusCode, body)
			}
		}

		hook := `{"action":"opened"}`
		mac := hmac.New(sha256.New, []byte("a key"))
		mac.Write([]byte(hook))
		if r, body := p.ask("POST", "relay", "/api/hook", hook, "X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64)); r.StatusCode != 401 {
			t.Errorf("a wrong signature: %d %s", r.StatusCode, body)
		}
		r, body := p.ask("POST", "relay", "/api/hook", hook, "X-Hub-Signature-256", fmt.Sprintf("sha256=%x", mac.Sum(nil)), "X-GitHub-Event", "issues")
		if r.StatusCode != 202 {
			t.Errorf("a hook: %d %s", r.StatusCode, body)
		}
		select {
		case got := <-message:
			if got != `POST /my%20topic Bearer tk_of_the_relay issues: {"action":"opened"}` && got != `POST /my topic Bearer tk_of_the_relay issues: {"action":"opened"}` {
				t.Errorf("the message: %s", got)
			}
		case <-time.After(10 * time.Second):
			t.Error("no message arrived")
		}

		var logs string
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if logs = p.run("net", "logs", "--app", "relay"); strings.Contains(logs, "ntfy.sh") {
				break
			}
		}
		for _, want := range []string{"en.wikipedia.org", "ntfy.sh", "example.com", "NET_BLOCKED", "hit"} {
			if !strings.Contains(logs, want) {
				t.Errorf("the log has no %q:\n%s", want, logs)
			}
		}
		for _, args := range [][]string{{"net", "stats", "--app", "relay"}, {"net", "list"}, {"net", "cache"}, {"secret", "list"}, {"net", "test", "https://example.com/", "--app", "relay"}, {"net", "test", "https://en.wikipedia.org/wiki/SQLite", "--app", "relay"}} {
			out, err := p.command(args...).CombinedOutput()
			t.Logf("$ fazt %s\n%s", strings.Join(args, " "), out)
			if err != nil && args[1] != "test" {
				t.Errorf("%v: %v", args, err)
			}
			if strings.Contains(string(out), "tk_of_the_relay") {
				t.Errorf("%v shows the secret", args)
			}
		}
		if n := messages.Load(); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}
