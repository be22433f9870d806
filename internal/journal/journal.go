// Package journal stores records in the background: they wait in a bounded buffer and are stored in batches, so that
// recording never blocks. A journal drops and counts what finds no room, can be followed, and keeps its table below a
// bound for each owner and up to an age.
package journal

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// FlushEvery is how long a record waits to be stored, if Config does not say: older ones survive a kill.
const FlushEvery = 500 * time.Millisecond

const (
	maxWaiting = 4096 // records that may wait, if Config does not say
	maxBatch   = 256  // records stored in one transaction: other writers wait no longer than that
)

// Table describes the table of a journal. Its column id holds the numbers of the records.
type Table struct {
	Name  string
	Owner string // the column with the owner of a record; "''" = all records have one owner
	Order string // the order in which records leave when there are too many; "id" = oldest first
}

// Config configures a journal.
type Config[T any] struct {
	DB    *database.DB
	Table Table
	What  string // what the records are called in messages
	Log   *slog.Logger

	Number func(record *T, number int64)         // gives a record its number: microseconds since 1970, moved on to be unique
	Owner  func(T) string                        // returns the owner of a record; nil = all records have one owner
	Insert func(tx *database.Tx, record T) error // inserts a record, or nothing if its owner has been removed
	Keep   func(owner string) int                // records kept of an owner
	MaxAge func() time.Duration                  // how long records are kept; 0 = for ever

	MaxWaiting func() int           // records that may wait to be stored; nil = 4096
	FlushEvery func() time.Duration // how long a record waits to be stored; nil = FlushEvery
	Yields     func(T) bool         // reports whether a record makes room for one that does not yield; nil = none does
	Tick       func()               // called before records are stored, and may record some; nil = nothing
	Visitors   bool                 // visitors cause the records: they are stored only while there is enough disk space
}

// Journal takes records and stores them in its table.
type Journal[T any] struct {
	config    Config[T]
	retention *retention    // guarded by storing
	full      chan struct{} // holds a token when the buffer is half full

	storing sync.Mutex // held while records are on their way from the buffer to the disk

	mu        sync.Mutex
	last      int64 // the newest number
	buffer    []T
	yielded   int // records at the start of buffer that were asked to make room
	dropped   uint64
	followers map[*Follower[T]]struct{}
}

// Open opens the journal stored in a table.
func Open[T any](ctx context.Context, c Config[T]) (*Journal[T], error) {
	j := &Journal[T]{config: c, retention: newRetention(c.Table, c.Keep, c.MaxAge), full: make(chan struct{}, 1), followers: map[*Follower[T]]struct{}{}}
	err := c.DB.Read(ctx, func(conn *database.Conn) error {
		_, err := conn.First("SELECT max(id) FROM "+c.Table.Name, func(r *database.Row) { j.last = r.Int64(0) })
		return err
	})
	return j, err
}

// Record takes a record and returns at once. It reports false if a record was dropped for lack of room, this one or
// one that yields.
func (j *Journal[T]) Record(record T) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last = max(j.last+1, time.Now().UnixMicro()) // the clock may have gone back
	j.config.Number(&record, j.last)
	for f := range j.followers {
		f.offer(record)
	}
	limit := j.maxWaiting()
	if len(j.buffer) >= limit {
		j.replace(record)
		j.dropped++
		return false
	}
	j.buffer = append(j.buffer, record)
	if len(j.buffer) == max(1, limit/2) {
		select {
		case j.full <- struct{}{}:
		default:
		}
	}
	return true
}

// replace puts a record in the place of one that yields, if there is one. No record is asked twice, so a flood costs
// no more than the length of the buffer. mu is held.
func (j *Journal[T]) replace(record T) {
	if j.config.Yields == nil || j.config.Yields(record) {
		return
	}
	for ; j.yielded < len(j.buffer); j.yielded++ {
		if j.config.Yields(j.buffer[j.yielded]) {
			j.buffer[j.yielded] = record
			return
		}
	}
}

func (j *Journal[T]) maxWaiting() int {
	if j.config.MaxWaiting == nil {
		return maxWaiting
	}
	return j.config.MaxWaiting()
}

