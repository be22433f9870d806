package runtime

import (
	"errors"
	"slices"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
)

// NewID returns an id for a timer or a host call, or an error if too many are pending. Finished calls do not count as
// pending even if a busy script has not been told yet; it may have a few times as many of those.
func (inv *Invocation) NewID() (int32, error) {
	if len(inv.timers)+inv.pending-len(inv.ready) >= inv.limits.MaxPending {
		inv.drain(4 * inv.limits.MaxPending)
	}
	if len(inv.timers)+inv.pending-len(inv.ready) >= inv.limits.MaxPending {
		return 0, errs.New(errs.Unavailable, "more than %d timers and calls are pending (runtime.max_pending)", inv.limits.MaxPending)
	}
	return inv.NextID(), nil
}

// NextID returns an id for something that is not counted as pending.
func (inv *Invocation) NextID() int32 {
	inv.nextID++
	return inv.nextID
}

// drain moves completions from the channel to ready until there are max.
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

// StartCall runs fn alongside the VM as a host call and settles the promise with its outcome. The id comes from NewID.
func (inv *Invocation) StartCall(id int32, fn func() Outcome) {
	inv.makeFinished()
	inv.pending++
	inv.hostCallsActive.Add(1)
	inv.hostCalls.Go(func() {
		defer inv.hostCallsActive.Add(-1)
		inv.finished <- completion{id: id, Outcome: fn()}
	})
}

// Promise returns the id of a promise of the script, and a function that settles it: it must be called once, on any goroutine.
// Unlike a host call, a promise does not keep the invocation from ending. Before the script is told, then is called on the
// goroutine of the invocation; it reports whether the sender of the event has left.
func (inv *Invocation) Promise(then func(error) (left bool)) (id int32, settle func(Outcome)) {
	inv.makeFinished()
	id = inv.NextID()
	return id, func(o Outcome) { inv.finished <- completion{id: id, Outcome: o, then: then} }
}

// makeFinished creates the channel of completions, with room for everything that may be in progress: host calls, and one piece
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

// await takes the completion of a host call, and keeps others that come first.
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

// EndHostCalls waits for host calls, whose context has ended. Calls that still do not end are left behind and counted: they
// keep their memory, but hold up neither the visitor's connection nor a shutdown.
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

// countLeftCalls counts host calls left behind.
func (e *Engine) countLeftCalls(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stats.Left += n
}
