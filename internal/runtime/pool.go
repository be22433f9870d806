package runtime

import (
	"context"
	"slices"
	"time"

	"fazt/internal/errs"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/sched"
	"fazt/internal/share"
	"fazt/internal/system"
)

// pool returns the pool of a deployment. The first request loads the program.
func (e *Engine) pool(ctx context.Context, f Function) (*pool, error) {
	e.mu.Lock()
	p, ok := e.pools[f.Deployment]
	if !ok {
		p = &pool{app: f.AppID, deployment: f.Deployment, loaded: make(chan struct{})}
		e.pools[f.Deployment] = p
	}
	e.mu.Unlock()
	if !ok {
		p.program, p.err = e.load(context.WithoutCancel(ctx), f)
		if p.err != nil {
			e.forget(p) // the next request tries again
		}
		close(p.loaded)
	}
	select {
	case <-p.loaded: // nearly always; waiting for ctx costs a timer
		return p, p.err
	default:
	}
	select {
	case <-p.loaded:
		return p, p.err
	case <-ctx.Done():
		return nil, sched.NotBegun(ctx)
	}
}

// load reads the program, and recompiles it if the engine has changed since the deploy.
func (e *Engine) load(ctx context.Context, f Function) (*compile.Program, error) {
	p, err := f.Load(ctx)
	if err != nil || p.Engine == compile.EngineVersion {
		return p, err
	}
	if e.config.Assemble == nil {
		return nil, errs.New(errs.Unsupported, "the function was compiled for another version of Fazt; deploy it again")
	}
	fresh := *p
	if fresh.Bytecode, err = e.config.Assemble(ctx, f.AppID, &fresh); err != nil {
		return nil, err
	}
	fresh.Engine = compile.EngineVersion
	return &fresh, nil
}

func (e *Engine) forget(p *pool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pools[p.deployment] == p {
		delete(e.pools, p.deployment)
	}
}

// acquire returns a VM of the deployment: a warm one, a new one, or the next that becomes free in time.
func (e *Engine) acquire(inv *Invocation, limits system.Runtime) (*VM, error) {
	p, err := e.pool(inv.ctx, inv.fn)
	if err != nil {
		return nil, err
	}
	size := min(p.expectedMemory(limits.MaxMemory), e.memory.max.Load()) // one alone is served, but not beyond the limit
	if whole := inv.Traffic.Whole; whole > 0 {                           // as text it is there twice for a moment
		size = max(size, 2*whole+modestVM)
	}
	vm, victims, w, err := e.acquireNow(p, inv.fn.Holder(), limits, size)
	for _, victim := range victims {
		victim.close()
	}
	switch {
	case err != nil:
		return nil, err
	case vm != nil:
	case w == nil:
		vm, err = e.createVM(p, size)
	default:
		vm, err = e.wait(inv, w, limits)
	}
	if err == nil && !vm.matches(limits) {
		vm.close() // the next has its place
		vm, err = e.createVM(p, size)
	}
	if err != nil {
		return nil, err
	}
	inv.vmSince = time.Now()
	e.mu.Lock()
	e.busy[vm] = inv
	e.vmsByHolder[inv.fn.Holder()]++
	e.mu.Unlock()
	return vm, nil
}

// acquireNow returns a warm VM, or nil = permission to create one, or else a place in the queue. The caller closes the victims, which
// made room or exceed lowered limits. The memory that an invocation of this size needs counts as held from now on.
func (e *Engine) acquireNow(p *pool, h share.Holder, limits system.Runtime, size int64) (vm *VM, victims []*VM, w *waiter, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p.stopped {
		return nil, nil, nil, ErrStopped
	}
	for e.overLimit(p, limits) {
		victim := e.evict(p, limits, true)
		if victim == nil {
			break
		}
		victims = append(victims, victim)
	}
	want := waiter{pool: p, holder: h, size: size}
	for !e.canServe(&want) {
		victim := e.evict(p, limits, false)
		if victim == nil {
			w = &waiter{pool: p, holder: h, size: size, ready: make(chan *VM, 1)}
			e.queue = append(e.queue, w)
			return nil, victims, w, nil
		}
		victims = append(victims, victim)
	}
	return e.allocate(&want), victims, nil, nil
}

// canServe reports whether a request can have an idle VM now, or room for one. The lock is held.
func (e *Engine) canServe(w *waiter) bool {
	if n := len(w.pool.idle); n > 0 && !w.resumes {
		return e.fits(w, w.pool.idle[n-1])
	}
	return e.hasRoom(w.pool, e.config.Limits(w.pool.app), w.size)
}

