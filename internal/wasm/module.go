// Package wasm runs WebAssembly modules: it decodes and validates them, and interprets their functions. It implements version 2.0
// of the specification without vectors.
//
// Nothing here is unsafe: every access to a memory or a table is checked, by this package and by Go. Calls between functions of
// modules use a stack of their own, so no module can overflow Go's. What a module costs is reported to its host before it is
// allocated, and the host is asked every few thousand instructions whether to go on.
package wasm

import (
	"fmt"
	"strings"
)

// ValueType is the type of a value.
type ValueType byte

// The types of values, as the binary format has them.
const (
	I32       ValueType = 0x7f
	I64       ValueType = 0x7e
	F32       ValueType = 0x7d
	F64       ValueType = 0x7c
	FuncRef   ValueType = 0x70
	ExternRef ValueType = 0x6f

	unknown ValueType = 0 // of an operand in code that is never reached
)

func (t ValueType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	}
	return "any type"
}

func (t ValueType) isRef() bool { return t == FuncRef || t == ExternRef }

// FuncType is the type of a function.
type FuncType struct{ Params, Results []ValueType }

// key is the same for equal types only.
func (t *FuncType) key() string {
	var b strings.Builder
	for _, v := range t.Params {
		b.WriteByte(byte(v))
	}
	b.WriteByte(0)
	for _, v := range t.Results {
		b.WriteByte(byte(v))
	}
	return b.String()
}

// Kind is what an import or export is.
type Kind byte

// The kinds of imports and exports, as the binary format has them.
const (
	KindFunc Kind = iota
	KindTable
	KindMemory
	KindGlobal
)

func (k Kind) String() string {
	switch k {
	case KindFunc:
		return "function"
	case KindTable:
		return "table"
	case KindMemory:
		return "memory"
	}
	return "global"
}

// Limits are the bounds of a table or a memory.
type Limits struct {
	Min, Max uint32
	HasMax   bool
}

// TableType is the type of a table.
type TableType struct {
	Elem ValueType
	Limits
}

// GlobalType is the type of a global.
type GlobalType struct {
	Value   ValueType
	Mutable bool
}

// Import is what a module needs from outside.
type Import struct {
	Module, Name string
	Kind         Kind
	Func         uint32 // index of the type
	Table        TableType
	Memory       Limits
	Global       GlobalType
}

// Export is what a module gives.
type Export struct {
	Name  string
	Kind  Kind
	Index uint32
}

// Spend is asked before so many bytes are allocated, and with 0, from time to time, whether to go on.
type Spend func(n int) bool

// Module is a module that was decoded and validated. Nothing changes it but the code of its functions, which is made when they
// are first called: one Machine at a time may use it.
type Module struct {
	Types   []FuncType
	Imports []Import
	Exports []Export

	funcs     []uint32 // indices of types, imports first
	tables    []TableType
	memories  []Limits
	globals   []GlobalType
	inits     []constant // of the globals that are not imported
	elems     []elemSegment
	datas     []dataSegment
	bodies    []body
	customs   []custom
	start     int64 // index of a function; -1 = none
	dataCount int64 // -1 = not told
	declared  map[uint32]bool
	ofImports [4]int // number of imports by kind
	spend     Spend
}

type custom struct {
	name string
	data []byte
}

// constant is an expression that gives a value when a module is instantiated.
type constant struct {
	op    byte // opI32Const and so on, opGlobalGet, opRefFunc, opRefNull
	value uint64
}

type segmentMode byte

const (
	active segmentMode = iota
	passive
	declarative
)

type elemSegment struct {
	mode   segmentMode
	table  uint32
	offset constant
	typ    ValueType
	items  []constant
}

type dataSegment struct {
	mode   segmentMode
	offset constant
	data   []byte
}

// body is the code of a function.
type body struct {
	text  []byte // of the module, with the locals
	at    int    // offset in the module
	ready *code  // nil = it was not called yet
}

// FuncTypeOf returns the type of a function of the module, by its index.
func (m *Module) FuncTypeOf(index uint32) *FuncType { return &m.Types[m.funcs[index]] }

// TableTypeOf returns the type of a table of the module, by its index.
func (m *Module) TableTypeOf(index uint32) TableType { return m.tables[index] }

// MemoryTypeOf returns the type of a memory of the module, by its index.
func (m *Module) MemoryTypeOf(index uint32) Limits { return m.memories[index] }

// GlobalTypeOf returns the type of a global of the module, by its index.
func (m *Module) GlobalTypeOf(index uint32) GlobalType { return m.globals[index] }

// Customs returns the contents of the custom sections of a name.
func (m *Module) Customs(name string) [][]byte {
	var list [][]byte
	for _, c := range m.customs {
		if c.name == name {
			list = append(list, c.data)
		}
	}
	return list
}

// InvalidError tells why a module is not valid.
type InvalidError struct {
	At      int // offset in the module
	Message string
}

func (e *InvalidError) Error() string { return fmt.Sprintf("%s @+%d", e.Message, e.At) }

// LinkError tells why a module cannot be instantiated with the given imports.
type LinkError struct{ Message string }

func (e *LinkError) Error() string { return e.Message }

// Trap ends the execution of a module.
type Trap struct {
	Message string
	Range   bool // a stack or the memory of the host is used up
}

func (t *Trap) Error() string { return t.Message }
