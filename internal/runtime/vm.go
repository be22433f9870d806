package runtime

import (
	"time"
	"unsafe"

	"fazt/internal/quickjs"
	"fazt/internal/runtime/compile"
	"fazt/internal/system"
)

// newVM creates a VM for an invocation of the given size, which is counted as held already.
func (e *Engine) newVM(p *pool, size int64) (*VM, error) {
	limits := e.config.Limits(p.app)
	vm := &VM{engine: e, pool: p, program: p.program, lastUsed: time.Now(), maxMemory: limits.MaxMemory, maxStack: limits.MaxStack}
	vm.ledger = &ledger{shared: &e.memory, reserved: size, await: vm.awaitMemory}
	t, err := e.template(p, limits)
	if err == nil && !vm.ledger.Afford(t.saved.Size()) {
		err = errStarved
	}
	if err == nil {
		err = vm.start(t)
	}
	if err != nil {
		vm.uncount()
		return nil, err
	}
	vm.SetMeter(vm.ledger)
	vm.OnPause = func() {
		if vm.inv != nil {
			vm.inv.yield()
		}
	}
	return vm, nil
}

// matches reports whether the VM was created under these limits: those of a heap cannot change.
func (vm *VM) matches(limits system.Runtime) bool {
	return vm.maxMemory == limits.MaxMemory && vm.maxStack == limits.MaxStack
}

func (vm *VM) close() {
	vm.Close()
	vm.uncount()
}

// begin prepares the realm and hands the event to the script.
func (vm *VM) begin(inv *Invocation) error {
	vm.served++
	if err := vm.setEnvironment(inv.fn.Env); err != nil {
		return err
	}
	if vm.program.Style == compile.StyleModule && !vm.loaded {
		if err := vm.loadModule(); err != nil {
			return err
		}
		vm.loaded = true
	}
	return inv.event.Begin(vm, inv)
}

// Program returns the program of the VM's deployment.
func (vm *VM) Program() *compile.Program { return vm.program }

// Realm returns the realm of the current event.
func (vm *VM) Realm() *quickjs.Realm { return vm.realm }

// Dispatch hands a request to the handler of a module, and frees args.
func (vm *VM) Dispatch(args ...quickjs.Value) error {
	defer vm.freeAll(args)
	return vm.callPrelude(vm.dispatch, args...)
}

// RunScript runs a script from the top, with the request in its globals, and frees args.
func (vm *VM) RunScript(args ...quickjs.Value) error {
	defer vm.freeAll(args)
	if err := vm.callPrelude(vm.prepare, args...); err != nil {
		return err
	}
	promise, err := vm.realm.Evaluate(vm.realm.Dup(vm.code))
	if err != nil {
		return err
	}
	defer vm.realm.Free(promise)
	return vm.realm.Then(promise, vm.classic, vm.fail)
}

func (vm *VM) freeAll(list []quickjs.Value) {
	for _, v := range list {
		vm.realm.Free(v)
	}
}

// loadModule runs the module for the first time.
func (vm *VM) loadModule() error {
	v, err := vm.realm.Run(vm.program.Bytecode)
	if err != nil {
		return err
	}
	vm.realm.Free(v)
	return vm.callPrelude(vm.begins)
}

// setEnvironment updates the environment of the realm if it changed.
func (vm *VM) setEnvironment(env *Env) error {
	if env == vm.env && vm.env != nil {
		return nil
	}
	vm.env = env
	v := vm.realm.NewString(env.json())
	defer vm.realm.Free(v)
	return vm.callPrelude(vm.setEnv, v)
}

// callPrelude calls a function of the prelude and discards its result.
func (vm *VM) callPrelude(fn quickjs.Value, args ...quickjs.Value) error {
	v, err := vm.realm.Call(fn, args...)
	if err == nil {
		vm.realm.Free(v)
	}
	return err
}

// settleCall settles a promise of the script.
func (vm *VM) settleCall(c completion) error {
	v, ok := quickjs.Undefined(), c.Err == nil
	if c.Err != nil {
		v = vm.realm.NewError(c.Err)
	} else if c.Value != nil {
		v = vm.realm.Make(c.Value)
	} else if c.JSON != nil {
		v = vm.realm.NewString(unsafe.String(unsafe.SliceData(c.JSON), len(c.JSON)))
	}
	if quickjs.IsException(v) { // there is no memory for it
		v, ok = vm.realm.Pending(), false
	}
	inv := vm.inv
	if inv != nil {
		inv.Uncharge(c.Charged)
	}
	defer vm.realm.Free(v)
	return vm.callPrelude(vm.settle, quickjs.Int(c.id), quickjs.Bool(ok), v)
}

// recycle prepares the VM for another event, and reports whether it can serve one. Only a module that is fit keeps its state.
func (vm *VM) recycle(inv *Invocation, fit bool) bool {
	if vm.served >= vm.engine.config.Limits(vm.pool.app).RequestsPerVM {
		return false
	}
	if fit && vm.program.Style == compile.StyleModule && !vm.IsDead() && vm.callPrelude(vm.reset) == nil {
		// A heap does not shrink. One that was much larger than now, or is nearly full, is given up.
		if used := vm.Memory(); used < vm.maxMemory*3/4 && vm.ledger.held <= 2*used+modestVM {
			return true
		}
	}
	inv.sendEarly()
	vm.Disarm() // no code of the script runs from here on
	return vm.restore()
}

// restore makes the VM as it was before its first event, whatever state it is in.
func (vm *VM) restore() bool {
	vm.env, vm.loaded = nil, false
	return vm.realm.Restore(vm.template.saved)
}
