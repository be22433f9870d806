package wasmapi

import (
	"errors"
	"math"
	"strconv"

	"fazt/internal/quickjs"
	"fazt/internal/wasm"
)

// errPending is returned when an exception of the script is pending.
var errPending = errors.New("an exception is pending")

// externs are the values of the script that modules hold, by their references less one.
type externs struct {
	list   []quickjs.Value
	unused []uint64
	live   int
	limit  int // number from which on those that no module holds are given up
}

const (
	fewExterns = 1024
	externCost = 24 // bytes of Go
)

// extern returns a reference to a value of the script; 0 is null. It reports false without memory for it.
func (s *store) extern(v quickjs.Value) (uint64, bool) {
	if v == quickjs.Null() {
		return 0, true
	}
	x := &s.externs
	x.live++
	if n := len(x.unused); n > 0 {
		at := x.unused[n-1]
		x.unused = x.unused[:n-1]
		x.list[at-1] = s.r.Dup(v)
		return at, true
	}
	if !s.r.Spend(externCost) {
		x.live--
		return 0, false
	}
	x.list = append(x.list, s.r.Dup(v))
	return uint64(len(x.list)), true
}

// value returns the value of a reference.
func (s *store) value(ref uint64) quickjs.Value {
	if ref == 0 || ref > uint64(len(s.externs.list)) {
		return quickjs.Null()
	}
	return s.r.Dup(s.externs.list[ref-1])
}

// sweep gives up the values of the script that no module holds. None of their functions may run.
func (s *store) sweep() {
	x := &s.externs
	if x.live < x.limit || !s.machine.Idle() {
		return
	}
	held := make([]bool, len(x.list)+1)
	hold := func(t wasm.ValueType, refs ...uint64) {
		for _, ref := range refs {
			if t == wasm.ExternRef && ref < uint64(len(held)) {
				held[ref] = true
			}
		}
	}
	table := func(t *wasm.Table) { hold(t.Type.Elem, t.Elems...) }
	for _, e := range s.entities {
		switch e := e.(type) {
		case *wasm.Table:
			table(e)
		case *wasm.Global:
			hold(e.Type.Value, e.Value)
		}
	}
	for _, o := range s.owners {
		if o.instance == nil {
			continue
		}
		for _, t := range o.instance.Tables() {
			table(t)
		}
		for _, g := range o.instance.Globals() {
			hold(g.Type.Value, g.Value)
		}
		for _, segment := range o.instance.Segments() {
			hold(wasm.ExternRef, segment...)
		}
	}
	x.unused = x.unused[:0]
	var gone []quickjs.Value
	x.live = 0
	for i, v := range x.list {
		if held[i+1] {
			x.live++
			continue
		}
		gone = append(gone, v)
		x.list[i] = quickjs.Undefined()
		x.unused = append(x.unused, uint64(i+1))
	}
	x.limit = max(fewExterns, 2*x.live)
	for _, v := range gone {
		s.r.Free(v)
	}
}

// toWasm converts a value of the script to one of a type, which things of an owner may hold. It reports false if an exception is
// pending.
func (s *store) toWasm(v quickjs.Value, t wasm.ValueType, o *owner) (uint64, bool) {
	switch t {
	case wasm.I32:
		n, ok := s.r.ToInt32(v)
		return uint64(uint32(n)), ok
	case wasm.I64:
		n, ok := s.r.ToInt64(v)
		return uint64(n), ok
	case wasm.F32:
		n, ok := s.r.ToFloat64(v)
		return uint64(math.Float32bits(float32(n))), ok
	case wasm.F64:
		n, ok := s.r.ToFloat64(v)
		return math.Float64bits(n), ok
	case wasm.FuncRef:
		if v == quickjs.Null() {
			return 0, true
		}
		got := s.r.Apply(s.helpers.refOf, v, o.object)
		ref, ok := quickjs.ToNumber(got)
		return uint64(ref), ok
	}
	ref, ok := s.extern(v)
	if !ok {
		s.throw("range", "out of memory")
	}
	return ref, ok
}

// toScript converts a value of a type to one of the script; an exception if there is no memory for it.
func (s *store) toScript(bits uint64, t wasm.ValueType) quickjs.Value {
	switch t {
	case wasm.I32:
		return quickjs.Int(int32(bits))
	case wasm.I64:
		return s.r.NewBigInt(int64(bits))
	case wasm.F32:
		return quickjs.Number(float64(math.Float32frombits(uint32(bits))))
	case wasm.F64:
		return quickjs.Number(math.Float64frombits(bits))
	case wasm.FuncRef:
		return s.function(s.machine.Deref(bits))
	}
	return s.value(bits)
}

