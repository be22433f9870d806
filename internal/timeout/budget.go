// Package timeout carries the time a piece of work has left, and says whether a step of it may still start.
//
// A Budget is a window that begins once, at the edge (a request enters a function), and travels in the context. A
// step that needs time asks before it starts: refusing at once, with an error that may be retried, beats starting
// work that cannot be finished and holding a place while it fails.
package timeout

import (
	"context"
	"time"

	"fazt/internal/errs"
)

// Budget is the window of one piece of work.
type Budget struct {
	window time.Duration
	ends   time.Time
}

type budgetKey struct{}

// With opens a window: the context ends with it, and steps below see it.
func With(ctx context.Context, window time.Duration) (context.Context, context.CancelFunc) {
	b := Budget{window: window, ends: time.Now().Add(window)}
	if outer, ok := From(ctx); ok && outer.ends.Before(b.ends) {
		b.ends = outer.ends
	}
	ctx, cancel := context.WithDeadline(ctx, b.ends)
	return context.WithValue(ctx, budgetKey{}, b), cancel
}

// From is the window ctx carries; ok is false where nobody opened one, and then time is not bounded by a budget.
func From(ctx context.Context) (b Budget, ok bool) {
	b, ok = ctx.Value(budgetKey{}).(Budget)
	return b, ok
}

// Window is the length of the whole window.
func (b Budget) Window() time.Duration { return b.window }

// Remaining is how much of the window is left; never negative.
func (b Budget) Remaining() time.Duration { return max(0, time.Until(b.ends)) }

// Need refuses, with an error that may be retried, when less than d is left. Without a budget it always allows.
func Need(ctx context.Context, d time.Duration, step string) error {
	b, ok := From(ctx)
	if !ok {
		return ctx.Err()
	}
	if left := b.Remaining(); left < d {
		return errs.New(errs.Unavailable, "too little time is left for %s: %d ms of %d ms", step, left.Milliseconds(), b.window.Milliseconds())
	}
	return ctx.Err()
}

// Share is a context for one step that may use the given part (0 to 1) of what is left, and no more than most.
func Share(ctx context.Context, part float64, most time.Duration) (context.Context, context.CancelFunc) {
	d := most
	if b, ok := From(ctx); ok {
		d = min(d, time.Duration(float64(b.Remaining())*part))
	}
	return context.WithTimeout(ctx, d)
}
