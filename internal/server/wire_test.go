package server_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"fazt/internal/database"
	"fazt/internal/fazttest"
	"fazt/internal/fazttest/wire"
	"fazt/internal/server"
	"fazt/internal/system"
)

// nginx starts nginx in front of a server; it skips the test if nginx is not installed.
func nginx(t *testing.T, directives string) (address string) {
	t.Helper()
	address, stop, err := wire.Nginx(t.Context(), t.TempDir(), directives)
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("nginx is not installed")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return address
}

// sendAll sends every shape to a server and returns their fates.
func sendAll(t *testing.T, address string) map[string]wire.Fate {
	t.Helper()
	fates := map[string]wire.Fate{}
	var mu sync.Mutex
	var group sync.WaitGroup
	turns := make(chan struct{}, 8)
	for _, s := range wire.Shapes() {
		group.Go(func() {
			turns <- struct{}{}
			fate, _, err := s.Send(address, 30*time.Second)
			<-turns
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			fates[s.Name] = fate
			mu.Unlock()
		})
	}
	group.Wait()
	return fates
}

func TestNoRequestIsHiddenInTheBodyOfAnother(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", wire.EchoApp)
	got := sendAll(t, i.Address)
	for _, s := range wire.Shapes() {
		if got[s.Name] != s.Want {
			t.Errorf("%s: %s, want %s", s.Name, got[s.Name], s.Want)
		}
	}
}

// Where the fate of a shape differs from nginx, the shape explains why; and it is never more lenient.
func TestRequestsAreReadAsNginxReadsThem(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(wire.Echo))
	defer echo.Close()
	got := sendAll(t, nginx(t, "location / { proxy_pass "+echo.URL+"; }"))
	same := 0
	for _, s := range wire.Shapes() {
		switch {
		case got[s.Name] == s.Want:
			same++
		case s.Why == "":
			t.Errorf("%s: here %s, nginx %s, and the shape does not explain why", s.Name, s.Want, got[s.Name])
		case s.Want != wire.Refused && s.Want != wire.Partly:
			t.Errorf("%s: here %s, nginx %s: more lenient", s.Name, s.Want, got[s.Name])
		}
	}
	t.Logf("%d of %d shapes have the same fate as at nginx", same, len(wire.Shapes()))
}

// The client may stop anywhere in the head, and hang there.
func TestASlowHeadGetsATimeoutResponse(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.HTTP.ReadHeaderTimeout, l.HTTP.IdleTimeout = 300, 300 }))
	i.Deploy("app", "-- index.html --\nhello\n")
	for _, begun := range []string{"G", page[:20], page[:len(page)-2]} {
		for _, before := range []string{"", page} {
			c, err := net.Dial("tcp", i.Address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			_, _ = io.WriteString(c, before+begun)
			answer, err := io.ReadAll(c)
			if err != nil || !strings.Contains(string(answer), "HTTP/1.1 408 ") || strings.Count(string(answer), "HTTP/1.1 200 ") != strings.Count(before, "GET") {
				t.Errorf("%q after %q: %q %v", begun, before, answer, err)
			}
		}
	}
	c, err := net.Dial("tcp", i.Address) // like a browser that connects ahead of time
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if answer, err := io.ReadAll(c); err != nil || len(answer) > 0 {
		t.Errorf("it sent nothing, and got %q %v", answer, err)
	}
}

// A refused or slow request does not end the response to the one before it.
func TestAFaultyRequestLeavesTheOneBeforeItAlone(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.HTTP.ReadHeaderTimeout = 300 }))
	i.Deploy("app", limitsApp)
	for _, behind := range []string{"\n", "GET / HTTP/1.1\n", "\x00", "GET", page[:len(page)-2], page[:len(page)-2] + "\n"} {
		x := &trial{T: t, Instance: i}
		c := x.connect(strings.Replace(page, "/ ", "/api/spin?n=600 ", 1) + behind)
		if got := x.fate(c, 20*time.Second); got != "answered" {
			t.Errorf("before %q: %s", behind, got)
		}
	}
}

