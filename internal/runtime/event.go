package runtime

import (
	"context"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/compile"
	"fazt/internal/timeout"
)

// Invoke runs a function for an event and returns its result. It waits for a processor and a VM as requests do, and has
// the same limits. Promises that the function passed to waitUntil have settled when it returns.
func (e *Engine) Invoke(ctx context.Context, f Function, event Event) (Result, error) {
	limits := e.Limits(f.AppID)
	if err := e.Admit(&f, limits); err != nil {
		return nil, err
	}
	inv := &Invocation{lost: make(chan struct{})}
	e.Prepare(ctx, inv, f, limits, event)
	done := make(chan error, 1)
	go func() { // an abandoned script keeps its goroutine
		defer inv.Release()
		_, err := inv.Perform()
		inv.Cancel()
		inv.EndHostCalls()
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil {
			err = inv.outcome
		}
		return inv.result, err
	case <-inv.lost:
		return nil, quickjs.ErrDeadline
	}
}

// Perform waits for a processor and a VM, and runs the function there. An error means that the script did not get the event;
// otherwise Outcome returns how it ended.
func (inv *Invocation) Perform() (*compile.Program, error) {
	e, limits := inv.engine, inv.limits
	if gate := inv.fn.Admission; gate != nil {
		if err := gate.Enter(&inv.fn); err != nil {
			timeout.HoldBack(inv.caller)
			return nil, err
		}
		defer gate.Leave(&inv.fn)
	}
	// The processor comes before the VM: a function that never waits then needs no more VMs than there are
	// processors, however many requests come at once.
	if err := inv.acquireFirst(limits); err != nil {
		return nil, err
	}
	vm, err := e.acquire(inv, limits)
	if err == nil && inv.exchange != nil {
		if err = inv.exchange.Admitted(); err != nil {
			e.release(vm, inv, true)
		}
	}
	inv.leaveLine(err == nil)
	if err != nil {
		inv.releaseProcessor()
		if errs.Is(err, errs.Internal) {
			e.config.Log.Error("a function could not be started", "app", inv.fn.AppName, "deployment", inv.fn.Number, "error", err)
		}
		return nil, err
	}
	program := vm.program
	e.work(vm, inv)
	return program, nil
}

// work runs inv in vm and gives vm back.
func (e *Engine) work(vm *VM, inv *Invocation) {
	healthy := false
	defer func() { // also when serving panics
		if vm.IsDead() {
			healthy = vm.recycle(inv, false)
		}
		e.release(vm, inv, healthy)
		inv.releaseProcessor()
	}()
	defer inv.ended(vm)
	if inv.ctx.Err() != nil || inv.caller.Err() != nil { // its time ended in the queue
		inv.outcome, healthy = inv.notBegun(), true
		e.countRefusal()
		return
	}
	healthy = vm.recycle(inv, inv.serve(vm))
}

// Export is the event of calling a function that the module exports, with a JSON value.
type Export struct {
	Name  string
	Value []byte
}

// Begin calls the exported function.
func (c Export) Begin(vm *VM, _ *Invocation) error {
	name, value := vm.realm.NewString(c.Name), vm.realm.NewString(string(c.Value))
	defer vm.realm.Free(name)
	defer vm.realm.Free(value)
	return vm.callPrelude(vm.invoke, name, value)
}
