package wasm

import (
	"errors"

	"fazt/internal/wasm/number"
)

// Machine runs the functions of instances that share functions, memories, tables and globals. One goroutine at a time may use it.
type Machine struct {
	host   Host
	types  map[string]uint32
	refs   []*Func // by reference; the first is null
	unused []uint64
	stack  []uint64
	frames []frame
	sp     int // of what is free of the stack while a host function runs
	nested int
	budget int // instructions until the host is asked
}

// Host is what a machine runs in.
type Host interface {
	// Tick is called every few thousand instructions. An error ends the execution.
	Tick() error
	// Spend is asked before so many bytes are allocated for the stack of the machine.
	Spend(n int) bool
}

// frame is a call that waits for another one to return.
type frame struct {
	code *code
	inst *Instance
	pc   int
	fp   int
}

const (
	stackSize = 1 << 17 // registers of all calls, and what their frames take
	frameCost = 4       // what a frame takes, in registers
	maxNested = 200     // calls into a machine out of functions that it called
	perTick   = 20_000  // instructions
)

// NewMachine returns a machine without instances.
func NewMachine(host Host) *Machine {
	return &Machine{host: host, types: map[string]uint32{}, refs: []*Func{nil}, budget: perTick}
}

// Func is a function: of an instance, or of the host.
type Func struct {
	Type *FuncType
	// Index is what the function is in its instance.
	Index uint32
	Of    *Instance // nil = of the host
	Tag   any       // of the host's own

	id   uint32 // equal for equal types
	ref  uint64 // 0 = there are no references
	call func(args []uint64) ([]uint64, error)
}

// NewFunc makes a function of the host; nil = there is no memory for its type.
func (m *Machine) NewFunc(t *FuncType, call func(args []uint64) ([]uint64, error)) *Func {
	id, ok := m.typeID(t)
	if !ok {
		return nil
	}
	return &Func{Type: t, id: id, call: call}
}

// typeCost is what the number of a type takes, besides its parameters and results.
const typeCost = 64

// typeID returns a number that is the same for equal types. The machine keeps it when no instance has the type any more, so it is
// charged to the host; false = there is no memory for it.
func (m *Machine) typeID(t *FuncType) (uint32, bool) {
	key := t.key()
	id, ok := m.types[key]
	if !ok {
		if !m.host.Spend(typeCost + len(key)) {
			return 0, false
		}
		id = uint32(len(m.types))
		m.types[key] = id
	}
	return id, true
}

// Ref returns a reference to a function; nil is null.
func (m *Machine) Ref(f *Func) uint64 {
	if f == nil {
		return 0
	}
	if f.ref != 0 {
		return f.ref
	}
	if n := len(m.unused); n > 0 {
		f.ref, m.unused = m.unused[n-1], m.unused[:n-1]
		m.refs[f.ref] = f
	} else {
		f.ref = uint64(len(m.refs))
		m.refs = append(m.refs, f)
	}
	return f.ref
}

// Deref returns the function of a reference; nil is null.
func (m *Machine) Deref(ref uint64) *Func {
	if ref >= uint64(len(m.refs)) {
		return nil
	}
	return m.refs[ref]
}

// Drop forgets the functions of an instance, which is no longer used, and to which nothing that is refers.
func (m *Machine) Drop(i *Instance) {
	for _, f := range i.funcs {
		if f != nil && f.Of == i {
			m.Unref(f)
		}
	}
}

// Unref forgets the reference to a function, which no table or global may hold.
func (m *Machine) Unref(f *Func) {
	if f.ref != 0 {
		m.refs[f.ref] = nil
		m.unused = append(m.unused, f.ref)
		f.ref = 0
	}
}

// Idle reports whether no function runs.
func (m *Machine) Idle() bool { return m.nested == 0 }

var (
	errOverflow = &Trap{Message: "Maximum call stack size exceeded", Range: true}
	errNoCode   = &Trap{Message: "there is not enough memory for the code of a function", Range: true}
)

// Call calls a function. The error is a *Trap, or what the host returned or a function of the host did.
func (m *Machine) Call(f *Func, args []uint64) (results []uint64, err error) {
	if m.nested >= maxNested {
		return nil, errOverflow
	}
	depth, sp := len(m.frames), m.sp
	m.nested++
	defer func() {
		m.nested--
		m.frames, m.sp = m.frames[:depth], sp
		switch p := recover().(type) {
		case nil:
		case number.Trap:
			results, err = nil, &Trap{Message: string(p)}
		default:
			panic(p)
		}
	}()
	n := max(len(args), len(f.Type.Results))
	if err := m.reserve(sp + n); err != nil {
		return nil, err
	}
	copy(m.stack[sp:], args)
	if f.Of == nil {
		err = m.callHost(f, sp)
	} else {
		var c *code
		if c, err = m.codeOf(f); err == nil {
			err = m.run(f.Of, c, sp)
		}
	}
	if err != nil {
		return nil, err
	}
	return append([]uint64(nil), m.stack[sp:sp+len(f.Type.Results)]...), nil
}

// reserve makes the stack as large as needed for registers up to top.
func (m *Machine) reserve(top int) error {
	if top+frameCost*len(m.frames) > stackSize {
		return errOverflow
	}
	if top > len(m.stack) {
		n := max(2*len(m.stack), top, 1024)
		if !m.host.Spend(16 * (n - len(m.stack))) {
			return errOverflow
		}
		m.stack = append(make([]uint64, 0, n), m.stack...)[:n]
	}
	return nil
}

// codeOf returns the code of a function of an instance, which is made when it is first called. It is charged like its module.
func (m *Machine) codeOf(f *Func) (*code, error) {
	mod := f.Of.module
	i := int(f.Index) - mod.ofImports[KindFunc]
	b := &mod.bodies[i]
	if b.ready == nil {
		ready, err := mod.compileBody(i, mod.spend)
		if stopped := m.host.Tick(); stopped != nil {
			return nil, stopped
		}
		if err != nil {
			return nil, errNoCode
		}
		b.ready = ready
	}
	return b.ready, nil
}

// callHost calls a function of the host with the registers from fp on.
func (m *Machine) callHost(f *Func, fp int) error {
	args := append([]uint64(nil), m.stack[fp:fp+len(f.Type.Params)]...)
	n := max(len(args), len(f.Type.Results))
	sp := m.sp
	m.sp = fp + n
	results, err := f.call(args)
	m.sp = sp
	if err != nil {
		return err
	}
	if len(results) != len(f.Type.Results) {
		return errors.New("a function of the host returned the wrong number of results")
	}
	copy(m.stack[fp:], results)
	return nil
}

// tick gives the host a turn.
func (m *Machine) tick() error {
	m.budget = perTick
	return m.host.Tick()
}

// Effort counts work as so many instructions.
func (m *Machine) effort(n int) error {
	if m.budget -= n; m.budget < 0 {
		return m.tick()
	}
	return nil
}
