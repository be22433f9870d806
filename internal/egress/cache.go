package egress

import (
	"bytes"
	"container/list"
	"fazt/internal/egress/field"
	"fazt/internal/egress/rules"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"
)

// cache keeps answers by the rules of RFC 9111. Each app has a shared cache of its own: all visitors of the app are served
// out of it, so that what is marked private is never kept, and what was asked for with a credential only where its server
// says that others may have it (§3.5). Where the RFC leaves a choice, less is kept: nothing with Set-Cookie, nothing whose
// Cache-Control cannot be read, and nothing that was asked for with a secret of the instance.
type cache struct {
	mu      sync.Mutex
	apps    map[string]*shelf
	flights map[flightKey]*flight
	alone   map[flightKey]time.Time // what is not worth waiting for, and until when
	stats   CacheStats
}

// CacheStats says what is kept, and how often it served since the start.
type CacheStats struct {
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
	order *list.List                 // of *stored, the last used first
	bytes int64
}

// stored is an answer that is kept. It never changes; whoever gets it reads a copy.
type stored struct {
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

// mostVariants of one URL.
const mostVariants = 8

func (s *stored) size() int64 {
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

// currentAge is how old the answer is (RFC 9111 §4.2.3).
func (s *stored) currentAge(now time.Time) time.Duration { return s.age + max(0, now.Sub(s.at)) }

func (s *stored) fresh(now time.Time) bool { return !s.ask && s.currentAge(now) < s.lifetime }

// serves says whether the answer may be given to a request without asking (RFC 9111 §4.2, §5.2.1).
func (s *stored) serves(now time.Time, w wish) bool {
	age := s.currentAge(now)
	return s.fresh(now) && (w.maxAge < 0 || age <= w.maxAge) && s.lifetime-age >= w.minFresh
}

// usable says whether the answer may serve past its end, while the other server fails.
func (s *stored) usable(now time.Time, e *rules.Entry) bool {
	return !s.strict && !s.ask && s.currentAge(now) < s.lifetime+time.Duration(e.Stale)*time.Second
}

// response is a copy of it.
func (s *stored) response(now time.Time) *http.Response {
	h := s.header.Clone()
	h.Set("Age", strconv.Itoa(int(s.currentAge(now)/time.Second)))
	return &http.Response{
		StatusCode: s.status, Status: strconv.Itoa(s.status) + " " + s.text, Header: h,
		ContentLength: int64(len(s.body)), Body: io.NopCloser(bytes.NewReader(s.body)),
	}
}

// get is the variant of an answer that fits a request, fresh or not; nil = there is none.
func (c *cache) get(app, url string, asked http.Header, credentialed bool) *stored {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.apps[app]
	if s == nil {
		return nil
	}
	for _, e := range slices.Backward(s.pages[url]) { // of two that fit, the later
		if kept := e.Value.(*stored); kept.fits(asked) && (kept.shared || !credentialed) {
			s.order.MoveToFront(e)
			return kept
		}
	}
	return nil
}

func (s *stored) fits(asked http.Header) bool {
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

// put keeps an answer in place of the variant it replaces, within the limits in force.
func (c *cache) put(app string, s *stored, items int, most int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(app, s.url, func(kept *stored) bool { return sameVariant(kept, s) })
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
	if variants := shelved.pages[s.url]; len(variants) >= mostVariants {
		shelved.remove(variants[0])
	}
	for shelved.order.Len() > 0 && (shelved.order.Len() >= items || shelved.bytes+s.size() > most) {
		shelved.remove(shelved.order.Back())
	}
	shelved.pages[s.url] = append(shelved.pages[s.url], shelved.order.PushFront(s))
	shelved.bytes += s.size()
}

func sameVariant(a, b *stored) bool {
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

// forget drops every variant of a URL: an unsafe method changed what is there (RFC 9111 §4.4).
func (c *cache) forget(app, url string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(app, url, func(*stored) bool { return true })
	for key, f := range c.flights { // what is on its way may have been made before the change
		if key.app == app && key.url == url {
			f.outdated = true
			delete(c.flights, key)
		}
	}
}

// drop takes those variants of a URL that fn names. c.mu is held.
func (c *cache) drop(app, url string, fn func(*stored) bool) {
	s := c.apps[app]
	if s == nil {
		return
	}
	for _, e := range slices.Clone(s.pages[url]) {
		if fn(e.Value.(*stored)) {
			s.remove(e)
		}
	}
	if s.order.Len() == 0 {
		delete(c.apps, app)
	}
}

func (s *shelf) remove(e *list.Element) {
	kept := s.order.Remove(e).(*stored)
	s.bytes -= kept.size()
	left := slices.DeleteFunc(slices.Clone(s.pages[kept.url]), func(other *list.Element) bool { return other == e })
	if len(left) == 0 {
		delete(s.pages, kept.url)
	} else {
		s.pages[kept.url] = left
	}
}

// CacheStats is the state of the cache.
func (g *Gate) CacheStats() CacheStats {
	g.cache.mu.Lock()
	defer g.cache.mu.Unlock()
	stats := g.cache.stats
	for _, s := range g.cache.apps {
		stats.Items += s.order.Len()
		stats.Bytes += s.bytes
	}
	return stats
}

// ClearCache forgets the answers of an app; "" = of every app.
func (g *Gate) ClearCache(appID string) {
	g.cache.mu.Lock()
	defer g.cache.mu.Unlock()
	if appID == "" {
		g.cache.apps = nil
	} else {
		delete(g.cache.apps, appID)
	}
}

// count notes what came of a call that asked the cache.
func (c *cache) count(state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case cacheHit:
		c.stats.Hits++
	case cacheRevalidated:
		c.stats.Revalidated++
	case cacheStale:
		c.stats.Stale++
	case cacheMiss:
		c.stats.Misses++
	}
}

// The states of Attempt.Cache.
const (
	cacheHit         = "hit"
	cacheStale       = "stale"
	cacheRevalidated = "revalidated"
	cacheMiss        = "miss"
)

// directives are those of Cache-Control, in lower case, with their values. ok is false where a line is malformed: what it
// forbids is then not known.
func directives(h http.Header) (found map[string]string, ok bool) {
	found = map[string]string{}
	for _, line := range h["Cache-Control"] {
		for rest := strings.TrimLeft(line, " \t,"); rest != ""; rest = strings.TrimLeft(rest, " \t,") {
			var name, value string
			if name, rest = cutToken(rest); name == "" {
				return nil, false
			}
			if after, is := strings.CutPrefix(rest, "="); is {
				if value, rest, ok = cutArgument(after); !ok {
					return nil, false
				}
			}
			if rest = strings.TrimLeft(rest, " \t"); rest != "" && rest[0] != ',' {
				return nil, false
			}
			name = strings.ToLower(name)
			// Of two that contradict each other the stricter (RFC 9111 §4.2.1).
			if first, twice := found[name]; twice && strings.HasSuffix(name, "max-age") || twice && name == "s-maxage" {
				value = strconv.Itoa(min(atoi(first), atoi(value)))
			}
			found[name] = value
		}
	}
	return found, true
}

// cutToken is the token that s begins with.
func cutToken(s string) (token, rest string) {
	n := 0
	for n < len(s) && httpguts.IsTokenRune(rune(s[n])) {
		n++
	}
	return s[:n], s[n:]
}

// cutArgument is the value that s begins with: a token, or a string in quotes.
func cutArgument(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest = cutToken(s)
		return value, rest, value != ""
	}
	var text strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return text.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		text.WriteByte(s[i])
	}
	return "", "", false
}

// atoi reads a number of seconds; what is none has passed already.
func atoi(s string) int {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		if len(s) > 9 && strings.Trim(s, "0123456789") == "" {
			return 1 << 31 // too many to count are many (RFC 9111 §1.2.2)
		}
		return 0
	}
	return int(n)
}

