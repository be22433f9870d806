package journal

import "slices"

// maxBehind is how many records a follower may be behind.
const maxBehind = 256

// Follower receives records as they are recorded.
type Follower[T any] struct {
	C <-chan T // closed by Stop

	journal *Journal[T]
	matches func(T) bool
	records chan T
	missed  int // guarded by journal.mu
}

// Follow delivers matching records from now on. The follower must be stopped.
func (j *Journal[T]) Follow(matches func(T) bool) *Follower[T] {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.follow(matches)
}

func (j *Journal[T]) follow(matches func(T) bool) *Follower[T] {
	f := &Follower[T]{journal: j, matches: matches, records: make(chan T, maxBehind)}
	f.C = f.records
	j.followers[f] = struct{}{}
	return f
}

// Tail returns what stored reads followed by the matching records that wait to be stored, and a follower that receives
// exactly the records after those. The follower must be stopped.
func (j *Journal[T]) Tail(matches func(T) bool, stored func() ([]T, error)) ([]T, *Follower[T], error) {
	// While storing is held, every record is stored, in the buffer, or not recorded yet.
	j.storing.Lock()
	defer j.storing.Unlock()
	j.mu.Lock()
	f := j.follow(matches)
	waiting := slices.Clone(j.buffer)
	j.mu.Unlock()
	list, err := stored()
	if err != nil {
		f.Stop()
		return nil, nil, err
	}
	for _, record := range waiting {
		if matches(record) {
			list = append(list, record)
		}
	}
	return list, f, nil
}

// offer delivers a matching record if there is room: a slow reader never blocks a writer. journal.mu is held.
func (f *Follower[T]) offer(record T) {
	if !f.matches(record) {
		return
	}
	select {
	case f.records <- record:
	default:
		f.missed++
	}
}

// Missed returns how many records came too fast for the follower since the last call. They are stored all the same.
func (f *Follower[T]) Missed() int {
	f.journal.mu.Lock()
	defer f.journal.mu.Unlock()
	n := f.missed
	f.missed = 0
	return n
}

// Stop ends the delivery. It may be called more than once.
func (f *Follower[T]) Stop() {
	f.journal.mu.Lock()
	defer f.journal.mu.Unlock()
	if _, ok := f.journal.followers[f]; ok {
		delete(f.journal.followers, f)
		close(f.records)
	}
}
