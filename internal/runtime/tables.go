package runtime

import (
	"fmt"
	"maps"
	"slices"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/intl"
)

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

// hostFuncs returns the functions of the host for this VM, in the order of Engine.host.
func (vm *VM) hostFuncs() []quickjs.HostFunc {
	list := make([]quickjs.HostFunc, len(vm.engine.host))
	for n, f := range vm.engine.host {
		list[n] = func(args []quickjs.Value) (quickjs.Value, error) { return f.fn(Args{vm, args}) }
	}
	return list
}

// productFuncs provide parts of the web-standard API, and facts about the product.
func productFuncs() Table {
	return Table{
		"part":  func(a Args) (quickjs.Value, error) { return a.vm.part(a.Text(0)) },
		"agent": func(a Args) (quickjs.Value, error) { return a.Returns("Fazt/" + a.vm.engine.config.Version) },
		"intl": func(a Args) (quickjs.Value, error) {
			var values []any
			for i := 2; i < a.Len(); i++ {
				if n, ok := quickjs.ToNumber(a.Value(i)); ok {
					values = append(values, n)
				} else {
					values = append(values, a.Text(i))
				}
			}
			text, err := intl.Answer(a.Text(0), a.Text(1), values)
			if err != nil {
				return quickjs.Undefined(), err
			}
			return a.Returns(text)
		},
	}
}

// part runs a part of the web-standard API in this realm and returns its result.
func (vm *VM) part(name string) (quickjs.Value, error) {
	compiled, ok := vm.engine.parts[name]
	if !ok {
		return quickjs.Undefined(), errs.New(errs.Unsupported, "this build of Fazt does not include %q; `make build` includes it", name)
	}
	bytecode, err := compiled()
	if err != nil {
		return quickjs.Undefined(), fmt.Errorf("%s: %w", name, err)
	}
	return vm.realm.Run(bytecode)
}

// resultFuncs take the result or the failure of an event.
func resultFuncs() Table {
	return Table{
		"result": Notice(func(inv *Invocation, a Args) {
			if inv.exchange == nil && !inv.Answered() {
				inv.Respond([]byte(a.Text(0)))
			}
		}),
		"fail": Notice(func(inv *Invocation, a Args) {
			if !inv.Answered() {
				inv.failed = a.Realm().Describe(a.Value(0))
			}
		}),
		"waiting": Notice(func(inv *Invocation, a Args) { inv.waitUntil = int(a.Number(0)) }),
	}
}
