package wasm

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// reader reads the binary format. What is wrong ends it with a panic of an *InvalidError, which Decode recovers.
type reader struct {
	b  []byte // the whole module
	at int
	to int // end of the current part
}

func (r *reader) fail(format string, args ...any) {
	panic(&InvalidError{At: r.at, Message: fmt.Sprintf(format, args...)})
}

func (r *reader) more() bool { return r.at < r.to }

func (r *reader) byte() byte {
	if r.at >= r.to {
		r.fail("unexpected end")
	}
	r.at++
	return r.b[r.at-1]
}

func (r *reader) bytes(n uint32) []byte {
	if uint64(n) > uint64(r.to-r.at) {
		r.fail("unexpected end")
	}
	r.at += int(n)
	return r.b[r.at-int(n) : r.at : r.at]
}

// u32 reads an unsigned LEB128 number.
func (r *reader) u32() uint32 {
	if r.at < r.to && r.b[r.at] < 0x80 {
		r.at++
		return uint32(r.b[r.at-1])
	}
	var n uint64
	for shift := 0; ; shift += 7 {
		c := r.byte()
		if shift == 28 && c > 0x0f {
			r.fail("a number is too long or too large")
		}
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return uint32(n)
		}
	}
}

// signed reads a signed LEB128 number of so many bits.
func (r *reader) signed(bits int) int64 {
	var n int64
	for shift := 0; ; shift += 7 {
		c := r.byte()
		n |= int64(c&0x7f) << shift
		if left := bits - shift; left <= 7 { // the last byte: the bits above the number are its sign
			sign := int8(c<<1) >> 1 // of 7 bits
			if rest := sign >> (left - 1); c >= 0x80 || rest != 0 && rest != -1 {
				r.fail("a number is too long or too large")
			}
		}
		if c < 0x80 {
			if used := shift + 7; used < 64 && c&0x40 != 0 {
				n |= -1 << used
			}
			return n
		}
	}
}

func (r *reader) f32() uint64 { return uint64(binary.LittleEndian.Uint32(r.bytes(4))) }
func (r *reader) f64() uint64 { return binary.LittleEndian.Uint64(r.bytes(8)) }

func (r *reader) name() string {
	b := r.bytes(r.u32())
	if !utf8.Valid(b) {
		r.fail("a name is not valid UTF-8")
	}
	return string(b)
}

// count reads the length of a list whose items have at least one byte each.
func (r *reader) count(what string, most uint32) int {
	n := r.u32()
	if n > most {
		r.fail("%d %s are more than %d", n, what, most)
	}
	if uint64(n) > uint64(r.to-r.at) {
		r.fail("unexpected end")
	}
	return int(n)
}

func (r *reader) valueType() ValueType {
	switch t := ValueType(r.byte()); t {
	case I32, I64, F32, F64, FuncRef, ExternRef:
		return t
	case 0x7b:
		r.fail("vectors (SIMD) are not supported")
	}
	r.at--
	r.fail("invalid value type")
	return 0
}

func (r *reader) refType() ValueType {
	t := r.valueType()
	if !t.isRef() {
		r.fail("%s is not a type of references", t)
	}
	return t
}

func (r *reader) limits(most uint32) (l Limits) {
	switch flag := r.byte(); flag {
	case 0:
		l.Min = r.u32()
	case 1:
		l.HasMax, l.Min, l.Max = true, r.u32(), r.u32()
	case 2, 3:
		r.fail("shared memories are not supported")
	default:
		r.fail("invalid limits")
	}
	if l.Min > most || l.HasMax && l.Max > most {
		r.fail("the size is larger than %d", most)
	}
	if l.HasMax && l.Max < l.Min {
		r.fail("the smallest size is larger than the largest")
	}
	return l
}
