package wasm

import (
	"bytes"
	"errors"
	"unsafe"
)

// Bounds that browsers share, or lower ones.
const (
	maxItems  = 1_000_000
	maxFields = 100_000 // of imports, exports, globals, segments
	maxTables = 1_000
	maxTable  = 10_000_000
	MaxPages  = 65536 // of a memory
	maxParams = 1_000
	maxLocals = 50_000
	maxBody   = 7_654_321
	pageShift = 16
)

// ErrMemory is returned when the host refuses the memory for a module.
var ErrMemory = errors.New("no memory for the module")

// decoder decodes one module.
type decoder struct {
	reader
	m         *Module
	spend     Spend
	work      int // since the host was last asked
	functions int // that the module declares itself
	names     map[string]bool
}

var magic = []byte("\x00asm\x01\x00\x00\x00")

// Decode decodes and validates a module, which keeps b and spend. The error is ErrMemory, or an *InvalidError.
func Decode(b []byte, spend Spend) (m *Module, err error) {
	d := &decoder{reader: reader{b: b, to: len(b)}, m: &Module{start: -1, dataCount: -1, declared: map[uint32]bool{}, spend: spend}, spend: spend, names: map[string]bool{}}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *InvalidError:
			m, err = nil, p
		case memoryRefused:
			m, err = nil, ErrMemory
		default:
			panic(p)
		}
	}()
	if !bytes.HasPrefix(b, magic[:4]) {
		d.fail("expected the magic word 00 61 73 6d, found %x", b[:min(len(b), 4)])
	}
	if !bytes.HasPrefix(b, magic) {
		d.fail("expected version 1")
	}
	d.at = len(magic)
	last := 0
	for d.at < len(b) {
		d.section(&last)
	}
	if d.functions != len(d.m.bodies) {
		d.fail("the number of functions and of their bodies differ")
	}
	if d.m.dataCount >= 0 && int(d.m.dataCount) != len(d.m.datas) {
		d.fail("the number of data segments differs from the one announced")
	}
	d.checkBodies()
	return d.m, nil
}

// memoryRefused is what take panics with.
type memoryRefused struct{}

// take asks for the memory of n items of a type.
func take[T any](d *decoder, n int) []T {
	var item T
	if n > 0 && !d.spend(n*int(unsafe.Sizeof(item))) {
		panic(memoryRefused{})
	}
	return make([]T, 0, n)
}

// order is the position of each section. That of the number of data segments, 12, comes before the code.
var order = [...]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 10}

func (d *decoder) section(last *int) {
	id := d.byte()
	size := d.u32()
	if uint64(size) > uint64(len(d.b)-d.at) {
		d.fail("section %d is longer than the module", id)
	}
	d.to = d.at + int(size)
	if int(id) >= len(order) {
		d.fail("unknown section %d", id)
	}
	if id != 0 {
		if order[id] <= *last {
			d.fail("section %d is out of order", id)
		}
		*last = order[id]
	}
	read := [...]func(){d.custom, d.types, d.imports, d.funcs, d.tables, d.memories, d.globals, d.exports, d.startFunc, d.elems, d.code, d.datas, d.countData}
	read[id]()
	if d.at != d.to {
		d.fail("section %d is longer than its content", id)
	}
	d.to = len(d.b)
}

func (d *decoder) custom() {
	name := d.name()
	d.m.customs = append(d.m.customs, custom{name, d.bytes(uint32(d.to - d.at))})
	take[custom](d, 2)
}

func (d *decoder) types() {
	n := d.count("types", maxItems)
	d.m.Types = take[FuncType](d, n)
	for range n {
		if d.byte() != 0x60 {
			d.at--
			d.fail("only types of functions are supported")
		}
		params := d.valueTypes("parameters")
		d.m.Types = append(d.m.Types, FuncType{Params: params, Results: d.valueTypes("results")})
	}
}

func (d *decoder) valueTypes(what string) []ValueType {
	n := d.count(what, maxParams)
	if n == 0 {
		return nil
	}
	list := take[ValueType](d, n)
	for range n {
		list = append(list, d.valueType())
	}
	return list
}

func (d *decoder) typeIndex() uint32 {
	n := d.u32()
	if uint64(n) >= uint64(len(d.m.Types)) {
		d.fail("there is no type %d", n)
	}
	return n
}

