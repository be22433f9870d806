// Package number computes the numeric instructions of WebAssembly. Values are bits: those of 32-bit types are in the lower half, and
// the upper one is zero.
package number

import (
	"math"
	"math/bits"
)

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func f32(x uint64) float32  { return math.Float32frombits(uint32(x)) }
func f64(x uint64) float64  { return math.Float64frombits(x) }
func u32f(x float32) uint64 { return uint64(math.Float32bits(x)) }
func u64f(x float64) uint64 { return math.Float64bits(x) }

// Trap is what an instruction panics with that has no result.
type Trap string

const (
	errDivide   Trap = "divide by zero"
	errRem      Trap = "remainder by zero"
	errDivRange Trap = "divide result unrepresentable"
	errFloat    Trap = "float unrepresentable in integer range"
)

// Binary has the instructions with two operands, by their numbers in the binary format.
var Binary = [256]func(x, y uint64) uint64{
	0x46: func(x, y uint64) uint64 { return b2u(uint32(x) == uint32(y)) },
	0x47: func(x, y uint64) uint64 { return b2u(uint32(x) != uint32(y)) },
	0x48: func(x, y uint64) uint64 { return b2u(int32(x) < int32(y)) },
	0x49: func(x, y uint64) uint64 { return b2u(uint32(x) < uint32(y)) },
	0x4a: func(x, y uint64) uint64 { return b2u(int32(x) > int32(y)) },
	0x4b: func(x, y uint64) uint64 { return b2u(uint32(x) > uint32(y)) },
	0x4c: func(x, y uint64) uint64 { return b2u(int32(x) <= int32(y)) },
	0x4d: func(x, y uint64) uint64 { return b2u(uint32(x) <= uint32(y)) },
	0x4e: func(x, y uint64) uint64 { return b2u(int32(x) >= int32(y)) },
	0x4f: func(x, y uint64) uint64 { return b2u(uint32(x) >= uint32(y)) },
	0x51: func(x, y uint64) uint64 { return b2u(x == y) },
	0x52: func(x, y uint64) uint64 { return b2u(x != y) },
	0x53: func(x, y uint64) uint64 { return b2u(int64(x) < int64(y)) },
	0x54: func(x, y uint64) uint64 { return b2u(x < y) },
	0x55: func(x, y uint64) uint64 { return b2u(int64(x) > int64(y)) },
	0x56: func(x, y uint64) uint64 { return b2u(x > y) },
	0x57: func(x, y uint64) uint64 { return b2u(int64(x) <= int64(y)) },
	0x58: func(x, y uint64) uint64 { return b2u(x <= y) },
	0x59: func(x, y uint64) uint64 { return b2u(int64(x) >= int64(y)) },
	0x5a: func(x, y uint64) uint64 { return b2u(x >= y) },
	0x5b: func(x, y uint64) uint64 { return b2u(f32(x) == f32(y)) },
	0x5c: func(x, y uint64) uint64 { return b2u(f32(x) != f32(y)) },
	0x5d: func(x, y uint64) uint64 { return b2u(f32(x) < f32(y)) },
	0x5e: func(x, y uint64) uint64 { return b2u(f32(x) > f32(y)) },
	0x5f: func(x, y uint64) uint64 { return b2u(f32(x) <= f32(y)) },
	0x60: func(x, y uint64) uint64 { return b2u(f32(x) >= f32(y)) },
	0x61: func(x, y uint64) uint64 { return b2u(f64(x) == f64(y)) },
	0x62: func(x, y uint64) uint64 { return b2u(f64(x) != f64(y)) },
	0x63: func(x, y uint64) uint64 { return b2u(f64(x) < f64(y)) },
	0x64: func(x, y uint64) uint64 { return b2u(f64(x) > f64(y)) },
	0x65: func(x, y uint64) uint64 { return b2u(f64(x) <= f64(y)) },
	0x66: func(x, y uint64) uint64 { return b2u(f64(x) >= f64(y)) },
	0x6d: func(x, y uint64) uint64 { // i32.div_s
		if uint32(y) == 0 {
			panic(errDivide)
		}
		if int32(x) == math.MinInt32 && int32(y) == -1 {
			panic(errDivRange)
		}
		return uint64(uint32(int32(x) / int32(y)))
	},
	0x6e: func(x, y uint64) uint64 {
		if uint32(y) == 0 {
			panic(errDivide)
		}
		return uint64(uint32(x) / uint32(y))
	},
	0x6f: func(x, y uint64) uint64 {
		if uint32(y) == 0 {
			panic(errRem)
		}
		return uint64(uint32(int32(x) % int32(y)))
	},
	0x70: func(x, y uint64) uint64 {
		if uint32(y) == 0 {
			panic(errRem)
		}
		return uint64(uint32(x) % uint32(y))
	},
	0x77: func(x, y uint64) uint64 { return uint64(bits.RotateLeft32(uint32(x), int(y&31))) },
	0x78: func(x, y uint64) uint64 { return uint64(bits.RotateLeft32(uint32(x), -int(y&31))) },
	0x7f: func(x, y uint64) uint64 { // i64.div_s
		if y == 0 {
			panic(errDivide)
		}
		if int64(x) == math.MinInt64 && int64(y) == -1 {
			panic(errDivRange)
		}
		return uint64(int64(x) / int64(y))
	},
	0x80: func(x, y uint64) uint64 {
		if y == 0 {
			panic(errDivide)
		}
		return x / y
	},
	0x81: func(x, y uint64) uint64 {
		if y == 0 {
			panic(errRem)
		}
		return uint64(int64(x) % int64(y))
	},
	0x82: func(x, y uint64) uint64 {
		if y == 0 {
			panic(errRem)
		}
		return x % y
	},
	0x86: func(x, y uint64) uint64 { return x << (y & 63) },
	0x87: func(x, y uint64) uint64 { return uint64(int64(x) >> (y & 63)) },
	0x88: func(x, y uint64) uint64 { return x >> (y & 63) },
	0x89: func(x, y uint64) uint64 { return bits.RotateLeft64(x, int(y&63)) },
	0x8a: func(x, y uint64) uint64 { return bits.RotateLeft64(x, -int(y&63)) },
	0x92: func(x, y uint64) uint64 { return u32f(f32(x) + f32(y)) },
	0x93: func(x, y uint64) uint64 { return u32f(f32(x) - f32(y)) },
	0x94: func(x, y uint64) uint64 { return u32f(f32(x) * f32(y)) },
	0x95: func(x, y uint64) uint64 { return u32f(f32(x) / f32(y)) },
	0x96: func(x, y uint64) uint64 { return u32f(least(f32(x), f32(y))) },
	0x97: func(x, y uint64) uint64 { return u32f(most(f32(x), f32(y))) },
	0x98: func(x, y uint64) uint64 { return x&0x7fffffff | y&0x80000000 },
	0xa3: func(x, y uint64) uint64 { return u64f(f64(x) / f64(y)) },
	0xa4: func(x, y uint64) uint64 { return u64f(least(f64(x), f64(y))) },
	0xa5: func(x, y uint64) uint64 { return u64f(most(f64(x), f64(y))) },
	0xa6: func(x, y uint64) uint64 { return x&^(1<<63) | y&(1<<63) },
}

