package fetch

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime"
	"fazt/internal/timeout"
)

var (
	errNoNetwork = &errs.Error{Kind: errs.Forbidden, Code: "NET_BLOCKED", Message: "outgoing requests are not allowed here"}
	errNetTime   = &errs.Error{Kind: errs.Timeout, Code: "NET_TIMEOUT", Message: "the other server did not respond in the time this request had left"}
	errNetOver   = errs.New(errs.Conflict, "this response cannot be read at this point")
	errNetStop   = &errs.Error{Kind: errs.Canceled, Code: "NET_ERROR", Message: "the call was canceled"}
)

// calls are the calls of one invocation to other servers. The goroutine of the invocation uses them, except where noted.
type calls struct {
	inv     *runtime.Invocation
	network Network
	account Account // nil = nothing was sent so far
	open    map[int32]*call
	ctx     context.Context // of all calls; nil = none so far
	held    atomic.Int64    // bytes of their bodies that Go holds; any goroutine may change it
}

// key is the key of an invocation's calls.
type key struct{}

// callsOf returns the calls of an invocation.
func callsOf(inv *runtime.Invocation, network Network) *calls {
	c, ok := inv.Value(key{}).(*calls)
	if !ok {
		c = &calls{inv: inv, network: network, open: map[int32]*call{}}
		inv.SetValue(key{}, c)
	}
	return c
}

// start starts a call, and records it if it cannot be made. upload means that the body follows in pieces.
func (c *calls) start(o Outgoing, whole, upload bool) (int32, error) {
	if o.Assets {
		return c.begin(assets{c.inv.Function().Assets}, o, whole, upload)
	}
	if c.network == nil {
		return 0, errNoNetwork
	}
	c.openAccount()
	id, err := c.begin(c.account, o, whole, upload)
	if err != nil {
		c.account.Refuse(o, err)
	}
	return id, err
}

// openAccount opens the account of the invocation, once.
func (c *calls) openAccount() {
	if c.account == nil {
		f := c.inv.Function()
		c.account = c.network.Begin(f.AppID, f.RequestID)
	}
}

// refused records a call that the script failed to request.
func (c *calls) refused(o Outgoing, why string) {
	if c.network == nil {
		return
	}
	c.openAccount()
	c.account.Refuse(o, errs.New(errs.Invalid, "%s", why))
}

func (c *calls) begin(account Account, o Outgoing, whole, upload bool) (int32, error) {
	id, err := c.inv.NewID()
	if err != nil {
		return 0, err
	}
	ctx, cancel, err := c.context()
	if err != nil {
		return 0, err
	}
	if !c.hold(o.Size) {
		cancel(errNetStop)
		return 0, &errs.Error{Kind: errs.TooLarge, Code: "NET_SIZE", Message: "the bodies that are being sent are larger than the memory of the function"}
	}
	f := &call{inv: c.inv, ctx: ctx, cancel: cancel, max: c.inv.Limits().MaxMemory, whole: whole, holds: o.Size, done: make(chan struct{})}
	if upload {
		var body *io.PipeReader
		body, f.upload = io.Pipe()
		context.AfterFunc(ctx, func() { _ = body.CloseWithError(context.Cause(ctx)) })
		o.Body, o.Size = body, -1
	}
	c.open[id] = f
	c.inv.StartCall(id, func() runtime.Outcome {
		if f.err = f.charge(f.holds); f.err == nil {
			f.do(account, o)
			c.inv.Uncharge(f.holds)
		} else {
			account.Refuse(o, f.err)
			f.finish()
		}
		c.held.Add(-f.holds)
		close(f.done)
		return runtime.Outcome{Value: f.replyValue, Err: f.err}
	})
	return id, nil
}

