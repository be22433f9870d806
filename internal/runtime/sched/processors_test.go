package sched

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fazt/internal/errs"
	"fazt/internal/share"
)

func within(ctx context.Context) func() (context.Context, context.CancelFunc) {
	return func() (context.Context, context.CancelFunc) { return context.WithCancel(ctx) }
}

// crowd queues people for the only processor, one after the other, and returns the order in which they are served.
func crowd(t *testing.T, people []string) (served []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := New(1)
		p.Reacquire("x")
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, who := range people {
			all.Go(func() {
				if who == "back" {
					p.Reacquire("x")
				} else {
					l := p.Join(share.Holder{App: who})
					if _, err := p.Acquire(l, 0, nil); err != nil {
						t.Error(err)
					}
					p.Leave(l, true)
				}
				mu.Lock()
				served = append(served, who)
				mu.Unlock()
			})
			synctest.Wait()
		}
		last := "x"
		for range people {
			p.Release(last)
			synctest.Wait()
			if last = served[len(served)-1]; last == "back" {
				last = "x"
			}
		}
		p.Release(last)
		all.Wait()
		if p.free != 1 || len(p.holds) != 0 || len(p.lines) != 0 || len(p.order) != 0 || len(p.back) != 0 {
			t.Errorf("something is left: %+v", p)
		}
	})
	return served
}

func TestAppWithoutProcessorIsLentOneAtOnceIfAllHaveWorkedLong(t *testing.T) {
	for name, tt := range map[string]struct {
		worked, waits time.Duration
		app           string
		lent          bool
	}{
		"for long":                     {2 * Slice, 0, "other", true},
		"for a moment":                 {Slice / 2, lendAfter, "other", true},
		"for long, and it holds one":   {2 * Slice, time.Second, "busy", false},
		"for a moment, and it has one": {Slice / 2, time.Second, "busy", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := New(1)
				p.Reacquire("busy")
				time.Sleep(tt.worked)
				came := time.Now()
				l := p.Join(share.Holder{App: tt.app})
				lent, _ := p.Acquire(l, time.Second, within(t.Context()))
				p.Leave(l, lent)
				if waited := time.Since(came); lent != tt.lent || waited != tt.waits {
					t.Errorf("lent %v after %v", lent, waited)
				}
			})
		})
	}
}

// A processor goes from a working script to the others and back.
func TestLongScriptYields(t *testing.T) {
	tests := []struct {
		name         string
		own          bool // it also lets its own app go first
		people, want []string
	}{
		{"another app", false, []string{"x", "y"}, []string{"y", "busy", "x"}},
		{"none of its own app", false, []string{"x", "x"}, []string{"busy", "x", "x"}},
		{"after long its own", true, []string{"x", "x"}, []string{"x", "x", "busy"}},
		{"one of each app", false, []string{"y", "y", "y", "z"}, []string{"y", "z", "y", "busy", "y"}},
		{"returning scripts still go first", false, []string{"y", "back"}, []string{"y", "back", "busy"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var served []string
			synctest.Test(t, func(t *testing.T) {
				p := New(1)
				p.Reacquire("x")
				var all sync.WaitGroup
				for _, who := range tt.people {
					all.Go(func() {
						app := who
						if who == "back" {
							app = "x"
							p.Reacquire(app)
						} else {
							l := p.Join(share.Holder{App: who})
							if _, err := p.Acquire(l, 0, nil); err != nil {
								t.Error(err)
							}
							p.Leave(l, true)
						}
						served = append(served, who) // safe: only one holds the processor
						p.Release(app)
					})
					synctest.Wait()
				}
				l := p.Join(share.Holder{App: "x"})
				p.Yield(l, tt.own)
				p.Leave(l, false)
				served = append(served, "busy")
				p.Release("x")
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

// An app whose invocations worked until their deadline used to hold all processors for that long, while other apps waited.
func TestWaitingAppIsLentOneProcessorAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1)
		p.Reacquire("busy")
		l := p.Join(share.Holder{App: "other"})
		lent, err := p.Acquire(l, time.Second, within(t.Context()))
		p.Leave(l, true)
		if !lent || err != nil {
			t.Fatalf("a newcomer: %v %v", lent, err)
		}
		if !p.Reacquire("third") {
			t.Error("a returning script of a third app is not lent one")
		}
		l = p.Join(share.Holder{App: "other"})
		if lent, err = p.Acquire(l, time.Second, within(t.Context())); lent || err == nil {
			t.Errorf("the app was lent a second one: %v", err)
		}
		p.Leave(l, false)
		p.ReleaseLent("other")
		l = p.Join(share.Holder{App: "other"})
		if lent, err = p.Acquire(l, time.Second, within(t.Context())); !lent || err != nil {
			t.Errorf("after it returned it: %v %v", lent, err)
		}
		p.Leave(l, true)
		p.ReleaseLent("other")
		p.ReleaseLent("third")
		p.Release("busy")
		if p.free != 1 || len(p.holds) != 0 || len(p.lent) != 0 || len(p.lines) != 0 || len(p.order) != 0 || len(p.back) != 0 {
			t.Errorf("something is left: %+v", p)
		}
	})
}

func TestOrderOfTurns(t *testing.T) {
	tests := []struct {
		name         string
		people, want []string
	}{
		{"in the order they came", []string{"a", "a"}, []string{"a", "a"}},
		{"an app with many visitors counts like one with a single visitor", []string{"a", "a", "a", "b", "c"}, []string{"a", "b", "c", "a", "a"}},
		{"returning scripts go first", []string{"a", "b", "back", "back"}, []string{"back", "back", "a", "b"}},
		{"but do not shut the others out", []string{"a", "b", "back", "back", "back", "back", "back", "back"}, []string{"back", "back", "back", "back", "a", "back", "back", "b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := crowd(t, tt.people); !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

func TestCanceledRequestLeavesNoTurnBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1)
		p.Reacquire("x")
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
				l := p.Join(share.Holder{App: "a"})
				_, err := p.Acquire(l, tt.timeout, within(tt.ctx))
				p.Leave(l, err == nil)
				if !errs.Is(err, tt.kind) || tt.kind == errs.Unavailable && errs.RetryAfter(err) == 0 {
					t.Errorf("%v, want %v", err, tt.kind)
				}
			})
		}
		synctest.Wait()
		cancel()
		all.Wait()
		p.Release("x")
		if p.free != 1 || len(p.lines) != 0 || len(p.order) != 0 {
			t.Errorf("something is left: %+v", p)
		}
	})
}

