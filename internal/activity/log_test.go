package activity

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fazt/internal/database"
	"fazt/internal/database/databasetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func openLog(t testing.TB, keep int, age time.Duration) *Log {
	t.Helper()
	db, err := database.Open(context.Background(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	l, err := OpenLog(context.Background(), LogConfig{DB: db, Keep: func() int { return keep }, Age: func() time.Duration { return age }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func flush(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func resources(t *testing.T, l *Log, f Filter) string {
	t.Helper()
	list, _, err := l.List(t.Context(), f, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Resource)
	}
	return strings.Join(names, " ")
}

func TestTheLightestEntriesLeaveFirstTheOldestOfThemFirst(t *testing.T) {
	l := openLog(t, 4, 0)
	for n, w := range []Weight{9, 1, 5, 1, 9, 0, 1} {
		l.Record(Entry{Weight: w, Resource: fmt.Sprint(n)})
		flush(t, l)
	}
	if got := resources(t, l, Filter{}); got != "6 4 2 0" {
		t.Errorf("kept %s", got)
	}
}

func TestDroppedEntriesAreCountedInAnEntry(t *testing.T) {
	l := openLog(t, 100_000, 0)
	for !l.Full() {
		l.Record(Entry{})
	}
	for range 7 {
		l.Record(Entry{})
	}
	if l.Dropped() != 7 {
		t.Errorf("dropped %d", l.Dropped())
	}
	flush(t, l) // makes room
	flush(t, l) // tells
	list, _, err := l.List(t.Context(), Filter{Action: "log.drop"}, 10)
	if err != nil || len(list) != 1 || string(list[0].Details) != `{"count":7}` || list[0].Weight != Security {
		t.Errorf("%+v %v", list, err)
	}
}

func TestFiltersSelectTheSameWhetherStoredOrNot(t *testing.T) {
	l := openLog(t, 1000, 0)
	entries := []Entry{
		{Weight: 9, Action: "key.check", Result: Denied, Actor: Actor{Kind: Anonymous, Address: "1.2.3.4"}, ResourceType: "key", Resource: "a"},
		{Weight: 6, Action: "upload.commit", Result: OK, Actor: Actor{Kind: Key, ID: "key_1", Name: "ci"}, ResourceType: "app", Resource: "b", AppID: "app_1"},
		{Weight: 7, Action: "app.remove", Result: Failed, Code: "NOT_FOUND", Actor: Actor{Kind: Owner, Name: "owner"}, ResourceType: "app", Resource: "c", AppID: "app_2"},
		{Weight: 1, Action: "server.start", Result: OK, Actor: Actor{Kind: ItSelf}, ResourceType: "server", Resource: "d"},
		{Weight: 7, Action: "app.removal", Result: OK, Actor: Actor{Kind: Owner, Name: "owner"}, ResourceType: "app", Resource: "e", AppID: "app_1"},
	}
	for _, e := range entries {
		l.Record(e)
	}
	weight := func(w Weight) *Weight { return &w }
	filters := map[string]struct {
		f    Filter
		want string
	}{
		"all":           {Filter{}, "e d c b a"},
		"least weight":  {Filter{MinWeight: weight(7)}, "e c a"},
		"weights":       {Filter{MinWeight: weight(6), MaxWeight: weight(7)}, "e c b"},
		"no weight":     {Filter{MaxWeight: weight(0)}, ""},
		"action":        {Filter{Action: "app.remove"}, "c"},
		"noun":          {Filter{Action: "app"}, "e c"},
		"type":          {Filter{Type: "app"}, "e c b"},
		"resource":      {Filter{Resource: "d"}, "d"},
		"app":           {Filter{AppID: "app_1"}, "e b"},
		"user by id":    {Filter{User: "key_1"}, "b"},
		"user by name":  {Filter{User: "ci"}, "b"},
		"owner":         {Filter{User: "owner"}, "e c"},
		"actor":         {Filter{Actor: Anonymous}, "a"},
		"denied":        {Filter{Result: Denied}, "a"},
		"ok":            {Filter{Result: OK}, "e d b"},
		"two":           {Filter{AppID: "app_1", Result: OK, MinWeight: weight(7)}, "e"},
		"all of them":   {Filter{AppID: "app_2", User: "owner", Action: "app.remove", Type: "app", Resource: "c", Actor: Owner, Result: Failed}, "c"},
		"nothing":       {Filter{AppID: "app_2", Result: OK}, ""},
		"in the future": {Filter{Since: time.Now().Add(time.Hour)}, ""},
		"in the past":   {Filter{Until: time.Now().Add(-time.Hour)}, ""},
		"just now":      {Filter{Since: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Hour)}, "e d c b a"},
	}
	for _, stored := range []bool{false, true} {
		for name, tt := range filters {
			var names []string
			list, f, err := l.Tail(t.Context(), tt.f, 100)
			if err != nil {
				t.Fatal(err)
			}
			f.Stop()
			for _, e := range list {
				names = append([]string{e.Resource}, names...)
			}
			if got := strings.Join(names, " "); got != tt.want {
				t.Errorf("%s, stored %v: %q, want %q", name, stored, got, tt.want)
			}
			if stored {
				s, err := l.Stats(t.Context(), tt.f)
				if err != nil || s.Entries != len(strings.Fields(tt.want)) {
					t.Errorf("%s: %d counted, %v", name, s.Entries, err)
				}
			}
		}
		flush(t, l)
	}
}

func TestEntriesAreBoundedWhateverTheyHold(t *testing.T) {
	l := openLog(t, 10, 0)
	long := strings.Repeat("é", 10_000)
	l.Record(Entry{Weight: 200, Action: long, Result: "odd", Actor: Actor{Kind: "odd", Agent: long + "\xff"}, Resource: long, Details: Details(map[string]any{"a": long, "b": []string{long, long}, "c": 1})})
	list, _, err := l.List(t.Context(), Filter{}, 1)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	data, err := json.Marshal(list[0])
	if err != nil || len(data) > 6000 || !strings.Contains(string(list[0].Details), `"c":1`) || list[0].Weight != Security || list[0].Actor.Kind != Anonymous || list[0].Result != Failed {
		t.Errorf("%d bytes, %s, %v", len(data), list[0].Details, err)
	}
}

func TestThereAreFewBundlesHoweverManyStrangers(t *testing.T) {
	b := newBundles()
	now := time.Now()
	told, stood := 0, 0
	count := func(e Entry) {
		told++
		var facts struct{ Count int }
		_ = json.Unmarshal(e.Details, &facts)
		stood += max(1, facts.Count)
	}
	for n := range 100_000 {
		if e, due := b.add("class", fmt.Sprint(n%5000), Entry{}, now); due {
			count(e)
		}
	}
	for _, e := range b.end(now.Add(2 * bundleFor)) {
		count(e)
	}
	if told > 3*bundleMost+10 || stood != 100_000 || len(b.by) != 0 || len(b.all) != 0 {
		t.Errorf("%d entries stand for %d; %d bundles are left", told, stood, len(b.by))
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"24h", "7d", "2026-01-31", "2026-01-31T12:00:00Z", "-1h", "h", ""} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		at, err := ParseTime(text, now)
		if err != nil && !at.IsZero() {
			t.Errorf("%q: %v with %v", text, at, err)
		}
		if err == nil && len(text) < 8 && at.After(now) {
			t.Errorf("%q is %v, which is to come", text, at)
		}
	})
}

// BenchmarkLog measures the activity log with half a million entries.
func BenchmarkLog(b *testing.B) {
	l := openLog(b, 500_000, 0)
	actions := []string{"upload.send", "upload.commit", "env.set", "alias.set", "key.create"}
	n := 0
	add := func() {
		w := Weight(n % 7)
		if n%5000 == 0 {
			w = Security
		}
		e := Entry{Weight: w, Action: actions[n%len(actions)], Result: OK, Actor: Actor{Kind: Key, ID: fmt.Sprint("key_", n%20), Name: fmt.Sprint("ci", n%20), Address: "203.0.113.7", Agent: "Go-http-client/1.1"},
			ResourceType: "app", Resource: fmt.Sprint("app", n%100), AppID: fmt.Sprint("app_", n%100), Details: json.RawMessage(`{"deployment":12,"live":true}`)}
		if n%1000 == 0 {
			e.Result = Failed
		}
		l.Record(e)
		n++
	}
	for n < 500_000 {
		add()
		if n%2000 == 0 {
			flush(b, l)
		}
	}
	flush(b, l)
	b.Run("record", func(b *testing.B) {
		for b.Loop() {
			add()
			if n%2000 == 0 {
				b.StopTimer()
				flush(b, l)
				b.StartTimer()
			}
		}
	})
	b.Run("store 500 and prune 500", func(b *testing.B) {
		for b.Loop() {
			for range 500 {
				add()
			}
			flush(b, l)
		}
	})
	seven, nine := Weight(7), Weight(9)
	for name, f := range map[string]Filter{"": {}, "weight 9": {MinWeight: &nine}, "weight 7": {MinWeight: &seven}, "app": {AppID: "app_7"}, "failed": {Result: Failed}, "rare both": {AppID: "app_0", Result: Failed},
		"action": {Action: "key.create"}, "noun": {Action: "key"}, "never": {Action: "never.ever"}, "user": {User: "ci3"}, "since": {Since: time.Now().Add(-time.Second)}} {
		b.Run("newest 20 "+name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := l.List(context.Background(), f, 20); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("stats", func(b *testing.B) {
		for b.Loop() {
			if _, err := l.Stats(context.Background(), Filter{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
