// Package wasmapi declares the host functions behind WebAssembly in functions. The modules run in package wasm; what belongs to them
// counts as memory of the VM, and their processor time as the script's.
//
// A store holds what the scripts of one VM have made. A script holds it through owners: an owner is an object of the script, out of
// its reach, that every Module, Instance, Memory, Table, Global and exported function holds. Owners hold those whose things their own
// can reach: an instance that of its imports, a table those of the functions in it. So the garbage collector of the VM knows what
// is needed, and tells when an owner is not; what belongs to it is given up when no function of a module runs. If the VM is
// restored or closed, all is gone at once.
package wasmapi

import (
	"errors"

	"fazt/internal/quickjs"
	"fazt/internal/runtime"
	"fazt/internal/wasm"
)

// store is what the modules of one VM have.
type store struct {
	r       *quickjs.Realm
	machine *wasm.Machine
	helpers helpers
	owners  map[int32]*owner
	dead    []int32 // owners that no script holds
	lastID  int32

	entities map[int32]any // that scripts know: *wasm.Module, *memory, *wasm.Table, *wasm.Global
	ids      map[any]int32 // of entities; those of memories by their *wasm.Memory
	ownerOf  map[any]*owner
	memories map[*wasm.Memory]*memory
	externs  externs
}

// helpers are functions of the part of the web-standard API.
type helpers struct {
	fail  quickjs.Value // makes an error: kind, message
	wrap  quickjs.Value // makes the object of an entity: owner, kind, id, and for functions name and number of parameters
	refOf quickjs.Value // returns the reference of an exported function, which an owner holds from then on: function, owner
	list  quickjs.Value // makes an array of a length of something iterable
}

// owner is an object of the script that things belong to.
type owner struct {
	id       int32
	object   quickjs.Value // borrowed: it is there as long as the owner
	spent    int64
	instance *wasm.Instance
	hosts    []*wasm.Func // functions of the script that the instance imports
	memories []*memory
	entities []int32
}

// memory is a memory of a module, in a block of the VM's memory.
type memory struct {
	*wasm.Memory
	block  *quickjs.Block
	buffer quickjs.Value // the ArrayBuffer that shows it; undefined = none
}

// storeKey is the key of a VM's store.
type storeKey struct{}

var errNoHelpers = errors.New("the part for WebAssembly is not loaded")

// storeOf returns the store of the caller's VM, and gives up what no script holds any more.
func storeOf(a runtime.Args) (*store, error) {
	s, ok := a.Realm().Kept(storeKey{}).(*store)
	if !ok {
		return nil, errNoHelpers
	}
	s.tidy()
	return s, nil
}

// newStore makes the store of a VM.
func newStore(r *quickjs.Realm, h helpers) *store {
	s := &store{r: r, helpers: h, owners: map[int32]*owner{}, entities: map[int32]any{}, ids: map[any]int32{}, ownerOf: map[any]*owner{}, memories: map[*wasm.Memory]*memory{}}
	s.machine = wasm.NewMachine(s)
	s.externs.limit = fewExterns
	r.Bound = []quickjs.BoundFunc{s.call}
	r.Keep(storeKey{}, s)
	return s
}

// Tick lets others have their turn.
func (s *store) Tick() error { return s.r.Turn() }

// Spend counts memory that is needed until the VM ends or is restored.
func (s *store) Spend(n int) bool { return s.r.Spend(int64(n)) }

// spending returns what counts memory that an owner needs.
func (s *store) spending(o *owner) wasm.Spend {
	return func(n int) bool {
		if n == 0 {
			return s.Tick() == nil
		}
		if !s.r.Spend(int64(n)) {
			s.collect()
			if !s.r.Spend(int64(n)) {
				return false
			}
		}
		o.spent += int64(n)
		return true
	}
}