func TestNewConnectionsReplaceIdleOnes(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.HTTP.MaxConnections = 10 }))
	x := &trial{T: t, Instance: i, id: i.Deploy("app", limitsApp).App.ID}
	working := x.busy()
	for range 50 {
		c := x.connect(page) // it stays open
		if got := x.fate(c, 20*time.Second); got != "answered" {
			t.Fatal(got)
		}
	}
	_, _ = io.WriteString(working, strings.Repeat("x", 100))
	if got := x.fate(working, 20*time.Second); got != "answered" {
		t.Errorf("the busy connection: %s", got)
	}
}

// halves begins a response and fails.
const halves = `
-- api/main.js --
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const bytes = (text) => new TextEncoder().encode(text);
export default { async fetch(request) {
  const { pathname } = new URL(request.url);
  const answer = async function* () {
    yield bytes("half");
    await sleep(100);
    if (pathname === "/api/whole") return;
    if (pathname === "/api/late") await sleep(3000);
    throw new Error("it failed");
  };
  if (pathname === "/api/events") {
    let told = false;
    return new Response(new ReadableStream({ async pull(c) {
      if (told) await sleep(1000);
      told = true;
      c.enqueue(bytes("data: first\n\n"));
    } }), { headers: { "content-type": "text/event-stream" } });
  }
  return new Response(answer());
} };
-- big.txt --
`

// readAll reads a response to its end; whole reports whether it looked complete.
func readAll(t *testing.T, address, request string) (text string, whole bool) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = io.WriteString(c, request)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return "", false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err == nil
}

// clients returns requests for all the ways in which a response of unknown length is delimited.
func clients(path string) map[string]string {
	host := "Host: app.localhost\r\n"
	return map[string]string{
		"HTTP/1.1":                 "GET " + path + " HTTP/1.1\r\n" + host + "\r\n",
		"HTTP/1.1 with close":      "GET " + path + " HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n",
		"HTTP/1.0":                 "GET " + path + " HTTP/1.0\r\n" + host + "\r\n",
		"HTTP/1.0 with keep-alive": "GET " + path + " HTTP/1.0\r\n" + host + "Connection: keep-alive\r\n\r\n",
		"HTTP/1.0 with gzip":       "GET " + path + " HTTP/1.0\r\n" + host + "Accept-Encoding: gzip\r\n\r\n",
	}
}

func TestHalfAResponseDoesNotLookWhole(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", halves)
	for name, request := range clients("/api/half") {
		if text, whole := readAll(t, i.Address, request); whole {
			t.Errorf("%s: %q looks whole", name, text)
		}
	}
	for name, request := range clients("/api/whole") {
		if text, whole := readAll(t, i.Address, request); !whole || text != "half" {
			t.Errorf("%s: %q, whole %v", name, text, whole)
		}
	}
	if _, whole := readAll(t, i.Address, strings.Replace(clients("/api/half")["HTTP/1.0"], "GET", "HEAD", 1)); !whole {
		t.Error("HEAD failed, though it does not need the failing body")
	}
}

func TestHalfAResponseDoesNotLookWholeBehindNginx(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", halves)
	proxy := nginx(t, "location / { proxy_pass http://"+i.Address+"; proxy_set_header Host $host; }")
	for name, request := range clients("/api/half") {
		// For HTTP/1.0, nginx ends a broken response like a whole one, and the client cannot tell.
		if text, whole := readAll(t, proxy, request); whole && strings.HasPrefix(name, "HTTP/1.1") {
			t.Errorf("%s: %q looks whole", name, text)
		}
	}
	for name, request := range clients("/api/whole") {
		if text, whole := readAll(t, proxy, request); !whole || text != "half" {
			t.Errorf("%s: %q, whole %v", name, text, whole)
		}
	}
}

// A stopping server cuts off responses that are still being sent.
func TestAResponseCutOffByAStopDoesNotLookWhole(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", halves)
	var group sync.WaitGroup
	begun := make(chan struct{}, 8)
	all := clients("/api/late")
	for name, request := range all {
		group.Go(func() {
			c, err := net.Dial("tcp", i.Address)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(30 * time.Second))
			_, _ = io.WriteString(c, request)
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			begun <- struct{}{}
			if err != nil {
				t.Error(name, err)
				return
			}
			defer resp.Body.Close()
			if text, err := io.ReadAll(resp.Body); err == nil {
				t.Errorf("%s: %q looks whole", name, text)
			}
		})
	}
	for range all {
		<-begun
	}
	i.Stop()
	group.Wait()
}

