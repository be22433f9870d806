package runtime

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// This file, heap.go and saved.go, its memory, are the only ones that touch the engine. The rules, which the leak test holds:
//
//   - A value that a function here returns is owned by the caller and freed exactly once, with free, or given away to
//     one of the functions that say they take it over (set, ret of a host function).
//   - Arguments of host functions are borrowed: valid during the call, never freed.
//   - Numbers, booleans, null and undefined need no freeing; freeing them does nothing.
//   - One goroutine at a time uses an isolate; interrupt is the exception.

type value = lib.TJSValue

// isolate is one engine instance: a heap with its limits. Realms in it share the heap and nothing else.
type isolate struct {
	why    error   // it was halted; nil = it was not
	ledger *ledger // of what it holds; nil = that does not count
	tls    *libc.TLS
	rt     uintptr
	clock  *clock // in C memory: the engine reads it

	lent    int64   // what Go holds of it for a host function
	scratch uintptr // C memory through which strings and bytes go in
	room    int     // its size

	dead   atomic.Bool // its memory was revoked: whoever works in it ends with a panic
	region []byte      // of its heap; nil = it has ordinary memory

	pause func() // called in the midst of a script at the moment that armPause said; nil = never
}

// clock tells the interrupt handler when to stop. It lies in C memory, where the engine's callback finds it.
type clock struct {
	stop  int32
	limit int64 // monotonic nanoseconds; 0 = none
	cpu   int64 // likewise: when the processor time will be used up, if no pause comes before
	pause int64 // likewise: when to call the isolate's pause
}

var began = time.Now() // origin of the monotonic clock; never changes

func monotonic() int64 { return int64(time.Since(began)) }

// errMemory is returned when the engine itself cannot be made.
var errMemory = errors.New("no memory for another virtual machine")

// stackSlots turns bytes of stack into the engine port's unit, slots of about 200 bytes of C stack each, and keeps
// them in the range in which the port is safe: far below what would overflow the goroutine's stack.
func stackSlots(bytes int64) lib.Tsize_t {
	return lib.Tsize_t(min(max(bytes/200, 256), 10_000))
}

// newIsolate is an engine in a range of addresses of its own, where there is one.
func newIsolate(memory, stack int64) (*isolate, error) {
	return newIsolateIn(newRuntime, memory, stack)
}

// ordinary is an engine in ordinary memory.
func ordinary(tls *libc.TLS, _ int64) (region []byte, rt uintptr) {
	return nil, lib.XJS_NewRuntime(tls)
}

func newIsolateIn(make func(tls *libc.TLS, memory int64) ([]byte, uintptr), memory, stack int64) (*isolate, error) {
	tls := libc.NewTLS()
	region, rt := make(tls, memory)
	if rt == 0 {
		unreserve(region)
		tls.Close()
		return nil, errMemory
	}
	p := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(clock{})))
	if p == 0 {
		lib.XJS_FreeRuntime(tls, rt)
		unreserve(region)
		tls.Close()
		return nil, errMemory
	}
	i := &isolate{tls: tls, rt: rt, clock: at[clock](p), region: region}
	isolates.Store(p, i)
	lib.XJS_SetMemoryLimit(tls, rt, lib.Tsize_t(memory))
	lib.XJS_SetMaxStackSize(tls, rt, stackSlots(stack))
	lib.XJS_SetInterruptHandler(tls, rt, fp(interrupted), p)
	lib.XJS_SetHostPromiseRejectionTracker(tls, rt, fp(rejected), 0)
	return i, nil
}

// newRuntime makes an engine in a range of its own, or in ordinary memory where there is no such range.
func newRuntime(tls *libc.TLS, memory int64) (region []byte, rt uintptr) {
	region, h := newHeap(memory)
	if h == nil {
		return nil, lib.XJS_NewRuntime(tls)
	}
	size := int(unsafe.Sizeof(lib.TJSMallocFunctions{}))
	functions := tls.Alloc(size)
	defer tls.Free(size)
	*at[lib.TJSMallocFunctions](functions) = lib.TJSMallocFunctions{Fjs_malloc: fp(heapMalloc), Fjs_free: fp(heapFree), Fjs_realloc: fp(heapRealloc)}
	return region, lib.XJS_NewRuntime2(tls, functions, uintptr(unsafe.Pointer(h)))
}

