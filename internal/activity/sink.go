package activity

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

const (
	// FlushEvery is how old an unstored record gets: what was recorded longer ago than this outlives a kill.
	FlushEvery = 500 * time.Millisecond

	bufferMost = 4096 // records that may wait to be stored, where nobody says otherwise
	storeMost  = 256  // records stored in one write: other writers wait for no more than that
	followMost = 256  // records a follower may be behind
)

// sink takes records and returns at once. They wait in a bounded buffer and are stored in batches; what finds no room
// is dropped and counted by the caller.
type sink[T any] struct {
	db    *database.DB
	log   *slog.Logger
	what  string                             // the records, in a sentence
	tick  func()                             // called before records are stored; may add some. nil = nothing
	store func(tx *database.Tx, b []T) error // stores records, and removes what is too many or too old
	idle  func() bool                        // whether store has nothing to remove even without records
	most  func() int                         // records that may wait; nil = bufferMost
	every func() time.Duration               // how old an unstored record gets; nil = FlushEvery
	yield func(T) bool                       // whether a record makes room for one that does not; nil = none does

	visitors bool // the records are made by visitors: they are stored only while there is space enough

	storing sync.Mutex // held while records are on their way from the buffer to the disk

	mu     sync.Mutex
	last   int64 // the newest number given to a record
	buffer []T
	given  int           // of the buffer, the first so many were asked to make room
	full   chan struct{} // holds a token when the buffer is half full
	watch  map[*Follower[T]]struct{}
}

// begin prepares the sink; last is the newest number that was stored.
func (s *sink[T]) begin(last int64) {
	s.last, s.full, s.watch = last, make(chan struct{}, 1), map[*Follower[T]]struct{}{}
}

// number is a number for a record of now: the time in microseconds, moved on where it was given already or the clock
// went back. The lock is held.
func (s *sink[T]) number() int64 {
	s.last = max(s.last+1, time.Now().UnixMicro())
	return s.last
}

// room is how many records may wait.
func (s *sink[T]) room() int {
	if s.most == nil {
		return bufferMost
	}
	return s.most()
}

// offer takes a record, or says that one was dropped, this or another: there is no room. The lock is held.
func (s *sink[T]) offer(record T) bool {
	for f := range s.watch {
		f.offer(record)
	}
	most := s.room()
	if len(s.buffer) >= most {
		s.replace(record)
		return false
	}
	s.buffer = append(s.buffer, record)
	if len(s.buffer) == max(1, most/2) {
		select {
		case s.full <- struct{}{}:
		default:
		}
	}
	return true
}

// replace puts a record in the place of one that makes room for it, if there is one. What was asked once is not asked
// again, so that a flood costs no more than the buffer is long. The lock is held.
func (s *sink[T]) replace(record T) {
	if s.yield == nil || s.yield(record) {
		return
	}
	for ; s.given < len(s.buffer); s.given++ {
		if s.yield(s.buffer[s.given]) {
			s.buffer[s.given] = record
			return
		}
	}
}

// Run stores records until ctx ends, then stores what is left.
func (s *sink[T]) Run(ctx context.Context) error {
	every := func() time.Duration {
		if s.every == nil {
			return FlushEvery
		}
		return s.every()
	}
	tick := time.NewTimer(every())
	defer tick.Stop()
	failing := false
	for ; ; tick.Reset(every()) {
		select {
		case <-ctx.Done():
			if err := s.Flush(context.WithoutCancel(ctx)); err != nil {
				s.log.Error(s.what+" could not be stored and are lost", "error", err)
			}
			return nil
		case <-tick.C:
		case <-s.full:
		}
		err := s.Flush(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			s.log.Error(s.what+" cannot be stored; they wait in memory, as many as fit", "error", err)
		}
		failing = err != nil
	}
}

// Settle is Flush for those who then read: what cannot be stored now waits, and what is stored can be read.
func (s *sink[T]) Settle(ctx context.Context) error {
	if err := s.Flush(ctx); err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}

// Flush stores what is waiting and returns when it is on the disk.
func (s *sink[T]) Flush(ctx context.Context) error {
	s.storing.Lock()
	defer s.storing.Unlock()
	if s.tick != nil {
		s.tick()
	}
	s.mu.Lock()
	batch := s.buffer
	s.buffer, s.given = nil, 0
	s.mu.Unlock()
	if len(batch) == 0 && s.idle() {
		return nil
	}
	var err error
	write := ctx
	if s.visitors {
		write = database.Growing(ctx)
	}
	for n := 0; err == nil && (n == 0 || len(batch) > 0 || n < pruneAll/pruneMost && !s.idle()); n++ {
		part := batch[:min(len(batch), storeMost)]
		if err = s.db.Write(write, func(tx *database.Tx) error { return s.store(tx, part) }); err == nil {
			batch = batch[len(part):]
		}
	}
	if err != nil && (errs.KindOf(err).Retryable() || errs.Is(err, errs.StorageFull)) {
		s.mu.Lock()
		// They wait for the next time. Never more than twice the buffer: what comes meanwhile is refused at its bound.
		s.buffer, s.given = append(batch, s.buffer...), 0
		s.mu.Unlock()
	}
	return err
}

// tail is what stored reads, what waits to be stored, and a follower that gets exactly what comes after both. It must
// be stopped.
func (s *sink[T]) tail(matches func(T) bool, stored func() ([]T, error)) ([]T, *Follower[T], error) {
	// While nothing is on its way to the disk, every record is either stored, or in the buffer, or not yet written.
	s.storing.Lock()
	defer s.storing.Unlock()
	s.mu.Lock()
	f := s.follow(matches)
	waiting := slices.Clone(s.buffer)
	s.mu.Unlock()
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

// follow begins to deliver records. The lock is held.
func (s *sink[T]) follow(matches func(T) bool) *Follower[T] {
	f := &Follower[T]{sink: s, matches: matches, records: make(chan T, followMost)}
	f.C = f.records
	s.watch[f] = struct{}{}
	return f
}

// Follower is given records as they are written.
type Follower[T any] struct {
	C <-chan T // closed by Stop

	sink    *sink[T]
	matches func(T) bool
	records chan T
	missed  int // guarded by sink.mu
}

// offer gives a record to a follower who has room for it: nobody who writes waits for one who reads.
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

// Missed is how many records came too fast for the follower since it was last asked. They are stored all the same.
func (f *Follower[T]) Missed() int {
	f.sink.mu.Lock()
	defer f.sink.mu.Unlock()
	n := f.missed
	f.missed = 0
	return n
}

// Stop ends the following. It may be called more than once.
func (f *Follower[T]) Stop() {
	f.sink.mu.Lock()
	defer f.sink.mu.Unlock()
	if _, ok := f.sink.watch[f]; ok {
		delete(f.sink.watch, f)
		close(f.records)
	}
}
