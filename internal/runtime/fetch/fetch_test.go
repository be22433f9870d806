package fetch_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fazt/internal/errs"
	"fazt/internal/fazttest/await"
	"fazt/internal/runtime/fetch"
	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// direct is a network to one server, without a gate: these tests are about how functions use calls, not about what they may reach.
type direct struct {
	server  *httptest.Server
	mu      sync.Mutex
	asked   []fetch.Outgoing
	refused []string
	open    atomic.Int64 // responses whose body has not been closed
}

func (d *direct) Begin(string, string) fetch.Account { return d }

func (d *direct) Refuse(o fetch.Outgoing, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused = append(d.refused, o.Method+" "+o.URL+" "+err.Error())
}

func (d *direct) Do(ctx context.Context, o fetch.Outgoing) (*fetch.Reply, error) {
	d.mu.Lock()
	d.asked = append(d.asked, o)
	d.mu.Unlock()
	path, ok := strings.CutPrefix(o.URL, "https://api.example.com")
	switch {
	case strings.HasPrefix(path, "/busy"):
		return nil, &errs.Error{Kind: errs.Unavailable, Code: "NET_RATE", Message: "too many calls", Retry: 7 * time.Second}
	case !ok:
		return nil, &errs.Error{Kind: errs.Forbidden, Code: "NET_BLOCKED", Message: "the domain is not allowed"}
	}
	r, err := http.NewRequestWithContext(ctx, o.Method, d.server.URL+path, o.Body)
	if err != nil {
		return nil, err
	}
	r.Header = o.Headers
	r.ContentLength = o.Size
	if o.Timeout > 0 {
		r.Header.Set("X-Timeout", o.Timeout.String())
	}
	r.Header.Set("X-Auth", o.Auth)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, &errs.Error{Kind: errs.Unavailable, Code: "NET_ERROR", Message: "the other server could not be reached", Err: err}
	}
	d.open.Add(1)
	return &fetch.Reply{
		Status: answer.StatusCode, StatusText: http.StatusText(answer.StatusCode), URL: o.URL, Headers: answer.Header, Size: answer.ContentLength,
		Body: &closing{ReadCloser: answer.Body, of: d},
	}, nil
}

type closing struct {
	io.ReadCloser
	of   *direct
	once sync.Once
}

func (c *closing) Close() error {
	c.once.Do(func() { c.of.open.Add(-1) })
	return c.ReadCloser.Close()
}

// newOutside returns a host whose functions can reach a server.
func newOutside(t *testing.T, code string, server http.HandlerFunc, change ...func(*system.Runtime)) (*runtimetest.Host, *direct) {
	t.Helper()
	d := &direct{server: httptest.NewServer(server)}
	t.Cleanup(func() { http.DefaultTransport.(*http.Transport).CloseIdleConnections(); d.server.Close() })
	return runtimetest.NewWith(t, code, runtimetest.Options{Limits: runtimetest.Fixed(change...), Network: d}), d
}

func upstream(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/json":
		w.Header().Set("Content-Type", "application/json")
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		fmt.Fprintf(w, `{"method":%q,"auth":%q,"x":%q}`, r.Method, r.Header.Get("X-Auth"), r.Header.Get("X-Own"))
	case "/echo":
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	case "/hash":
		sum := sha256.New()
		n, _ := io.Copy(sum, r.Body)
		fmt.Fprintf(w, "%d %x %d", n, sum.Sum(nil), r.ContentLength)
	case "/sleep":
		time.Sleep(100 * time.Millisecond) // slow, so that several calls are open at once
		fmt.Fprint(w, "slept")
	case "/hang":
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	case "/never":
		_, _ = io.Copy(io.Discard, r.Body) // until then the server does not notice that the client left
		<-r.Context().Done()
	case "/large":
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		for range n {
			_, _ = w.Write(make([]byte, 1<<10))
		}
	case "/ticks":
		for i := range 3 {
			fmt.Fprintf(w, "tick %d\n", i)
			w.(http.Flusher).Flush()
			time.Sleep(time.Millisecond)
		}
	case "/empty":
		w.WriteHeader(http.StatusNoContent)
	case "/missing":
		http.Error(w, "nothing here", http.StatusNotFound)
	}
}