// newOwner makes an owner of an object, and returns what the object must hold.
func (s *store) newOwner(object quickjs.Value) quickjs.Value {
	s.lastID++
	o := &owner{id: s.lastID, object: object}
	token := s.r.NewToken(func() {
		o.object = quickjs.Undefined()
		s.dead = append(s.dead, o.id) // in the midst of the collection of garbage
	})
	if !quickjs.IsException(token) && !quickjs.IsUndefined(token) {
		s.owners[o.id] = o
		s.r.Set(object, "id", quickjs.Int(o.id))
	}
	return token
}

// tidy gives up what no script holds any more, if no function of a module runs.
func (s *store) tidy() {
	if len(s.dead) == 0 || !s.machine.Idle() {
		return
	}
	dead := s.dead
	s.dead = nil
	for _, id := range dead {
		o := s.owners[id]
		delete(s.owners, id)
		for _, id := range o.entities {
			e := s.entities[id]
			if m, ok := e.(*memory); ok {
				e = m.Memory
			}
			delete(s.entities, id)
			delete(s.ids, e)
			delete(s.ownerOf, e)
		}
		for _, m := range o.memories {
			s.drop(m)
		}
		for _, f := range o.hosts {
			s.machine.Unref(f)
		}
		if o.instance != nil {
			s.machine.Drop(o.instance)
			delete(s.ownerOf, o.instance)
		}
		s.r.Spend(-o.spent)
	}
}

// drop gives up a memory.
func (s *store) drop(m *memory) {
	delete(s.memories, m.Memory)
	buffer := m.buffer
	m.buffer, m.Bytes = quickjs.Undefined(), nil
	m.Memory.Resize = func(int) bool { return false }
	s.r.Free(buffer)
	m.block.Release()
}

// collect collects garbage, and gives up what that has shown to be unused.
func (s *store) collect() {
	s.r.Collect()
	s.tidy()
}

// newMemory makes a memory that belongs to an owner; nil = there is no memory for it.
func (s *store) newMemory(o *owner, t wasm.Limits) *memory {
	if t.Min > maxMemoryPages {
		return nil
	}
	size := int(t.Min) * wasm.PageSize
	block := s.r.NewBlock(size)
	if block == nil {
		s.collect()
		if block = s.r.NewBlock(size); block == nil {
			return nil
		}
	}
	m := &memory{Memory: &wasm.Memory{Type: t, Bytes: block.Bytes()}, block: block, buffer: quickjs.Undefined()}
	m.Resize = func(size int) bool { return s.resize(m, size) }
	o.memories = append(o.memories, m)
	s.memories[m.Memory] = m
	s.ownerOf[m.Memory] = o
	return m
}

// maxMemoryPages is how many pages of memory can be in a VM, whose own memory has 32-bit addresses.
const maxMemoryPages = 1<<15 - 16

// resize makes a memory larger. Its ArrayBuffer becomes empty.
func (s *store) resize(m *memory, size int) bool {
	if size > maxMemoryPages*wasm.PageSize {
		return false
	}
	if !m.block.Resize(s.r, size, m.buffer) {
		s.r.Collect()
		if !m.block.Resize(s.r, size, m.buffer) {
			return false
		}
	}
	m.Bytes = m.block.Bytes()
	s.r.Free(m.buffer)
	m.buffer = quickjs.Undefined()
	return true
}

// shown returns the ArrayBuffer of a memory.
func (s *store) shown(m *memory) quickjs.Value {
	if quickjs.IsUndefined(m.buffer) || !s.r.Shows(m.buffer, m.block) {
		s.r.Free(m.buffer)
		if m.buffer = s.r.Show(m.block); quickjs.IsException(m.buffer) {
			m.buffer = quickjs.Undefined()
			return quickjs.ExceptionValue()
		}
	}
	return s.r.Dup(m.buffer)
}

// known returns the id of an entity, which belongs to an owner.
func (s *store) known(e any, o *owner) int32 {
	key := e
	if m, ok := e.(*memory); ok {
		key = m.Memory
	}
	if id, ok := s.ids[key]; ok {
		return id
	}
	s.lastID++
	s.entities[s.lastID], s.ids[key] = e, s.lastID
	if s.ownerOf[key] == nil {
		s.ownerOf[key] = o
	}
	o.entities = append(o.entities, s.lastID)
	return s.lastID
}
