package quickjs

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"unsafe"

	lib "modernc.org/libquickjs"
)

// Saved is the memory of an isolate as it was at one moment, so that it can be put back there. A script runs again from
// the start for every request: its isolate is made ready once, with the web-standard API and the modules it requires, and what a
// request did to it, whatever that was, is undone by copying. That takes as long as the memory is large, and
// not as long as making a realm does, which is a hundred times that.
//
// All of an engine lies in its heap: objects, code, atoms, shapes, the collector's lists, and the heap's own. What Go knows
// of it are addresses, and they mean the same thing again. What the engine keeps elsewhere never changes while it lives (the
// clock) or means nothing between two calls (the scratch memory, the C stack).
type Saved struct {
	heap          heap
	marks, blocks []byte // as far as they were used
	funcs         int    // host functions there were
	held          int64  // what the meter counted
}

// Save remembers the realm; nil = its memory is no range of its own. Nothing may be at work in it, and nothing of it may be
// owned by Go that will be freed before it is put back.
func (r *Realm) Save() *Saved {
	if r.region == nil {
		return nil
	}
	lib.XJS_RunGC(r.tls, r.rt) // also resets how much may be allocated before the next
	h := at[heap](uintptr(unsafe.Pointer(&r.region[0])))
	h.trim()
	marks, blocks := h.used()
	return &Saved{heap: *h, marks: append([]byte{}, marks...), blocks: append([]byte{}, blocks...), funcs: len(r.funcs), held: r.held()}
}

func (r *Realm) held() int64 {
	if r.meter == nil {
		return 0
	}
	return r.meter.Held()
}

// Restore puts the realm back to where it was saved. What was made since is gone, and needs no freeing.
func (r *Realm) Restore(s *Saved) {
	h := at[heap](uintptr(unsafe.Pointer(&r.region[0])))
	top := h.top
	*h = s.heap
	marks, blocks := h.used()
	if r.meter != nil {
		r.meter.Book(s.held - r.meter.Held())
	}
	copy(marks, s.marks)
	copy(blocks, s.blocks)
	if from := (h.top + page - 1) &^ (page - 1); from+idleMost < top {
		discard(unsafe.Slice(at[byte](from), top-from))
	}
	clear(r.rejections)
	clear(r.funcs[s.funcs:])
	r.funcs, r.panicked = r.funcs[:s.funcs], nil
	at[lib.TJSContext](r.ctx).Frandom_state = rand.Uint64() | 1 //nolint:gosec // Math.random is no secret, and would start over, too
}

// used are the parts of the range that blocks and their marks take so far.
func (h *heap) used() (marks, blocks []byte) {
	start := uintptr(unsafe.Pointer(h))
	marks = unsafe.Slice(at[byte](start+head), (h.top-h.base)/granule*4)
	return marks, unsafe.Slice(at[byte](h.base), h.top-h.base)
}

// Difference tells how the realm differs from what was saved; tests ask it. It counts the bytes of blocks that differ.
func (r *Realm) Difference(s *Saved) (different int, err error) {
	h := at[heap](uintptr(unsafe.Pointer(&r.region[0])))
	marks, blocks := h.used()
	if *h != s.heap || !bytes.Equal(marks, s.marks) || len(blocks) != len(s.blocks) {
		return 0, errors.New("the heap is not as it was")
	}
	if len(r.funcs) != s.funcs || len(r.rejections) != 0 {
		return 0, fmt.Errorf("%d host functions, %d rejections are left", len(r.funcs)-s.funcs, len(r.rejections))
	}
	for i := range blocks {
		if blocks[i] != s.blocks[i] {
			different++
		}
	}
	return different, nil
}
