package egress

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fazt/internal/egress/rules"
	"fazt/internal/fazttest/await"
)

// held is a server that counts requests and holds them until it is told to respond.
type held struct {
	asked atomic.Int32
	open  chan struct{}
	say   http.HandlerFunc
}

func hold(w *world, say http.HandlerFunc) *held {
	h := &held{open: make(chan struct{}), say: say}
	w.serve("example.com", func(rw http.ResponseWriter, r *http.Request) {
		n := h.asked.Add(1)
		select {
		case <-h.open:
		case <-r.Context().Done():
			return
		}
		rw.Header().Set("X-Call", strconv.Itoa(int(n)))
		h.say(rw, r)
	})
	w.allow(rules.Entry{Domain: "example.com", HTTP: true, CacheTTL: 60})
	return h
}

// waiting returns when n calls of the runs are open.
func (w *world) waiting(runs []*Run) {
	w.t.Helper()
	await.Until(w.t, "the calls to be open", func() bool {
		open := 0
		for _, r := range runs {
			r.mu.Lock()
			open += r.open
			r.mu.Unlock()
		}
		return open == len(runs)
	})
}

func TestIdenticalCallsSendOneRequest(t *testing.T) {
	const calls = 50
	for directives, want := range map[string]int32{"max-age=60": 1, "private": calls, "no-store": calls, "max-age=60 no-store": calls, "max-age=0": calls} {
		t.Run(directives, func(t *testing.T) {
			w := newWorld(t)
			h := hold(w, func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Cache-Control", directives)
				_, _ = io.WriteString(rw, "it")
			})
			var runs []*Run
			var all sync.WaitGroup
			var seen sync.Map
			for range calls {
				r := w.gate.Begin("app_1", "")
				runs = append(runs, r)
				all.Go(func() {
					a, body, err := w.in(r, Call{URL: "http://example.com/"})
					if err != nil || body != "it" {
						t.Errorf("%q, %v", body, err)
						return
					}
					if _, twice := seen.LoadOrStore(a.Header.Get("X-Call"), true); twice && want == calls {
						t.Errorf("two calls got the answer to one, which is %s", directives)
					}
				})
			}
			w.waiting(runs)
			close(h.open)
			all.Wait()
			if got := h.asked.Load(); got != want {
				t.Errorf("asked %d times, want %d", got, want)
			}
			w.free()
		})
	}
}

func TestCallsThatDifferDoNotWaitForEachOther(t *testing.T) {
	w := newWorld(t)
	h := hold(w, hello)
	var runs []*Run
	var all sync.WaitGroup
	for _, c := range []Call{
		{URL: "http://example.com/"}, {URL: "http://example.com/?a"}, {URL: "http://example.com/", Header: http.Header{"Accept": {"x"}}}, {URL: "http://example.com/", Header: http.Header{"Authorization": {"x"}}},
		{URL: "http://example.com/", Header: http.Header{"Authorization": {"x"}}}, {URL: "http://example.com/", Cache: "reload"}, {URL: "http://example.com/", Cache: "no-store"},
	} {
		r := w.gate.Begin("app_1", "")
		runs = append(runs, r)
		all.Go(func() { _, _, _ = w.in(r, c) })
	}
	await.Until(t, "all calls to go out", func() bool { return h.asked.Load() == int32(len(runs)) })
	close(h.open)
	all.Wait()
}

// The calls that wait do not fail with the leading one.
func TestWhenTheLeadingCallEndsAnotherGoesOut(t *testing.T) {
	w := newWorld(t)
	h := hold(w, hello)
	ctx, leave := context.WithCancel(t.Context())
	first := w.gate.Begin("app_1", "")
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := first.Do(ctx, Call{URL: "http://example.com/"}); err == nil {
			t.Error("it did not leave")
		}
	})
	await.Until(t, "the call to go out", func() bool { return h.asked.Load() > 0 })
	var runs []*Run
	for range 10 {
		r := w.gate.Begin("app_1", "")
		runs = append(runs, r)
		all.Go(func() {
			if _, body, err := w.in(r, Call{URL: "http://example.com/"}); err != nil || body != "hello" {
				t.Errorf("%q, %v", body, err)
			}
		})
	}
	w.waiting(runs)
	leave()
	await.Until(t, "the next call to go out", func() bool { return h.asked.Load() > 1 })
	close(h.open)
	all.Wait()
	if n := h.asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}
	w.free()
}

func TestAWaitingCallEndsWithItsOwnTime(t *testing.T) {
	w := newWorld(t)
	h := hold(w, hello)
	var all sync.WaitGroup
	all.Go(func() { w.must(Call{URL: "http://example.com/"}) })
	await.Until(t, "the call to go out", func() bool { return h.asked.Load() > 0 })
	if _, _, err := w.do(Call{URL: "http://example.com/", Timeout: 20 * time.Millisecond}); code(err) != CodeTimeout || h.asked.Load() != 1 {
		t.Errorf("%v, asked %d times", err, h.asked.Load())
	}
	if w.last().Code != CodeTimeout {
		t.Errorf("logged %+v", w.last())
	}
	close(h.open)
	all.Wait()
}

