// Package share divides scarce resources among requests. When a resource is exhausted, the client that holds the most
// gives way: a client that opens a thousand slow connections takes them from itself and from no other client.
package share

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Holder identifies for whom a part is held.
type Holder struct {
	App    string
	Client netip.Prefix // see Client; the zero value is a client like any other
}

// Client returns the network that counts as one client: an IPv4 address, or an IPv6 network, because one customer has
// all of its addresses.
func Client(ip netip.Addr) netip.Prefix {
	ip = ip.Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(ip, bits).Masked()
}

// Pool is a bounded resource. The zero value is a pool that is not used.
type Pool struct {
	mu      sync.Mutex
	taken   int64
	cut     uint64
	arrived uint64
	apps    map[string]int64
	clients map[netip.Prefix]*client
	waiting []chan struct{} // callers waiting for a part, in order
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
	number uint64 // order of arrival
	at     int    // index among the parts of its client; -1 = released or taken away
	cut    func()
}

// Take returns a part of the given size of a pool with the given limit. If the pool is full, it takes parts away from
// clients that hold more, and calls their cut, which must not block; they count as free at once. If no client holds
// more, it returns nil.
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

// Fits reports whether Take would return a part of this size now. It takes nothing.
func (p *Pool) Fits(h Holder, size, limit int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken+size <= limit || size <= limit && p.heaviest(h, size) != nil
}

// Grow makes a part larger. It returns false if there is no room, or if the part was taken away.
func (part *Part) Grow(by, limit int64) bool {
	p := part.pool
	p.mu.Lock()
	ok := part.at >= 0
	var victims []*Part
	if ok {
		victims, ok = p.makeRoom(part.holder, by, limit) // never the part itself: its client is not heavier than itself
	}
	if ok {
		part.size += by
		p.count(part.holder, by)
	}
	p.mu.Unlock()
	cutAll(victims)
	return ok
}

// Within calls Take until it succeeds or the time is over: at once, and again whenever parts are released. Waiting
// callers are served in the order in which they came.
func (p *Pool) Within(ctx context.Context, wait time.Duration, try func() bool) bool {
	if try() {
		return true
	}
	turn := make(chan struct{}, 1)
	p.mu.Lock()
	p.waiting = append(p.waiting, turn)
	p.next() // a part may have been released meanwhile
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

// next lets the first waiting caller try again. The caller must hold the lock.
func (p *Pool) next() {
	if len(p.waiting) > 0 {
		select {
		case p.waiting[0] <- struct{}{}:
		default:
		}
	}
}

// Release returns a part. It may be called more than once, and after the part was taken away.
func (part *Part) Release() {
	if part == nil {
		return
	}
	part.pool.mu.Lock()
	defer part.pool.mu.Unlock()
	part.pool.remove(part)
}

// Gone reports whether the part was released or taken away.
func (part *Part) Gone() bool {
	part.pool.mu.Lock()
	defer part.pool.mu.Unlock()
	return part.at < 0
}

// Taken returns how much of the pool is held, and how many parts were taken away so far.
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

// makeRoom takes parts away until there is room for the given size. The caller must hold the lock.
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

// heaviest returns the oldest part of the client that holds the most, if that is more than h would have. If there is no
// such client, it returns one of the app that holds the most, if that is more than the app of h would have. The caller
// must hold the lock.
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

// older returns the part of the list that gives way before first: one of a heavier client, or an older one of an equal
// client.
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

// add adds a part to the pool. The caller must hold the lock.
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

// remove removes a part from the pool if it is there. The caller must hold the lock.
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

// count adds to what is held. The caller must hold the lock.
func (p *Pool) count(h Holder, size int64) {
	p.taken += size
	p.clients[h.Client].taken += size
	if p.apps[h.App] += size; p.apps[h.App] == 0 {
		delete(p.apps, h.App)
	}
}
