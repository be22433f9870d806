package runtime

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/timeout"
)

// Network is the way out of functions.
type Network interface {
	// Begin opens the account of one request.
	Begin(appID, requestID string) Account
}

// Account is what one request may send and has sent. It is used by several goroutines at once.
type Account interface {
	// Do sends o. It ends, and so do reads of what it gives, when ctx does.
	Do(ctx context.Context, o Outgoing) (*Reply, error)
	// Refuse notes that o failed with err before it could be sent.
	Refuse(o Outgoing, err error)
}

// Outgoing is a request to another server.
type Outgoing struct {
	Method, URL     string
	Headers         http.Header
	Body            io.Reader // nil = none
	Size            int64     // of Body; -1 = unknown
	Auth            string    // name of a secret; "" = none
	Timeout         time.Duration
	Redirect, Cache string
}

// Reply is what another server answered. The body may be closed more than once, and while it is read.
type Reply struct {
	Status               int
	StatusText, URL      string
	Headers              http.Header
	Redirected, FromKept bool
	Body                 io.ReadCloser
	Size                 int64 // of Body; -1 = unknown
}

// atOnce is how large a body may be that is read before the script has the head of its answer: it can then be used without
// asking the host again, and the call is over even if the script never looks at it.
const atOnce = 64 << 10

var (
	errNoNetwork = &errs.Error{Kind: errs.Forbidden, Code: "NET_BLOCKED", Message: "outgoing requests are not allowed here"}
	errNetTime   = &errs.Error{Kind: errs.Timeout, Code: "NET_TIMEOUT", Message: "the other server did not answer in the time this request had left"}
	errNetOver   = errs.New(errs.Conflict, "this answer cannot be read now")
	errNetStop   = &errs.Error{Kind: errs.Canceled, Code: "NET_ERROR", Message: "the call was given up"}
)

// fetch is one call to another server, from the script's asking to the end of the answer's body.
type fetch struct {
	inv    *Invocation
	ctx    context.Context
	cancel context.CancelCauseFunc
	max    int64 // of the body that is handed over whole
	whole  bool  // the script wants head and body together

	done  chan struct{} // closed when the fields below are there
	reply *Reply
	body  []byte // when it was read
	err   error

	holds    int64          // bytes of the body to be sent, while the call goes on
	upload   *io.PipeWriter // nil unless the body is a stream
	sending  atomic.Bool
	reading  atomic.Bool
	piece    []byte
	finished sync.Once
}

// newFetch starts a call, and notes when it cannot be. upload says that the body follows in pieces.
func (inv *Invocation) newFetch(o Outgoing, whole, upload bool) (int32, error) {
	if inv.engine.config.Network == nil {
		return 0, errNoNetwork
	}
	inv.openAccount()
	id, err := inv.beginFetch(o, whole, upload)
	if err != nil {
		inv.account.Refuse(o, err)
	}
	return id, err
}

// openAccount begins the account of what the invocation sends.
func (inv *Invocation) openAccount() {
	if inv.account == nil {
		inv.account = inv.engine.config.Network.Begin(inv.fn.AppID, inv.fn.RequestID)
		inv.fetches = map[int32]*fetch{}
	}
}

// fetchRefused notes a call that the script could not even ask for.
func (inv *Invocation) fetchRefused(o Outgoing, why string) {
	if inv.engine.config.Network == nil {
		return
	}
	inv.openAccount()
	inv.account.Refuse(o, errs.New(errs.Invalid, "%s", why))
}

func (inv *Invocation) beginFetch(o Outgoing, whole, upload bool) (int32, error) {
	id, err := inv.newID()
	if err != nil {
		return 0, err
	}
	ctx, cancel, err := inv.netContext()
	if err != nil {
		return 0, err
	}
	if !inv.holdUpload(o.Size) {
		cancel(errNetStop)
		return 0, &errs.Error{Kind: errs.TooLarge, Code: "NET_SIZE", Message: "the bodies that are being sent are larger than the memory of the function"}
	}
	f := &fetch{inv: inv, ctx: ctx, cancel: cancel, max: inv.limits.MaxMemory, whole: whole, holds: o.Size, done: make(chan struct{})}
	if upload {
		var body *io.PipeReader
		body, f.upload = io.Pipe()
		context.AfterFunc(ctx, func() { _ = body.CloseWithError(context.Cause(ctx)) })
		o.Body, o.Size = body, -1
	}
	inv.fetches[id] = f
	account := inv.account
	inv.startCall(id, func() (func(*VM) quickjs.Value, error) {
		if f.err = f.charge(f.holds); f.err == nil {
			f.do(account, o)
			inv.uncharge(f.holds)
		} else {
			account.Refuse(o, f.err)
			f.finish()
		}
		inv.sending.Add(-f.holds)
		close(f.done)
		return func(vm *VM) quickjs.Value { return vm.replyValue(f) }, f.err
	})
	return id, nil
}