func TestFetchBehavesAsOnTheWeb(t *testing.T) {
	cases := map[string]outsideCase{
		"head and JSON": {`const r = await fetch("https://api.example.com/json", { headers: { "X-Own": "y" }, auth: "KEY" });
			return [r instanceof Response, r.status, r.ok, r.url, r.type, r.redirected, r.headers.get("content-type"), r.headers.getSetCookie(), await r.json()];`,
			`[true,200,true,"https://api.example.com/json","basic",false,"application/json",["a=1","b=2"],{"method":"GET","auth":"KEY","x":"y"}]`},
		"headers cannot be changed": {`const r = await fetch("https://api.example.com/json"); try { r.headers.set("a", "b"); } catch (e) { return e.name; }`, `"TypeError"`},
		"text of what is missing":   {`const r = await fetch("https://api.example.com/missing"); return [r.status, r.ok, r.statusText, await r.text()];`, `[404,false,"Not Found","nothing here\n"]`},
		"no content":                {`const r = await fetch("https://api.example.com/empty"); return [r.status, r.body, await r.text()];`, `[204,null,""]`},
		"head":                      {`const r = await fetch("https://api.example.com/json", { method: "HEAD" }); return [r.status, r.body];`, `[200,null]`},
		"a Request":                 {`const r = await fetch(new Request("https://api.example.com/echo", { method: "POST", body: "hi" })); return [await r.text(), r.headers.get("content-type")];`, `["hi","text/plain;charset=UTF-8"]`},
		"a URL":                     {`return (await fetch(new URL("/json", "https://api.example.com"))).status;`, `200`},
		"a form":                    {`const r = await fetch("https://api.example.com/echo", { method: "POST", body: new URLSearchParams({ a: "1 2" }) }); return [...await r.formData()];`, `[["a","1 2"]]`},
		"bytes":                     {`const r = await fetch("https://api.example.com/echo", { method: "PUT", body: new Uint8Array([0, 255, 1]) }); return [...await r.bytes()];`, `[0,255,1]`},
		"read once":                 {`const r = await fetch("https://api.example.com/json"); await r.text(); try { await r.text(); } catch (e) { return [e.name, r.bodyUsed]; }`, `["TypeError",true]`},
		"a large body whole":        {`return (await (await fetch("https://api.example.com/large?n=300")).arrayBuffer()).byteLength;`, `307200`},
		"a large body in pieces":    {`let n = 0; for await (const piece of (await fetch("https://api.example.com/large?n=300")).body) n += piece.length; return n;`, `307200`},
		"a clone":                   {`const r = await fetch("https://api.example.com/large?n=100"), c = r.clone(); return [(await r.text()).length, (await c.text()).length, c.url, c.status];`, `[102400,102400,"https://api.example.com/large?n=100",200]`},
		"a stream as it comes":      {`const r = await fetch("https://api.example.com/ticks"); let all = ""; for await (const t of r.body.pipeThrough(new TextDecoderStream())) all += t; return all;`, `"tick 0\ntick 1\ntick 2\n"`},
		"a stream that is sent": {`let i = 0; const body = new ReadableStream({ pull(c) { i < 100 ? c.enqueue(new Uint8Array(1000).fill(i++)) : c.close(); } });
			return (await (await fetch("https://api.example.com/hash", { method: "POST", body, duplex: "half" })).text()).split(" ").filter((_, i) => i !== 1);`, `["100000","-1"]`},
		"a stream that breaks": {`const body = new ReadableStream({ pull(c) { throw new RangeError("mine"); } });
			try { await fetch("https://api.example.com/hash", { method: "POST", body, duplex: "half" }); } catch (e) { return [e.name, e.message]; }`, `["RangeError","mine"]`},
		"several at once": {`return (await Promise.all([1, 2, 3, 4].map(async () => (await fetch("https://api.example.com/sleep")).text()))).join();`, `"slept,slept,slept,slept"`},
		"what is not allowed": {`try { await fetch("https://other.example/"); } catch (e) { return [e instanceof TypeError, e.code, e.retryable, e.message, e.retryAfter]; }`,
			`[true,"NET_BLOCKED",false,"NET_BLOCKED: the domain is not allowed",null]`},
		"what is too much": {`try { await fetch("https://api.example.com/busy"); } catch (e) { return [e.code, e.retryable, e.retryAfter]; }`, `["NET_RATE",true,7]`},
		"no URL":           {`try { await fetch("nonsense"); } catch (e) { return [e instanceof TypeError, e.message]; }`, `[true,"Invalid URL: nonsense"]`},
		"no argument":      {`try { await fetch(); } catch (e) { return e instanceof TypeError; }`, `true`},
		"aborted before":   {`try { await fetch("https://api.example.com/json", { signal: AbortSignal.abort("why") }); } catch (e) { return e; }`, `"why"`},
		"aborted meanwhile": {`const c = new AbortController(); setTimeout(() => c.abort(), 5);
			try { await fetch("https://api.example.com/never", { signal: c.signal }); } catch (e) { return e.name; }`, `"AbortError"`},
		"out of time": {`try { await fetch("https://api.example.com/never", { signal: AbortSignal.timeout(10) }); } catch (e) { return e.name; }`, `"TimeoutError"`},
		"aborted in the body": {`const c = new AbortController(), r = await fetch("https://api.example.com/hang", { signal: c.signal }); setTimeout(() => c.abort(), 5);
			try { await r.text(); } catch (e) { return e.name; }`, `"AbortError"`},
	}
	askEach(t, cases, `const cases = { %s }; export default async (request) => Response.json(await cases[new URL(request.url).searchParams.get("name")]());`)
}

