package activity

import (
	"context"
	"log/slog"
	"time"

	"fazt/internal/database"
)

// RecordsConfig is what the records of another package work with.
type RecordsConfig[T any] struct {
	DB    *database.DB
	Table string // has the columns id, which is the number of a record, and app_id
	What  string // the records, in a sentence
	Log   *slog.Logger

	Most  func() int             // records that may wait to be stored
	Every func() time.Duration   // how old an unstored record gets
	Keep  func(appID string) int // newest records kept of an app
	Age   func() time.Duration   // how long they are kept; 0 = for ever

	Number func(record *T, id int64) // gives a record its number: the microseconds since 1970, or some more
	Yields func(T) bool              // whether a record is dropped where one that does not yield finds no room
	Owner  func(T) string            // the app that it is of
	// Insert inserts a record, unless its app is gone.
	Insert func(tx *database.Tx, record T) error
}

// Records are those of another package, on their way to a table of its own: taken at once, stored in batches, kept
// below a bound for each app and up to an age, and followed, as the logs of this package are.
type Records[T any] struct {
	sink[T]
	config    RecordsConfig[T]
	retention retention
	dropped   uint64 // guarded by mu
}

// OpenRecords is the records in a table.
func OpenRecords[T any](ctx context.Context, c RecordsConfig[T]) (*Records[T], error) {
	r := &Records[T]{config: c, retention: retention{
		count:  "SELECT count(*) FROM " + c.Table + " WHERE app_id = ?",
		excess: "DELETE FROM " + c.Table + " WHERE id IN (SELECT id FROM " + c.Table + " WHERE app_id = ? ORDER BY id LIMIT ?)",
		aged:   "DELETE FROM " + c.Table + " WHERE id IN (SELECT id FROM " + c.Table + " WHERE id < ? ORDER BY id LIMIT ?) RETURNING app_id",
		keep:   c.Keep, age: c.Age,
	}}
	r.sink = sink[T]{db: c.DB, log: c.Log, what: c.What, visitors: true, store: r.insert, idle: r.retention.idle, most: c.Most, every: c.Every, yield: c.Yields}
	r.retention.begin()
	last, err := newest(ctx, c.DB, "SELECT max(id) FROM "+c.Table)
	r.begin(last)
	return r, err
}

// Record takes a record and returns at once.
func (r *Records[T]) Record(record T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.config.Number(&record, r.number())
	if !r.offer(record) {
		r.dropped++
	}
}

// RemoveLeftovers removes the records of an app that is not there.
func (r *Records[T]) RemoveLeftovers(ctx context.Context, app string) error {
	return r.db.RemoveLeftovers(ctx, r.config.Table, "id", app)
}

// Dropped is how many records were not stored because they came faster than the disk takes them.
func (r *Records[T]) Dropped() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dropped
}

// Tail is what stored reads, what waits to be stored, and a follower that gets exactly what comes after both. It must
// be stopped.
func (r *Records[T]) Tail(matches func(T) bool, stored func() ([]T, error)) ([]T, *Follower[T], error) {
	return r.tail(matches, stored)
}

func (r *Records[T]) insert(tx *database.Tx, records []T) error {
	return r.retention.store(tx, len(records), func(i int) (string, error) {
		return r.config.Owner(records[i]), r.config.Insert(tx, records[i])
	})
}