// uncached are headers of a call that make it one the cache does not serve and does not learn from.
var uncached = []string{"Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"}

// wish is what a call wants of the cache.
type wish struct {
	read, write  bool
	credentialed bool          // it says who asks
	maxAge       time.Duration // -1 = any
	minFresh     time.Duration
	onlyCached   bool
}

// wishes says what the cache may do for a hop (RFC 9111 §5.2.1).
func wishes(mode, method string, h http.Header, e *rules.Entry) (w wish) {
	if method != http.MethodGet || e.CacheTTL == 0 || mode == "no-store" {
		return w
	}
	for _, name := range uncached {
		if len(h[name]) > 0 {
			return w
		}
	}
	asked, ok := directives(h)
	if _, no := asked["no-store"]; no || !ok {
		return w
	}
	_, again := asked["no-cache"]
	_, w.onlyCached = asked["only-if-cached"]
	w.maxAge, w.write = -1, true
	if most, found := asked["max-age"]; found {
		w.maxAge = time.Duration(atoi(most)) * time.Second
	}
	w.minFresh = time.Duration(atoi(asked["min-fresh"])) * time.Second
	w.read = !again && mode != "reload" && w.maxAge != 0 && (len(asked) > 0 || !strings.EqualFold(h.Get("Pragma"), "no-cache"))
	return w
}

