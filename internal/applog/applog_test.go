package applog

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fazt/internal/database"
	"fazt/internal/database/databasetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, keep int) (*Log, *database.DB) {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	err = db.Write(t.Context(), func(tx *database.Tx) error {
		return tx.Exec("INSERT INTO apps VALUES ('app_a', 'a', '', 1, 1)")
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), Config{DB: db, Keep: func(string) int { return keep }, Rate: func(string) int { return 1 << 30 },
		Age: func() time.Duration { return 0 }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return a, db
}

func line(app, text string) Line {
	return Line{AppID: app, Number: 3, Level: "warn", RequestID: "r", Message: text, Time: time.UnixMilli(5).UTC()}
}

func TestLinesAreStoredWhenTheLogStops(t *testing.T) {
	a, _ := open(t, 10)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.Run(ctx) }()
	a.Record(line("app_a", "one"))
	a.Record(Line{AppID: "app_a", Level: "shout", Message: "two"})
	a.Record(line("app_removed", "dropped"))
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	got, err := a.Lines(t.Context(), Query{AppID: "app_a", Limit: 10})
	if err != nil || len(got) != 2 || got[0].Message != "one" || got[0].Number != 3 || got[0].Level != "warn" || got[0].RequestID != "r" || !got[0].Time.Equal(time.UnixMilli(5)) || got[0].ID >= got[1].ID || got[1].Message != "two" || got[1].Level != "info" {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestOnlyTheNewestLinesAreKept(t *testing.T) {
	a, db := open(t, 100)
	for i := range 2000 {
		a.Record(line("app_a", fmt.Sprint(i)))
	}
	if err := a.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var count int
	err := db.Read(t.Context(), func(c *database.Conn) error {
		_, err := c.First("SELECT count(*) FROM app_log", func(r *database.Row) { count = r.Int(0) })
		return err
	})
	if err != nil || count != 100 {
		t.Fatalf("%d lines kept, %v", count, err)
	}
	got, err := a.Lines(t.Context(), Query{AppID: "app_a", Limit: 1})
	if err != nil || got[0].Message != fmt.Sprint(2000-1) {
		t.Fatalf("the newest is %+v, %v", got, err)
	}
}

func TestLinesThatFindNoRoomAreDroppedAndCounted(t *testing.T) {
	a, _ := open(t, 10)
	for !a.Full() {
		a.Record(line("app_a", "x"))
	}
	for range 7 {
		a.Record(line("app_a", "x"))
	}
	if a.Dropped() != 7 {
		t.Fatalf("dropped %d", a.Dropped())
	}
}

func TestFollowersReceiveLinesAtOnceAndNeverBlockTheApp(t *testing.T) {
	a, _ := open(t, 10)
	f := a.Follow(Query{AppID: "app_a"})
	a.Record(line("app_a", "now"))
	if got := <-f.C; got.Message != "now" {
		t.Fatalf("got %+v", got)
	}
	for range 1000 {
		a.Record(line("app_b", "a flood of another app"))
	}
	for range 1000 {
		a.Record(line("app_a", "more"))
	}
	f.Stop()
	f.Stop()
	n := 0
	for l := range f.C {
		if l.AppID != "app_a" {
			t.Fatalf("a line of %s", l.AppID)
		}
		n++
	}
	if missed := f.Missed(); n == 0 || n+missed != 1000 || f.Missed() != 0 {
		t.Fatalf("%d lines were waiting, %d were missed", n, missed)
	}
}

func TestQueriesSelectTheSameLinesWhetherStoredOrNot(t *testing.T) {
	a, _ := open(t, 100)
	now := time.Now().Truncate(time.Millisecond).UTC()
	for _, stored := range []bool{true, false} {
		for i, level := range []string{"debug", "info", "warn", "error"} {
			a.Record(Line{AppID: "app_a", Level: level, Message: fmt.Sprint(level, stored), Time: now.Add(-time.Duration(i) * time.Hour)})
		}
		if stored {
			if err := a.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, tt := range map[string]struct {
		query Query
		want  string
	}{
		"all":            {Query{Limit: 10}, "debugtrue infotrue warntrue errortrue debugfalse infofalse warnfalse errorfalse"},
		"warnings":       {Query{Limit: 10, Level: "warn"}, "warntrue errortrue warnfalse errorfalse"},
		"errors":         {Query{Limit: 10, Level: "error"}, "errortrue errorfalse"},
		"newest":         {Query{Limit: 3, Level: "warn"}, "errortrue warnfalse errorfalse"},
		"not too old":    {Query{Limit: 10, Since: now.Add(-90 * time.Minute)}, "debugtrue infotrue debugfalse infofalse"},
		"level and time": {Query{Limit: 10, Level: "info", Since: now.Add(-90 * time.Minute)}, "infotrue infofalse"},
	} {
		tt.query.AppID = "app_a"
		lines, err := a.Lines(t.Context(), tt.query)
		var got []string
		for _, l := range lines {
			got = append(got, l.Message)
		}
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q %v, want %q", name, got, err, tt.want)
		}
	}
	if CheckLevel("loud") == nil || CheckLevel("warn") != nil || CheckLevel("") != nil {
		t.Error("levels")
	}
}

func TestAnAppAboveItsRateLosesLinesAndItsLogSaysHowMany(t *testing.T) {
	a, _ := open(t, 1000)
	a.config.Rate = func(string) int { return 5 }
	for n := range 12 {
		a.Record(line("app_a", fmt.Sprint(n)))
	}
	a.Record(line("app_b", "another"))
	if a.Dropped() != 7 {
		t.Errorf("dropped %d", a.Dropped())
	}
	a.mu.Lock()
	a.apps["app_a"].began = time.Now().Add(-2 * time.Second)
	a.mu.Unlock()
	if err := a.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines, err := a.Lines(t.Context(), Query{AppID: "app_a", Limit: 100})
	if err != nil || len(lines) != 6 || lines[4].Message != "4" || lines[5].Level != "warn" || !strings.HasPrefix(lines[5].Message, "(7 lines are missing here") {
		t.Errorf("%+v %v", lines, err)
	}
	if len(a.apps) != 1 {
		t.Errorf("%d seconds are kept", len(a.apps))
	}
}

// Followed lines continue exactly where the lines before them end, even while lines are being stored.
func TestTailLosesAndRepeatsNoLine(t *testing.T) {
	a, _ := open(t, 10_000)
	const all = 200
	for begin := range 20 {
		started, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for n := range all {
				if n == begin*7 {
					close(started)
				}
				a.Record(line("app_a", fmt.Sprintf("%d %d", begin, n)))
				if n%17 == 0 {
					if err := a.Flush(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		}()
		<-started
		past, f, err := a.Tail(t.Context(), Query{AppID: "app_a", Limit: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		<-done
		f.Stop()
		var got []string
		for _, l := range past {
			got = append(got, l.Message)
		}
		for l := range f.C {
			got = append(got, l.Message)
		}
		got = slices.DeleteFunc(got, func(s string) bool { return !strings.HasPrefix(s, fmt.Sprintf("%d ", begin)) })
		for n, text := range got {
			if text != fmt.Sprintf("%d %d", begin, n) {
				t.Fatalf("line %d is %q", n, text)
			}
		}
		if len(got) != all {
			t.Fatalf("%d lines", len(got))
		}
	}
}
