package runtime_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fazt/internal/runtime"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/httpfn"
	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// fleet is an engine with functions that do not return until they are released.
type fleet struct {
	*runtime.Engine
	server *httpfn.Server
	limits atomic.Pointer[system.Runtime]
	load   func(context.Context) (*compile.Program, error)
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{}
	l := system.Defaults().Runtime
	l.ExecTimeout, l.QueueWait = 20000, 20000
	f.limits.Store(&l)
	f.Engine = runtime.New(runtime.Config{Limits: func(string) system.Runtime { return *f.limits.Load() }, Console: &runtimetest.Lines{}, Log: slog.New(slog.DiscardHandler), Tables: runtimetest.Tables(nil)})
	f.server = httpfn.New(httpfn.Config{Engine: f.Engine, Temp: t.TempDir()})
	p, err := compile.Compile(t.Context(), runtimetest.Files{"api/main.js": `export default async () => { await new Promise((r) => setTimeout(r, 30)); return new Response("x"); };`})
	if err != nil {
		t.Fatal(err)
	}
	f.load = func(context.Context) (*compile.Program, error) { return p, nil }
	runtimetest.Run(t, f.Engine)
	return f
}

func (f *fleet) change(fn func(l *system.Runtime)) {
	l := *f.limits.Load()
	fn(&l)
	f.limits.Store(&l)
}

// ask makes n requests at once to a deployment of an app.
func (f *fleet) ask(t *testing.T, app, deployment string, n int) {
	t.Helper()
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			w := httptest.NewRecorder()
			f.Serve(w, httptest.NewRequest("GET", "http://a.localhost/api/x", nil), runtime.Function{AppID: app, Deployment: deployment, Load: f.load})
			if w.Code != 200 {
				t.Errorf("%s %s: %d %s", app, deployment, w.Code, w.Body)
			}
		})
	}
	group.Wait()
}

// Serve serves a request.
func (f *fleet) Serve(w http.ResponseWriter, r *http.Request, fn runtime.Function) {
	f.server.Serve(w, r, fn)
}

func TestDeploymentsOfOneAppShareItsVMs(t *testing.T) {
	f := newFleet(t)
	f.change(func(l *system.Runtime) { l.VMsPerApp = 2 })
	f.ask(t, "a", "live", 4)
	f.ask(t, "a", "preview", 4) // must not wait for idle VMs of the other deployment
	f.ask(t, "b", "other", 4)
	if all, by := f.CountVMs(); all != 4 || by["a"] != 2 || by["b"] != 2 {
		t.Errorf("%d %v", all, by)
	}
	var group sync.WaitGroup
	for _, deployment := range []string{"live", "preview", "another"} {
		group.Go(func() { f.ask(t, "a", deployment, 5) })
	}
	group.Wait()
	if all, by := f.CountVMs(); all > 4 || all < 0 || by["a"] > 2 || by["a"] < 1 {
		t.Errorf("%d %v", all, by)
	}
}

func TestLoweredLimitsCloseIdleVMsAndRaisedOnesAdmitRequests(t *testing.T) {
	for name, c := range map[string]struct {
		lower func(l *system.Runtime)
		all   int
	}{
		"in all":  {func(l *system.Runtime) { l.VMs = 2 }, 2},
		"per app": {func(l *system.Runtime) { l.VMsPerApp = 1 }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t)
			f.ask(t, "a", "a1", 4)
			f.ask(t, "b", "b1", 4)
			if all, _ := f.CountVMs(); all < 4 {
				t.Skipf("only %d VMs were created", all)
			}
			f.change(c.lower)
			for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
				all, by := f.CountVMs()
				if all == c.all {
					break
				}
				if time.Now().After(end) {
					t.Fatalf("%d %v", all, by)
				}
			}
			f.ask(t, "a", "a1", 6) // no more VMs are busy than the limit allows
			if all, by := f.CountVMs(); all != c.all && all != 1 {
				t.Errorf("%d %v", all, by)
			}
		})
	}
	t.Run("raised", func(t *testing.T) {
		f := newFleet(t)
		f.change(func(l *system.Runtime) { l.VMsPerApp = 1 })
		f.ask(t, "a", "a1", 1)
		f.change(func(l *system.Runtime) { l.VMsPerApp = 4 })
		f.ask(t, "a", "a1", 4)
		if all, _ := f.CountVMs(); all < 2 {
			t.Errorf("%d", all)
		}
	})
}

func TestAVMMadeUnderOtherLimitsIsReplaced(t *testing.T) {
	f := newFleet(t)
	f.ask(t, "a", "a1", 1)
	before := f.IdleVMs("a1")[0]
	f.ask(t, "a", "a1", 1)
	if f.IdleVMs("a1")[0] != before {
		t.Fatal("the VM was replaced for no reason")
	}
	f.change(func(l *system.Runtime) { l.MaxMemory = 8 << 20 })
	f.ask(t, "a", "a1", 1)
	now := f.IdleVMs("a1")[0]
	if now == before || now.MaxMemory() != 8<<20 {
		t.Errorf("it has %d", now.MaxMemory())
	}
	if all, by := f.CountVMs(); all != 1 || by["a"] != 1 {
		t.Errorf("%d %v", all, by)
	}
}

func TestARequestWhoseTimeEndedInTheQueueIsRetryable(t *testing.T) {
	f := newFleet(t)
	w := httptest.NewRecorder()
	f.Serve(w, httptest.NewRequest("GET", "http://a.localhost/api/x", nil), runtime.Function{AppID: "a", Deployment: "a1", Load: f.load, Ends: time.Now().Add(-time.Second)})
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	f.ask(t, "a", "a1", 1)
}