func TestClientsOfAnAppTakeTurns(t *testing.T) {
	p := New(1)
	p.take("x")
	names := map[*turn]string{}
	wait := func(app, client string, front bool) {
		l, turn := p.Join(share.Holder{App: app, Client: share.Client(netip.MustParseAddr(client))}), newTurn(app)
		p.enqueue(l, turn, front)
		names[turn] = app + client[len(client)-1:]
	}
	for range 4 {
		wait("a", "192.0.2.1", false)
	}
	wait("a", "192.0.2.2", false)
	wait("b", "192.0.2.1", false)
	wait("a", "192.0.2.3", true)
	var got []string
	for len(p.order) > 0 {
		got = append(got, names[p.takeFrom(0)])
	}
	if want := "a3 b1 a1 a2 a1 a1 a1"; strings.Join(got, " ") != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAdmitRefusesRequestsItCannotServeInTime(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name    string
		waiting int
		every   time.Duration
		since   time.Duration // since the last was served
		stood   time.Duration // how long the line existed before that
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
				p := New(1)
				for range tt.waiting {
					p.Join(share.Holder{App: "a"})
				}
				p.lines["a"].every = tt.every
				time.Sleep(tt.stood)
				p.lines["a"].last = time.Now()
				time.Sleep(tt.since)
				err := p.Admit(share.Holder{App: "a"}, time.Second)
				if errs.Is(err, errs.Unavailable) != tt.full {
					t.Errorf("%v, want full %v", err, tt.full)
				}
				if tt.full && errs.RetryAfter(err) < time.Second {
					t.Errorf("retry after %v", errs.RetryAfter(err))
				}
				if err := p.Admit(share.Holder{App: "b"}, time.Second); err != nil {
					t.Errorf("another app: %v", err)
				}
			})
		})
	}
}

func TestLineLearnsItsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(1)
		var all []*Member
		for range 100 {
			all = append(all, p.Join(share.Holder{App: "a"}))
		}
		for _, l := range all[:90] {
			time.Sleep(20 * time.Millisecond)
			p.Leave(l, true)
		}
		if got := p.lines["a"].wait(10, time.Now()); got != 11*20*time.Millisecond { // ten wait, and the next has just begun
			t.Errorf("%v", got)
		}
		for _, l := range all[90:] {
			p.Leave(l, false)
		}
		if len(p.lines) != 0 {
			t.Error("the line is still there")
		}
	})
}

// BenchmarkAdmit measures the check before HTTP that every request goes through.
func BenchmarkAdmit(b *testing.B) {
	p := New(2)
	b.Run("empty line", func(b *testing.B) {
		for b.Loop() {
			_ = p.Admit(share.Holder{App: "a"}, time.Second)
		}
	})
	p.Join(share.Holder{App: "a"}).every = time.Hour
	b.Run("refused", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = p.Admit(share.Holder{App: "a"}, time.Second)
		}
	})
}
