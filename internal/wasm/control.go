package wasm

import (
	"slices"
	"unsafe"
)

// effort counts work on a module, and asks from time to time whether to go on.
func (d *decoder) effort(n int) {
	const often = 20_000
	if d.work += n; d.work > often {
		d.work = 0
		if !d.spend(0) {
			panic(memoryRefused{})
		}
	}
}

// instruction compiles one instruction.
func (c *compiler) instruction(op byte) {
	c.effort(1)
	switch {
	case op >= opI32Load && op <= opI64Store32:
		c.access(op)
	case op >= opI32Eqz && op <= opLastNumeric:
		c.numeric(op)
	case op <= opCallIndirect:
		c.control(op)
	default:
		c.other(op)
	}
}

func (c *compiler) control(op byte) {
	switch op {
	case opUnreachable:
		c.emit(instr{op: opUnreachable})
		c.unreachable()
	case opNop:
	case opBlock, opLoop:
		params, ends := c.blockType()
		c.check(params)
		c.settle(0)
		l := label{op: op, params: params, ends: ends, otherwise: -1}
		if op == opLoop {
			c.here()
			l.at = len(c.code.instrs)
		}
		c.popAll(params)
		c.enter(l)
	case opIf:
		params, ends := c.blockType()
		jump := c.condition(false)
		c.check(params)
		c.settle(0)
		l := label{op: op, params: params, ends: ends, otherwise: c.emit(jump)}
		c.popAll(params)
		c.enter(l)
	case opElse:
		c.otherwise()
	case opEnd:
		c.end()
	case opBr:
		c.jump(c.u32())
		c.unreachable()
	case opBrIf:
		c.jumpIf(c.u32())
	case opBrTable:
		c.jumpTable()
		c.unreachable()
	case opReturn:
		c.jump(uint32(len(c.labels) - 1))
		c.unreachable()
	case opCall:
		index := c.funcIndex()
		t := c.m.FuncTypeOf(index)
		c.call(t, instr{op: opCall, n: uint64(index)})
	case opCallIndirect:
		index := c.typeIndex()
		table := c.tableIndex()
		if c.m.tables[table].Elem != FuncRef {
			c.fail("call_indirect needs a table of functions")
		}
		at := c.popRegister(I32)
		c.call(&c.m.Types[index], instr{op: opCallIndirect, b: at, n: uint64(index)<<32 | uint64(table)})
	default:
		c.at--
		c.fail("unknown instruction %#x", op)
	}
}

// enter begins a block whose parameters were popped.
func (c *compiler) enter(l label) {
	if c.effort(1); len(c.labels) > maxDepth {
		c.fail("blocks are nested more than %d deep", maxDepth)
	}
	l.height, l.deadBefore = len(c.stack), c.dead
	if n := len(c.labels); n == cap(c.labels) {
		more := max(16, n/2)
		if !c.spend(more * int(unsafe.Sizeof(l))) {
			panic(memoryRefused{})
		}
		c.labels = append(make([]label, 0, n+more), c.labels...)
	}
	c.labels = append(c.labels, l)
	c.pushAll(l.params)
	c.lazy = len(c.stack)
}

// maxDepth is how deep blocks may be nested.
const maxDepth = 100_000

// finish checks that the results of a block are on the stack, and nothing else, and puts them into their slots.
func (c *compiler) finish(l *label) {
	c.check(l.ends)
	if len(c.stack) != l.height+len(l.ends) {
		c.fail("%d operands are left at the end of a block", len(c.stack)-l.height-len(l.ends))
	}
	c.settle(l.height)
}

func (c *compiler) otherwise() {
	l := c.top()
	if l.op != opIf {
		c.fail("else without if")
	}
	c.finish(l)
	if !c.dead {
		l.jumps = append(l.jumps, c.emit(instr{op: xJump}))
	}
	c.leave(l)
	if !l.deadBefore {
		c.here(l.otherwise)
	}
	l.op, l.otherwise, l.unreachable, c.dead = opElse, -1, false, l.deadBefore
	c.pushAll(l.params)
	c.lazy = len(c.stack)
}

// leave drops the results of a block.
func (c *compiler) leave(l *label) {
	c.stack = c.stack[:l.height]
	c.lazy = min(c.lazy, len(c.stack))
}

func (c *compiler) end() {
	l := c.top()
	if l.op == opIf && !slices.Equal(l.params, l.ends) {
		c.fail("an if without else must give what it takes")
	}
	c.finish(l)
	c.leave(l)
	if len(c.labels) == 1 {
		c.emit(instr{op: xReturn, b: c.slot(0), n: uint64(len(l.ends))})
		c.labels = c.labels[:0]
		return
	}
	if c.dead = l.deadBefore; !c.dead {
		if l.otherwise >= 0 {
			c.here(l.otherwise)
		}
		c.here(l.jumps...)
		for _, at := range l.tables {
			c.code.targets[at] = uint32(len(c.code.instrs))
		}
	}
	ends := l.ends
	c.labels = c.labels[:len(c.labels)-1]
	c.pushAll(ends)
}

// operands checks what a jump to a label takes, and puts it into slots; it returns the index of the first.
func (c *compiler) operands(l *label) (from int, types []ValueType) {
	types = l.arity()
	c.effort(len(types))
	c.check(types)
	from = len(c.stack) - len(types)
	c.settle(from)
	return from, types
}

