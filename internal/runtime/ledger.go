package runtime

import (
	"context"
	"errors"
	"slices"
	"time"

	"fazt/internal/quickjs"
)

const (
	// modestVM is how much a VM may hold and still be one of those for which the last part of the memory is kept: most
	// hold a tenth of it. So a few that are greedy leave the many enough to work with.
	modestVM   = 4 << 20
	modestPart = 8
	// freeCopy and freeCharge are up to which size a copy for a host function, and what Go holds otherwise, is not counted.
	freeCopy, freeCharge = 64 << 10, 16 << 10
	// starveFor is how long a VM waits for memory in the midst of its work.
	starveFor = 2 * time.Second
	// patience is how long the first of those who wait gets nothing before another ends for it.
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

// wakeFirst lets the first of those who wait try. The lock is held.
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

// finished is the end of an invocation.
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

// endLast ends the last of those who wait, for the sake of the first, if that is w.
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

// Book counts n more bytes of the VM, or fewer.
func (l *ledger) Book(n int64) {
	before := max(l.held, l.reserved)
	l.hold(n)
	l.count(max(l.held, l.reserved) - before)
}

// hold notes that the VM has n more bytes.
func (l *ledger) hold(n int64) {
	l.held += n
	l.peak = max(l.peak, l.held)
	l.shared.real.Add(n)
}

// count counts n more bytes as held, or fewer.
func (l *ledger) count(n int64) {
	if n > 0 {
		l.shared.held.Add(n)
	} else if n < 0 {
		l.shared.release(-n)
	}
}

// reserve counts so much as held from here on, even if it is not; 0 = what is held.
func (l *ledger) reserve(size int64) {
	before := max(l.held, l.reserved)
	l.reserved = size
	if size > 0 {
		l.peak, l.starved = l.held, false
	}
	l.count(max(l.held, l.reserved) - before)
}

// Held is how much the VM holds.
func (l *ledger) Held() int64 { return l.held }

// Afford counts n more bytes of the VM, if the VMs together may have so much more.
func (l *ledger) Afford(n int64) bool {
	more := max(l.held+n, l.reserved) - max(l.held, l.reserved)
	if more > 0 && !l.shared.acquire(more, l.large()) && !l.waitFor(more) {
		l.starved = true
		return false
	}
	l.hold(n)
	return true
}

// waitFor waits for n bytes and takes them. An invocation waits in vain once: the engine needs memory for its error, too, and a script may
// try again and again.
func (l *ledger) waitFor(n int64) bool { return !l.starved && l.await != nil && l.await(n) }

func (l *ledger) large() bool { return max(l.held, l.reserved) > modestVM }

// uncount counts a VM that is about to be ended as gone.
func (vm *VM) uncount() {
	l := vm.ledger
	l.Return()
	l.reserve(0)
	l.Book(-l.held)
}

// starvedError returns errStarved if the script was refused memory that is not its own limit and then failed. What it threw does not
// matter: there may have been no memory for the engine's error either, which is null then.
func (vm *VM) starvedError(err error) error {
	var t *quickjs.Thrown
	if !vm.ledger.starved || !errors.As(err, &t) {
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

// Borrow counts what a host function holds of a value of so many bytes: a copy, and what is made of it.
func (l *ledger) Borrow(n int64) error {
	if n <= freeCopy {
		return nil
	}
	n *= 2
	if !l.shared.acquire(n, true) && !l.waitFor(n) {
		l.starved = true
		return errStarved
	}
	l.borrowed += n
	l.shared.charged.Add(n)
	return nil
}

// Return is the end of all that was borrowed.
func (l *ledger) Return() {
	if l.borrowed > 0 {
		l.shared.charged.Add(-l.borrowed)
		l.shared.release(l.borrowed)
		l.borrowed = 0
	}
}

// Charge counts n bytes that Go holds for the invocation, and waits a moment for them; Uncharge is the reverse.
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

// Uncharge gives back n bytes that were charged.
func (inv *Invocation) Uncharge(n int64) {
	if n > freeCharge {
		inv.charged.Add(-n)
		inv.engine.memory.charged.Add(-n)
		inv.engine.memory.release(n)
	}
}

// Release gives back all that is still charged to the invocation: what is held is out of reach.
func (inv *Invocation) Release() {
	inv.settled.Store(true)
	n := inv.charged.Swap(0)
	inv.engine.memory.charged.Add(-n)
	inv.engine.memory.release(n)
}

// expectedMemory is how much an invocation of the deployment will hold, at a guess: what the largest of the last ones did. Of a deployment
// that has not run yet a few at once tell.
func (p *pool) expectedMemory(limit int64) int64 {
	usual := p.usualMemory.Load()
	if usual == 0 {
		return limit / 2
	}
	return min(usual, limit)
}

// learnMemory corrects the guess by what an invocation held. One that starved would have held more. The lock of the engine is held.
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
