package database

import (
	"sync/atomic"
	"time"
)

// pace tracks the speed of the writer: moving averages of the cost of a commit and of the cost of a closure in it.
// There are two numbers because a queue of five hundred is one commit: by the time of whole transactions, the estimated
// wait would be too long by the number of writes that share a commit.
//
// begin and end are called by one goroutine at a time, which has the turn; any goroutine may call wait.
// One goroutine at a time, which has the turn, calls begin and end; any may ask for the wait.
type pace struct {
	start   time.Time    // origin of its clock
	commit  atomic.Int64 // nanoseconds of a transaction without its closures: BEGIN, COMMIT, the fsync
	closure atomic.Int64 // nanoseconds of one closure with its savepoint
	began   atomic.Int64 // start of the current batch, by its clock; 0 = none
	size    atomic.Int64 // of that batch
}

// settle is about how many batches the averages cover.
const settle = 8

// maxBatch bounds how many closures share a transaction, and so how long the first can delay the last.
const maxBatch = 512

func (p *pace) begin(size int) {
	p.size.Store(int64(size))
	p.began.Store(max(1, int64(time.Since(p.start))))
}

func (p *pace) end(size int, closures time.Duration) {
	took := int64(time.Since(p.start)) - p.began.Load()
	p.began.Store(0)
	learn(&p.commit, took-int64(closures))
	learn(&p.closure, int64(closures)/int64(size))
}

func learn(average *atomic.Int64, sample int64) {
	if old := average.Load(); old > 0 {
		sample = old + (sample-old)/settle
	}
	average.Store(max(1, sample))
}

// wait returns how long a write that arrives now will take, with so many before it: the rest of the current batch, and
// the commits up to its own. A batch that has taken longer than expected is assumed to need as long again: the disk has
// stalled, for an unknown time.
func (p *pace) wait(queued int) time.Duration { return p.waitAt(queued, int64(time.Since(p.start))) }

func (p *pace) waitAt(queued int, now int64) time.Duration {
	commit, closure := p.commit.Load(), p.closure.Load()
	work := int64(0)
	if began := p.began.Load(); began > 0 {
		elapsed := now - began
		work = commit + closure*p.size.Load() - elapsed
		if work < 0 {
			work = elapsed
		}
	}
	commits := int64(queued/maxBatch + 1)
	return time.Duration(work + commit*commits + closure*int64(queued+1))
}
