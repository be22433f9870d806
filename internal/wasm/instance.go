package wasm

import "fmt"

// PageSize is the unit in which memories grow.
const PageSize = 1 << pageShift

// Memory is a linear memory. Its bytes belong to the host.
type Memory struct {
	Type Limits
	// Bytes is the memory. The host may put it elsewhere while none of its functions runs.
	Bytes []byte
	// Resize makes the memory larger: it sets Bytes, or returns false.
	Resize func(size int) bool
}

// Pages returns the size of the memory.
func (m *Memory) Pages() uint32 { return uint32(len(m.Bytes) >> pageShift) }

// Grow makes the memory larger by so many pages, and returns how many it had; false = it cannot.
func (m *Memory) Grow(delta uint32) (uint32, bool) {
	had, most := m.Pages(), uint32(MaxPages)
	if m.Type.HasMax {
		most = m.Type.Max
	}
	if uint64(had)+uint64(delta) > uint64(most) || !m.Resize(int(had+delta)<<pageShift) {
		return 0, false
	}
	return had, true
}

// Table is a table of references.
type Table struct {
	Type  TableType
	Elems []uint64
	spend Spend
}

// NewTable makes a table, which keeps spend. It returns nil without memory for it.
func NewTable(t TableType, fill uint64, spend Spend) *Table {
	table := &Table{Type: t, spend: spend}
	if _, ok := table.Grow(t.Min, fill); !ok {
		return nil
	}
	return table
}

// Grow makes the table larger, and returns its size before; false = it cannot.
func (t *Table) Grow(delta uint32, fill uint64) (uint32, bool) {
	had, most := len(t.Elems), uint64(maxTable)
	if t.Type.HasMax {
		most = min(most, uint64(t.Type.Max))
	}
	n := uint64(had) + uint64(delta)
	if n > most || delta > 0 && !t.spend(8*int(delta)) {
		return 0, false
	}
	t.Elems = append(t.Elems, make([]uint64, delta)...)
	if fill != 0 {
		for i := had; i < len(t.Elems); i++ {
			t.Elems[i] = fill
		}
	}
	return uint32(had), true
}

// Global is a global variable.
type Global struct {
	Type  GlobalType
	Value uint64
}

// Instance is a module with its state.
type Instance struct {
	module  *Module
	types   []uint32 // the machine's numbers of the types
	funcs   []*Func
	tables  []*Table
	memory  *Memory // nil = there is none
	globals []*Global
	elems   [][]uint64 // of the segments that are not dropped
	datas   [][]byte
}

// Func returns a function of the instance, by its index.
func (i *Instance) Func(index uint32) *Func { return i.funcs[index] }

// Table returns a table of the instance, by its index.
func (i *Instance) Table(index uint32) *Table { return i.tables[index] }

// Memory returns the memory of the instance, or nil.
func (i *Instance) Memory() *Memory { return i.memory }

// Global returns a global of the instance, by its index.
func (i *Instance) Global(index uint32) *Global { return i.globals[index] }

// Tables returns all tables of the instance, and Globals all its globals.
func (i *Instance) Tables() []*Table { return i.tables }

// Globals returns all globals of the instance.
func (i *Instance) Globals() []*Global { return i.globals }

// NewMemory makes the memory that an instance declares, with its first pages. It returns nil without memory for it.
type NewMemory func(t Limits) *Memory

// Instantiate makes an instance of a module, and puts the segments in their places; Start does the rest. The imports are of type
// *Func, *Table, *Memory and *Global, in the order of the module's; what the instance costs is asked of spend. The error is a *LinkError, a *Trap, or ErrMemory. The
// instance is returned with a *Trap: it may have put its functions in tables already.
func (m *Machine) Instantiate(mod *Module, imports []any, newMemory NewMemory, spend Spend) (*Instance, error) {
	i := &Instance{module: mod}
	cost := 160*len(mod.funcs) + 320*(len(mod.globals)+len(mod.tables)) + 64*(len(mod.elems)+len(mod.datas)) + 160*len(mod.Types) + 1024
	if !spend(cost) {
		return nil, ErrMemory
	}
	for n := range mod.Types {
		id, ok := m.typeID(&mod.Types[n])
		if !ok {
			return nil, ErrMemory
		}
		i.types = append(i.types, id)
	}
	for n, imp := range mod.Imports {
		if err := i.take(&imp, imports[n]); err != nil {
			return nil, err
		}
	}
	for n := len(i.funcs); n < len(mod.funcs); n++ {
		t := mod.funcs[n]
		i.funcs = append(i.funcs, &Func{Type: &mod.Types[t], Index: uint32(n), Of: i, id: i.types[t]})
	}
	for n, init := range mod.inits {
		i.globals = append(i.globals, &Global{mod.globals[mod.ofImports[KindGlobal]+n], m.value(i, init)})
	}
	for _, t := range mod.tables[mod.ofImports[KindTable]:] {
		table := NewTable(t, 0, spend)
		if table == nil {
			return nil, ErrMemory
		}
		i.tables = append(i.tables, table)
	}
	for _, t := range mod.memories[mod.ofImports[KindMemory]:] {
		if i.memory = newMemory(t); i.memory == nil {
			return nil, ErrMemory
		}
	}
	return i, m.fill(i, spend)
}

