package quickjs

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

// Blocks must not overlap, keep what was written to them, and become one again when all are free.
func TestBlocksOfAHeapDoNotOverlap(t *testing.T) {
	region, h := newHeap(16 << 20)
	if h == nil {
		t.Skip("isolates have ordinary memory here")
	}
	defer unreserve(region)
	type held struct {
		b    block
		size int
		fill byte
	}
	var list []held
	random := rand.New(rand.NewPCG(1, 2))
	check := func(x held) {
		for i, c := range unsafe.Slice(at[byte](x.b), x.size) {
			if c != x.fill {
				t.Fatalf("byte %d of a block of %d is %d, not %d", i, x.size, c, x.fill)
			}
		}
	}
	for n := range 20_000 {
		if len(list) > 0 && (random.IntN(2) == 0 || len(list) > 300) {
			i := random.IntN(len(list))
			check(list[i])
			h.release(list[i].b)
			list[i] = list[len(list)-1]
			list = list[:len(list)-1]
			continue
		}
		size := 1 + random.IntN(1<<(4+random.IntN(15)))
		x := held{h.alloc(uintptr(size)), size, byte(n)}
		if x.b == 0 {
			continue
		}
		if got := int(h.asked(x.b)); got < size || got > size+askedUnit {
			t.Fatalf("a block for %d counts as %d", size, got)
		}
		bytes := unsafe.Slice(at[byte](x.b), size)
		for i := range bytes {
			bytes[i] = x.fill
		}
		list = append(list, x)
	}
	for _, x := range list {
		check(x)
		h.release(x.b)
	}
	var free uintptr
	for order, b := range h.free {
		for ; b != 0; b = at[links](b).next {
			free += granule << order
		}
	}
	if free != h.top-h.base {
		t.Errorf("%d of %d bytes are free when nothing is held", free, h.top-h.base)
	}
	if b := h.alloc(16 << 20); b == 0 {
		t.Error("there is no room for one large block where nothing is held")
	}
	if h.alloc(1<<40) != 0 {
		t.Error("a block larger than the range was given")
	}
}
