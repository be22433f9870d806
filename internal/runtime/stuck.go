package runtime

import (
	"time"

	"fazt/internal/quickjs"
)

const (
	lookEvery = 100 * time.Millisecond // for invocations that keep running after their deadline
	killAfter = 50 * time.Millisecond  // after the deadline; scripts that can be interrupted have stopped by then

	// A deployment with this many abandoned invocations within abandonedWithin is stopped.
	maxAbandoned    = 3
	abandonedWithin = time.Minute
)

// endStuck ends invocations that keep running after their deadline. The engine checks its clock between the steps of a script, and
// some steps are endless: a search through an object that claims to have 2^53 members. Such an invocation is killed, which
// ends it at the next turn of any loop in the engine. That does not end a host function: such an invocation is abandoned. It
// keeps running, but the VM and the processor it held go to others, and its visitor gets a response.
func (e *Engine) endStuck() {
	now := quickjs.Monotonic()
	var left []*Invocation
	var answers []func()
	var final []bool
	var idle []*VM
	e.mu.Lock()
	for vm, inv := range e.busy {
		if inv.state.Load() != holdsProcessor {
			continue
		}
		ends := vm.Ends()
		if ends == 0 {
			ends = inv.ends.Load()
		}
		late := time.Duration(now - max(ends, inv.processorSince.Load()))
		if late >= killAfter && vm.Kill() {
			e.stats.Killed++
		}
		if late < e.stuckAfter || !inv.state.CompareAndSwap(holdsProcessor, abandoned) {
			continue
		}
		e.releaseHolder(inv)
		e.memory.finished(inv)
		stopped, more := e.abandon(vm, now)
		left, final, idle = append(left, inv), append(final, stopped), append(idle, more...)
		if inv.exchange == nil {
			close(inv.lost)
		} else {
			answers = append(answers, inv.exchange.Abandoned()) // before the invocation can end, which waits for it
		}
	}
	e.mu.Unlock()
	for _, vm := range idle {
		vm.close()
	}
	for i, inv := range left {
		inv.returnProcessor()
		e.reportAbandoned(inv, final[i])
	}
	for _, answer := range answers {
		e.late.Go(answer) // it may be read slowly
	}
}

// abandon removes a VM from all counts, and reports whether its deployment is stopped now; the caller closes its idle VMs. The
// lock is held.
func (e *Engine) abandon(vm *VM, now int64) (stopped bool, idle []*VM) {
	p := vm.pool
	delete(e.busy, vm)
	gone := 1
	p.abandoned = append(p.abandoned, now)
	if n := len(p.abandoned) - maxAbandoned; !p.stopped && n >= 0 && now-p.abandoned[n] <= int64(abandonedWithin) {
		stopped = true
		idle, p.idle, p.stopped = p.idle, nil, true
		gone += len(idle)
	}
	e.addVMs(p, -gone)
	e.stats.Busy--
	e.stats.Abandoned++
	e.stats.Burning++
	for range gone {
		e.admitNext()
	}
	e.signalEmpty()
	return stopped, idle
}

func (e *Engine) reportAbandoned(inv *Invocation, final bool) {
	e.config.Log.Error("an invocation could not be stopped and was abandoned", "app", inv.fn.AppName, "deployment", inv.fn.Number, "request_id", inv.fn.RequestID, "deployment_stopped", final)
	message := "this call could not be stopped at its deadline: it is in a built-in function that does not return."
	if final {
		message += " This has happened several times, so the deployment was stopped. Deploy a fixed version, or try again with `fazt app resume`."
	}
	e.config.Console.WriteLine(Line{
		AppID: inv.fn.AppID, Deployment: inv.fn.Deployment, Number: inv.fn.Number, RequestID: inv.fn.RequestID, Level: "error", Time: time.Now(), Message: message,
	})
	if e.config.Stopped != nil {
		e.config.Stopped(Stop{Function: inv.fn, Limit: "abandoned", Err: quickjs.ErrDeadline, Final: final})
	}
}

// Resume lets a stopped deployment run again.
func (e *Engine) Resume(deployment string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p := e.pools[deployment]; p != nil {
		p.stopped, p.abandoned = false, nil
	}
}

// ended is deferred while a VM runs: it recovers from the panic of a VM that was killed.
func (inv *Invocation) ended(vm *VM) {
	if !vm.Trapped() {
		return
	}
	if recover() == nil || inv.outcome != nil || inv.responded {
		return
	}
	inv.outcome = vm.Overtime()
	inv.engine.reportStop(inv.fn, inv.outcome)
	inv.Print("error", inv.outcome.Error()+": it was in a built-in function that did not return")
}
