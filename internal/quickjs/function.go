package quickjs

import (
	"errors"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// HostFunc is a Go function that JavaScript calls. An error is thrown.
type HostFunc func(args []Value) (Value, error)

// NewFunction makes a JavaScript function of a Go function.
func (r *Realm) NewFunction(name string, fn HostFunc) (v Value) {
	r.funcs = append(r.funcs, fn)
	magic := int32(len(r.funcs) - 1)
	r.withName(name, func(p uintptr) {
		v = lib.XJS_NewCFunction2(r.tls, r.ctx, fp(callHost), p, 0, lib.EJS_CFUNC_generic_magic, magic)
	})
	return v
}

// callHost is called by the engine for every host function.
func callHost(_ *libc.TLS, ctx uintptr, _ Value, argc int32, argv uintptr, magic int32) (v Value) {
	found, _ := realms.Load(ctx)
	r := found.(*Realm)
	var args []Value
	if argc > 0 {
		args = unsafe.Slice(at[Value](argv), argc)
	}
	defer func() {
		if p := recover(); p != nil {
			// A panic must not unwind through the engine; it goes on in the Go code that called into it.
			r.panicked = p
			v = r.throwUncatchable("a host function failed")
		}
	}()
	defer r.giveBack()
	v, err := r.funcs[magic](args)
	if r.expired() {
		r.Free(v)
		return r.throwUncatchable("interrupted")
	}
	if err != nil {
		return r.Throw(err)
	}
	return v
}

// Throw throws err as a JavaScript Error with code and retryable.
func (r *Realm) Throw(err error) Value {
	return lib.XJS_Throw(r.tls, r.ctx, r.NewError(err))
}

func (r *Realm) throwUncatchable(message string) Value {
	lib.XJS_Throw(r.tls, r.ctx, r.NewError(errors.New(message)))
	lib.XJS_SetUncatchableException(r.tls, r.ctx, 1)
	return ExceptionValue()
}
