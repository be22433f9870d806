package database

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func setting(tx *Tx, name string) error {
	return tx.Exec("INSERT INTO settings (name, value, updated_at) VALUES (?, '', 0)", name)
}

// Work on many rows used to delay all other writes until it was done.
func TestStepsEndTheirTransactionSoonAfterAnotherWriteArrives(t *testing.T) {
	db := open(t, Config{})
	began, wrote := make(chan struct{}), make(chan error, 1)
	go func() {
		<-began
		wrote <- db.Write(context.Background(), func(tx *Tx) error { return setting(tx, "other") })
	}()
	var start sync.Once
	end, done := time.Now().Add(time.Minute), false
	err := db.Steps(t.Context(), func(*Tx) (bool, error) {
		start.Do(func() { close(began) })
		select {
		case err := <-wrote:
			done = true
			return false, err
		default:
			return time.Now().Before(end), nil
		}
	})
	if err != nil || !done {
		t.Fatalf("the other write was not done within a minute: %v", err)
	}
}

func TestFailingStepsKeepEarlierTransactions(t *testing.T) {
	db := open(t, Config{})
	wrong := errors.New("wrong")
	names := []string{"a", "b", "c"}
	err := StepsOver(t.Context(), db, names, func(tx *Tx, name string) error {
		if err := setting(tx, name); err != nil || name == "c" {
			return errors.Join(err, wrong)
		}
		time.Sleep(maxStepsTime) // the next has a transaction of its own
		return nil
	})
	n := 0
	read := db.Read(t.Context(), func(c *Conn) error {
		_, err := c.First("SELECT count(*) FROM settings WHERE name IN ('a', 'b', 'c')", func(r *Row) { n = r.Int(0) })
		return err
	})
	if !errors.Is(err, wrong) || read != nil || n != 2 {
		t.Errorf("%d of the steps are left, %v %v", n, err, read)
	}
	if err := StepsOver(t.Context(), db, []string{}, func(*Tx, string) error { return wrong }); err != nil {
		t.Errorf("no steps at all: %v", err)
	}
}

// still is an engine that changes nothing.
type still struct{ engine }

func (still) TotalChanges() int64 { return 0 }

func TestATransactionOfStepsIsLongOnlyIfNoOtherWriteWaits(t *testing.T) {
	for _, c := range []struct {
		name    string
		waiting int
		want    time.Duration
	}{{"none waits", 0, maxStepsTime}, {"one waits", 1, minStepsTime}} {
		synctest.Test(t, func(t *testing.T) {
			w := &writer{conn: &Conn{still{}}, queue: make([]*write, c.waiting)}
			began := time.Now()
			more, err := w.steps(&Tx{}, func(*Tx) (bool, error) {
				time.Sleep(time.Millisecond) // divides both
				return true, nil
			})
			if took := time.Since(began); !more || err != nil || took != c.want {
				t.Errorf("%s: %v, %v, %v", c.name, took, more, err)
			}
		})
	}
}

func TestStepsOverAListTakeEachElementOnce(t *testing.T) {
	db := open(t, Config{})
	var got []string
	err := StepsOver(t.Context(), db, []string{"a", "b", "c"}, func(_ *Tx, element string) error {
		got = append(got, element)
		return nil
	})
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

// Two concurrent deploys made a visitor wait for both.
func TestOnlyOneLargeTaskRunsAtATime(t *testing.T) {
	db := open(t, Config{})
	var at, worst atomic.Int64
	done := make(chan error)
	for range 4 {
		go func() {
			n := 0
			done <- db.Steps(context.Background(), func(*Tx) (bool, error) {
				n++
				worst.Store(max(worst.Load(), int64(len(db.writer.large))))
				at.Add(1)
				return n < 200, nil
			})
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if at.Load() != 800 || worst.Load() != 1 {
		t.Errorf("%d steps, %d at once", at.Load(), worst.Load())
	}
	stats := db.Stats()
	for _, n := range stats.Batches[1:] { // nothing else writes
		if n > 0 {
			t.Errorf("transactions with several: %v", stats.Batches)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Steps(ctx, func(*Tx) (bool, error) { return true, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

func TestReadMomentGivesAllStatementsOneSnapshot(t *testing.T) {
	db := open(t, Config{})
	count := func(c *Conn) (n int) {
		if _, err := c.First("SELECT count(*) FROM settings", func(r *Row) { n = r.Int(0) }); err != nil {
			t.Error(err)
		}
		return n
	}
	ctx, cancel := context.WithCancel(t.Context())
	for range 2 {
		err := db.ReadMoment(ctx, func(c *Conn) error {
			before := count(c)
			if err := db.Write(t.Context(), func(tx *Tx) error { return setting(tx, time.Now().String()) }); err != nil {
				return err
			}
			if after := count(c); after != before {
				t.Errorf("%d settings, then %d", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// If it is interrupted, it returns its connection unchanged.
	if err := db.ReadMoment(ctx, func(c *Conn) error { count(c); cancel(); return c.Exec("SELECT count(*) FROM settings") }); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if err := db.ReadMoment(t.Context(), func(c *Conn) error { count(c); return nil }); err != nil {
		t.Errorf("after it: %v", err)
	}
}
