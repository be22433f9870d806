package runtime

import (
	"fmt"
	"strings"
	"time"
	"unsafe"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/compile"
	"fazt/internal/system"
)

// newVM creates a VM for an invocation of the given size, which is counted as held already.
func (e *Engine) newVM(p *pool, size int64) (*VM, error) {
	limits := e.config.Limits(p.app)
	i, err := quickjs.New(limits.MaxMemory, limits.MaxStack)
	if err != nil {
		e.memory.release(size)
		return nil, errs.Wrap(errs.Unavailable, err, "not enough memory for another VM")
	}
	vm := &VM{Isolate: i, engine: e, pool: p, program: p.program, lastUsed: time.Now(), maxMemory: limits.MaxMemory, maxStack: limits.MaxStack}
	vm.ledger = &ledger{shared: &e.memory, reserved: size, await: vm.awaitMemory}
	i.SetMeter(vm.ledger)
	i.OnPause = func() {
		if vm.inv != nil {
			vm.inv.yield()
		}
	}
	if err := vm.newRealm(); err != nil {
		starved := vm.ledger.starved
		vm.close()
		if starved {
			return nil, errStarved
		}
		return nil, err
	}
	if vm.program.Style == compile.StyleScript {
		vm.saved = vm.realm.Save()
	}
	return vm, nil
}

// matches reports whether the VM was created under these limits: those of a heap cannot change.
func (vm *VM) matches(limits system.Runtime) bool {
	return vm.maxMemory == limits.MaxMemory && vm.maxStack == limits.MaxStack
}

// newRealm creates a fresh global object with the web-standard API.
func (vm *VM) newRealm() error {
	r, err := vm.Isolate.NewRealm()
	if err != nil {
		return errs.Wrap(errs.Unavailable, err, "not enough memory for another VM")
	}
	vm.realm, vm.env = r, nil
	prelude, err := vm.engine.prelude()
	if err != nil {
		return fmt.Errorf("prelude: %w", err)
	}
	setup, err := r.Run(prelude)
	if err != nil {
		return fmt.Errorf("prelude: %w", err)
	}
	defer r.Free(setup)
	host := vm.hostObject()
	defer r.Free(host)
	api, err := r.Call(setup, host)
	if err != nil {
		return fmt.Errorf("prelude: %w", err)
	}
	defer r.Free(api)
	for name, into := range map[string]*quickjs.Value{
		"dispatch": &vm.dispatch, "start": &vm.start, "invoke": &vm.invoke, "settle": &vm.settle, "fire": &vm.fire, "prepare": &vm.prepare,
		"classic": &vm.classic, "fail": &vm.fail, "env": &vm.setEnv, "reset": &vm.reset, "leave": &vm.leave,
	} {
		*into = r.Get(api, name)
	}
	if vm.program.Style == compile.StyleScript {
		return vm.makeReady(api)
	}
	return nil
}

// makeReady loads what the script is known to need: its code, and the standard modules it requires.
func (vm *VM) makeReady(api quickjs.Value) (err error) {
	if vm.code, err = vm.realm.Read(vm.program.Bytecode); err != nil || len(vm.program.Standard) == 0 {
		return err
	}
	preload := vm.realm.Get(api, "preload")
	defer vm.realm.Free(preload)
	names := vm.realm.NewString(strings.Join(vm.program.Standard, ","))
	defer vm.realm.Free(names)
	return vm.callPrelude(preload, names)
}

func (vm *VM) closeRealm() {
	if vm.realm == nil {
		return
	}
	for _, v := range []*quickjs.Value{&vm.dispatch, &vm.start, &vm.invoke, &vm.settle, &vm.fire, &vm.prepare, &vm.classic, &vm.fail, &vm.setEnv, &vm.reset, &vm.leave, &vm.code} {
		vm.realm.Free(*v)
		*v = quickjs.Undefined()
	}
	vm.realm.Close()
	vm.realm = nil
}

func (vm *VM) close() {
	if vm.IsDead() { // its memory goes as one piece
		vm.realm = nil
	}
	vm.closeRealm()
	vm.Isolate.Close()
	vm.uncount()
}

// begin prepares the realm and hands the event to the script.
func (vm *VM) begin(inv *Invocation) error {
	vm.served++
	if err := vm.setEnvironment(inv.fn.Env); err != nil {
		return err
	}
	if vm.program.Style == compile.StyleModule && vm.served == 1 {
		if err := vm.loadModule(); err != nil {
			vm.served = 0
			return err
		}
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
	return vm.callPrelude(vm.start)
}

// setEnvironment updates the environment of the realm if it changed.
func (vm *VM) setEnvironment(env *Env) error {
	if env == vm.env && vm.env != nil {
		return nil
	}
	vm.env = env
	text := "{}"
	if env != nil {
		text = env.json()
	}
	v := vm.realm.NewString(text)
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
		v = c.Value(vm.realm)
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

// recycle prepares the VM for another event, and reports whether it can serve one: what the last event left behind is gone, and
// its memory is not near the limit. The visitor already has the response.
func (vm *VM) recycle(inv *Invocation) bool {
	limits := vm.engine.config.Limits(vm.pool.app)
	if vm.served >= limits.RequestsPerVM {
		return false
	}
	if vm.program.Style == compile.StyleModule {
		return vm.callPrelude(vm.reset) == nil && vm.Memory() < vm.maxMemory*3/4
	}
	inv.sendEarly()
	vm.Disarm() // no code of the script runs from here on
	if vm.saved != nil {
		vm.realm.Restore(vm.saved)
		vm.env = nil
		return true
	}
	vm.closeRealm() // a script gets a fresh realm for every event
	return vm.newRealm() == nil && vm.Memory() < vm.maxMemory*3/4
}
