package runtime

import (
	"context"
	"errors"
	"slices"
	"time"

	"fazt/internal/quickjs"
)

const (
	// modestVM is the size up to which a VM may use the last part of the memory, so that a few large VMs leave enough for
	// the many small ones. Most hold a tenth of it.
	modestVM   = 4 << 20
	modestPart = 8
	// freeCharge is the size up to which memory of Go that outlasts a host function is not counted.
	freeCharge = 16 << 10
	// starveFor is how long a running VM waits for memory.
	starveFor = 2 * time.Second
	// patience is how long the first in the queue gets nothing before another has to end.
	patience = 5 * time.Millisecond
)

// acquire counts n more bytes, if there is room. With large, some room stays free.
func (c *sharedMemory) acquire(n int64, large bool) bool {
	limit := c.max.Load()
	if large {
		limit -= limit / modestPart
	}
	if c.held.Add(n) <= limit {
		return true
	}
	c.held.Add(-n) // without waking others: this made no room
	return false
}

// release counts n bytes less.
func (c *sharedMemory) release(n int64) {
	c.held.Add(-n)
	if c.waits.Load() > 0 {
		c.wake()
	}
}

func (c *sharedMemory) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wakeFirst()
}

// wakeFirst lets the first in the queue try. The lock is held.
func (c *sharedMemory) wakeFirst() {
	for _, w := range c.queue {
		if c.favored == nil || c.favored == w.inv {
			select {
			case w.wake <- struct{}{}:
			default:
			}
			return
		}
	}
}

// finished is called at the end of an invocation.
func (c *sharedMemory) finished(inv *Invocation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.favored == inv {
		c.favored = nil
		c.wakeFirst()
	}
}

