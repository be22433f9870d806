package transport

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// quiet returns a wire whose other side sends nothing.
func quiet(t *testing.T, maxHeader int64) *wire {
	t.Helper()
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	return newWire(a, a, false, maxHeader)
}

func TestOverheadIsAllowedToItsLastByte(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const start = initialOverhead + 2*1000
		for name, tt := range map[string]struct {
			do   func(w *wire)
			left int64 // that may still be spent
		}{
			"at the start":                  {func(*wire) {}, start},
			"after some":                    {func(w *wire) { w.spend(100) }, start - 100},
			"after a body":                  {func(w *wire) { w.body(100) }, start + 200},
			"after nothing of a body":       {func(w *wire) { w.body(0) }, start},
			"after a large body":            {func(w *wire) { w.body(1 << 30) }, maxOverhead},
			"after two large bodies":        {func(w *wire) { w.body(1 << 30); w.body(1 << 30) }, maxOverhead},
			"after the next request begins": {func(w *wire) { w.spend(start); w.begin() }, start},
			"while idle":                    {func(w *wire) { w.rest() }, idleOverhead},
		} {
			for _, more := range []int64{0, 1} {
				w := quiet(t, 1000)
				tt.do(w)
				if w.spend(tt.left + more); (w.failed() != nil) != (more > 0) {
					t.Errorf("%s, %d bytes: %v", name, tt.left+more, w.failed())
				}
				if w.reusable() != (more == 0) {
					t.Errorf("%s, %d bytes: reusable %v", name, tt.left+more, w.reusable())
				}
			}
		}
	})
}

// A slow server may send for as long as it wants, a fast one may not.
func TestOverheadIsEarnedWithTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			pause time.Duration
			more  int64 // beyond what there is
			fails bool
		}{
			{0, 1, true}, {time.Second, overheadPerSecond, false}, {time.Second, overheadPerSecond + 1, true}, {500 * time.Millisecond, overheadPerSecond / 2, false}, {time.Hour, initialOverhead, false},
		} {
			w := quiet(t, 0)
			time.Sleep(tt.pause)
			if w.spend(initialOverhead + tt.more); (w.failed() != nil) != tt.fails {
				t.Errorf("after %s, %d more: %v", tt.pause, tt.more, w.failed())
			}
		}
		w := quiet(t, 0)
		time.Sleep(time.Second)
		w.spend(initialOverhead + overheadPerSecond)
		if w.spend(1); w.failed() == nil { // the second was counted
			t.Error("a second is earned twice")
		}
		first := w.failed()
		w.mu.Lock()
		w.fail("something else")
		w.mu.Unlock()
		if !errors.Is(w.failed(), first) || w.failed().Error() != first.Error() {
			t.Errorf("the first reason was replaced: %v", w.failed())
		}
	})
}

func TestWhenARequestMayBeSentAgain(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change            func(w *wire)
		idempotent, other bool // GET, POST
	}{
		"nothing was sent":        {func(*wire) {}, true, true},
		"it was sent":             {func(w *wire) { w.written = 1 }, true, false},
		"a response has begun":    {func(w *wire) { w.written, w.read = 1, 1 }, false, false},
		"the wire failed":         {func(w *wire) { w.failure = &Error{} }, false, false},
		"it failed before it was": {func(w *wire) { w.failure = &Error{}; w.written = 1 }, false, false},
	} {
		w := quiet(t, 0)
		tt.change(w)
		for method, want := range map[string]bool{"GET": tt.idempotent, "HEAD": tt.idempotent, "PUT": tt.idempotent, "DELETE": tt.idempotent, "POST": tt.other, "PATCH": tt.other} {
			if got := w.repeatable(method); got != want {
				t.Errorf("%s, %s: %v", name, method, got)
			}
		}
	}
	w := quiet(t, 0)
	if !w.reusable() {
		t.Error("a new connection cannot be used")
	}
	if err := w.Close(); err != nil || w.reusable() {
		t.Errorf("a closed connection can be used: %v", err)
	}
}
