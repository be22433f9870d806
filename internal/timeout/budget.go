// Package timeout tracks how much time a piece of work has left and decides whether a step of it may still start.
//
// A Budget is a window that opens once, at the edge (when a request enters a function), and travels in the context. A
// step that takes time asks first: failing fast with a retryable error beats starting work that cannot finish and
// holding a slot while it fails.
//
// StorageContext and NetContext hold the rules for the two kinds of steps. Both leave the function time to respond if
// the step fails, so that its visitor hears from the function rather than from the deadline:
//
//   - Storage gets half of what is left, at most 3 s. Half, because a failed step then leaves as much time again for a
//     fallback; 3 s, because no working disk takes longer.
//   - An outbound call gets all that is left except 500 ms, because it is the step that is really slow.
//
// What a step needs in order to start is small and proportional to the window. A fixed 500 ms (storage) or 1 s (calls)
// would disable both if runtime.exec_timeout is set to 400 ms, and in the last half second of every request, although a
// durable write takes 1 ms here. Whether a write can finish in its share is for the database to decide: it knows the
// length of its queue and the duration of its commits (see database.DB.Write).
package timeout

import (
	"context"
	"sync"
	"time"

	"fazt/internal/errs"
)

// Budget is the time window of one piece of work.
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
	w := &opened{share{Context: ctx, ends: b.ends}, b}
	return w, w.cancel
}

// opened is the context of a window.
type opened struct {
	share
	budget Budget
}

// Value returns the window.
func (w *opened) Value(key any) any {
	if key == (budgetKey{}) {
		return w.budget
	}
	return w.share.Value(key)
}

// From returns the window that ctx carries; ok is false without one, and then no budget bounds the time.
func From(ctx context.Context) (b Budget, ok bool) {
	b, ok = ctx.Value(budgetKey{}).(Budget)
	return b, ok
}

// Window returns the length of the whole window.
func (b Budget) Window() time.Duration { return b.window }

// Remaining returns how much of the window is left; never negative.
func (b Budget) Remaining() time.Duration { return max(0, time.Until(b.ends)) }

const (
	maxStorage   = 3 * time.Second
	storageNeeds = 20 * time.Millisecond // a few commits of a slow disk
	netReserve   = 500 * time.Millisecond
	netNeeds     = 500 * time.Millisecond // a lookup, a handshake and a response from another continent
	// part caps the needs and the reserve of a step at a tenth of a short window.
	part = 10
	// again is the delay before a retry after a refusal for lack of time: another request has its own window.
	again = time.Second
)

// StorageContext returns the context for one read or write of an app's data: half of what is left, at most 3 s. It
// refuses, with a retryable error, if less than 20 ms, or a tenth of a shorter window, is left. Without a budget the
// step gets 3 s.
func StorageContext(ctx context.Context) (context.Context, context.CancelFunc, error) {
	share := maxStorage
	if b, ok := From(ctx); ok {
		left := b.Remaining()
		if left < min(storageNeeds, b.window/part) {
			return nil, nil, b.refuse("storage", left)
		}
		share = min(share, left/2)
	}
	return step(ctx, share, errStorage)
}

// NetContext returns the context for one call to another server: what is left except 500 ms (or a tenth of a shorter
// window), in which the function can still respond, and at most limit. It refuses, with a retryable error, if that is
// less than 500 ms or a tenth of the window.
func NetContext(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc, error) {
	share := limit
	if b, ok := From(ctx); ok {
		left := b.Remaining()
		share = left - min(netReserve, b.window/part)
		if share < min(netNeeds, b.window/part) {
			return nil, nil, b.refuse("a call", left)
		}
		share = min(share, limit)
	}
	return step(ctx, share, errNet)
}

// The errors of a step whose share has run out while the window is still open. Retrying can help.
var (
	errStorage = &errs.Error{Kind: errs.Unavailable, Message: "storage did not respond in time; try again", Retry: again, Err: context.DeadlineExceeded}
	errNet     = &errs.Error{Kind: errs.Unavailable, Message: "the other server did not respond in time; try again", Retry: again, Err: context.DeadlineExceeded}
)

// step opens the share of one step. When it runs out, the context's cause is err, which the step returns.
func step(ctx context.Context, length time.Duration, err error) (context.Context, context.CancelFunc, error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	s := &share{Context: ctx, ends: time.Now().Add(length), cause: err}
	return s, s.cancel, nil
}

// share is a context with a deadline that creates its timer on the first wait: most steps and windows are over before
// anything waits, and creating and stopping a timer costs five times as much as everything else here.
type share struct {
	context.Context
	ends  time.Time
	cause error // why it ended; nil = the time ran out

	mu    sync.Mutex
	over  bool            // canceled
	timed context.Context // nil until the first wait
	stop  context.CancelFunc
}

func (s *share) inner() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timed == nil {
		s.timed, s.stop = context.WithDeadlineCause(s.Context, s.ends, s.cause)
		if s.over {
			s.stop()
		}
	}
	return s.timed
}

func (s *share) cancel() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if s.stop != nil {
		s.stop()
	}
}

// Deadline returns the end of the share, or of the caller's context if that is earlier.
func (s *share) Deadline() (time.Time, bool) {
	if ends, ok := s.Context.Deadline(); ok && ends.Before(s.ends) {
		return ends, true
	}
	return s.ends, true
}

// Done creates the timer.
func (s *share) Done() <-chan struct{} { return s.inner().Done() }

// Err creates no timer while there is time left.
func (s *share) Err() error {
	s.mu.Lock()
	over := s.over
	s.mu.Unlock()
	if !over && s.Context.Err() == nil && time.Now().Before(s.ends) {
		return nil
	}
	<-s.inner().Done() // expiring right now
	return s.inner().Err()
}

// Value lets context.Cause find the cause.
func (s *share) Value(key any) any {
	s.mu.Lock()
	timed := s.timed
	s.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return s.Context.Value(key)
}

func (b Budget) refuse(step string, left time.Duration) error {
	err := errs.New(errs.Unavailable, "not enough time left for %s: %d ms of %d ms", step, left.Milliseconds(), b.window.Milliseconds())
	err.Retry = again
	return err
}
