package database

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"fazt/internal/errs"
)

func TestTheWaitIsEstimatedByCommits(t *testing.T) {
	tests := []struct {
		name   string
		queued int
		want   time.Duration
	}{
		{"nothing waits", 0, time.Millisecond + 20*time.Microsecond},
		{"as many as share a commit", maxBatch - 1, time.Millisecond + maxBatch*20*time.Microsecond},
		{"one more", maxBatch, 2*time.Millisecond + (maxBatch+1)*20*time.Microsecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p pace
			p.commit.Store(int64(time.Millisecond))
			p.closure.Store(int64(20 * time.Microsecond))
			if got := p.wait(tt.queued); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

func TestAStalledBatchIsExpectedToTakeAsLongAgain(t *testing.T) {
	var p pace
	p.commit.Store(int64(time.Millisecond))
	p.began.Store(1)
	if got := p.waitAt(0, int64(time.Minute)); got < time.Minute {
		t.Errorf("%v", got)
	}
}

func TestThePaceFollowsTheMeasurements(t *testing.T) {
	var p pace
	for range 100 {
		learn(&p.commit, int64(time.Second))
	}
	for range 100 {
		learn(&p.commit, int64(time.Millisecond))
	}
	if got := p.wait(0); got > 2*time.Millisecond {
		t.Errorf("after a hundred fast commits the wait is %v", got)
	}
}

// slow makes the writer believe that its commits take this long.
func slow(db *DB, commit time.Duration) { db.writer.pace.commit.Store(int64(commit)) }

func TestAWriteThatCannotFinishInTimeIsRefusedBeforeItIsQueued(t *testing.T) {
	db := open(t, Config{})
	release := hold(t, db)
	slow(db, 5*time.Second)
	tests := []struct {
		name string
		left time.Duration // 0 = no deadline
		ok   bool
	}{
		{"too little time", time.Second, false},
		{"time enough", time.Hour, true},
		{"no deadline", 0, true},
	}
	var all sync.WaitGroup
	waiting := 0
	for i, tt := range tests {
		ctx := t.Context()
		if tt.left > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, tt.left)
			defer cancel()
		}
		if !tt.ok {
			err := db.Write(ctx, set(fmt.Sprint(i), "x"))
			if !errs.Is(err, errs.Unavailable) || errs.RetryAfter(err) < 5*time.Second || db.Stats().Queued != waiting {
				t.Errorf("%s: %v, to be retried after %v; %d are queued", tt.name, err, errs.RetryAfter(err), db.Stats().Queued)
			}
			continue
		}
		all.Go(func() {
			if err := db.Write(ctx, set(fmt.Sprint(i), "x")); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		})
		waiting++
		waitQueued(t, db, waiting)
	}
	release()
	all.Wait()
	for i, tt := range tests {
		if _, found := get(t, db, fmt.Sprint(i)); found != tt.ok {
			t.Errorf("%s: written %v", tt.name, found)
		}
	}
}

// The averages change only with commits: a disk that stalled once must not block writing forever.
func TestASlowDiskIsRetriedWhenTheQueueIsEmpty(t *testing.T) {
	db := open(t, Config{})
	slow(db, time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := db.Write(ctx, set("a", "1")); err != nil {
		t.Fatal(err)
	}
	if wait := db.Stats().Wait; wait >= time.Hour {
		t.Errorf("the wait is still %v", wait)
	}
}

func TestACanceledWriteReturnsTheCauseOfItsContext(t *testing.T) {
	db := open(t, Config{})
	release := hold(t, db)
	ctx, cancel := context.WithCancelCause(t.Context())
	got := make(chan error)
	go func() { got <- db.Write(ctx, set("late", "x")) }()
	waitQueued(t, db, 1)
	cancel(errs.New(errs.Unavailable, "no more"))
	if err := <-got; !errs.Is(err, errs.Unavailable) {
		t.Errorf("got %v", err)
	}
	release()
}
