package egress

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fazt/internal/egress/rules"
	"fazt/internal/egress/transport"

	"go.uber.org/goleak"

	"fazt/internal/egress/netlog"
	"fazt/internal/errs"
	"fazt/internal/fazttest/await"
	"fazt/internal/system"
)

// The environment names a proxy where nothing listens. net/http reads it only once, so it is set for all tests.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		_ = os.Setenv(name, "http://127.0.0.1:1")
	}
	goleak.VerifyTestMain(m)
}

// world is a small internet: names, their addresses, and servers on loopback behind addresses that look public. The gate
// resolves names in it and checks its addresses; only the last step, after all checks, leads to loopback.
type world struct {
	t       testing.TB
	gate    *Gate
	mu      sync.Mutex
	names   map[string][]string // addresses
	lookups int
	servers map[string]string // address:port -> loopback
	dials   []string
	entries []rules.Entry
	secrets []rules.Secret
	version uint64
	policy  atomic.Pointer[rules.Policy]
	limits  system.Net
	log     []netlog.Attempt
	roots   *x509.CertPool
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, names: map[string][]string{}, servers: map[string]string{}, roots: x509.NewCertPool()}
	w.limits = system.Net{
		MaxCalls: 1000, CallTimeout: 60_000, Budget: 60_000, AppConcurrency: 100, Concurrency: 100, MaxReqBody: 1 << 20, MaxResponse: 1 << 20,
		MaxHeaderBytes: 64 << 10, MaxRedirects: 3, CacheMaxItems: 16, CacheMaxBytes: 1 << 20,
	}
	w.gate = New(Config{
		Policy: w.policy.Load, Resolver: w, Record: w, Roots: w.roots,
		Limits: func(string) system.Net { return w.limit() }, System: w.limit,
		Own: func() []netip.Addr { return []netip.Addr{netip.MustParseAddr("93.184.215.99")} },
	})
	w.gate.transport.Dial = func(ctx context.Context, r *transport.Route, a netip.Addr) (net.Conn, error) {
		address := netip.AddrPortFrom(a, uint16(r.Port)).String()
		if err := w.gate.transport.CheckSocket(r, address); err != nil {
			return nil, err
		}
		w.mu.Lock()
		to, ok := w.servers[address]
		w.dials = append(w.dials, address)
		w.mu.Unlock()
		if !ok {
			return nil, errors.New("connect to " + address + ": connection refused")
		}
		var d net.Dialer
		return d.DialContext(ctx, "tcp", to)
	}
	t.Cleanup(w.gate.Close)
	w.apply()
	return w
}

func (w *world) limit() system.Net {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.limits
}

func (w *world) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lookups++
	list, ok := w.names[strings.TrimSuffix(host, ".")]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	var addresses []netip.Addr
	for _, a := range list {
		addresses = append(addresses, netip.MustParseAddr(a))
	}
	return addresses, nil
}

func (w *world) Record(a netlog.Attempt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, a)
}

func (w *world) attempts() []netlog.Attempt {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.log)
}

func (w *world) last() netlog.Attempt {
	w.t.Helper()
	list := w.attempts()
	if len(list) == 0 {
		w.t.Fatal("nothing was logged")
	}
	return list[len(list)-1]
}

// apply makes a policy of the entries and secrets.
func (w *world) apply() {
	w.version++
	w.policy.Store(rules.NewPolicy(w.version, w.entries, w.secrets))
}

func (w *world) allow(e rules.Entry) {
	w.t.Helper()
	var err error
	if e.Domain, err = rules.ParseDomain(e.Domain); err != nil {
		w.t.Fatal(err)
	}
	if e, err = rules.CheckEntry(e); err != nil {
		w.t.Fatal(err)
	}
	e.ID = "net_" + strconv.Itoa(len(w.entries))
	w.entries = append(w.entries, e)
	w.apply()
}

// secret sets a secret, also for plain HTTP, which most servers here speak.
func (w *world) secret(s rules.Secret) {
	s.HTTP = true
	w.secrets = append(w.secrets, s)
	w.apply()
}

const public = "93.184.215.14"

// serve starts a plain HTTP server for a name, at an address of its own.
func (w *world) serve(name string, handler http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(handler)
	w.t.Cleanup(s.Close)
	w.place(name, "93.184.215."+strconv.Itoa(14+len(w.servers)), 80, s.Listener.Addr()) // the first is public
	return s
}