// context returns the context of a new call. It ends while the function still has time to respond, and with the invocation. That
// may be later than it looks now: a function gets more time when it starts to send a stream.
func (c *calls) context() (context.Context, context.CancelCauseFunc, error) {
	within := c.inv.Context()
	share, done, err := timeout.NetContext(within, time.Hour)
	if err != nil {
		if e := (&errs.Error{Kind: errs.Unavailable, Code: "NET_BUDGET", Retry: time.Second, Err: err}); within.Err() == nil {
			e.Message = errs.Sentence(err)
			return nil, nil, e
		}
		return nil, nil, quickjs.ErrDeadline
	}
	ends, _ := share.Deadline()
	last, _ := within.Deadline()
	done()
	if c.ctx == nil {
		var end context.CancelFunc
		c.ctx, end = context.WithCancel(context.WithoutCancel(c.inv.Caller()))
		c.inv.OnEnd(end)
	}
	ctx, cancel := context.WithCancelCause(c.ctx)
	reserve := max(0, last.Sub(ends))
	var timer *time.Timer
	var mu sync.Mutex // until timer is set
	mu.Lock()
	timer = time.AfterFunc(time.Until(ends), func() {
		mu.Lock()
		defer mu.Unlock()
		if left := c.inv.TimeLeft() - reserve; left > 0 {
			timer.Reset(left)
			return
		}
		cancel(errNetTime)
	})
	mu.Unlock()
	context.AfterFunc(ctx, func() { timer.Stop() })
	return ctx, cancel, nil
}

// hold counts a body of size bytes to be sent, and reports whether there is room for it. Canceled calls release their bodies a
// moment later; hold waits for them without a processor.
func (c *calls) hold(size int64) bool {
	for c.held.Add(size) > c.inv.Limits().MaxMemory && size > 0 {
		c.held.Add(-size)
		f := c.canceled()
		if f == nil || c.inv.Context().Err() != nil {
			return false
		}
		c.inv.Pause(func() bool {
			select {
			case <-f.done:
			case <-c.inv.Context().Done():
			}
			return true
		})
	}
	return true
}

// canceled returns a canceled call that still holds its body, or nil.
func (c *calls) canceled() *call {
	for _, f := range c.open {
		if f.holds > 0 && f.ctx.Err() != nil && !f.isOver() {
			return f
		}
	}
	return nil
}

// wait blocks the script until a call is over, without a processor. A visitor who leaves ends the script there, unless
// it has something to finish without them.
func (c *calls) wait(r *quickjs.Realm, id int32) (quickjs.Value, error) {
	f, ok := c.open[id]
	if !ok {
		return quickjs.Undefined(), errNetOver
	}
	if err := c.inv.Await(id); err != nil {
		return quickjs.Undefined(), err
	}
	if f.err != nil {
		return quickjs.Undefined(), f.err
	}
	return f.replyValue(r), nil
}

// next gives the script the next piece of a response.
func (c *calls) next(id int32) (int32, error) { return c.read(id, (*call).nextValue) }

// rest gives the script all that is left of a response.
func (c *calls) rest(id int32) (int32, error) { return c.read(id, (*call).restValue) }

// read reads the body of a response alongside the VM.
func (c *calls) read(id int32, read func(f *call) runtime.Outcome) (int32, error) {
	f, ok := c.open[id]
	if !ok || !f.isUnread() || !f.reading.CompareAndSwap(false, true) {
		return 0, errNetOver
	}
	ask, err := c.inv.NewID()
	if err != nil {
		f.reading.Store(false)
		return 0, err
	}
	c.inv.StartCall(ask, func() runtime.Outcome {
		o := read(f)
		f.reading.Store(false)
		return o
	})
	return ask, nil
}

// write sends a piece of a call's body; last ends it. The promise is settled when the connection has taken the piece.
func (c *calls) write(id int32, piece []byte, last bool) (int32, error) {
	f, ok := c.open[id]
	if !ok || f.upload == nil || !f.sending.CompareAndSwap(false, true) {
		return 0, errNetOver
	}
	ask, err := c.inv.NewID()
	if err != nil {
		f.sending.Store(false)
		return 0, err
	}
	c.inv.StartCall(ask, func() runtime.Outcome {
		defer f.sending.Store(false)
		if last {
			return runtime.Outcome{Err: f.upload.Close()}
		}
		if err := f.charge(int64(len(piece))); err != nil {
			return runtime.Outcome{Err: err}
		}
		defer c.inv.Uncharge(int64(len(piece)))
		_, err := f.upload.Write(piece)
		return runtime.Outcome{Err: err}
	})
	return ask, nil
}

// taken forgets a call whose whole response the script has: an invocation may make many.
func (c *calls) taken(id int32) {
	if f, ok := c.open[id]; ok {
		c.inv.Uncharge(int64(cap(f.body)))
		f.body = nil
		delete(c.open, id)
	}
}

// cancel ends a call that the script no longer wants.
func (c *calls) cancel(id int32) {
	if f, ok := c.open[id]; ok {
		f.cancel(errNetStop)
	}
}
