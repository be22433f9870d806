package egress

import (
	"sync"
	"time"

	"fazt/internal/egress/rules"

	"fazt/internal/system"
)

// bucketKey is what has a rate of its own: every app at every entry, a token for each hop. A wildcard has one bucket for
// all the names below it.
type bucketKey struct{ app, entry string }

// rateOf is what is in force for an entry: of the entry's own rate and the limit's the stricter; 0 = not bounded.
func rateOf(e *rules.Entry, limits system.Net) (rate, burst int) {
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

// slots are the places for open calls: of each app, and of all.
type slots struct {
	mu   sync.Mutex
	all  int
	apps map[string]int
}

// take says whether there was a place. The numbers are those in force now: after one was lowered nothing new begins until
// enough has ended.
func (s *slots) take(app string, ofApp, ofAll int) (ok bool, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.apps == nil {
		s.apps = map[string]int{}
	}
	switch {
	case s.apps[app] >= ofApp:
		return false, "the app has as many open calls as net.app_concurrency allows"
	case s.all >= ofAll:
		return false, "there are as many open calls as net.concurrency allows"
	}
	s.all++
	s.apps[app]++
	return true, ""
}

func (s *slots) give(app string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.apps[app]--; s.apps[app] == 0 {
		delete(s.apps, app)
	}
}
