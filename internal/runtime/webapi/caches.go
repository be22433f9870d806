package webapi

import (
	"container/list"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"fazt/internal/errs"
	"fazt/internal/header"
	"fazt/internal/quickjs"
	"fazt/internal/runtime"
)

// appShare is the part of the memory for caches that one app may use.
const appShare = 4

// entryCost is what an entry takes besides its texts and its body, in bytes.
const entryCost = 500

// caches keeps what functions store with the Cache API. Each deployment has its own: a new one never serves pages of the one
// before it. The entry that was not used for the longest time makes room for another.
type caches struct {
	max func() int64 // memory for all apps

	mu     sync.Mutex
	known  map[cacheKey][]*list.Element // one for each variant
	order  *list.List                   // of *cached, the most recently used first
	total  int64
	ofApps map[string]int64
}

func newCaches(max func() int64) *caches {
	return &caches{max: max, known: map[cacheKey][]*list.Element{}, order: list.New(), ofApps: map[string]int64{}}
}

// cacheKey is where a response is kept.
type cacheKey struct{ deployment, cache, url string }

// cached is a stored response.
type cached struct {
	key        cacheKey
	app        string
	vary       map[string]string // values of the request's headers that the response depends on
	status     int
	statusText string
	headers    string
	body       []byte
	expires    time.Time // zero = never
	size       int64
}

// matches reports whether the response suits a request.
func (c *cached) matches(h http.Header) bool {
	for name, value := range c.vary {
		if strings.Join(h[name], ", ") != value {
			return false
		}
	}
	return true
}

// put stores a response, unless it may not be kept or is too large.
func (s *caches) put(c *cached, request http.Header) {
	h, now := header.Parse(c.headers), time.Now()
	keep, lifetime := lifetime(h, now)
	c.vary = map[string]string{}
	for _, value := range h["Vary"] {
		for name := range strings.SplitSeq(value, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			c.vary[name] = strings.Join(request[name], ", ")
		}
	}
	if lifetime > 0 {
		c.expires = now.Add(lifetime)
	}
	c.size = int64(entryCost + len(c.key.cache) + len(c.key.url) + len(c.statusText) + len(c.headers) + len(c.body))
	for name, value := range c.vary {
		c.size += int64(len(name) + len(value))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(c.key, func(old *cached) bool { return old.matches(request) })
	most := s.max()
	if !keep || c.size > most/appShare {
		return
	}
	s.known[c.key] = append(s.known[c.key], s.order.PushFront(c))
	s.total += c.size
	s.ofApps[c.app] += c.size
	for e := s.order.Back(); e != nil && (s.total > most || s.ofApps[c.app] > most/appShare); {
		before := e.Prev()
		if old := e.Value.(*cached); s.total > most || old.app == c.app {
			s.remove(e)
		}
		e = before
	}
}

// lifetime returns whether and how long a response may be kept; 0 = until there is no room.
func lifetime(h http.Header, now time.Time) (keep bool, d time.Duration) {
	if len(h["Set-Cookie"]) > 0 {
		return false, 0
	}
	found := false
	for directive := range strings.SplitSeq(strings.ToLower(strings.Join(h["Cache-Control"], ",")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "private", "no-cache":
			return false, 0
		case "max-age", "s-maxage":
			seconds, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 32)
			if err == nil && (!found || name == "s-maxage") {
				found, d = true, time.Duration(seconds)*time.Second
			}
		}
	}
	if expires := h.Get("Expires"); !found && expires != "" {
		at, err := http.ParseTime(expires)
		found, d = true, at.Sub(now)
		if err != nil {
			return false, 0
		}
	}
	return !found || d > 0, d
}

// match returns the response for a request, or nil.
func (s *caches) match(key cacheKey, request http.Header) *cached {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range slices.Clone(s.known[key]) {
		c := e.Value.(*cached)
		switch {
		case !c.expires.IsZero() && !time.Now().Before(c.expires):
			s.remove(e)
		case c.matches(request):
			s.order.MoveToFront(e)
			return c
		}
	}
	return nil
}

// drop removes the responses of a key for which which is true, and reports whether there were any.
func (s *caches) drop(key cacheKey, which func(*cached) bool) bool {
	dropped := false
	for _, e := range slices.Clone(s.known[key]) {
		if which(e.Value.(*cached)) {
			s.remove(e)
			dropped = true
		}
	}
	return dropped
}

// dropCache removes all responses of a cache, and reports whether there were any.
func (s *caches) dropCache(deployment, cache string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	dropped := false
	for e := s.order.Front(); e != nil; {
		next := e.Next()
		if k := e.Value.(*cached).key; k.deployment == deployment && k.cache == cache {
			s.remove(e)
			dropped = true
		}
		e = next
	}
	return dropped
}

func (s *caches) remove(e *list.Element) {
	c := s.order.Remove(e).(*cached)
	s.total -= c.size
	if s.ofApps[c.app] -= c.size; s.ofApps[c.app] <= 0 {
		delete(s.ofApps, c.app)
	}
	if rest := slices.DeleteFunc(s.known[c.key], func(other *list.Element) bool { return other == e }); len(rest) > 0 {
		s.known[c.key] = rest
	} else {
		delete(s.known, c.key)
	}
}

// table returns the host functions: cachePut(cache, url, request headers, status, status text, headers, body), cacheMatch and
// cacheDelete(cache, url, request headers, ignore Vary), cacheDrop(cache).
func (s *caches) table() runtime.Table {
	key := func(a runtime.Args) (cacheKey, error) {
		if a.Invocation() == nil {
			return cacheKey{}, errs.New(errs.Conflict, "caches can be used while a request is handled, not when the code is loaded")
		}
		return cacheKey{a.Invocation().Function().Deployment, a.Text(0), a.Text(1)}, nil
	}
	return runtime.Table{
		"cachePut": func(a runtime.Args) (quickjs.Value, error) {
			k, err := key(a)
			if err != nil {
				return quickjs.Undefined(), err
			}
			s.put(&cached{key: k, app: a.Invocation().Function().AppID, status: int(a.Number(3)), statusText: a.Text(4), headers: a.Text(5), body: a.Data(6)}, header.Parse(a.Text(2)))
			return quickjs.Undefined(), nil
		},
		"cacheMatch": func(a runtime.Args) (quickjs.Value, error) {
			k, err := key(a)
			if err != nil {
				return quickjs.Undefined(), err
			}
			c := s.match(k, header.Parse(a.Text(2)))
			if c == nil {
				return quickjs.Undefined(), nil
			}
			r := a.Realm()
			body := r.NewBytes(c.body)
			if quickjs.IsException(body) {
				return body, nil
			}
			v := r.NewObject()
			r.Set(v, "status", quickjs.Int(int32(c.status)))
			r.Set(v, "statusText", r.NewString(c.statusText))
			r.Set(v, "headers", r.NewString(c.headers))
			r.Set(v, "body", body)
			return v, nil
		},
		"cacheDelete": func(a runtime.Args) (quickjs.Value, error) {
			k, err := key(a)
			if err != nil {
				return quickjs.Undefined(), err
			}
			request := header.Parse(a.Text(2))
			s.mu.Lock()
			defer s.mu.Unlock()
			return quickjs.Bool(s.drop(k, func(c *cached) bool { return c.matches(request) })), nil
		},
		"cacheDrop": func(a runtime.Args) (quickjs.Value, error) {
			k, err := key(a)
			if err != nil {
				return quickjs.Undefined(), err
			}
			return quickjs.Bool(s.dropCache(k.deployment, k.cache)), nil
		},
	}
}