// serveTLS starts an HTTPS server for example.com, the name in the certificate of httptest.
func (w *world) serveTLS(handler http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(handler)
	s.EnableHTTP2 = true
	s.StartTLS()
	w.t.Cleanup(s.Close)
	w.roots.AddCert(s.Certificate())
	w.place("example.com", public, 443, s.Listener.Addr())
	return s
}

// raw starts a server for example.com that calls talk with every connection.
func (w *world) raw(talk func(net.Conn)) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				talk(conn)
			})
		}
	})
	w.t.Cleanup(func() { l.Close(); all.Wait() })
	w.place("example.com", public, 80, l.Addr())
}

func (w *world) place(name, address string, port int, to net.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.names[name] = []string{address}
	w.servers[netip.AddrPortFrom(netip.MustParseAddr(address), uint16(port)).String()] = to.String()
}

// do makes a call in a Run of its own and reads the response.
func (w *world) do(c Call) (*Response, string, error) { return w.in(w.gate.Begin("app_1", "req_1"), c) }

func (w *world) in(r *Run, c Call) (*Response, string, error) {
	a, err := r.Do(w.t.Context(), c)
	if err != nil {
		return nil, "", err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	return a, string(body), err
}

func (w *world) get(url string) (*Response, string, error) { return w.do(Call{URL: url}) }

// must makes a call that has to succeed.
func (w *world) must(c Call) (*Response, string) {
	w.t.Helper()
	a, body, err := w.do(c)
	if err != nil {
		w.t.Fatalf("%s: %v (%s)", c.URL, err, w.last().Reason)
	}
	return a, body
}

// free fails the test if a call that has ended holds a slot.
func (w *world) free() {
	w.t.Helper()
	await.Until(w.t, "the slots of calls that have ended", func() bool {
		w.gate.slots.mu.Lock()
		defer w.gate.slots.mu.Unlock()
		return w.gate.slots.all == 0
	})
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return errs.Code(err)
}

func hello(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }

func TestACallReachesAnAllowedServer(t *testing.T) {
	w := newWorld(t)
	w.serveTLS(func(rw http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 || r.TLS.ServerName != "example.com" || r.Host != "example.com" {
			t.Errorf("asked for %s at %s", r.Host, r.TLS.ServerName)
		}
		hello(rw, r)
	})
	w.allow(rules.Entry{Domain: "example.com"})
	a, body := w.must(Call{URL: "https://EXAMPLE.com./x?token=1#y"})
	if a.Status != 200 || a.StatusText != "OK" || body != "hello" || a.URL != "https://example.com/x?token=1" {
		t.Errorf("%+v %q", a, body)
	}
	got := w.last()
	if got.Millis <= 0 || got.Time.IsZero() {
		t.Errorf("%+v", got)
	}
	got.Millis, got.Time = 0, time.Time{}
	want := netlog.Attempt{AppID: "app_1", RequestID: "req_1", Method: "GET", Scheme: "https", Host: "example.com", Path: "/x", Status: 200, EntryID: "net_0", Received: 5}
	if got != want {
		t.Errorf("logged %+v", got)
	}
	w.free()
}

func TestTheEntryDecidesWhatIsAllowed(t *testing.T) {
	w := newWorld(t)
	w.serve("example.com", hello)
	w.serve("sub.example.com", hello)
	w.serve("other.example", hello)
	w.place("example.com", public, 8080, w.serve("x.test", hello).Listener.Addr())
	w.allow(rules.Entry{Domain: "example.com", HTTP: true, Methods: []string{"get", "POST"}, Ports: []int{80, 8080}})
	w.allow(rules.Entry{Domain: "*.example.com", HTTP: true})
	w.allow(rules.Entry{Domain: "closed.example.com"})
	w.allow(rules.Entry{Domain: "other.example", HTTP: true, AppID: "app_2"})
	tests := []struct {
		name, method, url, want string
	}{
		{"exact", "GET", "http://example.com/", ""},
		{"a port that is granted", "GET", "http://example.com:8080/", ""},
		{"a port that is not", "GET", "http://example.com:8081/", CodeBlocked},
		{"a method that is granted", "POST", "http://example.com/", ""},
		{"a method that is not", "DELETE", "http://example.com/", CodeBlocked},
		{"a method there is not", "TRACE", "http://example.com/", CodeError},
		{"a proxy's method", "CONNECT", "http://example.com/", CodeError},
		{"below a wildcard", "GET", "http://sub.example.com/", ""},
		{"the most specific decides, and allows less", "GET", "http://closed.example.com/", CodeBlocked},
		{"another app's", "GET", "http://other.example/", CodeBlocked},
		{"no entry", "GET", "http://example.org/", CodeBlocked},
		{"a name that ends alike", "GET", "http://notexample.com/", CodeBlocked},
		{"a name that begins alike", "GET", "http://example.com.evil.test/", CodeBlocked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := len(w.attempts())
			_, _, err := w.do(Call{Method: tt.method, URL: tt.url})
			if code(err) != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if got := w.attempts()[before:]; len(got) != 1 || got[0].Code != tt.want || tt.want != "" && got[0].Reason == "" {
				t.Errorf("logged %+v", got)
			}
		})
	}
}

