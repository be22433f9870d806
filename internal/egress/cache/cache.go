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

// Cache stores responses by the rules of RFC 9111. Each app has a shared cache of its own, from which all its visitors are
// served. Private responses are therefore never stored, and responses to requests with credentials only if their server
// says that others may have them (§3.5). Where the RFC leaves a choice, less is stored: nothing with Set-Cookie, nothing
// with a malformed Cache-Control, and nothing that was requested with a secret of the instance.
type Cache struct {
	mu       sync.Mutex
	apps     map[string]*appCache
	flights  map[Key]*Flight
	unshared map[Key]time.Time // calls that others do not wait for, until then
	stats    Stats
}

// Stats has the size of the cache, and its use since the start.
type Stats struct {
	Items       int   `json:"items"`
	Bytes       int64 `json:"bytes"`
	Hits        int64 `json:"hits"`        // without asking the origin
	Revalidated int64 `json:"revalidated"` // unchanged at the origin
	Stale       int64 `json:"stale"`       // expired, served because the origin failed
	Misses      int64 `json:"misses"`
}

// appCache has the responses of one app.
type appCache struct {
	variants map[string][]*list.Element // by URL
	order    *list.List                 // of *Response, the most recently used first
	bytes    int64
}

// Response is a stored response. It never changes: callers read copies.
type Response struct {
	url      string
	vary     http.Header // the request headers that Vary names
	status   int
	text     string
	header   http.Header
	body     []byte // decoded, not scrubbed: secrets may be set after it was stored
	at       time.Time
	age      time.Duration // on arrival
	lifetime time.Duration
	strict   bool // must-revalidate, proxy-revalidate or s-maxage: never served stale
	public   bool // may be served to requests without credentials
	noCache  bool // always revalidated
}

// storedCost estimates the memory of a response besides its body.
const storedCost = 1 << 10

// fieldCost estimates the memory of a header field besides its text. The other server chooses their number, and 60 KiB of
// short names become megabytes of map.
const fieldCost = 128

// MaxVariants is how many variants of one URL are stored.
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
func (s *Response) Fresh(now time.Time) bool { return !s.noCache && s.currentAge(now) < s.lifetime }

// Serves reports whether the response may be served for a request without asking the origin (RFC 9111 §4.2, §5.2.1).
func (s *Response) Serves(now time.Time, o Options) bool {
	age := s.currentAge(now)
	return s.Fresh(now) && (o.maxAge < 0 || age <= o.maxAge) && s.lifetime-age >= o.minFresh
}

// Usable reports whether a stale response may be served because the origin fails.
func (s *Response) Usable(now time.Time, e *rules.Entry) bool {
	return !s.strict && !s.noCache && s.currentAge(now) < s.lifetime+time.Duration(e.Stale)*time.Second
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
func (c *Cache) Get(app, url string, header http.Header, credentialed bool) *Response {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.apps[app]
	if s == nil {
		return nil
	}
	for _, e := range slices.Backward(s.variants[url]) { // of two that match, the newer
		if stored := e.Value.(*Response); stored.matches(header) && (stored.public || !credentialed) {
			s.order.MoveToFront(e)
			return stored
		}
	}
	return nil
}

func (s *Response) matches(header http.Header) bool {
	for name, values := range s.vary {
		if !sameValues(values, header[name]) {
			return false
		}
	}
	return true
}

// sameValues reports whether a header is the same in two requests, however it is split into lines.
func sameValues(a, b []string) bool {
	return len(a) == 0 == (len(b) == 0) && strings.Join(a, ", ") == strings.Join(b, ", ")
}

// Put stores a response in place of the variant it replaces, within the limits in force.
func (c *Cache) Put(app string, s *Response, maxItems int, maxBytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(app, s.url, func(other *Response) bool { return sameVariant(other, s) })
	if maxItems == 0 || s.size() > maxBytes {
		return
	}
	if c.apps == nil {
		c.apps = map[string]*appCache{}
	}
	a := c.apps[app]
	if a == nil {
		a = &appCache{variants: map[string][]*list.Element{}, order: list.New()}
		c.apps[app] = a
	}
	if variants := a.variants[s.url]; len(variants) >= MaxVariants {
		a.remove(variants[0])
	}
	for a.order.Len() > 0 && (a.order.Len() >= maxItems || a.bytes+s.size() > maxBytes) {
		a.remove(a.order.Back())
	}
	a.variants[s.url] = append(a.variants[s.url], a.order.PushFront(s))
	a.bytes += s.size()
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
	for key, f := range c.flights { // a response on its way may be from before the change
		if key.app == app && key.url == url {
			f.outdated = true
			delete(c.flights, key)
		}
	}
}

// drop removes the variants of a URL that fn selects. c.mu is held.
func (c *Cache) drop(app, url string, fn func(*Response) bool) {
	s := c.apps[app]
	if s == nil {
		return
	}
	for _, e := range slices.Clone(s.variants[url]) {
		if fn(e.Value.(*Response)) {
			s.remove(e)
		}
	}
	if s.order.Len() == 0 {
		delete(c.apps, app)
	}
}

func (a *appCache) remove(e *list.Element) {
	stored := a.order.Remove(e).(*Response)
	a.bytes -= stored.size()
	left := slices.DeleteFunc(slices.Clone(a.variants[stored.url]), func(other *list.Element) bool { return other == e })
	if len(left) == 0 {
		delete(a.variants, stored.url)
	} else {
		a.variants[stored.url] = left
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

// Clear drops the responses of an app; "" = of all apps.
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

// Failure returns a response that the gate makes itself. It is never stored.
func Failure(status int, at time.Time) *Response {
	return &Response{status: status, text: http.StatusText(status), header: http.Header{}, at: at}
}

// SetBody completes a response from Storable before it is stored.
func (s *Response) SetBody(body []byte) { s.body = body }
