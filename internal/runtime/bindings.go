package runtime

import (
	"encoding/json"

	"fazt/internal/quickjs"
	"fazt/internal/runtime/bind"
)

// describeBindings numbers the functions of the product for the prelude.
func (e *Engine) describeBindings() {
	type entry struct {
		Path     string `json:"path"`
		Name     string `json:"name"`
		Index    int    `json:"index"`
		Async    bool   `json:"async"`
		Constant bool   `json:"constant"`
		Paged    bool   `json:"page"`
	}
	list := []entry{}
	for _, n := range e.config.Bindings {
		for _, f := range n.Members {
			if !f.Installed() {
				continue
			}
			list = append(list, entry{n.Path, f.Name, len(e.functions), f.Async, f.Constant, f.Paged})
			e.functions = append(e.functions, f)
		}
	}
	data, _ := json.Marshal(list)
	e.bindings = string(data)
}

// bindingFuncs call the functions of the product.
func bindingFuncs() hostTable {
	return hostTable{
		"bindings": func(a args) (quickjs.Value, error) { return a.returns(a.vm.engine.bindings) },
		"call": during(func(inv *Invocation, a args) (quickjs.Value, error) {
			f := &inv.engine.functions[int(a.number(0))]
			arguments := a.text(1)
			if f.Blocks {
				inv.releaseProcessor()
				defer inv.acquireProcessor()
			}
			result, err := f.Run(&inv.call, arguments)
			if err != nil || result == nil {
				return quickjs.Undefined(), err
			}
			return a.returns(string(result))
		}),
		"start": promised(func(inv *Invocation, a args) (int32, error) {
			return inv.start(&inv.engine.functions[int(a.number(0))], a.text(1))
		}),
	}
}

// start runs a host function alongside the VM.
func (inv *Invocation) start(f *bind.Func, arguments string) (int32, error) {
	id, err := inv.newID()
	if err != nil {
		return 0, err
	}
	inv.makeFinished()
	inv.pending++
	call := inv.call
	sent := int64(len(arguments))
	inv.hostCall(func() {
		var value []byte
		err := error(errStarved)
		if inv.charge(sent) {
			value, err = f.Run(&call, arguments)
			inv.uncharge(sent)
		}
		size := int64(len(value))
		if !inv.charge(size) {
			value, size, err = nil, 0, errStarved
		}
		inv.finished <- completion{id: id, value: value, err: err, size: size}
	})
	return id, nil
}
