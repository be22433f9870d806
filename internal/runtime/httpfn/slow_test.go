package httpfn_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"fazt/internal/runtime/httpfn"
	"fazt/internal/runtime/runtimetest"
	"fazt/internal/share"
	"fazt/internal/system"
)

// send opens a connection with a small buffer that sends text and reads nothing.
func (x *site) send(text string) net.Conn {
	x.Helper()
	c, err := net.Dial("tcp", x.address)
	if err != nil {
		x.Fatal(err)
	}
	x.Cleanup(func() { c.Close() })
	_ = c.(*net.TCPConn).SetReadBuffer(8 << 10)
	if _, err := io.WriteString(c, text); err != nil {
		x.Fatal(err)
	}
	return c
}

// becomes waits until a condition holds.
func (x *site) becomes(what string, is func() bool) {
	x.Helper()
	for end := time.Now().Add(60 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			x.Fatalf("%s: it took too long; %+v\n%s", what, x.Stats(), x.Log)
		}
	}
}

// nothingHeld waits until bodies, responses and streams have released everything.
func (x *site) nothingHeld() {
	x.Helper()
	x.becomes("the end of all requests", func() bool {
		s := x.Stats()
		held := x.Server.Stats()
		return s.Busy == 0 && s.Parked == 0 && s.Streams == 0 && held.Buffers == 0 && held.Spooled == 0
	})
}

// ofClient returns a site that takes the address of the client from the header Client.
func ofClient(t *testing.T, code string, change ...func(*system.Runtime)) *site {
	x := newSite(t, code, change...)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := x.Fn
		f.Client = share.Client(netip.MustParseAddr(r.Header.Get("Client")))
		x.Serve(w, r, f)
	}))
	t.Cleanup(s.Close)
	x.address = s.Listener.Addr().String()
	return x
}

// 16 requests that announced a body and did not send it used to block the function of an app for everyone.
func TestABodyThatDoesNotArriveHoldsNoVM(t *testing.T) {
	one := func(l *system.Runtime) { l.VMs, l.VMsPerApp = 1, 1 }
	for style, code := range map[string]string{
		"module": `export default async (request) => new Response(request.method === "GET" ? "ok" : String((await request.text()).length));`,
		"script": `respond(request.method === "GET" ? "ok" : String(request.rawBody?.length ?? request.body.length));`,
	} {
		x := newSite(t, code, one)
		var slow []net.Conn
		for _, size := range []int{100, httpfn.AtHand + 1, 1_000_000} {
			head := fmt.Sprintf("POST / HTTP/1.1\r\nHost: a.localhost\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", size)
			for range 8 {
				x.send(head)
			}
			slow = append(slow, x.send(head+strings.Repeat("x", size/2)))
		}
		for range 3 {
			if got := x.say("GET", "/", nil); got != "200 ok" {
				t.Errorf("%s: %s", style, got)
			}
		}
		for i, size := range []int{100, httpfn.AtHand + 1, 1_000_000} {
			if _, err := io.WriteString(slow[i], strings.Repeat("x", size-size/2)); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(slow[i]), nil)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(resp.Body); string(text) != fmt.Sprint(size) || err != nil {
				t.Errorf("%s: a body of %d bytes that came late: %d %s %v\n%s", style, size, resp.StatusCode, text, err, x.Log)
			}
		}
	}
}

// 16 slow readers of streamed responses used to block the function of an app for everyone.
func TestAWaitingStreamDoesNotOccupyAVM(t *testing.T) {
	x := newSite(t, `const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
	export default async (request) => {
		switch (new URL(request.url).pathname) {
		case "/read": for await (const piece of request.body); return new Response("whole");
		case "/endless": return new Response(new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(65536)); } }));
		case "/events": return new Response((async function* () { for (;;) { yield "data: x\n\n"; await sleep(200); } })());
		}
		return new Response("ok");
	};`, func(l *system.Runtime) { l.VMsPerApp, l.MaxResponseBody = 2, 1<<40 })
	const each = 4
	for _, text := range []string{
		"GET /endless HTTP/1.1\r\nHost: a.localhost\r\n\r\n",
		"GET /events HTTP/1.1\r\nHost: a.localhost\r\n\r\n",
		"POST /read HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 10000000\r\n\r\nx",
		"POST /read HTTP/1.1\r\nHost: a.localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
	} {
		var slow []net.Conn
		for range each {
			slow = append(slow, x.send(text))
		}
		x.becomes(text[:12]+" is parked", func() bool { return x.Stats().Parked == each })
		for range 3 {
			if got := x.say("GET", "/", nil); got != "200 ok" {
				t.Errorf("next to %s: %s", text[:12], got)
			}
		}
		for _, c := range slow {
			c.Close()
		}
		x.nothingHeld()
	}
}

