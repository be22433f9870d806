package wasm

import "unsafe"

// instr is an instruction of the interpreter. Its operands a, b and c are registers: the locals of the function, and after them the
// slots of the operands.
type instr struct {
	op, a, b, c uint16
	n           uint64
}

// code is a function for the interpreter.
type code struct {
	instrs    []instr
	targets   []uint32 // of opBrTable
	params    int
	locals    int // with the parameters
	registers int
}

// Where the value of an operand is while code is compiled.
const (
	inSlot  = iota
	inLocal // its register is that of a local
	isConst
)

type operand struct {
	typ   ValueType
	where byte
	local uint16
	value uint64
}

// label is a block, loop, if or function that code is in.
type label struct {
	op            byte
	params, ends  []ValueType
	height        int
	unreachable   bool
	deadBefore    bool // the code before it is not reached
	at            int  // of a loop
	jumps, tables []int
	otherwise     int // the jump of an if to its else; -1 = none
}

// compiler validates the code of functions, and translates it. It keeps values in locals and constants out of slots as long as it
// can, and joins comparisons with the jumps that follow them.
type compiler struct {
	*decoder
	code    *code
	locals  []ValueType
	stack   []operand
	labels  []label
	pending []uint32 // operands that are in a local, by local
	lazy    int      // all operands below are in their slots
	highest int
	fresh   int // index of the last instruction, if its result is the operand on top; -1 = no
	dead    bool
	keep    bool // the code is wanted, not only validated
	typ     *FuncType
}

// maxRegisters is how many a function may have.
const maxRegisters = 60_000

// instrSize is what an instruction takes.
const instrSize = int(unsafe.Sizeof(instr{}))

// checkBodies validates all functions.
func (d *decoder) checkBodies() {
	c := &compiler{decoder: d, code: &code{}}
	for i := range d.m.bodies {
		c.function(i)
	}
}

// compileBody makes the code of a function that is valid.
func (m *Module) compileBody(i int, spend Spend) (ready *code, err error) {
	d := &decoder{reader: reader{b: m.bodies[i].text}, m: m, spend: spend}
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(memoryRefused); !ok {
				panic(p)
			}
			ready, err = nil, ErrMemory
		}
	}()
	c := &compiler{decoder: d, code: &code{}, keep: true}
	c.function(i)
	c.code.instrs = append(make([]instr, 0, len(c.code.instrs)), c.code.instrs...)
	return c.code, nil
}

// function compiles one function.
func (c *compiler) function(i int) {
	b := &c.m.bodies[i]
	if c.keep {
		c.at, c.to = 0, len(b.text)
	} else {
		c.at, c.to = b.at, b.at+len(b.text)
	}
	c.typ = c.m.FuncTypeOf(uint32(i + c.m.ofImports[KindFunc]))
	c.locals = append(c.locals[:0], c.typ.Params...)
	total := uint64(len(c.locals))
	for range c.count("groups of locals", maxLocals) {
		n := c.u32()
		t := c.valueType()
		if total += uint64(n); total > maxLocals {
			c.fail("more than %d locals", maxLocals)
		}
		for range n {
			c.locals = append(c.locals, t)
		}
	}
	*c.code = code{instrs: c.code.instrs[:0], targets: c.code.targets[:0], params: len(c.typ.Params), locals: len(c.locals)}
	c.pending = append(c.pending[:0], make([]uint32, len(c.locals))...)
	c.stack, c.labels, c.lazy, c.highest, c.fresh, c.dead = c.stack[:0], c.labels[:0], 0, 0, -1, false
	c.enter(label{op: opBlock, ends: c.typ.Results, otherwise: -1})
	for len(c.labels) > 0 {
		c.instruction(c.byte())
	}
	if c.more() {
		c.fail("there is code after the end of a function")
	}
	c.code.registers = len(c.locals) + max(c.highest, len(c.typ.Results), 1) // fewer than maxRegisters + 1, see push
}

func (c *compiler) top() *label { return &c.labels[len(c.labels)-1] }

// emit appends an instruction and returns its index.
func (c *compiler) emit(in instr) int {
	if c.dead {
		return 0
	}
	if n := len(c.code.instrs); n == cap(c.code.instrs) {
		more := max(64, n/2)
		if !c.spend(more * instrSize) {
			panic(memoryRefused{})
		}
		c.code.instrs = append(make([]instr, 0, n+more), c.code.instrs...)
	}
	c.fresh = -1
	c.code.instrs = append(c.code.instrs, in)
	return len(c.code.instrs) - 1
}

// here binds jumps to the next instruction.
func (c *compiler) here(jumps ...int) {
	for _, at := range jumps {
		c.code.instrs[at].n |= uint64(len(c.code.instrs))
	}
	c.fresh = -1
}

// slot is the register of the operand at an index.
func (c *compiler) slot(index int) uint16 { return uint16(min(len(c.locals)+index, maxRegisters)) }

