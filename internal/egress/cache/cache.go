// Package cache keeps responses of other servers by the rules of RFC 9111.
package cache

import (
	"bytes"
	"container/list"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"fazt/internal/egress/rules"
)

// Cache keeps responses by the rules of RFC 9111. Each app has a shared cache of its own: all visitors of the app are served
// out of it, so that what is marked private is never kept, and what was asked for with a credential only where its server
// says that others may have it (§3.5). Where the RFC leaves a choice, less is kept: nothing with Set-Cookie, nothing whose
// Cache-Control cannot be read, and nothing that was asked for with a secret of the instance.
type Cache struct {
	mu      sync.Mutex
	apps    map[string]*shelf
	flights map[Key]*Flight
	alone   map[Key]time.Time // what is not worth waiting for, and until when
	stats   Stats
}

// Stats says what is kept, and how often it served since the start.
type Stats struct {
	Items       int   `json:"items"`
	Bytes       int64 `json:"bytes"`
	Hits        int64 `json:"hits"`        // without asking
	Revalidated int64 `json:"revalidated"` // asked, and not changed
	Stale       int64 `json:"stale"`       // past its end, while the other server failed
	Misses      int64 `json:"misses"`
}

// shelf is what one app has.
type shelf struct {
	pages map[string][]*list.Element // by URL, one for each variant
	order *list.List                 // of *Response, the last used first
	bytes int64
}

// Response is a stored response. It never changes: callers read copies.
type Response struct {
	url      string
	vary     http.Header // the values of the request's headers that Vary names
	status   int
	text     string
	header   http.Header
	body     []byte // decoded, not scrubbed: secrets may be given after it was kept
	at       time.Time
	age      time.Duration // it had when it came
	lifetime time.Duration
	strict   bool // must-revalidate, proxy-revalidate or s-maxage: never past its end
	shared   bool // its server says that it is also for who asks without credentials
	ask      bool // no-cache: never without asking
}

// storedCost is what an answer takes besides its body, estimated.
const storedCost = 1 << 10

// fieldCost is what a header field takes besides its text, estimated. The other server chooses how many there are, and
// 60 KiB of short names are megabytes of map.
const fieldCost = 128

// MaxVariants of one URL.
const MaxVariants = 8

func (s *Response) size() int64 {
	n := int64(storedCost + len(s.url) + len(s.body))
	for _, fields := range []http.Header{s.header, s.vary} {
		for name, values := range fields {
			n += int64(fieldCost + len(name))
			for _, v := range values {
				n += int64(fieldCost/4 + len(v))
			}
		}
	}
	return n
}

// currentAge returns how old the response is (RFC 9111 §4.2.3).
func (s *Response) currentAge(now time.Time) time.Duration { return s.age + max(0, now.Sub(s.at)) }

// Fresh reports whether the response may be served without asking the origin again.
func (s *Response) Fresh(now time.Time) bool { return !s.ask && s.currentAge(now) < s.lifetime }

// Serves reports whether the response may be served for a request without asking the origin (RFC 9111 §4.2, §5.2.1).
func (s *Response) Serves(now time.Time, w Wish) bool {
	age := s.currentAge(now)
	return s.Fresh(now) && (w.maxAge < 0 || age <= w.maxAge) && s.lifetime-age >= w.minFresh
}

// Usable reports whether a stale response may be served because the origin fails.
func (s *Response) Usable(now time.Time, e *rules.Entry) bool {
	return !s.strict && !s.ask && s.currentAge(now) < s.lifetime+time.Duration(e.Stale)*time.Second
}

// Response returns a copy, with its age.
func (s *Response) Response(now time.Time) *http.Response {
	h := s.header.Clone()
	h.Set("Age", strconv.Itoa(int(s.currentAge(now)/time.Second)))
	return &http.Response{
		StatusCode: s.status, Status: strconv.Itoa(s.status) + " " + s.text, Header: h,
		ContentLength: int64(len(s.body)), Body: io.NopCloser(bytes.NewReader(s.body)),
	}
}

