package transport

import (
	"slices"
	"sync"
	"time"
)

const (
	maxIdle         = 256              // connections
	maxIdlePerEntry = 8                // of one app under one entry
	keepIdle        = 15 * time.Second // shorter than on most servers, so that a request rarely meets a connection that is being closed
)

// pool has the idle connections. A connection is reused only under the same key: what an app did with it, and what its entry
// allowed, must not affect another app.
type pool struct {
	mu      sync.Mutex
	closed  bool
	version uint64
	list    []*conn // the longest idle is first
}

// advance closes the connections of older versions, and reports whether version is new.
func (p *pool) advance(version uint64) (newer bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if version <= p.version {
		return false
	}
	p.version = version
	p.drop(func(c *conn) bool { return c.key.Version < version })
	return true
}

// take removes the most recently used connection from the pool and returns it; nil = there is none.
func (p *pool) take(key Key) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.list) - 1; i >= 0; i-- {
		c := p.list[i]
		if c.key != key {
			continue
		}
		p.list = slices.Delete(p.list, i, i+1)
		if c.timer.Stop() && c.wire.reusable() {
			c.wire.begin()
			return c
		}
		c.close()
	}
	return nil
}

// put keeps a connection for later; ok is false if it cannot be reused.
func (p *pool) put(c *conn) (ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || c.key.Version < p.version || !c.wire.reusable() {
		return false
	}
	alike := func(o *conn) bool { return o.key.App == c.key.App && o.key.Entry == c.key.Entry }
	if p.count(alike) >= maxIdlePerEntry {
		p.dropFirst(alike)
	} else if len(p.list) >= maxIdle {
		p.dropFirst(func(*conn) bool { return true })
	}
	c.wire.rest()
	c.timer = time.AfterFunc(keepIdle, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.drop(func(o *conn) bool { return o == c })
	})
	p.list = append(p.list, c)
	return true
}

func (p *pool) count(matches func(*conn) bool) (n int) {
	for _, c := range p.list {
		if matches(c) {
			n++
		}
	}
	return n
}

func (p *pool) drop(matches func(*conn) bool) {
	p.list = slices.DeleteFunc(p.list, func(c *conn) bool {
		if !matches(c) {
			return false
		}
		c.timer.Stop()
		c.close()
		return true
	})
}

func (p *pool) dropFirst(matches func(*conn) bool) {
	if i := slices.IndexFunc(p.list, matches); i >= 0 {
		c := p.list[i]
		p.drop(func(o *conn) bool { return o == c })
	}
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.drop(func(*conn) bool { return true })
}
