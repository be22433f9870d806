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

// hostTable is the functions of one subject by the names the prelude knows them by.
type hostTable map[string]hostFunc

// hostFunc is a function of the host. The prelude may call it at any time, also while a module loads.
type hostFunc func(a args) (quickjs.Value, error)

// during makes a hostFunc of a function that needs an invocation.
func during(fn func(inv *Invocation, a args) (quickjs.Value, error)) hostFunc {
	return func(a args) (quickjs.Value, error) {
		if a.vm.inv == nil {
			return quickjs.Undefined(), errs.New(errs.Invalid, "this is only possible while a request is served, not while the module loads")
		}
		return fn(a.vm.inv, a)
	}
}

// promised makes a hostFunc of a function that starts something and returns the id under which its end is told.
func promised(fn func(inv *Invocation, a args) (int32, error)) hostFunc {
	return during(func(inv *Invocation, a args) (quickjs.Value, error) {
		id, err := fn(inv, a)
		return quickjs.Int(id), err
	})
}

// notice makes a hostFunc of a function that only tells the invocation something. Without one it does nothing.
func notice(fn func(inv *Invocation, a args)) hostFunc {
	return func(a args) (quickjs.Value, error) {
		if a.vm.inv != nil {
			fn(a.vm.inv, a)
		}
		return quickjs.Undefined(), nil
	}
}

// args are the arguments of a call. One that is missing reads as the zero value of what is asked for.
type args struct {
	vm   *VM
	list []quickjs.Value
}

func (a args) value(i int) quickjs.Value {
	if i >= len(a.list) {
		return quickjs.Undefined()
	}
	return a.list[i]
}

func (a args) text(i int) string {
	if i >= len(a.list) {
		return ""
	}
	s, ok := a.vm.realm.Text(a.list[i])
	if !ok {
		a.vm.realm.DropException()
	}
	return s
}

func (a args) number(i int) float64 {
	if i >= len(a.list) {
		return 0
	}
	n, _ := quickjs.ToNumber(a.list[i])
	return n
}

func (a args) id(i int) int32 { return int32(a.number(i)) }

func (a args) flag(i int) bool { return a.number(i) != 0 }

// data returns bytes in the memory of the VM, which are valid during the call.
func (a args) data(i int) []byte {
	if i >= len(a.list) {
		return nil
	}
	b, _ := a.vm.realm.Bytes(a.list[i])
	return b
}

// returns is a text as the result of the call.
func (a args) returns(text string) (quickjs.Value, error) { return a.vm.realm.NewString(text), nil }

// returnsIf is a text as the result of the call, or undefined.
func (a args) returnsIf(text string, ok bool) (quickjs.Value, error) {
	if !ok {
		return quickjs.Undefined(), nil
	}
	return a.returns(text)
}

// namedFunc is a function of the host and its name.
type namedFunc struct {
	name string
	fn   hostFunc
}

// hostFuncs returns the functions of all tables by name.
func hostFuncs() []namedFunc {
	all := hostTable{}
	for _, t := range []hostTable{
		productFuncs(), consoleFuncs(), timerFuncs(), bindingFuncs(), responseFuncs(), resultFuncs(), streamFuncs(), bodyFuncs(), formFuncs(),
		fetchFuncs(), urlFuncs(), textFuncs(), coderFuncs(), cryptoFuncs(),
	} {
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
		r.Set(object, f.name, r.NewFunction(f.name, func(list []quickjs.Value) (quickjs.Value, error) { return f.fn(args{vm, list}) }))
	}
	return object
}

// productFuncs are about the product the functions run in.
func productFuncs() hostTable {
	return hostTable{
		"part":  func(a args) (quickjs.Value, error) { return a.vm.part(a.text(0)) },
		"agent": func(a args) (quickjs.Value, error) { return a.returns("Fazt/" + a.vm.engine.config.Version) },
		"intl": func(a args) (quickjs.Value, error) {
			text, err := a.vm.engine.localizer.Ask(a.text(0))
			if err != nil {
				return quickjs.Undefined(), err
			}
			return a.returns(text)
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
