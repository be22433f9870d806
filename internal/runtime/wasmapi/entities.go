package wasmapi

import (
	"math"

	"fazt/internal/quickjs"
	"fazt/internal/runtime"
	"fazt/internal/wasm"
)

// limits reads two arguments: the smallest size, and the largest, which is negative if there is none.
func limits(a runtime.Args, i int) wasm.Limits {
	l := wasm.Limits{Min: uint32(a.Number(i))}
	if most := a.Number(i + 1); most >= 0 {
		l.Max, l.HasMax = uint32(most), true
	}
	return l
}

func memoryFuncs() runtime.Table {
	return runtime.Table{
		// wasmMemory(owner, pages, most pages or -1) makes a memory.
		"wasmMemory": owned(func(s *store, o *owner, a runtime.Args) (quickjs.Value, error) {
			m := s.newMemory(o, limits(a, 1))
			if m == nil {
				return s.throw("range", "WebAssembly.Memory(): could not allocate memory"), nil
			}
			return quickjs.Int(s.known(m, o)), nil
		}),
		"wasmBuffer": on(func(s *store, m *memory, _ runtime.Args) (quickjs.Value, error) { return s.shown(m), nil }),
		// wasmGrow(memory, pages) makes a memory larger, and returns its size before.
		"wasmGrow": on(func(s *store, m *memory, a runtime.Args) (quickjs.Value, error) {
			delta := a.Number(1)
			if delta <= wasm.MaxPages {
				if had, ok := m.Grow(uint32(delta)); ok {
					return quickjs.Int(int32(had)), nil
				}
			}
			return s.throw("range", "WebAssembly.Memory.grow(): could not allocate memory, or its largest size was exceeded"), nil
		}),
	}
}

func tableFuncs() runtime.Table {
	at := func(t *wasm.Table, a runtime.Args) (int, bool) {
		n := a.Number(1)
		return int(min(n, math.MaxUint32)), n < float64(len(t.Elems))
	}
	outside := func(s *store) (quickjs.Value, error) {
		return s.throw("range", "the index is outside of the table"), nil
	}
	return runtime.Table{
		// wasmTable(owner, type, size, largest size or -1, value) makes a table.
		"wasmTable": owned(func(s *store, o *owner, a runtime.Args) (quickjs.Value, error) {
			t := wasm.TableType{Elem: valueType(a.Text(1)), Limits: limits(a, 2)}
			fill, ok := s.toWasm(a.Value(4), t.Elem, o)
			if !ok {
				return quickjs.ExceptionValue(), nil
			}
			table := wasm.NewTable(t, fill, s.spending(o))
			if table == nil {
				return s.throw("range", "WebAssembly.Table(): could not allocate memory"), nil
			}
			return quickjs.Int(s.known(table, o)), nil
		}),
		"wasmTableSize": on(func(_ *store, t *wasm.Table, _ runtime.Args) (quickjs.Value, error) {
			return quickjs.Number(float64(len(t.Elems))), nil
		}),
		"wasmTableType": on(func(_ *store, t *wasm.Table, a runtime.Args) (quickjs.Value, error) {
			return a.Returns(t.Type.Elem.String())
		}),
		"wasmTableGet": on(func(s *store, t *wasm.Table, a runtime.Args) (quickjs.Value, error) {
			i, ok := at(t, a)
			if !ok {
				return outside(s)
			}
			return s.toScript(t.Elems[i], t.Type.Elem), nil
		}),
		"wasmTableSet": on(func(s *store, t *wasm.Table, a runtime.Args) (quickjs.Value, error) {
			i, ok := at(t, a)
			if !ok {
				return outside(s)
			}
			ref, ok := s.toWasm(a.Value(2), t.Type.Elem, s.ownerOf[t])
			if !ok {
				return quickjs.ExceptionValue(), nil
			}
			t.Elems[i] = ref
			s.sweep()
			return quickjs.Undefined(), nil
		}),
		// wasmTableGrow(table, number, value) makes a table larger, and returns its size before.
		"wasmTableGrow": on(func(s *store, t *wasm.Table, a runtime.Args) (quickjs.Value, error) {
			ref, ok := s.toWasm(a.Value(2), t.Type.Elem, s.ownerOf[t])
			if !ok {
				return quickjs.ExceptionValue(), nil
			}
			had, ok := t.Grow(uint32(a.Number(1)), ref)
			if !ok {
				return s.throw("range", "WebAssembly.Table.grow(): could not allocate memory, or its largest size was exceeded"), nil
			}
			return quickjs.Number(float64(had)), nil
		}),
	}
}

func globalFuncs() runtime.Table {
	return runtime.Table{
		// wasmGlobal(owner, type, mutable, value) makes a global.
		"wasmGlobal": owned(func(s *store, o *owner, a runtime.Args) (quickjs.Value, error) {
			g := &wasm.Global{Type: wasm.GlobalType{Value: valueType(a.Text(1)), Mutable: a.Flag(2)}}
			var ok bool
			if g.Value, ok = s.toWasm(a.Value(3), g.Type.Value, o); !ok {
				return quickjs.ExceptionValue(), nil
			}
			if !s.spending(o)(64) {
				return quickjs.Undefined(), wasm.ErrMemory
			}
			return quickjs.Int(s.known(g, o)), nil
		}),
		"wasmGlobalGet": on(func(s *store, g *wasm.Global, _ runtime.Args) (quickjs.Value, error) {
			return s.toScript(g.Value, g.Type.Value), nil
		}),
		// wasmGlobalSet(global, value) reports whether the global can be changed.
		"wasmGlobalSet": on(func(s *store, g *wasm.Global, a runtime.Args) (quickjs.Value, error) {
			if !g.Type.Mutable {
				return quickjs.Bool(false), nil
			}
			bits, ok := s.toWasm(a.Value(1), g.Type.Value, s.ownerOf[g])
			if !ok {
				return quickjs.ExceptionValue(), nil
			}
			g.Value = bits
			s.sweep()
			return quickjs.Bool(true), nil
		}),
		// wasmGlobalType(global) returns its type, with "mut" before it if it is mutable.
		"wasmGlobalType": on(func(_ *store, g *wasm.Global, a runtime.Args) (quickjs.Value, error) {
			if g.Type.Mutable {
				return a.Returns("mut " + g.Type.Value.String())
			}
			return a.Returns(g.Type.Value.String())
		}),
	}
}

// valueType returns the type that a name of the JavaScript API means. The caller has checked it.
func valueType(name string) wasm.ValueType {
	switch name {
	case "i32":
		return wasm.I32
	case "i64":
		return wasm.I64
	case "f32":
		return wasm.F32
	case "f64":
		return wasm.F64
	case "anyfunc", "funcref":
		return wasm.FuncRef
	}
	return wasm.ExternRef
}
