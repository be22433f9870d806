package quickjs

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"unicode/utf8"
	"unsafe"

	"fazt/internal/errs"
)

// Value is a JavaScript value: a tag in its upper half, and a small number or an address in the lower one. What has no
// tag is a floating-point number, shifted so that its bits are none. One that is counted must be freed exactly once.
type Value int64

// Tags of values. Those below zero are counted.
const (
	tagString    = -7
	tagRope      = -6
	tagObject    = -1
	tagInt       = 0
	tagBool      = 1
	tagNull      = 2
	tagUndefined = 3
	tagException = 6
	tagFloat     = 8

	firstTag = -9
	// floatShift is what floating-point numbers are shifted by.
	floatShift = uint64(0x7ff80000-firstTag+1) << 32
)

func pack(tag int32, payload uint32) Value { return Value(int64(tag)<<32 | int64(payload)) }

func payload(v Value) uint32 { return uint32(v) }

func tagOf(v Value) int32 {
	if tag := int32(v >> 32); uint32(tag-firstTag) < tagFloat-firstTag {
		return tag
	}
	return tagFloat
}

func isCounted(v Value) bool {
	tag := tagOf(v)
	return tag < 0
}

// Undefined returns undefined.
func Undefined() Value { return pack(tagUndefined, 0) }

// Null returns null.
func Null() Value { return pack(tagNull, 0) }

// ExceptionValue returns what a host function returns when an exception is pending.
func ExceptionValue() Value { return pack(tagException, 0) }

// Bool returns b as a value.
func Bool(b bool) Value {
	if b {
		return pack(tagBool, 1)
	}
	return pack(tagBool, 0)
}

// Int returns n as a value.
func Int(n int32) Value { return pack(tagInt, uint32(n)) }

// Number returns n as a value.
func Number(n float64) Value {
	bits := math.Float64bits(n)
	if n != n {
		bits = 0x7ff8 << 48 // the only one that does not look like a tag
	}
	return Value(bits - floatShift)
}

// ToNumber is v as a number when it is one.
func ToNumber(v Value) (float64, bool) {
	switch tagOf(v) {
	case tagInt, tagBool:
		return float64(int32(payload(v))), true
	case tagFloat:
		return math.Float64frombits(uint64(v) + floatShift), true
	}
	return 0, false
}

// IsUndefined reports whether v is undefined.
func IsUndefined(v Value) bool { return tagOf(v) == tagUndefined }
func isObject(v Value) bool    { return tagOf(v) == tagObject }

// IsString reports whether v is a string.
func IsString(v Value) bool {
	t := tagOf(v)
	return t == tagString || t == tagRope
}

// IsException reports whether v stands for the pending exception of its realm.
func IsException(v Value) bool { return tagOf(v) == tagException }

// NewObject returns an empty object.
func (r *Realm) NewObject() Value {
	r.inside++
	v := Value(r.m.XJS_NewObject(r.ctx))
	r.inside--
	return r.made(v)
}

// NewArray returns an empty array.
func (r *Realm) NewArray() Value {
	r.inside++
	v := Value(r.m.XJS_NewArray(r.ctx))
	r.inside--
	return r.made(v)
}

// NewError is err as a JavaScript Error: the sentence that may be shown, the code, and whether to try again.
func (r *Realm) NewError(err error) Value {
	if errors.Is(err, ErrMemory) {
		r.throwMemory()
		return r.Pending()
	}
	r.inside++
	e := Value(r.m.XJS_NewError(r.ctx))
	r.inside--
	if IsException(e) {
		r.DropException()
		return Undefined()
	}
	r.Set(e, "message", r.NewString(errs.Sentence(err)))
	r.Set(e, "code", r.NewString(errs.Code(err)))
	r.Set(e, "retryable", Bool(errs.KindOf(err).Retryable()))
	if after := errs.RetryAfter(err); after > 0 {
		r.Set(e, "retryAfter", Number(math.Ceil(after.Seconds()*1000)/1000))
	}
	return e
}

// maxBlock is the maximum size of a block, in bytes.
const maxBlock = 1<<31 - 1

// copies is how often the bytes of a text are held while Go makes a string of them.
const copies = 2

