package wasm

// Instructions of the binary format that the compiler names.
const (
	opUnreachable  = 0x00
	opNop          = 0x01
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opSelect       = 0x1b
	opSelectTyped  = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableGet     = 0x25
	opTableSet     = 0x26
	opI32Load      = 0x28
	opI64Load      = 0x29
	opF32Load      = 0x2a
	opF64Load      = 0x2b
	opI32Load8S    = 0x2c
	opI32Load8U    = 0x2d
	opI32Load16S   = 0x2e
	opI32Load16U   = 0x2f
	opI64Load8S    = 0x30
	opI64Load8U    = 0x31
	opI64Load16S   = 0x32
	opI64Load16U   = 0x33
	opI64Load32S   = 0x34
	opI64Load32U   = 0x35
	opI32Store     = 0x36
	opI64Store     = 0x37
	opF32Store     = 0x38
	opF64Store     = 0x39
	opI32Store8    = 0x3a
	opI32Store16   = 0x3b
	opI64Store8    = 0x3c
	opI64Store16   = 0x3d
	opI64Store32   = 0x3e
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32Eqz       = 0x45
	opI32Eq        = 0x46
	opI32Ne        = 0x47
	opI32LtS       = 0x48
	opI32LtU       = 0x49
	opI32GtS       = 0x4a
	opI32GtU       = 0x4b
	opI32LeS       = 0x4c
	opI32LeU       = 0x4d
	opI32GeS       = 0x4e
	opI32GeU       = 0x4f
	opI64Eqz       = 0x50
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI32Mul       = 0x6c
	opI32And       = 0x71
	opI32Or        = 0x72
	opI32Xor       = 0x73
	opI32Shl       = 0x74
	opI32ShrS      = 0x75
	opI32ShrU      = 0x76
	opI64Add       = 0x7c
	opI64Sub       = 0x7d
	opI64Mul       = 0x7e
	opI64And       = 0x83
	opI64Or        = 0x84
	opI64Xor       = 0x85
	opI64Shl       = 0x86
	opI64ShrS      = 0x87
	opI64ShrU      = 0x88
	opI64Rotl      = 0x89
	opI64Rotr      = 0x8a
	opF64Add       = 0xa0
	opF64Sub       = 0xa1
	opF64Mul       = 0xa2
	opI32Wrap      = 0xa7
	opI64ExtendS   = 0xac
	opI64ExtendU   = 0xad
	opLastNumeric  = 0xc4
	opRefNull      = 0xd0
	opRefIsNull    = 0xd1
	opRefFunc      = 0xd2
	opPrefix       = 0xfc
	opVector       = 0xfd
	opAtomic       = 0xfe
)

// Instructions after opPrefix.
const (
	lastTruncSat = 7
	preInit      = 8
	preDataDrop  = 9
	preCopy      = 10
	preFill      = 11
	preTableInit = 12
	preElemDrop  = 13
	preTableCopy = 14
	preTableGrow = 15
	preTableSize = 16
	preTableFill = 17
)

// Instructions of the interpreter that the binary format does not have. Those with I have a number instead of their second
// operand; xBr… jump if a comparison holds.
const (
	xMove     = 0x100 + iota // a = b
	xMoves                   // so many registers from a on = those from b on
	xConst                   // a = number
	xJump                    // forward
	xBack                    // backward
	xBrIf                    // jump if b
	xBrUnless                // jump if not b
	xBrEq                    // these: jump if b and c compare so
	xBrNe                    //
	xBrLtS                   //
	xBrLtU                   //
	xBrGeS                   //
	xBrGeU                   //
	xBrEqI                   // these: b and the upper half of the number
	xBrNeI                   //
	xBrLtSI                  //
	xBrLtUI                  //
	xBrGeSI                  //
	xBrGeUI                  //
	xI32AddI                 //
	xI32AndI                 //
	xI32ShlI                 //
	xI32ShrSI                //
	xI32ShrUI                //
	xI64AddI                 //
	xI64AndI                 //
	xI64ShlI                 //
	xI64ShrUI                //
	xI64RotrI                //
	xReturn                  // so many results from b on
	xTruncSat                // the first of eight
	xBulk     = xTruncSat + 8
)

// signature is the type of an instruction that has operands of one type.
type signature struct {
	n       byte // of operands; 0 = there is no such instruction
	in, out ValueType
}

// numeric returns the signature of an instruction from opI32Eqz to opLastNumeric.
func numeric(op byte) signature {
	for _, r := range numericRanges {
		if op <= r.last {
			return r.signature
		}
	}
	return signature{}
}

type numericRange struct {
	last byte
	signature
}

var numericRanges = []numericRange{
	{0x45, signature{1, I32, I32}}, {0x4f, signature{2, I32, I32}}, {0x50, signature{1, I64, I32}}, {0x5a, signature{2, I64, I32}},
	{0x60, signature{2, F32, I32}}, {0x66, signature{2, F64, I32}}, {0x69, signature{1, I32, I32}}, {0x78, signature{2, I32, I32}},
	{0x7b, signature{1, I64, I64}}, {0x8a, signature{2, I64, I64}}, {0x91, signature{1, F32, F32}}, {0x98, signature{2, F32, F32}},
	{0x9f, signature{1, F64, F64}}, {0xa6, signature{2, F64, F64}}, {0xa7, signature{1, I64, I32}}, {0xa9, signature{1, F32, I32}},
	{0xab, signature{1, F64, I32}}, {0xad, signature{1, I32, I64}}, {0xaf, signature{1, F32, I64}}, {0xb1, signature{1, F64, I64}},
	{0xb3, signature{1, I32, F32}}, {0xb5, signature{1, I64, F32}}, {0xb6, signature{1, F64, F32}}, {0xb8, signature{1, I32, F64}},
	{0xba, signature{1, I64, F64}}, {0xbb, signature{1, F32, F64}}, {0xbc, signature{1, F32, I32}}, {0xbd, signature{1, F64, I64}},
	{0xbe, signature{1, I32, F32}}, {0xbf, signature{1, I64, F64}}, {0xc1, signature{1, I32, I32}}, {0xc4, signature{1, I64, I64}},
}

// truncSat returns the signature of an instruction after opPrefix up to lastTruncSat.
func truncSat(op uint32) signature {
	s := signature{1, F32, I32}
	if op&2 != 0 {
		s.in = F64
	}
	if op&4 != 0 {
		s.out = I64
	}
	return s
}

// access is what a load or store does.
type access struct {
	typ   ValueType
	align uint32 // log2 of the bytes
	store bool
}

// accesses are those from opI32Load on.
var accesses = []access{
	{I32, 2, false}, {I64, 3, false}, {F32, 2, false}, {F64, 3, false}, {I32, 0, false}, {I32, 0, false}, {I32, 1, false}, {I32, 1, false},
	{I64, 0, false}, {I64, 0, false}, {I64, 1, false}, {I64, 1, false}, {I64, 2, false}, {I64, 2, false},
	{I32, 2, true}, {I64, 3, true}, {F32, 2, true}, {F64, 3, true}, {I32, 0, true}, {I32, 1, true}, {I64, 0, true}, {I64, 1, true}, {I64, 2, true},
}