// Get returns the stored variant that matches a request, fresh or not, or nil.
func (c *Cache) Get(app, url string, asked http.Header, credentialed bool) *Response {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.apps[app]
	if s == nil {
		return nil
	}
	for _, e := range slices.Backward(s.pages[url]) { // of two that fit, the later
		if kept := e.Value.(*Response); kept.fits(asked) && (kept.shared || !credentialed) {
			s.order.MoveToFront(e)
			return kept
		}
	}
	return nil
}

func (s *Response) fits(asked http.Header) bool {
	for name, values := range s.vary {
		if !sameValues(values, asked[name]) {
			return false
		}
	}
	return true
}

// sameValues says whether a header is the same in two requests: in how many lines it stands makes no difference.
func sameValues(a, b []string) bool {
	return len(a) == 0 == (len(b) == 0) && strings.Join(a, ", ") == strings.Join(b, ", ")
}

// Put stores a response in place of the variant it replaces, within the limits in force.
func (c *Cache) Put(app string, s *Response, items int, most int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(app, s.url, func(kept *Response) bool { return sameVariant(kept, s) })
	if items == 0 || s.size() > most {
		return
	}
	if c.apps == nil {
		c.apps = map[string]*shelf{}
	}
	shelved := c.apps[app]
	if shelved == nil {
		shelved = &shelf{pages: map[string][]*list.Element{}, order: list.New()}
		c.apps[app] = shelved
	}
	if variants := shelved.pages[s.url]; len(variants) >= MaxVariants {
		shelved.remove(variants[0])
	}
	for shelved.order.Len() > 0 && (shelved.order.Len() >= items || shelved.bytes+s.size() > most) {
		shelved.remove(shelved.order.Back())
	}
	shelved.pages[s.url] = append(shelved.pages[s.url], shelved.order.PushFront(s))
	shelved.bytes += s.size()
}

func sameVariant(a, b *Response) bool {
	if len(a.vary) != len(b.vary) {
		return false
	}
	for name, values := range a.vary {
		if other, ok := b.vary[name]; !ok || !sameValues(values, other) {
			return false
		}
	}
	return true
}

// Forget drops every variant of a URL, because an unsafe method changed the resource (RFC 9111 §4.4).
func (c *Cache) Forget(app, url string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(app, url, func(*Response) bool { return true })
	for key, f := range c.flights { // what is on its way may have been made before the change
		if key.app == app && key.url == url {
			f.outdated = true
			delete(c.flights, key)
		}
	}
}

// drop takes those variants of a URL that fn names. c.mu is held.
func (c *Cache) drop(app, url string, fn func(*Response) bool) {
	s := c.apps[app]
	if s == nil {
		return
	}
	for _, e := range slices.Clone(s.pages[url]) {
		if fn(e.Value.(*Response)) {
			s.remove(e)
		}
	}
	if s.order.Len() == 0 {
		delete(c.apps, app)
	}
}

func (s *shelf) remove(e *list.Element) {
	kept := s.order.Remove(e).(*Response)
	s.bytes -= kept.size()
	left := slices.DeleteFunc(slices.Clone(s.pages[kept.url]), func(other *list.Element) bool { return other == e })
	if len(left) == 0 {
		delete(s.pages, kept.url)
	} else {
		s.pages[kept.url] = left
	}
}

// Stats returns the state of the cache.
func (c *Cache) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	stats := c.stats
	for _, s := range c.apps {
		stats.Items += s.order.Len()
		stats.Bytes += s.bytes
	}
	return stats
}

// Clear forgets the responses to an app; "" = to every app.
func (c *Cache) Clear(appID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if appID == "" {
		c.apps = nil
	} else {
		delete(c.apps, appID)
	}
}

// Count counts the outcome of a call that used the cache.
func (c *Cache) Count(state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case Hit:
		c.stats.Hits++
	case Revalidated:
		c.stats.Revalidated++
	case Stale:
		c.stats.Stale++
	case Miss:
		c.stats.Misses++
	}
}

// The states of Attempt.Cache.
const (
	Hit         = "hit"
	Stale       = "stale"
	Revalidated = "revalidated"
	Miss        = "miss"
)

// Failure returns a response of this gate's own, which is never stored.
func Failure(status int, at time.Time) *Response {
	return &Response{status: status, text: http.StatusText(status), header: http.Header{}, at: at}
}

// SetBody completes a response from Keepable before it is stored.
func (s *Response) SetBody(body []byte) { s.body = body }
