package runtime

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/quickjs"
	"fazt/internal/runtime/bind"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/sched"
	"fazt/internal/share"
	"fazt/internal/system"
	"fazt/internal/timeout"
)

// isCutOff reports whether an invocation ran out of time.
func isCutOff(err error) bool {
	return errors.Is(err, quickjs.ErrDeadline) || errors.Is(err, quickjs.ErrProcessorTime)
}

// grace is how long a VM may take, when an invocation is over, to say what went wrong and to forget the request.
const grace = 200 * time.Millisecond

// Invocation is one event in a VM, within its own limits.
type Invocation struct {
	engine   *Engine
	fn       Function
	limits   system.Runtime
	ctx      context.Context
	call     bind.Call
	event    Event
	exchange Exchange        // the event, if it is one; nil for others
	caller   context.Context // ends when the result is no longer wanted
	lost     chan struct{}   // closed when an invocation whose event is no exchange is abandoned

	// Traffic is what the event keeps up to date.
	Traffic Traffic

	responded bool   // the function has given its response, or the result
	result    Result // of an event that is no exchange
	failed    error  // what the handler threw; nil when it gave a result
	outcome   error  // how the invocation ended

	member         *sched.Member // in that of its app, while it waits there
	state          atomic.Int32  // what the invocation holds of the engine: holdsNothing and the following
	processorSince atomic.Int64  // when it last took a processor
	usedTime       int64         // processor time before processorSince
	yieldedAt      int64         // of it, when it last let others of its app go first
	ends           atomic.Int64  // its deadline on the wall
	vm             *VM           // in which its script is; nil before and after
	lentProcessor  bool          // the processor it holds is
	waitUntil      int           // promises given to waitUntil that have not settled

	begun         time.Time
	vmSince       time.Time          // since when it has a VM
	cancel        context.CancelFunc // of ctx
	onEnd         []func()           // called with cancel
	values        map[any]any        // of host functions, see Value
	hasStreamTime bool               // it has the time of a stream
	visitorLeft   bool               // the script was told that its visitor is gone
	parked        *share.Part        // memory of the VM while it waits; nil = it has its place among the VMs
	wasParked     bool               // it was parked before
	reclaimed     chan struct{}      // holds a token when others need that memory

	lines, bytes    int // of the console so far
	nextID          int32
	timers          map[int32]time.Time
	pending         int // host calls under way
	finished        chan completion
	ready           []completion   // taken from there, and not yet told to the script
	halted          bool           // the script was ended in the middle
	hostCalls       sync.WaitGroup // host calls
	hostCallsActive atomic.Int32   // of them, those under way
	settled         atomic.Bool    // nothing is charged to it any more
	charged         atomic.Int64   // bytes that Go holds for the invocation, as far as they count
}

// What an invocation holds.
const (
	holdsNothing   int32 = iota
	holdsProcessor       // a script is at work
	abandoned            // it was at work when it should long have ended; all it held was taken from it
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
	inv.ctx, inv.cancel, inv.begun, inv.timers = ctx, cancel, time.Now(), map[int32]time.Time{}
	inv.call = bind.Call{Context: ctx, AppID: f.AppID, AppName: f.AppName, Deployment: f.Deployment, RequestID: f.RequestID, Version: e.config.Version}
	inv.ends.Store(int64(deadline.Sub(quickjs.Began())))
	inv.exchange, _ = event.(Exchange)
}

// Function returns the function that is invoked.
func (inv *Invocation) Function() *Function { return &inv.fn }

// Event returns what the function is invoked for.
func (inv *Invocation) Event() Event { return inv.event }

// Limits are those of the invocation.
func (inv *Invocation) Limits() system.Runtime { return inv.limits }

// Context ends when the time of the invocation is over. It is another one after UseStreamTime.
func (inv *Invocation) Context() context.Context { return inv.ctx }

// Caller is the context that ends when the result is no longer wanted.
func (inv *Invocation) Caller() context.Context { return inv.caller }

// TimeLeft returns how much time the invocation has left. Any goroutine may call it.
func (inv *Invocation) TimeLeft() time.Duration {
	return time.Duration(inv.ends.Load() - quickjs.Monotonic())
}

// Answered reports whether the script has given its response or result, or has failed.
func (inv *Invocation) Answered() bool { return inv.responded || inv.failed != nil }

// Respond gives the result; nil for an Exchange, which keeps its response itself.
func (inv *Invocation) Respond(result Result) { inv.responded, inv.result = true, result }

// Outcome returns how the script ended, and whether it gave a response before.
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

// OnEnd has fn called once when the invocation is canceled, which it is in the end.
func (inv *Invocation) OnEnd(fn func()) { inv.onEnd = append(inv.onEnd, fn) }

// Cancel ends the contexts of the invocation, and with them its host calls. It may be called more than once.
func (inv *Invocation) Cancel() {
	for _, fn := range inv.onEnd {
		fn()
	}
	inv.onEnd = nil
	inv.cancel()
}

// sendEarly has the response sent while the script goes on.
func (inv *Invocation) sendEarly() {
	if inv.exchange != nil && inv.responded {
		inv.exchange.Responded()
	}
}