// close frees the engine. Every realm must be closed before, unless it is dead.
func (i *isolate) close() {
	if !i.dead.Load() {
		lib.XJS_FreeRuntime(i.tls, i.rt)
	}
	i.writeOff()
	unreserve(i.region)
	isolates.Delete(uintptr(unsafe.Pointer(i.clock)))
	libc.Xfree(i.tls, uintptr(unsafe.Pointer(i.clock)))
	if i.scratch != 0 {
		libc.Xfree(i.tls, i.scratch)
	}
	i.tls.Close()
	i.tls, i.rt, i.clock, i.scratch, i.region = nil, 0, nil, 0, nil
}

// kill takes the memory from whoever works in the engine; ok is false where that is not possible. Any goroutine may
// call it while the isolate is not closed.
func (i *isolate) kill() (ok bool) {
	if i.region == nil || i.dead.Load() {
		return false
	}
	i.dead.Store(true)
	if revoke(i.region) != nil {
		i.dead.Store(false)
		return false
	}
	return true
}

// keepScratch is how much scratch memory there is. What is larger goes in through the machine's own memory, where it counts.
const keepScratch = 256 << 10

// copyIn copies b to C memory, where it stays until the next call. The engine must never be given the address of Go
// memory: the collector does not see it there, and a stack may move.
func (i *isolate) copyIn(b []byte) uintptr {
	if len(b) > i.room {
		if i.scratch != 0 {
			libc.Xfree(i.tls, i.scratch)
		}
		i.room = max(len(b), 1024)
		if i.scratch = libc.Xmalloc(i.tls, libc.Tsize_t(i.room)); i.scratch == 0 {
			panic(errMemory)
		}
	}
	copy(unsafe.Slice(at[byte](i.scratch), len(b)), b)
	return i.scratch
}

// halt makes the engine stop at once, for a reason of its own.
func (i *isolate) halt(why error) {
	i.why = why
	atomic.StoreInt32(&i.clock.stop, 1)
}

// arm makes the engine stop at the deadline.
func (i *isolate) arm(deadline time.Time) {
	i.why = nil
	atomic.StoreInt32(&i.clock.stop, 0)
	atomic.StoreInt64(&i.clock.cpu, 0)
	atomic.StoreInt64(&i.clock.pause, 0)
	atomic.StoreInt64(&i.clock.limit, int64(deadline.Sub(began)))
}

// armCPU makes the engine stop at a moment of the monotonic clock, too, for want of processor time.
func (i *isolate) armCPU(at int64) { atomic.StoreInt64(&i.clock.cpu, at) }

// armPause makes the engine call pause at a moment of the monotonic clock, or soon after.
func (i *isolate) armPause(at int64) { atomic.StoreInt64(&i.clock.pause, at) }

// disarm lets the engine run without a deadline.
func (i *isolate) disarm() {
	i.why = nil
	atomic.StoreInt32(&i.clock.stop, 0)
	atomic.StoreInt64(&i.clock.cpu, 0)
	atomic.StoreInt64(&i.clock.pause, 0)
	atomic.StoreInt64(&i.clock.limit, 0)
}

// expired says whether the time of the script is over.
func (i *isolate) expired() bool { return i.clock.over() }

// overtime is why: what came first, the deadline or the end of the processor time.
func (i *isolate) overtime() error {
	if i.why != nil {
		return i.why
	}
	limit, cpu := atomic.LoadInt64(&i.clock.limit), atomic.LoadInt64(&i.clock.cpu)
	if cpu != 0 && (limit == 0 || cpu < limit) {
		return errProcessorTime
	}
	return errDeadline
}

// ends is the earlier of the two moments at which the script must stop; 0 = none.
func (c *clock) ends() int64 {
	limit, cpu := atomic.LoadInt64(&c.limit), atomic.LoadInt64(&c.cpu)
	if limit == 0 || cpu != 0 && cpu < limit {
		return cpu
	}
	return limit
}

func (c *clock) over() bool {
	if atomic.LoadInt32(&c.stop) != 0 {
		return true
	}
	ends := c.ends()
	return ends != 0 && monotonic() >= ends
}

// interrupted is called by the engine every few thousand steps; what is not 0 ends the script beyond any catch.
func interrupted(_ *libc.TLS, _, opaque uintptr) int32 {
	c := at[clock](opaque)
	if pause := atomic.LoadInt64(&c.pause); pause != 0 && monotonic() >= pause {
		if i, ok := isolates.Load(opaque); ok {
			i.(*isolate).pause()
		}
	}
	if c.over() {
		return 1
	}
	return 0
}

