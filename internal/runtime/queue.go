package runtime

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/share"
)

// processors are the rights to run a script, as many as the machine has processors, and the lines of those who wait.
//
// Runs that come back from a host call go before newcomers: each holds a machine, and to finish it is what makes room.
// Every fifth turn is a newcomer's all the same, or an app whose runs come back all the time would shut the others out.
// Newcomers take turns by app, so that a thousand visitors of one app are to another app like one; and those of an app take
// turns by client, so that a thousand connections of one visitor are to another visitor like one.
//
// A script that works for longer than a slice lets another app that waits go first, and stands in front of the line of its
// own app meanwhile; for its own app it does that after a long slice, and stands behind. That is as good as the script is
// at listening: some built-in functions do not. So an app that holds no processor is lent one more, once at a time: after a
// moment, or at once where everybody has worked for long. What works then shares the machine's processors by the schedulers
// of Go and of the system, and is slower.
type processors struct {
	n int // how many there are

	mu     sync.Mutex
	free   int     // nobody waits while it is over 0
	back   []*turn // of runs that come back, in their order
	order  []*line // apps with others that wait for a processor, in the order of their turns
	lines  map[string]*line
	moved  int64           // when a processor last changed hands
	streak int             // turns in a row that went to runs that came back
	holds  map[string]int  // how many each app has, without those that are lent
	lent   map[string]bool // apps that work with one more than there are
}

const (
	// lendAfter is how long an app waits for a processor before it is lent one.
	lendAfter = 5 * time.Millisecond
	// slice is how long a script works before it lets another app go first. A warm request of an ordinary function is over
	// long before; and a hundred times what it costs to give a processor away and to get it back.
	slice = time.Millisecond
	// longSlice is the same for others of its own app. It is longer than most requests compute: served one after the other,
	// they are answered sooner than all at once, and hold fewer machines.
	longSlice = 20 * time.Millisecond
	// mostInRow is how many turns in a row runs that come back may have while newcomers wait.
	mostInRow = 4
)

// turn is a place in a line. It is given once.
type turn struct {
	app   string
	given chan struct{}
}

func newTurn(app string) *turn { return &turn{app, make(chan struct{})} }

// line is those of an app who wait: newcomers for a processor or for a machine, and scripts that let others go first. It
// exists while there are any.
type line struct {
	app     string
	waiting int
	clients map[netip.Prefix]*member
	order   []*member // those with requests that wait for a processor, in the order of their turns
	began   time.Time
	last    time.Time     // when somebody was last served, or the line began
	every   time.Duration // moving average of the time between two who are served; 0 = not known yet
}

// member is those in a line who are one client.
type member struct {
	*line
	client  netip.Prefix
	waiting int
	turns   []*turn // of those who wait for a processor
}

func newProcessors(n int) *processors {
	return &processors{n: n, free: n, lines: map[string]*line{}, holds: map[string]int{}, lent: map[string]bool{}}
}

// take gives the app a free processor. The lock is held.
func (p *processors) take(app string) (ok bool) {
	if p.free == 0 {
		return false
	}
	p.free--
	p.holds[app]++
	p.moved = quickjs.Monotonic()
	return true
}

// give gives a processor to whose turn it is. The lock is held.
func (p *processors) give(t *turn) {
	p.holds[t.app]++
	p.moved = quickjs.Monotonic()
	close(t.given)
}

// drop is the end of a processor of an app, which is about to be another's. The lock is held.
func (p *processors) drop(app string) {
	if p.holds[app]--; p.holds[app] == 0 {
		delete(p.holds, app)
	}
}

// lend gives an app one more, if it has none. The lock is held.
func (p *processors) lend(app string) (ok bool) {
	if p.lent[app] || p.holds[app] > 0 {
		return false
	}
	p.lent[app] = true
	return true
}

// lendNow is lend where to wait first would be in vain: everybody has worked for longer than a slice.
func (p *processors) lendNow(app string) (ok bool) {
	return quickjs.Monotonic()-p.moved > int64(slice) && p.lend(app)
}

// comeBack takes a processor for a run of an app that has begun, and says whether it is lent.
func (p *processors) comeBack(app string) (lent bool) {
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

// giveBack ends that an app works with one more.
func (p *processors) giveBack(app string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.lent, app)
}

// leave gives the processor of an app to whoever is next.
func (p *processors) leave(app string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(app)
	switch {
	case len(p.back) > 0 && (p.streak < mostInRow || len(p.order) == 0):
		p.streak++
		p.give(p.nextBack(0))
	case len(p.order) > 0:
		p.streak = 0
		p.give(p.nextOf(0))
	default:
		p.free++
	}
}

// nextBack takes a turn out of the line of those who come back. The lock is held.
func (p *processors) nextBack(i int) *turn {
	t := p.back[i]
	p.back = slices.Delete(p.back, i, i+1)
	return t
}

