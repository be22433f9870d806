package quickjs

// Text is a string of a script where the isolate has it.
type Text struct {
	Data []byte // one byte for each character (Latin-1) or, if it is wide, two (UTF-16, little-endian)
	Wide bool

	r *Realm
	v Value
}

// OpenText returns a string without copying it; ok is false when v is not one, or there is no memory. The caller closes it.
func (r *Realm) OpenText(v Value) (t Text, ok bool) {
	if !IsString(v) {
		return Text{}, false
	}
	r.inside++
	v = Value(r.m.XJS_ToString(r.ctx, int64(v))) // joins the parts of a rope
	r.inside--
	if IsException(v) {
		r.DropException()
		r.exhausted = true
		return Text{}, false
	}
	at, n, wide := r.m.Characters(int32(payload(v)))
	if wide {
		n *= 2
	}
	return Text{Data: r.bytes(at, int(n)), Wide: wide, r: r, v: v}, true
}

// Close ends the use of a text.
func (t Text) Close() {
	if t.r != nil {
		t.r.Free(t.v)
	}
}

// Len returns the length of the text as scripts see it.
func (t Text) Len() int {
	if t.Wide {
		return len(t.Data) / 2
	}
	return len(t.Data)
}

// maxText is the maximum length of a string.
const maxText = 1<<30 - 1

// NewChars returns a string of n characters, which the caller must write to data before anything else happens: one byte for
// each (Latin-1) or, with wide, two (UTF-16, little-endian). Without memory it returns an exception, and no data.
func (r *Realm) NewChars(n int, wide bool) (v Value, data []byte) {
	units := n
	if !wide {
		units = n/2 + 1 // of two bytes: there is no other way to make a string without looking at its characters
	}
	if n == 0 {
		units = 0
	}
	if n > maxText {
		return r.exhaust(), nil
	}
	r.inside++
	// The characters are copied from the start of the memory: they are replaced in any case.
	v = Value(r.m.XJS_NewStringUTF16(r.ctx, 0, int32(units)))
	r.inside--
	if IsException(v) {
		r.exhausted = true
		return v, nil
	}
	text := int32(payload(v))
	if n > 0 && !wide {
		r.m.Narrow(text, int32(n))
	}
	if wide {
		n *= 2
	}
	at, _, _ := r.m.Characters(text)
	return v, r.bytes(at, n)
}

// NewData returns an ArrayBuffer of n bytes, which the caller must write to data. Without memory it returns an exception.
func (r *Realm) NewData(n int) (v Value, data []byte) {
	p, data, _ := r.block(nil, n)
	return r.ownBuffer(p, n), data
}

// NewDataUpTo returns an ArrayBuffer of up to n bytes: of as many as fill has written.
func (r *Realm) NewDataUpTo(n int, fill func(data []byte) int) Value {
	p, data, _ := r.block(nil, n)
	if p == 0 {
		return ExceptionValue()
	}
	if used := fill(data); used < n {
		r.inside++
		smaller := r.m.Xjs_realloc(r.ctx, p, int32(max(used, 1)))
		r.inside--
		if smaller == 0 {
			r.free(p)
			r.exhausted = true
			return ExceptionValue()
		}
		p, n = smaller, used
	}
	return r.ownBuffer(p, n)
}

// Data returns the bytes of an ArrayBuffer where the isolate has them; ok is false when v is none.
func (r *Realm) Data(v Value) (data []byte, ok bool) {
	if !isObject(v) {
		return nil, false
	}
	got, n := r.withLength(func(length address) Value { return Value(r.m.XJS_GetArrayBuffer(r.ctx, length, int64(v))) })
	if got == 0 {
		if r.m.XJS_HasException(r.ctx) != 0 {
			r.DropException()
			return nil, false
		}
		return nil, true
	}
	return r.bytes(address(got), n), true
}