// The predecessor never logged failures and refusals.
func TestFailuresAreLogged(t *testing.T) {
	w := newWorld(t)
	w.allow(rules.Entry{Domain: "example.com"})
	w.allow(rules.Entry{Domain: "gone.test"})
	w.names["example.com"] = []string{public}
	for url, want := range map[string]string{
		"https://example.com/": CodeError, "https://gone.test/": CodeError, "https://other.test/": CodeBlocked,
		"https://127.0.0.1/": CodeBlocked, "nonsense": CodeBlocked,
	} {
		_, _, err := w.get(url)
		if got := w.last(); code(err) != want || got.Code != want || got.Reason == "" {
			t.Errorf("%s: %v, logged %+v", url, err, got)
		}
	}
}

func TestEveryAddressOfANameIsChecked(t *testing.T) {
	for name, answers := range map[string][]string{
		"loopback":                      {"127.0.0.1"},
		"private":                       {"10.1.2.3"},
		"one public and one private":    {public, "192.168.1.1"},
		"one private and one public":    {"192.168.1.1", public},
		"public IPv4 and loopback IPv6": {public, "::1"},
		"metadata":                      {"169.254.169.254"},
		"metadata of Azure":             {"168.63.129.16"},
		"IPv4 in IPv6":                  {"::ffff:127.0.0.1"},
		"NAT64":                         {"64:ff9b::7f00:1"},
		"NAT64 of one's own":            {"64:ff9b:1::7f00:1"},
		"6to4":                          {"2002:7f00:1::"},
		"unspecified":                   {"0.0.0.0"},
		"the instance itself":           {"93.184.215.99"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.serve("example.com", hello)
			w.allow(rules.Entry{Domain: "example.com", HTTP: true})
			w.names["example.com"] = answers
			_, _, err := w.get("http://example.com/")
			if code(err) != CodeBlocked || len(w.dials) != 0 {
				t.Fatalf("got %v, dialled %v", err, w.dials)
			}
			for _, a := range answers {
				if strings.Contains(err.Error(), a) {
					t.Errorf("the function learns an address: %v", err)
				}
			}
			if !strings.Contains(w.last().Reason, "leads to") {
				t.Errorf("the owner does not learn why: %q", w.last().Reason)
			}
			x := w.gate.Explain(t.Context(), "app_1", "GET", "http://example.com/")
			if x.Allowed || x.Code != CodeBlocked || len(x.Addresses) != len(answers) {
				t.Errorf("explained %+v", x)
			}
		})
	}
}

func TestAnAddressThatChangesAfterTheCheckIsNotReached(t *testing.T) {
	w := newWorld(t)
	w.serve("example.com", func(rw http.ResponseWriter, _ *http.Request) {
		w.mu.Lock()
		w.names["example.com"] = []string{"127.0.0.1"}
		w.mu.Unlock()
		rw.Header().Set("Connection", "close")
		rw.Header().Set("Location", "http://example.com/again")
		rw.WriteHeader(302)
	})
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	if _, _, err := w.get("http://example.com/"); code(err) != CodeBlocked {
		t.Fatalf("got %v", err)
	}
	if len(w.dials) != 1 {
		t.Fatalf("dialled %v", w.dials)
	}
}

