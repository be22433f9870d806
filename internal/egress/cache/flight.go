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
	outdated bool // the resource was changed in the meantime; guarded by the lock of the cache
}

// Key identifies identical calls: their requests would be the same.
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
	unsharedFor = 10 * time.Second // a response that was not stored will probably not be the next time
	maxUnshared = 1024
)

// Join returns the flight for a key. leads reports that it starts with this call, which must end it. A nil flight means that
// the call goes out alone, because such responses are not stored.
func (c *Cache) Join(key Key, now time.Time) (f *Flight, leads bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if until, ok := c.unshared[key]; ok {
		if now.Before(until) {
			return nil, false
		}
		delete(c.unshared, key)
	}
	if f = c.flights[key]; f != nil {
		return f, false
	}
	if c.flights == nil {
		c.flights, c.unshared = map[Key]*Flight{}, map[Key]time.Time{}
	}
	f = &Flight{Done: make(chan struct{})}
	c.flights[key] = f
	return f, true
}

// End ends a flight. stored tells the waiting calls that the response is in the cache, again that one of them should go out.
func (c *Cache) End(key Key, f *Flight, stored, again bool) {
	f.land.Do(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.flights[key] == f {
			delete(c.flights, key)
		}
		if !stored && !again && !f.outdated {
			if len(c.unshared) >= maxUnshared {
				clear(c.unshared)
			}
			c.unshared[key] = time.Now().Add(unsharedFor)
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

// Tee is a body that is copied for the cache on its way to a function. It is read as fast as it arrives, up to the size
// that can be stored: other calls wait for it and must not wait for a slow reader.
type Tee struct {
	from io.Reader
	max  int64
	done func(body []byte, complete bool) // called once

	mu     sync.Mutex
	more   sync.Cond
	buffer []byte
	read   int  // bytes of buffer that the function has read
	ended  bool // nothing more is added to buffer
	err    error
}

// NewTee returns a copy of the body from. done is called once, with the body and whether it is complete.
func NewTee(from io.Reader, max int64, done func([]byte, bool)) *Tee {
	t := &Tee{from: from, max: max, done: done}
	t.more.L = &t.mu
	return t
}

// Run reads the body until its end, until it fails or is closed, or until it is too long to store.
func (t *Tee) Run() {
	chunk := make([]byte, 16<<10)
	for !t.ended {
		n, err := t.from.Read(chunk)
		t.mu.Lock()
		t.buffer = append(t.buffer, chunk[:n]...)
		t.err = err
		t.ended = err != nil || int64(len(t.buffer)) > t.max
		if t.ended {
			complete := err == io.EOF && int64(len(t.buffer)) <= t.max
			t.done(bytes.Clone(t.buffer), complete)
		}
		t.more.Broadcast()
		t.mu.Unlock()
	}
}

func (t *Tee) Read(p []byte) (int, error) {
	t.mu.Lock()
	for t.read == len(t.buffer) && !t.ended {
		t.more.Wait()
	}
	n := copy(p, t.buffer[t.read:])
	t.read += n
	err := t.err
	t.mu.Unlock()
	switch {
	case n > 0:
		return n, nil
	case err != nil:
		return 0, err
	}
	return t.from.Read(p) // Run stopped before the end
}