// holdUpload counts a body of so many bytes that is to be sent, and reports whether there is room for it. Calls that were given up
// let go of theirs a moment later; for those it waits, without a processor.
func (inv *Invocation) holdUpload(size int64) bool {
	for inv.sending.Add(size) > inv.limits.MaxMemory && size > 0 {
		inv.sending.Add(-size)
		f := inv.givenUp()
		if f == nil || inv.ctx.Err() != nil {
			return false
		}
		inv.releaseProcessor()
		select {
		case <-f.done:
		case <-inv.ctx.Done():
		}
		inv.acquireProcessor()
	}
	return true
}

// givenUp returns a call that was ended and still holds its body, or nil.
func (inv *Invocation) givenUp() *fetch {
	for _, f := range inv.fetches {
		if f.holds > 0 && f.ctx.Err() != nil && !f.over() {
			return f
		}
	}
	return nil
}

// over reports whether the call has been made, whatever came of it.
func (f *fetch) over() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// netContext is the context of a call. It ends while the function still has time to answer, and when the invocation does: that may
// be later than it looks now, because a function gets more time when it begins to send a stream.
func (inv *Invocation) netContext() (context.Context, context.CancelCauseFunc, error) {
	share, done, err := timeout.NetContext(inv.ctx, time.Hour)
	if err != nil {
		if e := (&errs.Error{Kind: errs.Unavailable, Code: "NET_BUDGET", Retry: time.Second, Err: err}); inv.ctx.Err() == nil {
			e.Message = errs.Sentence(err)
			return nil, nil, e
		}
		return nil, nil, quickjs.ErrDeadline
	}
	ends, _ := share.Deadline()
	last, _ := inv.ctx.Deadline()
	done()
	if inv.outgoing == nil {
		var end context.CancelFunc
		inv.outgoing, end = context.WithCancel(context.WithoutCancel(inv.caller))
		before := inv.cancel
		inv.cancel = func() { end(); before() }
	}
	ctx, cancel := context.WithCancelCause(inv.outgoing)
	reserve := max(0, last.Sub(ends))
	var timer *time.Timer
	var mu sync.Mutex // until timer is set
	mu.Lock()
	timer = time.AfterFunc(time.Until(ends), func() {
		mu.Lock()
		defer mu.Unlock()
		if left := time.Duration(inv.ends.Load()-quickjs.Monotonic()) - reserve; left > 0 {
			timer.Reset(left)
			return
		}
		cancel(errNetTime)
	})
	mu.Unlock()
	context.AfterFunc(ctx, func() { timer.Stop() })
	return ctx, cancel, nil
}

// startCall runs fn alongside the VM as a host call of the invocation, under an id that newID gave.
func (inv *Invocation) startCall(id int32, fn func() (func(*VM) quickjs.Value, error)) {
	inv.makeFinished()
	inv.pending++
	inv.hostCall(func() {
		give, err := fn()
		inv.finished <- completion{id: id, give: give, err: err}
	})
}

// do sends the call and takes the answer in, or as much of it as is taken at once.
func (f *fetch) do(account Account, o Outgoing) {
	f.reply, f.err = account.Do(f.ctx, o)
	if f.err != nil {
		f.err = f.fault(f.err)
		f.finish()
		return
	}
	body := f.reply.Body
	context.AfterFunc(f.ctx, func() { _ = body.Close() })
	if f.whole || f.reply.Size >= 0 && f.reply.Size <= atOnce {
		f.body, f.err = f.rest()
	}
}

// finish gives the place of the call to another one.
func (f *fetch) finish() { f.finished.Do(func() { f.cancel(errNetStop) }) }

// fault is why something of the call failed.
func (f *fetch) fault(err error) error {
	if cause := context.Cause(f.ctx); cause != nil && cause != context.Canceled { //nolint:errorlint // as it was given
		return cause
	}
	return err
}

// next is the next piece of the body, valid until the following call; nil at the end.
func (f *fetch) next() ([]byte, error) {
	if f.piece == nil {
		f.piece = make([]byte, atOnce)
	}
	for range 100 { // a reader may give nothing, but not for ever
		n, err := f.reply.Body.Read(f.piece)
		switch {
		case n > 0:
			return f.piece[:n], nil // an error comes again
		case err == io.EOF:
			f.finish()
			return nil, nil
		case err != nil:
			defer f.finish()
			return nil, f.fault(err)
		}
	}
	f.finish()
	return nil, io.ErrNoProgress
}

