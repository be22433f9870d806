package runtime

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/bind"
	"fazt/internal/runtime/codec"
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
	engine *Engine
	fn     Function
	limits system.Runtime
	ctx    context.Context
	call   bind.Call
	event  Event
	visit  *visit          // the event, if it is a request; nil for others
	caller context.Context // ends when the result is no longer wanted
	lost   chan struct{}   // closed when an invocation without a visit is abandoned

	responded bool   // the function has given its response, or the result
	result    []byte // JSON, of an event that is not a request
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
	calls           sync.WaitGroup
	coders          map[int32]codec.Coder // open ones
	account         Account               // of what it sends to other servers; nil = nothing so far
	fetches         map[int32]*fetch
	outgoing        context.Context // of all of them
	sending         atomic.Int64    // bytes of their bodies that Go holds
	settled         atomic.Bool     // nothing is charged to it any more
	charged         atomic.Int64    // bytes that Go holds for the invocation, as far as they count
}

// What an invocation holds.
const (
	holdsNothing   int32 = iota
	holdsProcessor       // a script is at work
	abandoned            // it was at work when it should long have ended; all it held was taken from it
)

// completion is the outcome of what ran alongside the VM.
type completion struct {
	id    int32
	of    origin
	value []byte                  // JSON
	give  func(*VM) quickjs.Value // makes a value other than JSON; may be nil
	err   error
	size  int64 // what was charged for it
}

// init fills in an invocation. Its ctx does not end when the caller's does: promises given to waitUntil go on.
func (inv *Invocation) init(caller context.Context, e *Engine, f Function, limits system.Runtime, event Event) {
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
	defer func() { vm.inv, inv.vm = nil, nil; inv.endCoders() }()
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
	if errors.Is(err, quickjs.ErrDeadline) && inv.streams() && inv.ctx.Err() != nil {
		err = errStreamTime
	}
	// A visitor who left, or whose body could not be read, is not the function's fault.
	blameless := err != nil && !errors.Is(err, quickjs.ErrDeadline) && (inv.visitorLeft || inv.visit.bodyError() != nil) || errors.Is(err, errCrowded)
	if blameless && inv.visit.bodyError() != nil {
		err = inv.visit.bodyError()
	}
	inv.outcome = err
	if err != nil {
		inv.engine.reportStop(inv.fn, err)
	}
	inv.vm = nil
	vm.Arm(time.Now().Add(grace)) // what follows must not end as the invocation did, and yet must end: it can meet code of the script
	if inv.streams() && !inv.visitorLeft && inv.hasLeft(vm, err) == nil {
		_ = vm.realm.RunJobs()
	}
	inv.logRejections(vm)
	switch {
	case err != nil && !blameless:
		inv.logFailure(vm, err)
	case inv.visit.streamError() != nil && !inv.visitorLeft:
		inv.logFailure(vm, inv.visit.streamError())
	}
	if isCutOff(err) || errors.Is(err, errStarved) || inv.halted && vm.program.Style == compile.StyleModule {
		return false
	}
	// What a request left unsettled in a module would go on in the next one, and answer in its name.
	settled := (inv.responded || inv.failed != nil) && inv.waitUntil == 0 && inv.pending == 0 && !inv.visit.isReading() && !errors.Is(err, errStreamTime)
	return settled || vm.program.Style != compile.StyleModule
}

// releaseAll gives back what the invocation still holds.
func (inv *Invocation) releaseAll() {
	inv.settleCharges()
	inv.visit.release()
}

// loop drives the VM until the function has answered and what it wanted to finish is finished.
func (inv *Invocation) loop(vm *VM) error {
	for {
		if err := vm.realm.RunJobs(); err != nil {
			return err
		}
		if inv.failed != nil && inv.waitUntil == 0 || inv.responded && inv.waitUntil == 0 && inv.pending == 0 && !inv.streams() {
			return nil
		}
		if inv.visitorLeft && inv.waitUntil == 0 && (!inv.responded || inv.streams()) {
			return errLeft
		}
		inv.sendEarly() // the visitor has the answer; the rest goes on without them
		if len(inv.timers) == 0 && inv.pending == 0 && !inv.visit.isReading() && !inv.visit.isWriting() {
			if inv.streams() {
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
	var w awaken
	if id != 0 {
		t := time.NewTimer(time.Until(due))
		defer t.Stop()
		w.timer = t.C
	}
	if !inv.visitorLeft {
		if !inv.visit.isReading() || inv.visit.input.here { // or else the reading will tell, and why
			w.gone = inv.caller.Done()
		}
		if inv.streams() {
			w.stopping = inv.engine.stopping
		}
	}
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

// departure are the channels that say that the visitor left, and that the server stops; nil = nothing is to be heard of it.
func (inv *Invocation) departure() (gone, stopping <-chan struct{}) {
	if inv.visitorLeft {
		return nil, nil
	}
	if !inv.visit.isReading() { // or else the reading will tell, and why
		gone = inv.caller.Done()
	}
	if inv.streams() {
		stopping = inv.engine.stopping
	}
	return gone, stopping
}

// drain takes what has finished out of the channel, as long as no more than most is kept.
func (inv *Invocation) drain(most int) {
	for len(inv.ready) < most {
		select {
		case c := <-inv.finished:
			inv.ready = append(inv.ready, c)
		default:
			return
		}
	}
}

// hostCall runs a host call alongside the VM.
func (inv *Invocation) hostCall(fn func()) {
	inv.hostCallsActive.Add(1)
	inv.hostCalls.Go(func() {
		defer inv.hostCallsActive.Add(-1)
		fn()
	})
}

// makeFinished makes the channel of completions, with room for all that may be under way: host calls, and one piece each
// of the body and of the answer.
func (inv *Invocation) makeFinished() {
	if inv.finished == nil {
		inv.finished = make(chan completion, inv.limits.MaxPending+2)
	}
}

// completed tells the script how something ended that ran alongside it.
func (inv *Invocation) completed(vm *VM, c completion) error {
	switch c.of {
	case fromHost:
		inv.pending--
		return vm.settleCall(c)
	case fromBody:
		inv.visit.reading = false
		if c.err != nil {
			inv.visit.refused = c.err
		}
	case fromResponse:
		inv.visit.output.writing = false
	}
	// A visitor who does not send what was announced, or does not take the response, has left.
	gone := c.of == fromBody && errs.Is(c.err, errs.Invalid) || c.of == fromResponse && errs.Is(c.err, errs.Canceled)
	if err := vm.settleCall(c); err != nil || !gone || inv.visitorLeft {
		return err
	}
	return inv.hasLeft(vm, errLeft)
}