// isolates finds an isolate by its clock, for interrupted.
var isolates sync.Map // uintptr -> *isolate

// memory is how many bytes the heap uses, as the engine counts them for its limit.
func (i *isolate) memory() int64 {
	return int64(at[lib.TJSRuntime](i.rt).Fmalloc_ctx.Fmalloc_state.Fmalloc_size)
}

// hostFunc is a Go function that JavaScript calls. An error is thrown.
type hostFunc func(args []value) (value, error)

// realm is one global object with all that hangs on it.
type realm struct {
	*isolate
	ctx   uintptr
	funcs []hostFunc
	// rejections are promises rejected without anybody listening, oldest first.
	rejections map[uintptr]value
	panicked   any
}

// realms finds the realm of an engine context, for the engine's callbacks.
var realms sync.Map // uintptr -> *realm

func (i *isolate) newRealm() (*realm, error) {
	ctx := lib.XJS_NewContext(i.tls, i.rt)
	if ctx == 0 {
		return nil, errMemory
	}
	r := &realm{isolate: i, ctx: ctx, rejections: map[uintptr]value{}}
	realms.Store(ctx, r)
	return r, nil
}

func (r *realm) close() {
	r.dropRejections()
	realms.Delete(r.ctx)
	lib.XJS_FreeContext(r.tls, r.ctx)
}

func (r *realm) free(v value)      { lib.XFreeValue(r.tls, r.ctx, v) }
func (r *realm) dup(v value) value { return lib.XDupValue(r.tls, r.ctx, v) }

// withName calls fn with a NUL-terminated copy of name.
func (r *realm) withName(name string, fn func(p uintptr)) {
	p, err := libc.CString(name)
	if err != nil {
		return
	}
	defer libc.Xfree(r.tls, p)
	fn(p)
}

// get is a property of an object.
func (r *realm) get(object value, name string) (v value) {
	r.withName(name, func(p uintptr) { v = lib.XJS_GetPropertyStr(r.tls, r.ctx, object, p) })
	return v
}

// set sets a property and takes over v.
func (r *realm) set(object value, name string, v value) {
	r.withName(name, func(p uintptr) { lib.XJS_SetPropertyStr(r.tls, r.ctx, object, p, v) })
}

// newString is s as JavaScript has it; bytes that are not UTF-8 become U+FFFD.
func (r *realm) newString(s string) value {
	s = strings.ToValidUTF8(s, "\uFFFD")
	b := unsafe.Slice(unsafe.StringData(s), len(s)) // only read
	if len(s) > keepScratch {
		v, _ := r.newText(bytes.NewReader(b), len(b), true)
		return v
	}
	return lib.XJS_NewStringLen(r.tls, r.ctx, r.copyIn(b), lib.Tsize_t(len(s)))
}

// newBytes is an ArrayBuffer with a copy of b.
func (r *realm) newBytes(b []byte) value {
	if len(b) > keepScratch {
		v, _ := r.newBuffer(bytes.NewReader(b), len(b))
		return v
	}
	return lib.XJS_NewArrayBufferCopy(r.tls, r.ctx, r.copyIn(b), lib.Tsize_t(len(b)))
}

// block is n bytes of the machine's memory, with what source gives. Without memory the address is 0, and an exception is
// pending.
func (r *realm) block(source io.Reader, n int) (p uintptr, data []byte, err error) {
	if p = lib.Xjs_malloc(r.tls, r.ctx, lib.Tsize_t(max(n, 1))); p == 0 {
		return 0, nil, nil
	}
	data = unsafe.Slice(at[byte](p), n)
	if _, err = io.ReadFull(source, data); err != nil {
		lib.Xjs_free(r.tls, r.ctx, p)
		return 0, nil, err
	}
	return p, data, nil
}

// newBuffer is an ArrayBuffer of n bytes that source gives; no copy of them is made.
func (r *realm) newBuffer(source io.Reader, n int) (value, error) {
	p, _, err := r.block(source, n)
	if err != nil {
		return undefinedValue(), err
	}
	return r.ownBuffer(p, n), nil
}

// ownBuffer is an ArrayBuffer that owns a block; an exception, if there is none.
func (r *realm) ownBuffer(p uintptr, n int) value {
	if p == 0 {
		return exceptionValue()
	}
	v := lib.XJS_NewArrayBuffer(r.tls, r.ctx, p, lib.Tsize_t(n), fp(freeBuffer), 0, 0)
	if isException(v) {
		lib.Xjs_free(r.tls, r.ctx, p)
	}
	return v
}

