package runtime

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
)

// errStarved ends a run that would have been within the memory of a machine, while all machines together had theirs.
var errStarved = &errs.Error{Kind: errs.Unavailable, Message: "there is no memory for the function right now; try again", Retry: time.Second}

const (
	// modest is how much a machine may hold and still be one of those for which the last part of the memory is kept: most
	// hold a tenth of it. So a few that are greedy leave the many enough to work with.
	modest     = 4 << 20
	modestPart = 8
	// starveFor is how long a machine waits for memory in the midst of its work.
	starveFor = 2 * time.Second
	// patience is how long the first of those who wait gets nothing before another ends for it.
	patience = 5 * time.Millisecond
)

// commons is the memory that all machines of an engine share: what they hold together, and may. It is not Go's, and no
// collector knows of it. What Go holds for a run beside its machine is counted here, too.
type commons struct {
	held, most atomic.Int64 // with what is reserved, and with what is charged
	real       atomic.Int64 // what the machines hold
	charged    atomic.Int64 // what Go holds for runs
	short      func()       // told that somebody waits; must not block. nil = nobody is

	waits atomic.Int32 // how many do
	mu    sync.Mutex
	queue []*want
	first *run // for whom others had to end: it gets what they leave
}

// want is who waits for memory in the midst of its work. Who has worked for longest is served first. Each holds memory, too,
// and all might wait for each other: so when the first gets none for a while, the last one ends.
type want struct {
	run    *run
	large  bool
	since  time.Time
	wake   chan struct{} // it is the first, and there may be room
	yields chan struct{} // closed when somebody else is to have what it holds
}

// take counts n more bytes, if there is room. With large, some room stays free.
func (c *commons) take(n int64, large bool) bool {
	most := c.most.Load()
	if large {
		most -= most / modestPart
	}
	if c.held.Add(n) <= most {
		return true
	}
	c.held.Add(-n) // and nobody is told: this made no room
	return false
}

// give counts n bytes less.
func (c *commons) give(n int64) {
	c.held.Add(-n)
	if c.waits.Load() > 0 {
		c.wake()
	}
}

func (c *commons) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wakeFirst()
}

// wakeFirst lets the first of those who wait try. The lock is held.
func (c *commons) wakeFirst() {
	for _, w := range c.queue {
		if c.first == nil || c.first == w.run {
			select {
			case w.wake <- struct{}{}:
			default:
			}
			return
		}
	}
}

// done is the end of a run.
func (c *commons) done(u *run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first == u {
		c.first = nil
		c.wakeFirst()
	}
}

// await is take for who can wait.
func (c *commons) await(ctx context.Context, n int64, w *want) bool {
	w.wake, w.yields = make(chan struct{}, 1), make(chan struct{})
	c.mu.Lock()
	at, _ := slices.BinarySearchFunc(c.queue, w, func(a, b *want) int { return a.since.Compare(b.since) })
	c.queue = slices.Insert(c.queue, at, w)
	c.waits.Add(1)
	c.wakeFirst()
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.waits.Add(-1)
		c.queue = slices.DeleteFunc(c.queue, func(v *want) bool { return v == w })
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
			if c.take(n, w.large) {
				return true
			}
		case <-look.C:
			c.endLast(w)
		case <-w.yields:
			return false
		case <-end.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// endLast ends the last of those who wait, for the sake of the first, if that is w.
func (c *commons) endLast(w *want) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.queue) - 1
	if n < 0 || c.queue[0] != w {
		return
	}
	if c.first != w.run { // the one before has enough for now
		c.first = w.run
		c.wakeFirst()
	} else if n > 0 {
		close(c.queue[n].yields)
		c.queue = c.queue[:n]
	}
}

// ledger is what one machine holds of it. It lies outside of the machine's memory, which can be taken away. What was
// reserved for a run counts as held from its start on.
type ledger struct {
	held     int64
	reserved int64
	peak     int64 // the most it held since that was reserved
	lent     int64 // what Go holds of it for a host function
	starved  bool  // it was refused some, because the machines together have all they may
	commons  *commons
	await    func(n int64) bool // commons.await in the name of the run; nil = there is none
}

// Book counts n more bytes of the machine, or fewer.
func (l *ledger) Book(n int64) {
	before := max(l.held, l.reserved)
	l.hold(n)
	l.count(max(l.held, l.reserved) - before)
}

