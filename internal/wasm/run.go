package wasm

import (
	"encoding/binary"
	"math"
	"math/bits"

	"fazt/internal/wasm/number"
)

var (
	errUnreachable = &Trap{Message: "unreachable"}
	errNullFunc    = &Trap{Message: "null function or function signature mismatch"}
	errBadType     = &Trap{Message: "null function or function signature mismatch (indirect call)"}
)

// run runs a function whose arguments are in the registers from fp on, and puts its results there.
func (m *Machine) run(inst *Instance, c *code, fp int) error {
	bottom := len(m.frames)
	instrs, pc := c.instrs, 0
	if err := m.reserve(fp + c.registers); err != nil {
		return err
	}
	regs := m.stack[fp : fp+c.registers]
	clear(regs[c.params:c.locals])
	mem := inst.bytes()
	for {
		in := &instrs[pc]
		pc++
		switch in.op {
		case xMove:
			regs[in.a] = regs[in.b]
		case xConst:
			regs[in.a] = in.n
		case xMoves:
			copy(regs[in.a:], regs[in.b:int(in.b)+int(in.n)])
		case opI32Add:
			regs[in.a] = uint64(uint32(regs[in.b]) + uint32(regs[in.c]))
		case opI32Sub:
			regs[in.a] = uint64(uint32(regs[in.b]) - uint32(regs[in.c]))
		case opI32Mul:
			regs[in.a] = uint64(uint32(regs[in.b]) * uint32(regs[in.c]))
		case opI32And, opI64And:
			regs[in.a] = regs[in.b] & regs[in.c]
		case opI32Or, opI64Or:
			regs[in.a] = regs[in.b] | regs[in.c]
		case opI32Xor, opI64Xor:
			regs[in.a] = regs[in.b] ^ regs[in.c]
		case opI32Shl:
			regs[in.a] = uint64(uint32(regs[in.b]) << (regs[in.c] & 31))
		case opI32ShrU:
			regs[in.a] = uint64(uint32(regs[in.b]) >> (regs[in.c] & 31))
		case opI32ShrS:
			regs[in.a] = uint64(uint32(int32(regs[in.b]) >> (regs[in.c] & 31)))
		case xI32AddI:
			regs[in.a] = uint64(uint32(regs[in.b]) + uint32(in.n))
		case xI32AndI, xI64AndI:
			regs[in.a] = regs[in.b] & in.n
		case xI32ShlI:
			regs[in.a] = uint64(uint32(regs[in.b]) << (in.n & 31))
		case xI32ShrUI:
			regs[in.a] = uint64(uint32(regs[in.b]) >> (in.n & 31))
		case xI32ShrSI:
			regs[in.a] = uint64(uint32(int32(regs[in.b]) >> (in.n & 31)))
		case opI64Add:
			regs[in.a] = regs[in.b] + regs[in.c]
		case opI64Sub:
			regs[in.a] = regs[in.b] - regs[in.c]
		case opI64Mul:
			regs[in.a] = regs[in.b] * regs[in.c]
		case xI64AddI:
			regs[in.a] = regs[in.b] + in.n
		case xI64ShlI:
			regs[in.a] = regs[in.b] << (in.n & 63)
		case xI64ShrUI:
			regs[in.a] = regs[in.b] >> (in.n & 63)
		case xI64RotrI:
			regs[in.a] = bits.RotateLeft64(regs[in.b], -int(in.n&63))
		case opI32Wrap:
			regs[in.a] = uint64(uint32(regs[in.b]))
		case opI64ExtendU:
			regs[in.a] = regs[in.b]
		case opF64Add:
			regs[in.a] = math.Float64bits(math.Float64frombits(regs[in.b]) + math.Float64frombits(regs[in.c]))
		case opF64Sub:
			regs[in.a] = math.Float64bits(math.Float64frombits(regs[in.b]) - math.Float64frombits(regs[in.c]))
		case opF64Mul:
			regs[in.a] = math.Float64bits(math.Float64frombits(regs[in.b]) * math.Float64frombits(regs[in.c]))
		case opI32Load, opF32Load, opI64Load32U:
			at := uint64(uint32(regs[in.b])) + in.n
			if at+4 > uint64(len(mem)) {
				return errMemoryBounds
			}
			regs[in.a] = uint64(binary.LittleEndian.Uint32(mem[at:]))
		case opI64Load, opF64Load:
			at := uint64(uint32(regs[in.b])) + in.n
			if at+8 > uint64(len(mem)) {
				return errMemoryBounds
			}
			regs[in.a] = binary.LittleEndian.Uint64(mem[at:])
		case opI32Load8U, opI64Load8U:
			at := uint64(uint32(regs[in.b])) + in.n
			if at >= uint64(len(mem)) {
				return errMemoryBounds
			}
			regs[in.a] = uint64(mem[at])
		case opI32Store, opF32Store, opI64Store32:
			at := uint64(uint32(regs[in.b])) + in.n
			if at+4 > uint64(len(mem)) {
				return errMemoryBounds
			}
			binary.LittleEndian.PutUint32(mem[at:], uint32(regs[in.c]))
		case opI64Store, opF64Store:
			at := uint64(uint32(regs[in.b])) + in.n
			if at+8 > uint64(len(mem)) {
				return errMemoryBounds
			}
			binary.LittleEndian.PutUint64(mem[at:], regs[in.c])
		case opI32Store8, opI64Store8:
			at := uint64(uint32(regs[in.b])) + in.n
			if at >= uint64(len(mem)) {
				return errMemoryBounds
			}
			mem[at] = byte(regs[in.c])
		case opGlobalGet:
			regs[in.a] = inst.globals[in.n].Value
		case opGlobalSet:
			inst.globals[in.n].Value = regs[in.b]
		case opSelect:
			if uint32(regs[in.n]) != 0 {
				regs[in.a] = regs[in.b]
			} else {
				regs[in.a] = regs[in.c]
			}
		case xJump:
			pc = int(in.n)
		case xBack:
			if m.budget -= pc - int(in.n); m.budget < 0 {
				if err := m.tick(); err != nil {
					return err
				}
			}
			pc = int(in.n)
		case xBrIf, xBrUnless, xBrEq, xBrNe, xBrLtS, xBrLtU, xBrGeS, xBrGeU:
			var holds bool
			switch in.op {
			case xBrIf:
				holds = uint32(regs[in.b]) != 0
			case xBrUnless:
				holds = uint32(regs[in.b]) == 0
			case xBrEq:
				holds = uint32(regs[in.b]) == uint32(regs[in.c])
			case xBrNe:
				holds = uint32(regs[in.b]) != uint32(regs[in.c])
			case xBrLtS:
				holds = int32(regs[in.b]) < int32(regs[in.c])
			case xBrLtU:
				holds = uint32(regs[in.b]) < uint32(regs[in.c])
			case xBrGeS:
				holds = int32(regs[in.b]) >= int32(regs[in.c])
			default:
				holds = uint32(regs[in.b]) >= uint32(regs[in.c])
			}
			if !holds {
				continue
			}
			to := int(in.n)
			if to < pc {
				if m.budget -= pc - to; m.budget < 0 {
					if err := m.tick(); err != nil {
						return err
					}
				}
			}
			pc = to
		case opBrTable:
			first, n := in.n>>32, in.n&0xffffffff
			to := int(c.targets[first+min(uint64(uint32(regs[in.b])), n)])
			if to < pc {
				if err := m.effort(pc - to); err != nil {
					return err
				}
			}
			pc = to
		case opCall, opCallIndirect:
			var f *Func
			if in.op == opCall {
				f = inst.funcs[in.n]
			} else if elems, at := inst.tables[uint32(in.n)].Elems, uint32(regs[in.b]); uint64(at) >= uint64(len(elems)) {
				return errTableBounds
			} else if f = m.refs[elems[at]]; f == nil {
				return errNullFunc
			} else if f.id != inst.types[in.n>>32] {
				return errBadType
			}
			to := fp + int(in.a)
			if f.Of == nil {
				if err := m.callHost(f, to); err != nil {
					return err
				}
				regs, mem = m.stack[fp:fp+c.registers], inst.bytes()
				continue
			}
			callee, err := m.codeOf(f)
			if err != nil {
				return err
			}
			if err := m.effort(len(callee.instrs) + callee.locals/8 + 1); err != nil {
				return err
			}
			if err := m.reserve(to + callee.registers); err != nil {
				return err
			}
			m.frames = append(m.frames, frame{c, inst, pc, fp})
			c, fp, pc = callee, to, 0
			instrs, regs = c.instrs, m.stack[fp:fp+c.registers]
			clear(regs[c.params:c.locals])
			if f.Of != inst {
				inst = f.Of
				mem = inst.bytes()
			}
		case xReturn:
			copy(regs, regs[in.b:int(in.b)+int(in.n)])
			top := len(m.frames) - 1
			if top < bottom {
				return nil
			}
			back := &m.frames[top]
			m.frames = m.frames[:top]
			c, pc, fp = back.code, back.pc, back.fp
			instrs, regs = c.instrs, m.stack[fp:fp+c.registers]
			inst = back.inst
			mem = inst.bytes()
		case opUnreachable:
			return errUnreachable
		default:
			if err := m.step(inst, regs, in); err != nil {
				return err
			}
			if in.op == opMemoryGrow {
				mem = inst.bytes()
			}
		}
	}
}