func (d *decoder) imports() {
	n := d.count("imports", maxFields)
	d.m.Imports = take[Import](d, n)
	for range n {
		i := Import{Module: d.name(), Name: d.name(), Kind: Kind(d.byte())}
		switch i.Kind {
		case KindFunc:
			i.Func = d.typeIndex()
			d.m.funcs = append(d.m.funcs, i.Func)
		case KindTable:
			i.Table = d.tableType()
			d.m.tables = append(d.m.tables, i.Table)
		case KindMemory:
			i.Memory = d.limits(MaxPages)
			d.m.memories = append(d.m.memories, i.Memory)
		case KindGlobal:
			i.Global = d.globalType()
			d.m.globals = append(d.m.globals, i.Global)
		default:
			d.fail("unknown kind of import %d", i.Kind)
		}
		d.m.ofImports[i.Kind]++
		d.m.Imports = append(d.m.Imports, i)
	}
	d.checkCounts()
}

func (d *decoder) checkCounts() {
	if len(d.m.memories) > 1 {
		d.fail("more than one memory is not supported")
	}
	if len(d.m.tables) > maxTables {
		d.fail("more than %d tables", maxTables)
	}
}

func (d *decoder) funcs() {
	n := d.count("functions", maxItems)
	d.functions = n
	d.m.funcs = append(take[uint32](d, n+len(d.m.funcs)), d.m.funcs...)
	for range n {
		d.m.funcs = append(d.m.funcs, d.typeIndex())
	}
}

func (d *decoder) tableType() TableType {
	return TableType{d.refType(), d.limits(1<<32 - 1)}
}

func (d *decoder) tables() {
	for range d.count("tables", maxTables) {
		d.m.tables = append(d.m.tables, d.tableType())
	}
	d.checkCounts()
}

func (d *decoder) memories() {
	for range d.count("memories", maxItems) {
		d.m.memories = append(d.m.memories, d.limits(MaxPages))
		d.checkCounts()
	}
}

func (d *decoder) globalType() GlobalType {
	t := d.valueType()
	mutable := d.byte()
	if mutable > 1 {
		d.fail("invalid mutability")
	}
	return GlobalType{t, mutable == 1}
}

func (d *decoder) globals() {
	n := d.count("globals", maxItems)
	imported := len(d.m.globals)
	d.m.globals = append(take[GlobalType](d, n+imported), d.m.globals...)
	d.m.inits = take[constant](d, n)
	for range n {
		t := d.globalType()
		d.m.inits = append(d.m.inits, d.constant(t.Value))
		d.m.globals = append(d.m.globals, t)
	}
}

// constant reads an expression of one instruction that gives a value of a type.
func (d *decoder) constant(want ValueType) constant {
	c := constant{op: d.byte()}
	var got ValueType
	switch c.op {
	case opI32Const:
		c.value, got = uint64(uint32(d.signed(32))), I32
	case opI64Const:
		c.value, got = uint64(d.signed(64)), I64
	case opF32Const:
		c.value, got = d.f32(), F32
	case opF64Const:
		c.value, got = d.f64(), F64
	case opGlobalGet:
		index := d.u32()
		if uint64(index) >= uint64(d.m.ofImports[KindGlobal]) {
			d.fail("an expression can only use imported globals")
		}
		if d.m.globals[index].Mutable {
			d.fail("an expression can only use constant globals")
		}
		c.value, got = uint64(index), d.m.globals[index].Value
	case opRefNull:
		got = d.refType()
	case opRefFunc:
		index := d.funcIndex()
		d.declare(index)
		c.value, got = uint64(index), FuncRef
	default:
		d.at--
		d.fail("instruction %#x is not allowed in an expression", c.op)
	}
	if got != want {
		d.fail("an expression gives %s, expected %s", got, want)
	}
	if d.byte() != opEnd {
		d.fail("an expression of more than one instruction is not supported")
	}
	return c
}

// declare notes that there may be references to a function.
func (d *decoder) declare(index uint32) {
	if !d.m.declared[index] {
		take[[6]uint64](d, 1)
		d.m.declared[index] = true
	}
}

func (d *decoder) funcIndex() uint32 {
	n := d.u32()
	if uint64(n) >= uint64(len(d.m.funcs)) {
		d.fail("there is no function %d", n)
	}
	return n
}

