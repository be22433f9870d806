package egress

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fazt/internal/egress/rules"
	"fazt/internal/egress/transport"

	"fazt/internal/egress/upstreamtest"
	"fazt/internal/fazttest/await"
)

// hostile is a world with the server of upstreamtest. It counts the bytes that calls to each host read.
type hostile struct {
	*world
	server *upstreamtest.Server
	read   sync.Map // host -> *atomic.Int64
}

func newHostile(t *testing.T) *hostile {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := upstreamtest.Serve(l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	w := &hostile{world: newWorld(t), server: server}
	w.roots.AddCert(server.CA)
	for _, b := range upstreamtest.Behaviors() {
		w.place(b.Host(), public, 443, l.Addr())
	}
	w.allow(rules.Entry{Domain: "*." + upstreamtest.Domain})
	dial := w.gate.transport.Dial
	w.gate.transport.Dial = func(ctx context.Context, r *transport.Route, a netip.Addr) (net.Conn, error) {
		conn, err := dial(ctx, r, a)
		if err != nil {
			return nil, err
		}
		n, _ := w.read.LoadOrStore(r.Host, new(atomic.Int64))
		return metered{conn, n.(*atomic.Int64)}, nil
	}
	return w
}

type metered struct {
	net.Conn
	n *atomic.Int64
}

func (m metered) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	m.n.Add(int64(n))
	return n, err
}

func (w *hostile) call(b upstreamtest.Behavior) Call {
	c := Call{URL: "https://" + b.Host() + "/"}
	if b.Body {
		c.Method, c.Body, c.Size = "POST", strings.NewReader(strings.Repeat("x", 500_000)), 500_000
	}
	return c
}

// A frame of thirteen bytes blocked a call and its slot forever: net/http deadlocked. Five such calls blocked an app, twenty all
// apps. Other servers kept a processor busy, or made one call open hundreds of connections.
func TestAHostileServerCannotKeepACallOrCostMuch(t *testing.T) {
	w := newHostile(t)
	w.limits.CallTimeout = 700
	list := upstreamtest.Behaviors()
	if len(list) < 25 {
		t.Fatal("behaviors are missing")
	}
	var all sync.WaitGroup
	places := make(chan struct{}, 16)
	for _, b := range list {
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			w.suffer(b)
		})
	}
	all.Wait()
	w.free()
	w.ended()
	for _, a := range w.attempts() {
		if a.Code != "" && a.Reason == "" {
			t.Errorf("no reason is logged: %+v", a)
		}
	}
}

// maxRead is for one call, raw: a response of 1 MiB, overhead, and TLS.
const maxRead = 4 << 20

// suffer calls a server twice: leftovers of the first call must not be the response to the second.
func (w *hostile) suffer(b upstreamtest.Behavior) {
	for range 2 {
		begun := time.Now()
		_, text, err := w.do(w.call(b))
		switch {
		case err == nil && (!b.OK || text != "ok" && b.Name != "h1-gzip-bomb-in-gzip"):
			w.t.Errorf("%s: answered %.50q", b.Name, text)
		case err != nil && strings.Contains(err.Error(), "hostile"):
			w.t.Errorf("%s: the function learns too much: %v", b.Name, err)
		}
		if took := time.Since(begun); took > time.Minute { // of the 700 ms that it has
			w.t.Errorf("%s: it took %v", b.Name, took)
		}
	}
	if n := w.server.Connections(b); n > 2 {
		w.t.Errorf("%s: two calls made %d connections", b.Name, n)
	}
	if n, ok := w.read.Load(b.Host()); ok && n.(*atomic.Int64).Load() > 2*maxRead {
		w.t.Errorf("%s: two calls read %d bytes", b.Name, n.(*atomic.Int64).Load())
	}
}

// ended fails the test if a request stays stuck after its call has ended.
func (w *world) ended() {
	w.t.Helper()
	await.Until(w.t, "stuck requests to end", func() bool { return w.gate.Lost() == 0 })
}

