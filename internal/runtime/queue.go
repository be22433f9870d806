package runtime

import (
	"context"
	"slices"
	"sync"
	"time"

	"fazt/internal/errs"
)

// processors are the rights to run a script, as many as the machine has processors, and the lines of those who wait.
//
// Runs that come back from a host call go before newcomers: each holds a machine, and to finish it is what makes room.
// Scripts that work until their deadline would hold all processors for as long. So an app that has waited for a moment is
// lent one more, once at a time: what works then shares the machine's processors by the scheduler of Go, and is slower.
//
// Every fifth turn is a newcomer's all the same, or an app whose runs come back all the time would shut the others out.
// Newcomers take turns by app, so that a thousand visitors of one app are to another app like one.
type processors struct {
	n int // how many there are

	mu     sync.Mutex
	free   int     // nobody waits while it is over 0
	back   []*turn // of runs that come back, in their order
	order  []*line // apps with newcomers that wait for a processor, in the order of their turns
	lines  map[string]*line
	streak int             // turns in a row that went to runs that came back
	lent   map[string]bool // apps that work with one more than there are
}

// lendAfter is how long an app waits for a processor before it is lent one.
const lendAfter = 5 * time.Millisecond

// turn is a place in a line. It is given once.
type turn struct{ given chan struct{} }

// mostInRow is how many turns in a row runs that come back may have while newcomers wait.
const mostInRow = 4

// line is the newcomers of an app that wait, for a processor or for a machine. It exists while there are any.
type line struct {
	app     string
	waiting int
	turns   []*turn // of those who wait for a processor
	began   time.Time
	last    time.Time     // when somebody was last served, or the line began
	every   time.Duration // moving average of the time between two who are served; 0 = not known yet
}

func newProcessors(n int) *processors {
	return &processors{n: n, free: n, lines: map[string]*line{}, lent: map[string]bool{}}
}

// comeBack takes a processor for a run of an app that has begun, and says whether it is lent.
func (p *processors) comeBack(app string) (lent bool) {
	p.mu.Lock()
	if p.free > 0 {
		p.free--
		p.mu.Unlock()
		return false
	}
	t := &turn{make(chan struct{})}
	p.back = append(p.back, t)
	p.mu.Unlock()
	for {
		select {
		case <-t.given:
			return false
		case <-time.After(lendAfter):
		}
		p.mu.Lock()
		if i := slices.Index(p.back, t); i >= 0 && !p.lent[app] {
			p.back = slices.Delete(p.back, i, i+1)
			p.lent[app], lent = true, true
		}
		p.mu.Unlock()
		if lent {
			return true
		}
	}
}

// giveBack ends that an app works with one more.
func (p *processors) giveBack(app string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.lent, app)
}

// leave gives a processor to whoever is next.
func (p *processors) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.back) > 0 && (p.streak < mostInRow || len(p.order) == 0):
		t := p.back[0]
		p.back = p.back[1:]
		p.streak++
		close(t.given)
	case len(p.order) > 0:
		l := p.order[0]
		p.order = p.order[1:]
		t := l.turns[0]
		l.turns = l.turns[1:]
		if len(l.turns) > 0 {
			p.order = append(p.order, l)
		}
		p.streak = 0
		close(t.given)
	default:
		p.free++
	}
}

// tryEnter takes a processor for a newcomer if one is free.
func (p *processors) tryEnter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free == 0 {
		return false
	}
	p.free--
	return true
}

// enter takes a processor for a newcomer in a line, and says whether it is lent; the error is of a ctx or a time that
// ended before.
func (p *processors) enter(ctx context.Context, l *line, timeout <-chan time.Time) (lent bool, err error) {
	p.mu.Lock()
	if p.free > 0 {
		p.free--
		p.mu.Unlock()
		return false, nil
	}
	t := &turn{make(chan struct{})}
	if len(l.turns) == 0 {
		p.order = append(p.order, l)
	}
	l.turns = append(l.turns, t)
	p.mu.Unlock()
	for {
		select {
		case <-t.given:
			return false, nil
		case <-ctx.Done():
			err = notBegun(ctx)
		case <-timeout:
			err = busy(0)
		case <-time.After(lendAfter):
		}
		if done, lent := p.giveUp(l, t, err); done {
			if lent {
				return true, nil
			}
			return false, err
		} else if err != nil {
			return false, nil // it was given at the last moment
		}
	}
}

// giveUp takes a turn out of its line, when it has an error or can be lent a processor instead.
func (p *processors) giveUp(l *line, t *turn, err error) (done, lent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(l.turns, t)
	if i < 0 || err == nil && p.lent[l.app] {
		return false, false
	}
	l.turns = slices.Delete(l.turns, i, i+1)
	if len(l.turns) == 0 {
		p.order = slices.DeleteFunc(p.order, func(other *line) bool { return other == l })
	}
	if err == nil {
		p.lent[l.app] = true
	}
	return true, err == nil
}

// join is the line of an app, with one more in it.
func (p *processors) join(app string) *line {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lines[app]
	if l == nil {
		l = &line{app: app, began: time.Now()}
		l.last = l.began
		p.lines[app] = l
	}
	l.waiting++
	return l
}

// depart takes one out of a line: served when they got what they waited for.
func (p *processors) depart(l *line, served bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if served {
		now := time.Now()
		sample := now.Sub(l.last)
		if l.every > 0 {
			sample = l.every + (sample-l.every)/8
		}
		l.every, l.last = max(1, sample), now
	}
	if l.waiting--; l.waiting == 0 {
		delete(p.lines, l.app)
	}
}

// full refuses a newcomer of an app whose line is so long, at the pace at which it moves, that they would wait for longer
// than most: whoever cannot be served learns it at once, and costs next to nothing. Where nobody waits nobody is refused,
// so that a line that stood still is tried again.
//
// A quarter of the time is left over: the pace is an average, and who is let in should not run out of time after all.
// A line that has stood for longer than most is no burst that passes. To let it be long gains nothing then, as many are
// served from a short one; so it is kept to a quarter, and those who are served wait less.
func (p *processors) full(app string, most time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lines[app]
	if l == nil {
		return nil
	}
	now := time.Now()
	room := most * 3 / 4
	if now.Sub(l.began) > most {
		room = most / 4
	}
	if wait := l.wait(now); wait > room {
		return busy(wait)
	}
	return nil
}

// wait is how long one more would wait. When the next is overdue, the line is taken to stand for as long again.
func (l *line) wait(now time.Time) time.Duration {
	since := now.Sub(l.last)
	rest := l.every - since
	if rest < 0 {
		rest = since
	}
	return l.every*time.Duration(l.waiting) + rest
}

// busy refuses a request for want of a processor or a machine; wait is how long the line is, 0 = unknown.
func busy(wait time.Duration) error {
	return &errs.Error{Kind: errs.Unavailable, Message: "the app is busy; try again", Retry: max(time.Second, wait)}
}

// notBegun is the error of a request whose ctx ended before its function began: a want of time, not a function that
// took too long.
func notBegun(ctx context.Context) error {
	if errs.Is(ctx.Err(), errs.Timeout) {
		return busy(0)
	}
	return ctx.Err()
}
