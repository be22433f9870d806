package timeout

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fazt/internal/errs"
)

func TestABudgetCountsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := With(t.Context(), 5*time.Second)
		defer cancel()
		time.Sleep(2 * time.Second)
		if b, _ := From(ctx); b.Remaining() != 3*time.Second || b.Window() != 5*time.Second {
			t.Fatalf("remaining %v of %v", b.Remaining(), b.Window())
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Fatal("the context outlived its window")
		}
		if b, _ := From(ctx); b.Remaining() != 0 {
			t.Fatalf("remaining %v", b.Remaining())
		}
	})
}

func TestAWindowCanceledBeforeTheFirstWaitIsOver(t *testing.T) {
	outer, end := With(t.Context(), time.Hour)
	inner, cancel := With(outer, time.Minute)
	cancel()
	if !errors.Is(inner.Err(), context.Canceled) || outer.Err() != nil {
		t.Fatalf("inner %v, outer %v", inner.Err(), outer.Err())
	}
	<-inner.Done()
	below, cancel := With(outer, time.Minute)
	defer cancel()
	end()
	<-below.Done()
	if !errors.Is(below.Err(), context.Canceled) {
		t.Fatalf("below what was canceled: %v", below.Err())
	}
}

func TestAnInnerWindowNeverOutlivesTheOuter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer, cancel := With(t.Context(), time.Second)
		defer cancel()
		inner, cancel := With(outer, time.Minute)
		defer cancel()
		if b, _ := From(inner); b.Remaining() != time.Second {
			t.Fatalf("remaining %v", b.Remaining())
		}
	})
}

// net10 is NetContext with a limit of 10 s.
func net10(ctx context.Context) (context.Context, context.CancelFunc, error) {
	return NetContext(ctx, 10*time.Second)
}

func TestAStepGetsItsShareOrIsRefused(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name         string
		step         func(context.Context) (context.Context, context.CancelFunc, error)
		window, left time.Duration
		want         time.Duration // 0 = refused
	}{
		{"storage gets half of what is left", StorageContext, 5000 * ms, 4000 * ms, 2000 * ms},
		{"storage gets 3 s at most", StorageContext, 60000 * ms, 50000 * ms, 3000 * ms},
		{"storage may start late", StorageContext, 5000 * ms, 20 * ms, 10 * ms},
		{"storage may not start too late", StorageContext, 5000 * ms, 19 * ms, 0},
		{"storage in a short window", StorageContext, 50 * ms, 5 * ms, 2500 * time.Microsecond},
		{"storage too late in a short window", StorageContext, 50 * ms, 4 * ms, 0},
		{"storage at the end", StorageContext, 5000 * ms, 0, 0},
		{"a call leaves time to answer", net10, 5000 * ms, 5000 * ms, 4500 * ms},
		{"a call gets what its limit allows", net10, 60000 * ms, 60000 * ms, 10000 * ms},
		{"a call may start late", net10, 5000 * ms, 1000 * ms, 500 * ms},
		{"a call may not start too late", net10, 5000 * ms, 999 * ms, 0},
		{"a call in a short window", net10, 1000 * ms, 200 * ms, 100 * ms},
		{"a call too late in a short window", net10, 1000 * ms, 199 * ms, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := With(t.Context(), tt.window)
				defer cancel()
				time.Sleep(tt.window - tt.left)
				if tt.left > 0 {
					synctest.Wait()
				}
				share, done, err := tt.step(ctx)
				if tt.want == 0 {
					if !errs.Is(err, errs.Unavailable) || errs.RetryAfter(err) != time.Second || !strings.HasPrefix(err.Error(), "not enough time left for ") {
						t.Fatalf("got %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer done()
				ends, _ := share.Deadline()
				if got := time.Until(ends); got != tt.want {
					t.Errorf("the share is %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestAnExpiredShareIsRetryableAndAnExpiredWindowIsNot(t *testing.T) {
	for name, step := range map[string]func(context.Context) (context.Context, context.CancelFunc, error){"storage": StorageContext, "net": net10} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := With(t.Context(), 5*time.Second)
				defer cancel()
				share, done, err := step(ctx)
				if err != nil {
					t.Fatal(err)
				}
				defer done()
				<-share.Done()
				if err := context.Cause(share); !errs.Is(err, errs.Unavailable) || !errors.Is(err, context.DeadlineExceeded) || errs.RetryAfter(err) == 0 {
					t.Errorf("the share ended with %v", err)
				}
				if ctx.Err() != nil {
					t.Error("no time is left to answer")
				}
				<-ctx.Done()
				if err := context.Cause(ctx); !errs.Is(err, errs.Timeout) {
					t.Errorf("the window ended with %v", err)
				}
			})
		})
	}
}

func TestNoStepStartsAfterTheCallerLeft(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := StorageContext(ctx); !errs.Is(err, errs.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func TestWithoutABudgetAStepGetsItsMaximum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for want, step := range map[time.Duration]func(context.Context) (context.Context, context.CancelFunc, error){3 * time.Second: StorageContext, 10 * time.Second: net10} {
			ctx, cancel, err := step(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer cancel()
			if ends, _ := ctx.Deadline(); time.Until(ends) != want {
				t.Errorf("%v, want %v", time.Until(ends), want)
			}
		}
	})
}

func BenchmarkStorageContext(b *testing.B) {
	ctx, cancel := With(b.Context(), time.Minute)
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		_, done, err := StorageContext(ctx)
		if err != nil {
			b.Fatal(err)
		}
		done()
	}
}
