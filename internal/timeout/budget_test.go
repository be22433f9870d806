package timeout

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"fazt/internal/errs"
)

func TestABudgetCountsDownAndRefusesSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := With(t.Context(), 5*time.Second)
		defer cancel()
		if err := Need(ctx, 4*time.Second, "storage"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if b, _ := From(ctx); b.Remaining() != 3*time.Second || b.Window() != 5*time.Second {
			t.Fatalf("remaining %v of %v", b.Remaining(), b.Window())
		}
		err := Need(ctx, 4*time.Second, "storage")
		if !errs.Is(err, errs.Unavailable) || err.Error() != "too little time is left for storage: 3000 ms of 5000 ms" {
			t.Fatalf("got %v", err)
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

func TestShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := With(t.Context(), 4*time.Second)
		defer cancel()
		half, cancel := Share(ctx, 0.5, time.Minute)
		defer cancel()
		capped, cancel := Share(ctx, 0.5, time.Second)
		defer cancel()
		free, cancel := Share(t.Context(), 0.5, time.Minute)
		defer cancel()
		for name, tt := range map[string]struct {
			ctx  context.Context
			want time.Duration
		}{"half of the rest": {half, 2 * time.Second}, "capped": {capped, time.Second}, "no budget": {free, time.Minute}} {
			deadline, _ := tt.ctx.Deadline()
			if got := time.Until(deadline); got != tt.want {
				t.Errorf("%s: %v, want %v", name, got, tt.want)
			}
		}
	})
}

func TestWithoutABudgetEverythingMayStart(t *testing.T) {
	if err := Need(t.Context(), time.Hour, "x"); err != nil {
		t.Fatal(err)
	}
}
