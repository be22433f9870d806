package storage

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
	"fazt/internal/fazttest/await"
	"fazt/internal/system"
	"fazt/internal/timeout"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB) *KV {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	err = db.Write(t.Context(), func(tx *database.Tx) error {
		if err := tx.Exec("INSERT INTO apps VALUES ('a', 'a', '', 1, 1)"); err != nil {
			return err
		}
		return tx.Exec("INSERT INTO apps VALUES ('b', 'b', '', 1, 1)")
	})
	if err != nil {
		t.Fatal(err)
	}
	l := system.Defaults().Storage // once: it measures the machine
	l.MaxKey, l.MaxValue = 20, 100
	return New(Config{DB: db, Limits: func(string) system.Storage { return l }})
}

var appA = Scope{App: "a"}

func set(t testing.TB, k *KV, s Scope, key, value string, ttl time.Duration) {
	t.Helper()
	if err := k.Set(t.Context(), s, key, []byte(value), ttl); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, k *KV, s Scope, key string) string {
	t.Helper()
	value, found, err := k.Get(t.Context(), s, key)
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		return "none"
	}
	return string(value)
}

func TestSetGetDelete(t *testing.T) {
	k := open(t)
	set(t, k, appA, "x", `{"a":1}`, 0)
	if got := get(t, k, appA, "x"); got != `{"a":1}` {
		t.Fatal(got)
	}
	set(t, k, appA, "x", `null`, 0)
	if got := get(t, k, appA, "x"); got != `null` { // a stored null is not a missing value
		t.Fatal(got)
	}
	for _, want := range []bool{true, false} {
		if existed, err := k.Delete(t.Context(), appA, "x"); err != nil || existed != want {
			t.Fatalf("existed %v, %v", existed, err)
		}
	}
	if got := get(t, k, appA, "x"); got != "none" {
		t.Fatal(got)
	}
}

func TestValuesExpireToTheMillisecond(t *testing.T) {
	k := open(t)
	began := time.Now()
	set(t, k, appA, "short", `1`, 30*time.Millisecond)
	set(t, k, appA, "kept", `1`, time.Millisecond)
	set(t, k, appA, "kept", `2`, 0) // a set without a time to live clears the old one
	set(t, k, appA, "long", `1`, time.Hour)
	if got := get(t, k, appA, "short"); got != "1" && time.Since(began) < 30*time.Millisecond {
		t.Fatalf("it expired at once: %s", got)
	}
	await.Until(t, "the value to expire", func() bool { return get(t, k, appA, "short") == "none" })
	if early := 29*time.Millisecond - time.Since(began); early > 0 { // times are stored in whole milliseconds
		t.Errorf("it expired %v before its time", early)
	}
	page, err := k.List(t.Context(), appA, ListOptions{})
	if err != nil || len(page.Entries) != 2 || page.Entries[0].Key != "kept" || !page.Entries[0].ExpiresAt.IsZero() || page.Entries[1].ExpiresAt.IsZero() {
		t.Fatalf("%+v %v", page, err)
	}
	if existed, err := k.Delete(t.Context(), appA, "short"); existed || err != nil {
		t.Fatalf("an expired value existed: %v", err)
	}
	set(t, k, appA, "short", `1`, time.Millisecond)
	await.Until(t, "the value to expire", func() bool { return get(t, k, appA, "short") == "none" })
	if n, err := k.Purge(t.Context()); n != 1 || err != nil {
		t.Fatalf("purged %d, %v", n, err)
	}
}

func TestScopesNeverSeeEachOther(t *testing.T) {
	k := open(t)
	scopes := []Scope{{App: "a"}, {App: "b"}, {App: "a", User: "u1"}, {App: "a", User: "u2"}}
	for n, s := range scopes {
		set(t, k, s, "key", fmt.Sprint(n), 0)
		set(t, k, s, fmt.Sprint("own", n), `1`, 0)
	}
	for n, s := range scopes {
		if got := get(t, k, s, "key"); got != fmt.Sprint(n) {
			t.Errorf("%+v reads %s", s, got)
		}
		page, err := k.List(t.Context(), s, ListOptions{})
		if err != nil || len(page.Entries) != 2 {
			t.Errorf("%+v lists %+v %v", s, page, err)
		}
	}
	if _, err := k.Delete(t.Context(), scopes[0], "key"); err != nil {
		t.Fatal(err)
	}
	for _, s := range scopes[1:] {
		if got := get(t, k, s, "key"); got == "none" {
			t.Errorf("%+v lost its value", s)
		}
	}
}

func TestBadInputIsRefusedAndStoresNothing(t *testing.T) {
	k := open(t)
	tests := []struct {
		name, key, value string
		ttl              time.Duration
		kind             errs.Kind
		want             string
	}{
		{"empty key", "", `1`, 0, errs.Invalid, "the key is empty"},
		{"long key", strings.Repeat("k", 21), `1`, 0, errs.TooLarge, "has 21 bytes; at most 20"},
		{"key that is not UTF-8", "\xff", `1`, 0, errs.Invalid, "not UTF-8"},
		{"large value", "k", `"` + strings.Repeat("v", 100) + `"`, 0, errs.TooLarge, "as JSON, has 102 B; the limit is 100 B (storage.max_value)"},
		{"not JSON", "k", `{`, 0, errs.Invalid, "is not JSON"},
		{"no value", "k", ``, 0, errs.Invalid, "is not JSON"},
		{"negative time", "k", `1`, -1, errs.Invalid, "is negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := k.Set(t.Context(), appA, tt.key, []byte(tt.value), tt.ttl)
			if !errs.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v", err)
			}
		})
	}
	if err := k.Set(t.Context(), Scope{App: "gone"}, "k", []byte(`1`), 0); !errs.Is(err, errs.NotFound) {
		t.Errorf("an app that does not exist: %v", err)
	}
	for _, limit := range []int{-1, 1001} {
		if _, err := k.List(t.Context(), appA, ListOptions{Limit: limit}); !errs.Is(err, errs.Invalid) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
	if u, err := k.Usage(t.Context(), "a"); u.Keys != 0 || err != nil {
		t.Fatalf("%d entries, %v", u.Keys, err)
	}
}

