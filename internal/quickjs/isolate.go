// Package quickjs is the JavaScript engine: isolates with their memory, realms, and the values in them. It knows nothing of
// apps or requests, and is the only package that calls the engine library. The rules, which the leak test holds:
//
//   - A value that a function here returns is owned by the caller and freed exactly once, with Free, or given away to
//     one of the functions that say they take it over (Set, the result of a HostFunc).
//   - Arguments of host functions are borrowed: valid during the call, never freed.
//   - Numbers, booleans, null and undefined need no freeing; freeing them does nothing.
//   - One goroutine at a time uses an isolate; Kill is the exception.
package quickjs

import (
	"errors"
	"sync/atomic"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// Isolate is one engine instance: a heap with its limits. Realms in it share the heap and nothing else.
type Isolate struct {
	why   error // why it was halted; nil = it was not
	meter Meter // counts what it holds; nil = that does not count
	tls   *libc.TLS
	rt    uintptr
	clock *clock // in C memory: the engine reads it

	scratch uintptr // C memory through which strings and bytes go in
	room    int     // its size

	dead   atomic.Bool // its memory was revoked: code that works in it ends with a panic
	region []byte      // of its heap; nil = it has ordinary memory

	OnPause func() // called in the midst of a script at the moment that ArmPause set; must be set before that
}

// errMemory is returned when the engine itself cannot be made.
var errMemory = errors.New("no memory for another VM")

// stackSlots turns bytes of stack into the engine port's unit, slots of about 200 bytes of C stack each, and keeps
// them in the range in which the port is safe: far below what would overflow the goroutine's stack.
func stackSlots(bytes int64) lib.Tsize_t {
	return lib.Tsize_t(min(max(bytes/200, 256), 10_000))
}

// New is an engine in a range of addresses of its own, where there is one.
func New(memory, stack int64) (*Isolate, error) {
	return newIsolateIn(newRuntime, memory, stack)
}

// NewOrdinary is an engine in ordinary memory, which cannot be revoked.
func NewOrdinary(memory, stack int64) (*Isolate, error) {
	return newIsolateIn(ordinary, memory, stack)
}

// ordinary makes an engine in ordinary memory.
func ordinary(tls *libc.TLS, _ int64) (region []byte, rt uintptr) {
	return nil, lib.XJS_NewRuntime(tls)
}

func newIsolateIn(make func(tls *libc.TLS, memory int64) ([]byte, uintptr), memory, stack int64) (*Isolate, error) {
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
	i := &Isolate{tls: tls, rt: rt, clock: at[clock](p), region: region}
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

// Close frees the engine. Every realm must be closed before, unless it is dead.
func (i *Isolate) Close() {
	if !i.dead.Load() {
		lib.XJS_FreeRuntime(i.tls, i.rt)
	}
	unreserve(i.region)
	isolates.Delete(uintptr(unsafe.Pointer(i.clock)))
	libc.Xfree(i.tls, uintptr(unsafe.Pointer(i.clock)))
	if i.scratch != 0 {
		libc.Xfree(i.tls, i.scratch)
	}
	i.tls.Close()
	i.tls, i.rt, i.clock, i.scratch, i.region = nil, 0, nil, 0, nil
}

// Kill takes the memory from code that works in the engine; ok is false where that is not possible. Any goroutine may
// call it while the isolate is not closed.
func (i *Isolate) Kill() (ok bool) {
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

// IsDead reports whether the memory was taken away.
func (i *Isolate) IsDead() bool { return i.dead.Load() }

// copyIn copies b to C memory, where it stays until the next call. The engine must never be given the address of Go
// memory: the collector does not see it there, and a stack may move.
func (i *Isolate) copyIn(b []byte) uintptr {
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