// freeBuffer is called by the engine for the block of an ArrayBuffer.
func freeBuffer(tls *libc.TLS, rt, _, p uintptr) { lib.Xjs_free_rt(tls, rt, p) }

// newText is a string of n bytes that source gives, or with text false, an ArrayBuffer of them where they are no text.
func (r *realm) newText(source io.Reader, n int, text bool) (value, error) {
	p, data, err := r.block(source, n)
	switch {
	case err != nil:
		return undefinedValue(), err
	case p == 0:
		return exceptionValue(), nil
	case !text && (!utf8.Valid(data) || bytes.HasPrefix(data, []byte("\ufeff"))):
		return r.ownBuffer(p, n), nil
	}
	defer lib.Xjs_free(r.tls, r.ctx, p)
	return lib.XJS_NewStringLen(r.tls, r.ctx, p, lib.Tsize_t(n)), nil
}

func newInt(n int32) value { return lib.XNewInt32(nil, 0, n) }

// text is v as text; ok is false when v could not be turned into text, and then an exception is pending.
func (r *realm) text(v value) (s string, ok bool) {
	size := int(unsafe.Sizeof(libc.Tsize_t(0)))
	length := r.tls.Alloc(size)
	defer r.tls.Free(size)
	p := lib.XJS_ToCStringLen2(r.tls, r.ctx, length, v, 0)
	if p == 0 {
		return "", false
	}
	defer lib.XJS_FreeCString(r.tls, r.ctx, p)
	n := *at[libc.Tsize_t](length)
	if !r.borrow(int64(n)) {
		return "", true
	}
	b := unsafe.Slice(at[byte](p), n)
	return strings.ToValidUTF8(string(b), "\uFFFD"), true
}

// view calls fn with the bytes of an ArrayBuffer, or with text, of a string, where the machine has them; ok is false when v
// is neither.
func (r *realm) view(v value, fn func(data []byte, text bool) error) (ok bool, err error) {
	size := int(unsafe.Sizeof(libc.Tsize_t(0)))
	length := r.tls.Alloc(size)
	defer r.tls.Free(size)
	if isString(v) {
		p := lib.XJS_ToCStringLen2(r.tls, r.ctx, length, v, 0)
		if p == 0 {
			return true, r.exception()
		}
		defer lib.XJS_FreeCString(r.tls, r.ctx, p)
		return true, fn(unsafe.Slice(at[byte](p), *at[libc.Tsize_t](length)), true)
	}
	if !isObject(v) {
		return false, nil
	}
	p := lib.XJS_GetArrayBuffer(r.tls, r.ctx, length, v)
	if p == 0 {
		if lib.XJS_HasException(r.tls, r.ctx) != 0 {
			r.dropException()
			return false, nil
		}
		return true, fn(nil, false)
	}
	return true, fn(unsafe.Slice(at[byte](p), *at[libc.Tsize_t](length)), false)
}

// bytes is a copy of the content of an ArrayBuffer; ok is false when v is none.
func (r *realm) bytes(v value) (b []byte, ok bool) {
	if !isObject(v) {
		return nil, false
	}
	ok, _ = r.view(v, func(data []byte, _ bool) error {
		if r.borrow(int64(len(data))) {
			b = append([]byte{}, data...)
		}
		return nil
	})
	return b, ok
}

// number is v as a number when it is one.
func number(v value) (float64, bool) {
	switch tagOf(v) {
	case lib.EJS_TAG_INT, lib.EJS_TAG_BOOL:
		return float64(int32(payload(v))), true
	case lib.EJS_TAG_FLOAT64:
		return math.Float64frombits(payload(v)), true
	}
	return 0, false
}

func isUndefined(v value) bool { return tagOf(v) == lib.EJS_TAG_UNDEFINED }
func isObject(v value) bool    { return tagOf(v) == lib.EJS_TAG_OBJECT }
func isString(v value) bool {
	t := tagOf(v)
	return t == lib.EJS_TAG_STRING || t == lib.EJS_TAG_STRING_ROPE
}
func isException(v value) bool { return tagOf(v) == lib.EJS_TAG_EXCEPTION }

// call calls a function; it borrows fn and args.
func (r *realm) call(fn value, args ...value) (value, error) {
	return r.invoke(fn, undefinedValue(), args...)
}