// notBegun is the error of an invocation whose time, or whose visitor, went before it began.
func (inv *Invocation) notBegun() error {
	if inv.ctx.Err() == nil {
		return errLeft
	}
	return sched.NotBegun(inv.ctx)
}

// attended is the invocation's ctx until it begins: that ends when the visitor leaves.
func (inv *Invocation) attended() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(inv.ctx)
	stop := context.AfterFunc(inv.caller, cancel)
	return ctx, func() { stop(); cancel() }
}

// serve hands the event to the function in vm, and reports whether vm is fit for another event.
func (inv *Invocation) serve(vm *VM) (healthy bool) {
	deadline, _ := inv.ctx.Deadline()
	vm.Arm(deadline)
	vm.ArmCPU(inv.processorSince.Load() + inv.processorTime())
	vm.ArmPause(inv.processorSince.Load() + int64(sched.Slice))
	vm.inv, inv.vm = inv, vm
	defer func() { vm.inv, inv.vm = nil, nil }()
	err := vm.begin(inv)
	if err == nil {
		err = inv.loop(vm)
	}
	if err == nil {
		err = inv.failed
	}
	if starved := vm.starvedError(err); starved != nil {
		err, inv.failed = starved, starved
	}
	if errors.Is(err, quickjs.ErrDeadline) && inv.Traffic.Streaming && inv.ctx.Err() != nil {
		err = errStreamTime
	}
	// A visitor who left, or whose body could not be read, is not the function's fault.
	blameless := err != nil && !errors.Is(err, quickjs.ErrDeadline) && (inv.visitorLeft || inv.Traffic.InputErr != nil) || errors.Is(err, ErrCrowded)
	if blameless && inv.Traffic.InputErr != nil {
		err = inv.Traffic.InputErr
	}
	inv.outcome = err
	if err != nil {
		inv.engine.reportStop(inv.fn, err)
	}
	inv.vm = nil
	vm.Arm(time.Now().Add(grace)) // what follows must not end as the invocation did, and yet must end: it can meet code of the script
	if inv.Traffic.Streaming && !inv.visitorLeft && inv.hasLeft(vm, err) == nil {
		_ = vm.realm.RunJobs()
	}
	inv.logRejections(vm)
	switch {
	case err != nil && !blameless:
		inv.logFailure(vm, err)
	case inv.Traffic.OutputErr != nil && !inv.visitorLeft:
		inv.logFailure(vm, inv.Traffic.OutputErr)
	}
	if isCutOff(err) || errors.Is(err, errStarved) || inv.halted && vm.program.Style == compile.StyleModule {
		return false
	}
	// What a request left unsettled in a module would go on in the next one, and answer in its name.
	settled := (inv.responded || inv.failed != nil) && inv.waitUntil == 0 && inv.pending == 0 && !inv.Traffic.Reading && !errors.Is(err, errStreamTime)
	return settled || vm.program.Style != compile.StyleModule
}

// loop drives the VM until the function has answered and what it wanted to finish is finished.
func (inv *Invocation) loop(vm *VM) error {
	for {
		if err := vm.realm.RunJobs(); err != nil {
			return err
		}
		if inv.failed != nil && inv.waitUntil == 0 || inv.responded && inv.waitUntil == 0 && inv.pending == 0 && !inv.Traffic.Streaming {
			return nil
		}
		if inv.visitorLeft && inv.waitUntil == 0 && (!inv.responded || inv.Traffic.Streaming) {
			return errLeft
		}
		inv.sendEarly() // what is left goes on without the visitor
		if len(inv.timers) == 0 && inv.pending == 0 && !inv.Traffic.Reading && !inv.Traffic.Writing {
			if inv.Traffic.Streaming {
				return &quickjs.Thrown{Message: "the answer was not completed: nothing is left that could add to its stream"}
			}
			if inv.responded {
				return nil // a promise given to waitUntil that nothing will settle
			}
			if failed := vm.realm.Unhandled(); len(failed) > 0 { // a call whose failure the script did not look at
				return failed[0]
			}
			return &quickjs.Thrown{Message: "the function did not answer: nothing is left that could settle its promise"}
		}
		if err := inv.wait(vm); err != nil {
			return err
		}
	}
}

// wait sleeps until a timer is due or a host call has finished, without holding a processor, and tells the script.
func (inv *Invocation) wait(vm *VM) error {
	if len(inv.ready) > 0 {
		c := inv.ready[0]
		inv.ready = slices.Delete(inv.ready, 0, 1)
		return inv.completed(vm, c)
	}
	id, due := inv.nextTimer()
	w := awaken{}
	if id != 0 {
		t := time.NewTimer(time.Until(due))
		defer t.Stop()
		w.timer = t.C
	}
	w.gone, w.stopping = inv.departure()
	c, leaves, err := inv.sleep(vm, w)
	switch {
	case err != nil:
		return err
	case c.id != 0:
		return inv.completed(vm, c)
	case leaves:
		return inv.hasLeft(vm, errLeft)
	case inv.ctx.Err() != nil:
		return quickjs.ErrDeadline
	}
	delete(inv.timers, id)
	return vm.callPrelude(vm.fire, quickjs.Int(id))
}