// keepable is what to keep of an answer, without its body; nil = nothing (RFC 9111 §3). It was asked for at began, and came
// now.
func keepable(url string, asked http.Header, credentialed bool, resp *http.Response, e *rules.Entry, began, now time.Time) *stored {
	says, ok := directives(resp.Header)
	has := func(name string) bool { _, is := says[name]; return is }
	if !ok || has("no-store") || has("private") || len(resp.Header["Set-Cookie"]) > 0 || len(resp.Header["Set-Cookie2"]) > 0 {
		return nil
	}
	s := &stored{
		url: url, status: resp.StatusCode, header: resp.Header.Clone(), vary: http.Header{}, at: began, ask: has("no-cache"),
		strict: has("must-revalidate") || has("proxy-revalidate") || has("s-maxage"), shared: has("public") || has("s-maxage") || has("must-revalidate"),
	}
	if credentialed && !s.shared { // §3.5
		return nil
	}
	_, s.text, _ = strings.Cut(resp.Status, " ")
	for name := range strings.SplitSeq(strings.Join(resp.Header["Vary"], ","), ",") {
		switch name = strings.Trim(name, " \t"); {
		case name == "":
		case name == "*" || !httpguts.ValidHeaderFieldName(name):
			return nil
		default:
			name = http.CanonicalHeaderKey(name)
			s.vary[name] = asked[name]
		}
	}
	for _, name := range slices.Concat(field.OfConnection(resp.Header), []string{"Content-Length"}, field.Unreceived) {
		delete(s.header, name)
	}
	s.age = time.Duration(atoi(strings.TrimSpace(firstOf(resp.Header.Get("Age"))))) * time.Second
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		s.age = max(s.age, now.Sub(date))
	}
	explicit := true
	switch { // §4.2.1
	case has("s-maxage"):
		s.lifetime = time.Duration(atoi(says["s-maxage"])) * time.Second
	case has("max-age"):
		s.lifetime = time.Duration(atoi(says["max-age"])) * time.Second
	case len(resp.Header["Expires"]) > 0:
		s.lifetime = expires(resp.Header, now)
	default:
		explicit = false
		s.lifetime = time.Duration(e.CacheTTL) * time.Second
	}
	switch resp.StatusCode {
	case http.StatusOK, http.StatusNonAuthoritativeInfo, http.StatusNoContent:
	case http.StatusMultipleChoices, http.StatusMovedPermanently, http.StatusPermanentRedirect, http.StatusNotFound, http.StatusGone:
		if !explicit {
			return nil
		}
	default:
		return nil
	}
	if s.lifetime <= 0 && !s.validator() && e.Stale == 0 {
		return nil // it could never serve
	}
	return s
}

// firstOf is the first member of a list.
func firstOf(list string) string {
	first, _, _ := strings.Cut(list, ",")
	return first
}

func expires(h http.Header, now time.Time) time.Duration {
	at, err := http.ParseTime(h.Get("Expires"))
	if err != nil || len(h["Expires"]) > 1 {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		return at.Sub(date)
	}
	return at.Sub(now)
}

func (s *stored) validator() bool {
	return s.header.Get("Etag") != "" || s.header.Get("Last-Modified") != ""
}

// validate asks whether the answer still holds.
func (s *stored) validate(h http.Header) {
	if tag := s.header.Get("Etag"); tag != "" {
		h.Set("If-None-Match", tag)
	}
	if at := s.header.Get("Last-Modified"); at != "" {
		h.Set("If-Modified-Since", at)
	}
}

// renewed is the answer with what a 304 says of it (RFC 9111 §3.2, §4.3.4); nil = it is to be forgotten.
func (s *stored) renewed(asked http.Header, credentialed bool, resp *http.Response, e *rules.Entry, began, now time.Time) *stored {
	if tag := resp.Header.Get("Etag"); tag != "" && tag != s.header.Get("Etag") {
		return nil // it is about another answer
	}
	header := s.header.Clone()
	delete(header, "Age")
	for name, values := range resp.Header {
		switch name {
		case "Content-Length", "Content-Encoding", "Content-Type", "Content-Range":
		default:
			header[name] = values
		}
	}
	fresh := keepable(s.url, asked, credentialed, &http.Response{StatusCode: s.status, Status: strconv.Itoa(s.status) + " " + s.text, Header: header}, e, began, now)
	if fresh != nil {
		fresh.body = s.body
	}
	return fresh
}
