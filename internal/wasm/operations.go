package wasm

// access compiles a load or a store.
func (c *compiler) access(op byte) {
	a := accesses[op-opI32Load]
	if align := c.u32(); align > a.align {
		c.fail("the alignment is larger than the value")
	}
	offset := uint64(c.u32())
	c.needMemory()
	if a.store {
		value, at := c.pop(a.typ), c.pop(I32)
		b := c.register(at, 0)
		c.emit(instr{op: uint16(op), b: b, c: c.register(value, 1), n: offset})
		return
	}
	c.pushResult(a.typ, instr{op: uint16(op), b: c.popRegister(I32), n: offset})
}

func (c *compiler) needMemory() {
	if len(c.m.memories) == 0 {
		c.fail("there is no memory 0")
	}
}

// immediates are the instructions that have a form with a number as the second operand.
var immediates = map[byte]uint16{
	opI32Add: xI32AddI, opI32Sub: xI32AddI, opI32And: xI32AndI, opI32Shl: xI32ShlI, opI32ShrS: xI32ShrSI, opI32ShrU: xI32ShrUI,
	opI64Add: xI64AddI, opI64Sub: xI64AddI, opI64And: xI64AndI, opI64Shl: xI64ShlI, opI64ShrU: xI64ShrUI, opI64Rotr: xI64RotrI, opI64Rotl: xI64RotrI,
}

func (c *compiler) numeric(op byte) {
	s := numeric(op)
	switch {
	case s.n == 1 && op >= 0xbc && op <= 0xbf: // the bits stay as they are
		o := c.pop(s.in)
		switch o.where {
		case inSlot:
			c.pushSlot(s.out)
		default:
			o.typ = s.out
			c.pushLazy(o)
		}
	case s.n == 1:
		c.pushResult(s.out, instr{op: uint16(op), b: c.popRegister(s.in)})
	default:
		y, x := c.pop(s.in), c.pop(s.in)
		if y.where == isConst {
			if in, ok := immediate(op, y.value); ok {
				in.b = c.register(x, 0)
				c.pushResult(s.out, in)
				return
			}
		}
		b := c.register(x, 0)
		c.pushResult(s.out, instr{op: uint16(op), b: b, c: c.register(y, 1)})
	}
}

// immediate returns the form of an instruction with a number, if there is one.
func immediate(op byte, n uint64) (instr, bool) {
	form, ok := immediates[op]
	switch op {
	case opI32Sub:
		n = uint64(-uint32(n))
	case opI64Sub, opI64Rotl:
		n = -n
	}
	return instr{op: form, n: n}, ok
}

func (c *compiler) other(op byte) {
	switch op {
	case opDrop:
		c.pop(unknown)
	case opSelect, opSelectTyped:
		c.choose(op)
	case opLocalGet, opLocalSet, opLocalTee:
		c.local(op)
	case opGlobalGet, opGlobalSet:
		c.global(op)
	case opTableGet:
		index := c.tableIndex()
		c.pushResult(c.m.tables[index].Elem, instr{op: opTableGet, b: c.popRegister(I32), n: uint64(index)})
	case opTableSet:
		index := c.tableIndex()
		value, at := c.pop(c.m.tables[index].Elem), c.pop(I32)
		b := c.register(at, 0)
		c.emit(instr{op: opTableSet, b: b, c: c.register(value, 1), n: uint64(index)})
	case opMemorySize, opMemoryGrow:
		if c.byte() != 0 {
			c.fail("there is only one memory")
		}
		c.needMemory()
		in := instr{op: uint16(op)}
		if op == opMemoryGrow {
			in.b = c.popRegister(I32)
		}
		c.pushResult(I32, in)
	case opI32Const:
		c.pushLazy(operand{typ: I32, where: isConst, value: uint64(uint32(c.signed(32)))})
	case opI64Const:
		c.pushLazy(operand{typ: I64, where: isConst, value: uint64(c.signed(64))})
	case opF32Const:
		c.pushLazy(operand{typ: F32, where: isConst, value: c.f32()})
	case opF64Const:
		c.pushLazy(operand{typ: F64, where: isConst, value: c.f64()})
	case opRefNull:
		c.pushLazy(operand{typ: c.refType(), where: isConst})
	case opRefIsNull:
		o := c.pop(unknown)
		if o.typ != unknown && !o.typ.isRef() {
			c.fail("type mismatch: expected a reference, found %s", o.typ)
		}
		c.pushResult(I32, instr{op: opI64Eqz, b: c.register(o, 0)})
	case opRefFunc:
		index := c.funcIndex()
		if !c.m.declared[index] {
			c.fail("function %d is not declared as one to which there are references", index)
		}
		c.pushResult(FuncRef, instr{op: opRefFunc, n: uint64(index)})
	case opPrefix:
		c.prefixed(c.u32())
	case opVector:
		c.fail("vectors (SIMD) are not supported")
	case opAtomic:
		c.fail("atomic instructions are not supported")
	default:
		c.at--
		c.fail("unknown instruction %#x", op)
	}
}

