// Package throttle limits how often each of many callers can do something.
package throttle

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// MaxKeys is how many keys a Throttle remembers. A key whose bucket is full is forgotten first: a new bucket is full too.
const MaxKeys = 4096

// Throttle has a token bucket for each key. The zero value is ready to use. It is safe for concurrent use.
type Throttle[K comparable] struct {
	mu      sync.Mutex
	buckets map[K]*bucket
}

type bucket struct {
	*rate.Limiter
	used time.Time
}

// Take takes a token from the bucket of key and returns 0. If the bucket is empty, it returns how long to wait for a token.
// The rate and burst may change between calls: tokens earned before were earned at the old rate, and a larger burst is
// available at once.
func (t *Throttle[K]) Take(key K, perSecond float64, burst int, now time.Time) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.buckets[key]
	if b == nil {
		b = &bucket{Limiter: rate.NewLimiter(rate.Limit(perSecond), burst)}
		t.add(key, b, now)
	}
	b.used = now
	b.adjust(rate.Limit(perSecond), burst, now)
	if b.AllowN(now, 1) {
		return 0
	}
	return time.Duration((1 - b.TokensAt(now)) / perSecond * float64(time.Second))
}

// Len returns the number of keys that it remembers.
func (t *Throttle[K]) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.buckets)
}

// adjust changes the rate and burst of a bucket.
func (b *bucket) adjust(limit rate.Limit, burst int, now time.Time) {
	if limit != b.Limit() {
		b.SetLimitAt(now, limit)
	}
	switch old := b.Burst(); {
	case burst > old:
		spent := old - int(b.TokensAt(now)) // SetBurst would make the caller wait for the new tokens
		b.Limiter = rate.NewLimiter(limit, burst)
		b.AllowN(now, spent)
	case burst < old:
		b.SetBurstAt(now, burst)
	}
}

func (t *Throttle[K]) add(key K, b *bucket, now time.Time) {
	if t.buckets == nil {
		t.buckets = map[K]*bucket{}
	}
	if len(t.buckets) >= MaxKeys {
		t.sweep(now)
	}
	t.buckets[key] = b
}

// sweep forgets full buckets; if there are none, those that have not been used for longest: the older half of the time
// since the first was used, so that a flood of new keys does not sweep for each of them.
func (t *Throttle[K]) sweep(now time.Time) {
	before, oldest := len(t.buckets), now
	for key, b := range t.buckets {
		if b.used.Before(oldest) {
			oldest = b.used
		}
		if b.TokensAt(now) >= float64(b.Burst()) {
			delete(t.buckets, key)
		}
	}
	if len(t.buckets) < before {
		return
	}
	middle := oldest.Add(now.Sub(oldest) / 2)
	for key, b := range t.buckets {
		if !b.used.After(middle) {
			delete(t.buckets, key)
		}
	}
}
