package compiler

import (
	"context"
	"slices"
	"sync"

	"fazt/internal/errs"
)

// Limits on waiting jobs, per author and in total. A request is open for each of them.
const (
	maxWaitingOfAuthor = 8
	maxWaiting         = 64
)

// queue gives out places in order of arrival, but only one at a time per author: a key, or an app if there is no key. If an
// author's functions take long to compile, they hold one place, and other authors do not wait for all of them.
type queue struct {
	mu      sync.Mutex
	busy    map[string]bool
	waiting []*waiter
}

type waiter struct {
	author string
	ready  chan struct{} // closed when it has a place
}

// enter waits until author has one of max places.
func (q *queue) enter(ctx context.Context, author string, max int) error {
	w := &waiter{author, make(chan struct{})}
	q.mu.Lock()
	ofAuthor := 0
	for _, other := range q.waiting {
		if other.author == author {
			ofAuthor++
		}
	}
	if ofAuthor >= maxWaitingOfAuthor || len(q.waiting) >= maxWaiting {
		q.mu.Unlock()
		return errs.New(errs.Unavailable, "too many functions are waiting to be compiled; deploy again in a moment")
	}
	q.waiting = append(q.waiting, w)
	q.admit(max)
	q.mu.Unlock()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.waiting, w); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	} else { // it got its place at the last moment
		delete(q.busy, author)
		q.admit(max)
	}
	return ctx.Err()
}

// leave gives back the place of author.
func (q *queue) leave(author string, max func() int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.busy, author)
	q.admit(max())
}

// admit gives out the free places. The lock must be held.
func (q *queue) admit(max int) {
	if q.busy == nil {
		q.busy = map[string]bool{}
	}
	for i := 0; i < len(q.waiting) && len(q.busy) < max; {
		w := q.waiting[i]
		if q.busy[w.author] {
			i++
			continue
		}
		q.busy[w.author] = true
		q.waiting = slices.Delete(q.waiting, i, i+1)
		close(w.ready)
	}
}
