package httpfn

import (
	"errors"
	"io"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime"
)

// bodyFuncs read the body of the request.
func bodyFuncs() runtime.Table {
	return runtime.Table{
		"bodyNext": promised(func(v *visit, _ runtime.Args) (int32, error) { return v.bodyNext() }),
		"bodyRest": promised(func(v *visit, _ runtime.Args) (int32, error) { return v.bodyRest() }),
		"bodyForm": promised(func(v *visit, a runtime.Args) (int32, error) { return v.bodyForm(a.Text(0)) }),
		"bodyOver": promised(func(v *visit, _ runtime.Args) (int32, error) { return 0, v.bodyTooLarge() }),
	}
}

// readBody reads from the body alongside the VM.
func (v *visit) readBody(read func() runtime.Outcome) (int32, error) {
	if v == nil || v.input == nil || v.inv.Traffic.Reading {
		return 0, errs.New(errs.Conflict, "the body cannot be read at this point")
	}
	v.inv.Traffic.Reading, v.inv.Traffic.Arriving = true, !v.input.here
	if !v.input.here {
		v.useStreamTime()
	}
	return v.alongside(read, func(err error) bool {
		v.inv.Traffic.Reading = false
		if err != nil {
			v.inv.Traffic.InputErr = err
		}
		return errs.Is(err, errs.Invalid) // a visitor who does not send what was announced has left
	}), nil
}

// bodyNext gives the script the next piece as an ArrayBuffer, or undefined at the end.
func (v *visit) bodyNext() (int32, error) {
	return v.readBody(func() runtime.Outcome {
		piece, err := v.input.next()
		if err == io.EOF { //nolint:errorlint // next returns it bare
			return runtime.Outcome{}
		}
		return runtime.Outcome{Err: err, Value: func(r *quickjs.Realm) quickjs.Value { return r.NewBytes(piece) }}
	})
}

// bodyRest gives the script the whole body, in the form that a small one has.
func (v *visit) bodyRest() (int32, error) {
	return v.readBody(func() runtime.Outcome {
		in, err := v.collect()
		return runtime.Outcome{Err: err, Value: func(r *quickjs.Realm) quickjs.Value {
			whole, err := in.whole(r)
			if err != nil {
				return r.Throw(err)
			}
			return whole
		}}
	})
}

// bodyForm gives the script the parts of a form, or undefined if the body is not a form.
func (v *visit) bodyForm(contentType string) (int32, error) {
	return v.readBody(func() runtime.Outcome {
		in, err := v.collect()
		if err != nil {
			return runtime.Outcome{Err: err}
		}
		if err := v.inv.Charge(2 * in.size); err != nil {
			return runtime.Outcome{Err: err}
		}
		parts, err := in.form(contentType)
		if errors.Is(err, errNoForm) {
			return runtime.Outcome{}
		}
		return runtime.Outcome{Err: err, Value: func(r *quickjs.Realm) quickjs.Value { return formValue(r, parts) }}
	})
}

// bodyTooLarge returns the error of a body that the script collects from its stream and that is too large to be handed over whole.
func (v *visit) bodyTooLarge() error {
	if v == nil {
		return nil
	}
	if v.input != nil {
		v.inv.Traffic.InputErr = over(v.input.max)
	}
	return v.inv.Traffic.InputErr
}

// collect stores the rest of a body, if it may be handed over whole, in memory or a file like any other body.
func (v *visit) collect() (*input, error) {
	in := v.input
	switch {
	case in.here:
		return in, nil
	case in.size > in.max:
		return nil, over(in.max)
	}
	a := &storedBody{server: v.server, holder: v.inv.Function().Holder(), limits: v.inv.Limits(), w: v.w, size: in.size, max: in.max}
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