// outsideCase is the body of a function, and the expected result as JSON.
type outsideCase struct{ code, want string }

// askEach runs cases in one app, twice each, and checks that all responses are closed.
func askEach(t *testing.T, cases map[string]outsideCase, frame string) {
	t.Helper()
	var code strings.Builder
	for name, c := range cases {
		fmt.Fprintf(&code, "%q: async () => { %s\n},\n", name, c.code)
	}
	h, d := newOutside(t, fmt.Sprintf(frame, code.String()), upstream)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				h.Log.Forget()
				if w := h.Ask(t, "GET", "/api/x?name="+url.QueryEscape(name), ""); strings.TrimSpace(w.Body.String()) != c.want {
					t.Errorf("got  %s\nwant %s\n%s", w.Body, c.want, h.Log)
				}
			}
			d.allClosed(t)
		})
	}
}

// allClosed waits until all responses are closed.
func (d *direct) allClosed(t *testing.T) {
	t.Helper()
	await.Until(t, "the responses to be closed", func() bool { return d.open.Load() == 0 })
}

func TestFaztNetFetchCanBeUsedDirectlyOrAwaited(t *testing.T) {
	cases := map[string]outsideCase{
		"at once":        {`const r = fazt.net.fetch("https://api.example.com/json", { headers: { "x-own": "y" }, auth: "KEY" }); out([r.status, r.ok, r.headers["content-type"], r.headers["set-cookie"], r.json(), typeof r.text()]);`, `[200,true,"application/json","a=1",{"method":"GET","auth":"KEY","x":"y"},"string"]`},
		"awaited":        {`const r = await fazt.net.fetch("https://api.example.com/json"); out([r.status, r.ok, r.json().method, r.then === undefined]);`, `[200,true,"GET",true]`},
		"bytes":          {`const r = fazt.net.fetch("https://api.example.com/echo", { method: "post", body: new Uint8Array([0, 255]) }); out([[...r.bytes()], r.arrayBuffer().byteLength]);`, `[[0,255],2]`},
		"an object":      {`const r = fazt.net.fetch("https://api.example.com/echo", { method: "POST", body: { a: [1] } }); out([r.headers["content-type"], r.json()]);`, `["application/json",{"a":[1]}]`},
		"text":           {`const r = fazt.net.fetch("https://api.example.com/echo", { method: "POST", body: "ü", headers: { "content-type": "text/x" } }); out([r.headers["content-type"], r.text()]);`, `["text/x","ü"]`},
		"no JSON":        {`try { fazt.net.fetch("https://api.example.com/missing").json(); } catch (e) { out(e.name); }`, `"SyntaxError"`},
		"not allowed":    {`try { fazt.net.fetch("https://other.example/").status; } catch (e) { out([e instanceof Error, e.code, e.retryable, e.message]); }`, `[true,"NET_BLOCKED",false,"NET_BLOCKED: the domain is not allowed"]`},
		"fails awaited":  {`try { await fazt.net.fetch("https://other.example/"); } catch (e) { out(e.code); }`, `"NET_BLOCKED"`},
		"a rate":         {`try { fazt.net.fetch("https://api.example.com/busy").ok; } catch (e) { out([e.code, e.retryable, e.retryAfter]); }`, `["NET_RATE",true,7]`},
		"several":        {`const list = await Promise.all(["/json", "/missing"].map((p) => fazt.net.fetch("https://api.example.com" + p))); out(list.map((r) => r.status));`, `[200,404]`},
		"a stream":       {`try { fazt.net.fetch("https://api.example.com/echo", { method: "POST", body: new ReadableStream() }).ok; } catch (e) { out(e.message); }`, `"fazt.net.fetch cannot send a stream; use fetch"`},
		"an odd timeout": {`try { fazt.net.fetch("https://api.example.com/json", { timeout: "1" }); } catch (e) { out(e.message); }`, `"timeout must be a number of milliseconds, at least 1; leave it out to use the limits of the instance"`},
	}
	for style, frame := range map[string]string{
		"module": `let v; const out = (x) => { v = x; }; const cases = { %s }; export default async (request) => { await cases[new URL(request.url).searchParams.get("name")](); return Response.json(v); };`,
		"script": `const out = (x) => respond(200, JSON.stringify(x)); const cases = { %s }; await cases[request.query.name]();`,
	} {
		t.Run(style, func(t *testing.T) { askEach(t, cases, frame) })
	}
}

