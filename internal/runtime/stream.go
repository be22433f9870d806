package runtime

import (
	"context"
	"errors"
	"net/http"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/header"
	"fazt/internal/runtime/sched"
	"fazt/internal/timeout"
)

// output is an answer that goes out piece by piece.
type output struct {
	bytes   int64
	piece   int // size of the one that goes out, or went last
	writing bool
	ended   bool  // the script says that was all
	err     error // or why there will not be more
}

var (
	// errLeft ends an invocation whose visitor does not wait for it any more.
	errLeft = errs.New(errs.Canceled, "the visitor left")
	// errStreamTime ends an invocation whose answer still goes out when its time is over: no fault of the script.
	errStreamTime = errs.New(errs.Timeout, "the answer was still going out when the time for it (runtime.stream_timeout) was over; it was cut off")
)

// streamFuncs send a response piece by piece.
func streamFuncs() hostTable {
	return hostTable{
		"stream": promised(func(inv *Invocation, a args) (int32, error) {
			return inv.stream(response{status: int(a.number(0)), headers: a.text(1), contentType: a.text(2)})
		}),
		"write": promised(func(inv *Invocation, a args) (int32, error) { return inv.write(a.data(0)) }),
		"end": notice(func(inv *Invocation, a args) {
			var err error
			if len(a.list) > 0 {
				err = a.vm.realm.Describe(a.list[0])
			}
			inv.end(err)
		}),
	}
}

// alongside runs fn alongside the VM, and settles a promise of the script with what it gives.
func (inv *Invocation) alongside(of origin, fn func() (func(*VM) quickjs.Value, error)) int32 {
	inv.nextID++
	id := inv.nextID
	inv.makeFinished()
	inv.calls.Go(func() {
		give, err := fn()
		inv.finished <- completion{id: id, of: of, give: give, err: err}
	})
	return id
}

// stream begins an answer whose pieces follow: its head goes out at once. The id is 0 when no pieces are wanted.
func (inv *Invocation) stream(a response) (int32, error) {
	if inv.visit == nil || inv.responded || inv.failed != nil {
		return 0, nil
	}
	a.streamed = true
	if err := inv.checkResponse(&a, nil); err != nil {
		return 0, err
	}
	inv.responded, inv.visit.response = true, a
	if inv.visit.r.Method == http.MethodHead || header.IsBodyless(a.status) || !inv.claim() {
		return 0, nil
	}
	inv.visit.output = &output{writing: true}
	inv.visit.streamed.Store(true)
	inv.useStreamTime()
	return inv.alongside(fromResponse, func() (func(*VM) quickjs.Value, error) {
		inv.visit.writeMu.Lock()
		defer inv.visit.writeMu.Unlock()
		inv.send()
		return nil, inv.flush()
	}), nil
}

// write sends a piece. The promise that comes of it is settled when the connection has taken it: so the script produces
// no faster than its visitor reads.
func (inv *Invocation) write(piece []byte) (int32, error) {
	if !inv.streams() || inv.visit.output.writing {
		return 0, errs.New(errs.Conflict, "nothing can be sent now")
	}
	if inv.visit.output.bytes += int64(len(piece)); inv.visit.output.bytes > inv.limits.MaxResponseBody {
		return 0, errs.New(errs.TooLarge, "the response has more than %s, which is the limit (runtime.max_response_body)", errs.Bound(inv.limits.MaxResponseBody))
	}
	inv.visit.output.writing, inv.visit.output.piece = true, len(piece)
	return inv.alongside(fromResponse, func() (func(*VM) quickjs.Value, error) {
		inv.visit.writeMu.Lock()
		defer inv.visit.writeMu.Unlock()
		_, err := inv.visit.w.Write(piece)
		if err == nil {
			err = inv.flush()
		}
		if errors.Is(err, http.ErrContentLength) {
			return nil, errs.Wrap(errs.Invalid, err, "the response has more bytes than its header content-length says")
		}
		return nil, errs.Wrap(errs.Canceled, err, "the visitor left")
	}), nil
}

