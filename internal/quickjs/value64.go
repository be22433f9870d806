package quickjs

import (
	"math"
	"unsafe"

	lib "modernc.org/libquickjs"

	"fazt/internal/errs"
)

// The layout of a value on 64-bit targets: eight bytes of payload, then the tag. Others are not supported.

func payload(v Value) uint64 { return *(*uint64)(unsafe.Pointer(&v)) }
func tagOf(v Value) int32    { return int32(v.Ftag) }

// Undefined returns undefined.
func Undefined() Value { return Value{Ftag: lib.EJS_TAG_UNDEFINED} }

// Null returns null.
func Null() Value { return Value{Ftag: lib.EJS_TAG_NULL} }

// ExceptionValue returns what a host function returns when an exception is pending.
func ExceptionValue() Value { return Value{Ftag: lib.EJS_TAG_EXCEPTION} }

// Bool returns b as a value.
func Bool(b bool) (v Value) {
	if b {
		*(*uint64)(unsafe.Pointer(&v)) = 1
	}
	v.Ftag = lib.EJS_TAG_BOOL
	return v
}

// Number returns n as a value.
func Number(n float64) (v Value) {
	*(*uint64)(unsafe.Pointer(&v)) = math.Float64bits(n)
	v.Ftag = lib.EJS_TAG_FLOAT64
	return v
}

// NewError is err as a JavaScript Error: the sentence that may be shown, the code, and whether to try again.
func (r *Realm) NewError(err error) Value {
	e := lib.XJS_NewError(r.tls, r.ctx)
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

// at is what lies at an address in C memory. It never moves, so the conversion that go vet warns of is sound here.
func at[T any](address uintptr) *T { return (*T)(unsafe.Add(unsafe.Pointer(nil), address)) }

// fp is the address of a Go function, as the engine calls it.
func fp(f any) uintptr {
	type iface [2]uintptr
	return (*iface)(unsafe.Pointer(&f))[1]
}
