package runtime

import (
	"slices"
	"time"

	"fazt/internal/share"
)

// A run whose body or answer is a stream waits most of its time: for its visitor, for the next event. Its machine has work
// of its own to remember and cannot serve another; but it gives its place among the machines to one that can, and is
// parked: counted by the memory it holds, which does not change while it waits. Before it goes on it takes a place again.
// When there is no memory left for more that wait, those of the client who has the most of it are cut off.

const (
	// parkAfter is how long a stream waits before it is parked: one that moves keeps its place. One that was parked before
	// waits a tenth of that.
	parkAfter = 20 * time.Millisecond
	// parkedBase is what a machine that is parked holds beside its memory: pages that are free, the connection, stacks.
	parkedBase = 256 << 10
)

// awaken is what ends a wait.
type awaken struct {
	timer          <-chan time.Time
	gone, stopping <-chan struct{}
}

// sleep waits, without a processor, until something has ended that ran beside the machine, or something else of w is.
// What it gives has an id when something ended; leaves says that the visitor does not wait any more, or is not to.
func (u *run) sleep(m *machine, w awaken) (c completion, leaves bool, err error) {
	var long <-chan time.Time
	if u.extended {
		after := parkAfter
		if u.slow {
			after /= 10
		}
		t := time.NewTimer(after)
		defer t.Stop()
		long = t.C
	}
	u.leave()
	u.opened()
	defer u.enter()
	for {
		select {
		case <-w.timer:
		case c = <-u.finished:
		case <-w.gone:
			leaves = true
		case <-w.stopping:
			leaves = true
		case <-u.ctx.Done():
		case <-long:
			if err = u.park(m); err == nil {
				continue
			}
		case <-u.robbed:
			err = errCrowded
		}
		if back := u.unpark(m, err == nil); err == nil {
			err = back
		}
		return c, leaves, err
	}
}

// park gives the place of m to others, if there is memory for one more that waits.
func (u *run) park(m *machine) error {
	size := m.Memory() + parkedBase
	if u.out != nil {
		size += int64(u.out.piece)
	}
	u.robbed = make(chan struct{}, 1)
	robbed := u.robbed
	u.parked = u.engine.streams.Take(u.f.holder(), size, u.limits.StreamMemory, func() { robbed <- struct{}{} })
	if u.parked == nil {
		u.engine.crowded.Add(1)
		return errCrowded
	}
	u.slow = true
	if gate := u.f.Admission; gate != nil {
		gate.Leave(&u.f)
	}
	m.ledger.reserve(0)
	e := u.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	e.add(m.pool, -1)
	m.pool.count++ // it stays one of its deployment
	e.parks++
	e.stats.Busy--
	e.invite()
	return nil
}

// unpark takes a place for m again. One that goes on waits for it like a newcomer; what only ends takes it at once.
func (u *run) unpark(m *machine, goesOn bool) (err error) {
	if u.parked == nil {
		return nil
	}
	e, p := u.engine, m.pool
	w, victims := e.resume(p, u.f.holder(), goesOn)
	for _, v := range victims {
		v.close()
	}
	if w != nil {
		select {
		case <-w.got:
		case <-u.ctx.Done():
			e.resumeNow(w)
		case <-u.robbed:
			e.resumeNow(w)
			err = errCrowded
		}
	}
	e.mu.Lock()
	p.count-- // it was counted again with its place
	e.parks--
	e.mu.Unlock()
	u.parked.Release()
	u.parked, u.robbed = nil, nil
	if gate := u.f.Admission; gate != nil {
		gate.Return(&u.f)
	}
	return err
}

// resume takes a place for a machine that is parked, or with waits, stands in the queue for one when there is none.
func (e *Engine) resume(p *pool, h share.Holder, waits bool) (w *waiter, victims []*machine) {
	e.mu.Lock()
	defer e.mu.Unlock()
	limits := e.config.Limits(h.App)
	if !e.room(p, limits, 0) {
		if v := e.evict(p, limits, true); v != nil {
			victims = append(victims, v)
		}
	}
	if waits && !e.room(p, limits, 0) {
		w = &waiter{pool: p, holder: h, got: make(chan *machine, 1), resumes: true}
		e.queue = append(e.queue, w)
		return w, victims
	}
	e.add(p, 1)
	e.stats.Busy++
	return nil, victims
}

// resumeNow is the end of a wait for a place: it is taken although there is none, by a run that is about to end.
func (e *Engine) resumeNow(w *waiter) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if i := slices.Index(e.queue, w); i >= 0 {
		e.queue = slices.Delete(e.queue, i, i+1)
		e.add(w.pool, 1)
		e.stats.Busy++
	}
}
