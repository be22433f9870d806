// Package runtimetest runs functions in tests: an engine with one function, and requests to it.
package runtimetest

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"fazt/internal/runtime"
	"fazt/internal/runtime/bind"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/fetch"
	"fazt/internal/runtime/httpfn"
	"fazt/internal/runtime/wasmapi"
	"fazt/internal/runtime/webapi"
	"fazt/internal/system"
)

// Host is an engine, and a function that requests are sent to.
type Host struct {
	*runtime.Engine
	Server  *httpfn.Server
	Network *Network // nil = functions send nothing
	Log     *Lines
	Fn      runtime.Function
}

// Options are how a host is made. The zero value is that of New.
type Options struct {
	Limits   func(appID string) system.Runtime // nil = Patient
	Network  fetch.Network
	Bindings []bind.Namespace
	Tables   []runtime.Table // instead of those of the product
	Config   func(*runtime.Config)
	Temp     string
}

// Network is a network that a test may replace after its host was made.
type Network struct{ fetch.Network }

// New makes a host of the code of its function.
func New(t testing.TB, code string, change ...func(*system.Runtime)) *Host {
	t.Helper()
	return NewWith(t, code, Options{Limits: Fixed(change...)})
}

// Fixed returns limits that are the same for every app: Patient with changes.
func Fixed(change ...func(*system.Runtime)) func(appID string) system.Runtime {
	l := Patient()
	for _, c := range change {
		c(&l)
	}
	return func(string) system.Runtime { return l }
}

// Patient returns limits with so much time that no function runs out of it on a machine that is busy elsewhere.
func Patient() system.Runtime {
	l := system.Defaults().Runtime
	l.ExecTimeout, l.CPUTime, l.QueueWait = 60_000, 60_000, 60_000
	return l
}

// NewWith makes a host with options.
func NewWith(t testing.TB, code string, o Options) *Host {
	t.Helper()
	h := &Host{Log: &Lines{}}
	if o.Network != nil {
		h.Network = &Network{o.Network}
	}
	c := runtime.Config{Limits: o.Limits, Console: h.Log, Log: slog.New(slog.DiscardHandler), Version: "test", Bindings: o.Bindings, Tables: o.Tables}
	if c.Limits == nil {
		c.Limits = Fixed()
	}
	if c.Tables == nil {
		c.Tables = Tables(h.Network)
	}
	if o.Config != nil {
		o.Config(&c)
	}
	h.Engine = runtime.New(c)
	h.Server = httpfn.New(httpfn.Config{Engine: h.Engine, Temp: o.Temp})
	Run(t, h.Engine)
	h.Fn = runtime.Function{AppID: "app_a", AppName: "a", Deployment: "dep_1", Number: 1, RequestID: "req1", Env: &runtime.Env{Values: map[string]string{"A": "b"}}, Load: Load(t, code)}
	return h
}

// NewOf makes a host of a deployment of several files.
func NewOf(t testing.TB, source compile.Source) *Host {
	t.Helper()
	p, err := compile.Compile(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	h := New(t, "respond()")
	h.Fn.Load = func(context.Context) (*compile.Program, error) { return p, nil }
	h.Fn.Deployment = "dep_other"
	return h
}

// Tables returns the host functions of the product.
func Tables(network *Network) []runtime.Table {
	var out fetch.Network
	if network != nil {
		out = network
	}
	return []runtime.Table{webapi.Table(func() int64 { return 1 << 20 }), wasmapi.Table(), httpfn.Table(), fetch.Table(out)}
}

// Run runs an engine until the test ends.
func Run(t testing.TB, e *runtime.Engine) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// Load compiles code and returns what loads it.
func Load(t testing.TB, code string) func(context.Context) (*compile.Program, error) {
	t.Helper()
	p, err := compile.Compile(t.Context(), Files{"api/main.ts": code})
	if err != nil {
		t.Fatal(err)
	}
	return func(context.Context) (*compile.Program, error) { return p, nil }
}

// Another returns a function of another deployment on the same engine.
func (h *Host) Another(t testing.TB, deployment, code string) *Host {
	t.Helper()
	other := *h
	other.Fn.Deployment, other.Fn.AppName, other.Fn.Load = deployment, deployment, Load(t, code)
	return &other
}

// Ask sends a request and returns the response.
func (h *Host) Ask(t testing.TB, method, target, body string, headers ...string) *httptest.ResponseRecorder {
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
	h.Serve(w, r, h.Fn)
	return w
}

// Serve serves a request.
func (h *Host) Serve(w http.ResponseWriter, r *http.Request, f runtime.Function) {
	h.Server.Serve(w, r, f)
}

// Crowded returns what was cut off because too much waited for visitors.
func (h *Host) Crowded() uint64 { return h.Stats().Crowded + h.Server.Stats().Crowded }

// Files are the files of a deployment by path.
type Files map[string]string

// ReadFile returns the text of a file.
func (f Files) ReadFile(_ context.Context, path string) ([]byte, error) {
	s, ok := f[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(s), nil
}

// Exists reports whether there is a file.
func (f Files) Exists(path string) bool { _, ok := f[path]; return ok }

// Lines is a console that keeps its lines.
type Lines struct {
	mu   sync.Mutex
	list []runtime.Line
}

// WriteLine keeps a line.
func (l *Lines) WriteLine(line runtime.Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, line)
}

// Forget drops the lines.
func (l *Lines) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

// String returns levels and messages, a line each.
func (l *Lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, x := range l.list {
		fmt.Fprintf(&b, "%s %s\n", x.Level, x.Message)
	}
	return b.String()
}

// SlowUnderRace skips a test under the race detector (-short), in which the engine is ten times slower: its cases are
// about what scripts see, and end in the same code as those of other tests.
func SlowUnderRace(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("slow under the race detector")
	}
}

// Bench measures requests to a host.
func Bench(b *testing.B, h *Host, body string) {
	b.Helper()
	b.ReportAllocs()
	h.Ask(b, "GET", "/", "") // makes the VM
	for b.Loop() {
		method := "GET"
		if body != "" {
			method = "POST"
		}
		r := httptest.NewRequest(method, "http://a.localhost/api/x", strings.NewReader(body))
		w := httptest.NewRecorder()
		h.Serve(w, r, h.Fn)
		if w.Code != 200 {
			b.Fatal(w.Code, w.Body, h.Log)
		}
	}
}
