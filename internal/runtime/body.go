package runtime

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
)

// atHand is how large a body may be that a script has at once: most are. Of a larger one, or one of unknown size, the
// function asks for each piece.
const atHand = 64 << 10

// input is a request body that comes as the function asks for it. The VM's goroutine starts each read; one is under
// way at a time.
type input struct {
	body  io.Reader
	f     Function
	size  int64 // announced; -1 = unknown
	max   int64 // of it that is handed over whole
	here  bool  // all of it has arrived
	piece []byte
	kept  *ahead      // what holds it, when it was collected as it came
	turn  *turn       // held while its function starts
	ended atomic.Bool // all of it was read: the connection can be used again
}

// stream is the input of a body that arrives while the function runs.
func stream(r *http.Request, f Function, most int64) *input {
	f.Ends = time.Time{} // the time of a stream is its own
	return &input{body: r.Body, f: f, size: r.ContentLength, max: most}
}

// opened gives the turn of a stream that has started to the next. Only the goroutine of the invocation calls it.
func (inv *Invocation) opened() {
	if inv.visit != nil && inv.visit.input != nil {
		inv.visit.input.turn.done()
		inv.visit.input.turn = nil
	}
}

// next is the next piece, valid until the following call; io.EOF at the end.
func (in *input) next() ([]byte, error) {
	if in.piece == nil {
		in.piece = make([]byte, atHand)
	}
	for range 100 { // a reader may give nothing, but not for ever
		n, err := in.body.Read(in.piece)
		if err == io.EOF {
			in.ended.Store(true)
		}
		if n > 0 {
			if in.here {
				in.size -= int64(n)
			}
			return in.piece[:n], nil // an error comes again
		}
		if err != nil {
			return nil, in.fault(err)
		}
	}
	return nil, in.fault(io.ErrNoProgress)
}

// needs is how much memory of a VM the body takes when it is handed over whole: as text it is there twice for a moment.
func (in *input) needs() int64 {
	if in == nil || !in.here {
		return 0
	}
	return 2*in.size + modestVM
}

// collect takes in all that is still to come, if it may be handed over whole: into memory or a file, as any other body.
func (inv *Invocation) collect() (*input, error) {
	in := inv.visit.input
	switch {
	case in.here:
		return in, nil
	case in.size > in.max:
		return nil, over(in.max)
	}
	a := &ahead{e: inv.engine, holder: inv.fn.holder(), limits: inv.limits, w: inv.visit.w, size: in.size, max: in.max}
	in.kept = a // until the invocation has ended
	if err := a.all(in.body); err != nil {
		if known := (*errs.Error)(nil); errors.As(err, &known) {
			return nil, err
		}
		return nil, in.fault(err)
	}
	in.ended.Store(true)
	return &input{body: a.reader(), f: in.f, size: a.length(), max: in.max, here: true}, nil
}

// whole gives what is still there of a body to the script, out of where it was kept into the VM's memory.
func (vm *VM) whole(in *input) (quickjs.Value, error) {
	v, err := vm.realm.NewText(in.body, int(in.size), false)
	return v, errs.Wrap(errs.Internal, err, "the body cannot be read any more")
}

// form is the parts of a form, if all of them together may be handed over whole.
func (in *input) form(contentType string) ([]part, error) {
	limited := &io.LimitedReader{R: in.body, N: in.max + 1}
	parts, err := readForm(contentType, limited)
	if err == nil {
		_, err = io.Copy(io.Discard, limited) // what follows the last boundary
	}
	switch {
	case limited.N == 0:
		return nil, over(in.max)
	case err != nil:
		return nil, in.fault(err)
	}
	in.ended.Store(true)
	return parts, nil
}

func (in *input) fault(err error) error {
	if err == io.EOF || errors.Is(err, errNoForm) { //nolint:errorlint // readers return it bare
		return err
	}
	if in.here {
		return errs.Wrap(errs.Internal, err, "the body cannot be read any more")
	}
	return bodyFault(in.f, err)
}

