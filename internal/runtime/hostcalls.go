package runtime

import (
	"errors"
	"slices"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
)

// NewID returns an id for a timer or a host call of the invocation, and bounds how many may be waiting. Calls that have finished wait for
// nothing, though a script that does not pause hears of them later; it may have a few times as many of those.
func (inv *Invocation) NewID() (int32, error) {
	if len(inv.timers)+inv.pending-len(inv.ready) >= inv.limits.MaxPending {
		inv.drain(4 * inv.limits.MaxPending)
	}
	if len(inv.timers)+inv.pending-len(inv.ready) >= inv.limits.MaxPending {
		return 0, errs.New(errs.Unavailable, "more than %d timers and calls are waiting", inv.limits.MaxPending)
	}
	return inv.NextID(), nil
}

// NextID returns an id for something that does not wait.
func (inv *Invocation) NextID() int32 {
	inv.nextID++
	return inv.nextID
}

// drain takes what has finished out of the channel, as long as no more than max is kept.
func (inv *Invocation) drain(max int) {
	for len(inv.ready) < max {
		select {
		case c := <-inv.finished:
			inv.ready = append(inv.ready, c)
		default:
			return
		}
	}
}

// StartCall runs fn alongside the VM as a host call, and settles the promise with the id, which NewID gave, with its outcome.
func (inv *Invocation) StartCall(id int32, fn func() Outcome) {
	inv.makeFinished()
	inv.pending++
	inv.hostCallsActive.Add(1)
	inv.hostCalls.Go(func() {
		defer inv.hostCallsActive.Add(-1)
		inv.finished <- completion{id: id, Outcome: fn()}
	})
}

// Promise returns the id of a promise of the script, and a function that settles it, to be called once, by any goroutine. Unlike a
// host call, it does not keep the invocation from ending. When the script is about to be told, then is called on the
// goroutine of the invocation; it reports whether the outcome shows that the sender of the event has left.
func (inv *Invocation) Promise(then func(error) (left bool)) (id int32, settle func(Outcome)) {
	inv.makeFinished()
	id = inv.NextID()
	return id, func(o Outcome) { inv.finished <- completion{id: id, Outcome: o, then: then} }
}

// makeFinished makes the channel of completions, with room for all that may be under way: host calls, and a piece each
// of the input and of the response.
func (inv *Invocation) makeFinished() {
	if inv.finished == nil {
		inv.finished = make(chan completion, inv.limits.MaxPending+2)
	}
}

// Await blocks the script until a host call is over, without a processor; nothing settles the promise of the call. A visitor
// who leaves ends the script there, unless it has something to finish without them.
func (inv *Invocation) Await(id int32) error {
	inv.releaseProcessor()
	err := inv.await(id)
	inv.acquireProcessor()
	if errors.Is(err, errLeft) {
		inv.visitorLeft, inv.halted = true, true
		inv.vm.Halt(err)
	}
	return err
}

// await takes the completion of a host call. Others that come first are kept.
func (inv *Invocation) await(id int32) error {
	gone, stopping := inv.departure()
	if inv.waitUntil > 0 || inv.responded && !inv.Traffic.Streaming {
		gone = nil
	}
	for {
		if i := slices.IndexFunc(inv.ready, func(c completion) bool { return c.id == id }); i >= 0 {
			inv.ready = slices.Delete(inv.ready, i, i+1)
			inv.pending--
			return nil
		}
		select {
		case c := <-inv.finished:
			inv.ready = append(inv.ready, c)
		case <-gone:
			return errLeft
		case <-stopping:
			return errLeft
		case <-inv.ctx.Done():
			return quickjs.ErrDeadline
		}
	}
}

// departure returns the channels that tell that the visitor left and that the server stops; nil = it does not matter.
func (inv *Invocation) departure() (gone, stopping <-chan struct{}) {
	if inv.visitorLeft {
		return nil, nil
	}
	if !inv.Traffic.Reading || !inv.Traffic.Arriving { // else the read will tell, and why
		gone = inv.caller.Done()
	}
	if inv.Traffic.Streaming {
		stopping = inv.engine.stopping
	}
	return gone, stopping
}

// EndHostCalls waits for host calls, whose context has ended. One that does not end all the same is left behind and counted: it keeps
// its memory, but neither the visitor's connection nor the server that stops.
func (inv *Invocation) EndHostCalls() {
	if inv.hostCallsActive.Load() == 0 {
		return
	}
	done := make(chan struct{})
	go func() { inv.hostCalls.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(inv.engine.callsEnd):
		n := int(inv.hostCallsActive.Load())
		inv.engine.countLeftCalls(n)
		inv.engine.config.Log.Error("host calls of a function do not end, and are left behind", "app", inv.fn.AppName, "request_id", inv.fn.RequestID, "calls", n)
		go func() { <-done; inv.engine.countLeftCalls(-n) }()
	}
}

// countLeftCalls counts host calls that do not end.
func (e *Engine) countLeftCalls(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stats.Left += n
}
