package runtime

import (
	"context"
	"math"
	"slices"
	"time"
)

// Run closes VMs that were not needed for a while and abandons stuck invocations until ctx ends; then it closes all VMs,
// waiting for busy ones.
func (e *Engine) Run(ctx context.Context) error {
	look, tick := time.NewTicker(lookEvery), time.NewTicker(time.Second)
	defer look.Stop()
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			e.shutdown()
			e.late.Wait()
			return nil
		case <-look.C:
			e.endStuck()
		case now := <-tick.C:
			_, _ = e.base.get(e.makeBase) // so that the first request need not wait for it
			e.budget()
			e.dropIdle(now.Add(-time.Duration(e.config.Limits("").IdleVM) * time.Second))
			e.dropSpare(now.Add(-spareFor))
			e.dropExcess()
		}
	}
}

// budget applies the limit on the memory of all VMs.
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

// Reconsider applies a changed limit on the memory of all VMs at once, and admits the requests that waited for it.
func (e *Engine) Reconsider() {
	e.budget()
	e.memory.wake()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.admitAll()
}

// Wanting reports whether a request is waiting for memory.
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

// dropIdle closes VMs last used before the given time.
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
	// spareFor is how long a deployment keeps idle VMs in addition to its warmest: a burst created them, and a fresh one costs
	// a third of a millisecond.
	spareFor = 5 * time.Second
	// maxWarm is the number of deployments that keep one for longer, and warmBytes the maximum size of such a VM.
	maxWarm   = 8
	warmBytes = 4 << 20
)

// dropSpare closes VMs last used before the given time that are not needed in quiet times.
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

// dropExcess applies changed limits on VMs without waiting for a request: it closes idle ones above the limits and gives
// the room to waiting requests.
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

// retire moves the first n idle VMs of a pool to the list of VMs to close. The lock is held.
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

// Drop closes the VMs of a deployment that is no longer served: idle ones now, busy ones when they finish.
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

// shutdown closes every VM, waiting for busy ones.
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
