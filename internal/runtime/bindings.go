package runtime

import (
	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/bind"
)

// bindingFuncs call the bindings.
func bindingFuncs() Table {
	return Table{
		"bindings": func(a Args) (quickjs.Value, error) { return a.Returns(a.vm.engine.bindings) },
		"call": During(func(inv *Invocation, a Args) (quickjs.Value, error) {
			f := &inv.engine.functions[int(a.Number(0))]
			arguments := a.Text(1)
			if f.Blocks {
				inv.releaseProcessor()
				defer inv.acquireProcessor()
			}
			result, err := f.Run(&inv.call, arguments)
			if err != nil || result == nil {
				return quickjs.Undefined(), err
			}
			if err := a.Realm().Hold(int64(len(result)), inv.Charged()); err != nil {
				return quickjs.Undefined(), err
			}
			return a.Returns(string(result))
		}),
		"refuse": func(a Args) (quickjs.Value, error) {
			return quickjs.Undefined(), errs.New(errs.Invalid, "%s: %s", a.vm.engine.functions[int(a.Number(0))].Name, a.Text(1))
		},
		"start": Promised(func(inv *Invocation, a Args) (int32, error) {
			return inv.start(&inv.engine.functions[int(a.Number(0))], a.Text(1))
		}),
	}
}

// start runs a host function alongside the VM.
func (inv *Invocation) start(f *bind.Func, arguments string) (int32, error) {
	id, err := inv.NewID()
	if err != nil {
		return 0, err
	}
	call, sent := inv.call, int64(len(arguments))
	inv.StartCall(id, func() Outcome {
		if err := inv.Charge(sent); err != nil {
			return Outcome{Err: err}
		}
		value, err := f.Run(&call, arguments)
		inv.Uncharge(sent)
		if starved := inv.Charge(int64(len(value))); starved != nil {
			return Outcome{Err: starved}
		}
		return Outcome{JSON: value, Err: err, Charged: int64(len(value))}
	})
	return id, nil
}
