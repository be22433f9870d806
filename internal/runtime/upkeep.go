package runtime

import (
	"context"
	"math"
	"slices"
	"time"
)

// Run ends VMs that were not needed for a while, and abandons invocations that nothing ends, until ctx ends; then it ends
// all VMs, waiting for busy ones.
func (e *Engine) Run(ctx context.Context) error {
	look, tick := time.NewTicker(lookEvery), time.NewTicker(time.Second)
	defer look.Stop()
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			e.shutdown()
			e.localizer.End()
			e.late.Wait()
			return nil
		case <-look.C:
			e.endStuck()
		case now := <-tick.C:
			e.budget()
			e.dropIdle(now.Add(-time.Duration(e.config.Limits("").IdleVM) * time.Second))
			e.dropSpare(now.Add(-spareFor))
			e.dropExcess()
		}
	}
}

// budget puts in force what all VMs may hold together.
func (e *Engine) budget() {
	limit := e.config.Limits("").VMMemory
	if limit == 0 { // no limit
		limit = math.MaxInt64 / 2
	}
	if e.config.Memory != nil {
		limit = min(limit, e.config.Memory())
	}
	e.memory.max.Store(limit)
}

// Reconsider puts in force at once what all VMs may hold together, and admits the requests that waited for it.
func (e *Engine) Reconsider() {
	e.budget()
	e.memory.wake()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.admitAll()
}

// Wanting reports whether a request waits that could go on with more memory.
func (e *Engine) Wanting() bool {
	if e.memory.waits.Load() > 0 {
		return true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range e.queue {
		if limits := e.config.Limits(w.pool.app); e.vms < limits.VMs && e.vmsByApp[w.pool.app] < limits.VMsPerApp {
			return true
		}
	}
	return false
}

// dropIdle ends VMs that were used before the given time.
func (e *Engine) dropIdle(before time.Time) {
	var old []*VM
	e.mu.Lock()
	for _, p := range e.pools {
		n := 0
		for n < len(p.idle) && p.idle[n].lastUsed.Before(before) {
			n++
		}
		old = e.retire(old, p, n)
	}
	e.signalEmpty()
	e.mu.Unlock()
	for _, vm := range old {
		vm.close()
	}
}

const (
	// spareFor is how long VMs are kept that a deployment has in addition to its warmest: a burst has made them, and a fresh
	// one costs a third of a millisecond.
	spareFor = 5 * time.Second
	// maxWarm is how many deployments keep one for longer, and warmBytes how much such a VM may hold.
	maxWarm   = 8
	warmBytes = 4 << 20
)

// dropSpare ends VMs that were used before the given time, and are more than there need to be when nothing happens.
func (e *Engine) dropSpare(before time.Time) {
	var spare []*VM
	e.mu.Lock()
	var warm []*pool // with one left
	for _, p := range e.pools {
		n := 0
		for n < len(p.idle) && p.idle[n].lastUsed.Before(before) && (n < len(p.idle)-1 || p.idle[n].ledger.held > warmBytes) {
			n++
		}
		spare = e.retire(spare, p, n)
		for _, vm := range p.idle {
			if vm.lastUsed.Before(before) {
				vm.Trim()
			}
		}
		if len(p.idle) == 1 && p.idle[0].lastUsed.Before(before) {
			warm = append(warm, p)
		}
	}
	if len(warm) > maxWarm {
		slices.SortFunc(warm, func(a, b *pool) int { return a.idle[0].lastUsed.Compare(b.idle[0].lastUsed) })
		for _, p := range warm[:len(warm)-maxWarm] {
			spare = e.retire(spare, p, 1)
		}
	}
	e.signalEmpty()
	e.mu.Unlock()
	for _, vm := range spare {
		vm.close()
	}
}

// dropExcess puts changed limits on VMs in force where no request does: it ends idle ones above them, and gives
// requests that wait the room there is now.
func (e *Engine) dropExcess() {
	var excess []*VM
	e.mu.Lock()
	for _, p := range e.pools {
		limits := e.config.Limits(p.app)
		for e.overLimit(p, limits) {
			vm := e.evict(p, limits, true)
			if vm == nil {
				break
			}
			excess = append(excess, vm)
		}
	}
	e.admitAll()
	e.signalEmpty()
	e.mu.Unlock()
	for _, vm := range excess {
		vm.close()
	}
}

// retire adds the first n idle VMs of a pool to the list of those to be closed. The lock is held.
func (e *Engine) retire(list []*VM, p *pool, n int) []*VM {
	list = append(list, p.idle[:n]...)
	for _, vm := range p.idle[:n] {
		vm.uncount()
	}
	p.idle = p.idle[n:]
	e.addVMs(p, -n)
	if p.count == 0 && n > 0 && e.pools[p.deployment] == p {
		delete(e.pools, p.deployment)
	}
	for range n {
		e.admitNext()
	}
	return list
}

// Drop ends the VMs of a deployment that is no longer served: idle ones now, busy ones when they finish.
func (e *Engine) Drop(deployment string) {
	e.mu.Lock()
	p := e.pools[deployment]
	var idle []*VM
	if p != nil {
		idle, p.idle = p.idle, nil
		e.addVMs(p, -len(idle))
		delete(e.pools, deployment)
		for range idle {
			e.admitNext()
		}
		e.signalEmpty()
	}
	e.mu.Unlock()
	for _, vm := range idle {
		vm.close()
	}
}

// shutdown ends every VM, waiting for those that serve.
func (e *Engine) shutdown() {
	e.mu.Lock()
	empty := make(chan struct{})
	e.empty = empty
	e.signalEmpty()
	e.mu.Unlock()
	e.dropIdle(time.Now().Add(time.Hour))
	for {
		select {
		case <-empty:
			return
		case <-time.After(20 * time.Millisecond): // VMs that served came back as idle
			e.endStuck()
			e.dropIdle(time.Now().Add(time.Hour))
		}
	}
}
