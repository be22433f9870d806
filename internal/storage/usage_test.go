package storage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// counted is what an app keeps, counted row by row.
func counted(t testing.TB, k *KV, app string) (u Usage) {
	t.Helper()
	err := k.DB.Read(t.Context(), func(c *database.Conn) error {
		_, err := c.First("SELECT count(*), coalesce(sum(octet_length(key) + octet_length(value)), 0) FROM kv WHERE app_id = ?",
			func(r *database.Row) { u.Keys, u.KeyBytes = r.Int(0), r.Int64(1) }, app)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	u.Bytes = u.KeyBytes + entryCost*int64(u.Keys)
	return u
}

func checkUsage(t testing.TB, k *KV, step string, apps ...string) {
	t.Helper()
	for _, app := range apps {
		got, err := k.Usage(t.Context(), app)
		if want := counted(t, k, app); err != nil || got != want {
			t.Fatalf("%s: the usage of %s is %+v, and it keeps %+v, %v", step, app, got, want, err)
		}
	}
}

// allow sets how much an app may keep.
func allow(k *KV, limit int64) {
	l := system.Defaults().Storage
	l.MaxAppData = limit
	k.Limits = func(string) system.Storage { return l }
}

func exec(t testing.TB, k *KV, sql string, args ...any) {
	t.Helper()
	if err := k.DB.Write(t.Context(), func(tx *database.Tx) error { return tx.Exec(sql, args...) }); err != nil {
		t.Fatal(sql, err)
	}
}

func TestUsageIsExactAfterEveryKindOfChange(t *testing.T) {
	k := open(t)
	scopes := []Scope{{App: "a"}, {App: "a", User: "u1"}, {App: "b"}}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		s, key := scopes[r.IntN(len(scopes))], fmt.Sprint("ä", r.IntN(20))
		switch r.IntN(4) {
		case 0:
			if _, err := k.Delete(t.Context(), s, key); err != nil {
				t.Fatal(err)
			}
		case 1:
			set(t, k, s, key, `"ü"`, time.Millisecond)
		default:
			set(t, k, s, key, `"`+strings.Repeat("x", r.IntN(90))+`"`, 0)
		}
	}
	checkUsage(t, k, "sets and deletes", "a", "b")
	time.Sleep(5 * time.Millisecond) // longer than any of the values lives
	if n, err := k.Purge(t.Context()); n == 0 || err != nil {
		t.Fatal(n, err)
	}
	checkUsage(t, k, "the removal of expired entries", "a", "b")

	boom := errors.New("boom")
	err := k.DB.Write(t.Context(), func(tx *database.Tx) error {
		return errors.Join(tx.Exec("DELETE FROM kv WHERE app_id = 'a'"), boom)
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	checkUsage(t, k, "a write that was undone", "a", "b")

	// What a person may do in SQL.
	exec(t, k, "INSERT OR REPLACE INTO kv SELECT app_id, user_id, key, '\"replaced\"', NULL, 1 FROM kv WHERE app_id = 'a'")
	checkUsage(t, k, "REPLACE", "a", "b")
	exec(t, k, "UPDATE kv SET key = key || '+', value = '1' WHERE app_id = 'a'")
	checkUsage(t, k, "other keys", "a", "b")
	exec(t, k, "UPDATE kv SET app_id = 'b', user_id = 'moved' WHERE app_id = 'a' AND user_id = ''")
	checkUsage(t, k, "a move to another app", "a", "b")
	exec(t, k, "INSERT INTO kv VALUES ('b', '', 'up', '1', NULL, 1) ON CONFLICT DO UPDATE SET value = '1234567'")
	exec(t, k, "INSERT INTO kv VALUES ('b', '', 'up', '1', NULL, 1) ON CONFLICT DO UPDATE SET value = '1234567'")
	checkUsage(t, k, "an upsert", "a", "b")

	if err := fork(t, k, "b", "c"); err != nil {
		t.Fatal(err)
	}
	checkUsage(t, k, "a fork", "a", "b", "c")
	if counted(t, k, "c").Keys == 0 {
		t.Fatal("the fork has nothing")
	}

	exec(t, k, "DELETE FROM kv") // SQLite would do it without looking at rows, were there no triggers
	checkUsage(t, k, "a delete of everything", "a", "b", "c")
	exec(t, k, "DELETE FROM apps WHERE id = 'b'")
	checkUsage(t, k, "the removal of an app", "a", "c")
	if _, err := k.Usage(t.Context(), "b"); !errs.Is(err, errs.NotFound) {
		t.Errorf("the usage of an app that was removed: %v", err)
	}
}

// fork makes the app to out of what another keeps.
func fork(t testing.TB, k *KV, from, to string) error {
	t.Helper()
	f, err := k.Fork(t.Context(), from, to)
	if err != nil {
		return err
	}
	defer f.Close()
	return k.DB.Write(t.Context(), func(tx *database.Tx) error {
		if err := tx.Exec("INSERT INTO apps VALUES (?1, ?1, '', 1, 1)", to); err != nil {
			return err
		}
		return f.MakeTx(tx)
	})
}

func TestAnAppCannotExceedItsLimit(t *testing.T) {
	k := open(t)
	allow(k, 1000)
	value := func(size int) string { return `"` + strings.Repeat("x", size-2) + `"` }
	set(t, k, appA, "k1", value(400), 0) // 466 with its key and the cost of an entry
	users := Scope{App: "a", User: "u"}
	set(t, k, users, "k2", value(400), 0) // 932
	tests := []struct {
		name  string
		scope Scope
		key   string
		size  int
		full  bool
	}{
		{"a new entry too large", appA, "k3", 3, true}, // 1001 with its key
		{"a new entry that just fits", appA, "k3", 2, false},
		{"now not one byte more", appA, "k3", 3, true},
		{"nor for a user", users, "k2", 401, true},
		{"the same again", appA, "k1", 400, false},
		{"smaller", appA, "k1", 300, false},
		{"what became free", users, "k2", 500, false},
		{"not more", users, "k2", 501, true},
		{"another app has its own", Scope{App: "b"}, "k", 900, false},
	}
	for _, tt := range tests {
		before, _ := k.Usage(t.Context(), tt.scope.App)
		err := k.Set(t.Context(), tt.scope, tt.key, []byte(value(tt.size)), 0)
		if tt.full != errs.Is(err, errs.StorageFull) || !tt.full && err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		after, _ := k.Usage(t.Context(), tt.scope.App)
		if tt.full && (after != before || errs.Code(err) != "APP_DATA_FULL" || !strings.Contains(errs.Sentence(err), "storage.max_app_data")) {
			t.Errorf("%s: %+v became %+v, %v", tt.name, before, after, err)
		}
		checkUsage(t, k, tt.name, "a", "b")
	}

	allow(k, 10) // below what is kept
	for _, tt := range []struct {
		name, key string
		size      int
		full      bool
	}{
		{"one byte more", "k1", 301, true},
		{"as large", "k1", 300, false},
		{"smaller", "k1", 299, false},
		{"new", "k4", 2, true},
	} {
		if err := k.Set(t.Context(), appA, tt.key, []byte(value(tt.size)), 0); tt.full != errs.Is(err, errs.StorageFull) || !tt.full && err != nil {
			t.Errorf("%s under the lowered limit: %v", tt.name, err)
		}
	}
	if existed, err := k.Delete(t.Context(), appA, "k1"); !existed || err != nil {
		t.Errorf("deleted %v, %v", existed, err)
	}
}

// Checked before the transaction, each of these would find room.
func TestConcurrentWritesCannotExceedTheLimitOfAnApp(t *testing.T) {
	k := open(t)
	allow(k, 1000)
	var stored atomic.Int32
	var all sync.WaitGroup
	for n := range 40 {
		all.Go(func() {
			err := k.Set(context.Background(), appA, fmt.Sprintf("k%02d", n), []byte(`"123456789012345678901234567890"`), 0)
			switch {
			case err == nil:
				stored.Add(1)
			case !errs.Is(err, errs.StorageFull):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := stored.Load(); n != 10 { // 99 bytes each
		t.Errorf("%d were stored", n)
	}
	checkUsage(t, k, "after the crowd", "a")
}

func TestAForkOverTheLimitIsRefused(t *testing.T) {
	k := open(t)
	set(t, k, appA, "k", `1`, 0)
	allow(k, entryCost+1) // the key and the value have two bytes
	err := fork(t, k, "a", "c")
	if !errs.Is(err, errs.StorageFull) || counted(t, k, "c").Keys != 0 {
		t.Errorf("got %v", err)
	}
	allow(k, entryCost+2)
	if err := fork(t, k, "a", "d"); err != nil || counted(t, k, "d").Keys != 1 {
		t.Errorf("a fork that just fits: %v", err)
	}
}

// BenchmarkSet is one durable write, alone and among 64.
func BenchmarkSet(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			k := open(b)
			allow(k, 1<<40)
			b.ReportAllocs()
			var next atomic.Int64
			var all sync.WaitGroup
			for range callers {
				all.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						if err := k.Set(context.Background(), appA, fmt.Sprint("key", n%1000), []byte(fmt.Sprintf(`{"n":%d}`, n)), 0); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
		})
	}
}

func BenchmarkGet(b *testing.B) {
	k := open(b)
	set(b, k, appA, "key", `{"n":1}`, 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, found, err := k.Get(b.Context(), appA, "key"); !found || err != nil {
			b.Fatal(found, err)
		}
	}
}
