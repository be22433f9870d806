package compiler

import (
	"context"
	"slices"
	"sync"

	"fazt/internal/errs"
)

// How many may wait for a place, of one author and of all. What waits is a request that its sender holds open.
const (
	maxWaitingOfAuthor = 8
	maxWaiting         = 64
)

// queue gives places in the order in which they were asked for, but one at a time to an author, who is a key, or an app
// where there is none: one whose functions take long to compile holds one place, and the next does not wait behind all of theirs.
type queue struct {
	mu      sync.Mutex
	busy    map[string]bool
	waiting []*waiter
}

type waiter struct {
	author string
	ready  chan struct{} // closed when it has a place
}

// enter returns when author has one of most places.
func (q *queue) enter(ctx context.Context, author string, most int) error {
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
		return errs.New(errs.Unavailable, "too many functions wait to be compiled; deploy again in a moment")
	}
	q.waiting = append(q.waiting, w)
	q.admit(most)
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
		q.admit(most)
	}
	return ctx.Err()
}

// leave gives the place of author back.
func (q *queue) leave(author string, most func() int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.busy, author)
	q.admit(most())
}

// admit gives the free places. The lock is held.
func (q *queue) admit(most int) {
	if q.busy == nil {
		q.busy = map[string]bool{}
	}
	for i := 0; i < len(q.waiting) && len(q.busy) < most; {
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
