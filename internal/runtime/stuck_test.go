package runtime_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fazt/internal/errs"
	"fazt/internal/runtime"
	"fazt/internal/runtime/bind"
	"fazt/internal/runtime/fetch"
	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// Each of these visitors used to hold a processor until they had read their response, and two of them stopped the functions of
// every app.
func TestVisitorsWhoDoNotReadDoNotBlockOthers(t *testing.T) {
	for name, code := range map[string]string{
		"module":    `export default () => new Response("A".repeat(8 << 20));`,
		"waitUntil": `export default (request, env, ctx) => { ctx.waitUntil(new Promise((r) => setTimeout(r, 50))); return new Response("A".repeat(8 << 20)); };`,
		"classic":   `respond("A".repeat(8 << 20));`,
	} {
		if testing.Short() && name != "module" { // under the race detector each takes a quarter of a minute
			continue
		}
		t.Run(name, func(t *testing.T) {
			h := runtimetest.New(t, code, func(l *system.Runtime) { l.QueueWait, l.VMsPerApp, l.VMs = 2000, 2, 2 })
			other := h.Another(t, "dep_2", `export default () => new Response("fine");`)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.Serve(w, r, h.Fn) }))
			defer server.Close()
			for range 2 * h.Processors().Count() {
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				_ = conn.(*net.TCPConn).SetReadBuffer(4096)
				_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a.localhost\r\n\r\n")
				first := make([]byte, 1)
				if _, err := conn.Read(first); err != nil { // the response has begun
					t.Fatal(err)
				}
			}
			if w := other.Ask(t, "GET", "/", ""); w.Code != http.StatusOK {
				t.Fatalf("another app responded %d %s", w.Code, w.Body)
			}
		})
	}
}

// newHanging returns a host with a host function that does not return until let is closed, so an invocation in it cannot be
// stopped. The invocation's time runs out as soon as it gets there, however slow this machine is.
func newHanging(t *testing.T, code string) (h *runtimetest.Host, let chan struct{}) {
	t.Helper()
	let = make(chan struct{})
	hang := func(*bind.Call, struct{}) (struct{}, error) {
		h.EndTime()
		<-let
		return struct{}{}, nil
	}
	h = runtimetest.NewWith(t, code, runtimetest.Options{Bindings: []bind.Namespace{{Path: "fazt.test", Doc: "For tests.", Members: []bind.Func{bind.Fn("hang", "Does not return.", hang)}}}})
	return h, let
}

func TestInvocationsThatCannotBeStoppedAreAbandonedAndTheThirdStopsTheDeployment(t *testing.T) {
	h, let := newHanging(t, `export default (request) => {
		if (request.url.endsWith("/ok")) return new Response("ok");
		fazt.test.hang();
		return new Response("late");
	};`)
	var mu sync.Mutex
	var stops []runtime.Stop
	h.Config().Stopped = func(s runtime.Stop) { mu.Lock(); defer mu.Unlock(); stops = append(stops, s) }
	h.SetStuckAfter(300 * time.Millisecond)
	other := h.Another(t, "dep_2", `export default () => new Response("fine");`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.Serve(w, r, h.Fn) }))
	defer server.Close()
	for n := 1; n <= runtime.MaxAbandoned; n++ {
		if w := h.Ask(t, "GET", "/ok", ""); w.Code != http.StatusOK {
			t.Fatalf("after %d: %d %s", n-1, w.Code, w.Body)
		}
		resp, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusGatewayTimeout || !resp.Close {
			t.Errorf("the visitor got %d, connection closes: %v", resp.StatusCode, resp.Close)
		}
		for range 2 * h.Processors().Count() {
			if w := other.Ask(t, "GET", "/", ""); w.Code != http.StatusOK {
				t.Errorf("another app responded %d %s", w.Code, w.Body)
			}
		}
	}
	if w := h.Ask(t, "GET", "/ok", ""); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "app resume") {
		t.Errorf("the deployment still responds: %d %s", w.Code, w.Body)
	}
	if s := h.Stats(); s.Abandoned != 3 || s.Burning != 3 || s.Busy != 0 || s.VMs != 1 {
		t.Errorf("%+v", s)
	}
	if !strings.Contains(h.Log.String(), "could not be stopped") {
		t.Errorf("the app's log says %s", h.Log)
	}
	mu.Lock()
	if len(stops) != 3 || stops[1].Final || !stops[2].Final || stops[2].Limit != "abandoned" {
		t.Errorf("%+v", stops)
	}
	mu.Unlock()
	h.Resume(h.Fn.Deployment)
	if w := h.Ask(t, "GET", "/ok", ""); w.Code != http.StatusOK {
		t.Errorf("resumed, it responded %d %s", w.Code, w.Body)
	}

	close(let) // abandoned invocations must not release anything a second time
	for h.Stats().Burning > 0 {
		time.Sleep(time.Millisecond)
	}
	for range 2 * h.Processors().Count() {
		if w := other.Ask(t, "GET", "/", ""); w.Code != http.StatusOK {
			t.Errorf("afterwards another app responded %d %s", w.Code, w.Body)
		}
	}
	server.Close() // waits until all have returned
	if held := h.Processors().Count() - h.Processors().Free(); held != 0 {
		t.Errorf("%d processors were leaked", held)
	}
}