// bodyFault says why a body could not be read.
func bodyFault(f Function, err error) error {
	var most *http.MaxBytesError
	switch {
	case errors.As(err, &most):
		return over(most.Limit)
	case !f.Ends.IsZero() && !time.Now().Before(f.Ends):
		return errs.New(errs.Unavailable, "the time for this request passed before all of it had arrived; try again")
	}
	return errs.Wrap(errs.Invalid, err, "the body was cut off")
}

func over(most int64) error {
	return errs.New(errs.TooLarge, "the body is larger than %d bytes", most)
}

// What the script asks of its visitor runs alongside the VM, like a host call, but neither counts among those nor has
// to end before the invocation may.
type origin uint8

const (
	fromHost     origin = iota
	fromBody            // a piece of the body
	fromResponse        // a piece of the answer
)

// bodyFuncs read the body of the request.
func bodyFuncs() hostTable {
	return hostTable{
		"bodyNext": promised(func(inv *Invocation, _ args) (int32, error) { return inv.bodyNext() }),
		"bodyRest": promised(func(inv *Invocation, _ args) (int32, error) { return inv.bodyRest() }),
		"bodyForm": promised(func(inv *Invocation, a args) (int32, error) { return inv.bodyForm(a.text(0)) }),
		"bodyOver": promised(func(inv *Invocation, _ args) (int32, error) { return 0, inv.bodyTooLarge() }),
	}
}

// readBody reads of the body alongside the VM.
func (inv *Invocation) readBody(read func() (func(*VM) quickjs.Value, error)) (int32, error) {
	if inv.visit == nil || inv.visit.input == nil || inv.visit.reading {
		return 0, errs.New(errs.Conflict, "the body cannot be read now")
	}
	inv.visit.reading = true
	if !inv.visit.input.here {
		inv.useStreamTime()
	}
	return inv.alongside(fromBody, read), nil
}

// bodyNext gives the next piece to the script as an ArrayBuffer, undefined at the end.
func (inv *Invocation) bodyNext() (int32, error) {
	return inv.readBody(func() (func(*VM) quickjs.Value, error) {
		piece, err := inv.visit.input.next()
		if err == io.EOF { //nolint:errorlint // next returns it bare
			return nil, nil
		}
		return func(vm *VM) quickjs.Value { return vm.realm.NewBytes(piece) }, err
	})
}

// bodyRest gives all of the body, as a small one would have been given.
func (inv *Invocation) bodyRest() (int32, error) {
	return inv.readBody(func() (func(*VM) quickjs.Value, error) {
		in, err := inv.collect()
		return func(vm *VM) quickjs.Value {
			v, err := vm.whole(in)
			if err != nil {
				return vm.realm.Throw(err)
			}
			return v
		}, err
	})
}

// bodyForm gives the parts of a form, or undefined for a body that is not a form.
func (inv *Invocation) bodyForm(contentType string) (int32, error) {
	return inv.readBody(func() (func(*VM) quickjs.Value, error) {
		in, err := inv.collect()
		if err != nil {
			return nil, err
		}
		if !inv.charge(2 * in.size) {
			return nil, errStarved
		}
		parts, err := in.form(contentType)
		if errors.Is(err, errNoForm) {
			return nil, nil
		}
		return func(vm *VM) quickjs.Value { return vm.formValue(parts) }, err
	})
}

// bodyTooLarge is the error of a body that the script collects from its stream, and that is larger than may be handed over whole.
func (inv *Invocation) bodyTooLarge() error {
	if inv.visit != nil && inv.visit.input != nil {
		inv.visit.refused = over(inv.visit.input.max)
	}
	return inv.visit.bodyError()
}

// closeUnreadConnection is called before the head of an answer is written. When some of the body is still on its way then, that may be read
// while the answer goes out, without a wait; but the connection is of no use for another request.
func (inv *Invocation) closeUnreadConnection() {
	if inv.visit.input != nil && !inv.visit.input.ended.Load() {
		inv.visit.w.Header().Set("Connection", "close")
		_ = http.NewResponseController(inv.visit.w).EnableFullDuplex()
	}
}