// keepScratch is how much scratch memory there is. What is larger goes in through the isolate's own memory, where it counts.
const keepScratch = 256 << 10

// NewString is s as JavaScript has it; bytes that are not UTF-8 become U+FFFD.
func (r *Realm) NewString(s string) Value {
	s = strings.ToValidUTF8(s, "\uFFFD")
	b := unsafe.Slice(unsafe.StringData(s), len(s)) // only read
	if len(s) > keepScratch {
		v, _ := r.NewText(bytes.NewReader(b), len(b), true)
		return v
	}
	return r.newString(r.copyIn(b), len(b))
}

func (r *Realm) newString(at address, n int) Value {
	r.inside++
	v := Value(r.m.XJS_NewStringLen(r.ctx, at, int32(n)))
	r.inside--
	return r.made(v)
}

// made notes when a value could not be made, for which the only reason is that there is no memory.
func (r *Realm) made(v Value) Value {
	if IsException(v) {
		r.exhausted = true
	}
	return v
}

// Make returns what fn makes of values, or an exception if there was no memory for one of them: fn need not look.
func (r *Realm) Make(fn func(*Realm) Value) Value {
	outer := r.exhausted
	r.exhausted = false
	v := fn(r)
	if r.exhausted {
		r.Free(v)
		v = r.throwMemory()
	}
	r.exhausted = outer
	return v
}

// exhaust notes that there is no memory, and throws that.
func (r *Realm) exhaust() Value {
	r.exhausted = true
	return r.throwMemory()
}

// throwMemory throws the error of the engine for memory that is used up.
func (r *Realm) throwMemory() Value {
	r.inside++
	v := Value(r.m.XJS_ThrowOutOfMemory(r.ctx))
	r.inside--
	return v
}

// NewBytes is an ArrayBuffer with a copy of b.
func (r *Realm) NewBytes(b []byte) Value {
	if len(b) > keepScratch {
		v, _ := r.newBuffer(bytes.NewReader(b), len(b))
		return v
	}
	p := r.copyIn(b)
	r.inside++
	v := Value(r.m.XJS_NewArrayBufferCopy(r.ctx, p, int32(len(b))))
	r.inside--
	return r.made(v)
}

// block is n bytes of the isolate's memory, with what source gives, if there is one. Without memory the address is 0, and an
// exception is pending.
func (r *Realm) block(source io.Reader, n int) (p address, data []byte, err error) {
	r.inside++
	if n <= maxBlock {
		p = r.m.Xjs_malloc(r.ctx, int32(max(n, 1)))
	} else {
		r.m.XJS_ThrowOutOfMemory(r.ctx)
	}
	r.inside--
	if p == 0 {
		r.exhausted = true
		return 0, nil, nil
	}
	data = r.bytes(p, n)
	if source == nil {
		return p, data, nil
	}
	if _, err = io.ReadFull(source, data); err != nil {
		r.free(p)
		return 0, nil, err
	}
	return p, data, nil
}

func (r *Realm) free(p address) {
	r.inside++
	r.m.Xjs_free(r.ctx, p)
	r.inside--
}

// newBuffer is an ArrayBuffer of n bytes that source gives; no copy of them is made.
func (r *Realm) newBuffer(source io.Reader, n int) (Value, error) {
	p, _, err := r.block(source, n)
	if err != nil {
		return Undefined(), err
	}
	return r.ownBuffer(p, n), nil
}

// ownBuffer is an ArrayBuffer that owns a block; an exception, if there is none.
func (r *Realm) ownBuffer(p address, n int) Value {
	if p == 0 {
		return ExceptionValue()
	}
	r.inside++
	v := Value(r.m.XJS_NewArrayBuffer(r.ctx, p, int32(n), 0, r.functions.reallocBuffer, 0, 0))
	r.inside--
	if IsException(v) {
		r.free(p)
	}
	return r.made(v)
}

// NewText is a string of n bytes that source gives, or with text false, an ArrayBuffer of them where they are no text.
func (r *Realm) NewText(source io.Reader, n int, text bool) (Value, error) {
	p, data, err := r.block(source, n)
	switch {
	case err != nil:
		return Undefined(), err
	case p == 0:
		return ExceptionValue(), nil
	case !text && (!utf8.Valid(data) || bytes.HasPrefix(data, []byte("\ufeff"))):
		return r.ownBuffer(p, n), nil
	}
	defer r.free(p)
	return r.newString(p, n), nil
}