// flush sends what is buffered; not everything that answers are written to has a buffer.
func (inv *Invocation) flush() error {
	if err := http.NewResponseController(inv.visit.w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// end marks the response as complete or, with an error, as one that never will be.
func (inv *Invocation) end(err error) {
	if inv.streams() {
		inv.visit.output.ended, inv.visit.output.err = true, err
	}
}

// streams reports whether pieces of the answer are still to come.
func (inv *Invocation) streams() bool {
	return inv.visit != nil && inv.visit.output != nil && !inv.visit.output.ended
}

// broken reports whether an answer began that is not complete. Its visitor must see that, and the only way to tell them is
// to break the connection.
func (inv *Invocation) broken() bool {
	return inv.visit.output != nil && (!inv.visit.output.ended || inv.visit.output.err != nil)
}

// useStreamTime gives the invocation the time of a stream: on the wall, that is. Of a processor it gets no more than others do.
func (inv *Invocation) useStreamTime() {
	if inv.hasStreamTime {
		return
	}
	inv.hasStreamTime = true
	ends := inv.begun.Add(time.Duration(inv.limits.StreamTimeout) * time.Millisecond)
	if now, _ := inv.ctx.Deadline(); now.After(ends) {
		return
	}
	ctx, cancel := timeout.With(context.WithoutCancel(inv.caller), time.Until(ends))
	before := inv.cancel
	inv.cancel = func() { cancel(); before() }
	inv.ctx, inv.call.Context = ctx, ctx
	if b, ok := inv.visit.r.Body.(interface{ EndBy(time.Time) }); ok && inv.visit.input != nil {
		b.EndBy(ends)
	}
	deadline, _ := ctx.Deadline()
	inv.ends.Store(int64(deadline.Sub(quickjs.Began())))
	if inv.vm != nil {
		inv.vm.Arm(deadline)
		inv.vm.ArmCPU(inv.processorSince.Load() + inv.processorTime())
		inv.vm.ArmPause(inv.processorSince.Load() + int64(sched.Slice))
	}
}

// hasLeft tells the script that its visitor is gone, or that it is over for another reason: the signal of the request is
// aborted, a stream that is being sent canceled. What the script does about it must be given to waitUntil.
func (inv *Invocation) hasLeft(vm *VM, err error) error {
	inv.visitorLeft = true
	reason := vm.realm.NewError(err)
	defer vm.realm.Free(reason)
	return vm.callPrelude(vm.leave, reason)
}

// endCalls waits for what runs alongside the VM. What still reads from the visitor, or writes to them what will not be
// completed, is cut short; nothing else is.
func (inv *Invocation) endCalls() {
	inv.endHostCalls()
	if !inv.visit.reading && !inv.broken() {
		inv.calls.Wait()
		return
	}
	done := make(chan struct{})
	go func() { inv.calls.Wait(); close(done) }()
	control := http.NewResponseController(inv.visit.w)
	again := time.NewTicker(10 * time.Millisecond) // the goroutine that reads or writes sets a deadline too, before each time
	defer again.Stop()
	for {
		_ = control.SetReadDeadline(time.Now())
		if inv.broken() {
			_ = control.SetWriteDeadline(time.Now())
		}
		select {
		case <-done:
			return
		case <-again.C:
		}
	}
}

// endHostCalls waits for host calls, whose context has ended. One that does not end all the same is left behind and counted: it keeps
// its memory, but neither the visitor's connection nor the server that stops.
func (inv *Invocation) endHostCalls() {
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

// breakConnection breaks the connection of a response that will not be completed. The invocation it is of was abandoned, and says nothing more.
func (inv *Invocation) breakConnection() {
	if !inv.visit.streamed.Load() {
		return
	}
	control := http.NewResponseController(inv.visit.w)
	for _ = control.SetWriteDeadline(time.Now()); !inv.visit.writeMu.TryLock(); time.Sleep(10 * time.Millisecond) {
		_ = control.SetWriteDeadline(time.Now())
	}
	defer inv.visit.writeMu.Unlock()
	if conn, _, err := control.Hijack(); err == nil {
		conn.Close()
	}
}