// Unary has the instructions with one operand.
var Unary = [256]func(x uint64) uint64{
	0x45: func(x uint64) uint64 { return b2u(uint32(x) == 0) },
	0x50: func(x uint64) uint64 { return b2u(x == 0) },
	0x67: func(x uint64) uint64 { return uint64(bits.LeadingZeros32(uint32(x))) },
	0x68: func(x uint64) uint64 { return uint64(bits.TrailingZeros32(uint32(x))) },
	0x69: func(x uint64) uint64 { return uint64(bits.OnesCount32(uint32(x))) },
	0x79: func(x uint64) uint64 { return uint64(bits.LeadingZeros64(x)) },
	0x7a: func(x uint64) uint64 { return uint64(bits.TrailingZeros64(x)) },
	0x7b: func(x uint64) uint64 { return uint64(bits.OnesCount64(x)) },
	0x8b: func(x uint64) uint64 { return x & 0x7fffffff },
	0x8c: func(x uint64) uint64 { return x ^ 0x80000000 },
	0x8d: func(x uint64) uint64 { return u32f(float32(math.Ceil(float64(f32(x))))) },
	0x8e: func(x uint64) uint64 { return u32f(float32(math.Floor(float64(f32(x))))) },
	0x8f: func(x uint64) uint64 { return u32f(float32(math.Trunc(float64(f32(x))))) },
	0x90: func(x uint64) uint64 { return u32f(float32(math.RoundToEven(float64(f32(x))))) },
	0x91: func(x uint64) uint64 { return u32f(float32(math.Sqrt(float64(f32(x))))) },
	0x99: func(x uint64) uint64 { return x &^ (1 << 63) },
	0x9a: func(x uint64) uint64 { return x ^ 1<<63 },
	0x9b: func(x uint64) uint64 { return u64f(math.Ceil(f64(x))) },
	0x9c: func(x uint64) uint64 { return u64f(math.Floor(f64(x))) },
	0x9d: func(x uint64) uint64 { return u64f(math.Trunc(f64(x))) },
	0x9e: func(x uint64) uint64 { return u64f(math.RoundToEven(f64(x))) },
	0x9f: func(x uint64) uint64 { return u64f(math.Sqrt(f64(x))) },
	0xa8: func(x uint64) uint64 { return toI32(float64(f32(x))) },
	0xa9: func(x uint64) uint64 { return toU32(float64(f32(x))) },
	0xaa: func(x uint64) uint64 { return toI32(f64(x)) },
	0xab: func(x uint64) uint64 { return toU32(f64(x)) },
	0xac: func(x uint64) uint64 { return uint64(int32(x)) },
	0xae: func(x uint64) uint64 { return toI64(float64(f32(x))) },
	0xaf: func(x uint64) uint64 { return toU64(float64(f32(x))) },
	0xb0: func(x uint64) uint64 { return toI64(f64(x)) },
	0xb1: func(x uint64) uint64 { return toU64(f64(x)) },
	0xb2: func(x uint64) uint64 { return u32f(float32(int32(x))) },
	0xb3: func(x uint64) uint64 { return u32f(float32(uint32(x))) },
	0xb4: func(x uint64) uint64 { return u32f(float32(int64(x))) },
	0xb5: func(x uint64) uint64 { return u32f(float32(x)) },
	0xb6: func(x uint64) uint64 { return u32f(float32(f64(x))) },
	0xb7: func(x uint64) uint64 { return u64f(float64(int32(x))) },
	0xb8: func(x uint64) uint64 { return u64f(float64(uint32(x))) },
	0xb9: func(x uint64) uint64 { return u64f(float64(int64(x))) },
	0xba: func(x uint64) uint64 { return u64f(float64(x)) },
	0xbb: func(x uint64) uint64 { return u64f(float64(f32(x))) },
	0xc0: func(x uint64) uint64 { return uint64(uint32(int8(x))) },
	0xc1: func(x uint64) uint64 { return uint64(uint32(int16(x))) },
	0xc2: func(x uint64) uint64 { return uint64(int8(x)) },
	0xc3: func(x uint64) uint64 { return uint64(int16(x)) },
	0xc4: func(x uint64) uint64 { return uint64(int32(x)) },
}

