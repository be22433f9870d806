package runtime

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nlnwa/whatwg-url/url"

	"fazt/internal/system"
)

// another is a function of another deployment on the same engine.
func (h *host) another(t testing.TB, deployment, code string) *host {
	t.Helper()
	p, err := Compile(t.Context(), files{"api/main.ts": code})
	if err != nil {
		t.Fatal(err)
	}
	other := *h
	other.fn.Deployment, other.fn.AppName = deployment, deployment
	other.fn.Load = func(context.Context) (*Program, error) { return p, nil }
	return &other
}

// Each of these visitors once kept a processor until they had read their answer, and two were enough to stop the
// functions of every app.
func TestVisitorsWhoDoNotReadHoldUpNobody(t *testing.T) {
	for name, code := range map[string]string{
		"module":    `export default () => new Response("A".repeat(8 << 20));`,
		"waitUntil": `export default (request, env, ctx) => { ctx.waitUntil(new Promise((r) => setTimeout(r, 50))); return new Response("A".repeat(8 << 20)); };`,
		"classic":   `respond("A".repeat(8 << 20));`,
	} {
		if testing.Short() && name != "module" { // under the race detector each takes a quarter of a minute
			continue
		}
		t.Run(name, func(t *testing.T) {
			h := newHost(t, code, func(l *system.Runtime) { l.QueueWait, l.VMsPerApp, l.VMs = 2000, 2, 2 })
			other := h.another(t, "dep_2", `export default () => new Response("fine");`)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.Serve(w, r, h.fn) }))
			defer server.Close()
			for range 2 * h.cpu.n {
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				_ = conn.(*net.TCPConn).SetReadBuffer(4096)
				_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a.localhost\r\n\r\n")
				first := make([]byte, 1)
				if _, err := conn.Read(first); err != nil { // the answer has begun
					t.Fatal(err)
				}
			}
			if w := other.ask(t, "GET", "/", ""); w.Code != http.StatusOK {
				t.Fatalf("another app answers %d %s", w.Code, w.Body)
			}
		})
	}
}

func TestARunThatNothingEndsIsAbandoned(t *testing.T) {
	length := "5e7"
	if testing.Short() { // under the race detector everything takes ten times as long
		length = "1e7"
	}
	h := newHost(t, `export default (request) => {
		if (request.url.endsWith("/ok")) return new Response("ok");
		[].indexOf.call({ length: `+length+` }, 1); // a single step, of some seconds
		return new Response("late");
	};`, func(l *system.Runtime) { l.ExecTimeout = 200 })
	h.stuckAfter = 100 * time.Millisecond
	other := h.another(t, "dep_2", `export default () => new Response("fine");`)
	h.ask(t, "GET", "/ok", "") // on a slow machine the time is over before the first virtual machine is made
	if w := h.ask(t, "GET", "/ok", ""); w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}

	returned := make(chan struct{})
	gone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(returned)
		h.Serve(w, r, h.fn)
	}))
	defer gone.Close()
	resp, err := http.Get(gone.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	select {
	case <-returned:
		t.Skip("the step ended before it was abandoned: the machine is too fast for this test")
	default:
	}
	if resp.StatusCode != http.StatusGatewayTimeout || !resp.Close {
		t.Errorf("the visitor got %d, connection closes: %v", resp.StatusCode, resp.Close)
	}
	for range 2 * h.cpu.n {
		if w := other.ask(t, "GET", "/", ""); w.Code != http.StatusOK {
			t.Errorf("another app answers %d %s", w.Code, w.Body)
		}
	}
	if w := h.ask(t, "GET", "/ok", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("the deployment goes on with %d %s", w.Code, w.Body)
	}
	if s := h.Stats(); s.Abandoned != 1 || s.Busy != 0 || s.VMs != 1 {
		t.Errorf("%+v", s)
	}
	if !strings.Contains(h.log.String(), "could not be stopped") {
		t.Errorf("the app's log says %s", h.log)
	}
	<-returned // what was abandoned gives nothing back a second time
	for range 2 * h.cpu.n {
		if w := other.ask(t, "GET", "/", ""); w.Code != http.StatusOK {
			t.Errorf("afterwards another app answers %d %s", w.Code, w.Body)
		}
	}
	if held := h.cpu.n - h.cpu.free; held != 0 {
		t.Errorf("%d processors are held by nobody", held)
	}
}

