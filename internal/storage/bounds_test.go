package storage

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"fazt/internal/errs"
)

func TestKeysAndValuesMayBeAsLongAsTheirLimits(t *testing.T) {
	t.Parallel()
	k := open(t) // keys of 20 bytes, values of 100
	for _, tt := range []struct {
		name, key, value string
		kind             errs.Kind
		fits             bool
	}{
		{"the shortest", "k", `1`, 0, true},
		{"the longest key", strings.Repeat("k", 20), `1`, 0, true},
		{"the longest key, in bytes", strings.Repeat("ü", 10), `1`, 0, true},
		{"a character too many", strings.Repeat("ü", 10) + "k", `1`, errs.TooLarge, false},
		{"the longest value", "k", `"` + strings.Repeat("v", 98) + `"`, 0, true},
		{"a byte too many", "k", `"` + strings.Repeat("v", 99) + `"`, errs.TooLarge, false},
		{"a key with a NUL", "a\x00b", `1`, 0, true},
		{"a value that is not UTF-8", "k", "\"\xff\"", errs.Invalid, false},
		{"a value with space around", "k", ` 1 `, 0, true},
		{"two values", "k", `1 2`, errs.Invalid, false},
	} {
		err := k.Set(t.Context(), appA, tt.key, []byte(tt.value), 0)
		if (err == nil) != tt.fits || err != nil && !errs.Is(err, tt.kind) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if tt.fits {
			if got := get(t, k, appA, tt.key); got != tt.value {
				t.Errorf("%s: %q comes back as %q", tt.name, tt.value, got)
			}
		}
	}
	for name, key := range map[string]string{"empty": "", "too long": strings.Repeat("k", 21), "not UTF-8": "\xff"} {
		if _, _, err := k.Get(t.Context(), appA, key); err == nil {
			t.Errorf("a key that is %s was read", name)
		}
		if _, err := k.Delete(t.Context(), appA, key); err == nil {
			t.Errorf("a key that is %s was removed", name)
		}
	}
}