// choose compiles select.
func (c *compiler) choose(op byte) {
	want := unknown
	if op == opSelectTyped {
		if c.u32() != 1 {
			c.fail("select must have one type")
		}
		want = c.valueType()
	}
	which, y := c.pop(I32), c.pop(want)
	x := c.pop(want)
	if op == opSelect {
		if x.typ.isRef() || y.typ.isRef() {
			c.fail("select of references needs a type")
		}
		if x.typ != y.typ && x.typ != unknown && y.typ != unknown {
			c.fail("type mismatch: expected %s, found %s", x.typ, y.typ)
		}
		if want = x.typ; want == unknown {
			want = y.typ
		}
	}
	b := c.register(x, 0)
	other := c.register(y, 1)
	c.pushResult(want, instr{op: opSelect, b: b, c: other, n: uint64(c.register(which, 2))})
}

func (c *compiler) local(op byte) {
	index := c.u32()
	if uint64(index) >= uint64(len(c.locals)) {
		c.fail("there is no local %d", index)
	}
	t, local := c.locals[index], uint16(index)
	if op == opLocalGet {
		c.pushLazy(operand{typ: t, where: inLocal, local: local})
		return
	}
	o := c.pop(t)
	if !c.dead {
		if c.pending[index] > 0 {
			c.settle(0)
		}
		c.assign(local, o)
	}
	if op == opLocalTee {
		c.pushLazy(operand{typ: t, where: inLocal, local: local})
	}
}

// assign puts an operand that was just popped into a local. If the last instruction made it, that does.
func (c *compiler) assign(local uint16, o operand) {
	at := len(c.code.instrs) - 1
	switch {
	case o.where == inLocal && o.local == local:
	case o.where == isConst:
		c.emit(instr{op: xConst, a: local, n: o.value})
	case o.where == inSlot && c.fresh >= 0 && c.fresh == at && c.code.instrs[at].a == c.slot(len(c.stack)):
		c.code.instrs[at].a, c.fresh = local, -1
	default:
		c.emit(instr{op: xMove, a: local, b: c.register(o, 0)})
	}
}

func (c *compiler) global(op byte) {
	index := c.u32()
	if uint64(index) >= uint64(len(c.m.globals)) {
		c.fail("there is no global %d", index)
	}
	t := c.m.globals[index]
	if op == opGlobalGet {
		c.pushResult(t.Value, instr{op: opGlobalGet, n: uint64(index)})
		return
	}
	if !t.Mutable {
		c.fail("global %d cannot be changed", index)
	}
	c.emit(instr{op: opGlobalSet, b: c.popRegister(t.Value), n: uint64(index)})
}

// prefixed compiles an instruction after opPrefix.
func (c *compiler) prefixed(op uint32) {
	n := uint64(0)
	elemOf := func() ValueType {
		index := c.tableIndex()
		n = n<<32 | uint64(index)
		return c.m.tables[index].Elem
	}
	switch op {
	case preInit, preDataDrop:
		n = uint64(c.u32())
		if c.m.dataCount < 0 {
			c.fail("the number of data segments is not told before the code")
		}
		if int64(n) >= c.m.dataCount {
			c.fail("there is no data segment %d", n)
		}
		if op == preDataDrop {
			c.emit(instr{op: xBulk + preDataDrop, n: n})
			return
		}
		c.zero()
		c.bulk(op, n, I32)
	case preCopy:
		c.zero()
		c.zero()
		c.bulk(op, 0, I32)
	case preFill:
		c.zero()
		c.bulk(op, 0, I32)
	case preTableInit, preElemDrop:
		index := c.u32()
		if uint64(index) >= uint64(len(c.m.elems)) {
			c.fail("there is no element segment %d", index)
		}
		n = uint64(index)
		if op == preElemDrop {
			c.emit(instr{op: xBulk + preElemDrop, n: n})
			return
		}
		c.same(elemOf(), c.m.elems[index].typ)
		c.bulk(op, n, I32)
	case preTableCopy:
		to := elemOf()
		c.same(to, elemOf())
		c.bulk(op, n, I32)
	case preTableFill:
		c.bulk(op, n, elemOf())
	case preTableGrow:
		t := elemOf()
		delta, value := c.pop(I32), c.pop(t)
		b := c.register(value, 0)
		c.pushResult(I32, instr{op: xBulk + preTableGrow, b: b, c: c.register(delta, 1), n: n})
	case preTableSize:
		elemOf()
		c.pushResult(I32, instr{op: xBulk + preTableSize, n: n})
	default:
		if op > lastTruncSat {
			c.fail("unknown instruction 0xfc %#x", op)
		}
		s := truncSat(op)
		c.pushResult(s.out, instr{op: uint16(xTruncSat + op), b: c.popRegister(s.in)})
	}
}

func (c *compiler) zero() {
	if c.byte() != 0 {
		c.fail("there is only one memory")
	}
	c.needMemory()
}

func (c *compiler) same(a, b ValueType) {
	if a != b {
		c.fail("type mismatch: %s and %s", a, b)
	}
}

// bulk compiles an instruction on ranges, which has three operands.
func (c *compiler) bulk(op uint32, n uint64, middle ValueType) {
	types := []ValueType{I32, middle, I32}
	c.check(types)
	c.settle(len(c.stack) - len(types))
	c.popAll(types)
	c.emit(instr{op: uint16(xBulk + op), a: c.slot(len(c.stack)), n: n})
}