// Calls refused with a TypeError by the standard never reach the gate, so they used to be missing in the owner's log.
func TestCallsRefusedByTheStandardAreLogged(t *testing.T) {
	cases := map[string]struct{ call, want string }{
		"no URL":           {`fetch("nonsense")`, "GET nonsense TypeError: "},
		"credentials":      {`fetch("https://u:p@api.example.com/")`, "GET https://u:p@api.example.com/ TypeError: "},
		"a header":         {`fetch("https://api.example.com/", { headers: { "a b": "c" } })`, "GET https://api.example.com/ TypeError: "},
		"a value":          {`fetch(new URL("https://api.example.com/"), { headers: { a: "s3cret\nd" } })`, "GET https://api.example.com/ TypeError: a header value"},
		"a method":         {`fetch("https://api.example.com/", { method: "a b" })`, "a b https://api.example.com/ TypeError: "},
		"a body of a GET":  {`fetch("https://api.example.com/", { body: "x" })`, "GET https://api.example.com/ TypeError: "},
		"an odd timeout":   {`fetch("https://api.example.com/", { timeout: "1" })`, "GET https://api.example.com/ TypeError: "},
		"fazt.net.fetch":   {`fazt.net.fetch("https://api.example.com/", { headers: { "a b": "c" } })`, "GET https://api.example.com/ TypeError: "},
		"too much at once": {`(() => { const c = new AbortController(), { signal } = c, all = Promise.all([..."0123456789a"].map(() => fetch("https://api.example.com/never", { method: "PUT", signal }))); c.abort(); return all; })()`, "PUT https://api.example.com/never "},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h, d := newOutside(t, `export default async () => { try { await `+c.call+`; return new Response("sent"); } catch (e) { return new Response(e.name); } };`, upstream,
				func(l *system.Runtime) { l.MaxPending = 10 })
			w := h.Ask(t, "GET", "/api/x", "")
			if len(d.refused) != 1 || !strings.HasPrefix(d.refused[0], c.want) || strings.Contains(strings.TrimPrefix(d.refused[0], c.want), "s3cret") {
				t.Errorf("%s; logged %q %s", w.Body, d.refused, h.Log)
			}
		})
	}
}