func TestAPageEndsAtItsLimit(t *testing.T) {
	t.Parallel()
	k := open(t)
	fill(t, k, "a", listDefault+1)
	last := func(n int) string { return fmt.Sprintf("key%05d", n-1) }
	for _, tt := range []struct {
		limit, entries int
		next           string
	}{
		{0, listDefault, last(listDefault)}, // by default
		{1, 1, last(1)},
		{listDefault, listDefault, last(listDefault)},
		{listDefault + 1, listDefault + 1, ""}, // all of them: there is no next page
		{listDefault + 2, listDefault + 1, ""},
		{maxList, listDefault + 1, ""},
	} {
		page, err := k.List(t.Context(), appA, ListOptions{Limit: tt.limit})
		if err != nil || len(page.Entries) != tt.entries || page.Next != tt.next {
			t.Errorf("limit %d: %d entries, next %q, %v", tt.limit, len(page.Entries), page.Next, err)
		}
	}
	for _, limit := range []int{-1, maxList + 1} {
		if _, err := k.List(t.Context(), appA, ListOptions{Limit: limit}); !errs.Is(err, errs.Invalid) || errs.Sentence(err) != fmt.Sprintf("limit must be from 1 to 1000, not %d", limit) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
	for _, o := range []ListOptions{{Prefix: "\xff"}, {Cursor: "\xff"}} {
		if _, err := k.List(t.Context(), appA, o); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if page, err := k.List(t.Context(), Scope{App: "b"}, ListOptions{}); err != nil || page.Entries == nil || len(page.Entries) != 0 || page.Next != "" {
		t.Errorf("an empty list is %+v, %v", page, err)
	}
}

func TestAListContinuesAfterItsCursor(t *testing.T) {
	t.Parallel()
	k := open(t)
	for _, key := range []string{"m", "m1", "m10", "m2", "n"} {
		set(t, k, appA, key, `1`, 0)
	}
	for _, tt := range []struct{ prefix, cursor, want string }{
		{"m", "", "m m1 m10 m2"}, {"m", "m", "m1 m10 m2"}, {"m", "m1", "m10 m2"}, {"m1", "m1", "m10"}, {"m1", "m", "m1 m10"},
		{"m", "m100", "m2"}, {"m", "m2", ""}, {"m", "n", ""}, {"", "m2", "n"}, {"", "n", ""}, {"n", "m", "n"}, {"n", "n", ""}, {"o", "", ""},
	} {
		for _, limit := range []int{1, 2, 1000} {
			if got := strings.Join(all(t, k, ListOptions{Prefix: tt.prefix, Cursor: tt.cursor, Limit: limit}), " "); got != tt.want {
				t.Errorf("%q after %q, %d at a time: %q, want %q", tt.prefix, tt.cursor, limit, got, tt.want)
			}
		}
	}
}

func TestAShortestTimeToLiveIsAMillisecond(t *testing.T) {
	t.Parallel()
	k := open(t)
	before := time.Now()
	for key, ttl := range map[string]time.Duration{"ns": 1, "ms": time.Millisecond, "hour": time.Hour} {
		set(t, k, appA, key, `1`, ttl)
		page, err := k.List(t.Context(), appA, ListOptions{Prefix: key})
		if err != nil || len(page.Entries) == 0 && ttl == time.Hour {
			t.Fatal(key, err)
		}
		for _, e := range page.Entries { // a short one may have expired
			if left := e.ExpiresAt.Sub(before); left < max(ttl, time.Millisecond)-time.Millisecond || left > ttl+time.Minute {
				t.Errorf("%s expires after %s", key, left)
			}
		}
	}
	for ttl, want := range map[time.Duration]errs.Kind{-1: errs.Invalid, -time.Hour: errs.Invalid} {
		if err := k.Set(t.Context(), appA, "k", []byte(`1`), ttl); !errs.Is(err, want) || get(t, k, appA, "k") != "none" {
			t.Errorf("%s: %v", ttl, err)
		}
	}
}

// An entry expires at its moment, not after it.
func TestExpiredEntriesAreRemovedInSteps(t *testing.T) {
	t.Parallel()
	k := open(t)
	set(t, k, Scope{App: "b"}, "kept", `1`, time.Hour)
	set(t, k, Scope{App: "b"}, "forever", `1`, 0)
	for _, n := range []int{0, 1, stepRows - 1, stepRows, stepRows + 1, 2 * stepRows} {
		fill(t, k, "a", n)
		exec(t, k, "UPDATE kv SET expires_at = ? WHERE app_id = 'a'", time.Now())
		if got, err := k.Purge(t.Context()); got != n || err != nil {
			t.Errorf("%d of %d were removed, %v", got, n, err)
		}
		if left := number(t, k, "SELECT count(*) FROM kv"); left != 2 {
			t.Errorf("%d entries are left of %d", left, n+2)
		}
		wantSmallWrites(t, k, "removing expired entries")
		checkUsage(t, k, "after that", "a", "b")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Purge(ctx); err == nil {
		t.Error("it goes on after its context ended")
	}
	if err := k.Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestAForkOfNothingLeavesNothing(t *testing.T) {
	t.Parallel()
	k := open(t)
	if f, err := k.Fork(t.Context(), "missing", "c"); f != nil || !errs.Is(err, errs.NotFound) {
		t.Errorf("%+v %v", f, err)
	}
	if k.isForking("c") {
		t.Error("a fork that failed counts as running, and its leftovers would stay")
	}
	if done, err := k.RemoveLeftovers(t.Context(), "c"); !done || err != nil {
		t.Errorf("%v %v", done, err)
	}
	if err := fork(t, k, "a", "d"); err != nil || counted(t, k, "d").Keys != 0 {
		t.Errorf("a fork of an app without data: %v", err)
	}
	checkUsage(t, k, "a fork of an app without data", "d")
}

func TestAForkHasEverythingOfEveryUser(t *testing.T) {
	t.Parallel()
	k := open(t)
	allow(k, 1<<30)
	long := `"` + strings.Repeat("x", stepBytes/3) + `"`
	for _, s := range []Scope{appA, {App: "a", User: "u"}} {
		for i := range 4 { // more than a step
			set(t, k, s, fmt.Sprint("long", i), long, 0)
		}
		set(t, k, s, "expires", `1`, time.Hour)
	}
	set(t, k, Scope{App: "b"}, "other", `1`, 0)
	if err := fork(t, k, "a", "c"); err != nil {
		t.Fatal(err)
	}
	checkUsage(t, k, "the fork", "a", "b", "c")
	const differ = "SELECT count(*) FROM (SELECT user_id, key, value, expires_at, updated_at FROM kv WHERE app_id = 'a' EXCEPT SELECT user_id, key, value, expires_at, updated_at FROM kv WHERE app_id = 'c')"
	if n, copied := number(t, k, differ), counted(t, k, "c").Keys; n != 0 || copied != 10 {
		t.Errorf("%d entries differ, %d were copied", n, copied)
	}
	set(t, k, Scope{App: "c"}, "long0", `1`, 0)
	if got := get(t, k, appA, "long0"); got != long {
		t.Error("a change of the fork changed the app")
	}
}

func TestTheRefusalOfAWriteSaysHowMuchIsMissing(t *testing.T) {
	t.Parallel()
	k := open(t)
	allow(k, 100)
	set(t, k, appA, "k", `1`, 0) // 66
	err := k.Set(t.Context(), appA, "k2", []byte(`"1234567"`), 0)
	details, _ := errs.Details(err).(map[string]int64)
	if want := map[string]int64{"used": 66, "limit": 100, "needed": 75}; fmt.Sprint(details) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", details, want)
	}
	if want := "the app stores 66 B of at most 100 B; this would make it 141 B: delete something, or raise the limit storage.max_app_data"; errs.Sentence(err) != want {
		t.Errorf("%s, want %s", errs.Sentence(err), want)
	}
	err = k.Set(t.Context(), appA, "k", []byte(`"`+strings.Repeat("x", 40)+`"`), 0) // the entry itself is there already
	if details, _ := errs.Details(err).(map[string]int64); details["needed"] != 41 {
		t.Errorf("%v of an entry that grows", details)
	}
}
