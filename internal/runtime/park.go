package runtime

import (
	"slices"
	"time"

	"fazt/internal/share"
)

// An invocation whose body or answer is a stream waits most of its time: for its visitor, for the next event. Its VM has work
// of its own to remember and cannot serve another; but it gives its place among the VMs to one that can, and is
// parked: counted by the memory it holds, which does not change while it waits. Before it goes on it takes a place again.
// When there is no memory left for more that wait, those of the client who has the most of it are cut off.

const (
	// parkAfter is how long a stream waits before it is parked: one that moves keeps its place. One that was parked before
	// waits a tenth of that.
	parkAfter = 20 * time.Millisecond
	// parkedBase is what a VM that is parked holds in addition to its memory: pages that are free, the connection, stacks.
	parkedBase = 256 << 10
)

// awaken is what ends a wait.
type awaken struct {
	timer          <-chan time.Time
	gone, stopping <-chan struct{}
}

// sleep waits, without a processor, until something has ended that ran alongside the VM, or something else of w is.
// What it gives has an id when something ended; leaves says that the visitor does not wait any more, or is not to.
func (inv *Invocation) sleep(vm *VM, w awaken) (c completion, leaves bool, err error) {
	var long <-chan time.Time
	if inv.hasStreamTime {
		after := parkAfter
		if inv.wasParked {
			after /= 10
		}
		t := time.NewTimer(after)
		defer t.Stop()
		long = t.C
	}
	inv.releaseProcessor()
	inv.opened()
	defer inv.acquireProcessor()
	for {
		select {
		case <-w.timer:
		case c = <-inv.finished:
		case <-w.gone:
			leaves = true
		case <-w.stopping:
			leaves = true
		case <-inv.ctx.Done():
		case <-long:
			if err = inv.park(vm); err == nil {
				continue
			}
		case <-inv.reclaimed:
			err = errCrowded
		}
		if back := inv.unpark(vm, err == nil); err == nil {
			err = back
		}
		return c, leaves, err
	}
}

// park gives the place of m to others, if there is memory for one more that waits.
func (inv *Invocation) park(vm *VM) error {
	size := vm.Memory() + parkedBase + inv.visit.pieceSize()
	inv.reclaimed = make(chan struct{}, 1)
	robbed := inv.reclaimed
	inv.parked = inv.engine.streams.Take(inv.fn.holder(), size, inv.limits.StreamMemory, func() { robbed <- struct{}{} })
	if inv.parked == nil {
		inv.engine.crowded.Add(1)
		return errCrowded
	}
	inv.wasParked = true
	if gate := inv.fn.Admission; gate != nil {
		gate.Leave(&inv.fn)
	}
	vm.ledger.reserve(0)
	e := inv.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	e.addVMs(vm.pool, -1)
	vm.pool.count++ // it stays one of its deployment
	e.parkedVMs++
	e.stats.Busy--
	e.admitNext()
	return nil
}

// unpark takes a place for m again. One that goes on waits for it like a newcomer; what only ends takes it at once.
func (inv *Invocation) unpark(vm *VM, goesOn bool) (err error) {
	if inv.parked == nil {
		return nil
	}
	e, p := inv.engine, vm.pool
	w, victims := e.resume(p, inv.fn.holder(), goesOn)
	for _, v := range victims {
		v.close()
	}
	if w != nil {
		select {
		case <-w.ready:
		case <-inv.ctx.Done():
			e.resumeNow(w)
		case <-inv.reclaimed:
			e.resumeNow(w)
			err = errCrowded
		}
	}
	e.mu.Lock()
	p.count-- // it was counted again with its place
	e.parkedVMs--
	e.mu.Unlock()
	inv.parked.Release()
	inv.parked, inv.reclaimed = nil, nil
	if gate := inv.fn.Admission; gate != nil {
		gate.Return(&inv.fn)
	}
	return err
}

// resume takes a place for a parked VM. With waits it queues for one if none is free.
func (e *Engine) resume(p *pool, h share.Holder, waits bool) (w *waiter, victims []*VM) {
	e.mu.Lock()
	defer e.mu.Unlock()
	limits := e.config.Limits(h.App)
	if !e.hasRoom(p, limits, 0) {
		if v := e.evict(p, limits, true); v != nil {
			victims = append(victims, v)
		}
	}
	if waits && !e.hasRoom(p, limits, 0) {
		w = &waiter{pool: p, holder: h, ready: make(chan *VM, 1), resumes: true}
		e.queue = append(e.queue, w)
		return w, victims
	}
	e.addVMs(p, 1)
	e.stats.Busy++
	return nil, victims
}

// resumeNow is the end of a wait for a place: an invocation that is about to end takes it even if none is free.
func (e *Engine) resumeNow(w *waiter) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if i := slices.Index(e.queue, w); i >= 0 {
		e.queue = slices.Delete(e.queue, i, i+1)
		e.addVMs(w.pool, 1)
		e.stats.Busy++
	}
}