// hold notes that the machine has n more bytes.
func (l *ledger) hold(n int64) {
	l.held += n
	l.peak = max(l.peak, l.held)
	l.commons.real.Add(n)
}

// count counts n more bytes as held, or fewer.
func (l *ledger) count(n int64) {
	if n > 0 {
		l.commons.held.Add(n)
	} else if n < 0 {
		l.commons.give(-n)
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

// Held is how much the machine holds.
func (l *ledger) Held() int64 { return l.held }

// Afford counts n more bytes of the machine, if the machines together may have so much more.
func (l *ledger) Afford(n int64) bool {
	more := max(l.held+n, l.reserved) - max(l.held, l.reserved)
	if more > 0 && !l.commons.take(more, l.large()) && !l.awaits(more) {
		l.starved = true
		return false
	}
	l.hold(n)
	return true
}

// awaits waits for n bytes and takes them. A run waits in vain once: the engine needs memory for its error, too, and a script may
// try again and again.
func (l *ledger) awaits(n int64) bool { return !l.starved && l.await != nil && l.await(n) }

func (l *ledger) large() bool { return max(l.held, l.reserved) > modest }

// writeOff counts a machine that is about to be ended as gone.
func (m *machine) writeOff() {
	l := m.ledger
	l.Return()
	l.reserve(0)
	l.Book(-l.held)
}

// starved returns errStarved if the script was refused memory that is not its own limit and then failed. What it threw does not
// matter: there may have been no memory for the engine's error either, which is null then.
func (m *machine) starved(err error) error {
	var t *quickjs.Thrown
	if !m.ledger.starved || !errors.As(err, &t) {
		return nil
	}
	return errStarved
}

// awaitMemory waits for memory in the midst of a script, which holds no processor meanwhile.
func (m *machine) awaitMemory(n int64) bool {
	u := m.run
	if u == nil || u.state.Load() == abandoned {
		return false
	}
	return u.pause(func() bool {
		return m.ledger.commons.await(u.ctx, n, &want{run: u, large: m.ledger.large(), since: u.works})
	})
}

// pause does what waits, for a script at work, which holds no processor meanwhile.
func (u *run) pause(wait func() bool) bool {
	u.leave()
	defer u.enter()
	return wait()
}

// Borrow counts what a host function holds of a value of so many bytes: a copy, and what is made of it.
func (l *ledger) Borrow(n int64) error {
	if n <= atHand {
		return nil
	}
	n *= 2
	if !l.commons.take(n, true) && !l.awaits(n) {
		l.starved = true
		return errStarved
	}
	l.lent += n
	l.commons.charged.Add(n)
	return nil
}

// Return is the end of all that was borrowed.
func (l *ledger) Return() {
	if l.lent > 0 {
		l.commons.charged.Add(-l.lent)
		l.commons.give(l.lent)
		l.lent = 0
	}
}

// charge counts n bytes that Go holds for the run, and waits a moment for them; uncharge is the reverse.
func (u *run) charge(n int64) bool {
	c := &u.engine.memory
	if n <= freely {
		return true
	}
	large := u.charged.Load()+n > modest
	if !c.take(n, large) && !c.await(u.ctx, n, &want{run: u, large: large, since: u.works}) {
		return false
	}
	u.charged.Add(n)
	c.charged.Add(n)
	if u.over.Load() { // it was left behind
		u.settleCharges()
		return false
	}
	return true
}

func (u *run) uncharge(n int64) {
	if n > freely {
		u.charged.Add(-n)
		u.engine.memory.charged.Add(-n)
		u.engine.memory.give(n)
	}
}

// settleCharges gives back all that is still charged: what is held is out of reach.
func (u *run) settleCharges() {
	u.over.Store(true)
	n := u.charged.Swap(0)
	u.engine.memory.charged.Add(-n)
	u.engine.memory.give(n)
}

// expects is how much a run of the deployment will hold, at a guess: what the largest of the last ones did. Of a deployment
// that has not run yet a few at once tell.
func (p *pool) expects(most int64) int64 {
	usual := p.usual.Load()
	if usual == 0 {
		return most / 2
	}
	return min(usual, most)
}

// learn corrects the guess by what a run held. One that starved would have held more. The lock of the engine is held.
func (p *pool) learn(l *ledger) {
	peak := max(l.peak, 256<<10)
	if l.starved {
		peak *= 2
	}
	if usual := p.usual.Load(); peak < usual {
		peak = usual - (usual-peak)/8
	}
	p.usual.Store(peak)
}
