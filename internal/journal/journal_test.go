package journal

import (
	"cmp"
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
	"fazt/internal/fazttest/await"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mark is a record, in a table of the test. Marks of an owner called gone are not inserted.
type mark struct {
	id     int64
	owner  string
	text   string
	weight int
	grave  bool // does not yield
}

// openMarks opens a journal of marks; c says what differs from a journal that keeps all of them.
func openMarks(t *testing.T, c Config[mark]) *Journal[mark] {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	err = db.Write(t.Context(), func(tx *database.Tx) error {
		return tx.Exec("CREATE TABLE marks (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, text TEXT NOT NULL, weight INTEGER NOT NULL)")
	})
	if err != nil {
		t.Fatal(err)
	}
	c.DB, c.What, c.Log = db, "marks", slog.New(slog.DiscardHandler)
	c.Table = Table{Name: "marks", Owner: "owner", Order: cmp.Or(c.Table.Order, "id")}
	if c.Keep == nil {
		c.Keep = keep(1000)
	}
	if c.MaxAge == nil {
		c.MaxAge = func() time.Duration { return 0 }
	}
	c.FlushEvery = func() time.Duration { return time.Millisecond }
	c.Number = func(m *mark, number int64) { m.id = number }
	c.Yields = func(m mark) bool { return !m.grave }
	c.Owner = func(m mark) string { return m.owner }
	c.Insert = func(tx *database.Tx, m mark) error {
		return tx.Exec("INSERT INTO marks SELECT ?, ?, ?, ? WHERE ? <> 'gone'", m.id, m.owner, m.text, m.weight, m.owner)
	}
	j, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func keep(n int) func(string) int { return func(string) int { return n } }

func flush[T any](t *testing.T, j *Journal[T]) {
	t.Helper()
	if err := j.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func stored(t *testing.T, j *Journal[mark]) string {
	t.Helper()
	var list []string
	err := j.config.DB.Read(t.Context(), func(c *database.Conn) error {
		return c.Each("SELECT text FROM marks ORDER BY id", func(row *database.Row) error {
			list = append(list, row.Text(0))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, " ")
}

func TestRecordsThatYieldMakeRoomAndTheDroppedAreCounted(t *testing.T) {
	for _, test := range []struct {
		name, sent, want string
		dropped          uint64
	}{
		{"a light one is dropped", "a b c D", "D b c", 1},
		{"each light one makes room once", "a B c D E", "B D E", 2},
		{"a grave one makes no room for a grave one", "A B C D", "A B C", 1},
		{"a light one makes no room for a light one", "A b c d", "A b c", 1},
		{"a replacement is not replaced", "a b c D E F G", "D E F", 4},
	} {
		j := openMarks(t, Config[mark]{MaxWaiting: func() int { return 3 }})
		for _, text := range strings.Fields(test.sent) {
			j.Record(mark{owner: "a", text: text, grave: text < "a"})
		}
		flush(t, j)
		got := strings.Fields(stored(t, j))
		slices.Sort(got)
		if text := strings.Join(got, " "); text != test.want || j.Dropped() != test.dropped {
			t.Errorf("%s: %s is kept, %d were dropped", test.name, text, j.Dropped())
		}
		for _, text := range strings.Fields("n o p Q") { // there is room again
			j.Record(mark{owner: "a", text: text, grave: text < "a"})
		}
		if err := j.Flush(t.Context()); err != nil || strings.Contains(stored(t, j), "n") || !strings.Contains(stored(t, j), "Q") || j.Dropped() != test.dropped+1 {
			t.Errorf("%s: afterwards %s, %d", test.name, stored(t, j), j.Dropped())
		}
	}
}

func TestTheNewestRecordsOfEachOwnerAreKept(t *testing.T) {
	j := openMarks(t, Config[mark]{Keep: keep(3)})
	for n := range 5 {
		j.Record(mark{owner: "a", text: fmt.Sprint("a", n)})
		j.Record(mark{owner: "gone", text: "gone"})
	}
	j.Record(mark{owner: "b", text: "b"})
	flush(t, j)
	if got := stored(t, j); got != "a2 a3 a4 b" {
		t.Errorf("kept %s", got)
	}
	if _, known := j.retention.rows["gone"]; known {
		t.Error("a removed owner is remembered")
	}
}

func TestRunStoresRecordsWhileItRunsAndAtTheEnd(t *testing.T) {
	j := openMarks(t, Config[mark]{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- j.Run(ctx) }()
	j.Record(mark{owner: "a", text: "soon"})
	await.Until(t, "the record to be stored", func() bool { return stored(t, j) == "soon" })
	j.Record(mark{owner: "a", text: "last"})
	cancel()
	if err := <-ended; err != nil || stored(t, j) != "soon last" {
		t.Errorf("%s, %v", stored(t, j), err)
	}
}

func TestExcessRecordsLeaveInTheOrderOfTheTable(t *testing.T) {
	j := openMarks(t, Config[mark]{Table: Table{Order: "weight, id"}, Keep: keep(3)})
	for n, weight := range []int{9, 1, 5, 1, 9, 0} {
		j.Record(mark{owner: "a", text: fmt.Sprint(n), weight: weight})
		flush(t, j)
	}
	if got := stored(t, j); got != "0 2 4" {
		t.Errorf("kept %s", got)
	}
}

func TestRecordsThatAreTooOldLeave(t *testing.T) {
	age := time.Hour
	j := openMarks(t, Config[mark]{MaxAge: func() time.Duration { return age }})
	for n := range 250 {
		j.Record(mark{owner: "a", text: fmt.Sprint(n)})
	}
	flush(t, j)
	err := j.config.DB.Write(t.Context(), func(tx *database.Tx) error {
		return tx.Exec("UPDATE marks SET id = id - 2 * 3600 * 1000000")
	})
	if err != nil {
		t.Fatal(err)
	}
	j.Record(mark{owner: "a", text: "new"})
	j.retention.next = time.Time{}
	flush(t, j)
	if got := stored(t, j); got != "new" {
		t.Errorf("kept %q", got)
	}
	if n := j.retention.rows["a"]; n != 1 {
		t.Errorf("%d rows are known of", n)
	}
	age = 0
	j.retention.next = time.Time{}
	flush(t, j)
	if got := stored(t, j); got != "new" {
		t.Errorf("without an age %q is kept", got)
	}
}

// Every tick counted all rows there are.
func TestRowsAreCountedOnceAndNeverAgain(t *testing.T) {
	j := openMarks(t, Config[mark]{Keep: keep(10)})
	j.Record(mark{owner: "a"})
	flush(t, j)
	j.retention.count = "this fails"
	for range 50 {
		j.Record(mark{owner: "a", text: "x"})
		flush(t, j)
	}
	if n, have := j.retention.rows["a"], len(strings.Fields(stored(t, j))); n != 10 || have != 10 {
		t.Errorf("%d rows are known of, there are %d", n, have)
	}
}

func TestABoundThatIsLoweredFarIsReachedInSteps(t *testing.T) {
	bound := 100_000
	j := openMarks(t, Config[mark]{Keep: func(string) int { return bound }})
	for n := range 350 {
		j.Record(mark{owner: "a", text: fmt.Sprint(n)})
	}
	flush(t, j)
	bound = 10
	err := j.config.DB.Write(t.Context(), j.retention.prune)
	if have := len(strings.Fields(stored(t, j))); err != nil || have != 350-maxPrune || j.retention.idle() {
		t.Fatalf("the first step left %d rows: %v", have, err)
	}
	flush(t, j)
	if got := stored(t, j); got != "340 341 342 343 344 345 346 347 348 349" || !j.retention.idle() {
		t.Errorf("kept %s", got)
	}
}

func TestRemovedRecordsAreGoneAndUncounted(t *testing.T) {
	j := openMarks(t, Config[mark]{})
	var numbers []int64
	_, f, err := j.Tail(func(mark) bool { return true }, func() ([]mark, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		j.Record(mark{owner: "a", text: fmt.Sprint(n)})
		numbers = append(numbers, (<-f.C).id)
	}
	f.Stop()
	flush(t, j)
	removed, err := j.Remove(t.Context(), append(numbers[1:3], 1))
	if got := stored(t, j); err != nil || removed != 2 || got != "0 3 4" || j.retention.rows["a"] != 3 {
		t.Errorf("%d were removed, %s is kept, %d are known of: %v", removed, got, j.retention.rows["a"], err)
	}
}

func TestRecordsWaitWhenTheDatabaseRefusesThem(t *testing.T) {
	j := openMarks(t, Config[mark]{})
	j.Record(mark{owner: "a", text: "one"})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.Flush(ended); err == nil {
		t.Fatal("stored though the context had ended")
	}
	j.Record(mark{owner: "a", text: "two"})
	if err := j.Settle(t.Context()); err != nil || stored(t, j) != "one two" {
		t.Errorf("%q, %v", stored(t, j), err)
	}
}

func TestAFollowerReceivesRecordsAtOnceAndNeverBlocks(t *testing.T) {
	j := openMarks(t, Config[mark]{MaxWaiting: func() int { return 10 }})
	f := j.Follow(func(m mark) bool { return m.owner == "a" })
	j.Record(mark{owner: "a", text: "now"})
	if got := <-f.C; got.text != "now" {
		t.Fatalf("got %+v", got)
	}
	for range 1000 {
		j.Record(mark{owner: "b"})
		j.Record(mark{owner: "a"})
	}
	f.Stop()
	f.Stop()
	n := 0
	for m := range f.C {
		if m.owner != "a" {
			t.Fatalf("a record of %s", m.owner)
		}
		n++
	}
	if n != maxBehind || f.Missed() != 1000-maxBehind || f.Missed() != 0 {
		t.Fatalf("%d records were waiting", n)
	}
}

func TestTheBufferHasABoundByDefault(t *testing.T) {
	j := openMarks(t, Config[mark]{})
	for range maxWaiting + 7 {
		j.Record(mark{owner: "a", grave: true})
	}
	if j.Dropped() != 7 || !j.Full() {
		t.Errorf("%d were dropped", j.Dropped())
	}
}