// invoke is call with a value for this.
func (r *realm) invoke(fn, this value, args ...value) (value, error) {
	var argv uintptr
	if len(args) > 0 {
		if argv = libc.Xmalloc(r.tls, libc.Tsize_t(uintptr(len(args))*unsafe.Sizeof(value{}))); argv == 0 {
			return undefinedValue(), errMemory
		}
		defer libc.Xfree(r.tls, argv)
		copy(unsafe.Slice(at[value](argv), len(args)), args)
	}
	return r.result(lib.XJS_Call(r.tls, r.ctx, fn, this, int32(len(args)), argv))
}

// compile turns a script into bytecode.
func (r *realm) compile(script, name string, flags int32) ([]byte, error) {
	v, err := r.eval(script, name, flags|lib.MJS_EVAL_FLAG_COMPILE_ONLY)
	if err != nil {
		return nil, err
	}
	defer r.free(v)
	size := int(unsafe.Sizeof(libc.Tsize_t(0)))
	length := r.tls.Alloc(size)
	defer r.tls.Free(size)
	p := lib.XJS_WriteObject(r.tls, r.ctx, length, v, lib.MJS_WRITE_OBJ_BYTECODE)
	if p == 0 {
		return nil, r.exception()
	}
	defer lib.Xjs_free(r.tls, r.ctx, p)
	n := *at[libc.Tsize_t](length)
	return append([]byte{}, unsafe.Slice(at[byte](p), n)...), nil
}

func (r *realm) eval(script, name string, flags int32) (value, error) {
	p, err := libc.CString(script)
	if err != nil {
		return undefinedValue(), errMemory
	}
	defer libc.Xfree(r.tls, p)
	var v value
	r.withName(name, func(file uintptr) {
		v = lib.XJS_Eval(r.tls, r.ctx, p, lib.Tsize_t(len(script)), file, flags)
	})
	return r.result(v)
}

// run runs bytecode and returns its completion value, or for asynchronous code the promise of it.
func (r *realm) run(bytecode []byte) (value, error) {
	code, err := r.read(bytecode)
	if err != nil {
		return undefinedValue(), err
	}
	return r.evaluate(code)
}

// read makes bytecode ready to run.
func (r *realm) read(bytecode []byte) (value, error) {
	return r.result(lib.XJS_ReadObject(r.tls, r.ctx, r.copyIn(bytecode), lib.Tsize_t(len(bytecode)), lib.MJS_READ_OBJ_BYTECODE))
}

// evaluate runs what was read, and takes it over.
func (r *realm) evaluate(code value) (value, error) {
	return r.result(lib.XJS_EvalFunction(r.tls, r.ctx, code))
}

func (r *realm) result(v value) (value, error) {
	if r.panicked != nil {
		p := r.panicked
		r.panicked = nil
		if isException(v) {
			r.dropException()
		}
		panic(p)
	}
	if isException(v) {
		return undefinedValue(), r.exception()
	}
	return v, nil
}

// jobs runs what promises have become ready, until nothing is left or one fails beyond catching.
func (r *realm) jobs() error {
	size := int(unsafe.Sizeof(uintptr(0)))
	pctx := r.tls.Alloc(size)
	defer r.tls.Free(size)
	for {
		switch n := lib.XJS_ExecutePendingJob(r.tls, r.rt, pctx); {
		case n == 0:
			return nil
		case n < 0:
			if err := r.exception(); r.expired() {
				return err
			}
		}
		if r.panicked != nil {
			p := r.panicked
			r.panicked = nil
			panic(p)
		}
		if r.expired() {
			return r.overtime()
		}
	}
}

// thrown is an exception of the script.
type thrown struct {
	Message string        // "TypeError: x is not a function"
	Stack   string        // positions in the bundled script, one a line
	Code    string        // error.code, "" when there is none
	Retry   bool          // error.retryable
	After   time.Duration // error.retryAfter, which is in seconds; 0 = unknown
}

func (t *thrown) Error() string { return t.Message }

// exception takes the pending exception out of the realm.
func (r *realm) exception() error {
	v := r.pending()
	defer r.free(v)
	if r.expired() {
		return r.overtime()
	}
	return r.describe(v)
}

// pending takes the pending exception out of the realm as it is.
func (r *realm) pending() value { return lib.XJS_GetException(r.tls, r.ctx) }

func (r *realm) dropException() { r.free(r.pending()) }

// longestRetry is how long a script may tell visitors to wait.
const longestRetry = 24 * time.Hour

