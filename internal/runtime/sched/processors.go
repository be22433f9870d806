// Package sched shares the processors among scripts: fairly between apps, and within an app fairly between its clients.
package sched

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Processors are the rights to run a script, one per processor, and the queues of the scripts that wait for one.
//
// Scripts that return from a host call go before newcomers: each holds a VM, and finishing it makes room. Every fifth turn
// still goes to a newcomer; otherwise an app whose scripts keep returning would shut the others out. Newcomers take turns
// by app, so a thousand visitors of one app count as one to another app; within an app they take turns by client, so a
// thousand connections of one visitor count as one to another visitor.
//
// A script that works longer than a slice lets another waiting app go first and waits at the front of its own app's line.
// After a long slice it also lets its own app go first and waits at the back. Some built-in functions never yield, so an
// app that holds no processor is lent an extra one, at most one at a time: after a short wait, or at once if every
// processor has been busy for long. The schedulers of Go and the system then share the real processors, more slowly.
type Processors struct {
	began time.Time
	count int // with those in use

	mu     sync.Mutex
	free   int     // above 0 only while no script waits
	back   []*turn // of returning scripts, in order
	order  []*line // apps with newcomers or yielded scripts, in the order of their turns
	lines  map[string]*line
	moved  int64           // when a processor last changed hands, see now
	streak int             // turns in a row that went to returning scripts
	holds  map[string]int  // processors of each app, without lent ones
	lent   map[string]bool // apps with an extra processor
}

const (
	// lendAfter is how long an app waits for a processor before it is lent one.
	lendAfter = 5 * time.Millisecond
	// Slice is how long a script works before it lets another app go first. Warm requests of ordinary functions finish well
	// within it, and it is a hundred times the cost of handing a processor over and getting it back.
	Slice = time.Millisecond
	// LongSlice is the same for others of its own app. It is longer than most requests compute: served one after the other,
	// they finish sooner than all at once, and hold fewer VMs.
	LongSlice = 20 * time.Millisecond
	// maxInRow is how many turns in a row returning scripts may take while newcomers wait.
	maxInRow = 4
)

// turn is a place in a queue. It is given once.
type turn struct {
	app   string
	given chan struct{}
}

func newTurn(app string) *turn { return &turn{app, make(chan struct{})} }

// New makes n processors, all of them free.
func New(n int) *Processors {
	return &Processors{began: time.Now(), count: n, free: n, lines: map[string]*line{}, holds: map[string]int{}, lent: map[string]bool{}}
}

// Count returns the number of processors, without lent ones.
func (p *Processors) Count() int { return p.count }

// Free returns how many of them no script holds.
func (p *Processors) Free() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.free
}

// now is the monotonic time.
func (p *Processors) now() int64 { return int64(time.Since(p.began)) }

// take acquires a free processor for the app. The lock must be held.
func (p *Processors) take(app string) (ok bool) {
	if p.free == 0 {
		return false
	}
	p.free--
	p.holds[app]++
	p.moved = p.now()
	return true
}

// handOver gives a processor to the owner of the turn. The lock must be held.
func (p *Processors) handOver(t *turn) {
	p.holds[t.app]++
	p.moved = p.now()
	close(t.given)
}

// drop uncounts a processor of the app before it goes to another. The lock must be held.
func (p *Processors) drop(app string) {
	if p.holds[app]--; p.holds[app] == 0 {
		delete(p.holds, app)
	}
}

// lend lends the app an extra processor, unless it holds one. The lock must be held.
func (p *Processors) lend(app string) (ok bool) {
	if p.lent[app] || p.holds[app] > 0 {
		return false
	}
	p.lent[app] = true
	return true
}

// lendNow lends without a wait when no processor has changed hands for longer than a slice. The lock must be held.
func (p *Processors) lendNow(app string) (ok bool) {
	return p.now()-p.moved > int64(Slice) && p.lend(app)
}

// Reacquire waits for a processor for a script that has begun, and reports whether it is lent.
func (p *Processors) Reacquire(app string) (lent bool) {
	p.mu.Lock()
	if p.take(app) {
		p.mu.Unlock()
		return false
	}
	if p.lendNow(app) {
		p.mu.Unlock()
		return true
	}
	t := newTurn(app)
	p.back = append(p.back, t)
	p.mu.Unlock()
	for {
		select {
		case <-t.given:
			return false
		case <-time.After(lendAfter):
		}
		p.mu.Lock()
		if i := slices.Index(p.back, t); i >= 0 && p.lend(app) {
			p.back = slices.Delete(p.back, i, i+1)
			lent = true
		}
		p.mu.Unlock()
		if lent {
			return true
		}
	}
}

// ReleaseLent takes back the app's lent processor.
func (p *Processors) ReleaseLent(app string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.lent, app)
}

// Release hands the app's processor to the next turn, or frees it.
func (p *Processors) Release(app string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(app)
	switch {
	case len(p.back) > 0 && (p.streak < maxInRow || len(p.order) == 0):
		p.streak++
		p.handOver(p.takeBack(0))
	case len(p.order) > 0:
		p.streak = 0
		p.handOver(p.takeFrom(0))
	default:
		p.free++
	}
}

// takeBack removes a turn from the queue of returning scripts. The lock must be held.
func (p *Processors) takeBack(i int) *turn {
	t := p.back[i]
	p.back = slices.Delete(p.back, i, i+1)
	return t
}

