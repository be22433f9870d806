package quickjs

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// Realm is one global object with all that hangs on it.
type Realm struct {
	*Isolate
	ctx   uintptr
	funcs []HostFunc
	// rejections are promises rejected without anybody listening, oldest first.
	rejections map[uintptr]Value
	panicked   any
}

// realms finds the realm of an engine context, for the engine's callbacks.
var realms sync.Map // uintptr -> *Realm

// NewRealm makes a realm of the isolate; the caller closes it before the isolate.
func (i *Isolate) NewRealm() (*Realm, error) {
	ctx := lib.XJS_NewContext(i.tls, i.rt)
	if ctx == 0 {
		return nil, errMemory
	}
	r := &Realm{Isolate: i, ctx: ctx, rejections: map[uintptr]Value{}}
	realms.Store(ctx, r)
	return r, nil
}

// Close frees the realm. Every value of it must be freed before.
func (r *Realm) Close() {
	r.dropRejections()
	realms.Delete(r.ctx)
	lib.XJS_FreeContext(r.tls, r.ctx)
}

// Abandon forgets the realm of an isolate that is dead: its memory goes with that of the isolate.
func (r *Realm) Abandon() { realms.Delete(r.ctx) }

// Free frees a value that the caller owns.
func (r *Realm) Free(v Value) { lib.XFreeValue(r.tls, r.ctx, v) }

// Dup returns one more reference to a value; the caller owns it.
func (r *Realm) Dup(v Value) Value { return lib.XDupValue(r.tls, r.ctx, v) }

// withName calls fn with a NUL-terminated copy of name.
func (r *Realm) withName(name string, fn func(p uintptr)) {
	p, err := libc.CString(name)
	if err != nil {
		return
	}
	defer libc.Xfree(r.tls, p)
	fn(p)
}

// Get is a property of an object.
func (r *Realm) Get(object Value, name string) (v Value) {
	r.withName(name, func(p uintptr) { v = lib.XJS_GetPropertyStr(r.tls, r.ctx, object, p) })
	return v
}

// Set sets a property and takes over v.
func (r *Realm) Set(object Value, name string, v Value) {
	r.withName(name, func(p uintptr) { lib.XJS_SetPropertyStr(r.tls, r.ctx, object, p, v) })
}

// Call calls a function; it borrows fn and args.
func (r *Realm) Call(fn Value, args ...Value) (Value, error) {
	return r.invoke(fn, Undefined(), args...)
}

// invoke is call with a value for this.
func (r *Realm) invoke(fn, this Value, args ...Value) (Value, error) {
	var argv uintptr
	if len(args) > 0 {
		if argv = libc.Xmalloc(r.tls, libc.Tsize_t(uintptr(len(args))*unsafe.Sizeof(Value{}))); argv == 0 {
			return Undefined(), errMemory
		}
		defer libc.Xfree(r.tls, argv)
		copy(unsafe.Slice(at[Value](argv), len(args)), args)
	}
	return r.result(lib.XJS_Call(r.tls, r.ctx, fn, this, int32(len(args)), argv))
}

// Compile turns a script into bytecode. With async, it may await at its top level.
func (r *Realm) Compile(script, name string, async bool) ([]byte, error) {
	flags := int32(lib.MJS_EVAL_TYPE_GLOBAL)
	if async {
		flags |= lib.MJS_EVAL_FLAG_ASYNC
	}
	v, err := r.eval(script, name, flags|lib.MJS_EVAL_FLAG_COMPILE_ONLY)
	if err != nil {
		return nil, err
	}
	defer r.Free(v)
	size := int(unsafe.Sizeof(libc.Tsize_t(0)))
	length := r.tls.Alloc(size)
	defer r.tls.Free(size)
	p := lib.XJS_WriteObject(r.tls, r.ctx, length, v, lib.MJS_WRITE_OBJ_BYTECODE)
	if p == 0 {
		return nil, r.Exception()
	}
	defer lib.Xjs_free(r.tls, r.ctx, p)
	n := *at[libc.Tsize_t](length)
	return append([]byte{}, unsafe.Slice(at[byte](p), n)...), nil
}

func (r *Realm) eval(script, name string, flags int32) (Value, error) {
	p, err := libc.CString(script)
	if err != nil {
		return Undefined(), errMemory
	}
	defer libc.Xfree(r.tls, p)
	var v Value
	r.withName(name, func(file uintptr) {
		v = lib.XJS_Eval(r.tls, r.ctx, p, lib.Tsize_t(len(script)), file, flags)
	})
	return r.result(v)
}

// Run runs bytecode and returns its completion value, or for asynchronous code the promise of it.
func (r *Realm) Run(bytecode []byte) (Value, error) {
	code, err := r.Read(bytecode)
	if err != nil {
		return Undefined(), err
	}
	return r.Evaluate(code)
}

// Read makes bytecode ready to run.
func (r *Realm) Read(bytecode []byte) (Value, error) {
	return r.result(lib.XJS_ReadObject(r.tls, r.ctx, r.copyIn(bytecode), lib.Tsize_t(len(bytecode)), lib.MJS_READ_OBJ_BYTECODE))
}

// Evaluate runs what was read, and takes it over.
func (r *Realm) Evaluate(code Value) (Value, error) {
	return r.result(lib.XJS_EvalFunction(r.tls, r.ctx, code))
}

func (r *Realm) result(v Value) (Value, error) {
	if r.panicked != nil {
		p := r.panicked
		r.panicked = nil
		if IsException(v) {
			r.DropException()
		}
		panic(p)
	}
	if IsException(v) {
		return Undefined(), r.Exception()
	}
	return v, nil
}

// RunJobs runs what promises have become ready, until nothing is left or one fails beyond catching.
func (r *Realm) RunJobs() error {
	size := int(unsafe.Sizeof(uintptr(0)))
	pctx := r.tls.Alloc(size)
	defer r.tls.Free(size)
	for {
		switch n := lib.XJS_ExecutePendingJob(r.tls, r.rt, pctx); {
		case n == 0:
			return nil
		case n < 0:
			if err := r.Exception(); r.expired() {
				return err
			}
		}
		if r.panicked != nil {
			p := r.panicked
			r.panicked = nil
			panic(p)
		}
		if r.expired() {
			return r.Overtime()
		}
	}
}

// Then attaches fulfilled and rejected to a promise, and borrows all three.
func (r *Realm) Then(promise, fulfilled, rejected Value) error {
	fn := r.Get(promise, "then")
	defer r.Free(fn)
	v, err := r.invoke(fn, promise, fulfilled, rejected)
	if err == nil {
		r.Free(v)
	}
	return err
}