// describe makes an error of any value that was thrown; whatever its getters do, it ends.
func (r *realm) describe(v value) error {
	t := &thrown{}
	if !isObject(v) || lib.XJS_IsError(r.tls, r.ctx, v) == 0 {
		text, ok := r.text(v)
		if !ok {
			r.dropException()
			text = "a value that cannot be shown"
		}
		t.Message = "thrown: " + text
		return t
	}
	name, message := r.property(v, "name"), r.property(v, "message")
	t.Message = strings.TrimSuffix(name+": "+message, ": ")
	t.Stack, t.Code = r.property(v, "stack"), r.property(v, "code")
	t.Retry = r.property(v, "retryable") == "true"
	if after, err := strconv.ParseFloat(r.property(v, "retryAfter"), 64); err == nil && after > 0 {
		t.After = time.Duration(min(after, longestRetry.Seconds()) * float64(time.Second))
	}
	return t
}

// property is a property of an error as text; "" when it is missing or resists.
func (r *realm) property(object value, name string) string {
	v := r.get(object, name)
	defer r.free(v)
	if isException(v) {
		r.dropException()
		return ""
	}
	if isUndefined(v) {
		return ""
	}
	s, ok := r.text(v)
	if !ok {
		r.dropException()
	}
	return s
}

// host makes a JavaScript function of a Go function.
func (r *realm) host(name string, fn hostFunc) (v value) {
	r.funcs = append(r.funcs, fn)
	magic := int32(len(r.funcs) - 1)
	r.withName(name, func(p uintptr) {
		v = lib.XJS_NewCFunction2(r.tls, r.ctx, fp(callHost), p, 0, lib.EJS_CFUNC_generic_magic, magic)
	})
	return v
}

// callHost is called by the engine for every host function.
func callHost(_ *libc.TLS, ctx uintptr, _ value, argc int32, argv uintptr, magic int32) (v value) {
	found, _ := realms.Load(ctx)
	r := found.(*realm)
	var args []value
	if argc > 0 {
		args = unsafe.Slice(at[value](argv), argc)
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
		r.free(v)
		return r.throwUncatchable("interrupted")
	}
	if err != nil {
		return r.throw(err)
	}
	return v
}

// throw throws err as a JavaScript Error with code and retryable.
func (r *realm) throw(err error) value {
	return lib.XJS_Throw(r.tls, r.ctx, r.newError(err))
}

func (r *realm) throwUncatchable(message string) value {
	lib.XJS_Throw(r.tls, r.ctx, r.newError(errors.New(message)))
	lib.XJS_SetUncatchableException(r.tls, r.ctx, 1)
	return exceptionValue()
}

// undetected turns what promises were rejected without a listener into errors, oldest first.
func (r *realm) undetected() []error {
	var list []error
	for _, reason := range r.rejections {
		list = append(list, r.describe(reason))
	}
	r.dropRejections()
	return list
}

func (r *realm) dropRejections() {
	for p, reason := range r.rejections {
		r.free(reason)
		delete(r.rejections, p)
	}
}

// rejected is called by the engine when a promise is rejected without a listener, and again when one comes after all.
func rejected(_ *libc.TLS, ctx uintptr, promise, reason value, handled int32, _ uintptr) {
	found, ok := realms.Load(ctx)
	if !ok {
		return
	}
	r := found.(*realm)
	key := uintptr(payload(promise))
	if handled != 0 {
		if v, ok := r.rejections[key]; ok {
			delete(r.rejections, key)
			r.free(v)
		}
		return
	}
	if len(r.rejections) < 100 {
		r.rejections[key] = r.dup(reason)
	}
}

// at is what lies at an address in C memory. It never moves, so the conversion that go vet warns of is sound here.
func at[T any](address uintptr) *T { return (*T)(unsafe.Add(unsafe.Pointer(nil), address)) }

// fp is the address of a Go function, as the engine calls it.
func fp(f any) uintptr {
	type iface [2]uintptr
	return (*iface)(unsafe.Pointer(&f))[1]
}

// then attaches fulfilled and rejected to a promise, and borrows all three.
func (r *realm) then(promise, fulfilled, rejected value) error {
	fn := r.get(promise, "then")
	defer r.free(fn)
	v, err := r.invoke(fn, promise, fulfilled, rejected)
	if err == nil {
		r.free(v)
	}
	return err
}

func (r *realm) newObject() value { return lib.XJS_NewObject(r.tls, r.ctx) }
func (r *realm) newArray() value  { return lib.XJS_NewArray(r.tls, r.ctx) }