// Calls of a classic script used to run one after the other.
func TestCallsRunConcurrently(t *testing.T) {
	for name, code := range map[string]string{
		"module":                     `export default async () => { const all = await Promise.all([1, 2, 3].map(() => fazt.net.fetch("https://api.example.com/"))); return new Response(all.map((r) => r.text()).join()); };`,
		"script":                     `const all = await Promise.all([1, 2, 3].map(() => fazt.net.fetch("https://api.example.com/"))); respond(all.map((r) => r.text()).join());`,
		"script that does not await": `const all = [1, 2, 3].map(() => fazt.net.fetch("https://api.example.com/")); respond(all.map((r) => r.text()).join());`,
		"script that does both":      `const all = [1, 2, 3].map(() => fazt.net.fetch("https://api.example.com/")); all[1].ok; respond((await Promise.all(all)).map((r, i) => all[i].text() && r.text()).join());`,
	} {
		t.Run(name, func(t *testing.T) {
			var now, peak atomic.Int64
			h, d := newOutside(t, code, func(w http.ResponseWriter, r *http.Request) {
				peak.Store(max(peak.Load(), now.Add(1)))
				for end := time.Now().Add(time.Minute); peak.Load() < 3 && time.Now().Before(end); time.Sleep(time.Millisecond) {
					peak.Store(max(peak.Load(), now.Load()))
				}
				fmt.Fprint(w, "x")
			})
			if w := h.Ask(t, "GET", "/api/x", ""); w.Body.String() != "x,x,x" || peak.Load() < 3 {
				t.Errorf("%s; at most %d at once %s", w.Body, peak.Load(), h.Log)
			}
			d.allClosed(t)
		})
	}
}

// A script used to be able to make only runtime.max_pending calls, whatever net.max_calls was: finished calls stayed pending
// until it paused.
func TestCallsThatHaveFinishedAreNotPending(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	for name, code := range map[string]string{
		"each is used":    `let n = 0; for (let i = 0; i < 60; i++) n += fazt.net.fetch("https://api.example.com/json").ok; respond(String(n));`,
		"a few at a time": `let n = 0; for (let i = 0; i < 20; i++) { const few = [1, 2, 3].map(() => fazt.net.fetch("https://api.example.com/json")); n += few.filter((r) => r.ok).length; } respond(String(n));`,
		"a module":        `export default () => { let n = 0; for (let i = 0; i < 60; i++) n += fazt.net.fetch("https://api.example.com/json").ok; return new Response(String(n)); };`,
	} {
		t.Run(name, func(t *testing.T) {
			h, d := newOutside(t, code, upstream, func(l *system.Runtime) { l.MaxPending = 5 })
			if w := h.Ask(t, "GET", "/api/x", ""); w.Body.String() != "60" {
				t.Errorf("%d %s %s", w.Code, w.Body, h.Log)
			}
			d.allClosed(t)
		})
	}
}

// A script blocked on a call used to miss that, and kept its VM for as long as the call took.
func TestABlockedScriptEndsWhenItsVisitorLeaves(t *testing.T) {
	for name, code := range map[string]string{
		"script": `try { fazt.net.fetch("https://api.example.com/never").status; } catch (e) {} for (;;);`,
		"module": `export default () => { try { fazt.net.fetch("https://api.example.com/never").status; } catch (e) {} for (;;); };`,
	} {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan struct{})
			h, d := newOutside(t, code, func(w http.ResponseWriter, r *http.Request) { close(arrived); <-r.Context().Done() })
			ctx, leave := context.WithCancel(t.Context())
			go func() { <-arrived; leave() }()
			begun := time.Now()
			h.Serve(httptest.NewRecorder(), httptest.NewRequest("GET", "http://a.localhost/api/x", nil).WithContext(ctx), h.Fn)
			if took := time.Since(begun); took > 30*time.Second { // the invocation has 60
				t.Errorf("it ended after %v", took)
			}
			d.allClosed(t)
		})
	}
}