// Full reports whether the next record would be dropped.
func (j *Journal[T]) Full() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.buffer) >= j.maxWaiting()
}

// Dropped returns how many records were dropped because they came faster than the disk takes them.
func (j *Journal[T]) Dropped() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.dropped
}

// Run stores records until ctx ends, then stores the rest.
func (j *Journal[T]) Run(ctx context.Context) error {
	timer := time.NewTimer(j.flushEvery())
	defer timer.Stop()
	failing := false
	for ; ; timer.Reset(j.flushEvery()) {
		select {
		case <-ctx.Done():
			if err := j.Flush(context.WithoutCancel(ctx)); err != nil {
				j.config.Log.Error(j.config.What+" could not be stored and are lost", "error", err)
			}
			return nil
		case <-timer.C:
		case <-j.full:
		}
		err := j.Flush(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			j.config.Log.Error(j.config.What+" cannot be stored; they wait in memory, as many as fit", "error", err)
		}
		failing = err != nil
	}
}

func (j *Journal[T]) flushEvery() time.Duration {
	if j.config.FlushEvery == nil {
		return FlushEvery
	}
	return j.config.FlushEvery()
}

// Settle flushes before a read. A failure to store does not fail the read: the records wait, and those stored before
// can be read.
func (j *Journal[T]) Settle(ctx context.Context) error {
	if err := j.Flush(ctx); err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}

// Flush stores the records that wait, and removes those that are too many or too old.
func (j *Journal[T]) Flush(ctx context.Context) error {
	j.storing.Lock()
	defer j.storing.Unlock()
	if j.config.Tick != nil {
		j.config.Tick()
	}
	j.mu.Lock()
	batch := j.buffer
	j.buffer, j.yielded = nil, 0
	j.mu.Unlock()
	if len(batch) == 0 && j.retention.idle() {
		return nil
	}
	rest, err := j.store(ctx, batch)
	if err != nil && (errs.KindOf(err).Retryable() || errs.Is(err, errs.StorageFull)) {
		j.mu.Lock()
		// They wait for the next time. The buffer never exceeds twice its bound: new records are refused at the bound.
		j.buffer, j.yielded = append(rest, j.buffer...), 0
		j.mu.Unlock()
	}
	return err
}

// store stores a batch in steps and returns what is left of it after an error. It goes on without records, for a
// while, as long as there is something to remove.
func (j *Journal[T]) store(ctx context.Context, batch []T) (rest []T, err error) {
	if j.config.Visitors {
		ctx = database.Growing(ctx)
	}
	for n := 0; n == 0 || len(batch) > 0 || n < maxSteps && !j.retention.idle(); n++ {
		part := batch[:min(len(batch), maxBatch)]
		err := j.config.DB.Write(ctx, func(tx *database.Tx) error {
			return j.retention.store(tx, len(part), func(i int) (string, error) { return j.owner(part[i]), j.config.Insert(tx, part[i]) })
		})
		if err != nil {
			return batch, err
		}
		batch = batch[len(part):]
	}
	return nil, nil
}

func (j *Journal[T]) owner(record T) string {
	if j.config.Owner == nil {
		return ""
	}
	return j.config.Owner(record)
}

// Remove removes the stored records with the given numbers, in steps, and returns how many there were.
func (j *Journal[T]) Remove(ctx context.Context, numbers []int64) (removed int, err error) {
	j.storing.Lock()
	defer j.storing.Unlock()
	err = database.StepsOver(ctx, j.config.DB, numbers, func(tx *database.Tx, number int64) error {
		n, err := j.retention.remove(tx, number)
		removed += n
		return err
	})
	if err != nil {
		j.retention.forget() // some may be gone
	}
	return removed, err
}

// RemoveLeftovers removes the records of a removed app from a table whose owners are apps.
func (j *Journal[T]) RemoveLeftovers(ctx context.Context, app string) error {
	return j.config.DB.RemoveLeftovers(ctx, j.config.Table.Name, "id", app)
}
