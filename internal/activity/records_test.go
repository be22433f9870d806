package activity

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fazt/internal/database"
)

// mark is a record of another package, in a table that has what records need.
type mark struct {
	id    int64
	app   string
	text  string
	grave bool
}

func openMarks(t *testing.T, most, keep int) *Records[mark] {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: filepath.Join(t.TempDir(), "data.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	err = db.Write(t.Context(), func(tx *database.Tx) error {
		return tx.Exec("INSERT INTO apps (id, name, title, created_at, updated_at) VALUES ('app_a', 'a', '', 1, 1), ('app_b', 'b', '', 1, 1)")
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := OpenRecords(t.Context(), RecordsConfig[mark]{
		DB: db, Table: "net_log", What: "marks", Log: slog.New(slog.DiscardHandler),
		Most: func() int { return most }, Every: func() time.Duration { return time.Millisecond },
		Keep: func(string) int { return keep }, Age: func() time.Duration { return 0 },
		Number: func(m *mark, id int64) { m.id = id }, Yields: func(m mark) bool { return !m.grave }, Owner: func(m mark) string { return m.app },
		Insert: func(tx *database.Tx, m mark) error {
			return tx.Exec("INSERT INTO net_log (id, app_id, method, scheme, host, path) SELECT ?, id, '', '', '', ? FROM apps WHERE id = ?", m.id, m.text, m.app)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func stored(t *testing.T, r *Records[mark]) string {
	t.Helper()
	var list []string
	err := r.db.Read(t.Context(), func(c *database.Conn) error {
		return c.Each("SELECT path FROM net_log ORDER BY id", func(row *database.Row) error {
			list = append(list, row.Text(0))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, " ")
}

func TestWhereRecordsFindNoRoomTheGraveStayAndTheDroppedAreCounted(t *testing.T) {
	for _, test := range []struct {
		name, sent, want string
		dropped          uint64
	}{
		{"a light one is dropped", "a b c D", "D b c", 1},
		{"every light one makes room once", "a B c D E", "B D E", 2},
		{"a grave one is dropped only among its like", "A B C D", "A B C", 1},
		{"a light one takes nobody's place", "A b c d", "A b c", 1},
		{"those that came in place of others stay", "a b c D E F G", "D E F", 4},
	} {
		r := openMarks(t, 3, 100)
		for _, text := range strings.Fields(test.sent) {
			r.Record(mark{app: "app_a", text: text, grave: text < "a"})
		}
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := strings.Fields(stored(t, r))
		slices.Sort(got)
		if text := strings.Join(got, " "); text != test.want || r.Dropped() != test.dropped {
			t.Errorf("%s: %s is kept, %d were dropped", test.name, text, r.Dropped())
		}
		for _, text := range strings.Fields("n o p Q") { // there is room again
			r.Record(mark{app: "app_a", text: text, grave: text < "a"})
		}
		if err := r.Flush(t.Context()); err != nil || strings.Contains(stored(t, r), "n") || !strings.Contains(stored(t, r), "Q") || r.Dropped() != test.dropped+1 {
			t.Errorf("%s: afterwards %s, %d", test.name, stored(t, r), r.Dropped())
		}
	}
}

func TestRecordsAreKeptByAppAndThoseOfARemovedAppAreNot(t *testing.T) {
	r := openMarks(t, 100, 3)
	for n := range 5 {
		r.Record(mark{app: "app_a", text: fmt.Sprint("a", n)})
		r.Record(mark{app: "app_gone", text: "gone"})
	}
	r.Record(mark{app: "app_b", text: "b"})
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, r); got != "a2 a3 a4 b" {
		t.Errorf("kept %s", got)
	}
	if _, known := r.retention.rows["app_gone"]; known {
		t.Error("an app that is gone is remembered")
	}
}

func TestRecordsAreStoredByThemselvesAndAtTheEnd(t *testing.T) {
	r := openMarks(t, 1000, 100)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	r.Record(mark{app: "app_a", text: "soon"})
	for stored(t, r) != "soon" {
		time.Sleep(time.Millisecond)
	}
	r.Record(mark{app: "app_a", text: "last"})
	cancel()
	if err := <-ended; err != nil || stored(t, r) != "soon last" {
		t.Errorf("%s, %v", stored(t, r), err)
	}
}