func TestAnEntryOpensAPrivateRangeOnlyForItsOwnDomain(t *testing.T) {
	w := newWorld(t)
	s := w.serve("other.test", hello)
	w.place("nas.home.arpa", "192.168.1.5", 80, s.Listener.Addr())
	w.names["other.test"] = []string{"192.168.1.5"}
	w.names["meta.home.arpa"] = []string{"169.254.169.254"}
	w.names["far.home.arpa"] = []string{"192.168.2.5"}
	var logged bytes.Buffer
	w.gate.c.Log = slog.New(slog.NewTextHandler(&logged, nil))
	lan := []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24")}
	for _, d := range []string{"nas.home.arpa", "meta.home.arpa", "far.home.arpa"} {
		w.allow(rules.Entry{Domain: d, HTTP: true, Private: lan})
	}
	w.allow(rules.Entry{Domain: "other.test", HTTP: true})
	for host, want := range map[string]string{"nas.home.arpa": "", "other.test": CodeBlocked, "meta.home.arpa": CodeBlocked, "far.home.arpa": CodeBlocked} {
		if _, _, err := w.get("http://" + host + "/"); code(err) != want {
			t.Errorf("%s: %v", host, err)
		}
	}
	if !strings.Contains(logged.String(), "nas.home.arpa") {
		t.Error("there is no warning")
	}
	if x := w.gate.Explain(t.Context(), "app_1", "GET", "http://nas.home.arpa/"); !x.Allowed || !x.Addresses[0].Private || x.Entry.Domain != "nas.home.arpa" {
		t.Errorf("explained %+v", x)
	}
}

func TestAConnectionIsReusedUntilThePolicyChanges(t *testing.T) {
	w := newWorld(t)
	w.serve("example.com", hello)
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	for range 3 {
		w.must(Call{URL: "http://example.com/"})
	}
	if len(w.dials) != 1 || w.lookups != 1 {
		t.Fatalf("%d dials and %d lookups for calls one after the other", len(w.dials), w.lookups)
	}
	w.apply()
	w.must(Call{URL: "http://example.com/"})
	if len(w.dials) != 2 {
		t.Error("a connection made under the old policy was used under the new")
	}
	if _, _, err := w.in(w.gate.Begin("app_2", ""), Call{URL: "http://example.com/"}); err != nil || len(w.dials) != 3 {
		t.Errorf("a connection of one app was used for another (%v)", err)
	}
	w.entries = nil
	w.apply()
	if _, _, err := w.get("http://example.com/"); code(err) != CodeBlocked {
		t.Errorf("reached although no longer allowed: %v", err)
	}
}

func TestProxiesFromTheEnvironmentAreIgnored(t *testing.T) {
	if u, err := http.ProxyFromEnvironment(httptest.NewRequest(http.MethodGet, "http://example.com/", nil)); u == nil {
		t.Fatal("the environment has no proxy", err)
	}
	w := newWorld(t)
	asked := make(chan string, 1)
	w.serve("plain.test", func(rw http.ResponseWriter, r *http.Request) {
		asked <- r.RequestURI
		hello(rw, r)
	})
	w.serveTLS(hello)
	w.allow(rules.Entry{Domain: "plain.test", HTTP: true})
	w.allow(rules.Entry{Domain: "example.com"})
	w.must(Call{URL: "http://plain.test/x"})
	if got := <-asked; got != "/x" {
		t.Errorf("the server was asked as a proxy: %q", got)
	}
	w.must(Call{URL: "https://example.com/"})
}

func TestCertificatesAreVerified(t *testing.T) {
	w := newWorld(t)
	s := w.serveTLS(hello)
	w.place("sub.test", public, 443, s.Listener.Addr())
	w.allow(rules.Entry{Domain: "example.com"})
	w.allow(rules.Entry{Domain: "sub.test"})
	w.must(Call{URL: "https://example.com/"})
	if _, _, err := w.get("https://sub.test/"); code(err) != CodeError || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("another name's certificate: %v", err)
	}
	stranger := newWorld(t)
	stranger.place("example.com", public, 443, s.Listener.Addr())
	stranger.allow(rules.Entry{Domain: "example.com"})
	if _, _, err := stranger.get("https://example.com/"); code(err) != CodeError {
		t.Errorf("a certificate of an unknown authority: %v", err)
	}
}

func TestTheSizeOfResponseHeadersIsLimited(t *testing.T) {
	w := newWorld(t)
	large := func(rw http.ResponseWriter, r *http.Request) {
		for i := range 20 {
			rw.Header().Set("X-"+strconv.Itoa(i), strings.Repeat("a", 4000))
		}
	}
	s := w.serve("plain.test", large)
	w.serveTLS(large)
	w.allow(rules.Entry{Domain: "example.com"})
	w.allow(rules.Entry{Domain: "plain.test", HTTP: true})
	if _, _, err := w.get("http://plain.test/"); code(err) != CodeSize {
		t.Errorf("HTTP/1: %v (%s)", err, w.last().Reason)
	}
	if _, _, err := w.get("https://example.com/"); err == nil { // a fault of the connection, when it is far above
		t.Error("HTTP/2 has no bound")
	}
	w.limits.MaxHeaderBytes = 100 << 10
	w.must(Call{URL: "https://example.com/"})
	w.must(Call{URL: "http://plain.test/"})
	s.CloseClientConnections()
}

