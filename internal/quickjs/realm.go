package quickjs

import (
	"encoding/binary"
	"slices"
)

// Realm is one global object with all that hangs on it.
type Realm struct {
	*Isolate
	ctx   address
	funcs []HostFunc
	// rejections are promises rejected without anybody listening, oldest first.
	rejections map[uint32]Value
	panicked   any
	// Inspect is a function that returns what an error, or another value that was thrown, should look like in a log. The
	// realm borrows it.
	Inspect Value
	// Bound are the functions that those made with NewBound call.
	Bound []BoundFunc
}

// NewRealm makes a realm of the isolate; the caller closes it before the isolate.
func (i *Isolate) NewRealm() (*Realm, error) {
	i.inside++
	ctx := i.m.XJS_NewContext(i.rt)
	i.inside--
	if ctx == 0 {
		return nil, errMemory
	}
	r := &Realm{Isolate: i, ctx: ctx, rejections: map[uint32]Value{}}
	i.realm[ctx] = r
	return r, nil
}

// Close frees the realm. Every value of it must be freed before.
func (r *Realm) Close() {
	r.dropRejections()
	delete(r.realm, r.ctx)
	r.inside++
	r.m.XJS_FreeContext(r.ctx)
	r.inside--
}

// Free frees a value that the caller owns.
func (r *Realm) Free(v Value) {
	if !isCounted(v) {
		return
	}
	r.inside++
	r.m.XJS_FreeValue(r.ctx, int64(v))
	r.inside--
}

// Dup returns one more reference to a value; the caller owns it.
func (r *Realm) Dup(v Value) Value {
	if isCounted(v) {
		r.m.XJS_DupValue(r.ctx, int64(v))
	}
	return v
}

// Get is a property of an object.
func (r *Realm) Get(object Value, name string) Value {
	p := r.copyIn([]byte(name))
	r.inside++
	v := Value(r.m.XJS_GetPropertyStr(r.ctx, int64(object), p))
	r.inside--
	return v
}

// Set sets a property and takes over v.
func (r *Realm) Set(object Value, name string, v Value) {
	if IsException(v) || IsException(object) { // there was no memory for it; see exhausted
		r.Free(v)
		return
	}
	p := r.copyIn([]byte(name))
	r.inside++
	r.m.XJS_SetPropertyStr(r.ctx, int64(object), p, int64(v))
	r.inside--
}

// Index returns an element of an array.
func (r *Realm) Index(array Value, i int) Value {
	r.inside++
	v := Value(r.m.XJS_GetPropertyUint32(r.ctx, int64(array), int32(i)))
	r.inside--
	return v
}

// SetIndex sets an element of an array and takes over v.
func (r *Realm) SetIndex(array Value, i int, v Value) {
	r.inside++
	r.m.XJS_SetPropertyUint32(r.ctx, int64(array), int32(i), int64(v))
	r.inside--
}

// Call calls a function; it borrows fn and args.
func (r *Realm) Call(fn Value, args ...Value) (Value, error) {
	return r.invoke(fn, Undefined(), args...)
}

// invoke is call with a value for this.
func (r *Realm) invoke(fn, this Value, args ...Value) (Value, error) {
	return r.result(r.callFor(fn, this, args...))
}

// Apply calls a function, and leaves an exception pending. It is for host functions, which return it.
func (r *Realm) Apply(fn Value, args ...Value) Value { return r.callFor(fn, Undefined(), args...) }

// callFor is invoke that leaves an exception pending.
func (r *Realm) callFor(fn, this Value, args ...Value) Value {
	if slices.ContainsFunc(args, IsException) { // there was no memory for one of them
		return ExceptionValue()
	}
	sp := r.m.X__stack_pointer()
	top := *sp
	*sp -= int32(len(args)*8+15) &^ 15
	argv := *sp
	b := r.bytes(argv, len(args)*8)
	for n, arg := range args {
		binary.LittleEndian.PutUint64(b[n*8:], uint64(arg))
	}
	r.inside++
	v := Value(r.m.XJS_Call(r.ctx, int64(fn), int64(this), int32(len(args)), argv))
	r.inside--
	*sp = top
	return v
}

// withLength calls fn with the address of a number that it sets.
func (r *Realm) withLength(fn func(length address) Value) (v Value, n int) {
	sp := r.m.X__stack_pointer()
	*sp -= 16
	at := *sp
	r.inside++
	v = fn(at)
	r.inside--
	*sp += 16
	return v, int(r.u32(at))
}

const (
	evalGlobal     = 0
	evalAsync      = 1 << 7 // it may await at its top level
	compileOnly    = 1 << 5
	writeBytecode  = 1 << 0
	readBytecode   = 1 << 0
	withoutSources = 1 << 4
)

// Compile turns a script into bytecode. With async, it may await at its top level.
func (r *Realm) Compile(script, name string, async bool) ([]byte, error) {
	flags := int32(evalGlobal | compileOnly)
	if async {
		flags |= evalAsync
	}
	v, err := r.eval(script, name, flags)
	if err != nil {
		return nil, err
	}
	defer r.Free(v)
	p, n := r.withLength(func(length address) Value {
		return Value(r.m.XJS_WriteObject(r.ctx, length, int64(v), writeBytecode|withoutSources))
	})
	if p == 0 {
		return nil, r.Exception()
	}
	code := append([]byte{}, r.bytes(address(p), n)...)
	r.inside++
	r.m.Xjs_free(r.ctx, address(p))
	r.inside--
	return code, nil
}

func (r *Realm) eval(script, name string, flags int32) (Value, error) {
	p := r.copyIn([]byte(script + "\x00" + name))
	r.inside++
	n := int32(len(script))
	v := Value(r.m.XJS_Eval(r.ctx, p, n, p+n+1, flags))
	r.inside--
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
	p := r.copyIn(bytecode)
	r.inside++
	v := Value(r.m.XJS_ReadObject(r.ctx, p, int32(len(bytecode)), readBytecode))
	r.inside--
	return r.result(v)
}

// Evaluate runs what was read, and takes it over.
func (r *Realm) Evaluate(code Value) (Value, error) {
	r.inside++
	v := Value(r.m.XJS_EvalFunction(r.ctx, int64(code)))
	r.inside--
	return r.result(v)
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
	for {
		done, _ := r.withLength(func(ctx address) Value { return Value(r.m.XJS_ExecutePendingJob(r.rt, ctx)) })
		switch {
		case done == 0:
			return nil
		case done < 0:
			if err := r.Exception(); r.expired() || IsOutOfMemory(err) {
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