// takeFrom removes the first turn from the line of an app and moves that line to the end. The lock must be held.
func (p *Processors) takeFrom(i int) *turn {
	l := p.order[i]
	p.order = slices.Delete(p.order, i, i+1)
	m := l.order[0]
	l.order = l.order[1:]
	t := m.turns[0]
	m.turns = m.turns[1:]
	if len(m.turns) > 0 {
		l.order = append(l.order, m)
	}
	if len(l.order) > 0 {
		p.order = append(p.order, l)
	}
	return t
}

// enqueue adds a turn to the line of its app, at the front or the back. The lock must be held.
func (p *Processors) enqueue(l *Member, t *turn, front bool) {
	if len(l.order) == 0 {
		p.order = append(p.order, l.line)
	}
	switch {
	case len(l.turns) > 0:
	case front:
		l.order = slices.Insert(l.order, 0, l)
	default:
		l.order = append(l.order, l)
	}
	if front {
		l.turns = slices.Insert(l.turns, 0, t)
	} else {
		l.turns = append(l.turns, t)
	}
}

// Wanted reports whether another app waits for a processor or, with own, whether any does.
func (p *Processors) Wanted(app string, own bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.other(app, own) != nil
}

// other returns a function that takes the next turn of another app or, with own, of any app; nil if none waits. The lock
// must be held.
func (p *Processors) other(app string, own bool) (take func() *turn) {
	if i := slices.IndexFunc(p.back, func(t *turn) bool { return own || t.app != app }); i >= 0 {
		return func() *turn { return p.takeBack(i) }
	}
	if i := slices.IndexFunc(p.order, func(l *line) bool { return own || l.app != app }); i >= 0 {
		return func() *turn { return p.takeFrom(i) }
	}
	return nil
}

// Yield hands the processor of a working script to another waiting app or, with own, to any, and waits to get one back.
// It reports whether that one is lent.
func (p *Processors) Yield(l *Member, own bool) (lent bool) {
	p.mu.Lock()
	take := p.other(l.app, own)
	if take == nil {
		p.mu.Unlock()
		return false
	}
	next, t := take(), newTurn(l.app)
	p.enqueue(l, t, !own)
	p.drop(l.app)
	p.handOver(next)
	p.mu.Unlock()
	lent, _ = p.await(l, t, 0, nil)
	return lent
}

// SwapLent returns a lent processor and waits for the app to have one again: one of its own, if the scripts that hold
// them yield. It reports whether the new one is lent.
func (p *Processors) SwapLent(l *Member) (lent bool) {
	p.mu.Lock()
	delete(p.lent, l.app)
	if p.take(l.app) {
		p.mu.Unlock()
		return false
	}
	t := newTurn(l.app)
	p.enqueue(l, t, true)
	p.mu.Unlock()
	lent, _ = p.await(l, t, 0, nil)
	return lent
}

// TryAcquire takes a processor for a newcomer of the app if one is free.
func (p *Processors) TryAcquire(app string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.take(app)
}

// Acquire waits for a processor for a newcomer in a line and reports whether it is lent. It fails after limit, or when the
// context that bound makes ends. bound is called only if the wait is long.
func (p *Processors) Acquire(l *Member, limit time.Duration, bound func() (context.Context, context.CancelFunc)) (lent bool, err error) {
	p.mu.Lock()
	if p.take(l.app) {
		p.mu.Unlock()
		return false, nil
	}
	if p.lendNow(l.app) {
		p.mu.Unlock()
		return true, nil
	}
	t := newTurn(l.app)
	p.enqueue(l, t, false)
	p.mu.Unlock()
	return p.await(l, t, limit, bound)
}

// await waits until the turn is given or a processor is lent instead. It can fail only if bound is set. Under load most
// requests wait here, nearly all for less than lendAfter, so the timer and the context are made only after that.
func (p *Processors) await(l *Member, t *turn, limit time.Duration, bound func() (context.Context, context.CancelFunc)) (lent bool, err error) {
	moment := time.NewTimer(lendAfter)
	defer moment.Stop()
	select {
	case <-t.given:
		return false, nil
	case <-moment.C:
	}
	ctx := context.Background()
	var timeout <-chan time.Time
	if bound != nil {
		var cancel context.CancelFunc
		ctx, cancel = bound()
		defer cancel()
		timer := time.NewTimer(limit - lendAfter)
		defer timer.Stop()
		timeout = timer.C
	}
	for {
		if done, lent := p.withdraw(l, t, err); done {
			return lent, err
		} else if err != nil {
			return false, nil // the turn was given at the last moment
		}
		moment.Reset(lendAfter)
		select {
		case <-t.given:
			return false, nil
		case <-ctx.Done():
			err = NotBegun(ctx)
		case <-timeout:
			err = Busy(0)
		case <-moment.C:
		}
	}
}

// withdraw removes a turn from its line if err is set or if a processor can be lent instead.
func (p *Processors) withdraw(l *Member, t *turn, err error) (done, lent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(l.turns, t)
	if i < 0 || err == nil && !p.lend(l.app) {
		return false, false
	}
	l.turns = slices.Delete(l.turns, i, i+1)
	if len(l.turns) == 0 {
		l.order = slices.DeleteFunc(l.order, func(other *Member) bool { return other == l })
	}
	if len(l.order) == 0 {
		p.order = slices.DeleteFunc(p.order, func(other *line) bool { return other == l.line })
	}
	return true, err == nil
}
