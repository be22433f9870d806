package egress

import (
	"sync"
	"time"

	"fazt/internal/system"
)

// buckets hold the rate of every app at every entry, a token for each hop. A wildcard has one bucket for all the names
// below it. What a bucket has is counted when it is asked, with the rate in force then.
type buckets struct {
	mu   sync.Mutex
	list map[bucketKey]*bucket
}

type bucketKey struct{ app, entry string }

type bucket struct {
	tokens float64
	rate   float64
	burst  float64
	at     time.Time
}

// mostBuckets is after how many the full ones are forgotten: a new bucket is full too.
const mostBuckets = 4096

// rateOf is what is in force for an entry: of the entry's own rate and the limit's the stricter; 0 = not bounded.
func rateOf(e *Entry, limits system.Net) (rate, burst int) {
	rate = least(e.Rate, limits.RateLimit)
	burst = least(e.Burst, limits.RateBurst)
	if burst == 0 {
		burst = rate
	}
	return rate, burst
}

// least of the numbers that say something.
func least[T int | int64 | time.Duration](a, b T) T {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// take is 0 when a hop may go, else after how long the next may.
func (b *buckets) take(key bucketKey, rate, burst int, now time.Time) time.Duration {
	if rate == 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.list[key]
	if k == nil {
		if b.list == nil {
			b.list = map[bucketKey]*bucket{}
		}
		if len(b.list) >= mostBuckets {
			b.sweep(now)
		}
		k = &bucket{tokens: float64(burst), burst: float64(burst), at: now}
		b.list[key] = k
	}
	// What was earned before a change was earned at the old rate; a larger burst is there at once.
	k.fill(now)
	if grown := float64(burst) - k.burst; grown > 0 {
		k.tokens += grown
	}
	k.rate, k.burst = float64(rate), float64(burst)
	k.tokens = min(k.tokens, k.burst)
	if k.tokens < 1 {
		return time.Duration((1 - k.tokens) / k.rate * float64(time.Second))
	}
	k.tokens--
	return 0
}

func (k *bucket) fill(now time.Time) {
	if now.After(k.at) {
		k.tokens = min(k.burst, k.tokens+k.rate*now.Sub(k.at).Seconds())
		k.at = now
	}
}

// sweep forgets the full ones; where none is, the one that was used longest ago.
func (b *buckets) sweep(now time.Time) {
	var oldest bucketKey
	var at time.Time
	before := len(b.list)
	for key, k := range b.list {
		if at.IsZero() || k.at.Before(at) {
			oldest, at = key, k.at
		}
		if k.fill(now); k.tokens >= k.burst {
			delete(b.list, key)
		}
	}
	if len(b.list) == before {
		delete(b.list, oldest)
	}
}

// slots are the places for open calls: of each app, and of all.
type slots struct {
	mu     sync.Mutex
	all    int
	apps   map[string]int
	lost   int            // exchanges that do not end though their calls have; they hold no place
	lostOf map[string]int // by app
}

// An app of which so many exchanges are lost makes no more calls: each holds memory until the process ends.
const mostLost = 16

// take says whether there was a place. The numbers are those in force now: after one was lowered nothing new begins until
// enough has ended.
func (s *slots) take(app string, ofApp, ofAll int) (ok bool, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.apps == nil {
		s.apps = map[string]int{}
	}
	switch {
	case s.lostOf[app] >= mostLost:
		return false, "too many connections of the app do not end; `fazt server restart` ends them"
	case s.apps[app] >= ofApp:
		return false, "the app has as many open calls as net.app_concurrency allows"
	case s.all >= ofAll:
		return false, "there are as many open calls as net.concurrency allows"
	}
	s.all++
	s.apps[app]++
	return true, ""
}

// lose counts exchanges of an app that do not end; n is negative for one that did at last.
func (s *slots) lose(app string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lostOf == nil {
		s.lostOf = map[string]int{}
	}
	s.lost += n
	if s.lostOf[app] += n; s.lostOf[app] == 0 {
		delete(s.lostOf, app)
	}
}

func (s *slots) give(app string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.apps[app]--; s.apps[app] == 0 {
		delete(s.apps, app)
	}
}
