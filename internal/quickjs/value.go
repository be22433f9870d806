package quickjs

import (
	"bytes"
	"io"
	"math"
	"strings"
	"unicode/utf8"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/libquickjs"
)

// Value is a JavaScript value. One that is counted must be freed exactly once.
type Value = lib.TJSValue

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
	return lib.XJS_NewStringLen(r.tls, r.ctx, r.copyIn(b), lib.Tsize_t(len(s)))
}

// NewBytes is an ArrayBuffer with a copy of b.
func (r *Realm) NewBytes(b []byte) Value {
	if len(b) > keepScratch {
		v, _ := r.newBuffer(bytes.NewReader(b), len(b))
		return v
	}
	return lib.XJS_NewArrayBufferCopy(r.tls, r.ctx, r.copyIn(b), lib.Tsize_t(len(b)))
}

// block is n bytes of the isolate's memory, with what source gives. Without memory the address is 0, and an exception is
// pending.
func (r *Realm) block(source io.Reader, n int) (p uintptr, data []byte, err error) {
	if p = lib.Xjs_malloc(r.tls, r.ctx, lib.Tsize_t(max(n, 1))); p == 0 {
		return 0, nil, nil
	}
	data = unsafe.Slice(at[byte](p), n)
	if _, err = io.ReadFull(source, data); err != nil {
		lib.Xjs_free(r.tls, r.ctx, p)
		return 0, nil, err
	}
	return p, data, nil
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
func (r *Realm) ownBuffer(p uintptr, n int) Value {
	if p == 0 {
		return ExceptionValue()
	}
	v := lib.XJS_NewArrayBuffer(r.tls, r.ctx, p, lib.Tsize_t(n), fp(freeBuffer), 0, 0)
	if IsException(v) {
		lib.Xjs_free(r.tls, r.ctx, p)
	}
	return v
}

// freeBuffer is called by the engine for the block of an ArrayBuffer.
func freeBuffer(tls *libc.TLS, rt, _, p uintptr) { lib.Xjs_free_rt(tls, rt, p) }

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
	defer lib.Xjs_free(r.tls, r.ctx, p)
	return lib.XJS_NewStringLen(r.tls, r.ctx, p, lib.Tsize_t(n)), nil
}

// NewBody returns a body as a string if it is text, else as an ArrayBuffer.
func (r *Realm) NewBody(body []byte) Value {
	v, _ := r.NewText(bytes.NewReader(body), len(body), false)
	return v
}

// Int returns n as a value.
func Int(n int32) Value { return lib.XNewInt32(nil, 0, n) }

// Text is v as text; ok is false when v could not be turned into text, and then an exception is pending.
func (r *Realm) Text(v Value) (s string, ok bool) {
	size := int(unsafe.Sizeof(libc.Tsize_t(0)))
	length := r.tls.Alloc(size)
	defer r.tls.Free(size)
	p := lib.XJS_ToCStringLen2(r.tls, r.ctx, length, v, 0)
	if p == 0 {
		return "", false
	}
	defer lib.XJS_FreeCString(r.tls, r.ctx, p)
	n := *at[libc.Tsize_t](length)
	if !r.borrow(int64(n)) {
		return "", true
	}
	b := unsafe.Slice(at[byte](p), n)
	return strings.ToValidUTF8(string(b), "\uFFFD"), true
}

// View calls fn with the bytes of an ArrayBuffer, or with text, of a string, where the isolate has them; ok is false when v
// is neither.
func (r *Realm) View(v Value, fn func(data []byte, text bool) error) (ok bool, err error) {
	size := int(unsafe.Sizeof(libc.Tsize_t(0)))
	length := r.tls.Alloc(size)
	defer r.tls.Free(size)
	if IsString(v) {
		p := lib.XJS_ToCStringLen2(r.tls, r.ctx, length, v, 0)
		if p == 0 {
			return true, r.Exception()
		}
		defer lib.XJS_FreeCString(r.tls, r.ctx, p)
		return true, fn(unsafe.Slice(at[byte](p), *at[libc.Tsize_t](length)), true)
	}
	if !isObject(v) {
		return false, nil
	}
	p := lib.XJS_GetArrayBuffer(r.tls, r.ctx, length, v)
	if p == 0 {
		if lib.XJS_HasException(r.tls, r.ctx) != 0 {
			r.DropException()
			return false, nil
		}
		return true, fn(nil, false)
	}
	return true, fn(unsafe.Slice(at[byte](p), *at[libc.Tsize_t](length)), false)
}

// Bytes is a copy of the content of an ArrayBuffer; ok is false when v is none.
func (r *Realm) Bytes(v Value) (b []byte, ok bool) {
	if !isObject(v) {
		return nil, false
	}
	ok, _ = r.View(v, func(data []byte, _ bool) error {
		if r.borrow(int64(len(data))) {
			b = append([]byte{}, data...)
		}
		return nil
	})
	return b, ok
}

// ToNumber is v as a number when it is one.
func ToNumber(v Value) (float64, bool) {
	switch tagOf(v) {
	case lib.EJS_TAG_INT, lib.EJS_TAG_BOOL:
		return float64(int32(payload(v))), true
	case lib.EJS_TAG_FLOAT64:
		return math.Float64frombits(payload(v)), true
	}
	return 0, false
}

// IsUndefined reports whether v is undefined.
func IsUndefined(v Value) bool { return tagOf(v) == lib.EJS_TAG_UNDEFINED }
func isObject(v Value) bool    { return tagOf(v) == lib.EJS_TAG_OBJECT }

// IsString reports whether v is a string.
func IsString(v Value) bool {
	t := tagOf(v)
	return t == lib.EJS_TAG_STRING || t == lib.EJS_TAG_STRING_ROPE
}

// IsException reports whether v stands for the pending exception of its realm.
func IsException(v Value) bool { return tagOf(v) == lib.EJS_TAG_EXCEPTION }

// NewObject returns an empty object.
func (r *Realm) NewObject() Value { return lib.XJS_NewObject(r.tls, r.ctx) }

// NewArray returns an empty array.
func (r *Realm) NewArray() Value { return lib.XJS_NewArray(r.tls, r.ctx) }