// bytes returns the memory of the instance.
func (i *Instance) bytes() []byte {
	if i.memory == nil {
		return nil
	}
	return i.memory.Bytes
}

// step executes an instruction that is rarer than those of run.
func (m *Machine) step(inst *Instance, regs []uint64, in *instr) error {
	switch {
	case in.op >= xBulk:
		return m.bulk(inst, regs, in)
	case in.op >= xTruncSat:
		regs[in.a] = number.TruncSat[in.op-xTruncSat](regs[in.b])
	case in.op <= opI64Store32 && in.op >= opI32Load:
		return access16(inst.bytes(), regs, in)
	case in.op <= opLastNumeric && number.Binary[in.op] != nil:
		regs[in.a] = number.Binary[in.op](regs[in.b], regs[in.c])
	case in.op <= opLastNumeric && number.Unary[in.op] != nil:
		regs[in.a] = number.Unary[in.op](regs[in.b])
	case in.op == opRefFunc:
		regs[in.a] = m.Ref(inst.funcs[in.n])
	case in.op == opMemorySize:
		regs[in.a] = uint64(inst.memory.Pages())
	case in.op == opMemoryGrow:
		delta := uint32(regs[in.b])
		had, ok := inst.memory.Grow(delta)
		if regs[in.a] = uint64(had); !ok {
			regs[in.a] = math.MaxUint32
			return m.effort(perTick)
		}
		return m.effort(int(had+delta)<<pageShift/64 + 1)
	case in.op == opTableGet:
		elems, at := inst.tables[in.n].Elems, uint32(regs[in.b])
		if uint64(at) >= uint64(len(elems)) {
			return errTableBounds
		}
		regs[in.a] = elems[at]
	case in.op == opTableSet:
		elems, at := inst.tables[in.n].Elems, uint32(regs[in.b])
		if uint64(at) >= uint64(len(elems)) {
			return errTableBounds
		}
		elems[at] = regs[in.c]
	}
	return nil
}

