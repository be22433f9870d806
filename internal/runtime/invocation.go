package runtime

import (
	"context"
	"time"

	"fazt/internal/quickjs"
	"fazt/internal/runtime/bind"
	"fazt/internal/runtime/sched"
	"fazt/internal/system"
	"fazt/internal/timeout"
)

// Prepare makes inv the invocation of f for event. Its context does not end with the caller's: promises given to waitUntil
// go on. Cancel and Release must be called in the end.
func (e *Engine) Prepare(caller context.Context, inv *Invocation, f Function, limits system.Runtime, event Event) {
	window := limits.Deadline()
	if !f.Ends.IsZero() {
		window = min(window, time.Until(f.Ends))
	}
	ctx, cancel := timeout.With(context.WithoutCancel(caller), window)
	deadline, _ := ctx.Deadline()
	inv.engine, inv.fn, inv.limits, inv.event, inv.caller = e, f, limits, event, caller
	inv.ctx, inv.cancel, inv.begun = ctx, cancel, time.Now()
	inv.call = bind.Call{Context: ctx, AppID: f.AppID, AppName: f.AppName, Deployment: f.Deployment, RequestID: f.RequestID, Version: e.config.Version, Memory: inv}
	inv.ends.Store(int64(deadline.Sub(quickjs.Began())))
	inv.exchange, _ = event.(Exchange)
}

// Function returns the function that is invoked.
func (inv *Invocation) Function() *Function { return &inv.fn }

// Event returns what the function is invoked for.
func (inv *Invocation) Event() Event { return inv.event }

// Limits returns the limits of the invocation.
func (inv *Invocation) Limits() system.Runtime { return inv.limits }

// Context returns the context of the invocation, which ends with its time. UseStreamTime replaces it.
func (inv *Invocation) Context() context.Context { return inv.ctx }

// Caller returns the context that ends when the result is no longer wanted.
func (inv *Invocation) Caller() context.Context { return inv.caller }

// TimeLeft returns how much time the invocation has left. Any goroutine may call it.
func (inv *Invocation) TimeLeft() time.Duration {
	return time.Duration(inv.ends.Load() - quickjs.Monotonic())
}

// Answered reports whether the script has responded, returned a result or failed.
func (inv *Invocation) Answered() bool { return inv.responded || inv.failed != nil }

// Respond gives the result; nil for an Exchange, which keeps its response itself.
func (inv *Invocation) Respond(result Result) { inv.responded, inv.result = true, result }

// Outcome returns how the script ended, and whether it had responded before.
func (inv *Invocation) Outcome() (responded bool, err error) { return inv.responded, inv.outcome }

// Value returns what host functions keep for the invocation under a key, or nil.
func (inv *Invocation) Value(key any) any { return inv.values[key] }

// SetValue keeps a value under a key of a type that only its owner knows.
func (inv *Invocation) SetValue(key, value any) {
	if inv.values == nil {
		inv.values = map[any]any{}
	}
	inv.values[key] = value
}

// OnEnd calls fn once when the invocation ends, on its goroutine.
func (inv *Invocation) OnEnd(fn func()) { inv.onEnd = append(inv.onEnd, fn) }

// Cancel ends the invocation's contexts, and thereby its host calls. It may be called more than once.
func (inv *Invocation) Cancel() {
	for _, fn := range inv.onEnd {
		fn()
	}
	inv.onEnd = nil
	inv.cancel()
}

// sendEarly sends the response while the script goes on.
func (inv *Invocation) sendEarly() {
	if inv.exchange != nil && inv.responded {
		inv.exchange.Responded()
	}
}

// notBegun returns the error of an invocation whose time was over, or whose visitor left, before it began.
func (inv *Invocation) notBegun() error {
	if inv.ctx.Err() == nil {
		return errLeft
	}
	return sched.NotBegun(inv.ctx)
}

// attended returns the context of an invocation that has not begun: it also ends when the visitor leaves.
func (inv *Invocation) attended() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(inv.ctx)
	stop := context.AfterFunc(inv.caller, cancel)
	return ctx, func() { stop(); cancel() }
}