// acquireWait is acquire for invocations that can wait.
func (c *sharedMemory) acquireWait(ctx context.Context, n int64, w *memoryRequest) bool {
	w.wake, w.yield = make(chan struct{}, 1), make(chan struct{})
	c.mu.Lock()
	at, _ := slices.BinarySearchFunc(c.queue, w, func(a, b *memoryRequest) int { return a.since.Compare(b.since) })
	c.queue = slices.Insert(c.queue, at, w)
	c.waits.Add(1)
	c.wakeFirst()
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.waits.Add(-1)
		c.queue = slices.DeleteFunc(c.queue, func(v *memoryRequest) bool { return v == w })
		c.wakeFirst()
	}()
	if c.short != nil {
		c.short()
	}
	end, look := time.NewTimer(starveFor), time.NewTicker(patience)
	defer end.Stop()
	defer look.Stop()
	for {
		select {
		case <-w.wake:
			if c.acquire(n, w.large) {
				return true
			}
		case <-look.C:
			c.endLast(w)
		case <-w.yield:
			return false
		case <-end.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// endLast ends the last in the queue for the first one, if that is w.
func (c *sharedMemory) endLast(w *memoryRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.queue) - 1
	if n < 0 || c.queue[0] != w {
		return
	}
	if c.favored != w.inv { // the one before has enough for now
		c.favored = w.inv
		c.wakeFirst()
	} else if n > 0 {
		close(c.queue[n].yield)
		c.queue = c.queue[:n]
	}
}

// Book counts n more bytes of the VM; n may be negative.
func (l *ledger) Book(n int64) {
	before := max(l.held, l.reserved)
	l.hold(n)
	l.count(max(l.held, l.reserved) - before)
}

// hold records that the VM has n more bytes.
func (l *ledger) hold(n int64) {
	l.held += n
	l.peak = max(l.peak, l.held)
	l.shared.real.Add(n)
}

// count counts n more bytes as held; n may be negative.
func (l *ledger) count(n int64) {
	if n > 0 {
		l.shared.held.Add(n)
	} else if n < 0 {
		l.shared.release(-n)
	}
}

// reserve counts at least size bytes as held from now on; 0 ends that.
func (l *ledger) reserve(size int64) {
	before := max(l.held, l.reserved)
	l.reserved = size
	if size > 0 {
		l.peak, l.starved = l.held, false
	}
	l.count(max(l.held, l.reserved) - before)
}

// Held returns how much the VM holds.
func (l *ledger) Held() int64 { return l.held }

// Afford counts n more bytes of the VM if that is within the limit of all VMs.
func (l *ledger) Afford(n int64) bool {
	more := max(l.held+n, l.reserved) - max(l.held, l.reserved)
	if more > 0 && !l.shared.acquire(more, l.large()) && !l.waitFor(more) {
		l.starved = true
		return false
	}
	l.hold(n)
	return true
}

// waitFor waits for n bytes and takes them. It does not wait again after a failure: the engine needs memory for the error too, and
// a script may keep trying.
func (l *ledger) waitFor(n int64) bool { return !l.starved && l.await != nil && l.await(n) }

func (l *ledger) large() bool { return max(l.held, l.reserved) > modestVM }

// uncount removes a VM that is about to close from the counts.
func (vm *VM) uncount() {
	l := vm.ledger
	l.Return()
	l.reserve(0)
	l.Book(-l.held)
}

// starvedError returns errStarved if the script was refused memory that is not its own limit and then failed. What it threw
// does not matter: there may have been no memory for the engine's error either, which is null then.
func (vm *VM) starvedError(err error) error {
	if !vm.ledger.starved { // nearly always
		return nil
	}
	if t := (*quickjs.Thrown)(nil); !errors.As(err, &t) {
		return nil
	}
	return errStarved
}

// awaitMemory waits for memory in the midst of a script, which holds no processor meanwhile.
func (vm *VM) awaitMemory(n int64) bool {
	inv := vm.inv
	if inv == nil || inv.state.Load() == abandoned {
		return false
	}
	return inv.Pause(func() bool {
		return vm.ledger.shared.acquireWait(inv.ctx, n, &memoryRequest{inv: inv, large: vm.ledger.large(), since: inv.vmSince})
	})
}

// Pause calls wait for a script at work, which holds no processor meanwhile.
func (inv *Invocation) Pause(wait func() bool) bool {
	inv.releaseProcessor()
	defer inv.acquireProcessor()
	return wait()
}

// Borrow counts n bytes that a host function holds.
func (l *ledger) Borrow(n int64) error {
	if !l.shared.acquire(n, true) && !l.waitFor(n) {
		l.starved = true
		return errStarved
	}
	l.borrowed += n
	l.shared.charged.Add(n)
	return nil
}

// Return gives back everything that was borrowed.
func (l *ledger) Return() {
	if l.borrowed > 0 {
		l.shared.charged.Add(-l.borrowed)
		l.shared.release(l.borrowed)
		l.borrowed = 0
	}
}

// Charge counts n bytes that Go holds for the invocation, and waits a moment for room; Uncharge is the reverse.
func (inv *Invocation) Charge(n int64) error {
	c := &inv.engine.memory
	if n <= freeCharge {
		return nil
	}
	large := inv.charged.Load()+n > modestVM
	if !c.acquire(n, large) && !c.acquireWait(inv.ctx, n, &memoryRequest{inv: inv, large: large, since: inv.vmSince}) {
		return errStarved
	}
	inv.charged.Add(n)
	c.charged.Add(n)
	if inv.settled.Load() { // it was left behind
		inv.Release()
		return errStarved
	}
	return nil
}

// Charged returns how many bytes are charged to the invocation.
func (inv *Invocation) Charged() int64 { return inv.charged.Load() }

// Uncharge gives back n bytes that were charged.
func (inv *Invocation) Uncharge(n int64) {
	if n > freeCharge {
		inv.charged.Add(-n)
		inv.engine.memory.charged.Add(-n)
		inv.engine.memory.release(n)
	}
}

// Release gives back everything still charged to the invocation.
func (inv *Invocation) Release() {
	inv.settled.Store(true)
	n := inv.charged.Swap(0)
	inv.engine.memory.charged.Add(-n)
	inv.engine.memory.release(n)
}

// expectedMemory estimates how much an invocation of the deployment will hold: as much as the largest of the recent ones. For a
// deployment that has not run yet, it is half of the limit.
func (p *pool) expectedMemory(limit int64) int64 {
	usual := p.usualMemory.Load()
	if usual == 0 {
		return limit / 2
	}
	return min(usual, limit)
}

// learnMemory updates the estimate with what an invocation held. A starved one would have held more. The engine is locked.
func (p *pool) learnMemory(l *ledger) {
	peak := max(l.peak, 256<<10)
	if l.starved {
		peak *= 2
	}
	if usual := p.usualMemory.Load(); peak < usual {
		peak = usual - (usual-peak)/8
	}
	p.usualMemory.Store(peak)
}
