package egress

import (
	"sync"
	"time"

	"fazt/internal/egress/rules"

	"fazt/internal/system"
)

// bucketKey identifies a token bucket: one for each app and entry. Every hop takes a token. All names below a wildcard
// share one bucket.
type bucketKey struct{ app, entry string }

// rateOf returns the effective rate for an entry: its own or the limit's, whichever is stricter; 0 = unlimited.
func rateOf(e *rules.Entry, limits system.Net) (rate, burst int) {
	rate = strictest(e.Rate, limits.RateLimit)
	burst = strictest(e.Burst, limits.RateBurst)
	if burst == 0 {
		burst = rate
	}
	return rate, burst
}

// strictest returns the smaller number; 0 = no limit.
func strictest[T int | int64 | time.Duration](a, b T) T {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// slots counts the open calls of each app and of all apps.
type slots struct {
	mu   sync.Mutex
	all  int
	apps map[string]int
}

// acquire takes a slot, or returns why there is none. The limits are those in force now: after one was lowered, no call
// starts until enough others have ended.
func (s *slots) acquire(app string, maxOfApp, max int) (ok bool, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.apps == nil {
		s.apps = map[string]int{}
	}
	switch {
	case s.apps[app] >= maxOfApp:
		return false, "the app has reached net.app_concurrency"
	case s.all >= max:
		return false, "all apps together have reached net.concurrency"
	}
	s.all++
	s.apps[app]++
	return true, ""
}

func (s *slots) release(app string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.apps[app]--; s.apps[app] == 0 {
		delete(s.apps, app)
	}
}
