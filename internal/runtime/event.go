package runtime

import (
	"context"

	"fazt/internal/quickjs"
)

// Event is what an invocation hands to a function.
type Event interface {
	// Begin hands the event to the script in vm. The script gives its result, or fails, now or later.
	Begin(vm *VM, inv *Invocation) error
}

// Exchange is an event that is answered while its function may still be running, and whose sender may be slow. The traffic with
// the sender is in Invocation.Traffic.
type Exchange interface {
	Event
	// Admitted is called when there is a VM for the event. An error ends the invocation before the script sees it.
	Admitted() error
	// Waits is called each time the script begins to wait.
	Waits()
	// Responded is called when the response is there while the script still runs; it must not block.
	Responded()
	// Abandoned is called when nothing ends the script, with a lock held that all invocations need. What it returns
	// runs afterwards, in a goroutine of its own.
	Abandoned() (answer func())
}

// Traffic is what moves between the sender of an event and its function while that runs. The zero value is that of an event
// without any. Only the goroutine of the invocation uses it.
type Traffic struct {
	Whole     int64 // bytes of the input that the script may take at once
	Reading   bool  // the script waits for a piece of the input
	Arriving  bool  // and that comes from the sender: the read will tell if they leave
	InputErr  error // why the input did not arrive; not the fault of the script
	Streaming bool  // pieces of the response are still to come
	Writing   bool  // one of them is being sent
	Piece     int   // its size, or that of the last one
	OutputErr error // why no more pieces will come
}

// Result is the result of an event that is not an Exchange: JSON.
type Result []byte

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