// fits reports whether there is memory for what an invocation of w would need in vm in addition to what vm holds. A single
// invocation is always served. The lock is held.
func (e *Engine) fits(w *waiter, vm *VM) bool {
	return e.stats.Busy == 0 || e.canReserve(max(0, w.size-vm.ledger.held))
}

// hasRoom reports whether one more VM may be created in p for an invocation of this size, under the limits of its app. The lock
// is held.
func (e *Engine) hasRoom(p *pool, limits system.Runtime, size int64) bool {
	return e.vms < limits.VMs && e.vmsByApp[p.app] < limits.VMsPerApp && (e.vms == 0 || e.canReserve(size))
}

// canReserve reports whether size more bytes can be reserved, and no running invocation waits for memory.
func (e *Engine) canReserve(size int64) bool {
	limit := e.memory.max.Load()
	if size > modestVM {
		if e.memory.waits.Load() > 0 {
			return false
		}
		limit -= limit / modestPart
	}
	return e.memory.held.Load()+size <= limit
}

// allocate takes what canServe found for a request: the VM, or nil = room for one. The lock is held.
func (e *Engine) allocate(w *waiter) (vm *VM) {
	p := w.pool
	if n := len(p.idle); n > 0 && !w.resumes {
		vm, p.idle = p.idle[n-1], p.idle[:n-1]
		vm.ledger.reserve(w.size)
	} else {
		e.addVMs(p, 1)
		e.memory.held.Add(w.size)
	}
	e.stats.Busy++
	return vm
}

// evict removes the VM that was idle longest, to make room in p: one of another deployment or, with itself, of p; one of the same
// app if that has reached its limit. The lock is held.
func (e *Engine) evict(p *pool, limits system.Runtime, itself bool) *VM {
	own := e.vmsByApp[p.app] >= limits.VMsPerApp
	var from *pool
	for _, other := range e.pools {
		if len(other.idle) == 0 || own && other.app != p.app || other == p && !itself {
			continue
		}
		if from == nil || other.idle[0].lastUsed.Before(from.idle[0].lastUsed) {
			from = other
		}
	}
	if from == nil {
		return nil
	}
	vm := from.idle[0]
	from.idle = from.idle[1:]
	e.addVMs(from, -1)
	vm.uncount()
	return vm
}

// overLimit reports whether there are too many VMs, because the limits were lowered. The lock is held.
func (e *Engine) overLimit(p *pool, limits system.Runtime) bool {
	return e.vms > limits.VMs || e.vmsByApp[p.app] > limits.VMsPerApp
}

// addVMs counts n more VMs of p. The lock is held.
func (e *Engine) addVMs(p *pool, n int) {
	p.count += n
	e.vms += n
	if e.vmsByApp[p.app] += n; e.vmsByApp[p.app] == 0 {
		delete(e.vmsByApp, p.app)
	}
}

// createVM creates the VM that acquireNow reserved room for.
func (e *Engine) createVM(p *pool, size int64) (*VM, error) {
	vm, err := e.newVM(p, size)
	if err != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.releaseRoom(p)
	}
	return vm, err
}

// releaseRoom gives the room for a VM of p that is not created to others. The lock is held.
func (e *Engine) releaseRoom(p *pool) {
	e.addVMs(p, -1)
	e.stats.Busy--
	e.admitAll()
	e.signalEmpty()
}

// wait returns the VM that a queued request gets, or creates in the room it gets. It holds no processor meanwhile.
func (e *Engine) wait(inv *Invocation, w *waiter, limits system.Runtime) (vm *VM, err error) {
	timer := time.NewTimer(queueWait(limits))
	defer timer.Stop()
	inv.joinLine()
	inv.releaseProcessor()
	select {
	case vm = <-w.ready:
	case <-inv.caller.Done():
		err = errLeft
	case <-inv.ctx.Done():
		err = sched.NotBegun(inv.ctx)
	case <-timer.C:
		err = sched.Busy(0)
	}
	inv.acquireProcessor()
	switch {
	case vm != nil:
		return vm, nil
	case err == nil:
		return e.createVM(w.pool, w.size)
	}
	if vm := e.withdraw(w); vm != nil {
		return vm, nil // it arrived at the last moment
	}
	return nil, err
}

