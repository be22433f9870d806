package activity

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fazt/internal/database"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, keep int) (*AppLog, *database.DB) {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: filepath.Join(t.TempDir(), "data.db")})
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
	return NewAppLog(db, func() int { return keep }, slog.New(slog.DiscardHandler)), db
}

func line(app, text string) Line {
	return Line{AppID: app, Number: 3, Level: "warn", RequestID: "r", Message: text, Time: time.UnixMilli(5).UTC()}
}

func TestLinesAreStoredWhenTheRecorderStops(t *testing.T) {
	a, _ := open(t, 10)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.Run(ctx) }()
	a.Write(line("app_a", "one"))
	a.Write(Line{AppID: "app_a", Level: "shout", Message: "two"})
	a.Write(line("app_removed", "nobody reads this"))
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	got, err := a.Lines(t.Context(), "app_a", 10)
	if err != nil || len(got) != 2 || got[0] != line("app_a", "one") || got[1].Message != "two" || got[1].Level != "info" {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestOnlyTheNewestLinesAreKept(t *testing.T) {
	a, db := open(t, 100)
	for i := range pruneEvery {
		a.Write(line("app_a", fmt.Sprint(i)))
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
	got, err := a.Lines(t.Context(), "app_a", 1)
	if err != nil || got[0].Message != fmt.Sprint(pruneEvery-1) {
		t.Fatalf("the newest is %+v, %v", got, err)
	}
}

func TestAFloodIsDroppedAndCountedAndNeverBlocks(t *testing.T) {
	a, _ := open(t, 10)
	for range bufferLines + 7 {
		a.Write(line("app_a", "x"))
	}
	if a.Dropped() != 7 {
		t.Fatalf("dropped %d", a.Dropped())
	}
}

func TestFollowersSeeLinesAtOnceAndASlowOneHoldsUpNobody(t *testing.T) {
	a, _ := open(t, 10)
	lines, stop := a.Follow()
	a.Write(line("app_a", "now"))
	if got := <-lines; got.Message != "now" {
		t.Fatalf("got %+v", got)
	}
	for range 1000 {
		a.Write(line("app_a", "more"))
	}
	stop()
	stop()
	n := 0
	for range lines {
		n++
	}
	if n == 0 || n > 256 {
		t.Fatalf("%d lines were waiting", n)
	}
}
