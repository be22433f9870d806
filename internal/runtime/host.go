package runtime

import (
	"fmt"
	"maps"
	"slices"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
)

// The functions of the host are declared in tables, one for each subject, next to the code they call. The prelude gets all of them as
// the members of one object.

// Table is the functions of one subject by the names the prelude knows them by.
type Table map[string]HostFunc

// HostFunc is a function of the host. The prelude may call it at any time, also while a module loads.
type HostFunc func(a Args) (quickjs.Value, error)

// during makes a HostFunc of a function that needs an invocation.
func During(fn func(inv *Invocation, a Args) (quickjs.Value, error)) HostFunc {
	return func(a Args) (quickjs.Value, error) {
		if a.vm.inv == nil {
			return quickjs.Undefined(), errs.New(errs.Invalid, "this is only possible while a request is served, not while the module loads")
		}
		return fn(a.vm.inv, a)
	}
}

// promised makes a HostFunc of a function that starts something and returns the id under which its end is told.
func Promised(fn func(inv *Invocation, a Args) (int32, error)) HostFunc {
	return During(func(inv *Invocation, a Args) (quickjs.Value, error) {
		id, err := fn(inv, a)
		return quickjs.Int(id), err
	})
}

// notice makes a HostFunc of a function that only tells the invocation something. Without one it does nothing.
func Notice(fn func(inv *Invocation, a Args)) HostFunc {
	return func(a Args) (quickjs.Value, error) {
		if a.vm.inv != nil {
			fn(a.vm.inv, a)
		}
		return quickjs.Undefined(), nil
	}
}

// Args are the arguments of a call. One that is missing reads as the zero value of what is asked for.
type Args struct {
	vm   *VM
	list []quickjs.Value
}

// Realm returns the realm of the caller.
func (a Args) Realm() *quickjs.Realm { return a.vm.realm }

// Invocation returns the invocation that the caller is part of; nil while a module loads.
func (a Args) Invocation() *Invocation { return a.vm.inv }

// Len returns the number of arguments.
func (a Args) Len() int { return len(a.list) }

// Value returns an argument, undefined if it is missing.
func (a Args) Value(i int) quickjs.Value {
	if i >= len(a.list) {
		return quickjs.Undefined()
	}
	return a.list[i]
}

// Text returns an argument as text.
func (a Args) Text(i int) string {
	if i >= len(a.list) {
		return ""
	}
	s, ok := a.Realm().Text(a.list[i])
	if !ok {
		a.Realm().DropException()
	}
	return s
}

// Number returns an argument that is a number.
func (a Args) Number(i int) float64 {
	if i >= len(a.list) {
		return 0
	}
	n, _ := quickjs.ToNumber(a.list[i])
	return n
}

// ID returns an argument that is an id.
func (a Args) ID(i int) int32 { return int32(a.Number(i)) }

// Flag returns an argument that is a boolean.
func (a Args) Flag(i int) bool { return a.Number(i) != 0 }

// Data returns bytes in the memory of the VM, which are valid during the call.
func (a Args) Data(i int) []byte {
	if i >= len(a.list) {
		return nil
	}
	b, _ := a.Realm().Bytes(a.list[i])
	return b
}

// Returns is a text as the result of the call.
func (a Args) Returns(text string) (quickjs.Value, error) { return a.Realm().NewString(text), nil }

// ReturnsIf is a text as the result of the call, or undefined.
func (a Args) ReturnsIf(text string, ok bool) (quickjs.Value, error) {
	if !ok {
		return quickjs.Undefined(), nil
	}
	return a.Returns(text)
}

// namedFunc is a function of the host and its name.
type namedFunc struct {
	name string
	fn   HostFunc
}

// hostFuncs returns the functions of all tables by name.
func hostFuncs(more []Table) []namedFunc {
	all := Table{}
	for _, t := range append([]Table{productFuncs(), consoleFuncs(), timerFuncs(), bindingFuncs(), resultFuncs()}, more...) {
		maps.Copy(all, t)
	}
	var list []namedFunc
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, namedFunc{name, all[name]})
	}
	return list
}

// hostObject returns the object whose members are the functions of the host.
func (vm *VM) hostObject() quickjs.Value {
	r := vm.realm
	object := r.NewObject()
	for _, f := range vm.engine.host {
		r.Set(object, f.name, r.NewFunction(f.name, func(list []quickjs.Value) (quickjs.Value, error) { return f.fn(Args{vm, list}) }))
	}
	return object
}

// productFuncs are about the product the functions run in.
func productFuncs() Table {
	return Table{
		"part":  func(a Args) (quickjs.Value, error) { return a.vm.part(a.Text(0)) },
		"agent": func(a Args) (quickjs.Value, error) { return a.Returns("Fazt/" + a.vm.engine.config.Version) },
		"intl": func(a Args) (quickjs.Value, error) {
			text, err := a.vm.engine.localizer.Ask(a.Text(0))
			if err != nil {
				return quickjs.Undefined(), err
			}
			return a.Returns(text)
		},
	}
}

// part is what a part of the web-standard API gives, run again in this realm.
func (vm *VM) part(name string) (quickjs.Value, error) {
	compiled, ok := vm.engine.parts[name]
	if !ok {
		return quickjs.Undefined(), errs.New(errs.Unsupported, "this build of Fazt was made without %q; `make build` makes one with it", name)
	}
	bytecode, err := compiled()
	if err != nil {
		return quickjs.Undefined(), fmt.Errorf("%s: %w", name, err)
	}
	return vm.realm.Run(bytecode)
}