func TestAConnectionCutAtAnyByteFailsTheCall(t *testing.T) {
	for name, answer := range map[string]string{
		"length":  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"chunks":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n",
		"1xx":     "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"encoded": "HTTP/1.1 200 OK\r\nContent-Length: 29\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\b\x00\x00\x00\x00\x00\x00\xff\xcaH\xcd\xc9\xc9\a\x04\x00\x00\xff\xff\x86\xa6\x106\x05\x00\x00\x00",
	} {
		w := newWorld(t)
		var at atomic.Int64
		w.raw(func(c net.Conn) {
			if _, err := c.Read(make([]byte, 4096)); err == nil {
				_, _ = io.WriteString(c, answer[:at.Load()])
			}
		})
		w.allow(rules.Entry{Domain: "example.com", HTTP: true})
		for n := range len(answer) + 1 {
			at.Store(int64(n))
			_, text, err := w.get("http://example.com/")
			if (err == nil) != (n == len(answer)) || err == nil && text != "hello" {
				t.Errorf("%s, cut at %d of %d: %q %v", name, n, len(answer), text, err)
			}
		}
		w.free()
	}
}

// stuck is a deadlock in net/http: not even a closed connection ends it.
type stuck struct{ until chan struct{} }

func (s stuck) RoundTrip(*http.Request) (*http.Response, error) {
	<-s.until
	return nil, io.ErrUnexpectedEOF
}

type stuckBody struct{ until chan struct{} }

func (s stuckBody) Read([]byte) (int, error) { <-s.until; return 0, io.EOF }
func (s stuckBody) Close() error             { <-s.until; return nil }

type answered struct{ stuckBody }

func (a answered) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: a.stuckBody, ContentLength: -1}, nil
}

// The call still ends and releases its slot. What is left behind is counted and limited for each app.
func TestACallThatIsStuckInHTTPIsAbandoned(t *testing.T) {
	for name, speaks := range map[string]func(chan struct{}) http.RoundTripper{
		"before the head": func(c chan struct{}) http.RoundTripper { return stuck{c} },
		"in the body":     func(c chan struct{}) http.RoundTripper { return answered{stuckBody{c}} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.serve("example.com", hello)
			w.allow(rules.Entry{Domain: "example.com", HTTP: true})
			w.limits.CallTimeout, w.limits.AppConcurrency = 100, 5
			until := make(chan struct{})
			w.gate.transport.Wrap = func(app string, rt http.RoundTripper) http.RoundTripper {
				if app == "app_1" {
					return speaks(until)
				}
				return rt
			}
			var last error
			for range 200 {
				if _, _, last = w.get("http://example.com/"); code(last) != CodeTimeout {
					break
				}
			}
			if code(last) != CodeLimit || !strings.Contains(w.last().Reason, "are stuck") {
				t.Errorf("after many: %v %s", last, w.last().Reason)
			}
			w.free()
			if n := w.gate.Lost(); n < maxLost || n > 2*maxLost {
				t.Errorf("%d are left behind", n)
			}
			w.mu.Lock()
			w.limits.CallTimeout = 60_000
			w.mu.Unlock()
			if a, err := w.gate.Begin("app_2", "").Do(t.Context(), Call{URL: "http://example.com/"}); err != nil {
				t.Errorf("another app: %v", err)
			} else {
				a.Body.Close()
			}
			w.gate.Close() // waits for nothing
			close(until)
			w.ended()
		})
	}
}

