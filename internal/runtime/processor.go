package runtime

import (
	"runtime"
	"time"

	"fazt/internal/quickjs"
	"fazt/internal/runtime/sched"
	"fazt/internal/system"
)

// acquireFirst is acquireProcessor for a request that has not begun: it is refused when no processor comes free in time.
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

// startAfterOthers lets everything that could run go first: under load those are requests that arrived. A script that began right
// away would hand its processor to the next, and so on; requests would wait uncounted in Go's own queue, and
// be served seconds later instead of being refused now.
func (inv *Invocation) startAfterOthers() {
	runtime.Gosched()
	inv.gotProcessor()
}

func queueWait(l system.Runtime) time.Duration {
	return time.Duration(l.QueueWait) * time.Millisecond
}

// joinLine puts inv into the line of its app, unless it stands there already; depart takes it out.
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

// acquireProcessor takes a processor for the script, leave gives it back: scripts that wait hold none. Neither does anything for a
// run that was abandoned.
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

// yield is called in the midst of a script that has held a processor for a slice: it lets others go first.
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

// returnProcessor gives back the processor the invocation had.
func (inv *Invocation) returnProcessor() {
	if inv.lentProcessor {
		inv.engine.cpu.ReleaseLent(inv.fn.AppID)
		return
	}
	inv.engine.cpu.Release(inv.fn.AppID)
}

// processorTime is how much of it the invocation has left since it last took a processor. One that streams has more time on the
// wall than others, but no more of this than they may take in all.
func (inv *Invocation) processorTime() int64 {
	limit := inv.limits.ProcessorTime()
	if inv.hasStreamTime {
		limit = min(limit, inv.limits.Deadline())
	}
	return int64(limit) - inv.usedTime
}
