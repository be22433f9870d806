package runtime

import (
	"context"
	"slices"
	"time"

	"fazt/internal/quickjs"
	"fazt/internal/runtime/sched"
	"fazt/internal/share"
	"fazt/internal/system"
	"fazt/internal/timeout"
)

// An invocation with a streamed body or response spends most of its time waiting. Its VM keeps its state and cannot serve another
// event, but it gives up its place among the VMs and is parked: counted by the memory it holds, which does not change while it
// waits. Before it continues, it takes a place again. When there is no memory left for parked VMs, those of the client that
// holds the most are cut off.

const (
	// parkAfter is how long a stream waits before it is parked, so that an active one keeps its place. A stream that was parked
	// before waits a tenth of that.
	parkAfter = 20 * time.Millisecond
	// parkedBase is what a parked VM holds in addition to its memory: free pages, the connection, stacks.
	parkedBase = 256 << 10
	// minStream is the minimum memory of a waiting stream: a VM and what is parked with it.
	minStream = 1 << 20
)

// awaken holds what may end a wait.
type awaken struct {
	timer          <-chan time.Time
	gone, stopping <-chan struct{}
}

// sleep waits, without a processor, until something that ran alongside the VM has ended, or for w. The completion has an id in
// the first case; leaves means that the visitor left or the server stops.
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
	if inv.exchange != nil {
		inv.exchange.Waits()
	}
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
			err = ErrCrowded
		}
		if back := inv.unpark(vm, err == nil); err == nil {
			err = back
		}
		return c, leaves, err
	}
}

// park gives the place of vm to others, if there is memory for one more parked VM.
func (inv *Invocation) park(vm *VM) error {
	size := vm.Memory() + parkedBase + int64(inv.Traffic.Piece)
	inv.reclaimed = make(chan struct{}, 1)
	robbed := inv.reclaimed
	inv.parked = inv.engine.streams.Take(inv.fn.Holder(), size, inv.limits.StreamMemory, func() { robbed <- struct{}{} })
	if inv.parked == nil {
		inv.engine.crowded.Add(1)
		return ErrCrowded
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

// unpark takes a place for vm again. An invocation that goes on waits for one like a newcomer; one that only ends takes it at once.
func (inv *Invocation) unpark(vm *VM, goesOn bool) (err error) {
	if inv.parked == nil {
		return nil
	}
	e, p := inv.engine, vm.pool
	w, victims := e.resume(p, inv.fn.Holder(), goesOn)
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
			err = ErrCrowded
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

// resume takes a place for a parked VM. With waits, it queues if none is free.
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

// resumeNow ends the wait for a place: an invocation that is about to end takes one even if none is free.
func (e *Engine) resumeNow(w *waiter) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if i := slices.Index(e.queue, w); i >= 0 {
		e.queue = slices.Delete(e.queue, i, i+1)
		e.addVMs(w.pool, 1)
		e.stats.Busy++
	}
}

// UseStreamTime gives the invocation the wall time of a stream; its processor time stays the same. It returns the new end of its
// time, unless that is no later.
func (inv *Invocation) UseStreamTime() (ends time.Time, changed bool) {
	if inv.hasStreamTime {
		return ends, false
	}
	inv.hasStreamTime = true
	ends = inv.begun.Add(time.Duration(inv.limits.StreamTimeout) * time.Millisecond)
	if now, _ := inv.ctx.Deadline(); now.After(ends) {
		return ends, false
	}
	ctx, cancel := timeout.With(context.WithoutCancel(inv.caller), time.Until(ends))
	inv.OnEnd(cancel)
	inv.ctx, inv.call.Context = ctx, ctx
	deadline, _ := ctx.Deadline()
	inv.ends.Store(int64(deadline.Sub(quickjs.Began())))
	if inv.vm != nil {
		inv.vm.Arm(deadline)
		inv.vm.ArmCPU(inv.processorSince.Load() + inv.processorTime())
		inv.vm.ArmPause(inv.processorSince.Load() + int64(sched.Slice))
	}
	return ends, true
}

// IsCalm reports whether waiting streams leave half of their memory free.
func (e *Engine) IsCalm(limits system.Runtime) bool {
	taken, _ := e.streams.Taken()
	return taken <= limits.StreamMemory/2
}

// StreamFits reports whether one more stream of f could wait without being cut off.
func (e *Engine) StreamFits(f *Function, limits system.Runtime) bool {
	return e.streams.Fits(f.Holder(), minStream, limits.StreamMemory)
}