// If a later part of a file cannot be read, the response ends short of its announced length, for every client.
func TestHalfAFileDoesNotLookWhole(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Storage.MaxVFS = 0 }))
	i.Deploy("app", file("big.bin", 5<<20))
	err := i.DB.Write(t.Context(), func(tx *database.Tx) error {
		return tx.Exec("DELETE FROM chunks WHERE n > 2")
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, request := range clients("/big.bin") {
		if strings.Contains(request, "gzip") {
			continue // the compressed variant is short and has all its parts
		}
		if text, whole := readAll(t, i.Address, request); whole {
			t.Errorf("%s: %d bytes look whole", name, len(text))
		}
	}
}

func TestNginxPassesStreamsOnAsTheyCome(t *testing.T) {
	i := fazttest.New(t, func(c *server.Config) { c.Dev = true })
	i.Deploy("app", halves)
	proxy := nginx(t, "location / { proxy_pass http://"+i.Address+"; proxy_set_header Host $host; gzip on; gzip_types *; }")
	key := keyFor(t, i, "admin")
	for name, request := range map[string]string{
		"events of a function": "GET /api/events HTTP/1.1\r\nHost: app.localhost\r\n\r\n",
		"pages that reload":    "GET /_fazt/reload HTTP/1.1\r\nHost: app.localhost\r\n\r\n",
		"the log of an app":    "GET /api/apps/app/logs/follow HTTP/1.1\r\nHost: admin.localhost\r\nAuthorization: Bearer " + key + "\r\n\r\n",
		"the activity log":     "GET /api/logs/tail HTTP/1.1\r\nHost: admin.localhost\r\nAuthorization: Bearer " + key + "\r\n\r\n",
		"the log of calls":     "GET /api/net/log/follow HTTP/1.1\r\nHost: admin.localhost\r\nAuthorization: Bearer " + key + "\r\n\r\n",
	} {
		c, err := net.Dial("tcp", proxy)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(20 * time.Second)) // nginx would keep it for 60 s
		_, _ = io.WriteString(c, strings.Replace(request, "\r\n\r\n", "\r\nAccept-Encoding: gzip\r\n\r\n", 1))
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(resp.Header.Get("Cache-Control"), "no-transform") {
			t.Errorf("%s: %v %v", name, resp, err)
			continue
		}
		defer resp.Body.Close()
		defer c.Close() // runs first: otherwise the body would be read to its end, until the deadline
		if _, err := resp.Body.Read(make([]byte, 1)); err != nil {
			t.Errorf("%s: no first byte: %v", name, err)
		}
	}
}

// A client that waits for 100 Continue, or sends its body slowly or not at all, at once gets a response that does not
// depend on the body.
func TestAResponseThatNeedsNoBodyDoesNotWaitForIt(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", "-- index.html --\nhi\n-- api/main.js --\nrespond('ok')\n")
	for name, tt := range map[string]struct {
		head string
		want int
	}{
		"a static file":              {"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 50\r\n\r\n", 405},
		"a static file, expecting":   {"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n", 405},
		"a part of a large body":     {"POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 99999999999\r\n\r\nabc", 405},
		"chunks":                     {"POST / HTTP/1.1\r\nHost: app.localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 405},
		"no such app":                {"POST /api/x HTTP/1.1\r\nHost: none.localhost\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n", 404},
		"a deploy without a key":     {"POST /api/deploy HTTP/1.1\r\nHost: admin.localhost\r\nContent-Length: 50000000\r\n\r\n", 401},
		"a deploy, expecting":        {"POST /api/deploy HTTP/1.1\r\nHost: admin.localhost\r\nContent-Length: 50000000\r\nExpect: 100-continue\r\n\r\n", 401},
		"an operation without a key": {"POST /api/keys HTTP/1.1\r\nHost: admin.localhost\r\nContent-Length: 50\r\n\r\n", 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := net.Dial("tcp", i.Address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(20 * time.Second)) // it used to take 30
			_, _ = io.WriteString(c, tt.head)
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil || resp.StatusCode != tt.want {
				t.Fatalf("%v %v", resp, err)
			}
			_ = resp.Body.Close()
		})
	}
}