// A handler that was still waiting when its visitor left used to go on in the next request, and answered that one.
func TestNobodyGetsTheAnswerOfAVisitorWhoLeft(t *testing.T) {
	h := newHost(t, `const waiting = [];
		export default async (request) => {
			if (request.url.endsWith("/wait")) {
				const user = request.headers.get("x-user");
				setTimeout(() => {}, 60_000);
				await new Promise((resolve) => waiting.push(resolve));
				return new Response("the page of " + user, { headers: { "set-cookie": "session=" + user } });
			}
			for (const resolve of waiting) resolve();
			await new Promise((resolve) => setTimeout(resolve, 5));
			return new Response("hello " + request.headers.get("x-user"));
		};`, func(l *system.Runtime) { l.VMsPerApp = 1 })
	leave(t, h, "/wait", "alice")
	w := h.ask(t, "GET", "/post", "", "X-User", "bob")
	if w.Body.String() != "hello bob" || w.Header().Get("Set-Cookie") != "" {
		t.Fatalf("bob got %s %v", w.Body, w.Header())
	}
}

func TestAVisitorWhoLeavesDoesNotBreakAPromiseThatOthersShare(t *testing.T) {
	h := newHost(t, `let inflight;
		export default async () => {
			inflight ??= (async () => { await new Promise((resolve) => setTimeout(resolve, 100)); return "made"; })();
			return new Response(await inflight);
		};`, func(l *system.Runtime) { l.VMsPerApp = 1 })
	leave(t, h, "/", "alice")
	for range 2 {
		if w := h.ask(t, "GET", "/", ""); w.Body.String() != "made" {
			t.Fatal(w.Code, w.Body, h.log)
		}
	}
}

// leave asks for a page and is gone before it comes.
func leave(t *testing.T, h *host, path, user string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", "http://a.localhost"+path, nil)
	r.Header.Set("X-User", user)
	h.Serve(httptest.NewRecorder(), r, h.fn)
	if ctx.Err() == nil {
		t.Fatal("the visitor got an answer before they left")
	}
}

func FuzzPlainURL(f *testing.F) {
	for _, seed := range []string{
		"http://a.localhost/", "https://a.example:8443/x/y?q=1&r=%20", "http://a/..", "http://a/%2e%2e/b", "http://a/b/.c", "http://a:80/", "http://a:080/",
		"http://1.2.3.4/", "http://a.0x7f/", "http://xn--a/", "http://a/|{}", "http://a/?'", "http://a./", "http://a/^", "http://-a-.b/~!$&()*+,;=:@[]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := plainURL(text)
		if !ok || len(text) > longestURL {
			return
		}
		u, err := url.Parse(text)
		if err != nil {
			t.Fatalf("%q: the library refuses it: %v", text, err)
		}
		if want := partsOf(u); got != want {
			t.Fatalf("%q\n got %+v\nwant %+v", text, got, want)
		}
	})
}

// The URL library takes time by the square of the length, and nothing interrupts it: 30 KB of a visitor's path took a
// second.
func TestLongAddressesCostNoMoreThanTheirLength(t *testing.T) {
	h := newHost(t, `export default (request) => {
		const url = new URL(request.url);
		let refused = "";
		try { new URL("http://" + "@".repeat(100_000) + "a/"); } catch (e) { refused = e.name + ": " + e.message; }
		return Response.json({ path: url.pathname.length, refused, can: URL.canParse("http://a/" + "é/".repeat(100_000)) });
	};`)
	w := h.ask(t, "GET", "/"+strings.Repeat("a/", 200_000), "")
	if w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	var got struct {
		Path    int
		Refused string
		Can     bool
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Path != 400_001 || !strings.HasPrefix(got.Refused, "TypeError: Invalid URL: http://@@@") || len(got.Refused) > 300 || got.Can {
		t.Errorf("%+v", got)
	}
}
