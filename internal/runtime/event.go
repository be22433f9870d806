package runtime

import (
	"context"

	"fazt/internal/quickjs"
)

// Event is what an invocation hands to a function.
type Event interface {
	// Begin hands the event to the script, in vm. The script gives its result, or fails, now or later.
	Begin(vm *VM, inv *Invocation) error
}

// Result is what a function gives for an event that is not a request: JSON.
type Result []byte

// Invoke runs a function for an event and returns its result. It waits for a processor and a VM as a request does, and has
// the same limits. Promises that the function gave to waitUntil have settled when it returns.
func (e *Engine) Invoke(ctx context.Context, f Function, event Event) (Result, error) {
	limits := e.config.Limits(f.AppID)
	if err := e.cpu.Admit(f.holder(), queueWait(limits)); err != nil {
		e.countRefusal()
		return nil, err
	}
	inv := &Invocation{lost: make(chan struct{})}
	inv.init(ctx, e, f, limits, event)
	done := make(chan error, 1)
	go func() { // an abandoned script keeps its goroutine
		defer inv.releaseAll()
		_, err := e.perform(inv, limits)
		inv.cancel()
		inv.endHostCalls()
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

// resultFuncs take the result of an event that is not a request.
func resultFuncs() hostTable {
	return hostTable{
		"result": notice(func(inv *Invocation, a args) {
			if inv.visit == nil && !inv.responded && inv.failed == nil {
				inv.responded, inv.result = true, []byte(a.text(0))
			}
		}),
	}
}

// Export is the event of a call of a function that the module exports, with a JSON value.
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
