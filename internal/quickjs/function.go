package quickjs

import (
	"encoding/binary"
	"errors"
	"sync/atomic"
	"unsafe"
)

// HostFunc is a Go function that JavaScript calls. An error is thrown.
type HostFunc func(args []Value) (Value, error)

// callbacks are the Go functions that the engine calls, by their numbers in the module's table: these are C function
// pointers to it.
type callbacks struct{ call, interrupted, rejected, reallocBuffer, callBound, freeBlock address }

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
		callBound: add(func(ctx int32, _ int64, argc, argv, magic, bound int32) int64 {
			return int64(i.realm[ctx].callBound(argc, argv, magic, bound))
		}),
		freeBlock: add(func(_, id, _, size int32) int32 {
			if size == 0 {
				i.unshown(id)
			}
			return 0 // it cannot get another size
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

// boundValues is how many values a bound function has.
const boundValues = 2

// BoundFunc is a Go function that JavaScript calls, with the values that the function was made with. They are borrowed.
type BoundFunc func(bound, args []Value) (Value, error)

// NewBound makes a JavaScript function that calls fn, one of Bound, with two values, which it keeps as long as it exists.
func (r *Realm) NewBound(name string, length, fn int, first, second Value) Value {
	p := r.copyIn([]byte(name))
	sp := r.m.X__stack_pointer()
	*sp -= 8 * boundValues
	at := *sp
	b := r.bytes(at, 8*boundValues)
	binary.LittleEndian.PutUint64(b, uint64(first))
	binary.LittleEndian.PutUint64(b[8:], uint64(second))
	r.inside++
	v := Value(r.m.XJS_NewCFunctionData2(r.ctx, r.functions.callBound, p, int32(min(length, 255)), int32(fn), boundValues, at))
	r.inside--
	*sp += 8 * boundValues
	return v
}

// call calls a host function for the engine.
func (r *Realm) call(argc, argv, magic int32) Value {
	args := r.values(argc, argv)
	return r.protect(func() (Value, error) { return r.funcs[magic](args) })
}

func (r *Realm) callBound(argc, argv, magic, bound int32) Value {
	args, values := r.values(argc, argv), r.values(boundValues, bound)
	return r.protect(func() (Value, error) { return r.Bound[magic](values, args) })
}

// values are values in the memory, where they stay.
func (r *Realm) values(n, at int32) []Value {
	if n <= 0 {
		return nil
	}
	b := r.bytes(at, int(n)*8)
	return unsafe.Slice((*Value)(unsafe.Pointer(&b[0])), n) // aligned, and the memory does not move
}

// protect runs a host function for the engine.
func (r *Realm) protect(run func() (Value, error)) (v Value) {
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
	v, err := run()
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

// ThrowValue throws a value, which it takes over.
func (r *Realm) ThrowValue(v Value) Value { return r.throw(v) }

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
	if i.Turn() != nil {
		return 1
	}
	return 0
}

// Turn is for host functions that work long: it lets others have their turn when it is due, and returns why the script must end,
// if it must.
func (i *Isolate) Turn() error {
	if pause := atomic.LoadInt64(&i.clock.pause); pause != 0 && Monotonic() >= pause {
		i.OnPause()
	}
	if i.clock.over() || i.IsDead() {
		return i.Overtime()
	}
	return nil
}
