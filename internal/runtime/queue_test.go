package runtime_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	goruntime "runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fazt/internal/runtime/runtimetest"
	"fazt/internal/runtime/sched"
	"fazt/internal/share"
	"fazt/internal/system"
)

// lendAnother lends the app its one extra processor, so that it has to wait its turn for any other.
func lendAnother(cpu *sched.Processors, app string) {
	for range cpu.Count() {
		cpu.Reacquire("app_before")
	}
	cpu.Reacquire(app)
	for range cpu.Count() {
		cpu.Release("app_before")
	}
}

// An endless loop in one app used to keep requests of other apps waiting for as long as it could run.
func TestAnEndlessLoopLetsAnotherAppGoFirst(t *testing.T) {
	h := runtimetest.New(t, `export default () => { for (;;) {} };`, func(l *system.Runtime) { l.ExecTimeout = 2000 })
	other := h.Another(t, "dep_2", `export default () => new Response("fine");`)
	other.Fn.AppID = "app_quiet"
	lendAnother(h.Processors(), "app_quiet")
	var ended atomic.Int64
	var all sync.WaitGroup
	for range h.Processors().Count() {
		all.Go(func() {
			h.Ask(t, "GET", "/", "")
			ended.Add(1)
		})
	}
	for h.Stats().Busy < h.Processors().Count() {
		time.Sleep(time.Millisecond)
	}
	for range 20 {
		if w := other.Ask(t, "GET", "/", ""); w.Code != http.StatusOK {
			t.Errorf("the other app responded %d %s", w.Code, w.Body)
		}
	}
	if ended.Load() > 0 {
		t.Error("the other app waited until the loops were over")
	}
	all.Wait()
}

// A request that ran out of time in the queue used to get 504, as if its function had been slow, and ran for nothing.
func TestARequestThatNeverBeganIsRefusedRatherThanTimedOut(t *testing.T) {
	var short atomic.Bool
	h := runtimetest.NewWith(t, `export default async (r) => { await new Promise((f) => setTimeout(f, 500)); return new Response("ok"); };`, runtimetest.Options{Limits: func(string) system.Runtime {
		l := system.Defaults().Runtime
		l.VMs, l.VMsPerApp, l.QueueWait = 1, 1, 5000
		if short.Load() {
			l.ExecTimeout = 50
		}
		return l
	}})
	var all sync.WaitGroup
	all.Go(func() {
		if w := h.Ask(t, "GET", "/", ""); w.Code != http.StatusOK {
			t.Errorf("the first: %d", w.Code)
		}
	})
	for h.Stats().Busy == 0 {
		time.Sleep(time.Millisecond)
	}
	short.Store(true)
	for range 5 {
		all.Go(func() {
			w := h.Ask(t, "GET", "/", "")
			if after, _ := strconv.Atoi(w.Header().Get("Retry-After")); w.Code != http.StatusServiceUnavailable || after < 1 {
				t.Errorf("a waiting request: %d, Retry-After %d", w.Code, after)
			}
		})
	}
	all.Wait()
	if got := h.Stats().Refused; got != 5 {
		t.Errorf("%d were counted as refused", got)
	}
}

// While two apps are flooded, a third is served as usual: each app has its own line.
func TestACrowdInOneAppDoesNotDelayAnother(t *testing.T) {
	h := runtimetest.New(t, `export default () => { for (let end = Date.now() + 5; Date.now() < end;) {} return new Response("ok"); };`)
	h.Fn.AppID = "app_crowded"
	other := h.Another(t, "dep_2", `export default () => new Response("fine");`)
	other.Fn.AppID = "app_quiet"
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() { h.Ask(t, "GET", "/", "") })
	}
	for range 20 {
		if w := other.Ask(t, "GET", "/", ""); w.Code != http.StatusOK {
			t.Errorf("the other app responded %d %s", w.Code, w.Body)
		}
	}
	all.Wait()
}

// A request that will be refused does not get its body of eight megabytes read.
func TestTheBodyOfARefusedRequestIsNotRead(t *testing.T) {
	h := runtimetest.New(t, `export default () => new Response("ok");`, func(l *system.Runtime) { l.QueueWait = 20 })
	h.Processors().Join(share.Holder{App: h.Fn.AppID})
	for h.Processors().Admit(share.Holder{App: h.Fn.AppID}, 20*time.Millisecond) == nil { // until the line has been stuck for too long
		time.Sleep(time.Millisecond)
	}
	r := httptest.NewRequest("POST", "http://a.localhost/", unreadable{t})
	w := httptest.NewRecorder()
	h.Serve(w, r, h.Fn)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || h.Stats().Refused != 1 {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, fmt.Errorf("must not be read")
}

// On one processor, scripts that handed it to each other kept new requests from being noticed: none was refused, and all were
// served seconds late.
func TestOnOneProcessorRequestsAreRefusedRatherThanQueuedUncounted(t *testing.T) {
	defer goruntime.GOMAXPROCS(goruntime.GOMAXPROCS(1))
	h := runtimetest.New(t, `export default () => { for (const end = performance.now() + 5; performance.now() < end;) {} return new Response("done"); }`,
		func(l *system.Runtime) { l.QueueWait = 100 })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.Serve(w, r, h.Fn) }))
	defer server.Close()
	var served, refused atomic.Int64
	var all sync.WaitGroup
	for range 200 { // a second of work
		all.Go(func() {
			resp, err := server.Client().Get(server.URL)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			switch resp.StatusCode {
			case http.StatusOK:
				served.Add(1)
			case http.StatusServiceUnavailable:
				refused.Add(1)
			}
		})
	}
	all.Wait()
	if served.Load() == 0 || refused.Load() == 0 || served.Load()+refused.Load() != 200 {
		t.Errorf("%d were served and %d refused", served.Load(), refused.Load())
	}
}