// Clients whose streamed bodies were cut off used to come back at once, and each time started a function.
func TestStreamedBodiesThatDoNotArriveStartNoFunctionWhenManyWait(t *testing.T) {
	x := ofClient(t, `export default async (request) => {
		if (request.method === "GET") return new Response("ok");
		let n = 0;
		for await (const piece of request.body) n += piece.length;
		return new Response(String(n));
	};`, func(l *system.Runtime) { l.StreamMemory = 4 << 20 })
	head := func(client, framing string) string {
		return "POST / HTTP/1.1\r\nHost: a.localhost\r\nClient: " + client + "\r\n" + framing + "\r\n\r\n"
	}
	const large, chunked = "Content-Length: 50000000", "Transfer-Encoding: chunked"
	parked := 0
	for taken := int64(0); taken <= 2<<20; taken = x.Stats().Streams { // half: later ones must send part of the body first
		parked++
		x.send(head("192.0.2.1", large))
		x.becomes("it is parked", func() bool { return x.Stats().Parked == parked })
	}
	for range 20 {
		x.send(head("192.0.2.1", large))
		x.send(head("192.0.2.1", chunked) + "1\r\nx\r\n")
	}
	if got := x.say("GET", "/", nil, "Client", "192.0.2.2"); got != "200 ok" {
		t.Error(got)
	}
	small := struct{ io.Reader }{strings.NewReader("small")} // of unknown size
	if got := x.say("POST", "/", small, "Client", "192.0.2.2"); got != "200 5" {
		t.Error(got)
	}
	if got := x.say("POST", "/", struct{ io.Reader }{strings.NewReader(strings.Repeat("x", 300_000))}, "Client", "192.0.2.2"); got != "200 300000" {
		t.Error(got)
	}
	if s := x.Stats(); x.Crowded() > 0 || s.Parked > parked {
		t.Errorf("%d are parked, %d were cut off", s.Parked, x.Crowded())
	}
}

// Streams take turns in the only place for a VM, and all are complete.
func TestAParkedStreamContinues(t *testing.T) {
	x := newSite(t, `const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
	export default (request) => new Response((async function* () { for (let i = 0; i < 5; i++) { yield String(i); await sleep(100); } })());`,
		func(l *system.Runtime) { l.VMs, l.VMsPerApp = 1, 1 })
	answers := make(chan string)
	for range 4 {
		go func() { answers <- x.say("GET", "/", nil) }()
	}
	for range 4 {
		if got := <-answers; got != "200 01234" {
			t.Errorf("%s\n%s", got, x.Log)
		}
	}
	x.nothingHeld()
	if n := x.Stats().VMs; n > 1 {
		t.Errorf("there are %d VMs", n)
	}
}

func TestStreamsOfTheClientWithTheMostAreCutOffFirst(t *testing.T) {
	x := ofClient(t, `const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
	export default () => new Response((async function* () { for (;;) { yield "x"; await sleep(100); } })());`,
		func(l *system.Runtime) { l.StreamMemory = 4 << 20 })
	open := func(client string) (body io.Reader, status int) {
		resp := x.do(t.Context(), "GET", "/", nil, "Client", client)
		return resp.Body, resp.StatusCode
	}
	for range 20 { // more than fit
		open("192.0.2.1")
	}
	x.becomes("it is full", func() bool { return x.Crowded() > 0 })
	before := x.Crowded()
	body, status := open("192.0.2.2")
	for range 10 {
		if _, err := body.Read(make([]byte, 1)); err != nil || status != 200 {
			t.Fatalf("another client: %d %v", status, err)
		}
	}
	x.becomes("one of the others was cut off", func() bool { return x.Crowded() > before })
	if s := x.Stats(); s.Parked > 16 {
		t.Errorf("%d are parked", s.Parked)
	}
}

