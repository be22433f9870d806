package quickjs

// Block is a piece of the isolate's memory that Go owns, and that ArrayBuffers may show. It counts as a part of the heap. It is
// given back when Go has released it and no ArrayBuffer shows it any more, whichever comes last: a script can keep an ArrayBuffer
// as long as it likes.
type Block struct {
	isolate *Isolate // nil = the memory it was in is gone
	id      int32
	at      address
	size    int
	shown   int // ArrayBuffers
	owned   bool
	freed   func()
}

// NewBlock returns a block of n zero bytes, or nil if there is no memory for it.
func (r *Realm) NewBlock(n int) *Block {
	at := r.allocate(n)
	if at == 0 {
		return nil
	}
	if r.blocks == nil {
		r.blocks = map[int32]*Block{}
	}
	r.lastBlock++
	b := &Block{isolate: r.Isolate, id: r.lastBlock, at: at, size: n, owned: true}
	clear(b.Bytes())
	r.blocks[b.id] = b
	return b
}

// Collect collects garbage.
func (i *Isolate) Collect() {
	i.inside++
	i.m.XJS_RunGC(i.rt)
	i.inside--
}

// allocate returns n bytes of the heap, or 0 without an exception. What is not zero in it is what was there before.
func (r *Realm) allocate(n int) address {
	if n < 0 || n > 1<<31-1-page {
		return 0
	}
	r.inside++
	at := r.m.Xjs_malloc_rt(r.rt, int32(max(n, 1)))
	r.inside--
	return at
}

// Bytes returns the memory of the block. It stays where it is until the block is resized or released, or the isolate is restored
// or closed.
func (b *Block) Bytes() []byte { return b.isolate.bytes(b.at, b.size) }

// Resize makes the block larger, with the same content and zeros after it. It may lie elsewhere then. The ArrayBuffer that Show
// returned, or 0, becomes empty. It returns false if there is no memory for that, and nothing has changed.
func (b *Block) Resize(r *Realm, n int, buffer Value) bool {
	if b.shown == 0 || b.shown == 1 && r.Shows(buffer, b) { // nobody else sees it
		at := address(0)
		if n <= 1<<31-1-page {
			r.inside++
			at = r.m.Xjs_realloc_rt(r.rt, b.at, int32(max(n, 1)))
			r.inside--
		}
		if at == 0 {
			return false
		}
		had := b.size
		b.at, b.size = at, n
		clear(b.Bytes()[had:])
		r.Detach(buffer)
		return true
	}
	more := r.NewBlock(n)
	if more == nil {
		return false
	}
	copy(more.Bytes(), b.Bytes())
	*b, *more = *more, *b // the old bytes are freed with the last ArrayBuffer that shows them
	r.blocks[b.id], r.blocks[more.id] = b, more
	more.Release()
	r.Detach(buffer)
	return true
}

// Shows reports whether an ArrayBuffer shows a block.
func (r *Realm) Shows(buffer Value, b *Block) bool {
	if !isObject(buffer) {
		return false
	}
	got, n := r.withLength(func(length address) Value { return Value(r.m.XJS_GetArrayBuffer(r.ctx, length, int64(buffer))) })
	if got == 0 {
		if r.m.XJS_HasException(r.ctx) != 0 {
			r.DropException()
		}
		return false
	}
	return address(got) == b.at && n == b.size
}

// Release gives the block up.
func (b *Block) Release() {
	if b.isolate == nil || !b.owned {
		return
	}
	b.owned = false
	b.isolate.dropUnused(b)
}

// Show returns an ArrayBuffer of the block's bytes.
func (r *Realm) Show(b *Block) Value {
	b.shown++
	r.inside++
	v := Value(r.m.XJS_NewArrayBuffer(r.ctx, b.at, int32(b.size), 0, r.functions.freeBlock, b.id, 0))
	r.inside--
	if IsException(v) {
		b.shown--
	}
	return v
}

// Detach makes an ArrayBuffer empty.
func (r *Realm) Detach(buffer Value) {
	r.inside++
	r.m.XJS_DetachArrayBuffer(r.ctx, int64(buffer))
	r.inside--
}

// unshown is called by the engine when it no longer needs an ArrayBuffer, possibly while it collects garbage.
func (i *Isolate) unshown(id int32) {
	if b := i.blocks[id]; b != nil {
		b.shown--
		i.dropUnused(b)
	}
}

// dropUnused frees a block that neither Go nor an ArrayBuffer uses.
func (i *Isolate) dropUnused(b *Block) {
	if b.owned || b.shown > 0 {
		return
	}
	delete(i.blocks, b.id)
	i.inside++
	i.m.Xjs_free_rt(i.rt, b.at)
	i.inside--
	b.isolate = nil
	if b.freed != nil {
		b.freed()
	}
}

// NewToken returns a value that nothing but other values can hold, and calls freed when none does. That may be while the engine
// collects garbage: freed must not call it.
func (r *Realm) NewToken(freed func()) Value {
	b := r.NewBlock(1)
	if b == nil {
		return Undefined()
	}
	v := r.Show(b)
	if !IsException(v) {
		b.freed = freed
	}
	b.Release()
	return v
}

// Keep keeps a value of Go with the isolate until that is restored or closed; Kept returns it, or nil.
func (i *Isolate) Keep(key, value any) {
	if i.kept == nil {
		i.kept = map[any]any{}
	}
	i.kept[key] = value
}

// Kept returns what Keep was given.
func (i *Isolate) Kept(key any) any { return i.kept[key] }

// forget drops what Go keeps of the isolate's memory, which is gone.
func (i *Isolate) forget() {
	for _, b := range i.blocks {
		b.isolate = nil
	}
	i.blocks, i.kept, i.outside = nil, nil, 0
	for _, r := range i.realm {
		r.Bound = nil
	}
}
