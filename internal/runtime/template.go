package runtime

import (
	"fmt"
	"strings"
	"sync"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/compile"
	"fazt/internal/system"
)

// template is a realm that is ready for its first event. VMs are made of it, and restored to it.
type template struct {
	saved *quickjs.Saved
	handlers
	code quickjs.Value // of a script, ready to run
}

// handlers are the functions of the prelude that the host calls.
type handlers struct{ dispatch, preload, begins, invoke, settle, fire, prepare, classic, fail, setEnv, reset, leave, inspect quickjs.Value }

// memo keeps the result of a function that succeeded; after a failure, the next call tries again.
type memo[T any] struct {
	mu    sync.Mutex
	value *T
}

func (m *memo[T]) get(make func() (*T, error)) (_ *T, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.value == nil {
		m.value, err = make()
	}
	return m.value, err
}

// template returns the template of the VMs of p: for modules, a realm with the web-standard API; for a script, that with its
// code, and the standard modules that it requires, loaded.
func (e *Engine) template(p *pool, limits system.Runtime) (*template, error) {
	base, err := e.base.get(e.makeBase)
	if err != nil || p.program.Style == compile.StyleModule {
		return base, err
	}
	return p.ready.get(func() (*template, error) { return e.makeReady(base, p.program, limits) })
}

// makeBase makes a realm with the web-standard API.
func (e *Engine) makeBase() (*template, error) {
	i, err := quickjs.New(64<<20, 512<<10) // a fraction is needed
	if err != nil {
		return nil, errs.Wrap(errs.Unavailable, err, "not enough memory for another VM")
	}
	defer i.Close()
	r, err := i.NewRealm()
	if err != nil {
		return nil, err
	}
	vm := &VM{Isolate: i, engine: e, realm: r}
	if err := vm.runPrelude(); err != nil {
		return nil, fmt.Errorf("prelude: %w", err)
	}
	return &template{saved: r.Save(), handlers: vm.handlers}, nil
}

// runPrelude makes the web-standard API.
func (vm *VM) runPrelude() error {
	r := vm.realm
	prelude, err := vm.engine.prelude()
	if err != nil {
		return err
	}
	setup, err := r.Run(prelude)
	if err != nil {
		return err
	}
	defer r.Free(setup)
	host := r.NewObject()
	defer r.Free(host)
	for n, fn := range vm.hostFuncs() {
		name := vm.engine.host[n].name
		r.Set(host, name, r.NewFunction(name, fn))
	}
	api, err := r.Call(setup, host)
	if err != nil {
		return err
	}
	defer r.Free(api)
	for name, into := range map[string]*quickjs.Value{
		"dispatch": &vm.dispatch, "start": &vm.begins, "invoke": &vm.invoke, "settle": &vm.settle, "fire": &vm.fire, "prepare": &vm.prepare,
		"classic": &vm.classic, "fail": &vm.fail, "env": &vm.setEnv, "reset": &vm.reset, "leave": &vm.leave, "preload": &vm.preload, "inspect": &vm.inspect,
	} {
		*into = r.Get(api, name)
	}
	return nil
}

// makeReady loads what a script is known to need: its code, and the standard modules it requires.
func (e *Engine) makeReady(base *template, p *compile.Program, limits system.Runtime) (*template, error) {
	vm := &VM{engine: e, program: p, maxMemory: limits.MaxMemory, maxStack: limits.MaxStack}
	if err := vm.start(base); err != nil {
		return nil, err
	}
	defer vm.Close()
	code, err := vm.realm.Read(p.Bytecode)
	if err != nil {
		return nil, err
	}
	if len(p.Standard) > 0 {
		names := vm.realm.NewString(strings.Join(p.Standard, ","))
		err := vm.callPrelude(vm.preload, names)
		vm.realm.Free(names)
		if err != nil {
			return nil, err
		}
	}
	return &template{saved: vm.realm.Save(), handlers: base.handlers, code: code}, nil
}

// start gives the VM its realm.
func (vm *VM) start(t *template) error {
	r, err := t.saved.New(vm.maxMemory, vm.maxStack, vm.hostFuncs())
	if err != nil {
		return errs.Wrap(errs.Unavailable, err, "not enough memory for another VM")
	}
	vm.Isolate, vm.realm, vm.template, vm.handlers, vm.code = r.Isolate, r, t, t.handlers, t.code
	r.Inspect = vm.inspect
	return nil
}
