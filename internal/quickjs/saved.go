package quickjs

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"fazt/internal/quickjs/engine"
)

// Saved is the memory of an isolate as it was at one moment, so that it can be put back there. A script runs again from
// the start for every request: its isolate is made ready once, with the web-standard API and the modules it requires, and what a
// request did to it, whatever that was, is undone by copying. That takes as long as the memory is large, and
// not as long as making a realm does, which is a hundred times that.
//
// All of an engine lies in its linear memory, and addresses in it mean the same thing again. Its stack is not saved: what lies
// there means nothing between two calls.
type Saved struct {
	memory  []byte // from dataStart on
	stack   int32  // the stack pointer
	scratch block
	funcs   int   // host functions there were
	held    int64 // what the meter counted
}

// Save remembers the realm. Nothing may be at work in it, and nothing of it may be owned by Go that will be freed before it
// is put back.
func (r *Realm) Save() *Saved {
	r.inside++
	r.m.XJS_RunGC(r.rt) // also resets how much may be allocated before the next
	r.inside--
	return &Saved{
		memory: append([]byte{}, r.m.Bytes()[dataStart:]...), stack: *r.m.X__stack_pointer(), scratch: r.scratch,
		funcs: len(r.funcs), held: r.held(),
	}
}

func (r *Realm) held() int64 {
	if r.meter == nil {
		return 0
	}
	return r.meter.Held()
}

// Restore puts the realm back to where it was saved. What was made since is gone, and needs no freeing. So is what stopped
// it, if anything did.
func (r *Realm) Restore(s *Saved) {
	if top := dataStart + len(s.memory); top < len(r.m.Bytes()) {
		r.m.Shrink(top)
	}
	if r.meter != nil {
		r.meter.Book(s.held - r.meter.Held())
	}
	copy(r.m.Bytes()[dataStart:], s.memory)
	*r.m.X__stack_pointer(), r.scratch, r.inside = s.stack, s.scratch, 0
	atomic.StoreInt32(r.m.Xstop(), 0)
	r.dead.Store(false)
	clear(r.rejections)
	clear(r.funcs[s.funcs:])
	r.funcs, r.panicked = r.funcs[:s.funcs], nil
	r.seedRandom()
}

// seedRandom starts another row of numbers of Math.random: it is no secret, but would start over with the memory.
func (r *Realm) seedRandom() {
	state := rand.Uint64() | 1 //nolint:gosec // see above
	at := r.ctx + randomOffset()
	r.setU32(at, uint32(state)) //nolint:gosec // its lower half
	r.setU32(at+4, uint32(state>>32))
}

// randomOffset is where the state of Math.random lies in a context: the only part of it that a call changes, and
// by a known rule.
var randomOffset = sync.OnceValue(func() address {
	const head = 1024
	i, err := New(16<<20, 256<<10)
	if err != nil {
		panic(err)
	}
	defer i.Close()
	r, err := i.NewRealm()
	if err != nil {
		panic(err)
	}
	draw := func() {
		v, err := r.eval("Math.random()", "random.js", evalGlobal)
		if err != nil {
			panic(err)
		}
		r.Free(v)
	}
	draw()
	state := func(at address) uint64 { return uint64(r.u32(r.ctx+at)) | uint64(r.u32(r.ctx+at+4))<<32 }
	var before [head]uint64
	for at := range address(head - 8) {
		before[at] = state(at)
	}
	draw()
	for at := address(0); at < head-8; at += 4 {
		x := before[at]
		x ^= x >> 12
		x ^= x << 25
		x ^= x >> 27
		if x != 0 && x == state(at) && x != before[at] {
			return at
		}
	}
	panic("the engine keeps the state of Math.random elsewhere")
})

// Trim gives memory that an idle isolate does not use back to the system: its stack.
func (i *Isolate) Trim() {
	if !i.IsDead() {
		engine.Clear(i.m.Bytes()[:*i.m.X__stack_pointer()&^(page-1)])
	}
}

const page = 64 << 10

// Difference tells how the realm differs from what was saved; tests ask it. It counts the bytes that differ.
func (r *Realm) Difference(s *Saved) (different int, err error) {
	now := r.m.Bytes()[dataStart:]
	if len(now) != len(s.memory) {
		return 0, errors.New("the memory is not as large as it was")
	}
	if len(r.funcs) != s.funcs || len(r.rejections) != 0 {
		return 0, fmt.Errorf("%d host functions, %d rejections are left", len(r.funcs)-s.funcs, len(r.rejections))
	}
	if bytes.Equal(now, s.memory) {
		return 0, nil
	}
	for n := range now {
		if now[n] != s.memory[n] {
			different++
		}
	}
	return different, nil
}