// least and most return the smaller and the larger number. What is not a number wins, in the form that the specification
// always allows.
func least[T float32 | float64](x, y T) T {
	if x != x || y != y {
		return T(math.Float64frombits(0x7ff8 << 48))
	}
	return min(x, y)
}

func most[T float32 | float64](x, y T) T {
	if x != x || y != y {
		return T(math.Float64frombits(0x7ff8 << 48))
	}
	return max(x, y)
}

// whole returns a number without its fraction, if it is in a range.
func whole(x, low, high float64) float64 {
	if x != x {
		panic(errFloat)
	}
	if x = math.Trunc(x); x < low || x > high {
		panic(errFloat)
	}
	return x
}

const below63, below64 = 9223372036854774784, 18446744073709549568 // the largest numbers below 2^63 and 2^64

func toI32(x float64) uint64 { return uint64(uint32(int32(whole(x, math.MinInt32, math.MaxInt32)))) }
func toU32(x float64) uint64 { return uint64(uint32(whole(x, 0, math.MaxUint32))) }
func toI64(x float64) uint64 { return uint64(int64(whole(x, math.MinInt64, below63))) }
func toU64(x float64) uint64 { return unsigned(whole(x, 0, below64)) }

// unsigned converts a whole number from 0 to below 2^64. Go leaves open what its own conversion does on some processors.
func unsigned(x float64) uint64 {
	if x < 1<<63 {
		return uint64(int64(x))
	}
	return uint64(int64(x-1<<63)) | 1<<63
}

// clamped returns a number without its fraction, within a range.
func clamped(x, low, high float64) float64 {
	if x != x {
		return 0
	}
	return max(low, min(high, math.Trunc(x)))
}

func satI64(x float64) uint64 {
	if x >= 1<<63 {
		return math.MaxInt64
	}
	return uint64(int64(clamped(x, math.MinInt64, below63)))
}

func satU64(x float64) uint64 {
	if x >= 1<<64 {
		return math.MaxUint64
	}
	return unsigned(clamped(x, 0, below64))
}

func satI32(x float64) uint64 {
	return uint64(uint32(int32(clamped(x, math.MinInt32, math.MaxInt32))))
}
func satU32(x float64) uint64 { return uint64(uint32(clamped(x, 0, math.MaxUint32))) }

// TruncSat has the conversions that do not trap, by their numbers after 0xfc.
var TruncSat = [8]func(x uint64) uint64{
	func(x uint64) uint64 { return satI32(float64(f32(x))) },
	func(x uint64) uint64 { return satU32(float64(f32(x))) },
	func(x uint64) uint64 { return satI32(f64(x)) },
	func(x uint64) uint64 { return satU32(f64(x)) },
	func(x uint64) uint64 { return satI64(float64(f32(x))) },
	func(x uint64) uint64 { return satU64(float64(f32(x))) },
	func(x uint64) uint64 { return satI64(f64(x)) },
	func(x uint64) uint64 { return satU64(f64(x)) },
}