func TestAStepThatCannotBeFinishedInTimeIsRefusedAtOnce(t *testing.T) {
	k := open(t)
	ctx, cancel := timeout.With(t.Context(), time.Minute)
	defer cancel()
	late, cancel := context.WithDeadlineCause(ctx, time.Now().Add(-time.Second), errs.New(errs.Unavailable, "over"))
	defer cancel()
	for name, step := range map[string]func(context.Context) error{
		"set":    func(ctx context.Context) error { return k.Set(ctx, appA, "k", []byte(`1`), 0) },
		"get":    func(ctx context.Context) error { _, _, err := k.Get(ctx, appA, "k"); return err },
		"delete": func(ctx context.Context) error { _, err := k.Delete(ctx, appA, "k"); return err },
		"list":   func(ctx context.Context) error { _, err := k.List(ctx, appA, ListOptions{}); return err },
	} {
		if err := step(late); !errs.Is(err, errs.Unavailable) || errs.RetryAfter(err) == 0 {
			t.Errorf("%s: got %v", name, err)
		}
		if err := step(ctx); err != nil {
			t.Errorf("%s in time: %v", name, err)
		}
	}
}

// all lists every page.
func all(t testing.TB, k *KV, o ListOptions) []string {
	t.Helper()
	keys := []string{}
	for {
		page, err := k.List(t.Context(), appA, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entries {
			keys = append(keys, e.Key)
		}
		if page.Next == "" {
			return keys
		}
		o.Cursor = page.Next
	}
}

// The predecessor matched prefixes with LIKE: "_" and "%" were wildcards and case did not count.
func TestAPrefixMeansExactlyItsCharacters(t *testing.T) {
	k := open(t)
	for _, key := range []string{"a_b", "aXb", "a%c", "A_b", "a", "a\U0010FFFFz", "b", "a\x00z", "ä"} {
		set(t, k, appA, key, `1`, 0)
	}
	for prefix, want := range map[string][]string{
		"a_":          {"a_b"},
		"a%":          {"a%c"},
		"A":           {"A_b"},
		"a":           {"a", "a\x00z", "a%c", "aXb", "a_b", "a\U0010FFFFz"},
		"a\U0010FFFF": {"a\U0010FFFFz"},
		"z":           {},
		"ä":           {"ä"},
	} {
		for _, limit := range []int{1, 2, 100} {
			if got := all(t, k, ListOptions{Prefix: prefix, Limit: limit}); !cmp.Equal(got, want) {
				t.Errorf("%q by %d: %q, want %q", prefix, limit, got, want)
			}
		}
	}
}

func TestACursorOutsideThePrefixStaysInThePrefix(t *testing.T) {
	k := open(t)
	for _, key := range []string{"a", "m1", "m2", "z"} {
		set(t, k, appA, key, `1`, 0)
	}
	for _, c := range []struct {
		prefix, cursor string
		want           []string
	}{
		{"m", "a", []string{"m1", "m2"}},
		{"m", "m1", []string{"m2"}},
		{"m", "z", []string{}},
		{"", "", []string{"a", "m1", "m2", "z"}},
		{"", "m2", []string{"z"}},
	} {
		if got := all(t, k, ListOptions{Prefix: c.prefix, Cursor: c.cursor}); !cmp.Equal(got, c.want) {
			t.Errorf("%q after %q: %q, want %q", c.prefix, c.cursor, got, c.want)
		}
	}
}

func FuzzList(f *testing.F) {
	f.Add("a,b,ab,abc", "a", 1)
	f.Add("_,%,A,a", "_", 2)
	f.Fuzz(func(t *testing.T, keys, prefix string, limit int) {
		k := open(t)
		model := map[string]bool{}
		for i, key := range strings.Split(keys, ",") {
			if i < 20 && k.Set(t.Context(), appA, key, []byte(`1`), 0) == nil {
				model[key] = true
			}
		}
		page, err := k.List(t.Context(), appA, ListOptions{Prefix: prefix, Limit: limit})
		if err != nil {
			return
		}
		_ = page
		want := []string{}
		for key := range model {
			if strings.HasPrefix(key, prefix) {
				want = append(want, key)
			}
		}
		sort.Strings(want)
		if got := all(t, k, ListOptions{Prefix: prefix, Limit: limit}); !cmp.Equal(got, want) {
			t.Fatalf("prefix %q limit %d: %q, want %q", prefix, limit, got, want)
		}
	})
}

// A page of a thousand entries of a megabyte each would be a gigabyte in one answer.
func TestAPageOfLargeValuesEndsEarly(t *testing.T) {
	k, scope := open(t), appA
	k.Limits = func(string) system.Storage { return system.Defaults().Storage }
	value := `"` + strings.Repeat("x", 1<<20-100) + `"`
	for i := range 9 {
		set(t, k, scope, fmt.Sprint("k", i), value, 0)
	}
	var sizes []int
	cursor := ""
	for {
		page, err := k.List(t.Context(), scope, ListOptions{Prefix: "k", Limit: 1000, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page.Entries))
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if !slices.Equal(sizes, []int{4, 4, 1}) {
		t.Errorf("pages of %v entries", sizes)
	}
}