// NewBody returns a body as a string if it is text, else as an ArrayBuffer.
func (r *Realm) NewBody(body []byte) Value {
	v, _ := r.NewText(bytes.NewReader(body), len(body), false)
	return v
}

// utf8Of is v as text in the engine's memory; its address is 0 when there is none, and then an exception is pending.
func (r *Realm) utf8Of(v Value) (p address, n int) {
	got, n := r.withLength(func(length address) Value {
		return Value(r.m.XJS_ToCStringLen2(r.ctx, length, int64(v), 0))
	})
	if got == 0 && IsString(v) {
		r.exhausted = true
	}
	return address(got), n
}

func (r *Realm) freeUTF8(p address) {
	r.inside++
	r.m.XJS_FreeCString(r.ctx, p)
	r.inside--
}

// Text is v as text; ok is false when v could not be turned into text, and then an exception is pending.
func (r *Realm) Text(v Value) (s string, ok bool) {
	p, n := r.utf8Of(v)
	if p == 0 {
		return "", false
	}
	defer r.freeUTF8(p)
	if r.Hold(copies*int64(n), 0) != nil {
		return "", true
	}
	return strings.ToValidUTF8(string(r.bytes(p, n)), "\uFFFD"), true
}

// View calls fn with the bytes of an ArrayBuffer, or with text, of a string, where the isolate has them; ok is false when v
// is neither.
func (r *Realm) View(v Value, fn func(data []byte, text bool) error) (ok bool, err error) {
	if IsString(v) {
		p, n := r.utf8Of(v)
		if p == 0 {
			return true, r.Exception()
		}
		defer r.freeUTF8(p)
		return true, fn(r.bytes(p, n), true)
	}
	data, ok := r.Data(v)
	if !ok {
		return false, nil
	}
	return true, fn(data, false)
}

// Bytes is a copy of the content of an ArrayBuffer; ok is false when v is none.
func (r *Realm) Bytes(v Value) (b []byte, ok bool) {
	data, ok := r.Data(v)
	if !ok || r.Hold(int64(len(data)), 0) != nil {
		return nil, ok
	}
	return append([]byte{}, data...), true
}

// NewBigInt returns n as a BigInt.
func (r *Realm) NewBigInt(n int64) Value {
	r.inside++
	v := Value(r.m.XJS_NewBigInt64(r.ctx, n))
	r.inside--
	return v
}

// ToInt32 converts a value as JavaScript does. It reports false if an exception is pending.
func (r *Realm) ToInt32(v Value) (n int32, ok bool) {
	if tagOf(v) == tagInt {
		return int32(payload(v)), true
	}
	bits, ok := r.converted(func(at address) int32 { return r.m.XJS_ToInt32(r.ctx, at, int64(v)) })
	return int32(bits), ok
}

// ToInt64 converts a BigInt. It reports false if an exception is pending.
func (r *Realm) ToInt64(v Value) (n int64, ok bool) {
	bits, ok := r.converted(func(at address) int32 { return r.m.XJS_ToBigInt64(r.ctx, at, int64(v)) })
	return int64(bits), ok
}

// ToFloat64 converts a value to a number. It reports false if an exception is pending.
func (r *Realm) ToFloat64(v Value) (n float64, ok bool) {
	if n, ok := ToNumber(v); ok {
		return n, true
	}
	bits, ok := r.converted(func(at address) int32 { return r.m.XJS_ToFloat64(r.ctx, at, int64(v)) })
	return math.Float64frombits(bits), ok
}

// converted calls a function that puts eight bytes at an address.
func (r *Realm) converted(convert func(at address) int32) (bits uint64, ok bool) {
	sp := r.m.X__stack_pointer()
	*sp -= 16
	at := *sp
	r.inside++
	failed := convert(at)
	r.inside--
	*sp += 16
	return uint64(r.u32(at)) | uint64(r.u32(at+4))<<32, failed >= 0
}