// Start calls the start function, if there is one.
func (m *Machine) Start(i *Instance) error {
	if i.module.start < 0 {
		return nil
	}
	_, err := m.Call(i.funcs[i.module.start], nil)
	return err
}

// take takes an import.
func (i *Instance) take(imp *Import, value any) error {
	wrong := func(format string, args ...any) error {
		return &LinkError{fmt.Sprintf("Import \"%s\" \"%s\": ", imp.Module, imp.Name) + fmt.Sprintf(format, args...)}
	}
	switch imp.Kind {
	case KindFunc:
		f, ok := value.(*Func)
		if !ok || f == nil {
			return wrong("function import requires a callable")
		}
		if f.id != i.types[imp.Func] {
			return wrong("imported function does not match the expected type")
		}
		i.funcs = append(i.funcs, f)
	case KindTable:
		t, ok := value.(*Table)
		if !ok {
			return wrong("table import requires a WebAssembly.Table")
		}
		if t.Type.Elem != imp.Table.Elem || !within(uint32(len(t.Elems)), t.Type.Limits, imp.Table.Limits) {
			return wrong("imported table does not match the expected type")
		}
		i.tables = append(i.tables, t)
	case KindMemory:
		m, ok := value.(*Memory)
		if !ok {
			return wrong("memory import must be a WebAssembly.Memory object")
		}
		if !within(m.Pages(), m.Type, imp.Memory) {
			return wrong("imported memory of %d pages does not match the expected type: at least %d", m.Pages(), imp.Memory.Min)
		}
		i.memory = m
	case KindGlobal:
		g, ok := value.(*Global)
		if !ok {
			return wrong("global import must be a number, valid Wasm reference, or WebAssembly.Global object")
		}
		if g.Type != imp.Global {
			return wrong("imported global does not match the expected type")
		}
		i.globals = append(i.globals, g)
	}
	return nil
}

// within reports whether something of a size and type can be imported as another type.
func within(size uint32, have, want Limits) bool {
	return size >= want.Min && (!want.HasMax || have.HasMax && have.Max <= want.Max)
}

// value returns the value of a constant expression.
func (m *Machine) value(i *Instance, c constant) uint64 {
	switch c.op {
	case opGlobalGet:
		return i.globals[c.value].Value
	case opRefFunc:
		return m.Ref(i.funcs[c.value])
	}
	return c.value
}

// fill makes the segments, and puts those that are active in their places.
func (m *Machine) fill(i *Instance, spend Spend) error {
	for _, s := range i.module.elems {
		var list []uint64
		if s.mode != declarative {
			if len(s.items) > 0 && !spend(8*len(s.items)) {
				return ErrMemory
			}
			list = make([]uint64, 0, len(s.items))
			for _, c := range s.items {
				list = append(list, m.value(i, c))
			}
		}
		i.elems = append(i.elems, list)
	}
	for _, s := range i.module.datas {
		i.datas = append(i.datas, s.data)
	}
	for n, s := range i.module.elems {
		if s.mode == active {
			if err := i.initTable(s.table, n, uint64(uint32(m.value(i, s.offset))), 0, uint64(len(i.elems[n]))); err != nil {
				return err
			}
			i.elems[n] = nil
		}
	}
	for n, s := range i.module.datas {
		if s.mode == active {
			if err := i.initMemory(n, uint64(uint32(m.value(i, s.offset))), 0, uint64(len(s.data))); err != nil {
				return err
			}
			i.datas[n] = nil
		}
	}
	return nil
}

var (
	errMemoryBounds = &Trap{Message: "memory access out of bounds"}
	errTableBounds  = &Trap{Message: "table index is out of bounds"}
)

func (i *Instance) initTable(table uint32, segment int, to, from, n uint64) error {
	elems, list := i.tables[table].Elems, i.elems[segment]
	if from+n > uint64(len(list)) || to+n > uint64(len(elems)) {
		return errTableBounds
	}
	copy(elems[to:], list[from:from+n])
	return nil
}

func (i *Instance) initMemory(segment int, to, from, n uint64) error {
	data := i.datas[segment]
	if from+n > uint64(len(data)) || to+n > uint64(len(i.memory.Bytes)) {
		return errMemoryBounds
	}
	copy(i.memory.Bytes[to:], data[from:from+n])
	return nil
}

// Segments returns the references of the element segments that are not dropped.
func (i *Instance) Segments() [][]uint64 { return i.elems }