// The server was still writing its response for an abandoned invocation when the invocation ended after all and gave the
// connection back to net/http.
func TestALateResponseIsWrittenBeforeItsRequestEnds(t *testing.T) {
	h, let := newHanging(t, `export default () => { fazt.test.hang(); return new Response("late"); };`)
	h.SetStuckAfter(10 * time.Millisecond)
	w := &slowWriter{ResponseRecorder: httptest.NewRecorder(), begun: make(chan struct{})}
	returned := make(chan bool)
	go func() {
		h.Serve(w, httptest.NewRequest("GET", "http://a.localhost/", nil), h.Fn)
		returned <- w.written.Load()
	}()
	<-w.begun
	close(let)
	if !<-returned {
		t.Error("the request ended while its response was being written")
	}
}

// slowWriter writes slowly.
type slowWriter struct {
	*httptest.ResponseRecorder
	once    sync.Once
	begun   chan struct{}
	written atomic.Bool
}

func (w *slowWriter) Write(p []byte) (int, error) {
	w.once.Do(func() { close(w.begun) })
	time.Sleep(100 * time.Millisecond)
	w.written.Store(true)
	return w.ResponseRecorder.Write(p)
}

// Processor time has a separate limit: waiting does not count, only working, whatever the deadline is.
func TestProcessorTimeHasASeparateLimit(t *testing.T) {
	h := runtimetest.New(t, `export default async (request) => {
		const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
		const work = (ms) => { const end = Date.now() + ms; while (Date.now() < end); };
		if (request.url.endsWith("/wait")) { await sleep(1200); return new Response("waited"); }
		if (request.url.endsWith("/none")) return new Response();
		if (request.url.endsWith("/bits")) { for (;;) { work(20); await sleep(1); } }
		for (;;) {}
	};`, func(l *system.Runtime) { l.CPUTime = 1000 })
	h.Ask(t, "GET", "/none", "") // makes the VM, which takes time too
	for path, want := range map[string]string{"/wait": "waited", "/": "processor time", "/bits": "processor time"} {
		if w := h.Ask(t, "GET", path, ""); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// A handler that was still waiting when its visitor left used to continue during the next request, and responded to it.
func TestTheResponseForAVisitorWhoLeftGoesToNoOneElse(t *testing.T) {
	h := runtimetest.New(t, `const waiting = [];
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
	w := h.Ask(t, "GET", "/post", "", "X-User", "bob")
	if w.Body.String() != "hello bob" || w.Header().Get("Set-Cookie") != "" {
		t.Fatalf("bob got %s %v", w.Body, w.Header())
	}
}

func TestAVisitorWhoLeavesDoesNotBreakAPromiseThatOthersShare(t *testing.T) {
	h := runtimetest.New(t, `let inflight;
		export default async () => {
			inflight ??= (async () => { await new Promise((resolve) => setTimeout(resolve, 100)); return "made"; })();
			return new Response(await inflight);
		};`, func(l *system.Runtime) { l.VMsPerApp = 1 })
	leave(t, h, "/", "alice")
	for range 2 {
		if w := h.Ask(t, "GET", "/", ""); w.Body.String() != "made" {
			t.Fatal(w.Code, w.Body, h.Log)
		}
	}
}

// leave requests a page and leaves before it arrives.
func leave(t *testing.T, h *runtimetest.Host, path, user string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", "http://a.localhost"+path, nil)
	r.Header.Set("X-User", user)
	h.Serve(httptest.NewRecorder(), r, h.Fn)
	if ctx.Err() == nil {
		t.Fatal("the visitor got a response before they left")
	}
}

// The URL library takes quadratic time and cannot be interrupted: a visitor's path of 30 KB took a second.
func TestLongURLsTakeLinearTime(t *testing.T) {
	h := runtimetest.New(t, `export default (request) => {
		const url = new URL(request.url);
		let refused = "";
		try { new URL("http://" + "@".repeat(100_000) + "a/"); } catch (e) { refused = e.name + ": " + e.message; }
		return Response.json({ path: url.pathname.length, refused, can: URL.canParse("http://a/" + "é/".repeat(100_000)) });
	};`)
	w := h.Ask(t, "GET", "/"+strings.Repeat("a/", 200_000), "")
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

func TestTheResponseOfAnAbandonedInvocationIsCutOff(t *testing.T) {
	h, let := newHanging(t, `export default () => {
		let n = 0;
		return new Response(new ReadableStream({ pull(c) { if (n++) fazt.test.hang(); c.enqueue(new Uint8Array(1)); } }, { highWaterMark: 0 }));
	};`)
	h.SetStuckAfter(0)
	returned := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(returned)
		h.Serve(w, r, h.Fn)
	}))
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "GET", s.URL, nil)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); n != 1 || err == nil || ctx.Err() != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if s := h.Stats(); s.Abandoned != 1 {
		t.Errorf("%+v", s)
	}
	close(let)
	<-returned
}

// Host calls end with their invocation. One that does not must hold up neither the visitor nor the server.
func TestAHostCallThatDoesNotEndIsLeftBehind(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	until := make(chan struct{})
	h := runtimetest.NewWith(t, `fazt.net.fetch("https://api.example.com/"); respond("x");`, runtimetest.Options{
		Limits: runtimetest.Fixed(func(l *system.Runtime) { l.ExecTimeout = 1000 }), Network: deaf{until},
	})
	h.SetCallsEnd(200 * time.Millisecond)
	done := make(chan struct{})
	go func() { h.Ask(t, "GET", "/api/x", ""); close(done) }()
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		t.Error("the request waits for a host call that never ends")
	}
	if n := h.Stats().Left; n != 1 {
		t.Errorf("%d calls are reported as left behind", n)
	}
	close(until)
	for end := time.Now().Add(10 * time.Second); h.Stats().Left > 0 && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}
	if n := h.Stats().Left; n != 0 {
		t.Errorf("%d calls are left behind after they ended", n)
	}
}

// deaf is a network whose calls ignore the end of their context.
type deaf struct {
	until chan struct{}
}

func (d deaf) Begin(string, string) fetch.Account { return d }

func (d deaf) Refuse(fetch.Outgoing, error) {}

func (d deaf) Do(context.Context, fetch.Outgoing) (*fetch.Reply, error) {
	<-d.until
	return nil, &errs.Error{Kind: errs.Canceled, Code: "NET_ERROR", Message: "given up"}
}
