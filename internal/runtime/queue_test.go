package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fazt/internal/errs"
	"fazt/internal/share"
	"fazt/internal/system"
)

func within(ctx context.Context) func() (context.Context, context.CancelFunc) {
	return func() (context.Context, context.CancelFunc) { return context.WithCancel(ctx) }
}

// crowd lets people wait for the only processor, one after the other so that their order is known, then gives turns
// until all had theirs, and tells in which order that was.
func crowd(t *testing.T, people []string) (served []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newProcessors(1)
		p.comeBack("x")
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, who := range people {
			all.Go(func() {
				if who == "back" {
					p.comeBack("x")
				} else {
					l := p.join(share.Holder{App: who})
					if _, err := p.enter(l, 0, nil); err != nil {
						t.Error(err)
					}
					p.depart(l, true)
				}
				mu.Lock()
				served = append(served, who)
				mu.Unlock()
			})
			synctest.Wait()
		}
		last := "x"
		for range people {
			p.leave(last)
			synctest.Wait()
			if last = served[len(served)-1]; last == "back" {
				last = "x"
			}
		}
		p.leave(last)
		all.Wait()
		if p.free != 1 || len(p.holds) != 0 || len(p.lines) != 0 || len(p.order) != 0 || len(p.back) != 0 {
			t.Errorf("something is left: %+v", p)
		}
	})
	return served
}

func TestWhereEverybodyHasWorkedForLongAnAppThatHoldsNoProcessorIsLentOneAtOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		worked, waits time.Duration
		app           string
		lent          bool
	}{
		"for long":                     {2 * slice, 0, "other", true},
		"for a moment":                 {slice / 2, lendAfter, "other", true},
		"for long, and it holds one":   {2 * slice, time.Second, "busy", false},
		"for a moment, and it has one": {slice / 2, time.Second, "busy", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProcessors(1)
				p.comeBack("busy")
				time.Sleep(tt.worked)
				came := time.Now()
				l := p.join(share.Holder{App: tt.app})
				lent, _ := p.enter(l, time.Second, within(t.Context()))
				p.depart(l, lent)
				if waited := time.Since(came); lent != tt.lent || waited != tt.waits {
					t.Errorf("lent %v after %v", lent, waited)
				}
			})
		})
	}
}

// A processor goes from a script at work to the others and back.
func TestAScriptThatWorksForLongLetsOthersGoFirst(t *testing.T) {
	tests := []struct {
		name         string
		own          bool // it lets those of its own app go first, too
		people, want []string
	}{
		{"another app", false, []string{"x", "y"}, []string{"y", "busy", "x"}},
		{"none of its own app", false, []string{"x", "x"}, []string{"busy", "x", "x"}},
		{"after long its own", true, []string{"x", "x"}, []string{"x", "x", "busy"}},
		{"one of each app", false, []string{"y", "y", "y", "z"}, []string{"y", "z", "y", "busy", "y"}},
		{"who comes back goes first all the same", false, []string{"y", "back"}, []string{"y", "back", "busy"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var served []string
			synctest.Test(t, func(t *testing.T) {
				p := newProcessors(1)
				p.comeBack("x")
				var all sync.WaitGroup
				for _, who := range tt.people {
					all.Go(func() {
						app := who
						if who == "back" {
							app = "x"
							p.comeBack(app)
						} else {
							l := p.join(share.Holder{App: who})
							if _, err := p.enter(l, 0, nil); err != nil {
								t.Error(err)
							}
							p.depart(l, true)
						}
						served = append(served, who) // whoever holds the only processor
						p.leave(app)
					})
					synctest.Wait()
				}
				l := p.join(share.Holder{App: "x"})
				p.yield(l, tt.own)
				p.depart(l, false)
				served = append(served, "busy")
				p.leave("x")
				all.Wait()
				if p.free != 1 || len(p.holds) != 0 || len(p.lines) != 0 || len(p.order) != 0 || len(p.back) != 0 {
					t.Errorf("something is left: %+v", p)
				}
			})
			if !slices.Equal(served, tt.want) {
				t.Errorf("%v, want %v", served, tt.want)
			}
		})
	}
}

// A loop without end in one app let the requests of others wait for as long as it could run.
func TestALoopWithoutEndLetsAnotherAppGoFirst(t *testing.T) {
	h := newHost(t, `export default () => { for (;;) {} };`, func(l *system.Runtime) { l.ExecTimeout = 2000 })
	other := h.another(t, "dep_2", `export default () => new Response("fine");`)
	other.fn.AppID = "app_quiet"
	h.cpu.lent["app_quiet"] = true // it is lent no processor
	var ended atomic.Int64
	var all sync.WaitGroup
	for range h.cpu.n {
		all.Go(func() {
			h.ask(t, "GET", "/", "")
			ended.Add(1)
		})
	}
	for h.Stats().Busy < h.cpu.n {
		time.Sleep(time.Millisecond)
	}
	for range 20 {
		if w := other.ask(t, "GET", "/", ""); w.Code != http.StatusOK {
			t.Errorf("the other app answers %d %s", w.Code, w.Body)
		}
	}
	if ended.Load() > 0 {
		t.Error("the other app waited until the loops were over")
	}
	all.Wait()
}

