package wasmapi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime"
	"fazt/internal/wasm"
)

// Table returns the functions. Owners and entities are passed as their ids.
func Table() runtime.Table {
	all := runtime.Table{
		// wasmSetup(fail, wrap, refOf, list) makes the store.
		"wasmSetup": func(a runtime.Args) (quickjs.Value, error) {
			if a.Realm().Kept(storeKey{}) == nil {
				dup := func(i int) quickjs.Value { return a.Realm().Dup(a.Value(i)) }
				newStore(a.Realm(), helpers{fail: dup(0), wrap: dup(1), refOf: dup(2), list: dup(3)})
			}
			return quickjs.Undefined(), nil
		},
		// wasmOwner(object) makes an owner, and returns a token that the object must hold.
		"wasmOwner": within(func(s *store, a runtime.Args) (quickjs.Value, error) { return s.newOwner(a.Value(0)), nil }),
		// wasmFunc(owner's object, reference, name, number of parameters) makes the function of the script for one of a module.
		"wasmFunc": within(func(s *store, a runtime.Args) (quickjs.Value, error) {
			return s.r.NewBound(a.Text(2), int(a.Number(3)), 0, a.Value(0), a.Value(1)), nil
		}),
	}
	maps.Copy(all, moduleFuncs())
	maps.Copy(all, memoryFuncs())
	maps.Copy(all, tableFuncs())
	maps.Copy(all, globalFuncs())
	return all
}

// within makes a host function of one that works on the store of the VM.
func within(fn func(s *store, a runtime.Args) (quickjs.Value, error)) runtime.HostFunc {
	return func(a runtime.Args) (quickjs.Value, error) {
		s, err := storeOf(a)
		if err != nil {
			return quickjs.Undefined(), err
		}
		v, err := fn(s, a)
		if err != nil {
			return s.failed(err)
		}
		return v, nil
	}
}

// on makes a host function of one that works on an entity, which is its first argument.
func on[T any](fn func(s *store, e T, a runtime.Args) (quickjs.Value, error)) runtime.HostFunc {
	return within(func(s *store, a runtime.Args) (quickjs.Value, error) {
		e, ok := s.entities[a.ID(0)].(T)
		if !ok {
			return quickjs.Undefined(), errs.New(errs.Internal, "the WebAssembly object is gone")
		}
		return fn(s, e, a)
	})
}

// owned makes a host function of one that makes something for an owner, which is its first argument.
func owned(fn func(s *store, o *owner, a runtime.Args) (quickjs.Value, error)) runtime.HostFunc {
	return within(func(s *store, a runtime.Args) (quickjs.Value, error) {
		o := s.owners[a.ID(0)]
		if o == nil {
			return s.throw("range", "out of memory"), nil
		}
		return fn(s, o, a)
	})
}

func moduleFuncs() runtime.Table {
	return runtime.Table{
		// wasmModule(owner, bytes or their base64) compiles a module.
		"wasmModule": owned(func(s *store, o *owner, a runtime.Args) (quickjs.Value, error) {
			data := a.Data(1)
			if quickjs.IsString(a.Value(1)) {
				var err error
				if data, err = base64.StdEncoding.DecodeString(a.Text(1)); err != nil {
					return quickjs.Undefined(), err
				}
			}
			spend := s.spending(o)
			if !spend(len(data) + 1) {
				return quickjs.Undefined(), wasm.ErrMemory
			}
			m, err := wasm.Decode(data, spend)
			if err != nil {
				return quickjs.Undefined(), err
			}
			return quickjs.Int(s.known(m, o)), nil
		}),
		// wasmValidate(owner, bytes) reports whether bytes are a valid module.
		"wasmValidate": owned(func(s *store, o *owner, a runtime.Args) (quickjs.Value, error) {
			_, err := wasm.Decode(a.Data(1), s.spending(o))
			if errors.Is(err, wasm.ErrMemory) {
				return quickjs.Undefined(), err
			}
			return quickjs.Bool(err == nil), nil
		}),
		"wasmInfo": on(func(_ *store, m *wasm.Module, a runtime.Args) (quickjs.Value, error) { return a.Returns(describe(m)) }),
		"wasmCustoms": on(func(s *store, m *wasm.Module, a runtime.Args) (quickjs.Value, error) {
			list := s.r.NewArray()
			for n, data := range m.Customs(a.Text(1)) {
				v := s.r.NewBytes(data)
				if quickjs.IsException(v) {
					s.r.Free(list)
					return v, nil
				}
				s.r.SetIndex(list, n, v)
			}
			return list, nil
		}),
		// wasmInstance(owner, module, imports) makes an instance, and returns its exports in their order. An import is a function of
		// the script, the reference of a function, or the id of an entity.
		"wasmInstance": owned(func(s *store, o *owner, a runtime.Args) (quickjs.Value, error) {
			m, ok := s.entities[a.ID(1)].(*wasm.Module)
			if !ok {
				return quickjs.Undefined(), errs.New(errs.Internal, "the module is gone")
			}
			return s.instantiate(o, m, a.Value(2))
		}),
	}
}

