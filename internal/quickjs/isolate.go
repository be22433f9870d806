// Package quickjs is the JavaScript engine: isolates with their memory, realms, and the values in them. It knows nothing of
// apps or requests, and is the only package that calls the engine. The rules, which the leak test holds:
//
//   - A value that a function here returns is owned by the caller and freed exactly once, with Free, or given away to
//     one of the functions that say they take it over (Set, the result of a HostFunc).
//   - Arguments of host functions are borrowed: valid during the call, never freed.
//   - Numbers, booleans, null and undefined need no freeing; freeing them does nothing.
//   - One goroutine at a time uses an isolate; Kill is the exception.
//
// The engine is a WebAssembly module translated to Go (see engine). All that it has lies in its linear memory, where
// an address is an index: whatever it does, it reaches nothing else.
package quickjs

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"fazt/internal/quickjs/engine"
)

// Version names the engine. Bytecode is understood only by the engine that made it.
const Version = engine.Version

// Isolate is one engine instance: a memory with its limits. Realms in it share the memory and nothing else.
type Isolate struct {
	why   error // why it was halted; nil = it was not
	meter Meter // counts what it holds; nil = that does not count
	m     *engine.Module
	rt    address
	state address // of the engine's own count of bytes
	clock clock
	realm map[address]*Realm // by their context

	functions callbacks
	blocks    map[int32]*Block // by their ids
	lastBlock int32
	outside   int64       // bytes that Go holds for the scripts, see Spend
	kept      map[any]any // see Keep
	scratch   block       // through which strings and bytes go in
	inside    int         // calls into the engine that have not returned
	borrowed  int64       // what the host function at work holds outside of the memory
	exhausted bool        // there was no memory for something that the host function at work needed
	dead      atomic.Bool
	killing   sync.Mutex

	maxMemory, maxStack int64 // what scripts may use

	OnPause func() // called in the midst of a script at the moment that ArmPause set; must be set before that
}

// address is a place in the linear memory. 0 is none.
type address = int32

// block is a piece of the linear memory.
type block struct {
	at   address
	size int
}

// errMemory is returned when the engine itself cannot be made.
var errMemory = engine.ErrNoMemory

const (
	dataStart   = 1 << 20   // the module's stack lies before it, and grows down from it
	scriptStack = 768 << 10 // of it, for scripts; the rest is for what the engine does when that is used up
	slack       = 4 << 20   // the memory may be larger than the scripts' by this: the engine's own data, and blocks that lie badly
)

// New is an engine whose scripts may use so many bytes of memory and of stack.
func New(memory, stack int64) (i *Isolate, err error) {
	if i, err = start(memory, nil); err != nil {
		return nil, err
	}
	defer func() {
		if recover() != nil { // it had no memory to start with
			i.m.Close()
			i, err = nil, errMemory
		}
	}()
	m := i.m
	m.X_initialize()
	if i.rt = m.XJS_NewRuntime(); i.rt == 0 {
		panic(errMemory)
	}
	limit := i.limit(memory, stack)
	i.state = i.findState(limit)
	m.XJS_SetInterruptHandler(i.rt, i.functions.interrupted, 0)
	m.XJS_SetHostPromiseRejectionTracker(i.rt, i.functions.rejected, 0)
	return i, nil
}

// start starts a module, whose memory is an image if there is one, and tells it the functions that it calls.
func start(memory int64, img *engine.Image) (*Isolate, error) {
	h := &host{}
	m, err := engine.New(h, h, int(dataStart+memory+memory/4+slack), img)
	if err != nil {
		return nil, err
	}
	h.m = m
	i := &Isolate{m: m, realm: map[address]*Realm{}}
	i.functions = i.register()
	return i, nil
}

// limit sets what scripts may use, and returns the number of bytes.
func (i *Isolate) limit(memory, stack int64) uint32 {
	limit := int32(min(memory, 1<<31-1))
	i.maxMemory, i.maxStack = memory, stack
	i.m.XJS_SetMemoryLimit(i.rt, limit)
	i.m.XJS_SetMaxStackSize(i.rt, int32(min(max(stack, 64<<10), scriptStack)))
	return uint32(limit)
}

// findState returns where the engine counts the bytes it has allocated: right before the limit that was just set.
func (i *Isolate) findState(limit uint32) address {
	const head = 64 // bytes of the runtime in which it lies
	for at := i.rt; at < i.rt+head; at += 4 {
		if i.u32(at) == limit {
			return at - 4
		}
	}
	panic("the engine keeps its count of bytes elsewhere")
}

// Close frees the engine. No realm of it can be used any more.
func (i *Isolate) Close() {
	i.m.Close()
	clear(i.realm)
	i.forget()
}

// Kill stops what works in the engine, wherever that is: it ends with a panic at its next turn of any loop. Any goroutine
// may call it while the isolate is not closed. It reports whether that was the first call since the isolate was made or
// restored.
func (i *Isolate) Kill() (ok bool) {
	i.killing.Lock()
	defer i.killing.Unlock()
	if !i.dead.CompareAndSwap(false, true) {
		return false
	}
	atomic.StoreInt32(i.m.Xstop(), 1)
	return true
}

// revive undoes Kill.
func (i *Isolate) revive() {
	i.killing.Lock()
	defer i.killing.Unlock()
	atomic.StoreInt32(i.m.Xstop(), 0)
	i.dead.Store(false)
}

// IsDead reports whether the engine was stopped in the midst of its work. It can only be closed, or restored, then.
func (i *Isolate) IsDead() bool { return i.dead.Load() }

// Trapped reports whether the goroutine that worked in the engine panics because of that: the engine was stopped, or did
// what no engine may do. The isolate is dead from then on.
func (i *Isolate) Trapped() bool {
	if i.inside > 0 {
		i.dead.Store(true)
	}
	return i.IsDead()
}

func (i *Isolate) u32(at address) uint32 { return binary.LittleEndian.Uint32(i.m.Bytes()[uint32(at):]) }
func (i *Isolate) setU32(at address, n uint32) {
	binary.LittleEndian.PutUint32(i.m.Bytes()[uint32(at):], n)
}

// bytes is a part of the memory. It stays where it is, but the engine may free it and use it for something else.
func (i *Isolate) bytes(at address, n int) []byte {
	return i.m.Bytes()[uint32(at):][:n:n]
}

// copyIn copies b to the scratch memory, where it stays until the next call, with a zero after it.
func (i *Isolate) copyIn(b []byte) address {
	if len(b) >= i.scratch.size {
		i.inside++
		if i.scratch.at != 0 {
			i.m.Xfree(i.scratch.at)
		}
		i.scratch = block{size: max(len(b)+1, 1024)}
		i.scratch.at = i.m.Xmalloc(int32(i.scratch.size))
		i.inside--
		if i.scratch.at == 0 {
			i.scratch = block{}
			panic(errMemory)
		}
	}
	to := i.bytes(i.scratch.at, len(b)+1)
	copy(to, b)
	to[len(b)] = 0
	return i.scratch.at
}