// An app whose runs work until their deadline held all processors for as long, and the requests of others waited.
func TestAnAppThatWaitsIsLentAProcessorOnceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProcessors(1)
		p.comeBack("busy")
		l := p.join(share.Holder{App: "other"})
		lent, err := p.enter(l, time.Second, within(t.Context()))
		p.depart(l, true)
		if !lent || err != nil {
			t.Fatalf("a newcomer: %v %v", lent, err)
		}
		if !p.comeBack("third") {
			t.Error("a run of a third app that comes back is lent none")
		}
		l = p.join(share.Holder{App: "other"})
		if lent, err = p.enter(l, time.Second, within(t.Context())); lent || err == nil {
			t.Errorf("the app is lent a second one: %v", err)
		}
		p.depart(l, false)
		p.giveBack("other")
		l = p.join(share.Holder{App: "other"})
		if lent, err = p.enter(l, time.Second, within(t.Context())); !lent || err != nil {
			t.Errorf("after it gave it back: %v %v", lent, err)
		}
		p.depart(l, true)
		p.giveBack("other")
		p.giveBack("third")
		p.leave("busy")
		if p.free != 1 || len(p.holds) != 0 || len(p.lent) != 0 || len(p.lines) != 0 || len(p.order) != 0 || len(p.back) != 0 {
			t.Errorf("something is left: %+v", p)
		}
	})
}

func TestWhoIsNext(t *testing.T) {
	tests := []struct {
		name         string
		people, want []string
	}{
		{"in the order they came", []string{"a", "a"}, []string{"a", "a"}},
		{"an app with many visitors is like one with one", []string{"a", "a", "a", "b", "c"}, []string{"a", "b", "c", "a", "a"}},
		{"who comes back goes first", []string{"a", "b", "back", "back"}, []string{"back", "back", "a", "b"}},
		{"but does not keep the others out", []string{"a", "b", "back", "back", "back", "back", "back", "back"}, []string{"back", "back", "back", "back", "a", "back", "back", "b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := crowd(t, tt.people); !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

func TestWhoGivesUpLeavesNoPlaceBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProcessors(1)
		p.comeBack("x")
		p.lent["a"] = true // it gets no more
		gone, cancel := context.WithCancel(t.Context())
		late, cancelLate := context.WithTimeout(t.Context(), time.Second)
		defer cancelLate()
		var all sync.WaitGroup
		for _, tt := range []struct {
			ctx     context.Context
			timeout time.Duration
			kind    errs.Kind
		}{{gone, time.Hour, errs.Canceled}, {late, time.Hour, errs.Unavailable}, {t.Context(), 2 * time.Second, errs.Unavailable}} {
			all.Go(func() {
				l := p.join(share.Holder{App: "a"})
				_, err := p.enter(l, tt.timeout, within(tt.ctx))
				p.depart(l, err == nil)
				if !errs.Is(err, tt.kind) || tt.kind == errs.Unavailable && errs.RetryAfter(err) == 0 {
					t.Errorf("%v, want %v", err, tt.kind)
				}
			})
		}
		synctest.Wait()
		cancel()
		all.Wait()
		p.leave("x")
		if p.free != 1 || len(p.lines) != 0 || len(p.order) != 0 {
			t.Errorf("something is left: %+v", p)
		}
	})
}

func TestALineRefusesWhomItCannotServeInTime(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name    string
		waiting int
		every   time.Duration
		since   time.Duration // the last was served
		stood   time.Duration // before that
		full    bool
	}{
		{"short", 10, 10 * ms, 5 * ms, 0, false},
		{"long", 100, 10 * ms, 5 * ms, 0, true},
		{"long and fast", 1000, 100 * time.Microsecond, 0, 0, false},
		{"of unknown pace, new", 1000, 0, ms, 0, false},
		{"of unknown pace, standing", 1, 0, 800 * ms, 0, true},
		{"standing", 1, 10 * ms, 800 * ms, 0, true},
		{"slow but moving", 1, 600 * ms, 500 * ms, 0, false},
		{"a burst", 50, 10 * ms, 5 * ms, 500 * ms, false},
		{"the same for long", 50, 10 * ms, 5 * ms, 1500 * ms, true},
		{"short for long", 10, 10 * ms, 5 * ms, 1500 * ms, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProcessors(1)
				for range tt.waiting {
					p.join(share.Holder{App: "a"})
				}
				p.lines["a"].every = tt.every
				time.Sleep(tt.stood)
				p.lines["a"].last = time.Now()
				time.Sleep(tt.since)
				err := p.full(share.Holder{App: "a"}, time.Second)
				if errs.Is(err, errs.Unavailable) != tt.full {
					t.Errorf("%v, want full %v", err, tt.full)
				}
				if tt.full && errs.RetryAfter(err) < time.Second {
					t.Errorf("to be tried again after %v", errs.RetryAfter(err))
				}
				if err := p.full(share.Holder{App: "b"}, time.Second); err != nil {
					t.Errorf("another app: %v", err)
				}
			})
		})
	}
}

func TestThePaceOfALineIsLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProcessors(1)
		var all []*member
		for range 100 {
			all = append(all, p.join(share.Holder{App: "a"}))
		}
		for _, l := range all[:90] {
			time.Sleep(20 * time.Millisecond)
			p.depart(l, true)
		}
		if got := p.lines["a"].wait(10, time.Now()); got != 11*20*time.Millisecond { // ten wait, and the next has just begun
			t.Errorf("%v", got)
		}
		for _, l := range all[90:] {
			p.depart(l, false)
		}
		if len(p.lines) != 0 {
			t.Error("the line is still there")
		}
	})
}

// A request that ran out of time in the queue was answered 504, as if its function had been slow, and ran for nothing.
func TestARequestThatNeverBeganIsRefusedAndNotTimedOut(t *testing.T) {
	h := newHost(t, `export default async (r) => { await new Promise((f) => setTimeout(f, 500)); return new Response("ok"); };`)
	var short atomic.Bool
	h.Engine = New(Config{Console: h.log, Log: slog.New(slog.DiscardHandler), Limits: func(string) system.Runtime {
		l := system.Defaults().Runtime
		l.VMs, l.VMsPerApp, l.QueueWait = 1, 1, 5000
		if short.Load() {
			l.ExecTimeout = 50
		}
		return l
	}})
	var all sync.WaitGroup
	all.Go(func() {
		if w := h.ask(t, "GET", "/", ""); w.Code != http.StatusOK {
			t.Errorf("the first: %d", w.Code)
		}
	})
	for h.Stats().Busy == 0 {
		time.Sleep(time.Millisecond)
	}
	short.Store(true)
	for range 5 {
		all.Go(func() {
			w := h.ask(t, "GET", "/", "")
			if after, _ := strconv.Atoi(w.Header().Get("Retry-After")); w.Code != http.StatusServiceUnavailable || after < 1 {
				t.Errorf("one who waited: %d, Retry-After %d", w.Code, after)
			}
		})
	}
	all.Wait()
	if got := h.Stats().Refused; got != 5 {
		t.Errorf("%d were counted as refused", got)
	}
	h.shutdown()
}

// While two apps are flooded, a third is served as ever: lines are by app.
func TestACrowdBeforeOneAppIsNotInTheWayOfAnother(t *testing.T) {
	h := newHost(t, `export default () => { for (let end = Date.now() + 5; Date.now() < end;) {} return new Response("ok"); };`)
	h.fn.AppID = "app_crowded"
	other := h.another(t, "dep_2", `export default () => new Response("fine");`)
	other.fn.AppID = "app_quiet"
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() { h.ask(t, "GET", "/", "") })
	}
	for range 20 {
		if w := other.ask(t, "GET", "/", ""); w.Code != http.StatusOK {
			t.Errorf("the other app answers %d %s", w.Code, w.Body)
		}
	}
	all.Wait()
}

// A body of eight megabytes is not read for a request that will be refused.
func TestTheBodyOfARefusedRequestIsNotRead(t *testing.T) {
	h := newHost(t, `export default () => new Response("ok");`)
	l := h.cpu.join(share.Holder{App: h.fn.AppID})
	h.cpu.mu.Lock()
	l.every = time.Hour
	h.cpu.mu.Unlock()
	r := httptest.NewRequest("POST", "http://a.localhost/", unreadable{t})
	w := httptest.NewRecorder()
	h.Serve(w, r, h.fn)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || h.Stats().Refused != 1 {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, fmt.Errorf("not to be read")
}

// BenchmarkFull is what a refusal costs before HTTP, and what every request pays.
func BenchmarkFull(b *testing.B) {
	p := newProcessors(2)
	b.Run("nobody waits", func(b *testing.B) {
		for b.Loop() {
			_ = p.full(share.Holder{App: "a"}, time.Second)
		}
	})
	p.join(share.Holder{App: "a"}).every = time.Hour
	b.Run("refused", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = p.full(share.Holder{App: "a"}, time.Second)
		}
	})
}

// On one processor, scripts that hand it to one another kept requests that had arrived from ever being looked at: none was
// refused, and each was served, seconds late.
func TestOnOneProcessorRequestsAreRefusedAndNotLeftInAQueueNobodyCounts(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	h := newHost(t, `export default () => { for (const end = performance.now() + 5; performance.now() < end;) {} return new Response("done"); }`,
		func(l *system.Runtime) { l.QueueWait = 100 })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.Serve(w, r, h.fn) }))
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
