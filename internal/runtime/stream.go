package runtime

import (
	"context"
	"errors"
	"net/http"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
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
	// errLeft ends a run whose visitor does not wait for it any more.
	errLeft = errs.New(errs.Canceled, "the visitor left")
	// errStreamTime ends a run whose answer still goes out when its time is over: no fault of the script.
	errStreamTime = errs.New(errs.Timeout, "the answer was still going out when the time for it (runtime.stream_timeout) was over; it was cut off")
)

// beside runs fn beside the machine, and settles a promise of the script with what it gives.
func (u *run) beside(of exchange, fn func() (func(*machine) quickjs.Value, error)) int32 {
	u.nextID++
	id := u.nextID
	u.makeFinished()
	u.calls.Go(func() {
		give, err := fn()
		u.finished <- completion{id: id, of: of, give: give, err: err}
	})
	return id
}

// stream begins an answer whose pieces follow: its head goes out at once. The id is 0 when no pieces are wanted.
func (u *run) stream(a answer) (int32, error) {
	if u.answered || u.failed != nil {
		return 0, nil
	}
	a.streamed = true
	if err := u.admit(&a, nil); err != nil {
		return 0, err
	}
	u.answered, u.answer = true, a
	if u.r.Method == http.MethodHead || bodyless(a.status) || !u.claim() {
		return 0, nil
	}
	u.out = &output{writing: true}
	u.flows.Store(true)
	u.extend()
	return u.beside(ofAnswer, func() (func(*machine) quickjs.Value, error) {
		u.pen.Lock()
		defer u.pen.Unlock()
		u.send()
		return nil, u.flush()
	}), nil
}

// write sends a piece. The promise that comes of it is settled when the connection has taken it: so the script produces
// no faster than its visitor reads.
func (u *run) write(piece []byte) (int32, error) {
	if !u.streams() || u.out.writing {
		return 0, errs.New(errs.Conflict, "nothing can be sent now")
	}
	if u.out.bytes += int64(len(piece)); u.out.bytes > u.limits.MaxResponseBody {
		return 0, errs.New(errs.TooLarge, "the response has more than %s, which is the limit (runtime.max_response_body)", errs.Bound(u.limits.MaxResponseBody))
	}
	u.out.writing, u.out.piece = true, len(piece)
	return u.beside(ofAnswer, func() (func(*machine) quickjs.Value, error) {
		u.pen.Lock()
		defer u.pen.Unlock()
		_, err := u.w.Write(piece)
		if err == nil {
			err = u.flush()
		}
		if errors.Is(err, http.ErrContentLength) {
			return nil, errs.Wrap(errs.Invalid, err, "the response has more bytes than its header content-length says")
		}
		return nil, errs.Wrap(errs.Canceled, err, "the visitor left")
	}), nil
}

// flush sends what is buffered; not everything that answers are written to has a buffer.
func (u *run) flush() error {
	if err := http.NewResponseController(u.w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// end says that the answer is complete, or with an error, that it never will be.
func (u *run) end(err error) {
	if u.streams() {
		u.out.ended, u.out.err = true, err
	}
}

// streams says whether pieces of the answer are still to come.
func (u *run) streams() bool { return u.out != nil && !u.out.ended }

// broken says whether an answer began that is not complete. Its visitor must see that, and the only way to tell them is
// to break the connection.
func (u *run) broken() bool { return u.out != nil && (!u.out.ended || u.out.err != nil) }

// extend gives the run the time of a stream: on the wall, that is. Of a processor it gets no more than others do.
func (u *run) extend() {
	if u.extended {
		return
	}
	u.extended = true
	ends := u.begun.Add(time.Duration(u.limits.StreamTimeout) * time.Millisecond)
	if now, _ := u.ctx.Deadline(); now.After(ends) {
		return
	}
	ctx, cancel := timeout.With(context.WithoutCancel(u.r.Context()), time.Until(ends))
	before := u.cancel
	u.cancel = func() { cancel(); before() }
	u.ctx, u.call.Context = ctx, ctx
	if b, ok := u.r.Body.(interface{ EndBy(time.Time) }); ok && u.in != nil {
		b.EndBy(ends)
	}
	deadline, _ := ctx.Deadline()
	u.ends.Store(int64(deadline.Sub(quickjs.Began())))
	if u.machine != nil {
		u.machine.Arm(deadline)
		u.machine.ArmCPU(u.since.Load() + u.processorTime())
		u.machine.ArmPause(u.since.Load() + int64(sched.Slice))
	}
}

// hasLeft tells the script that its visitor is gone, or that it is over for another reason: the signal of the request is
// aborted, a stream that is being sent canceled. What the script does about it must be given to waitUntil.
func (u *run) hasLeft(m *machine, err error) error {
	u.left = true
	reason := m.realm.NewError(err)
	defer m.realm.Free(reason)
	return m.notify(m.leave, reason)
}

// endCalls waits for what runs beside the machine. What still reads from the visitor, or writes to them what will not be
// completed, is cut short; nothing else is.
func (u *run) endCalls() {
	u.endHostCalls()
	if !u.reading && !u.broken() {
		u.calls.Wait()
		return
	}
	done := make(chan struct{})
	go func() { u.calls.Wait(); close(done) }()
	control := http.NewResponseController(u.w)
	again := time.NewTicker(10 * time.Millisecond) // who reads or writes sets a deadline too, before each time
	defer again.Stop()
	for {
		_ = control.SetReadDeadline(time.Now())
		if u.broken() {
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
func (u *run) endHostCalls() {
	if u.under.Load() == 0 {
		return
	}
	done := make(chan struct{})
	go func() { u.hosts.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(u.engine.callsEnd):
		n := int(u.under.Load())
		u.engine.left(n)
		u.engine.config.Log.Error("host calls of a function do not end, and are left behind", "app", u.f.AppName, "request_id", u.f.RequestID, "calls", n)
		go func() { <-done; u.engine.left(-n) }()
	}
}

// left counts host calls that do not end.
func (e *Engine) left(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stats.Left += n
}

// cut breaks the connection of an answer that nobody will complete. The run it is of was abandoned, and says nothing more.
func (u *run) cut() {
	if !u.flows.Load() {
		return
	}
	control := http.NewResponseController(u.w)
	for _ = control.SetWriteDeadline(time.Now()); !u.pen.TryLock(); time.Sleep(10 * time.Millisecond) {
		_ = control.SetWriteDeadline(time.Now())
	}
	defer u.pen.Unlock()
	if conn, _, err := control.Hijack(); err == nil {
		conn.Close()
	}
}
