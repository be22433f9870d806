package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/fazttest/await"
)

// mostRows is what one step may change: its rows, and the sums that triggers keep of each.
const mostRows = 2*stepRows + 10

func number(t testing.TB, k *KV, sql string, args ...any) (n int) {
	t.Helper()
	err := k.DB.Read(t.Context(), func(c *database.Conn) error {
		_, err := c.First(sql, func(r *database.Row) { n = r.Int(0) }, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// fill gives an app n values.
func fill(t testing.TB, k *KV, app string, n int) {
	t.Helper()
	allow(k, 1<<30)
	err := database.StepsOver(t.Context(), k.DB, numbers(n), func(tx *database.Tx, i int) error {
		return tx.Exec("INSERT INTO kv VALUES (?, '', ?, '1', NULL, 1)", app, fmt.Sprintf("key%05d", i))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func numbers(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func wantSmallWrites(t testing.TB, k *KV, what string) {
	t.Helper()
	if n := k.DB.Stats().MaxRows; n > mostRows {
		t.Errorf("%s: one write changed %d rows, want at most %d", what, n, mostRows)
	}
}

// All values of an app that was removed went in one write, and every other write waited for it.
func TestDataOfARemovedAppIsInvisibleAtOnceAndRemovedInSmallWrites(t *testing.T) {
	k := open(t)
	const many = 1200
	fill(t, k, "a", many)
	set(t, k, Scope{App: "b"}, "k", "1", 0)
	if done, err := k.RemoveLeftovers(t.Context(), "a"); !done || err != nil || number(t, k, "SELECT count(*) FROM kv WHERE app_id = 'a'") != many {
		t.Fatalf("values of an app that is there were removed: %v", err)
	}
	exec(t, k, "DELETE FROM apps WHERE id = 'a'")
	wantSmallWrites(t, k, "removal")

	// The rows are there, and nothing shows or changes them.
	if n := number(t, k, "SELECT count(*) FROM kv WHERE app_id = 'a'"); n != many {
		t.Errorf("%d rows are left", n)
	}
	if got := get(t, k, appA, "key00001"); got != "none" {
		t.Errorf("a value of the removed app is %s", got)
	}
	if page, err := k.List(t.Context(), appA, ListOptions{}); err != nil || len(page.Entries) > 0 {
		t.Errorf("a list of them: %d, %v", len(page.Entries), err)
	}
	if existed, err := k.Delete(t.Context(), appA, "key00001"); existed || err != nil {
		t.Errorf("removing one: %v %v", existed, err)
	}
	if err := k.Set(t.Context(), appA, "new", []byte("1"), 0); !errs.Is(err, errs.NotFound) {
		t.Errorf("storing one: %v", err)
	}

	// The process ends midway, and the next goes on.
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	err := k.DB.Steps(ctx, func(tx *database.Tx) (bool, error) {
		steps++
		return steps < 2, tx.Exec("DELETE FROM kv WHERE app_id = 'a' AND key IN (SELECT key FROM kv WHERE app_id = 'a' LIMIT ?)", stepRows)
	})
	if cancel(); err != nil {
		t.Fatal(err)
	}
	k = New(k.Config)
	if done, err := k.RemoveLeftovers(t.Context(), "a"); !done || err != nil {
		t.Fatal(done, err)
	}
	wantSmallWrites(t, k, "removing what is left")
	if n := number(t, k, "SELECT count(*) FROM kv"); n != 1 {
		t.Errorf("%d rows are left, want that of the other app", n)
	}
	checkUsage(t, k, "after all", "b")
}

// A copy was made in one write, which all others waited for; it is still of one moment.
func TestAForkHasTheDataOfOneMomentAndIsCopiedInSmallWrites(t *testing.T) {
	k := open(t)
	const many = 600
	fill(t, k, "a", many)
	end := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() { // each round gives every key the next number, in the order of the keys from the last to the first
		for round := 2; ; round++ {
			for i := many - 1; i >= 0; i -= 7 {
				select {
				case <-end:
					return
				default:
				}
				if err := k.Set(context.Background(), appA, fmt.Sprintf("key%05d", i), []byte(strconv.Itoa(round)), 0); err != nil {
					t.Error(err)
				}
			}
		}
	})
	defer writer.Wait()
	defer close(end)
	for n := range 5 {
		to := fmt.Sprint("fork", n)
		if err := fork(t, k, "a", to); err != nil {
			t.Fatal(err)
		}
		checkUsage(t, k, "a fork", to)
		page, err := k.List(t.Context(), Scope{App: to}, ListOptions{Limit: 1000})
		if err != nil || len(page.Entries) != many {
			t.Fatalf("the fork has %d values, %v", len(page.Entries), err)
		}
		var rounds []int
		for i, e := range page.Entries {
			round := 0
			if err := json.Unmarshal(e.Value, &round); err != nil {
				t.Fatal(err)
			}
			if (many-1-i)%7 == 0 {
				rounds = append(rounds, round)
			}
		}
		if !slices.IsSorted(rounds) || rounds[len(rounds)-1]-rounds[0] > 1 {
			t.Errorf("the fork has values of several moments: %v", rounds)
		}
	}
	wantSmallWrites(t, k, "forks")
}

func TestAnAbandonedForkLeavesNothing(t *testing.T) {
	k := open(t)
	fill(t, k, "a", 120)
	set(t, k, appA, "short", "1", time.Millisecond)
	f, err := k.Fork(t.Context(), "a", "c")
	if err != nil {
		t.Fatal(err)
	}
	if got := get(t, k, Scope{App: "c"}, "key00001"); got != "none" {
		t.Errorf("a copy that is not made yet shows %s", got)
	}
	if done, err := k.RemoveLeftovers(t.Context(), "c"); done || err != nil {
		t.Errorf("what is left of a fork under way was removed: %v %v", done, err)
	}
	await.Until(t, "the value to expire", func() bool { return get(t, k, appA, "short") == "none" })
	if n, err := k.Purge(t.Context()); n != 1 || err != nil {
		t.Errorf("%d expired values were removed, %v; want that of the app that is there", n, err)
	}
	exec(t, k, "INSERT INTO apps VALUES ('c', 'c', '', 1, 1)")
	if err := k.DB.Write(t.Context(), f.MakeTx); err != nil {
		t.Fatal(err)
	}
	f.Close()
	checkUsage(t, k, "the fork", "c")
	if n, err := k.Purge(t.Context()); n != 1 || err != nil {
		t.Errorf("%d expired values were removed, %v; want that of the fork", n, err)
	}
	checkUsage(t, k, "the fork and what expires in it", "c")
	if done, err := k.RemoveLeftovers(t.Context(), "c"); !done || err != nil || counted(t, k, "c").Keys != 120 {
		t.Errorf("the fork was removed: %v", err)
	}

	for what, end := range map[string]func(f *Fork){
		"a fork that failed": func(f *Fork) { f.Close() },
		"a crash":            func(*Fork) { k = New(k.Config) },
	} {
		f, err := k.Fork(t.Context(), "a", "d")
		if err != nil {
			t.Fatal(err)
		}
		end(f)
		if done, err := k.RemoveLeftovers(t.Context(), "d"); !done || err != nil || counted(t, k, "d").Keys != 0 {
			t.Errorf("after %s %d values are left, %v", what, counted(t, k, "d").Keys, err)
		}
		exec(t, k, "DELETE FROM leftovers")
		exec(t, k, "INSERT OR IGNORE INTO apps VALUES ('d', 'd', '', 1, 1)")
		if err := k.DB.Write(t.Context(), f.MakeTx); !errs.Is(err, errs.Conflict) {
			t.Errorf("it was made after %s: %v", what, err)
		}
		exec(t, k, "DELETE FROM apps WHERE id = 'd'")
		exec(t, k, "DELETE FROM leftovers")
	}
}
