package quickjs

import (
	"math/bits"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// heap is the memory of one isolate: a range of addresses of its own. That is what makes it possible to end a
// isolate that does not listen. The engine looks at the clock between the steps of a script, and there are steps that
// are endless, such as a search through an object that claims to have 2^53 members. But no step does anything without
// touching the isolate's memory. So revoke takes that away, the next touch is a fault, the runtime makes a panic of the
// fault (debug.SetPanicOnFault), and the panic ends the script's run like any other. Nothing outside of the range is lost with it.
//
// Blocks are powers of two (a buddy allocator); the engine asks for pages of small objects and for large ones only.
// The range is reserved, not used: pages cost memory from their first touch on.
//
// The value lies at the start of its range and holds no Go pointer but that to its meter.
type heap struct {
	base, end block         // where blocks are; before them lie the marks
	top       block         // no block has been made from here on
	free      [orders]block // heads of the lists of free blocks; 0 = none
	idle      int           // bytes in large blocks that were used and are free
	meter     Meter         // of the isolate, which keeps it alive; nil = none
}

// block is an address.
type block = uintptr

const (
	page    = 64 << 10 // at least one of the system's
	head    = page     // room for the heap itself
	granule = 512      // size of the smallest block
	orders  = 26       // the largest block is granule << 25, 16 GB

	// A mark stands at the first granule of a block: its order, whether it is free, and how much of it was asked for.
	marked    = 1 << 5
	unused    = 1 << 6
	orderBits = marked - 1
	askedBits = 7 // the rest counts units of granule/4
	askedUnit = granule / 4

	large    = 2 * page // blocks whose pages are given back when they are free
	idleMost = 2 << 20  // how much of such may be kept for the next request
)

// newHeap is a range for an isolate that may use so much memory. It has room for three times that, as blocks are rounded
// up and may lie badly. nil means that the system has no such range to give; the isolate uses ordinary memory then.
func newHeap(memory int64) (region []byte, h *heap) {
	size := uintptr(3*memory)&^(page-1) + page
	marks := (size/granule*4 + page - 1) &^ (page - 1)
	region = reserve(int(head + marks + size))
	if region == nil {
		return nil, nil
	}
	start := uintptr(unsafe.Pointer(&region[0]))
	h = at[heap](start)
	h.base = start + head + marks
	h.end, h.top = h.base+size, h.base
	return region, h
}

// mark is that of a block.
func (h *heap) mark(b block) *uint32 {
	return at[uint32](uintptr(unsafe.Pointer(h)) + head + (b-h.base)/granule*4)
}

// links are the neighbours of a free block in its list. They lie in the block.
type links struct{ prev, next block }

func orderOf(size uintptr) int {
	if size <= granule {
		return 0
	}
	return bits.Len64(uint64(size-1) / granule)
}

// alloc is a block for size bytes, or 0.
func (h *heap) alloc(size uintptr) block {
	order := orderOf(size)
	if order >= orders || !h.affords(footprint(order, size)) {
		return 0
	}
	have := order
	for have < orders && h.free[have] == 0 {
		have++
	}
	var b block
	if have < orders {
		b = h.free[have]
		h.unlink(b, have)
		for have > order { // the upper half stays free
			have--
			h.link(b+granule<<have, have)
		}
		if h.idle > 0 {
			discardTail(b, order, size)
		}
	} else if b = h.extend(order); b == 0 {
		h.book(-footprint(order, size))
		return 0
	}
	h.take(b, order, size)
	return b
}

// footprint is how much of a block counts: a large one is touched only as far as it was asked for.
func footprint(order int, size uintptr) int {
	if granule<<order < large {
		return granule << order
	}
	return int((size + page - 1) &^ (page - 1))
}

// discardTail gives back the pages of a block beyond what counts of it, which another may have touched before.
func discardTail(b block, order int, size uintptr) {
	if from := footprint(order, size); from < granule<<order {
		discard(unsafe.Slice(at[byte](b+uintptr(from)), granule<<order-from))
	}
}

func (h *heap) take(b block, order int, size uintptr) {
	*h.mark(b) = marked | uint32(order) | uint32((size+askedUnit-1)/askedUnit)<<askedBits
}

// extend is a block where none was yet. What lies between is free.
func (h *heap) extend(order int) block {
	size := uintptr(granule) << order
	first := h.top
	b := h.base + (first-h.base+size-1)&^(size-1)
	if b+size > h.end || b+size < b {
		return 0
	}
	for first < b {
		gap := bits.TrailingZeros64(uint64(first-h.base) / granule)
		h.top = first + granule<<gap
		h.link(first, gap)
		first = h.top
	}
	h.top = b + size
	return b
}

func (h *heap) link(b block, order int) {
	*h.mark(b) = marked | unused | uint32(order)
	l := at[links](b)
	l.prev, l.next = 0, h.free[order]
	if l.next != 0 {
		at[links](l.next).prev = b
	}
	h.free[order] = b
}

func (h *heap) unlink(b block, order int) {
	l := *at[links](b)
	if l.next != 0 {
		at[links](l.next).prev = l.prev
	}
	if l.prev != 0 {
		at[links](l.prev).next = l.next
	} else {
		h.free[order] = l.next
	}
	*h.mark(b) = 0
}

// release makes a block free and joins it with its free neighbours.
func (h *heap) release(b block) {
	order := int(*h.mark(b) & orderBits)
	size := footprint(order, h.asked(b))
	if size >= large {
		h.idle += size
	}
	h.book(-size)
	*h.mark(b) = 0
	for order < orders-1 {
		buddy := h.base + ((b - h.base) ^ granule<<order)
		if buddy >= h.top || *h.mark(buddy) != marked|unused|uint32(order) {
			break
		}
		h.unlink(buddy, order)
		b = min(b, buddy)
		order++
	}
	h.link(b, order)
	if h.idle > idleMost {
		h.trim()
	}
}

// Trim gives pages that an idle isolate does not use back to the system.
func (i *Isolate) Trim() {
	if i.region == nil || i.dead.Load() {
		return
	}
	if h := at[heap](uintptr(unsafe.Pointer(&i.region[0]))); h.idle > 0 {
		h.trim()
	}
}

// trim gives the pages of large free blocks back to the system.
func (h *heap) trim() {
	for order := orderOf(large); order < orders; order++ {
		for b := h.free[order]; b != 0; b = at[links](b).next {
			discard(unsafe.Slice(at[byte](b+page), granule<<order-page)) // its links stay
		}
	}
	h.idle = 0
}

// book counts n more bytes, or fewer.
func (h *heap) book(n int) {
	if h.meter != nil {
		h.meter.Book(int64(n))
	}
}

// affords counts n more bytes, if the meter has room for them.
func (h *heap) affords(n int) bool {
	return h.meter == nil || h.meter.Afford(int64(n))
}

func (h *heap) asked(b block) uintptr { return uintptr(*h.mark(b)>>askedBits) * askedUnit }

// The engine's allocator. The counters are the engine's own, and what is over the limit is refused as it would.

func heapMalloc(_ *libc.TLS, state uintptr, size lib.Tsize_t) uintptr {
	s := at[lib.TJSMallocState](state)
	if s.Fmalloc_size+size > s.Fmalloc_limit {
		return 0
	}
	h := at[heap](s.Fopaque)
	b := h.alloc(uintptr(size))
	if b != 0 {
		s.Fmalloc_count++
		s.Fmalloc_size += lib.Tsize_t(h.asked(b))
	}
	return b
}

func heapFree(_ *libc.TLS, state, b uintptr) {
	if b == 0 {
		return
	}
	s := at[lib.TJSMallocState](state)
	h := at[heap](s.Fopaque)
	s.Fmalloc_count--
	s.Fmalloc_size -= lib.Tsize_t(h.asked(b))
	h.release(b)
}

func heapRealloc(tls *libc.TLS, state, b uintptr, size lib.Tsize_t) uintptr {
	if b == 0 {
		return heapMalloc(tls, state, size)
	}
	if size == 0 {
		heapFree(tls, state, b)
		return 0
	}
	s := at[lib.TJSMallocState](state)
	h := at[heap](s.Fopaque)
	old := lib.Tsize_t(h.asked(b))
	if s.Fmalloc_size+size-old > s.Fmalloc_limit {
		return 0
	}
	if order := int(*h.mark(b) & orderBits); orderOf(uintptr(size)) == order {
		more := footprint(order, uintptr(size)) - footprint(order, h.asked(b))
		if more > 0 && !h.affords(more) {
			return 0
		}
		if more < 0 {
			h.book(more)
			discardTail(b, order, uintptr(size))
		}
		h.take(b, order, uintptr(size))
		s.Fmalloc_size += lib.Tsize_t(h.asked(b)) - old
		return b
	}
	fresh := h.alloc(uintptr(size))
	if fresh == 0 {
		return 0
	}
	n := min(size, old)
	copy(unsafe.Slice(at[byte](fresh), n), unsafe.Slice(at[byte](b), n))
	s.Fmalloc_size += lib.Tsize_t(h.asked(fresh)) - old
	h.release(b)
	return fresh
}