// nextOf takes the first turn out of the line of an app, which comes last now. The lock is held.
func (p *processors) nextOf(i int) *turn {
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

// stand puts a turn into the line of its app, in front or behind. The lock is held.
func (p *processors) stand(l *member, t *turn, front bool) {
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

// wanted says whether another app than this waits for a processor, or with own, whether anybody does.
func (p *processors) wanted(app string, own bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.other(app, own) != nil
}

// other is what takes the next turn that is not of this app, or with own, the next of all, out of its line; nil = there is
// none. The lock is held.
func (p *processors) other(app string, own bool) (take func() *turn) {
	if i := slices.IndexFunc(p.back, func(t *turn) bool { return own || t.app != app }); i >= 0 {
		return func() *turn { return p.nextBack(i) }
	}
	if i := slices.IndexFunc(p.order, func(l *line) bool { return own || l.app != app }); i >= 0 {
		return func() *turn { return p.nextOf(i) }
	}
	return nil
}

// yield gives the processor of a script at work to another app that waits, or with own, to whoever does, and returns when
// it has one again. It says whether that is lent.
func (p *processors) yield(l *member, own bool) (lent bool) {
	p.mu.Lock()
	take := p.other(l.app, own)
	if take == nil {
		p.mu.Unlock()
		return false
	}
	next, t := take(), newTurn(l.app)
	p.stand(l, t, !own)
	p.drop(l.app)
	p.give(next)
	p.mu.Unlock()
	lent, _ = p.await(l, t, 0, nil)
	return lent
}

// exchange gives a lent processor back and returns when its app has one again: one of its own, if those listen who hold them.
func (p *processors) exchange(l *member) (lent bool) {
	p.mu.Lock()
	delete(p.lent, l.app)
	if p.take(l.app) {
		p.mu.Unlock()
		return false
	}
	t := newTurn(l.app)
	p.stand(l, t, true)
	p.mu.Unlock()
	lent, _ = p.await(l, t, 0, nil)
	return lent
}

// tryEnter takes a processor for a newcomer of an app if one is free.
func (p *processors) tryEnter(app string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.take(app)
}

// enter takes a processor for a newcomer in a line, and says whether it is lent; the error is of a time or a ctx that ended
// before. bound makes the ctx, if the newcomer has to wait for long.
func (p *processors) enter(l *member, most time.Duration, bound func() (context.Context, context.CancelFunc)) (lent bool, err error) {
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
	p.stand(l, t, false)
	p.mu.Unlock()
	return p.await(l, t, most, bound)
}

// await returns when the turn is given or a processor lent instead, or with an error; without bound there is none. Under
// load most requests wait here, and nearly all for less than a moment: what the others need is made when that is over.
func (p *processors) await(l *member, t *turn, most time.Duration, bound func() (context.Context, context.CancelFunc)) (lent bool, err error) {
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
		timer := time.NewTimer(most - lendAfter)
		defer timer.Stop()
		timeout = timer.C
	}
	for {
		if done, lent := p.giveUp(l, t, err); done {
			return lent, err
		} else if err != nil {
			return false, nil // it was given at the last moment
		}
		moment.Reset(lendAfter)
		select {
		case <-t.given:
			return false, nil
		case <-ctx.Done():
			err = notBegun(ctx)
		case <-timeout:
			err = busy(0)
		case <-moment.C:
		}
	}
}

// giveUp takes a turn out of its line, when it has an error or can be lent a processor instead.
func (p *processors) giveUp(l *member, t *turn, err error) (done, lent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(l.turns, t)
	if i < 0 || err == nil && !p.lend(l.app) {
		return false, false
	}
	l.turns = slices.Delete(l.turns, i, i+1)
	if len(l.turns) == 0 {
		l.order = slices.DeleteFunc(l.order, func(other *member) bool { return other == l })
	}
	if len(l.order) == 0 {
		p.order = slices.DeleteFunc(p.order, func(other *line) bool { return other == l.line })
	}
	return true, err == nil
}

// join is the line of an app, with one more of the client in it.
func (p *processors) join(h share.Holder) *member {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lines[h.App]
	if l == nil {
		l = &line{app: h.App, began: time.Now(), clients: map[netip.Prefix]*member{}}
		l.last = l.began
		p.lines[h.App] = l
	}
	m := l.clients[h.Client]
	if m == nil {
		m = &member{line: l, client: h.Client}
		l.clients[h.Client] = m
	}
	m.waiting++
	l.waiting++
	return m
}

// depart takes one out of a line: served when they got what they waited for.
func (p *processors) depart(m *member, served bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := m.line
	if served {
		now := time.Now()
		sample := now.Sub(l.last)
		if l.every > 0 {
			sample = l.every + (sample-l.every)/8
		}
		l.every, l.last = max(1, sample), now
	}
	if m.waiting--; m.waiting == 0 {
		delete(l.clients, m.client)
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
func (p *processors) full(h share.Holder, most time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lines[h.App]
	if l == nil {
		return nil
	}
	now := time.Now()
	room := most * 3 / 4
	if now.Sub(l.began) > most {
		room = most / 4
	}
	if wait := l.wait(l.before(h.Client), now); wait > room {
		return busy(wait)
	}
	return nil
}

// before is how many are served before one more of a client is: when the clients take turns, no more of each than it has.
func (l *line) before(client netip.Prefix) int {
	own := 0
	if m := l.clients[client]; m != nil {
		own = m.waiting
	}
	return min(l.waiting, (own+1)*(len(l.clients)+1))
}

// wait is how long somebody waits before whom n are served. When the next is overdue, the line is taken to stand for as long
// again.
func (l *line) wait(n int, now time.Time) time.Duration {
	since := now.Sub(l.last)
	rest := l.every - since
	if rest < 0 {
		rest = since
	}
	return l.every*time.Duration(n) + rest
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