// rest is all that is still to come of the body.
func (f *fetch) rest() ([]byte, error) {
	defer f.finish()
	size := int64(atOnce)
	if f.reply.Size >= 0 {
		size = f.reply.Size + 1 // room to see that this was all
	}
	var data []byte
	for {
		if size > f.max+1 || int64(len(data)) > f.max {
			return nil, &errs.Error{Kind: errs.TooLarge, Code: "NET_SIZE", Message: "the answer is larger than the memory of the function; read it piece by piece"}
		}
		if err := f.charge(size); err != nil {
			return nil, err
		}
		grown := make([]byte, size)
		n, err := io.ReadFull(f.reply.Body, grown[copy(grown, data):])
		f.inv.uncharge(int64(cap(data)))
		switch data = grown[:len(data)+n]; {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return data, nil
		case err != nil:
			return nil, f.fault(err)
		}
		size = min(2*size, f.max+1)
	}
}

// charge counts what Go holds of the call.
func (f *fetch) charge(n int64) error {
	if f.inv.charge(n) {
		return nil
	}
	return &errs.Error{Kind: errs.Unavailable, Code: "NET_BUDGET", Message: "there is no memory for the call right now; try again", Retry: time.Second}
}

// readFetch reads of an answer's body alongside the VM.
func (inv *Invocation) readFetch(id int32, read func(f *fetch) (func(*VM) quickjs.Value, error)) (int32, error) {
	f, ok := inv.fetches[id]
	if !ok || !f.answered() || !f.reading.CompareAndSwap(false, true) {
		return 0, errNetOver
	}
	ask, err := inv.newID()
	if err != nil {
		f.reading.Store(false)
		return 0, err
	}
	inv.startCall(ask, func() (func(*VM) quickjs.Value, error) {
		give, err := read(f)
		f.reading.Store(false)
		return give, err
	})
	return ask, nil
}

// answered reports whether there is an answer whose body was not taken at once.
func (f *fetch) answered() bool {
	return f.over() && f.err == nil && f.body == nil && f.reply != nil
}

func (inv *Invocation) fetchNext(id int32) (int32, error) {
	return inv.readFetch(id, func(f *fetch) (func(*VM) quickjs.Value, error) {
		piece, err := f.next()
		if err != nil || piece == nil {
			return nil, err
		}
		piece = bytes.Clone(piece) // the next one may be read before this one is handed over
		return func(vm *VM) quickjs.Value { return vm.realm.NewBytes(piece) }, nil
	})
}

func (inv *Invocation) fetchRest(id int32) (int32, error) {
	return inv.readFetch(id, func(f *fetch) (func(*VM) quickjs.Value, error) {
		data, err := f.rest()
		return func(vm *VM) quickjs.Value {
			defer inv.uncharge(int64(cap(data)))
			return vm.bodyValue(data)
		}, err
	})
}

// fetchWrite sends a piece of a call's body, and with last says that it was all. The promise that comes of it is settled when
// the connection has taken the piece.
func (inv *Invocation) fetchWrite(id int32, piece []byte, last bool) (int32, error) {
	f, ok := inv.fetches[id]
	if !ok || f.upload == nil || !f.sending.CompareAndSwap(false, true) {
		return 0, errNetOver
	}
	ask, err := inv.newID()
	if err != nil {
		f.sending.Store(false)
		return 0, err
	}
	inv.startCall(ask, func() (func(*VM) quickjs.Value, error) {
		defer f.sending.Store(false)
		if last {
			return nil, f.upload.Close()
		}
		_, err := f.upload.Write(piece)
		return nil, err
	})
	return ask, nil
}

// fetchWait waits for a call as if it were made at once: the script stands still meanwhile, and holds no processor. A
// visitor who leaves ends the script there, unless something goes on without them.
func (inv *Invocation) fetchWait(vm *VM, id int32) (quickjs.Value, error) {
	f, ok := inv.fetches[id]
	if !ok {
		return quickjs.Undefined(), errNetOver
	}
	inv.releaseProcessor()
	err := inv.await(id)
	inv.acquireProcessor()
	switch {
	case errors.Is(err, errLeft):
		inv.visitorLeft, inv.halted = true, true
		vm.Halt(err)
		return quickjs.Undefined(), err
	case err != nil:
		return quickjs.Undefined(), err
	case f.err != nil:
		return quickjs.Undefined(), f.err
	}
	return vm.replyValue(f), nil
}

// await takes the completion of a host call, whose promise nothing settles then. Others that come first are kept.
func (inv *Invocation) await(id int32) error {
	gone, stopping := inv.departure()
	if inv.waitUntil > 0 || inv.responded && !inv.streams() {
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

// fetchTaken forgets a call whose answer the script has whole: an invocation may make many.
func (inv *Invocation) fetchTaken(id int32) {
	if f, ok := inv.fetches[id]; ok {
		inv.uncharge(int64(cap(f.body)))
		f.body = nil
		delete(inv.fetches, id)
	}
}

// fetchCancel ends a call that the script has given up.
func (inv *Invocation) fetchCancel(id int32) {
	if f, ok := inv.fetches[id]; ok {
		f.cancel(errNetStop)
	}
}