// A server that refuses all requests (GOAWAY, RST_STREAM) made one call open 812 connections, despite a rate of one.
func TestAHopOpensOneConnectionWithinItsRate(t *testing.T) {
	w := newHostile(t)
	w.limits.RateLimit, w.limits.RateBurst, w.limits.CallTimeout = 1, 1, 1000
	for i, b := range upstreamtest.Behaviors() {
		if !strings.HasPrefix(b.Name, "h2-goaway") && b.Name != "h2-refused" {
			continue
		}
		app := string(rune('a' + i))
		var codes []string
		began := time.Now()
		for range 20 {
			_, err := w.gate.Begin(app, "").Do(t.Context(), w.call(b))
			codes = append(codes, code(err))
		}
		paid := 1 + int(time.Since(began)/time.Second) // a slow machine takes longer than a second, in which there is one more
		if n := w.server.Connections(b); n == 0 || n > 2+paid {
			t.Errorf("%s: 20 calls made %d connections: %v", b.Name, n, codes)
		}
	}
}

// It is repeated once, on a new connection, if the method is idempotent.
func TestACallOnAClosedIdleConnectionIsRepeated(t *testing.T) {
	for method, again := range map[string]bool{"GET": true, "PUT": true, "POST": false} {
		w := newWorld(t)
		var conns, asked atomic.Int64
		w.raw(func(c net.Conn) {
			first := conns.Add(1) == 1
			for i := 0; ; i++ {
				if _, err := c.Read(make([]byte, 64<<10)); err != nil || first && i == 1 {
					return // without a word to the second request
				}
				asked.Add(1)
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			}
		})
		w.allow(rules.Entry{Domain: "example.com", HTTP: true})
		w.must(Call{URL: "http://example.com/"})
		c := Call{Method: method, URL: "http://example.com/"}
		if method != "GET" {
			c.Body, c.Size = strings.NewReader("x"), 1
		}
		_, text, err := w.do(c)
		if (err == nil && text == "ok") != again || conns.Load() > 2 {
			t.Errorf("%s: %q %v, %d connections", method, text, err, conns.Load())
		}
		w.free()
		w.gate.Close() // or what waits would keep the server
	}
}

func TestUnsolicitedDataIsNotTheNextResponse(t *testing.T) {
	w := newWorld(t)
	over, said := make(chan struct{}), make(chan struct{})
	var conns atomic.Int64
	w.raw(func(c net.Conn) {
		n := conns.Add(1)
		for {
			if _, err := c.Read(make([]byte, 64<<10)); err != nil {
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			if n == 1 {
				<-over // sooner would be a broken answer to the call
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
				_, _ = c.Read(make([]byte, 1))
				close(said)
				return
			}
		}
	})
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	w.must(Call{URL: "http://example.com/"})
	close(over)
	<-said // and the gate has closed the connection for it
	if _, text := w.must(Call{URL: "http://example.com/"}); text != "ok" || conns.Load() != 2 {
		t.Errorf("%q over %d connections", text, conns.Load())
	}
	w.gate.Close() // or what waits would keep the server
}

func TestAConnectionIsReused(t *testing.T) {
	for _, two := range []bool{false, true} {
		w := newWorld(t)
		server := w.serveTLS(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/empty" {
				rw.WriteHeader(http.StatusNoContent)
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(rw, strings.Repeat(r.Proto, 10_000))
		})
		if !two {
			server.TLS.NextProtos = []string{"http/1.1"}
		}
		w.allow(rules.Entry{Domain: "example.com"})
		for i := range 20 {
			c := Call{URL: "https://example.com/" + []string{"", "empty"}[i%2]}
			if i%3 == 0 {
				c.Method, c.Body, c.Size = "PUT", strings.NewReader("body"), 4
			}
			_, text := w.must(c)
			if i%2 == 0 && !strings.HasPrefix(text, map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[two]) {
				t.Errorf("%.20q", text)
			}
		}
		most := 1
		if !two { // net/http gives up a connection whose writer, on a busy machine, takes 50 ms to say that it is done
			most = 4
		}
		if n := len(w.dials); n == 0 || n > most {
			t.Errorf("HTTP/2 %v: 20 calls made %d connections", two, n)
		}
	}
}
