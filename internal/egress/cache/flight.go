package cache

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Of identical calls whose answer is not kept yet, one goes out and the others wait for what it brings: a flight. They wait
// until it is known whether the answer is kept, and within their own time.
type Flight struct {
	Done     chan struct{} // closed when it is known
	land     sync.Once
	outdated bool // what it brings was changed meanwhile; guarded by the cache
}

// Key is what makes calls identical: they would be sent alike.
type Key struct{ app, url, header string }

func KeyOf(app, url string, h http.Header) Key {
	var b strings.Builder
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b.WriteString(name + "\n" + strings.Join(h[name], "\n") + "\n\n")
	}
	return Key{app, url, b.String()}
}

const (
	aloneFor = 10 * time.Second // an answer that was not kept will not be the next time
	maxAlone = 1024
)

// join is the flight for a key. leads says that it begins with this call, which has to end it; nil = go alone: such answers
// are not kept.
func (c *Cache) Join(key Key, now time.Time) (f *Flight, leads bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if until, ok := c.alone[key]; ok {
		if now.Before(until) {
			return nil, false
		}
		delete(c.alone, key)
	}
	if f = c.flights[key]; f != nil {
		return f, false
	}
	if c.flights == nil {
		c.flights, c.alone = map[Key]*Flight{}, map[Key]time.Time{}
	}
	f = &Flight{Done: make(chan struct{})}
	c.flights[key] = f
	return f, true
}

// end ends a flight; kept says whether who waits finds the answer in the cache, again that the next who waits shall try.
func (c *Cache) End(key Key, f *Flight, kept, again bool) {
	f.land.Do(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.flights[key] == f {
			delete(c.flights, key)
		}
		if !kept && !again && !f.outdated {
			if len(c.alone) >= maxAlone {
				clear(c.alone)
			}
			c.alone[key] = time.Now().Add(aloneFor)
		}
		close(f.Done)
	})
}

// current says whether nothing changed what a flight brings; nil = there is no flight, and nobody knows.
func (c *Cache) Current(f *Flight) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f == nil || !f.outdated
}

// copying is a body on its way to a function that is copied for the cache. It is taken in as fast as it comes, as far as it
// may be kept: others wait for it, and are not to wait for a reader that is slow.
type Copying struct {
	from io.Reader
	most int64
	done func(body []byte, whole bool) // called once

	mu    sync.Mutex
	more  sync.Cond
	kept  []byte
	given int  // of kept, to the reader
	ended bool // nothing is added any more
	err   error
}

func NewCopying(from io.Reader, most int64, done func([]byte, bool)) *Copying {
	c := &Copying{from: from, most: most, done: done}
	c.more.L = &c.mu
	return c
}

// run takes the body in. It returns when all of it came, when it failed or was closed, or when it is too long to be kept.
func (c *Copying) Run() {
	piece := make([]byte, 16<<10)
	for !c.ended {
		n, err := c.from.Read(piece)
		c.mu.Lock()
		c.kept = append(c.kept, piece[:n]...)
		c.err = err
		c.ended = err != nil || int64(len(c.kept)) > c.most
		if c.ended {
			whole := err == io.EOF && int64(len(c.kept)) <= c.most
			c.done(bytes.Clone(c.kept), whole)
		}
		c.more.Broadcast()
		c.mu.Unlock()
	}
}

func (c *Copying) Read(p []byte) (int, error) {
	c.mu.Lock()
	for c.given == len(c.kept) && !c.ended {
		c.more.Wait()
	}
	n := copy(p, c.kept[c.given:])
	c.given += n
	err := c.err
	c.mu.Unlock()
	switch {
	case n > 0:
		return n, nil
	case err != nil:
		return 0, err
	}
	return c.from.Read(p) // run left it
}
