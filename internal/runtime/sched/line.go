package sched

import (
	"context"
	"net/netip"
	"time"

	"fazt/internal/errs"
	"fazt/internal/share"
)

// line holds the waiting requests of an app: newcomers for a processor or a VM, and scripts that yielded. It exists only
// while it has members.
type line struct {
	app     string
	waiting int
	clients map[netip.Prefix]*Member
	order   []*Member // clients that wait for a processor, in the order of their turns
	began   time.Time
	last    time.Time     // when a member was last served, or the line began
	every   time.Duration // moving average of the time between two served; 0 = unknown
}

// Member is the waiting requests of one client in the line of an app.
type Member struct {
	*line
	client  netip.Prefix
	waiting int
	turns   []*turn // waits for a processor
}

// Join adds a waiting request of the client to the line of its app.
func (p *Processors) Join(h share.Holder) *Member {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lines[h.App]
	if l == nil {
		l = &line{app: h.App, began: time.Now(), clients: map[netip.Prefix]*Member{}}
		l.last = l.began
		p.lines[h.App] = l
	}
	m := l.clients[h.Client]
	if m == nil {
		m = &Member{line: l, client: h.Client}
		l.clients[h.Client] = m
	}
	m.waiting++
	l.waiting++
	return m
}

// Leave removes a waiting request; served means it got what it waited for.
func (p *Processors) Leave(m *Member, served bool) {
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

// Admit refuses a newcomer if the line of its app is so long, at its measured pace, that the wait would exceed limit: a
// request that cannot be served then fails at once and costs next to nothing. An empty line refuses no request, so a line
// that stood still is tried again.
//
// A quarter of the limit is kept in reserve: the pace is an average, and an admitted request should not time out after
// all. A line that has existed for longer than limit is not a passing burst. A long line gains nothing then, because a
// short one serves as many; so it is kept to a quarter, and the requests in it wait less.
func (p *Processors) Admit(h share.Holder, limit time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.lines[h.App]
	if l == nil {
		return nil
	}
	now := time.Now()
	room := limit * 3 / 4
	if now.Sub(l.began) > limit {
		room = limit / 4
	}
	if wait := l.wait(l.before(h.Client), now); wait > room {
		return Busy(wait)
	}
	return nil
}

// before estimates how many requests are served before the next one of a client: clients take turns, so each is served
// at most as often as this one.
func (l *line) before(client netip.Prefix) int {
	own := 0
	if m := l.clients[client]; m != nil {
		own = m.waiting
	}
	return min(l.waiting, (own+1)*(len(l.clients)+1))
}

// wait estimates how long a request waits with n before it. If the next turn is overdue, the line is assumed to stand
// still for as long again.
func (l *line) wait(n int, now time.Time) time.Duration {
	since := now.Sub(l.last)
	rest := l.every - since
	if rest < 0 {
		rest = since
	}
	return l.every*time.Duration(n) + rest
}

// Busy refuses a request because no processor or VM is free; wait is the estimated delay, 0 = unknown.
func Busy(wait time.Duration) error {
	return &errs.Error{Kind: errs.Unavailable, Message: "the app is busy; try again", Retry: max(time.Second, wait)}
}

// NotBegun is the error of a request whose context ended before its function began: the server lacked time, the function
// was not slow.
func NotBegun(ctx context.Context) error {
	if errs.Is(ctx.Err(), errs.Timeout) {
		return Busy(0)
	}
	return ctx.Err()
}
