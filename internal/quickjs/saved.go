package quickjs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"fazt/internal/quickjs/engine"
)

// Saved is a realm as it was at one moment: the memory of its isolate. A realm can be set back to it, and others can be
// made of it. A script runs again from the start for every request: what one request did to the memory, whatever that was,
// is undone before the next. That, and making a VM this way, takes a small part of the time of making a realm with the
// web-standard API. Where the system can, all share the pages that none of them changes.
//
// All of an engine lies in its linear memory, and addresses in it mean the same in every isolate. The stack is not saved:
// what lies there means nothing between two calls.
type Saved struct {
	image          *engine.Image // from dataStart on
	stack          int32         // the stack pointer
	rt, ctx, state address
	scratch        block
	funcs          int // host functions there were
}

// Save remembers the realm, which must be the only one of its isolate. Nothing may be running in it, and Go must not own
// values of it that it will free before the realm is restored.
func (r *Realm) Save() *Saved {
	if len(r.blocks) > 0 || len(r.kept) > 0 {
		panic("a realm that Go keeps something of cannot be saved")
	}
	r.inside++
	r.m.XJS_RunGC(r.rt) // also resets how much may be allocated before the next
	r.inside--
	return &Saved{
		image: r.m.Image(dataStart), stack: *r.m.X__stack_pointer(), rt: r.rt, ctx: r.ctx, state: r.state,
		scratch: r.scratch, funcs: len(r.funcs),
	}
}

// Size returns how much memory a realm holds that was just made or restored, as a Meter counts it.
func (s *Saved) Size() int64 { return int64(s.image.Len()) }

// New makes an isolate with a realm that is like the saved one, but calls funcs, which correspond to its host functions in
// the order in which they were made.
func (s *Saved) New(memory, stack int64, funcs []HostFunc) (*Realm, error) {
	if len(funcs) != s.funcs {
		panic("the host functions are not those of the saved realm")
	}
	i, err := start(memory, s.image)
	if err != nil {
		return nil, err
	}
	i.rt, i.state, i.scratch = s.rt, s.state, s.scratch
	*i.m.X__stack_pointer() = s.stack
	i.limit(memory, stack)
	r := &Realm{Isolate: i, ctx: s.ctx, rejections: map[uint32]Value{}, funcs: funcs}
	i.realm[r.ctx] = r
	r.seedRandom()
	return r, nil
}

// Restore puts the realm back to where it was saved. What was made since is gone, and needs no freeing. So is what stopped
// it, if anything did. It reports false when there is no memory for that; the isolate can only be closed then.
func (r *Realm) Restore(s *Saved) bool {
	if !r.m.Load(s.image) {
		r.dead.Store(true)
		return false
	}
	if r.meter != nil {
		r.meter.Book(s.Size() - r.meter.Held())
	}
	*r.m.X__stack_pointer(), r.scratch, r.inside = s.stack, s.scratch, 0
	r.revive()
	r.forget()
	r.limit(r.maxMemory, r.maxStack)
	clear(r.rejections)
	clear(r.funcs[s.funcs:])
	r.funcs, r.panicked = r.funcs[:s.funcs], nil
	r.seedRandom()
	return true
}

// seedRandom starts another row of numbers of Math.random: it is no secret, but would start over with the memory.
func (r *Realm) seedRandom() {
	state := rand.Uint64() | 1 //nolint:gosec // see above
	at := r.ctx + randomOffset()
	r.setU32(at, uint32(state))
	r.setU32(at+4, uint32(state>>32))
}

// randomOffset is where the state of Math.random lies in a context: the only part of it that a call changes, and
// by a known rule.
var randomOffset = sync.OnceValue(func() address { //nolint:gochecknoglobals // a memo of a fact about the engine
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
	now, saved := r.m.Bytes()[dataStart:], s.image.Data()
	if len(now) != len(saved) {
		return 0, errors.New("the memory is not as large as it was")
	}
	if len(r.funcs) != s.funcs || len(r.rejections) != 0 {
		return 0, fmt.Errorf("%d host functions, %d rejections are left", len(r.funcs)-s.funcs, len(r.rejections))
	}
	for n := range now {
		if now[n] != saved[n] {
			different++
		}
	}
	return different, nil
}