// access16 executes the loads that extend a sign, and those of 16 bits.
func access16(mem []byte, regs []uint64, in *instr) error {
	at := uint64(uint32(regs[in.b])) + in.n
	size := uint64(2)
	switch in.op {
	case opI32Load8S, opI64Load8S:
		size = 1
	case opI64Load32S:
		size = 4
	}
	if at+size > uint64(len(mem)) {
		return errMemoryBounds
	}
	switch in.op {
	case opI32Load8S:
		regs[in.a] = uint64(uint32(int8(mem[at])))
	case opI64Load8S:
		regs[in.a] = uint64(int8(mem[at]))
	case opI32Load16S:
		regs[in.a] = uint64(uint32(int16(binary.LittleEndian.Uint16(mem[at:]))))
	case opI64Load16S:
		regs[in.a] = uint64(int16(binary.LittleEndian.Uint16(mem[at:])))
	case opI32Load16U, opI64Load16U:
		regs[in.a] = uint64(binary.LittleEndian.Uint16(mem[at:]))
	case opI64Load32S:
		regs[in.a] = uint64(int32(binary.LittleEndian.Uint32(mem[at:])))
	case opI32Store16, opI64Store16:
		binary.LittleEndian.PutUint16(mem[at:], uint16(regs[in.c]))
	}
	return nil
}

// bulk executes an instruction on ranges of a memory or a table.
func (m *Machine) bulk(inst *Instance, regs []uint64, in *instr) error {
	var to, from, n uint64
	if int(in.a)+2 < len(regs) {
		to, from, n = uint64(uint32(regs[in.a])), uint64(uint32(regs[in.a+1])), uint64(uint32(regs[in.a+2]))
	}
	mem := inst.bytes()
	switch in.op - xBulk {
	case preInit:
		if err := inst.initMemory(int(in.n), to, from, n); err != nil {
			return err
		}
	case preDataDrop:
		inst.datas[in.n] = nil
		return nil
	case preCopy:
		if to+n > uint64(len(mem)) || from+n > uint64(len(mem)) {
			return errMemoryBounds
		}
		copy(mem[to:to+n], mem[from:from+n])
	case preFill:
		if to+n > uint64(len(mem)) {
			return errMemoryBounds
		}
		fill(mem[to:to+n], byte(from))
	case preTableInit:
		if err := inst.initTable(uint32(in.n), int(in.n>>32), to, from, n); err != nil {
			return err
		}
	case preElemDrop:
		inst.elems[in.n] = nil
		return nil
	case preTableCopy:
		target, source := inst.tables[in.n>>32].Elems, inst.tables[uint32(in.n)].Elems
		if to+n > uint64(len(target)) || from+n > uint64(len(source)) {
			return errTableBounds
		}
		copy(target[to:to+n], source[from:from+n])
	case preTableFill:
		elems := inst.tables[in.n].Elems
		if to+n > uint64(len(elems)) {
			return errTableBounds
		}
		fill(elems[to:to+n], regs[in.a+1])
	case preTableSize:
		regs[in.a] = uint64(len(inst.tables[in.n].Elems))
		return nil
	case preTableGrow:
		delta := uint32(regs[in.c])
		had, ok := inst.tables[in.n].Grow(delta, regs[in.b])
		if regs[in.a] = uint64(had); !ok {
			regs[in.a] = math.MaxUint32
			return m.effort(perTick)
		}
		n = uint64(had) + uint64(delta)
	}
	return m.effort(int(n/64) + 1)
}

func fill[T comparable](list []T, v T) {
	for i := range list {
		list[i] = v
	}
}
