package database

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/database/sqlite"
	"fazt/internal/errs"
)

// writer owns the writing connection. The connection is used by the goroutine that has the turn: the one that runs the
// queue, or a caller that found the queue empty and the turn free, and commits its own write without waiting.
type writer struct {
	conn  *Conn
	limit func() int
	disk  *disk
	fold  *folder
	turn  chan struct{} // holds a token while the connection is in use
	large chan struct{} // holds a token while large work wants or has the turn

	mu     sync.Mutex
	queue  []*write
	closed bool
	wake   chan struct{} // holds one token while there may be something in queue
	ended  chan struct{}

	writes, commits atomic.Uint64
	maxRows         atomic.Int64              // largest number of rows that one write or step changed
	counted         int64                     // rows the connection had changed at the last count; used by the goroutine that has the turn
	batches         [BatchSizes]atomic.Uint64 // maxBatch falls into the last
	pace            pace
	changes         *changes
}

// write is one closure in the queue or running.
type write struct {
	fn    func(tx *Tx) error
	state atomic.Int32 // queued, then running or abandoned, whichever comes first
	err   error        // set before done is closed
	done  chan struct{}
}

const (
	queued int32 = iota
	running
	abandoned
)

// prepareWriter opens the writing connection and migrates the file.
func prepareWriter(ctx context.Context, c Config, watching *changes) (*Conn, error) {
	if err := Unwritable(c.Path); err != nil {
		return nil, err
	}
	raw, err := openWriter(c)
	if err != nil {
		return nil, err
	}
	conn := &Conn{onSQLite{raw}}
	if err = migrate(ctx, conn, c.Path); err == nil {
		err = raw.NoteChanges(watching.watched, watching.note)
	}
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return conn, nil
}

func openWriter(c Config) (*sqlite.Conn, error) {
	return sqlite.Open(sqlite.File{Path: c.Path}, sqlite.WriterPragmas(size(c.Path) == 0, c.MaxPages))
}

// Stats are counters and gauges of the writer.
type Stats struct {
	Queued  int           // writes that are waiting now
	Writes  uint64        // closures committed since Open
	Commits uint64        // transactions that contained them
	Wait    time.Duration // estimated wait of a write that arrives now

	MaxRows int64 // largest number of rows that one closure, or one step of Steps, changed, including cascades

	Batches [BatchSizes]uint64 // Commits by size: up to 1, 2, 4, 8, … writes, and more than the size before
}

// BatchSizes is how many sizes of transactions are counted separately.
const BatchSizes = 10

// newWriter starts the writer. conn is nil if the database is open read-only: the disk refuses writes then.
func newWriter(conn *Conn, limit func() int, watching *changes, d *disk) *writer {
	w := &writer{conn: conn, fold: newFolder(d), limit: limit, changes: watching, disk: d, pace: pace{start: time.Now()}, turn: make(chan struct{}, 1), large: make(chan struct{}, 1), wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go w.run()
	return w
}

func (w *writer) do(ctx context.Context, fn func(tx *Tx) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	job := &write{fn: fn}
	mine, err := w.enqueue(ctx, job)
	if err != nil {
		return err
	}
	if mine {
		w.commit([]*write{job})
		<-w.turn
		return job.err
	}
	select {
	case <-job.done:
		return job.err
	case <-ctx.Done():
	}
	// The result must be true: a write that has not started never will, and one that has started is waited for.
	if job.state.CompareAndSwap(queued, abandoned) {
		return context.Cause(ctx)
	}
	<-job.done
	return job.err
}

// enqueue adds a write to the queue, or hands over the turn if it is free. A write that would not be done before ctx
// ends is refused at once: it would only delay those behind it. A write that gets the turn is never refused, so that a
// disk that was slow for a while is tried again.
func (w *writer) enqueue(ctx context.Context, job *write) (mine bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false, errs.New(errs.Unavailable, "the database is closed")
	}
	if len(w.queue) == 0 {
		select {
		case w.turn <- struct{}{}:
			return true, nil
		default:
		}
	}
	wait := w.pace.wait(len(w.queue))
	if w.limit != nil && len(w.queue) >= w.limit() {
		return false, busy(wait, "too many writes are waiting; try again")
	}
	if ends, ok := ctx.Deadline(); ok && time.Until(ends) < wait {
		return false, busy(wait, "too many writes are waiting to be done in the time that is left; try again")
	}
	job.done = make(chan struct{})
	w.queue = append(w.queue, job)
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return false, nil
}

// busy is the error of a write that may be retried after those before it are done.
func busy(wait time.Duration, sentence string) error {
	return &errs.Error{Kind: errs.Unavailable, Message: sentence, Retry: max(time.Second, wait)}
}

