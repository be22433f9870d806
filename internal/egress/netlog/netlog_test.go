package netlog

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"fazt/internal/database"
	"fazt/internal/database/databasetest"
)

func openDatabase(t testing.TB) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	err = db.Write(context.Background(), func(tx *database.Tx) error {
		return tx.Exec("INSERT INTO apps (id, name, title, created_at, updated_at) VALUES ('app_a', 'a', '', 1, 1), ('app_b', 'b', '', 1, 1)")
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func openLog(t testing.TB, db *database.DB, most, keep int) *Log {
	t.Helper()
	l, err := Open(context.Background(), Config{
		DB: db, MaxWaiting: func() int { return most }, FlushEvery: func() time.Duration { return time.Hour },
		Keep: func(string) int { return keep }, MaxAge: func() time.Duration { return 0 }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func paths(t *testing.T, l *Log, f Filter) string {
	t.Helper()
	list, _, err := l.List(t.Context(), f, 100)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, a := range list {
		texts = append(texts, a.Path)
	}
	return strings.Join(texts, " ")
}

func TestAttemptsAreStoredCompletelyAndFoundByEveryFilter(t *testing.T) {
	l := openLog(t, openDatabase(t), 100, 100)
	start := time.Now()
	full := Attempt{AppID: "app_a", RequestID: "req_1", Method: "POST", Scheme: "https", Host: "api.example.com:8443", Path: "/1", Hop: 1, Status: 200,
		EntryID: "net_1", Secret: "KEY", Millis: 1.5, Sent: 10, Received: 20, Cache: "miss"}
	for _, a := range []Attempt{
		full,
		{AppID: "app_b", Host: "api.example.com", Path: "/2", Status: 503},
		{AppID: "app_a", Host: "example.com", Path: "/3", Code: "NET_BLOCKED", Reason: "no entry"},
		{AppID: "app_a", Host: "notexample.com", Path: "/4", Status: 404},
		{AppID: "app_gone", Host: "api.example.com", Path: "/5"},
		{AppID: "app_b", Host: "[2001:db8::1]:8443", Path: "/6?token=abc", Code: "NET_BLOCKED"},
	} {
		l.Record(a)
	}
	for _, test := range []struct {
		name, want string
		f          Filter
	}{
		{"all", "/6 /4 /3 /2 /1", Filter{}},
		{"app", "/4 /3 /1", Filter{AppID: "app_a"}},
		{"host with and without port", "/2 /1", Filter{Domain: "api.example.com"}},
		{"names below", "/2 /1", Filter{Domain: "*.example.com"}},
		{"host and app", "/1", Filter{Domain: "api.example.com", AppID: "app_a"}},
		{"failed", "/6 /3 /2", Filter{Failed: true}},
		{"failed of an app", "/3", Filter{Failed: true, AppID: "app_a"}},
		{"literal", "/6", Filter{Domain: "2001:db8::1"}},
		{"since", "/6 /4 /3 /2 /1", Filter{Since: start.Add(-time.Second)}},
		{"from now", "", Filter{Since: time.Now().Add(time.Hour)}},
	} {
		if got := paths(t, l, test.f); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		// What waits to be stored is found by the same filter.
		for _, a := range []Attempt{{ID: 1 << 55, AppID: "app_a", Host: "api.example.com:8443", Path: "/1"}, {ID: 1 << 55, AppID: "app_b", Host: "api.example.com", Path: "/2", Status: 503}} {
			if a.Time = start; test.f.Since.IsZero() && test.f.matches(a) != strings.Contains(test.want, a.Path) {
				t.Errorf("%s: %s while it waits: %v", test.name, a.Path, test.f.matches(a))
			}
		}
	}
	page, next, err := l.List(t.Context(), Filter{}, 4)
	if err != nil || len(page) != 4 || next != page[3].ID {
		t.Fatalf("%v %d %v", page, next, err)
	}
	page, next, err = l.List(t.Context(), Filter{Before: next}, 4)
	if err != nil || len(page) != 1 || next != 0 {
		t.Fatalf("%v %d %v", page, next, err)
	}
	got := page[0]
	full.ID, full.Time = got.ID, got.Time
	if got != full || got.Time.Before(start.Add(-time.Millisecond)) {
		t.Errorf("%+v", got)
	}
}

// The predecessor logged only successes.
func TestFailuresOutliveAFloodOfSuccesses(t *testing.T) {
	l := openLog(t, openDatabase(t), 10, 1000)
	for n := range 200 {
		l.Record(Attempt{AppID: "app_a", Path: fmt.Sprint("/ok", n), Status: 200})
		if n%25 == 0 {
			l.Record(Attempt{AppID: "app_a", Path: fmt.Sprint("/bad", n), Code: "NET_TIMEOUT"})
		}
	}
	if got := paths(t, l, Filter{Failed: true}); strings.Count(got, "/bad") != 8 {
		t.Errorf("of 8 failures were kept: %s", got)
	}
	if s, err := l.Stats(t.Context(), Filter{}); err != nil || s.Dropped != 198 || s.Total.Calls != 10 || s.Total.Errors != 8 {
		t.Errorf("%+v %v", s, err)
	}
}

func TestFollowedAttemptsComeOnceAndInOrder(t *testing.T) {
	l := openLog(t, openDatabase(t), 100, 1000)
	record := func(path, app string) { l.Record(Attempt{AppID: app, Path: path}) }
	record("/1", "app_a")
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	record("/2", "app_a")
	record("/x", "app_b")
	list, f, err := l.Tail(t.Context(), Filter{AppID: "app_a"}, 10)
	if err != nil || len(list) != 2 || list[0].Path != "/1" || list[1].Path != "/2" {
		t.Fatalf("%v %v", list, err)
	}
	defer f.Stop()
	record("/x", "app_b")
	record("/3", "app_a")
	if a := <-f.C; a.Path != "/3" || a.ID <= list[1].ID {
		t.Errorf("%+v", a)
	}
}

func TestAttemptsOfARemovedAppAreRemoved(t *testing.T) {
	db := openDatabase(t)
	l := openLog(t, db, 10, 100)
	for _, app := range []string{"", "app_a", "app_b"} {
		l.Record(Attempt{AppID: app, Host: "api.example.com", Path: "/" + app})
	}
	if err := l.RemoveLeftovers(t.Context(), "app_a"); err != nil {
		t.Fatal(err)
	}
	if got := paths(t, l, Filter{}); got != "/app_b /app_a" {
		t.Errorf("of apps that exist: %s", got)
	}
	err := db.Write(t.Context(), func(tx *database.Tx) error { return tx.Exec("DELETE FROM apps WHERE id = 'app_a'") })
	if err != nil {
		t.Fatal(err)
	}
	if err := l.RemoveLeftovers(t.Context(), "app_a"); err != nil {
		t.Fatal(err)
	}
	if got := paths(t, l, Filter{}); got != "/app_b" {
		t.Errorf("after the removal: %s", got)
	}
}

func TestStatsCountByAppAndDomain(t *testing.T) {
	l := openLog(t, openDatabase(t), 1000, 1000)
	for n := range 100 {
		l.Record(Attempt{AppID: "app_a", Host: "api.example.com", Status: 200, Millis: float64(100 - n), Sent: 1, Received: 2})
	}
	l.Record(Attempt{AppID: "app_a", Host: "api.example.com", Status: 200, Cache: "hit", Millis: 10000})
	l.Record(Attempt{AppID: "app_a", Host: "api.example.com", Code: "NET_RATE", Millis: 10000})
	l.Record(Attempt{AppID: "app_b", Host: "api.example.com", Code: "NET_TIMEOUT", Millis: 4000})
	l.Record(Attempt{AppID: "app_b", Host: "evil.example", Code: "NET_BLOCKED"})
	s, err := l.Stats(t.Context(), Filter{})
	if err != nil || len(s.Domains) != 3 {
		t.Fatalf("%+v %v", s, err)
	}
	a := s.Domains[0]
	if a.AppID != "app_a" || a.Calls != 102 || a.Errors != 1 || a.P50 != 50 || a.P95 != 95 || a.CacheHits != 1 || a.Sent != 100 || a.Received != 200 {
		t.Errorf("%+v", a)
	}
	if b := s.Domains[1]; b.AppID != "app_b" || b.ErrorRate != 1 || b.P50 != 4000 {
		t.Errorf("%+v", b)
	}
	if s.Total.Calls != 104 || s.Total.Blocked != 1 || s.Total.P95 != 96 {
		t.Errorf("%+v", s.Total)
	}
	if s, err = l.Stats(t.Context(), Filter{AppID: "app_b", Domain: "evil.example"}); err != nil || s.Total.Calls != 1 {
		t.Errorf("%+v %v", s, err)
	}
}

func BenchmarkStats100k(b *testing.B) {
	l := openLog(b, openDatabase(b), 1_000_000, 1_000_000)
	for n := range 100_000 {
		l.Record(Attempt{AppID: "app_a", Host: fmt.Sprintf("h%d.example.com", n%50), Path: "/v1/things", Status: 200, Millis: float64(n % 977)})
	}
	if err := l.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if s, err := l.Stats(b.Context(), Filter{}); err != nil || s.Total.Calls != 100_000 {
			b.Fatal(s, err)
		}
	}
}

func BenchmarkLogPage(b *testing.B) {
	l := openLog(b, openDatabase(b), 1_000_000, 1_000_000)
	for n := range 100_000 {
		l.Record(Attempt{AppID: "app_a", Host: fmt.Sprintf("h%d.example.com", n%50), Path: "/v1/things", Status: 200})
	}
	if err := l.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	for name, f := range map[string]Filter{"all": {}, "app": {AppID: "app_a"}, "host": {Domain: "h7.example.com"}, "failed": {Failed: true}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := l.List(b.Context(), f, 100); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRecord(b *testing.B) {
	l := openLog(b, openDatabase(b), 100, 1000)
	for b.Loop() {
		l.Record(Attempt{AppID: "app_a", Host: "api.example.com", Path: "/v1/things", Status: 200})
	}
}
