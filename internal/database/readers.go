package database

import (
	"context"
	"errors"
	"sync"
	"time"

	"fazt/internal/database/sqlite"
	"fazt/internal/errs"
)

// readers is a pool of read-only connections. They are opened on demand.
type readers struct {
	disk  *disk
	slots chan struct{} // one token per connection

	mu     sync.Mutex
	idle   []*Conn // last in, first out: the most recently used one is warm
	closed bool
}

func newReaders(c Config, d *disk) *readers {
	return &readers{disk: d, slots: make(chan struct{}, c.Readers)}
}

// do runs fn on a connection of the pool. Its statements are interrupted when ctx ends.
func (p *readers) do(ctx context.Context, fn func(c *Conn) error) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	defer p.leave()
	c, err := p.take()
	if err != nil {
		return err
	}
	defer p.put(c)
	c.engine.EndWith(ctx)
	return p.outcome(ctx, fn(c))
}

// apart runs fn on its own connection, which is opened with these pragmas in place of one of the pool.
func (p *readers) apart(ctx context.Context, pragmas []sqlite.Pragma, fn func(c *sqlite.Conn) error) error {
	if err := p.enter(ctx); err != nil { // Close waits for it to leave
		return err
	}
	defer p.leave()
	if p.isClosed() {
		return errs.New(errs.Unavailable, "the database is closed")
	}
	c, err := p.open(pragmas)
	if err != nil {
		return err
	}
	defer c.Close()
	return p.outcome(ctx, fn(c))
}

// enter waits until another connection may be used.
func (p *readers) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *readers) leave() { <-p.slots }

// outcome counts reads that failed because of the disk, and returns the error for the caller.
func (p *readers) outcome(ctx context.Context, err error) error {
	if IsUnreadable(err) {
		p.disk.unreadable.Add(1)
	}
	return interrupted(ctx, err)
}

// interrupted returns the cause of ctx instead of the error of a statement that was interrupted because ctx ended.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && errs.Is(err, errs.Timeout) {
		return context.Cause(ctx)
	}
	return err
}

func (p *readers) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

func (p *readers) take() (*Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errs.New(errs.Unavailable, "the database is closed")
	}
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return c, nil
	}
	return p.another()
}

// another opens a connection for the pool.
func (p *readers) another() (*Conn, error) {
	c, err := p.open(sqlite.ReaderPragmas())
	if err != nil {
		return nil, err
	}
	return &Conn{onSQLite{c}}, nil
}

// open opens a connection, unless the name belongs to another file by now, or the file was overwritten: SQLite removes
// the -wal file of an empty file.
func (p *readers) open(pragmas []sqlite.Pragma) (*sqlite.Conn, error) {
	if p.disk.judgeFile(false).state != DiskSound {
		return nil, errLost()
	}
	return p.disk.connect(pragmas)
}

// fill opens all connections of the pool.
func (p *readers) fill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.closed && len(p.idle)+len(p.slots) < cap(p.slots) {
		c, err := p.another()
		if err != nil {
			return err
		}
		p.idle = append([]*Conn{c}, p.idle...)
	}
	return nil
}

func (p *readers) put(c *Conn) {
	c.engine.EndWith(context.Background())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

// exchange closes all connections and runs fn while none is open. If some are not returned in time, it does nothing,
// because other reads must not wait for a long one.
func (p *readers) exchange(within time.Duration, fn func() error) error {
	taken, ends := 0, time.After(within)
	defer func() {
		for range taken {
			<-p.slots
		}
	}()
	for taken < cap(p.slots) {
		select {
		case p.slots <- struct{}{}:
			taken++
		case <-ends:
			return errs.New(errs.Unavailable, "the database is being read")
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errs.New(errs.Unavailable, "the database is closed")
	}
	var all error
	for _, c := range p.idle {
		all = errors.Join(all, c.engine.Close())
	}
	p.idle = nil
	return errors.Join(all, fn())
}

// close waits until every connection is returned, then closes them all.
func (p *readers) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	var all error
	for _, c := range p.idle {
		all = errors.Join(all, c.engine.Close())
	}
	p.idle = nil
	for range cap(p.slots) {
		<-p.slots
	}
	return all
}