func TestUnreadResponsesAreLimited(t *testing.T) {
	const size = 12 << 20 // more than sockets hold
	x := ofClient(t, `const text = "x".repeat(12 << 20); export default () => new Response(text);`,
		func(l *system.Runtime) { l.BufferMemory, l.VMsPerApp = 3*size, 4 })
	get := "GET / HTTP/1.1\r\nHost: a.localhost\r\nClient: 192.0.2.1\r\n\r\n"
	for range 3 {
		x.send(get)
	}
	x.becomes("it is full", func() bool { return x.Server.Stats().Buffers == 3*size })
	if got := x.say("GET", "/", nil, "Client", "192.0.2.1"); !strings.HasPrefix(got, "503 ") {
		t.Errorf("one more for the same client: %.50s", got)
	}
	if got := x.say("GET", "/", nil, "Client", "192.0.2.2"); len(got) != size+len("200 ") {
		t.Errorf("another client: %.50s", got)
	}
}

func TestLargeBodiesAreInFilesAndLimited(t *testing.T) {
	dir := t.TempDir()
	for style, code := range map[string]string{
		"module": `export default async (request) => new Response(await request.text());`,
		"script": `respond(request.body);`,
	} {
		x := ofClient(t, code, func(l *system.Runtime) { l.BufferDisk = 8 << 20 })
		x.Server = httpfn.New(httpfn.Config{Engine: x.Engine, Temp: dir})
		large := strings.Repeat("0123456789abcdef", 3<<20/16)
		var slow []net.Conn
		for range 8 {
			slow = append(slow, x.send("POST / HTTP/1.1\r\nHost: a.localhost\r\nClient: 192.0.2.1\r\nContent-Type: text/plain\r\nContent-Length: 3000000\r\n\r\n"+large[:1500000]))
		}
		x.becomes("they arrived", func() bool { return x.Server.Stats().Spooled > 6<<20 || x.Crowded() > 0 })
		for _, body := range []io.Reader{strings.NewReader(large), unknown{strings.NewReader(large)}} {
			if got := x.say("POST", "/", body, "Client", "192.0.2.2", "Content-Type", "text/plain"); got != "200 "+large {
				t.Errorf("%s: %d bytes, %.50s\n%s", style, len(got), got, x.Log)
			}
		}
		if x.Crowded() == 0 {
			t.Errorf("%s: there was room for everything", style)
		}
		for _, c := range slow {
			c.Close()
		}
		x.nothingHeld()
	}
}

func TestABodyThatCannotBeStoredIsRefused(t *testing.T) {
	x := newSite(t, `export default async (request) => new Response(await request.text());`)
	x.Server = httpfn.New(httpfn.Config{Engine: x.Engine, Temp: t.TempDir() + "/gone"})
	if got := x.say("POST", "/", bytes.NewReader(make([]byte, httpfn.InMemory+1))); strings.HasPrefix(got, "200") || !strings.Contains(got, "no space") && !strings.HasPrefix(got, "5") {
		t.Errorf("%.100s", got)
	}
	if got := x.say("POST", "/", strings.NewReader("small")); got != "200 small" {
		t.Errorf("%.100s", got)
	}
}

// BenchmarkSmallBody measures a request whose body has already arrived.
func BenchmarkSmallBody(b *testing.B) {
	h := runtimetest.New(b, `export default async (request) => new Response(await request.text());`)
	for _, size := range []int{100, 4000, 60000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { runtimetest.Bench(b, h, strings.Repeat("x", size)) })
	}
}

// A client with hundreds of requests in the queue for a VM used to keep it from everyone else.
func TestAClientWithManyRequestsDoesNotKeepTheVMsFromOthers(t *testing.T) {
	x := ofClient(t, `export default async () => { await new Promise((done) => setTimeout(done, 100)); return new Response("ok"); };`,
		func(l *system.Runtime) { l.VMsPerApp = 1 })
	answered := make(chan string, 20)
	for range 20 {
		go func() { answered <- x.say("GET", "/", nil, "Client", "192.0.2.1") }()
	}
	x.becomes("they wait", func() bool { return x.Stats().Waiting >= 15 })
	if got := x.say("GET", "/", nil, "Client", "192.0.2.2"); got != "200 ok" {
		t.Errorf("%s\n%s", got, x.Log)
	}
	if n := x.Stats().Waiting; n < 5 {
		t.Errorf("another client was served when only %d of the first were waiting", n)
	}
	for range 20 {
		if got := <-answered; got != "200 ok" {
			t.Error(got)
		}
	}
}