// A slow reader is, for example, a function that streams the response to a slow visitor.
func TestASlowReaderDoesNotDelayOthers(t *testing.T) {
	w := newWorld(t)
	large := strings.Repeat("x", 600<<10)
	h := hold(w, func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, large) })
	close(h.open)
	slow, err := w.gate.Begin("app_1", "").Do(t.Context(), Call{URL: "http://example.com/"})
	if err != nil {
		t.Fatal(err)
	}
	if a, body := w.must(Call{URL: "http://example.com/"}); body != large || !a.Cached || h.asked.Load() != 1 {
		t.Errorf("%d bytes, cached %v, asked %d times", len(body), a.Cached, h.asked.Load())
	}
	if body, err := io.ReadAll(slow.Body); string(body) != large || err != nil {
		t.Errorf("the slow one read %d bytes, %v", len(body), err)
	}
	slow.Body.Close()
	w.free()
}

func TestABodyThatIsTooLongToStoreArrivesComplete(t *testing.T) {
	w := newWorld(t)
	w.limits.CacheMaxBytes = 50 << 10
	large := strings.Repeat("0123456789", 60<<10)
	h := hold(w, func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, large) })
	close(h.open)
	for n := range int32(2) {
		if _, body := w.must(Call{URL: "http://example.com/"}); body != large || h.asked.Load() != n+1 {
			t.Errorf("%d bytes, asked %d times", len(body), h.asked.Load())
		}
	}
}

func TestAResponseFromBeforeAChangeIsNotStored(t *testing.T) {
	w := newWorld(t)
	h := hold(w, hello)
	var all sync.WaitGroup
	all.Go(func() { w.must(Call{URL: "http://example.com/"}) })
	await.Until(t, "the call to go out", func() bool { return h.asked.Load() > 0 })
	w.gate.cache.Forget("app_1", "http://example.com/")
	close(h.open)
	all.Wait()
	if a, _ := w.must(Call{URL: "http://example.com/"}); a.Cached {
		t.Error("it was kept")
	}
}

// Identical calls that find a response too old for them wait for one that asks whether it changed, and share what it
// renewed; and they share the next response, too.
func TestIdenticalCallsShareARenewedResponse(t *testing.T) {
	const calls = 20
	for directives, want := range map[string]int32{"max-age=60": 1, "max-age=0": calls} {
		w := newWorld(t)
		var asked atomic.Int32
		var open atomic.Pointer[chan struct{}] // what GET requests are held by; nil = nothing
		w.serve("example.com", func(rw http.ResponseWriter, r *http.Request) {
			if held := open.Load(); held != nil && r.Method == http.MethodGet {
				asked.Add(1)
				<-*held
			}
			rw.Header().Set("Etag", `"a"`)
			if r.Header.Get("If-None-Match") != "" {
				rw.Header().Set("Cache-Control", directives)
				rw.WriteHeader(http.StatusNotModified)
				return
			}
			rw.Header().Set("Cache-Control", "max-age=60")
			if open.Load() == nil {
				rw.Header().Set("Age", "30")
			}
			_, _ = io.WriteString(rw, "it")
		})
		w.allow(rules.Entry{Domain: "example.com", HTTP: true, CacheTTL: 60})
		together := func(first int32) int32 { // first is how many go out before there is a response
			t.Helper()
			held := make(chan struct{})
			open.Store(&held)
			asked.Store(0)
			var runs []*Run
			var all sync.WaitGroup
			for range calls {
				r := w.gate.Begin("app_1", "")
				runs = append(runs, r)
				all.Go(func() {
					a, body, err := w.in(r, Call{URL: "http://example.com/", Header: http.Header{"Cache-Control": {"max-age=20"}}})
					if err != nil || body != "it" || a.Status != 200 {
						t.Errorf("%s: %q, %v", directives, body, err)
					}
				})
			}
			w.waiting(runs)
			await.Until(t, "the first calls to go out", func() bool { return asked.Load() >= first })
			close(held)
			all.Wait()
			return asked.Load()
		}
		w.must(Call{URL: "http://example.com/"})
		if got := together(1); got != want {
			t.Errorf("%s: asked %d times whether it changed, want %d", directives, got, want)
		}
		w.must(Call{Method: "POST", URL: "http://example.com/"}) // drops it
		if got := together(want); got != want {
			t.Errorf("%s: asked %d times for the next, want %d", directives, got, want)
		}
		w.free()
	}
}
