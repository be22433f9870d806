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

// Flight is one outbound call that identical calls wait for, because its response is not stored yet. They wait until it is
// known whether the response will be stored, within their own deadlines.
type Flight struct {
	Done     chan struct{} // closed when it is known
	land     sync.Once
	outdated bool // what it brings was changed meanwhile; guarded by the cache
}

// Key is what makes calls identical: they would be sent alike.
type Key struct{ app, url, header string }

// KeyOf returns the key of a call.
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

// Join returns the flight for a key. leads reports that it starts with this call, which must end it. A nil flight means that
// the call goes out alone, because such responses are not stored.
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

// End ends a flight. kept reports that waiting calls find the response in the cache, again that the next of them should go out.
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

// Current reports whether the response of a flight is still current; without a flight that is assumed.
func (c *Cache) Current(f *Flight) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return f == nil || !f.outdated
}

// Copying is a body that is copied for the cache on its way to a function. It is read as fast as it arrives, up to the size
// that may be stored: other calls wait for it and must not wait for a slow reader.
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

// NewCopying returns a copy of the body from. done is called once, with the body and whether it is complete.
func NewCopying(from io.Reader, most int64, done func([]byte, bool)) *Copying {
	c := &Copying{from: from, most: most, done: done}
	c.more.L = &c.mu
	return c
}

// Run reads the body until its end, until it fails or is closed, or until it is too long to store.
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
