// Package timeout carries the time a piece of work has left, and decides whether a step of it may still start.
//
// A Budget is a window that begins once, at the edge (a request enters a function), and travels in the context. A
// step that needs time asks before it starts: refusing at once, with an error that may be retried, beats starting
// work that cannot be finished and holding a place while it fails.
//
// StorageContext and NetContext hold the rules for the two kinds of steps there are. Both leave the function time to
// answer when the step fails, so that its visitor hears from the function and not from the deadline:
//
//   - Storage gets half of what is left, at most 3 s. Half, because a step that fails then always leaves as much again
//     for another way; 3 s, because no disk that works takes longer.
//   - An outbound call gets all that is left but 500 ms, because it is the one that is really slow.
//
// What a step needs in order to start is small and in proportion to the window. A fixed 500 ms (storage) or 1 s
// (calls) would shut both off when runtime.exec_timeout is 400 ms, and for every request in its last half
// second, although a durable write takes 1 ms here. Whether a write can be done in its share is for the
// database to say: it knows how long its queue is and how long its commits take (see database.DB.Write).
package timeout

import (
	"context"
	"sync"
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
	w := &opened{share{Context: ctx, ends: b.ends}, b}
	return w, w.cancel
}

// opened is the context of a window.
type opened struct {
	share
	budget Budget
}

// Value knows the window.
func (w *opened) Value(key any) any {
	if key == (budgetKey{}) {
		return w.budget
	}
	return w.share.Value(key)
}

// From returns the window ctx carries; ok is false when there is none, and then time is not bounded by a budget.
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
	netNeeds     = 500 * time.Millisecond // a name, a handshake and an answer from another continent
	// part of the window that the needs and the reserve of a step are at most, where the window is short.
	part = 10
	// again is when to try again after a refusal for lack of time: another request has a window of its own.
	again = time.Second
)

// StorageContext returns the context of one read or write of what an app keeps: half of what is left, at most 3 s. It
// refuses, with an error that may be retried, when less than 20 ms, or a tenth of a shorter window, are left. Without a
// budget the step gets 3 s.
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

// NetContext returns the context of one call to another server: what is left but 500 ms, or a tenth of a shorter window, in
// which the function can still answer, and never more than limit. It refuses, with an error that may be retried, when what the
// call would get is less than 500 ms or a tenth of the window.
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

// The causes of a step whose share has passed while the window goes on. Trying again can help.
var (
	errStorage = &errs.Error{Kind: errs.Unavailable, Message: "storage did not answer in time; try again", Retry: again, Err: context.DeadlineExceeded}
	errNet     = &errs.Error{Kind: errs.Unavailable, Message: "the other server did not answer in time; try again", Retry: again, Err: context.DeadlineExceeded}
)

// step opens the share of one step. When it passes, the cause of the context is err, which is what the step returns.
func step(ctx context.Context, length time.Duration, err error) (context.Context, context.CancelFunc, error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	s := &share{Context: ctx, ends: time.Now().Add(length), cause: err}
	return s, s.cancel, nil
}

// share is a context with a deadline whose timer is made when its Done is first called: most steps, and most windows, are over
// before that, and making the timer and stopping it again costs five times as much as all else here.
type share struct {
	context.Context
	ends  time.Time
	cause error // of its end; nil = that the time is over

	mu    sync.Mutex
	over  bool            // it was canceled
	timed context.Context // nil until Done is called
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

// Deadline returns the end of the share, or of the caller's context where that is earlier.
func (s *share) Deadline() (time.Time, bool) {
	if ends, ok := s.Context.Deadline(); ok && ends.Before(s.ends) {
		return ends, true
	}
	return s.ends, true
}

// Done makes the timer.
func (s *share) Done() <-chan struct{} { return s.inner().Done() }

// Err makes none as long as there is time.
func (s *share) Err() error {
	s.mu.Lock()
	over := s.over
	s.mu.Unlock()
	if !over && s.Context.Err() == nil && time.Now().Before(s.ends) {
		return nil
	}
	<-s.inner().Done() // at this very moment
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
	err := errs.New(errs.Unavailable, "too little time is left for %s: %d ms of %d ms", step, left.Milliseconds(), b.window.Milliseconds())
	err.Retry = again
	return err
}