// take removes up to a batch from the queue; more is false when nothing will follow.
func (w *writer) take() (batch []*write, more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.queue), maxBatch)
	batch, w.queue = w.queue[:n:n], w.queue[n:]
	if len(w.queue) == 0 {
		w.queue = nil
	}
	return batch, n > 0 || !w.closed
}

func (w *writer) run() {
	defer close(w.ended)
	for {
		w.turn <- struct{}{} // first the turn, then the batch: writes that arrive while it waits join the batch
		batch, more := w.take()
		w.commit(batch)
		<-w.turn
		for _, job := range batch {
			close(job.done)
		}
		if !more {
			return
		}
		if len(batch) == 0 {
			<-w.wake
		}
	}
}

// commit runs the batch in one transaction and sets the outcome of each of its writes.
func (w *writer) commit(batch []*write) {
	started := batch[:0:0]
	for _, job := range batch {
		if job.state.CompareAndSwap(queued, running) {
			started = append(started, job)
		}
	}
	if len(started) == 0 {
		return
	}
	w.changes.begin()
	err := w.timed(started)
	if err == nil {
		err = w.disk.stored()
	} else {
		err = w.disk.judge(err)
	}
	if err != nil {
		for _, job := range started {
			if job.err == nil || sqlite.IsDisk(job.err) {
				job.err = err
			}
		}
		return
	}
	w.fold.committed()
	w.changes.commit()
	w.commits.Add(1)
	w.batches[bits.Len(uint(len(started)-1))].Add(1)
	for _, job := range started {
		if job.err == nil {
			w.writes.Add(1)
		}
	}
}

// timed runs transaction and measures its pace.
func (w *writer) timed(batch []*write) error {
	w.pace.begin(len(batch))
	var closures time.Duration
	err := w.transaction(batch, &closures)
	w.pace.end(len(batch), closures)
	return err
}

// transaction returns an error if nothing of the batch was committed.
func (w *writer) transaction(batch []*write, closures *time.Duration) (err error) {
	if err := w.conn.engine.Begin(); err != nil {
		return err
	}
	tx := &Tx{w.conn}
	began := time.Now()
	for _, job := range batch {
		w.counted = w.conn.engine.TotalChanges()
		job.err = w.savepoint(tx, job.fn)
		w.count()
		if job.err == nil {
			continue
		}
		// A full or failing disk makes SQLite roll back the whole transaction, including the other writes.
		if !w.conn.engine.InTransaction() {
			return errs.Wrap(errs.KindOf(job.err), job.err, "%s", errs.Sentence(job.err))
		}
	}
	*closures = time.Since(began)
	if err := w.conn.engine.Commit(); err != nil {
		if w.conn.engine.InTransaction() {
			_ = w.conn.engine.Rollback()
		}
		return err
	}
	return nil
}

// count records how many rows were changed since the last call.
func (w *writer) count() {
	n := w.conn.engine.TotalChanges()
	w.maxRows.Store(max(w.maxRows.Load(), n-w.counted))
	w.counted = n
}

func (w *writer) savepoint(tx *Tx, fn func(*Tx) error) (err error) {
	if err := w.conn.engine.Savepoint(); err != nil {
		return err
	}
	err = protect(tx, fn)
	if !w.conn.engine.InTransaction() {
		if err == nil { // fn swallowed the error that ended the transaction
			err = errs.New(errs.Internal, "the transaction ended early")
		}
		return err
	}
	if err != nil {
		if undo := w.conn.engine.RollbackTo(); undo != nil {
			return undo
		}
	}
	if release := w.conn.engine.Release(); release != nil {
		return release
	}
	return err
}

// protect turns a panic in fn into an error, because the writer must continue.
func protect(tx *Tx, fn func(*Tx) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errs.Wrap(errs.Internal, fmt.Errorf("panic: %v\n%s", v, debug.Stack()), "a write failed")
		}
	}()
	return fn(tx)
}

func (w *writer) isClosed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}

func (w *writer) stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := Stats{Queued: len(w.queue), Writes: w.writes.Load(), Commits: w.commits.Load(), MaxRows: w.maxRows.Load(), Wait: w.pace.wait(len(w.queue))}
	for i := range s.Batches {
		s.Batches[i] = w.batches[i].Load()
	}
	return s
}

// close completes the current batch, refuses the rest and closes the connection.
func (w *writer) close() error {
	w.mu.Lock()
	w.closed = true
	rest := w.queue
	w.queue = nil
	w.mu.Unlock()
	for _, job := range rest {
		if job.state.CompareAndSwap(queued, abandoned) {
			job.err = errs.New(errs.Unavailable, "the instance is stopping; try again")
		}
		close(job.done)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
	<-w.ended
	w.turn <- struct{}{} // a caller may be running its own write
	folded := w.fold.close()
	if w.conn == nil {
		return nil
	}
	return errors.Join(folded, w.conn.engine.Close())
}
