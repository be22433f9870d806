package runtime

import (
	"runtime"
	"time"

	"fazt/internal/quickjs"
	"fazt/internal/runtime/sched"
	"fazt/internal/system"
)

// acquireFirst acquires the first processor of an invocation, or refuses it if none becomes free in time.
func (inv *Invocation) acquireFirst(limits system.Runtime) error {
	if inv.engine.cpu.TryAcquire(inv.fn.AppID) {
		inv.startAfterOthers()
		return nil
	}
	var err error
	if inv.lentProcessor, err = inv.engine.cpu.Acquire(inv.joinLine(), queueWait(limits), inv.attended); err != nil {
		inv.leaveLine(false)
		inv.engine.countRefusal()
		return err
	}
	inv.startAfterOthers()
	return nil
}

// startAfterOthers lets other goroutines run first: under load, those are new requests. If scripts handed their processor from
// one to the next without this, new requests would wait uncounted in Go's run queue, and be served seconds later instead of
// being refused now.
func (inv *Invocation) startAfterOthers() {
	runtime.Gosched()
	inv.gotProcessor()
}

func queueWait(l system.Runtime) time.Duration {
	return time.Duration(l.QueueWait) * time.Millisecond
}

// joinLine queues inv with its app, unless it is queued already; leaveLine removes it.
func (inv *Invocation) joinLine() *sched.Member {
	if inv.member == nil {
		inv.member = inv.engine.cpu.Join(inv.fn.Holder())
	}
	return inv.member
}

func (inv *Invocation) leaveLine(served bool) {
	if inv.member != nil {
		inv.engine.cpu.Leave(inv.member, served)
		inv.member = nil
	}
}

func (e *Engine) countRefusal() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stats.Refused++
}

// acquireProcessor takes a processor for the script; releaseProcessor returns it, because waiting scripts hold none. Neither does
// anything for an abandoned invocation.
func (inv *Invocation) acquireProcessor() {
	if inv.state.Load() == abandoned {
		return
	}
	inv.lentProcessor = inv.engine.cpu.Reacquire(inv.fn.AppID)
	inv.gotProcessor()
}

func (inv *Invocation) gotProcessor() {
	now := quickjs.Monotonic()
	inv.processorSince.Store(now)
	inv.state.Store(holdsProcessor)
	if inv.vm != nil {
		inv.vm.ArmCPU(now + inv.processorTime())
		inv.vm.ArmPause(now + int64(sched.Slice))
	}
}

// yield is called while a script runs, after it has held a processor for a slice. It lets others go first.
func (inv *Invocation) yield() {
	now := quickjs.Monotonic()
	worked := inv.usedTime + now - inv.processorSince.Load()
	long := worked-inv.yieldedAt >= int64(sched.LongSlice)
	if inv.lentProcessor && !long || !inv.lentProcessor && !inv.engine.cpu.Wanted(inv.fn.AppID, long) || !inv.state.CompareAndSwap(holdsProcessor, holdsNothing) {
		inv.vm.ArmPause(now + int64(sched.Slice))
		return
	}
	inv.usedTime = worked
	if long {
		inv.yieldedAt = worked
	}
	inv.joinLine()
	if inv.lentProcessor {
		inv.lentProcessor = inv.engine.cpu.SwapLent(inv.member)
	} else {
		inv.lentProcessor = inv.engine.cpu.Yield(inv.member, long)
	}
	inv.leaveLine(false)
	inv.gotProcessor()
}

func (inv *Invocation) releaseProcessor() {
	if inv.state.CompareAndSwap(holdsProcessor, holdsNothing) {
		inv.usedTime += quickjs.Monotonic() - inv.processorSince.Load()
		inv.returnProcessor()
	}
}

// returnProcessor returns the processor of the invocation.
func (inv *Invocation) returnProcessor() {
	if inv.lentProcessor {
		inv.engine.cpu.ReleaseLent(inv.fn.AppID)
		return
	}
	inv.engine.cpu.Release(inv.fn.AppID)
}

// processorTime returns how much processor time the invocation has left from when it last took a processor. A stream has more
// wall time than others, but no more processor time than their wall time.
func (inv *Invocation) processorTime() int64 {
	limit := inv.limits.ProcessorTime()
	if inv.hasStreamTime {
		limit = min(limit, inv.limits.Deadline())
	}
	return int64(limit) - inv.usedTime
}