// withdraw removes a request from the queue, and returns the VM it got meanwhile.
func (e *Engine) withdraw(w *waiter) *VM {
	e.mu.Lock()
	defer e.mu.Unlock()
	if i := slices.Index(e.queue, w); i >= 0 {
		e.queue = slices.Delete(e.queue, i, i+1)
		e.stats.Refused++
		return nil
	}
	vm := <-w.ready
	if vm == nil { // the room is for the next
		e.stats.Refused++
		e.memory.release(w.size)
		e.releaseRoom(w.pool)
	}
	return vm
}

// release takes a VM back, or closes it if it cannot be used again.
func (e *Engine) release(vm *VM, inv *Invocation, healthy bool) {
	e.mu.Lock()
	if e.busy[vm] == nil { // abandoned, and counted then
		e.stats.Burning--
		e.mu.Unlock()
		vm.close()
		return
	}
	delete(e.busy, vm)
	e.memory.finished(inv)
	e.stats.Runs++
	e.stats.Busy--
	if isCutOff(inv.outcome) {
		e.stats.Interrupted++
	}
	p := vm.pool
	p.learnMemory(vm.ledger)
	vm.ledger.Return()
	vm.ledger.reserve(0)
	keep := healthy && !vm.IsDead() && !p.stopped && e.pools[p.deployment] == p && // not dropped meanwhile
		!e.overLimit(p, e.config.Limits(p.app))
	if keep {
		vm.lastUsed = time.Now()
		passed, ended := e.handOver(vm, p)
		switch {
		case passed:
			e.stats.Busy++
		case ended:
			keep = false
		default:
			p.idle = append(p.idle, vm)
		}
	}
	if !keep {
		e.addVMs(p, -1)
		vm.uncount()
		e.signalEmpty()
	}
	e.admitAll()
	e.releaseHolder(inv) // not before the next was chosen, or one client would have the only VM time after time
	e.mu.Unlock()
	if !keep {
		vm.close()
	}
}

// handOver gives a VM to the request that is served next; ended means that the VM has to close to make room for that request. The
// lock is held.
func (e *Engine) handOver(vm *VM, p *pool) (passed, ended bool) {
	takes := func(w *waiter) bool { return w.pool == p && !w.resumes && e.fits(w, vm) }
	i := e.next(func(w *waiter) bool { return takes(w) || e.makesRoom(vm, w) })
	switch {
	case i < 0:
		return false, false
	case !takes(e.queue[i]):
		return false, true
	}
	vm.ledger.reserve(e.queue[i].size)
	e.queue[i].ready <- vm
	e.queue = slices.Delete(e.queue, i, i+1)
	return true, false
}

// makesRoom reports whether w can only be served if vm closes. The lock is held.
func (e *Engine) makesRoom(vm *VM, w *waiter) bool {
	limits, less := e.config.Limits(w.pool.app), 0
	if w.pool.app == vm.pool.app {
		less = 1
	}
	return !e.canServe(w) && e.vms-1 < limits.VMs && e.vmsByApp[w.pool.app]-less < limits.VMsPerApp && (e.vms == 1 || e.canReserve(w.size-vm.ledger.held))
}

// next returns which queued request that fits is served: of those whose client has the fewest VMs of the app, the one that has
// waited longest. -1 = none. The lock is held.
func (e *Engine) next(fits func(w *waiter) bool) int {
	best, fewest := -1, 0
	for i, w := range e.queue {
		if held := e.vmsByHolder[w.holder]; (best < 0 || held < fewest) && fits(w) {
			best, fewest = i, held
		}
	}
	return best
}

// admitNext gives an idle VM, or room for one, to the next request that could use it. The lock is held.
func (e *Engine) admitNext() (invited bool) {
	i := e.next(e.canServe)
	if i < 0 {
		return false
	}
	w := e.queue[i]
	e.queue = slices.Delete(e.queue, i, i+1)
	w.ready <- e.allocate(w)
	return true
}

func (e *Engine) admitAll() {
	for e.admitNext() {
	}
}

// releaseHolder uncounts an invocation that had a VM. The lock is held.
func (e *Engine) releaseHolder(inv *Invocation) {
	h := inv.fn.Holder()
	if e.vmsByHolder[h]--; e.vmsByHolder[h] == 0 {
		delete(e.vmsByHolder, h)
	}
}

// signalEmpty tells shutdown when no VM is left. The lock is held.
func (e *Engine) signalEmpty() {
	if e.vms+e.parkedVMs == 0 && e.empty != nil {
		close(e.empty)
		e.empty = nil
	}
}