// jump jumps to a label.
func (c *compiler) jump(depth uint32) {
	l := c.label(depth)
	from, types := c.operands(l)
	if c.dead {
		return
	}
	c.jumpFrom(l, from, len(types))
}

// jumpFrom jumps to a label with operands that are in their slots.
func (c *compiler) jumpFrom(l *label, from, n int) {
	if l == &c.labels[0] {
		c.emit(instr{op: xReturn, b: c.slot(from), n: uint64(n)})
		return
	}
	if n > 0 && from != l.height {
		c.emit(instr{op: xMoves, a: c.slot(l.height), b: c.slot(from), n: uint64(n)})
	}
	if l.op == opLoop {
		c.emit(instr{op: xBack, n: uint64(l.at)})
		return
	}
	l.jumps = append(l.jumps, c.emit(instr{op: xJump}))
}

func (c *compiler) jumpIf(depth uint32) {
	l := c.label(depth)
	n := len(l.arity())
	direct := l != &c.labels[0] && (n == 0 || len(c.stack)-1-n == l.height)
	jump := c.condition(direct)
	from, types := c.operands(l)
	if c.dead {
		return
	}
	at := c.emit(jump)
	switch {
	case !direct:
		c.jumpFrom(l, from, len(types))
		c.here(at)
	case l.op == opLoop:
		c.code.instrs[at].n |= uint64(l.at)
	default:
		l.jumps = append(l.jumps, at)
	}
}

func (c *compiler) jumpTable() {
	n := c.count("targets", 1<<20)
	depths := make([]uint32, n+1)
	if !c.spend(8 * n) {
		panic(memoryRefused{})
	}
	for i := range depths {
		depths[i] = c.u32()
		c.label(depths[i])
	}
	at := c.popRegister(I32)
	arity := len(c.label(depths[n]).arity())
	for _, depth := range depths {
		l := c.label(depth)
		if len(l.arity()) != arity {
			c.fail("the targets of br_table take different numbers of operands")
		}
		c.effort(arity)
		c.compare(l.arity())
	}
	if c.dead {
		return
	}
	from := len(c.stack) - arity
	c.settle(from)
	first := len(c.code.targets)
	c.emit(instr{op: opBrTable, b: at, n: uint64(first)<<32 | uint64(n)})
	c.code.targets = append(c.code.targets, make([]uint32, n+1)...)
	stubs := map[uint32]uint32{}
	for i, depth := range depths {
		l := c.label(depth)
		if l != &c.labels[0] && l.op != opLoop && (arity == 0 || from == l.height) {
			l.tables = append(l.tables, first+i)
			continue
		}
		if _, made := stubs[depth]; !made {
			stubs[depth] = uint32(len(c.code.instrs))
			c.jumpFrom(l, from, arity)
		}
		c.code.targets[first+i] = stubs[depth]
	}
}

// condition pops a condition and returns a jump for when it holds, or does not. It takes the place of a comparison.
func (c *compiler) condition(holds bool) instr {
	o := c.pop(I32)
	at := len(c.code.instrs) - 1
	if !c.dead && o.where == inSlot && c.fresh >= 0 && c.fresh == at && c.code.instrs[at].a == c.slot(len(c.stack)) {
		if jump, ok := comparison(c.code.instrs[at], holds); ok {
			c.code.instrs, c.fresh = c.code.instrs[:at], -1
			return jump
		}
	}
	op := uint16(xBrUnless)
	if holds {
		op = xBrIf
	}
	return instr{op: op, b: c.register(o, 0)}
}

// comparison returns the jump that does the work of a comparison.
func comparison(in instr, holds bool) (instr, bool) {
	var op uint16
	switch in.op {
	case opI32Eqz:
		if op = xBrUnless; !holds {
			op = xBrIf
		}
		return instr{op: op, b: in.b}, true
	case opI32Eq:
		op = xBrEq
	case opI32Ne:
		op, holds = xBrEq, !holds
	case opI32LtS:
		op = xBrLtS
	case opI32LtU:
		op = xBrLtU
	case opI32GtS:
		op, in.b, in.c = xBrLtS, in.c, in.b
	case opI32GtU:
		op, in.b, in.c = xBrLtU, in.c, in.b
	case opI32LeS:
		op, in.b, in.c, holds = xBrLtS, in.c, in.b, !holds
	case opI32LeU:
		op, in.b, in.c, holds = xBrLtU, in.c, in.b, !holds
	case opI32GeS:
		op, holds = xBrLtS, !holds
	case opI32GeU:
		op, holds = xBrLtU, !holds
	default:
		return instr{}, false
	}
	if !holds {
		op = opposite(op)
	}
	return instr{op: op, b: in.b, c: in.c}, true
}

func opposite(op uint16) uint16 {
	switch op {
	case xBrEq:
		return xBrNe
	case xBrLtS:
		return xBrGeS
	}
	return xBrGeU
}

// call calls a function of a type.
func (c *compiler) call(t *FuncType, in instr) {
	c.effort(len(t.Params) + len(t.Results))
	c.check(t.Params)
	from := len(c.stack) - len(t.Params)
	c.settle(from)
	c.popAll(t.Params)
	in.a = c.slot(len(c.stack))
	c.emit(in)
	c.pushAll(t.Results)
}
