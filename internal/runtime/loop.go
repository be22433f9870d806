package runtime

import (
	"errors"
	"slices"
	"time"

	"fazt/internal/quickjs"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/sched"
)

// grace is how long a VM may take after an invocation to report what went wrong and to forget the event.
const grace = 200 * time.Millisecond

// serve hands the event to the function in vm, and reports whether vm is fit for another event.
func (inv *Invocation) serve(vm *VM) (healthy bool) {
	deadline, _ := inv.ctx.Deadline()
	vm.Arm(deadline)
	vm.ArmCPU(inv.processorSince.Load() + inv.processorTime())
	vm.ArmPause(inv.processorSince.Load() + int64(sched.Slice))
	vm.inv, inv.vm = inv, vm
	defer func() { vm.inv, inv.vm = nil, nil }()
	err := vm.begin(inv)
	if err == nil {
		err = inv.loop(vm)
	}
	if err == nil {
		err = inv.failed
	}
	if starved := vm.starvedError(err); starved != nil {
		err, inv.failed = starved, starved
	}
	if errors.Is(err, quickjs.ErrDeadline) && inv.Traffic.Streaming && inv.ctx.Err() != nil {
		err = errStreamTime
	}
	// A visitor who left, or whose body could not be read, is not the function's fault.
	blameless := err != nil && !errors.Is(err, quickjs.ErrDeadline) && (inv.visitorLeft || inv.Traffic.InputErr != nil) || errors.Is(err, ErrCrowded)
	if blameless && inv.Traffic.InputErr != nil {
		err = inv.Traffic.InputErr
	}
	inv.outcome = err
	if err != nil {
		inv.engine.reportStop(inv.fn, err)
	}
	inv.vm = nil
	vm.Arm(time.Now().Add(grace)) // what follows may run code of the script, so it needs a deadline of its own
	if inv.Traffic.Streaming && !inv.visitorLeft && inv.hasLeft(vm, err) == nil {
		_ = vm.realm.RunJobs()
	}
	inv.logRejections(vm)
	switch {
	case err != nil && !blameless:
		inv.logFailure(vm, err)
	case inv.Traffic.OutputErr != nil && !inv.visitorLeft:
		inv.logFailure(vm, inv.Traffic.OutputErr)
	}
	if isCutOff(err) || errors.Is(err, errStarved) || inv.halted && vm.program.Style == compile.StyleModule {
		return false
	}
	// What a request left unsettled in a module would continue during the next one, and could respond to it.
	settled := (inv.responded || inv.failed != nil) && inv.waitUntil == 0 && inv.pending == 0 && !inv.Traffic.Reading && !errors.Is(err, errStreamTime)
	return settled || vm.program.Style != compile.StyleModule
}

// loop drives the VM until the function has responded and what it passed to waitUntil has settled.
func (inv *Invocation) loop(vm *VM) error {
	for {
		if err := vm.realm.RunJobs(); err != nil {
			return err
		}
		if inv.failed != nil && inv.waitUntil == 0 || inv.responded && inv.waitUntil == 0 && inv.pending == 0 && !inv.Traffic.Streaming {
			return nil
		}
		if inv.visitorLeft && inv.waitUntil == 0 && (!inv.responded || inv.Traffic.Streaming) {
			return errLeft
		}
		inv.sendEarly() // what is left goes on without the visitor
		if len(inv.timers) == 0 && inv.pending == 0 && !inv.Traffic.Reading && !inv.Traffic.Writing {
			if inv.Traffic.Streaming {
				return &quickjs.Thrown{Message: "the response was not completed: nothing is pending that could add to its stream"}
			}
			if inv.responded {
				return nil // a promise given to waitUntil that nothing will settle
			}
			if failed := vm.realm.Unhandled(); len(failed) > 0 { // a call whose failure the script did not look at
				return failed[0]
			}
			return &quickjs.Thrown{Message: "the function did not respond: nothing is pending that could settle its promise"}
		}
		if err := inv.wait(vm); err != nil {
			return err
		}
	}
}

// wait sleeps until a timer is due or a host call has finished, without holding a processor, and tells the script.
func (inv *Invocation) wait(vm *VM) error {
	if len(inv.ready) > 0 {
		c := inv.ready[0]
		inv.ready = slices.Delete(inv.ready, 0, 1)
		return inv.completed(vm, c)
	}
	id, due := inv.nextTimer()
	w := awaken{}
	if id != 0 {
		t := time.NewTimer(time.Until(due))
		defer t.Stop()
		w.timer = t.C
	}
	w.gone, w.stopping = inv.departure()
	c, leaves, err := inv.sleep(vm, w)
	switch {
	case err != nil:
		return err
	case c.id != 0:
		return inv.completed(vm, c)
	case leaves:
		return inv.hasLeft(vm, errLeft)
	case inv.ctx.Err() != nil:
		return quickjs.ErrDeadline
	}
	delete(inv.timers, id)
	return vm.callPrelude(vm.fire, quickjs.Int(id))
}

// completed tells the script the outcome of something that ran alongside it.
func (inv *Invocation) completed(vm *VM, c completion) error {
	if c.then == nil {
		inv.pending--
		return vm.settleCall(c)
	}
	left := c.then(c.Err)
	if err := vm.settleCall(c); err != nil || !left || inv.visitorLeft {
		return err
	}
	return inv.hasLeft(vm, errLeft)
}

// hasLeft tells the script that its visitor left, or that it is over for another reason: the signal of the request is
// aborted, and a stream being sent is canceled. The script has to pass what it does about that to waitUntil.
func (inv *Invocation) hasLeft(vm *VM, err error) error {
	inv.visitorLeft = true
	reason := vm.realm.NewError(err)
	defer vm.realm.Free(reason)
	return vm.callPrelude(vm.leave, reason)
}
