// Package share divides what is scarce among requests. When all of it is taken, the one who holds the most gives way
// to the next: so a client who opens a thousand slow connections takes them from itself, and from nobody else.
package share

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Holder is who a part is held for.
type Holder struct {
	App    string
	Client netip.Prefix // see Client; the zero value is one client like any other
}

// Client is what counts as one client: an IPv4 address, or an IPv6 network, of which one customer has all.
func Client(ip netip.Addr) netip.Prefix {
	ip = ip.Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(ip, bits).Masked()
}

// Pool is something of which there is only so much. The zero value is a pool of which nothing is taken.
type Pool struct {
	mu      sync.Mutex
	taken   int64
	cut     uint64
	arrived uint64
	apps    map[string]int64
	clients map[netip.Prefix]*client
	waiting []chan struct{} // of those who wait for some of it, in their order
}

// client is what one client holds.
type client struct {
	taken int64
	parts []*Part
}

// Part is what one request holds of a pool. A nil Part holds nothing.
type Part struct {
	pool   *Pool
	holder Holder
	size   int64
	number uint64 // in the order of arrival
	at     int    // among those of its client; -1 = it was given back or taken away
	cut    func()
}

// Take is a part of the given size of a pool of which there is so much, or nil: the client has as much of it as anybody
// already. cut is called when the part is taken away for somebody else; it must not block. What is held counts as free then.
func (p *Pool) Take(h Holder, size, limit int64, cut func()) *Part {
	part := &Part{pool: p, holder: h, at: -1, cut: cut}
	p.mu.Lock()
	victims, ok := p.makeRoom(h, size, limit)
	if ok {
		p.add(part, size)
	}
	p.mu.Unlock()
	cutAll(victims)
	if !ok {
		return nil
	}
	return part
}

// Fits reports whether Take would give a part of this size now. It takes nothing.
func (p *Pool) Fits(h Holder, size, limit int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken+size <= limit || size <= limit && p.heaviest(h, size) != nil
}

// Grow makes a part larger, and says whether that is possible: it is not when the part was taken away.
func (part *Part) Grow(by, limit int64) bool {
	p := part.pool
	p.mu.Lock()
	ok := part.at >= 0
	var victims []*Part
	if ok {
		victims, ok = p.makeRoom(part.holder, by, limit) // never the part itself: it is of no heavier client than itself
	}
	if ok {
		part.size += by
		p.count(part.holder, by)
	}
	p.mu.Unlock()
	cutAll(victims)
	return ok
}

// Within tries to take of the pool until it can or the time is over: at once, and again when others have given back. Those who
// wait have it in the order in which they came.
func (p *Pool) Within(ctx context.Context, wait time.Duration, try func() bool) bool {
	if try() {
		return true
	}
	turn := make(chan struct{}, 1)
	p.mu.Lock()
	p.waiting = append(p.waiting, turn)
	p.next() // something may have been given back meanwhile
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.waiting = slices.DeleteFunc(p.waiting, func(c chan struct{}) bool { return c == turn })
		p.next()
	}()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-turn:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
		if try() {
			return true
		}
	}
}

// next lets the first of those who wait try. The lock is held.
func (p *Pool) next() {
	if len(p.waiting) > 0 {
		select {
		case p.waiting[0] <- struct{}{}:
		default:
		}
	}
}

// Release gives a part back. It may be called more than once, and after the part was taken away.
func (part *Part) Release() {
	if part == nil {
		return
	}
	part.pool.mu.Lock()
	defer part.pool.mu.Unlock()
	part.pool.remove(part)
}

// Gone says whether the part was given back or taken away.
func (part *Part) Gone() bool {
	part.pool.mu.Lock()
	defer part.pool.mu.Unlock()
	return part.at < 0
}

// Taken is how much of the pool is held, and how many parts were taken away so far.
func (p *Pool) Taken() (taken int64, cut uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken, p.cut
}

func cutAll(victims []*Part) {
	for _, v := range victims {
		v.cut()
	}
}

// makeRoom takes parts away until there is room for so much more. The lock is held.
func (p *Pool) makeRoom(h Holder, size, limit int64) (victims []*Part, ok bool) {
	for p.taken+size > limit {
		v := p.heaviest(h, size)
		if v == nil {
			return victims, false
		}
		p.remove(v)
		p.cut++
		victims = append(victims, v)
	}
	return victims, true
}

// heaviest is the oldest part of the client who holds the most, if that is more than h would have. Where no client does, it
// is one of the app that holds the most, if that is more than the app of h would have. The lock is held.
func (p *Pool) heaviest(h Holder, size int64) *Part {
	own := size
	if c := p.clients[h.Client]; c != nil {
		own += c.taken
	}
	var first *Part
	for _, c := range p.clients {
		if c.taken > own && (first == nil || c.taken >= p.clients[first.holder.Client].taken) {
			first = p.older(first, c.parts, func(*Part) bool { return true })
		}
	}
	if first != nil {
		return first
	}
	app, limit := "", p.apps[h.App]+size
	for a, taken := range p.apps {
		if taken > limit {
			app, limit = a, taken
		}
	}
	if limit == p.apps[h.App]+size {
		return nil
	}
	for _, c := range p.clients {
		first = p.older(first, c.parts, func(part *Part) bool { return part.holder.App == app })
	}
	return first
}

// older is the part of the list that is to give way before first: of a heavier client, or of the same weight and older.
func (p *Pool) older(first *Part, list []*Part, fits func(*Part) bool) *Part {
	for _, part := range list {
		if !fits(part) {
			continue
		}
		if first == nil {
			first = part
			continue
		}
		a, b := p.clients[part.holder.Client].taken, p.clients[first.holder.Client].taken
		if a > b || a == b && part.number < first.number {
			first = part
		}
	}
	return first
}

// add puts a part into the pool. The lock is held.
func (p *Pool) add(part *Part, size int64) {
	if p.clients == nil {
		p.clients, p.apps = map[netip.Prefix]*client{}, map[string]int64{}
	}
	c := p.clients[part.holder.Client]
	if c == nil {
		c = &client{}
		p.clients[part.holder.Client] = c
	}
	p.arrived++
	part.number, part.size, part.at = p.arrived, size, len(c.parts)
	c.parts = append(c.parts, part)
	p.count(part.holder, size)
}

// remove takes a part out of the pool, if it is there. The lock is held.
func (p *Pool) remove(part *Part) {
	if part.at < 0 {
		return
	}
	c := p.clients[part.holder.Client]
	last := len(c.parts) - 1
	c.parts[part.at] = c.parts[last]
	c.parts[part.at].at = part.at
	c.parts[last] = nil
	c.parts = c.parts[:last]
	part.at = -1
	p.count(part.holder, -part.size)
	if last == 0 {
		delete(p.clients, part.holder.Client)
	}
	p.next()
}

// count adds to what is held. The lock is held.
func (p *Pool) count(h Holder, size int64) {
	p.taken += size
	p.clients[h.Client].taken += size
	if p.apps[h.App] += size; p.apps[h.App] == 0 {
		delete(p.apps, h.App)
	}
}
