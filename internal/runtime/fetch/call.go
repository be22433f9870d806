package fetch

import (
	"bytes"
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/errs"
	"fazt/internal/header"
	"fazt/internal/quickjs"
	"fazt/internal/runtime"
)

// atOnce is the size up to which a body is read before the script gets the head of its response. The script can then use it
// without another host call, and the call is over even if the script never reads it.
const atOnce = 64 << 10

// call is one call to another server, from the request of the script to the end of the response's body.
type call struct {
	inv    *runtime.Invocation
	ctx    context.Context
	cancel context.CancelCauseFunc
	max    int64 // of the body that is handed over whole
	whole  bool  // the script wants head and body together

	done  chan struct{} // closed when the fields below are set
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

// do sends the call and reads the response, or as much of it as is read at once.
func (f *call) do(account Account, o Outgoing) {
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

// finish makes room for another call.
func (f *call) finish() { f.finished.Do(func() { f.cancel(errNetStop) }) }

// fault returns why part of the call failed.
func (f *call) fault(err error) error {
	if cause := context.Cause(f.ctx); cause != nil && cause != context.Canceled { //nolint:errorlint // as it was given
		return cause
	}
	return err
}

// next returns the next piece of the body, valid until the following call; nil at the end.
func (f *call) next() ([]byte, error) {
	if f.piece == nil {
		f.piece = make([]byte, atOnce)
	}
	for range 100 { // a reader may return nothing, but not forever
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

// rest returns the rest of the body.
func (f *call) rest() ([]byte, error) {
	defer f.finish()
	size := int64(atOnce)
	if f.reply.Size >= 0 {
		size = f.reply.Size + 1 // room to detect the end
	}
	var data []byte
	for {
		if size > f.max+1 || int64(len(data)) > f.max {
			return nil, &errs.Error{Kind: errs.TooLarge, Code: "NET_SIZE", Message: "the response is larger than the memory of the function; read it piece by piece"}
		}
		if err := f.charge(size); err != nil {
			return nil, err
		}
		grown := make([]byte, size)
		n, err := io.ReadFull(f.reply.Body, grown[copy(grown, data):])
		f.inv.Uncharge(int64(cap(data)))
		switch data = grown[:len(data)+n]; {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return data, nil
		case err != nil:
			return nil, f.fault(err)
		}
		size = min(2*size, f.max+1)
	}
}

// charge counts what Go holds for the call.
func (f *call) charge(n int64) error {
	if f.inv.Charge(n) == nil {
		return nil
	}
	return &errs.Error{Kind: errs.Unavailable, Code: "NET_BUDGET", Message: "not enough memory for the call right now; try again", Retry: time.Second}
}

// isOver reports whether the call is over, successful or not.
func (f *call) isOver() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// isUnread reports whether there is a response whose body was not read at once.
func (f *call) isUnread() bool {
	return f.isOver() && f.err == nil && f.body == nil && f.reply != nil
}

// nextValue is the next piece for the script.
func (f *call) nextValue() runtime.Outcome {
	piece, err := f.next()
	if err != nil || piece == nil {
		return runtime.Outcome{Err: err}
	}
	piece = bytes.Clone(piece) // the next one may be read before this one is handed over
	return runtime.Outcome{Value: func(r *quickjs.Realm) quickjs.Value { return r.NewBytes(piece) }}
}

// restValue is the rest of the body for the script.
func (f *call) restValue() runtime.Outcome {
	data, err := f.rest()
	return runtime.Outcome{Err: err, Value: func(r *quickjs.Realm) quickjs.Value {
		defer f.inv.Uncharge(int64(cap(data)))
		return r.NewBody(data)
	}}
}

// replyValue is the response as the script gets it. Its body is undefined unless it was read.
func (f *call) replyValue(r *quickjs.Realm) quickjs.Value {
	v, body := r.NewObject(), quickjs.Undefined()
	if f.body != nil {
		if body = r.NewBody(f.body); quickjs.IsException(body) {
			r.Free(v)
			return body
		}
	}
	r.Set(v, "status", quickjs.Int(int32(f.reply.Status)))
	r.Set(v, "statusText", r.NewString(header.FromLatin1(f.reply.StatusText)))
	r.Set(v, "url", r.NewString(f.reply.URL))
	r.Set(v, "redirected", quickjs.Bool(f.reply.Redirected))
	r.Set(v, "cached", quickjs.Bool(f.reply.FromKept))
	r.Set(v, "headers", r.NewString(header.Flat(f.reply.Headers)))
	if f.body != nil {
		r.Set(v, "body", body)
	}
	return v
}