func TestTheResponseAfterAnUncaughtFailedCallSaysWhetherToRetry(t *testing.T) {
	for name, c := range map[string]struct {
		code   string
		status int
		wait   string
	}{
		"module, a rate":      {`export default async () => fetch("https://api.example.com/busy")`, 503, "7"},
		"module, not allowed": {`export default async () => fetch("https://other.example")`, 500, ""},
		"script, a rate":      {`respond(fazt.net.fetch("https://api.example.com/busy").status)`, 503, "7"},
		"script, unread":      {`fazt.net.fetch("https://api.example.com/busy")`, 503, "7"},
		"script, not allowed": {`respond(fazt.net.fetch("https://other.example/").status)`, 500, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := newOutside(t, c.code, upstream)
			if w := h.Ask(t, "GET", "/api/x", ""); w.Code != c.status || w.Header().Get("Retry-After") != c.wait {
				t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
			}
			if log := h.Log.String(); !strings.Contains(log, "api/main.ts:1") {
				t.Errorf("the log does not name the line of the call: %s", log)
			}
		})
	}
}

func TestTheResponseOfAnotherServerIsPassedOnAsItComes(t *testing.T) {
	h, d := newOutside(t, `export default { fetch: (request) => fetch("https://api.example.com" + new URL(request.url).pathname.slice(4) + "?n=300", { method: request.method, body: request.body, duplex: "half" }) };`, upstream)
	for path, want := range map[string]int{"/json": 200, "/missing": 404, "/empty": 204, "/ticks": 200, "/large": 200} {
		if w := h.Ask(t, "GET", "/api"+path, ""); w.Code != want || path == "/large" && w.Body.Len() != 307200 || path == "/ticks" && w.Body.String() != "tick 0\ntick 1\ntick 2\n" {
			t.Errorf("%s: %d, %d bytes %s", path, w.Code, w.Body.Len(), h.Log.String())
		}
	}
	body := strings.Repeat("0123456789", 30000)
	if w := h.Ask(t, "POST", "/api/echo", body); w.Code != 200 || w.Body.String() != body {
		t.Errorf("echo: %d, %d bytes %s", w.Code, w.Body.Len(), h.Log.String())
	}
	d.allClosed(t)
}

func TestCallsEndWithTheirRequest(t *testing.T) {
	for name, code := range map[string]string{
		"the response is not awaited": `export default () => { fetch("https://api.example.com/never", { signal: AbortSignal.timeout(50) }).catch(() => {}); return new Response("x"); };`,
		"the body is not read":        `export default async () => { await fetch("https://api.example.com/hang"); return new Response("x"); };`,
		"the body is canceled":        `export default async () => { await (await fetch("https://api.example.com/hang")).body.cancel(); return new Response("x"); };`,
	} {
		t.Run(name, func(t *testing.T) {
			h, d := newOutside(t, code, upstream)
			if w := h.Ask(t, "GET", "/api/x", ""); w.Body.String() != "x" {
				t.Error(w.Body, h.Log.String())
			}
			d.allClosed(t)
		})
	}
}