func (d *decoder) tableIndex() uint32 {
	n := d.u32()
	if uint64(n) >= uint64(len(d.m.tables)) {
		d.fail("there is no table %d", n)
	}
	return n
}

func (d *decoder) exports() {
	n := d.count("exports", maxFields)
	d.m.Exports = take[Export](d, n)
	take[[6]uint64](d, n) // the names
	for range n {
		e := Export{Name: d.name(), Kind: Kind(d.byte())}
		if d.names[e.Name] {
			d.fail("there are two exports with the name %q", e.Name)
		}
		d.names[e.Name] = true
		switch e.Kind {
		case KindFunc:
			e.Index = d.funcIndex()
			d.declare(e.Index)
		case KindTable:
			e.Index = d.tableIndex()
		case KindMemory:
			if e.Index = d.u32(); uint64(e.Index) >= uint64(len(d.m.memories)) {
				d.fail("there is no memory %d", e.Index)
			}
		case KindGlobal:
			if e.Index = d.u32(); uint64(e.Index) >= uint64(len(d.m.globals)) {
				d.fail("there is no global %d", e.Index)
			}
		default:
			d.fail("unknown kind of export %d", e.Kind)
		}
		d.m.Exports = append(d.m.Exports, e)
	}
}

func (d *decoder) startFunc() {
	index := d.funcIndex()
	if t := d.m.FuncTypeOf(index); len(t.Params) > 0 || len(t.Results) > 0 {
		d.fail("the start function must have no parameters and no results")
	}
	d.m.start = int64(index)
}

func (d *decoder) elems() {
	n := d.count("element segments", maxFields)
	d.m.elems = take[elemSegment](d, n)
	for range n {
		d.m.elems = append(d.m.elems, d.elem())
	}
}

// elem reads an element segment. The bits of its flag: it is not active, it has a table or is declarative, it has expressions.
func (d *decoder) elem() elemSegment {
	flag := d.u32()
	if flag > 7 {
		d.fail("invalid element segment")
	}
	s := elemSegment{typ: FuncRef}
	if flag&1 != 0 {
		s.mode = passive
		if flag&2 != 0 {
			s.mode = declarative
		}
	} else {
		if flag&2 != 0 {
			s.table = d.tableIndex()
		} else if len(d.m.tables) == 0 {
			d.fail("there is no table 0")
		}
		s.offset = d.constant(I32)
	}
	expressions := flag&4 != 0
	if flag&3 != 0 {
		if expressions {
			s.typ = d.refType()
		} else if d.byte() != 0 {
			d.fail("invalid kind of elements")
		}
	}
	if s.mode == active && d.m.tables[s.table].Elem != s.typ {
		d.fail("the types of an element segment and its table differ")
	}
	n := d.count("elements", maxTable)
	s.items = take[constant](d, n)
	for range n {
		if expressions {
			s.items = append(s.items, d.constant(s.typ))
			continue
		}
		index := d.funcIndex()
		d.declare(index)
		s.items = append(s.items, constant{opRefFunc, uint64(index)})
	}
	return s
}

func (d *decoder) countData() { d.m.dataCount = int64(d.u32()) }

func (d *decoder) datas() {
	n := d.count("data segments", maxFields)
	d.m.datas = take[dataSegment](d, n)
	for range n {
		flag, s := d.u32(), dataSegment{mode: passive}
		if flag > 2 || flag == 2 && d.u32() != 0 {
			d.fail("invalid data segment")
		}
		if flag != 1 {
			if len(d.m.memories) == 0 {
				d.fail("there is no memory 0")
			}
			s.mode, s.offset = active, d.constant(I32)
		}
		s.data = d.bytes(d.u32())
		d.m.datas = append(d.m.datas, s)
	}
}

func (d *decoder) code() {
	n := d.count("bodies", maxItems)
	if n != d.functions {
		d.fail("the number of functions and of their bodies differ")
	}
	d.m.bodies = take[body](d, n)
	for range n {
		size := d.u32()
		if size > maxBody {
			d.fail("a function is larger than %d bytes", maxBody)
		}
		at := d.at
		d.m.bodies = append(d.m.bodies, body{text: d.bytes(size), at: at})
	}
}
