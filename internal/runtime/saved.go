package runtime

import (
	"math/rand/v2"
	"unsafe"

	lib "modernc.org/libquickjs"
)

// saved is the memory of a machine as it was at one moment, so that the machine can be put back there. A script runs anew
// for every request: its machine is made ready once, with the web-standard API and the modules it requires, and what a
// request did to the machine, whatever that was, is undone by copying. That takes as long as the memory is large, and
// not as long as making a realm does, which is a hundred times that.
//
// All of an engine lies in its heap: objects, code, atoms, shapes, the collector's lists, and the heap's own. What Go knows
// of it are addresses, and they mean the same thing again. What the engine keeps elsewhere never changes while it lives (the
// clock) or means nothing between two calls (the scratch memory, the C stack).
type saved struct {
	heap          heap
	marks, blocks []byte // as far as they were used
	funcs         int    // host functions there were
	held          int64  // what the machine held
}

// save remembers the realm; nil = its memory is no range of its own. Nothing may be at work in it, and nothing of it may be
// owned by Go that will be freed before it is put back.
func (r *realm) save() *saved {
	if r.region == nil {
		return nil
	}
	lib.XJS_RunGC(r.tls, r.rt) // also sets anew how much may be allocated before the next
	h := at[heap](uintptr(unsafe.Pointer(&r.region[0])))
	h.trim()
	marks, blocks := h.used()
	return &saved{heap: *h, marks: append([]byte{}, marks...), blocks: append([]byte{}, blocks...), funcs: len(r.funcs), held: r.held()}
}

// restore puts the realm back to where it was saved. What was made since is gone, and needs no freeing.
func (r *realm) restore(s *saved) {
	h := at[heap](uintptr(unsafe.Pointer(&r.region[0])))
	top := h.top
	*h = s.heap
	marks, blocks := h.used()
	if r.ledger != nil {
		r.ledger.book(s.held - r.ledger.held)
	}
	copy(marks, s.marks)
	copy(blocks, s.blocks)
	if from := (h.top + page - 1) &^ (page - 1); from+idleMost < top {
		discard(unsafe.Slice(at[byte](from), top-from))
	}
	clear(r.rejections)
	clear(r.funcs[s.funcs:])
	r.funcs, r.panicked = r.funcs[:s.funcs], nil
	at[lib.TJSContext](r.ctx).Frandom_state = rand.Uint64() | 1 //nolint:gosec // Math.random is no secret, and would begin anew, too
}

// used are the parts of the range that blocks and their marks take so far.
func (h *heap) used() (marks, blocks []byte) {
	start := uintptr(unsafe.Pointer(h))
	marks = unsafe.Slice(at[byte](start+head), (h.top-h.base)/granule*4)
	return marks, unsafe.Slice(at[byte](h.base), h.top-h.base)
}
