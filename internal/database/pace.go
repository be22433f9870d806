package database

import (
	"sync/atomic"
	"time"
)

// pace is what the writer has learned of its own speed: moving averages of what a commit costs and what a closure in it
// costs. Two numbers, because a queue of five hundred is one commit: by the time of a whole transaction the wait would
// look as many times too long as writes share a commit.
//
// One goroutine at a time, which has the turn, calls begin and end; any may ask for the wait.
type pace struct {
	start   time.Time    // origin of its clock
	commit  atomic.Int64 // nanoseconds of a transaction without its closures: BEGIN, COMMIT, the fsync
	closure atomic.Int64 // nanoseconds of one closure with its savepoint
	began   atomic.Int64 // of the batch at work, by its clock; 0 = none is
	size    atomic.Int64 // of that batch
}

// settle is how many batches the averages look back on, about.
const settle = 8

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

// wait returns how long a write that comes now will take, with so many before it: the rest of the batch at work, and the
// commits until its own is done. A batch that has taken longer than expected is taken to go on for as long again: the
// disk has stalled, and there is no telling for how long.
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