func TestACallLeavesTheFunctionTimeToRespond(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	for name, code := range map[string]string{
		"fetch":          `export default async () => { try { await fetch("https://api.example.com/never"); } catch (e) { return new Response(e.code); } };`,
		"body":           `export default async () => { try { await (await fetch("https://api.example.com/hang")).text(); } catch (e) { return new Response(e.code); } };`,
		"fazt.net.fetch": `try { fazt.net.fetch("https://api.example.com/never").status; } catch (e) { respond(e.code); }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, d := newOutside(t, code, upstream, func(l *system.Runtime) { l.ExecTimeout = 3000 })
			if w := h.Ask(t, "GET", "/api/x", ""); w.Body.String() != "NET_TIMEOUT" {
				t.Errorf("%d %s %s", w.Code, w.Body, h.Log.String())
			}
			d.allClosed(t)
		})
	}
}

func TestACallThatIsTooLateFailsWithNetBudget(t *testing.T) {
	h, d := newOutside(t, `export default async () => {
		await new Promise((done) => setTimeout(done, 1700));
		try { await fetch("https://api.example.com/json"); return new Response("sent"); } catch (e) { return Response.json([e.code, e.retryable, e.retryAfter > 0]); }
	};`, upstream, func(l *system.Runtime) { l.ExecTimeout = 2000 })
	w := h.Ask(t, "GET", "/api/x", "")
	switch noted := d.refused; {
	case w.Code == http.StatusGatewayTimeout: // this machine was too slow
	case strings.TrimSpace(w.Body.String()) != `["NET_BUDGET",true,true]`:
		t.Errorf("%d %s", w.Code, w.Body)
	case len(noted) != 1 || !strings.Contains(noted[0], "https://api.example.com/json"):
		t.Errorf("the log has %q", noted)
	}
}

func TestAResponseThatIsPassedOnHasTheTimeOfAStream(t *testing.T) {
	h, d := newOutside(t, `export default async (request) => { const r = await fetch("https://api.example.com/slow"); return request.method === "HEAD" ? new Response() : new Response(r.body); };`,
		func(w http.ResponseWriter, r *http.Request) {
			for range 20 {
				fmt.Fprint(w, "x")
				w.(http.Flusher).Flush()
				time.Sleep(300 * time.Millisecond)
			}
		}, func(l *system.Runtime) { l.ExecTimeout, l.StreamTimeout = 4000, 60000 })
	h.Ask(t, "HEAD", "/api/x", "") // makes the VM, which takes time too
	if w := h.Ask(t, "GET", "/api/x", ""); w.Body.String() != strings.Repeat("x", 20) {
		t.Errorf("%q %s", w.Body, h.Log.String())
	}
	d.allClosed(t)
}

func TestAKeptResponseCannotReadThatOfTheNextRequest(t *testing.T) {
	h, d := newOutside(t, `let kept, asked; export default async () => {
		if (kept === undefined) { kept = await fetch("https://api.example.com/large?n=200"); asked = fazt.net.fetch("https://api.example.com/json"); await asked; return new Response("kept"); }
		await fetch("https://api.example.com/large?n=100");
		const out = [];
		try { out.push((await kept.text()).length); } catch (e) { out.push(e.message); }
		return Response.json(out);
	};`, upstream)
	h.Ask(t, "GET", "/api/x", "")
	if w := h.Ask(t, "GET", "/api/x", ""); strings.TrimSpace(w.Body.String()) != `["the request has already ended"]` {
		t.Errorf("%s %s", w.Body, h.Log.String())
	}
	d.allClosed(t)
}

func TestPendingCallsAreLimited(t *testing.T) {
	h, d := newOutside(t, `export default async () => { const c = new AbortController(), all = []; for (let i = 0; i < 100; i++) all.push(fetch("https://api.example.com/never", { signal: c.signal }).catch((e) => e.message)); c.abort(); return Response.json((await Promise.all(all)).filter((m) => m.includes("are pending")).length > 0); };`,
		upstream, func(l *system.Runtime) { l.MaxPending = 10 })
	if w := h.Ask(t, "GET", "/api/x", ""); strings.TrimSpace(w.Body.String()) != "true" {
		t.Errorf("%s %s", w.Body, h.Log.String())
	}
	d.allClosed(t)
}

func TestBodiesBeingSentAreLimitedByTheMemoryOfTheVM(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	h, d := newOutside(t, `export default async () => {
		const body = "x".repeat(5e6), c = new AbortController(), all = [];
		for (let i = 0; i < 20; i++) all.push(fetch("https://api.example.com/never", { method: "POST", body, signal: c.signal }).catch((e) => e.code));
		await new Promise((done) => setTimeout(done, 20));
		c.abort();
		const codes = await Promise.all(all), refused = codes.filter((code) => code === "NET_SIZE").length;
		return Response.json([refused >= 13 && refused < 20, (await (await fetch("https://api.example.com/hash", { method: "POST", body })).text()).split(" ")[0]]);
	};`, upstream, func(l *system.Runtime) { l.MaxMemory = 32 << 20 })
	if w := h.Ask(t, "GET", "/api/x", ""); strings.TrimSpace(w.Body.String()) != `[true,"5000000"]` {
		t.Errorf("%s %s", w.Body, h.Log.String())
	}
	d.allClosed(t)
}

// A script that canceled its calls and made another one used to be told that the canceled bodies were too large.
func TestBodiesOfCanceledCallsDoNotBlockTheNextCall(t *testing.T) {
	h, d := newOutside(t, `export default async () => {
		const body = "x".repeat(5e6), c = new AbortController(), all = [];
		for (let i = 0; i < 6; i++) all.push(fetch("https://api.example.com/never", { method: "POST", body, signal: c.signal }).catch((e) => e.name));
		c.abort();
		return new Response((await (await fetch("https://api.example.com/hash", { method: "POST", body })).text()).split(" ")[0]);
	};`, upstream, func(l *system.Runtime) { l.MaxMemory = 32 << 20 })
	h.Network.Network = lingering{d}
	if w := h.Ask(t, "GET", "/api/x", ""); w.Body.String() != "5000000" {
		t.Errorf("%s %s", w.Body, h.Log.String())
	}
	d.allClosed(t)
}

// lingering takes a while to end a canceled call.
type lingering struct{ *direct }

func (l lingering) Begin(string, string) fetch.Account { return l }

func (l lingering) Do(ctx context.Context, o fetch.Outgoing) (*fetch.Reply, error) {
	reply, err := l.direct.Do(ctx, o)
	if err != nil {
		time.Sleep(50 * time.Millisecond)
	}
	return reply, err
}

func TestResponsesHandedToTheScriptAreNotHeldTwice(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	h, d := newOutside(t, `export default async () => {
		for (let i = 0; i < 20; i++) { const r = fazt.net.fetch("https://api.example.com/large?n=2000"); if (i % 2) await r; r.bytes(); }
		return new Response("x");
	};`, upstream)
	var before, reading atomic.Int64 // bytes that Go held when a call began, and while a response was read
	h.Network.Network = watching{d, func(held *atomic.Int64) { held.Store(max(held.Load(), h.Stats().Charged)) }, &before, &reading}
	if w := h.Ask(t, "GET", "/api/x", ""); w.Body.String() != "x" {
		t.Error(w.Body, h.Log.String())
	}
	if before.Load() != 0 {
		t.Errorf("%d bytes were still held when the next call began", before.Load())
	}
	if body := int64(2000 << 10); reading.Load() < body || reading.Load() > 2*body {
		t.Errorf("%d bytes were held while a response of %d was read", reading.Load(), body)
	}
	d.allClosed(t)
}

// watching calls a function before each call and while its response is read.
type watching struct {
	*direct
	look            func(held *atomic.Int64)
	before, reading *atomic.Int64
}

func (w watching) Begin(string, string) fetch.Account { return w }

func (w watching) Do(ctx context.Context, o fetch.Outgoing) (*fetch.Reply, error) {
	w.look(w.before)
	reply, err := w.direct.Do(ctx, o)
	if err == nil {
		reply.Body = watched{reply.Body, w}
	}
	return reply, err
}

type watched struct {
	io.ReadCloser
	w watching
}

func (r watched) Read(b []byte) (int, error) {
	r.w.look(r.w.reading)
	return r.ReadCloser.Read(b)
}

func TestWithoutANetworkFetchIsBlocked(t *testing.T) {
	h := runtimetest.New(t, `export default async () => { const out = []; for (const f of [fetch, fazt.net.fetch]) try { await f("https://api.example.com/"); } catch (e) { out.push(e.code); } return Response.json(out); };`)
	if w := h.Ask(t, "GET", "/api/x", ""); strings.TrimSpace(w.Body.String()) != `["NET_BLOCKED","NET_BLOCKED"]` {
		t.Error(w.Body, h.Log.String())
	}
}