// description is a module as Module.imports and Module.exports show it.
type description struct {
	Imports []described `json:"imports"`
	Exports []described `json:"exports"`
}

type described struct {
	Module  string `json:"module,omitempty"`
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Type    string `json:"type,omitempty"` // of a global
	Mutable bool   `json:"mutable,omitempty"`
}

func describe(m *wasm.Module) string {
	d := description{Imports: []described{}, Exports: []described{}}
	for _, i := range m.Imports {
		one := described{Module: i.Module, Name: i.Name, Kind: i.Kind.String()}
		if i.Kind == wasm.KindGlobal {
			one.Type, one.Mutable = i.Global.Value.String(), i.Global.Mutable
		}
		d.Imports = append(d.Imports, one)
	}
	for _, e := range m.Exports {
		d.Exports = append(d.Exports, described{Name: e.Name, Kind: e.Kind.String()})
	}
	text, _ := json.Marshal(d) // only text is in it
	return string(text)
}

// instantiate makes an instance and returns its exports.
func (s *store) instantiate(o *owner, m *wasm.Module, given quickjs.Value) (quickjs.Value, error) {
	imports := make([]any, len(m.Imports))
	for n, i := range m.Imports {
		v := s.r.Index(given, n)
		imports[n] = s.imports(v, m, i, o)
		s.r.Free(v) // the owner's object holds it
		if imports[n] == nil && i.Kind == wasm.KindFunc {
			return quickjs.Undefined(), wasm.ErrMemory
		}
	}
	newMemory := func(t wasm.Limits) *wasm.Memory {
		if made := s.newMemory(o, t); made != nil {
			return made.Memory
		}
		return nil
	}
	i, err := s.machine.Instantiate(m, imports, newMemory, s.spending(o))
	if i != nil {
		o.instance = i
		s.ownerOf[i] = o
		for _, t := range i.Tables() {
			s.belongs(t, o)
		}
		for _, g := range i.Globals() {
			s.belongs(g, o)
		}
		if err == nil {
			err = s.machine.Start(i)
		}
	}
	if err != nil {
		return quickjs.Undefined(), err
	}
	list := s.r.NewArray()
	for n, e := range m.Exports {
		v := s.export(i, e)
		if quickjs.IsException(v) {
			s.r.Free(list)
			return v, nil
		}
		s.r.SetIndex(list, n, v)
	}
	return list, nil
}

// belongs makes something belong to an owner, if it does not to another one.
func (s *store) belongs(e any, o *owner) {
	if s.ownerOf[e] == nil {
		s.known(e, o)
	}
}

// imports returns an import for package wasm; nil for a function = there is no memory for it.
func (s *store) imports(v quickjs.Value, m *wasm.Module, i wasm.Import, o *owner) any {
	id, isNumber := quickjs.ToNumber(v)
	switch {
	case i.Kind == wasm.KindFunc && isNumber:
		return s.machine.Deref(uint64(id))
	case i.Kind == wasm.KindFunc:
		f := s.imported(v, &m.Types[i.Func], o)
		if f == nil {
			return nil
		}
		o.hosts = append(o.hosts, f)
		return f
	}
	e := s.entities[int32(id)]
	if made, ok := e.(*memory); ok {
		return made.Memory
	}
	return e
}

// export returns the object of an export.
func (s *store) export(i *wasm.Instance, e wasm.Export) quickjs.Value {
	switch e.Kind {
	case wasm.KindFunc:
		return s.function(i.Func(e.Index))
	case wasm.KindMemory:
		return s.wrapped("memory", s.memories[i.Memory()], i.Memory())
	case wasm.KindTable:
		return s.wrapped("table", i.Table(e.Index), i.Table(e.Index))
	}
	return s.wrapped("global", i.Global(e.Index), i.Global(e.Index))
}

// wrapped returns the object of an entity.
func (s *store) wrapped(kind string, e, key any) quickjs.Value {
	o := s.ownerOf[key]
	id := s.known(e, o)
	k := s.r.NewString(kind)
	defer s.r.Free(k)
	return s.r.Apply(s.helpers.wrap, o.object, k, quickjs.Int(id))
}
