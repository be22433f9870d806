package runtime

import (
	"math"
	"unsafe"

	lib "modernc.org/libquickjs"

	"fazt/internal/errs"
)

// The layout of a value on 64-bit targets: eight bytes of payload, then the tag. Others are not supported.

func payload(v value) uint64 { return *(*uint64)(unsafe.Pointer(&v)) }
func tagOf(v value) int32    { return int32(v.Ftag) }

func undefinedValue() value { return value{Ftag: lib.EJS_TAG_UNDEFINED} }
func nullValue() value      { return value{Ftag: lib.EJS_TAG_NULL} }
func exceptionValue() value { return value{Ftag: lib.EJS_TAG_EXCEPTION} }

func newBool(b bool) (v value) {
	if b {
		*(*uint64)(unsafe.Pointer(&v)) = 1
	}
	v.Ftag = lib.EJS_TAG_BOOL
	return v
}

func newNumber(n float64) (v value) {
	*(*uint64)(unsafe.Pointer(&v)) = math.Float64bits(n)
	v.Ftag = lib.EJS_TAG_FLOAT64
	return v
}

// newError is err as a JavaScript Error: the sentence that may be shown, the code, and whether to try again.
func (r *realm) newError(err error) value {
	e := lib.XJS_NewError(r.tls, r.ctx)
	if isException(e) {
		r.dropException()
		return undefinedValue()
	}
	r.set(e, "message", r.newString(errs.Sentence(err)))
	r.set(e, "code", r.newString(errs.Code(err)))
	r.set(e, "retryable", newBool(errs.KindOf(err).Retryable()))
	if after := errs.RetryAfter(err); after > 0 {
		r.set(e, "retryAfter", newNumber(math.Ceil(after.Seconds()*1000)/1000))
	}
	return e
}