func TestTheFirstAddressThatRespondsIsUsed(t *testing.T) {
	w := newWorld(t)
	w.serve("example.com", hello)
	w.names["example.com"] = []string{"93.184.215.1", "93.184.215.2", public}
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	w.must(Call{URL: "http://example.com/"})
	w.names["example.com"] = []string{"93.184.215.1", "93.184.215.2"}
	w.apply()
	if _, _, err := w.get("http://example.com/"); code(err) != CodeError {
		t.Errorf("got %v", err)
	}
}

func TestBodiesAreSent(t *testing.T) {
	w := newWorld(t)
	w.serve("example.com", func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		io.WriteString(rw, r.Method+" "+strconv.Itoa(len(body))+" "+strconv.FormatInt(r.ContentLength, 10))
	})
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	w.limits.MaxReqBody = 100 << 10
	tests := []struct {
		name         string
		length, size int
		want, fails  string
	}{
		{"none", 0, 0, "POST 0 0", ""},
		{"small", 10, 10, "POST 10 10", ""},
		{"of a stream", 70 << 10, -1, "POST 71680 -1", ""},
		{"large", 70 << 10, 70 << 10, "POST 71680 71680", ""},
		{"as large as may be", 100 << 10, -1, "POST 102400 -1", ""},
		{"too large", 100<<10 + 1, 100<<10 + 1, "", CodeSize},
		{"too large for a stream", 100<<10 + 1, -1, "", CodeSize},
		{"shorter than it says", 5, 10, "", CodeError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, body, err := w.do(Call{Method: "post", URL: "http://example.com/", Body: bytes.NewReader(make([]byte, tt.length)), Size: int64(tt.size)})
			if code(err) != tt.fails || body != tt.want {
				t.Errorf("got %q, %v", body, err)
			}
			if sent := w.last().Sent; tt.fails == "" && sent != int64(tt.length) {
				t.Errorf("logged %d bytes", sent)
			}
		})
	}
	for _, m := range []string{"GET", "HEAD"} {
		if _, _, err := w.do(Call{Method: m, URL: "http://example.com/", Body: strings.NewReader("x"), Size: 1}); code(err) != CodeError {
			t.Errorf("%s with a body: %v", m, err)
		}
	}
	w.free()
}

func TestResponsesAreDecodedWithinTheLimit(t *testing.T) {
	zipped := func(n int) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(make([]byte, n))
		z.Close()
		return b.Bytes()
	}
	w := newWorld(t)
	w.limits.MaxResponse = 50000
	bomb, nothing := zipped(20<<20), zipped(0)
	w.serve("example.com", func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != encodings && r.Header.Get("Range") == "" {
			t.Errorf("asked for %q", r.Header.Get("Accept-Encoding"))
		}
		switch r.URL.Path {
		case "/plain":
			rw.Write(make([]byte, 50000))
		case "/long":
			rw.Write(make([]byte, 50001))
		case "/told":
			rw.Header().Set("Content-Length", "50001")
			rw.Write(make([]byte, 50001))
		case "/gzip":
			rw.Header().Set("Content-Encoding", "gzip")
			rw.Write(zipped(50000))
		case "/bomb":
			rw.Header().Set("Content-Encoding", "gzip")
			rw.Write(bomb)
		case "/nothing":
			rw.Header().Set("Content-Encoding", "gzip")
			for range 10000 { // members without content
				rw.Write(nothing)
			}
		case "/broken":
			rw.Header().Set("Content-Encoding", "gzip")
			rw.Write([]byte("no gzip at all"))
		case "/empty":
			rw.Header().Set("Content-Encoding", "br")
		case "/twice":
			rw.Header()["Content-Encoding"] = []string{"gzip", "gzip"}
			rw.Write(zipped(10))
		}
	})
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	tests := []struct {
		path, want string
		length     int
	}{
		{"/plain", "", 50000}, {"/long", CodeSize, 0}, {"/told", CodeSize, 0}, {"/gzip", "", 50000}, {"/bomb", CodeSize, 0},
		{"/nothing", CodeSize, 0}, {"/broken", CodeError, 0}, {"/empty", "", 0}, {"/twice", "", len(zipped(10))},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			_, body, err := w.get("http://example.com" + tt.path)
			if code(err) != tt.want || tt.want == "" && len(body) != tt.length {
				t.Errorf("%d bytes, %v", len(body), err)
			}
		})
	}
	if a, _, err := w.do(Call{Method: "HEAD", URL: "http://example.com/gzip"}); err != nil || a.Status != 200 {
		t.Errorf("HEAD: %v", err)
	}
	w.free()
}