// push pushes an operand. How many there are is bounded at once, and in code that is not reached too: one instruction can push a
// thousand.
func (c *compiler) push(o operand) {
	if len(c.locals)+len(c.stack) >= maxRegisters {
		c.fail("a function needs more than %d registers", maxRegisters)
	}
	c.stack = append(c.stack, o)
	c.highest = max(c.highest, len(c.stack))
}

// pushSlot pushes an operand whose value is in its slot, and returns that.
func (c *compiler) pushSlot(t ValueType) uint16 {
	c.push(operand{typ: t})
	return c.slot(len(c.stack) - 1)
}

// pushResult emits an instruction whose result becomes the operand on top.
func (c *compiler) pushResult(t ValueType, in instr) {
	in.a = c.pushSlot(t)
	if at := c.emit(in); !c.dead {
		c.fresh = at
	}
}

func (c *compiler) pushLazy(o operand) {
	if c.dead {
		c.pushSlot(o.typ)
		return
	}
	c.push(o)
	if o.where == inLocal {
		c.pending[o.local]++
	}
}

// pop removes the operand on top, which must have a type; unknown = any.
func (c *compiler) pop(want ValueType) operand {
	l := c.top()
	if len(c.stack) == l.height {
		if !l.unreachable {
			c.fail("an operand is missing")
		}
		return operand{typ: want}
	}
	o := c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
	c.lazy = min(c.lazy, len(c.stack))
	if o.where == inLocal {
		c.pending[o.local]--
	}
	if o.typ != want && o.typ != unknown && want != unknown {
		c.fail("type mismatch: expected %s, found %s", want, o.typ)
	}
	return o
}

// register returns where the value of an operand is that was just popped. It takes the slot that the operand had, above which
// there are above others.
func (c *compiler) register(o operand, above int) uint16 {
	switch o.where {
	case inLocal:
		return o.local
	case isConst:
		at := c.slot(len(c.stack) + above)
		c.emit(instr{op: xConst, a: at, n: o.value})
		return at
	}
	return c.slot(len(c.stack) + above)
}

// popRegister is pop and register.
func (c *compiler) popRegister(want ValueType) uint16 { return c.register(c.pop(want), 0) }

// settle puts all operands from an index on into their slots.
func (c *compiler) settle(from int) {
	for i := max(from, c.lazy); i < len(c.stack); i++ {
		o := &c.stack[i]
		switch o.where {
		case inLocal:
			c.pending[o.local]--
			c.emit(instr{op: xMove, a: c.slot(i), b: o.local})
		case isConst:
			c.emit(instr{op: xConst, a: c.slot(i), n: o.value})
		}
		o.where = inSlot
	}
	if from <= c.lazy {
		c.lazy = len(c.stack)
	}
}

// check checks the types of the operands on top. They stay; in code that is not reached, missing ones are added.
func (c *compiler) check(types []ValueType) {
	if missing := c.compare(types); missing > 0 {
		c.popAll(types)
		c.pushAll(types)
	}
}

// compare compares the types of the operands on top, and returns how many are missing in code that is not reached.
func (c *compiler) compare(types []ValueType) (missing int) {
	l := c.top()
	have := len(c.stack) - l.height
	if missing = max(0, len(types)-have); missing > 0 && !l.unreachable {
		c.fail("an operand is missing")
	}
	types = types[missing:]
	for i, o := range c.stack[len(c.stack)-len(types):] {
		if o.typ != types[i] && o.typ != unknown {
			c.fail("type mismatch: expected %s, found %s", types[i], o.typ)
		}
	}
	return missing
}

// popAll pops operands of these types.
func (c *compiler) popAll(types []ValueType) {
	for i := len(types) - 1; i >= 0; i-- {
		c.pop(types[i])
	}
}

func (c *compiler) pushAll(types []ValueType) {
	for _, t := range types {
		c.pushSlot(t)
	}
}

// unreachable is called after an instruction that does not go on.
func (c *compiler) unreachable() {
	l := c.top()
	for len(c.stack) > l.height {
		c.pop(unknown)
	}
	l.unreachable, c.dead = true, true
}

// arity returns the types of the operands that a jump to a label takes.
func (l *label) arity() []ValueType {
	if l.op == opLoop {
		return l.params
	}
	return l.ends
}

func (c *compiler) label(depth uint32) *label {
	if uint64(depth) >= uint64(len(c.labels)) {
		c.fail("there is no label %d", depth)
	}
	return &c.labels[len(c.labels)-1-int(depth)]
}

// blockType reads the type of a block.
func (c *compiler) blockType() (params, results []ValueType) {
	if b := c.b[min(c.at, len(c.b)-1)]; b == 0x40 {
		c.byte()
		return nil, nil
	} else if b&0xc0 == 0x40 { // a negative number of one byte
		return nil, singles[c.valueType()]
	}
	n := c.signed(33)
	if n < 0 || n >= int64(len(c.m.Types)) {
		c.fail("there is no type %d", n)
	}
	t := &c.m.Types[n]
	return t.Params, t.Results
}

// singles are the lists of one type.
var singles = map[ValueType][]ValueType{I32: {I32}, I64: {I64}, F32: {F32}, F64: {F64}, FuncRef: {FuncRef}, ExternRef: {ExternRef}}
