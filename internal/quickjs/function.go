package quickjs

import (
	"errors"
	"sync/atomic"
	"unsafe"
)

// HostFunc is a Go function that JavaScript calls. An error is thrown.
type HostFunc func(args []Value) (Value, error)

// callbacks are the Go functions that the engine calls, by their numbers in the module's table: these are C function
// pointers to it.
type callbacks struct{ call, interrupted, rejected, reallocBuffer address }

// register puts the callbacks into the table of the module.
func (i *Isolate) register() callbacks {
	table := i.m.X__indirect_function_table()
	add := func(fn any) address {
		*table = append(*table, fn)
		return address(len(*table) - 1)
	}
	return callbacks{
		call: add(func(ctx int32, _ int64, argc, argv, magic int32) int64 {
			return int64(i.realm[ctx].call(argc, argv, magic))
		}),
		interrupted: add(func(_, _ int32) int32 { return i.interrupted() }),
		rejected: add(func(ctx int32, promise, reason int64, handled, _ int32) {
			i.realm[ctx].rejected(Value(promise), Value(reason), handled != 0)
		}),
		reallocBuffer: add(func(rt, _, at, size int32) int32 {
			if size == 0 { // it is no longer needed
				i.m.Xjs_free_rt(rt, at)
				return 0
			}
			return i.m.Xjs_realloc_rt(rt, at, size)
		}),
	}
}

// NewFunction makes a JavaScript function of a Go function.
func (r *Realm) NewFunction(name string, fn HostFunc) Value {
	r.funcs = append(r.funcs, fn)
	magic := int32(len(r.funcs) - 1)
	const genericMagic = 1 // the kind of a function that gets magic
	p := r.copyIn([]byte(name))
	r.inside++
	v := Value(r.m.XJS_NewCFunction2(r.ctx, r.functions.call, p, 0, genericMagic, magic))
	r.inside--
	return v
}

// call calls a host function for the engine.
func (r *Realm) call(argc, argv, magic int32) (v Value) {
	var args []Value
	if argc > 0 {
		b := r.bytes(argv, int(argc)*8)
		args = unsafe.Slice((*Value)(unsafe.Pointer(&b[0])), argc) // aligned, and the memory does not move
	}
	inside, outer := r.inside, r.exhausted
	defer func() {
		if r.inside > inside { // the panic comes out of the engine, and goes on through it
			return
		}
		if p := recover(); p != nil {
			if p == any(ErrMemory) { // see Require
				r.exhausted = outer
				v = r.ranOut()
				return
			}
			// A panic of the host must not unwind through the engine; it goes on in the Go code that called into it.
			r.panicked = p
			v = r.throwUncatchable("a host function failed")
		}
	}()
	defer r.giveBack()
	r.exhausted = false
	v, err := r.funcs[magic](args)
	exhausted := r.exhausted
	r.exhausted = outer
	if r.expired() {
		r.Free(v)
		return r.throwUncatchable("interrupted")
	}
	if exhausted { // whatever it made of what was missing
		r.Free(v)
		return r.ranOut()
	}
	if err != nil {
		return r.Throw(err)
	}
	return v
}

// ranOut ends a host function for which there was no memory.
func (r *Realm) ranOut() Value {
	if r.expired() { // there was none for any VM
		return r.throwUncatchable("interrupted")
	}
	return r.throwMemory()
}

// Require ends the host function at work if there was no memory for something it asked for: it must not go on with less.
func (r *Realm) Require() {
	if r.exhausted {
		panic(ErrMemory)
	}
}

// Throw throws err as a JavaScript Error with code and retryable.
func (r *Realm) Throw(err error) Value {
	return r.throw(r.NewError(err))
}

func (r *Realm) throw(v Value) Value {
	r.inside++
	e := Value(r.m.XJS_Throw(r.ctx, int64(v)))
	r.inside--
	return e
}

func (r *Realm) throwUncatchable(message string) Value {
	e := r.NewError(errors.New(message))
	r.inside++
	r.m.XJS_SetUncatchableError(r.ctx, int64(e))
	r.inside--
	return r.throw(e)
}

// interrupted is called by the engine every few thousand steps; what is not 0 ends the script beyond any catch.
func (i *Isolate) interrupted() int32 {
	if pause := atomic.LoadInt64(&i.clock.pause); pause != 0 && Monotonic() >= pause {
		i.OnPause()
	}
	if i.clock.over() {
		return 1
	}
	return 0
}