// function returns the function of the script for a function of a module.
func (s *store) function(f *wasm.Func) quickjs.Value {
	if f == nil {
		return quickjs.Null()
	}
	o := s.holder(f)
	if o == nil {
		return quickjs.Null()
	}
	name := s.r.NewString(strconv.Itoa(int(f.Index)))
	defer s.r.Free(name)
	kind := s.r.NewString("func")
	defer s.r.Free(kind)
	return s.r.Apply(s.helpers.wrap, o.object, kind, quickjs.Int(int32(s.machine.Ref(f))), name, quickjs.Int(int32(len(f.Type.Params))))
}

// holder returns the owner of a function.
func (s *store) holder(f *wasm.Func) *owner {
	if o, ok := f.Tag.(*owner); ok {
		return o
	}
	return s.ownerOf[f.Of]
}

// throw makes an exception pending: of a kind that the helper knows.
func (s *store) throw(kind, message string) quickjs.Value {
	k, m := s.r.NewString(kind), s.r.NewString(message)
	defer s.r.Free(k)
	defer s.r.Free(m)
	e := s.r.Apply(s.helpers.fail, k, m)
	if quickjs.IsException(e) {
		return e
	}
	return s.r.ThrowValue(e)
}

// failed is what a host function returns for an error of package wasm.
func (s *store) failed(err error) (quickjs.Value, error) {
	var trap *wasm.Trap
	var link *wasm.LinkError
	var invalid *wasm.InvalidError
	switch {
	case errors.Is(err, errPending):
		return quickjs.ExceptionValue(), nil
	case errors.As(err, &trap) && trap.Range:
		return s.throw("range", trap.Message), nil
	case errors.As(err, &trap):
		return s.throw("runtime", trap.Message), nil
	case errors.As(err, &link):
		return s.throw("link", link.Message), nil
	case errors.As(err, &invalid):
		return s.throw("compile", invalid.Error()), nil
	case errors.Is(err, wasm.ErrMemory):
		return s.throw("range", "out of memory"), nil
	}
	return quickjs.Undefined(), err
}

// call calls a function of a module for the script. It is bound to the owner and the reference.
func (s *store) call(bound, args []quickjs.Value) (quickjs.Value, error) {
	s.tidy()
	ref, _ := quickjs.ToNumber(bound[1])
	f := s.machine.Deref(uint64(ref))
	if f == nil || s.holder(f) == nil {
		return s.throw("runtime", "the instance of the function is gone"), nil
	}
	o := s.holder(f)
	params := make([]uint64, len(f.Type.Params))
	for i, t := range f.Type.Params {
		v := quickjs.Undefined()
		if i < len(args) {
			v = args[i]
		}
		var ok bool
		if params[i], ok = s.toWasm(v, t, o); !ok {
			return quickjs.ExceptionValue(), nil
		}
	}
	results, err := s.machine.Call(f, params)
	if err != nil {
		return s.failed(err)
	}
	defer s.sweep()
	switch len(results) {
	case 0:
		return quickjs.Undefined(), nil
	case 1:
		return s.toScript(results[0], f.Type.Results[0]), nil
	}
	list := s.r.NewArray()
	for i, bits := range results {
		v := s.toScript(bits, f.Type.Results[i])
		if quickjs.IsException(v) {
			s.r.Free(list)
			return v, nil
		}
		s.r.SetIndex(list, i, v)
	}
	return list, nil
}

// imported makes a function of a module of a function of the script, which the owner's object holds; nil = there is no
// memory for it.
func (s *store) imported(fn quickjs.Value, t *wasm.FuncType, o *owner) *wasm.Func {
	f := s.machine.NewFunc(t, func(args []uint64) ([]uint64, error) {
		list := make([]quickjs.Value, 0, len(args))
		defer func() {
			for _, v := range list {
				s.r.Free(v)
			}
		}()
		for i, bits := range args {
			v := s.toScript(bits, t.Params[i])
			if quickjs.IsException(v) {
				return nil, errPending
			}
			list = append(list, v)
		}
		held := s.r.Dup(fn)
		got := s.r.Apply(held, list...)
		s.r.Free(held)
		if quickjs.IsException(got) {
			return nil, errPending
		}
		defer func() { s.r.Free(got) }()
		switch len(t.Results) {
		case 0:
			return nil, nil
		case 1:
			bits, ok := s.toWasm(got, t.Results[0], o)
			if !ok {
				return nil, errPending
			}
			return []uint64{bits}, nil
		}
		return s.several(&got, t, o)
	})
	if f != nil {
		f.Tag = o
	}
	return f
}

// several converts an iterable of results. It replaces it by an array.
func (s *store) several(got *quickjs.Value, t *wasm.FuncType, o *owner) ([]uint64, error) {
	array := s.r.Apply(s.helpers.list, *got, quickjs.Int(int32(len(t.Results))))
	if quickjs.IsException(array) {
		return nil, errPending
	}
	s.r.Free(*got)
	*got = array
	results := make([]uint64, len(t.Results))
	for i, typ := range t.Results {
		v := s.r.Index(array, i)
		var ok bool
		results[i], ok = s.toWasm(v, typ, o)
		s.r.Free(v)
		if !ok {
			return nil, errPending
		}
	}
	return results, nil
}
