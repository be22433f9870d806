package runtime

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"fazt/internal/runtime/bind"
	"fazt/internal/runtime/compile"
	"fazt/internal/system"
)

type files map[string]string

func (f files) ReadFile(_ context.Context, path string) ([]byte, error) {
	s, ok := f[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(s), nil
}
func (f files) Exists(path string) bool { _, ok := f[path]; return ok }

type lines struct {
	mu   sync.Mutex
	list []Line
}

func (l *lines) WriteLine(line Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, line)
}

func (l *lines) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, x := range l.list {
		fmt.Fprintf(&b, "%s %s\n", x.Level, x.Message)
	}
	return b.String()
}

type host struct {
	*Engine
	log *lines
	fn  Function
}

func newHost(t testing.TB, code string, change ...func(*system.Runtime)) *host {
	t.Helper()
	l := patient()
	for _, c := range change {
		c(&l)
	}
	return newHostWith(t, code, func(string) system.Runtime { return l })
}

// patient is limits with so much time that no function runs out of it on a VM that is busy elsewhere.
func patient() system.Runtime {
	l := system.Defaults().Runtime
	l.ExecTimeout, l.CPUTime, l.QueueWait = 60_000, 60_000, 60_000
	return l
}

// newHostWith is newHost with limits that may change, and with host functions.
func newHostWith(t testing.TB, code string, limits func(appID string) system.Runtime, bindings ...bind.Namespace) *host {
	t.Helper()
	log := &lines{}
	e := New(Config{Limits: limits, Console: log, Log: slog.New(slog.DiscardHandler), Version: "test", Bindings: bindings})
	p, err := compile.Compile(t.Context(), files{"api/main.ts": code})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return &host{e, log, Function{AppID: "app_a", AppName: "a", Deployment: "dep_1", Number: 1, RequestID: "req1", Env: &Env{Values: map[string]string{"A": "b"}},
		Load: func(context.Context) (*compile.Program, error) { return p, nil }}}
}

func (h *host) ask(t testing.TB, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	var rd io.Reader
	if body != "" {
		rd = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, "http://a.localhost"+target, rd)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.Serve(w, r, h.fn)
	return w
}

func TestHello(t *testing.T) {
	for name, code := range map[string]string{
		"object":   `export default { fetch(request: Request, env: any) { return Response.json({ hello: env.A, url: request.url, m: request.method }); } };`,
		"async":    `export default { async fetch(request, env) { await null; return Response.json({ hello: env.A, url: request.url, m: request.method }); } };`,
		"function": `export default (request, env) => Response.json({ hello: env.A, url: request.url, m: request.method });`,
		"classic":  `respond({ hello: fazt.env.get("A"), url: request.url, m: request.method });`,
		"value":    `const x = 1; ({ status: 200, body: { hello: fazt.env.get("A"), url: request.url, m: request.method } })`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, code)
			for range 3 {
				w := h.ask(t, "GET", "/api/x?y=1", "")
				if w.Code != 200 || w.Body.String() != `{"hello":"b","url":"http://a.localhost/api/x?y=1","m":"GET"}` {
					t.Fatalf("%d %s\n%s", w.Code, w.Body, h.log)
				}
			}
		})
	}
}

func TestSleepsOverlap(t *testing.T) {
	h := newHost(t, `export default async () => { const s = Date.now(); await Promise.all([1,2,3,4,5].map(() => new Promise(r => setTimeout(r, 100)))); return new Response(String(Date.now() - s)); };`)
	w := h.ask(t, "GET", "/", "")
	t.Log(w.Body, h.log)
	if w.Code != 200 {
		t.Fatal(w.Code)
	}
}

func TestDeadlines(t *testing.T) {
	for name, code := range map[string]string{
		"loop":    `export default () => { for (;;) {} }`,
		"catch":   `export default () => { for (;;) { try { for (;;) {} } catch {} finally { for(;;) {} } } }`,
		"promise": `export default async () => { const f = () => Promise.resolve().then(f); await f(); return new Response(""); }`,
		"regexp":  `export default () => new Response(String(/^(a+)+$/.test("a".repeat(40) + "b")));`,
		"never":   `export default () => new Promise(() => {});`,
		"sleep":   `export default () => new Promise((r) => setTimeout(r, 100000));`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, code, func(l *system.Runtime) { l.ExecTimeout = 200 })
			began := time.Now()
			w := h.ask(t, "GET", "/", "")
			t.Log(w.Code, w.Body, time.Since(began), h.log)
			if w.Code < 500 {
				t.Fatal(w.Code)
			}
		})
	}
}