func TestHeadersAreSanitized(t *testing.T) {
	w := newWorld(t)
	var got http.Header
	w.serve("example.com", func(rw http.ResponseWriter, r *http.Request) { got = r.Header.Clone() })
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	w.must(Call{URL: "http://example.com/", Header: http.Header{
		"host": {"evil"}, "CONNECTION": {"x-a"}, "proxy-Authorization": {"a"}, "Transfer-Encoding": {"chunked"}, "content-length": {"7"}, "metadata-flavor": {"Google"},
		"METADATA": {"true"}, "X-aws-ec2-metadata-token": {"a"}, "X-Forwarded-For": {"127.0.0.1"}, "X_Forwarded_For": {"127.0.0.1"}, "Accept-Encoding": {"x"}, "TE": {"trailers"}, "Upgrade": {"h2c"},
		"x-kept": {"1", "2"}, "Authorization": {"Bearer mine"}, "Cookie": {"a=b"},
	}})
	want := http.Header{"X-Kept": {"1", "2"}, "Authorization": {"Bearer mine"}, "Cookie": {"a=b"}, "User-Agent": {userAgent}, "Accept-Encoding": {encodings}}
	for name := range got {
		if !slices.Equal(got[name], want[name]) {
			t.Errorf("%s: %q", name, got[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("sent %v", got)
	}
	for name, header := range map[string]http.Header{
		"a line end in a value": {"X-A": {"a\r\nX-B: b"}}, "a line feed": {"X-A": {"a\nb"}}, "a zero": {"X-A": {"a\x00"}}, "a line end in a name": {"X-A\r\nX-B": {"b"}},
		"a space in a name": {"X A": {"b"}}, "a colon in a name": {"X:A": {"b"}}, "no name": {"": {"b"}},
	} {
		if _, _, err := w.do(Call{URL: "http://example.com/", Header: header}); code(err) != CodeError {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := w.do(Call{URL: "http://example.com/", Header: http.Header{"X": {strings.Repeat("a", 70000)}}}); code(err) != CodeSize {
		t.Errorf("a large head: %v", err)
	}
	// A header cannot request a method that the entry does not allow.
	w.entries[0].Methods = []string{"POST"}
	w.apply()
	w.must(Call{Method: "POST", URL: "http://example.com/", Header: http.Header{"x-http-method-override": {"DELETE"}}})
	if got["X-Http-Method-Override"] != nil {
		t.Error("the entry's methods were gone round")
	}
}

func TestErrorMessagesRevealNothing(t *testing.T) {
	w := newWorld(t)
	w.names["example.com"] = []string{"10.9.8.7"}
	w.names["down.test"] = []string{"93.184.215.7"}
	w.allow(rules.Entry{Domain: "example.com"})
	w.allow(rules.Entry{Domain: "down.test"})
	w.secret(rules.Secret{Name: "KEY", As: rules.AsBearer, Domain: "else.test", Value: "s3cret-value"})
	for _, c := range []Call{
		{URL: "https://example.com/path?query"}, {URL: "https://down.test/path?query"}, {URL: "https://down.test/path?query", Auth: "KEY"},
		{URL: "https://unknown.test/path"}, {URL: "https://user:s3cret-value@down.test/path"}, {URL: "https://10.0.0.1/path"}, {URL: "http://down.test/path"},
	} {
		_, _, err := w.do(c)
		if err == nil {
			t.Fatal(c.URL)
		}
		for _, part := range []string{"10.9", "93.184", "path", "query", ".test", "example.com", "s3cret", "KEY", "else"} {
			if strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q tells %s", c.URL, err, part)
			}
		}
		var e *errs.Error
		if !errors.As(err, &e) || !strings.HasPrefix(e.Code, "NET_") || e.Err != nil {
			t.Errorf("%s: %#v", c.URL, err)
		}
	}
}
