package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"fazt/internal/errs"
)

// script runs statements that must succeed.
func (c *Conn) script(t *testing.T, text string) {
	t.Helper()
	if err := c.Script(text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// text returns the first column of all rows.
func (c *Conn) text(t *testing.T, sql string) string {
	t.Helper()
	var list []string
	if err := c.once(sql, func(s *Statement) { list = append(list, s.Text(0)) }); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.Join(list, " ")
}

func TestAPathMayHaveAnyCharacter(t *testing.T) {
	t.Parallel()
	names := []string{"plain.db", "a b.db", "a%20b.db", "a#b.db", "a&vfs=x.db", "a+b.db", "ü.db"}
	if runtime.GOOS != "windows" {
		names = append(names, "a?immutable=1.db", "a:b.db", `a\b.db`, "file:c.db")
	}
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Open(File{Path: path}, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c.script(t, "CREATE TABLE t (a)")
		if err := c.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: another file was written: %v", name, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != len(names) {
		t.Errorf("%d files instead of %d: %v", len(entries), len(names), err)
	}
}

func TestFilesThatAreNoDatabaseAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string, content string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, tt := range map[string]struct {
		path string
		want string
	}{
		"a missing file":     {filepath.Join(dir, "missing.db"), "cannot be opened"},
		"a missing folder":   {filepath.Join(dir, "missing", "a.db"), "cannot be opened"},
		"a folder":           {dir, "cannot be opened"},
		"a text":             {path("text", strings.Repeat("this is a text\n", 100)), "is not a database"},
		"half of the header": {path("half", "SQLite format 3\x00 and no more of it"+strings.Repeat(" ", 500)), "is not a database"},
	} {
		c, err := Open(File{Path: tt.path}, WriterPragmas(false, 0))
		if err == nil {
			_ = c.Close()
		}
		if !errs.Is(err, errs.Invalid) || !strings.Contains(errs.Sentence(err), tt.want) {
			t.Errorf("%s: %v (%v)", name, err, errs.KindOf(err))
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%d files are there, want the two that were made here: %v", len(entries), err)
	}
}

func TestASettingThatHasNoEffectIsAnError(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, p := range []Pragma{{"user_version", "7", "7"}, {"user_version", "8", ""}, {"journal_mode", "WAL", "WAL"}} {
		if err := c.setPragma(p); err != nil {
			t.Errorf("%+v: %v", p, err)
		}
	}
	for want, p := range map[string]Pragma{
		`PRAGMA user_version is "7" and should be "8"`:          {"user_version", "7", "8"},
		`PRAGMA no_such_pragma is "" and should be "1"`:         {"no_such_pragma", "1", "1"},
		`PRAGMA journal_mode is "wal" and should be "truncate"`: {"journal_mode", "WAL", "truncate"},
	} {
		if err := c.setPragma(p); err == nil || err.Error() != want {
			t.Errorf("%+v: %v, want %s", p, err, want)
		}
	}
}

func TestTheSettingsOfConnections(t *testing.T) {
	t.Parallel()
	for name, list := range map[string][]Pragma{"base": BasePragmas(), "reader": ReaderPragmas(), "writer": WriterPragmas(true, 7), "copy": CopyPragmas()} {
		names := map[string]bool{}
		for _, p := range list {
			if names[p.Name] || p.Name == "" || p.Set == "" || p.Want == "" {
				t.Errorf("%s: %+v is set twice or not read back", name, p)
			}
			names[p.Name] = true
		}
		if name != "copy" && list[0].Name != "busy_timeout" {
			t.Errorf("%s: %s comes first, and would not wait for a lock", name, list[0].Name)
		}
		if got, want := names["query_only"], name == "reader" || name == "copy"; got != want {
			t.Errorf("%s: read-only %v", name, got)
		}
	}
	has := func(list []Pragma, p Pragma) bool { return slices.Contains(list, p) }
	if has(WriterPragmas(false, 0), Pragma{"auto_vacuum", "INCREMENTAL", "2"}) || !has(WriterPragmas(true, 0), Pragma{"auto_vacuum", "INCREMENTAL", "2"}) {
		t.Error("auto_vacuum is for new files")
	}
	if bounded := func(n int64) bool {
		return slices.ContainsFunc(WriterPragmas(false, n), func(p Pragma) bool { return p.Name == "max_page_count" })
	}; bounded(0) || bounded(-1) || !bounded(1) {
		t.Error("a file is bounded by 0 pages, or not by 1")
	}
	if temp := SpillPragma(); temp.Name != "temp_store" || temp.Want != "1" {
		t.Errorf("%+v", temp)
	}
}

func TestValuesComeBackWithTheirTypes(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, want := range []any{
		nil, int64(0), int64(-1), int64(math.MaxInt64), int64(math.MinInt64), 0.5, -1e300, math.SmallestNonzeroFloat64, math.Inf(1),
		"", "text", "ü\U0001f600", "a\x00b", []byte{}, []byte{0}, []byte("a\x00b"), bytes.Repeat([]byte("x"), 100_000),
	} {
		s, err := c.Prepare("SELECT ?, typeof(?1), 7 AS n")
		if err != nil {
			t.Fatal(err)
		}
		length := 0
		switch v := want.(type) {
		case nil:
			s.BindNull(1)
		case int64:
			s.BindInt64(1, v)
		case float64:
			s.BindFloat(1, v)
		case string:
			s.BindText(1, v)
			length = len(v)
		case []byte:
			s.BindBytes(1, v)
			length = len(v)
		}
		more, err := s.Next()
		if !more || err != nil {
			t.Fatal(more, err)
		}
		got := s.Value(0)
		if !reflect.DeepEqual(got, want) || s.IsNull(0) != (want == nil) || s.Params() != 1 {
			t.Errorf("%T %.20v comes back as %T %.20v (%s)", want, want, got, got, s.Text(1))
		}
		switch want.(type) {
		case string, []byte:
			buf := make([]byte, length+1)
			if s.Len(0) != length || s.ReadBytes(0, buf) != length || s.ReadBytes(0, buf[:min(1, length)]) != min(1, length) {
				t.Errorf("%.20v has %d bytes, want %d", want, s.Len(0), length)
			}
		}
		if s.Int64(2) != 7 || s.Float(2) != 7 || s.Text(2) != "7" {
			t.Error("the last column cannot be read")
		}
		if more, err := s.Next(); more || err != nil {
			t.Errorf("a second row: %v %v", more, err)
		}
		s.Release()
	}
}

// The driver stores columns by name, so that of two with one name only one was there.
func TestColumnsMayHaveTheSameName(t *testing.T) {
	t.Parallel()
	c := open(t)
	s, err := c.Prepare("SELECT 1 AS a, 2 AS a, 3, 4 AS \"\"")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	if got := s.Columns(); !slices.Equal(got, []string{"a", "a", "3", ""}) {
		t.Errorf("%q", got)
	}
}

// Values of an earlier use must not appear in a later one that leaves a parameter out.
func TestAReleasedStatementForgetsItsValues(t *testing.T) {
	t.Parallel()
	c := open(t)
	for i, want := range []any{"secret", nil} {
		s, err := c.Prepare("SELECT ?")
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			s.BindText(1, "secret")
		}
		if _, err := s.Next(); err != nil || s.Value(0) != want {
			t.Errorf("%v %v, want %v", s.Value(0), err, want)
		}
		s.Release()
	}
}

func TestAConnectionRunsOneStatementAtATime(t *testing.T) {
	t.Parallel()
	c := open(t)
	s, err := c.Prepare("SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Prepare("SELECT 2"); err == nil || !strings.Contains(err.Error(), "the rows of another statement are being read: SELECT 2") {
		t.Error(err)
	}
	s.Release()
	if _, err := c.Prepare("SELEC 1"); err == nil {
		t.Error("a statement that cannot be parsed was prepared")
	}
	if s, err = c.Prepare("SELECT 1"); err != nil { // a failure does not occupy the connection
		t.Fatal(err)
	}
	s.Release()
}

func TestTransactionsAndTheirParts(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.script(t, "CREATE TABLE t (a)")
	insert := func(v int) func() error {
		return func() error { return c.exec(fmt.Sprintf("INSERT INTO t VALUES (%d)", v)) }
	}
	for _, tt := range []struct {
		name  string
		steps []func() error
		want  string
	}{
		{"committed", []func() error{c.Begin, insert(1), c.Commit}, "1"},
		{"rolled back", []func() error{c.Begin, insert(1), c.Rollback}, ""},
		{"a part that is kept", []func() error{c.Begin, insert(1), c.Savepoint, insert(2), c.Release, insert(3), c.Commit}, "1 2 3"},
		{"a part that is undone", []func() error{c.Begin, insert(1), c.Savepoint, insert(2), c.RollbackTo, c.Release, insert(3), c.Commit}, "1 3"},
		{"a part that is undone and tried again", []func() error{c.Begin, c.Savepoint, insert(1), c.RollbackTo, insert(2), c.Release, c.Commit}, "2"},
		{"a part that is kept, all undone", []func() error{c.Begin, c.Savepoint, insert(1), c.Release, c.Rollback}, ""},
	} {
		if c.InTransaction() {
			t.Fatal("a transaction is active before", tt.name)
		}
		for i, step := range tt.steps {
			if err := step(); err != nil {
				t.Fatalf("%s, step %d: %v", tt.name, i, err)
			}
			if got := c.InTransaction(); got != (i < len(tt.steps)-1) {
				t.Errorf("%s, step %d: in a transaction %v", tt.name, i, got)
			}
		}
		if got := c.text(t, "SELECT a FROM t ORDER BY a"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		c.script(t, "DELETE FROM t")
	}
	for name, err := range map[string]error{"commit": c.Commit(), "rollback": c.Rollback(), "release": c.Release()} {
		if err == nil {
			t.Errorf("%s without a transaction succeeds", name)
		}
	}
}

func TestATransactionCanBeUndoneAfterItsTimeIsOver(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.script(t, "CREATE TABLE t (a)")
	ctx, cancel := context.WithCancel(t.Context())
	c.EndWith(ctx)
	if err := c.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := c.exec("INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := c.exec("INSERT INTO t VALUES (2)"); !errs.Is(err, errs.Timeout) {
		t.Errorf("a statement after the end: %v", err)
	}
	if err := c.Commit(); !errs.Is(err, errs.Timeout) {
		t.Errorf("a commit after the end: %v", err)
	}
	if err := c.Rollback(); err != nil || c.InTransaction() {
		t.Errorf("the rollback: %v", err)
	}
	if err := c.exec("SELECT 1"); !errs.Is(err, errs.Timeout) {
		t.Errorf("the rollback forgot that the time is over: %v", err)
	}
	c.EndWith(context.Background())
	if got := c.text(t, "SELECT count(*) FROM t"); got != "0" {
		t.Errorf("%s rows are left", got)
	}
}

func TestChangesAreCounted(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.script(t, "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE k (p REFERENCES p ON DELETE CASCADE)")
	before := c.TotalChanges()
	for _, tt := range []struct {
		sql     string
		changes int
		total   int64
	}{
		{"INSERT INTO p VALUES (1), (2), (3)", 3, 3},
		{"INSERT INTO k VALUES (1), (1), (2)", 3, 6},
		{"UPDATE k SET p = 2 WHERE p = 3", 0, 6},
		{"DELETE FROM p WHERE id = 1", 1, 9}, // and two that refer to it
		{"DELETE FROM p WHERE id = 3", 1, 10},
	} {
		if err := c.exec(tt.sql); err != nil {
			t.Fatal(err)
		}
		if c.Changes() != tt.changes || c.TotalChanges()-before != tt.total {
			t.Errorf("%s: %d changes, %d in all; want %d and %d", tt.sql, c.Changes(), c.TotalChanges()-before, tt.changes, tt.total)
		}
	}
}

func TestAScriptRunsAllItsStatements(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, text := range []string{"", " \n ", "-- nothing", "/* nothing */", ";", ";;"} {
		if err := c.Script(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	c.script(t, "CREATE TABLE t (a); -- one\nINSERT INTO t VALUES (1), (2);\n/* two */ INSERT INTO t VALUES (';')\n")
	if got := c.text(t, "SELECT a FROM t"); got != "1 2 ;" {
		t.Errorf("%q", got)
	}
	if err := c.Script("INSERT INTO t VALUES (3); SELEC 1; INSERT INTO t VALUES (4)"); err == nil {
		t.Error("an error in the middle is not reported")
	}
	if got := c.text(t, "SELECT a FROM t WHERE a IN (3, 4)"); got != "3" {
		t.Errorf("%q: the script went on after its error", got)
	}
	if err := c.Script("INSERT INTO missing VALUES (1)"); err == nil {
		t.Error("a missing table is not reported")
	}
}

func TestTheWALIsFolded(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.script(t, "CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(100000))")
	pages, folded, err := c.Checkpoint("PASSIVE")
	if err != nil || pages < 25 || folded != pages {
		t.Errorf("%d of %d pages, %v", folded, pages, err)
	}
	if pages, _, err := c.Checkpoint("TRUNCATE"); err != nil || pages != 0 {
		t.Errorf("%d pages are left, %v", pages, err)
	}
	if err := c.EndJournal(); err != nil || c.text(t, "PRAGMA journal_mode") != "delete" {
		t.Error(err)
	}
}

func TestEveryChangeOfAWatchedTableIsNoted(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.script(t, `CREATE TABLE app (id TEXT PRIMARY KEY, n); CREATE TABLE alias (name TEXT PRIMARY KEY, app REFERENCES app ON DELETE CASCADE); CREATE TABLE other (a)`)
	var noted []string
	if err := c.NoteChanges(map[string]string{"app": "id", "alias": "app"}, func(table, value string) { noted = append(noted, table+":"+value) }); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		sql  string
		want string
	}{
		{"INSERT INTO app VALUES ('a', 1), ('b', 1)", "app:a app:b"},
		{"INSERT INTO alias VALUES ('x', 'a'), ('y', 'b')", "alias:a alias:b"},
		{"UPDATE alias SET app = 'b' WHERE name = 'x'", "alias:a alias:b"},
		{"UPDATE app SET n = 2 WHERE id = 'a'", "app:a app:a"},
		{"UPDATE app SET n = 2 WHERE id = 'c'", ""},
		{"INSERT OR REPLACE INTO app VALUES ('a', 3)", "app:a app:a"},
		{"DELETE FROM app WHERE id = 'b'", "alias:b alias:b app:b"},
		{"INSERT INTO other VALUES (1)", ""},
		{"SELECT * FROM app", ""},
	} {
		noted = nil
		if err := c.exec(tt.sql); err != nil {
			t.Fatal(err)
		}
		slices.Sort(noted)
		if got := strings.Join(noted, " "); got != tt.want {
			t.Errorf("%s: noted %q, want %q", tt.sql, got, tt.want)
		}
	}
	if err := c.NoteChanges(map[string]string{"missing": "id"}, func(string, string) {}); err == nil {
		t.Error("a table that does not exist is watched")
	}
	if got := c.text(t, "SELECT count(*) FROM main.sqlite_schema WHERE type = 'trigger'"); got != "0" {
		t.Errorf("%s triggers are stored in the file", got)
	}
	if err := open(t).NoteChanges(nil, nil); err != nil {
		t.Error(err)
	}
}

func TestADatabaseIsCopiedAsItIsAtOneMoment(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.script(t, "CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(5000000)), (1)")
	target := func() (*Conn, string) {
		path := filepath.Join(t.TempDir(), "copy.db")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		to, err := OpenTarget(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = to.Close() })
		return to, path
	}
	to, path := target()
	last, size, calls := int64(0), int64(0), 0
	if err := c.CopyTo(t.Context(), to, func(done, total int64) error {
		if calls++; done <= last || done > total {
			t.Errorf("%d bytes, then %d of %d", last, done, total)
		}
		last, size = done, total
		return nil
	}); err != nil || last != size || calls != 2 || c.InTransaction() {
		t.Errorf("%d of %d bytes in %d parts, %v", last, size, calls, err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != size {
		t.Errorf("the file has %d bytes, want %d: %v", info.Size(), size, err)
	}
	if got := to.text(t, "SELECT length(a) FROM t"); got != "5000000 1" {
		t.Errorf("the copy has %q", got)
	}

	stop := errors.New("no more")
	to, _ = target()
	if err := c.CopyTo(t.Context(), to, func(int64, int64) error { return stop }); !errors.Is(err, stop) || c.InTransaction() {
		t.Errorf("after an error in the middle: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	to, _ = target()
	if err := c.CopyTo(ctx, to, func(int64, int64) error { cancel(stop); return nil }); !errors.Is(err, stop) || c.InTransaction() {
		t.Errorf("after its context ended: %v", err)
	}
}
