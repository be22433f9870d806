package sqlite

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lib "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"

	"fazt/internal/errs"
)

func TestTheKindOfAnErrorOfSQLite(t *testing.T) {
	t.Parallel()
	for code, want := range map[sqlite.ResultCode]errs.Kind{
		sqlite.ResultFull: errs.StorageFull, sqlite.ResultBusy: errs.Unavailable, sqlite.ResultBusySnapshot: errs.Unavailable, sqlite.ResultLocked: errs.Unavailable,
		sqlite.ResultNotADB: errs.Internal, sqlite.ResultCorrupt: errs.Internal, sqlite.ResultInterrupt: errs.Timeout, sqlite.ResultIOErr: errs.Internal, sqlite.ResultIOErrRead: errs.Internal,
	} {
		err := classify(code.ToError())
		var known *errs.Error
		if !errors.As(err, &known) || known.Kind != want || sqlite.ErrCode(err) != code {
			t.Errorf("%v: %v", code, err)
		}
	}
	for _, err := range []error{nil, io.EOF, sqlite.ResultError.ToError(), sqlite.ResultConstraintUnique.ToError(), sqlite.ResultReadOnly.ToError()} {
		if got := classify(err); got != err { //nolint:errorlint // it must be the same
			t.Errorf("%v became %v", err, got)
		}
	}
}

func TestWhatAnErrorIsAbout(t *testing.T) {
	t.Parallel()
	const unique, foreign, unreadable, damage, full, disk = 1, 2, 4, 8, 16, 32
	for code, want := range map[sqlite.ResultCode]int{
		sqlite.ResultConstraintUnique: unique, sqlite.ResultConstraintPrimaryKey: unique, sqlite.ResultConstraintRowID: unique,
		sqlite.ResultConstraintForeignKey: foreign, sqlite.ResultConstraintNotNull: 0, sqlite.ResultConstraintCheck: 0, sqlite.ResultConstraint: 0,
		sqlite.ResultIOErrRead: unreadable | damage | disk, sqlite.ResultIOErrShortRead: unreadable | damage | disk,
		sqlite.ResultIOErrWrite: damage | disk, sqlite.ResultIOErrFsync: damage | disk, sqlite.ResultIOErr: damage | disk,
		sqlite.ResultCorrupt: unreadable | damage, sqlite.ResultNotADB: unreadable | damage,
		sqlite.ResultFull: full | disk, sqlite.ResultReadOnly: disk, sqlite.ResultCantOpen: disk,
		sqlite.ResultBusy: 0, sqlite.ResultInterrupt: 0, sqlite.ResultNoMem: 0, sqlite.ResultError: 0,
	} {
		for _, err := range []error{code.ToError(), errs.Wrap(errs.Internal, code.ToError(), "wrapped")} {
			for bit, is := range map[int]func(error) bool{unique: IsUnique, foreign: IsForeignKey, unreadable: IsUnreadable, damage: IsDamage, full: IsFull, disk: IsDisk} {
				if got := is(err); got != (want&bit != 0) {
					t.Errorf("%v, %d: %v", err, bit, got)
				}
			}
		}
	}
	for _, is := range []func(error) bool{IsUnique, IsForeignKey, IsUnreadable, IsDamage, IsFull, IsDisk} {
		if is(nil) || is(io.EOF) {
			t.Error("no error, or one of others, is about the database")
		}
	}
}

func TestWhyADatabaseCannotBeOpened(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		kind errs.Kind
		want string
	}{
		{sqlite.ResultBusy.ToError(), errs.Conflict, "another program has the database /d/x.db open: a fazt that runs on it under another name, or sqlite3; stop it first"},
		{&fs.PathError{Op: "open", Path: "/d/x.db", Err: fs.ErrPermission}, errs.Invalid, "the database /d/x.db cannot be opened: permission denied"},
		{io.ErrUnexpectedEOF, errs.Invalid, "the database /d/x.db cannot be opened: unexpected EOF"},
	} {
		if err := CannotOpen("/d/x.db", tt.err); !errs.Is(err, tt.kind) || errs.Sentence(err) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%v: %v", tt.err, err)
		}
	}
	for err, want := range map[error]errs.Kind{sqlite.ResultFull.ToError(): errs.StorageFull, sqlite.ResultIOErrWrite.ToError(): errs.Internal, sqlite.ResultInterrupt.ToError(): errs.Timeout} {
		got := copyFailed(err)
		if !errs.Is(got, want) || (want == errs.StorageFull) != strings.Contains(errs.Sentence(got), "the disk that the copy goes to") {
			t.Errorf("a copy that fails with %v: %v", err, got)
		}
	}
}

func TestWhatIsNoStatement(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"": true, " \t\n\f\u00a0": true, ";": true, " ;; ; ": true, "--": true, "-- a": true, "-- a\n": true, "-- a\n;\n-- b": true, "/**/": true, "/* a */ ; /* b */": true,
		"/* never ends": true, "/*": true, "/* * / */": true, "/*/": true, "/* -- */": true,
		"SELECT 1": false, "-- a\nSELECT 1": false, "/* a */ SELECT 1": false, "; SELECT 1": false, "-": false, "/": false, "- -": false, "/ *": false, "/* */ */": false, "x --": false,
	} {
		if got := blank(sql); got != want {
			t.Errorf("%q is blank: %v", sql, got)
		}
	}
}

// guarded returns a function that runs one statement on a database with the tables t and safe, of which t hides a column.
// Each call has its own copy of the file and its own connection.
func guarded(t *testing.T) func(statement string, write bool) (rows []string, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.db")
	connect := func(content []byte) *Conn {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Open(File{Path: path}, []Pragma{{"journal_mode", "MEMORY", "memory"}, {"synchronous", "OFF", "0"}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := connect(nil)
	c.script(t, "CREATE TABLE t (a PRIMARY KEY, secret); INSERT INTO t VALUES (1, 'hidden'); CREATE TABLE safe (a); INSERT INTO safe VALUES (7); CREATE TABLE key (a)")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g := Guard{Hidden: map[string][]string{"t": {"secret"}}, Protected: func(table string) bool { return table == "key" }, MaxBytes: 10_000, MaxMemory: 8 << 20, MaxSpill: 1 << 20}
	return func(statement string, write bool) (rows []string, err error) {
		c := connect(content)
		err = c.Guarded(t.Context(), statement, g, write, func(s *Statement) error {
			rows = append(rows, s.Text(0))
			return nil
		})
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		return rows, err
	}
}

func TestStatementsOfPeopleThatAreRun(t *testing.T) {
	t.Parallel()
	run := guarded(t)
	for _, tt := range []struct {
		statement string
		write     bool
		want      string
	}{
		{"SELECT 1", false, "1"},
		{"SELECT 1;", false, "1"},
		{" -- a comment\nSELECT 1 /* another */ ; -- and one more", false, "1"},
		{"VALUES (1), (2)", false, "1 2"},
		{"SELECT a FROM t", false, "1"},
		{"SELECT secret FROM t", false, ""},
		{"SELECT coalesce(secret, 'null') FROM T", false, "null"},
		{"SELECT count(*) FROM t WHERE secret = 'hidden'", false, "0"},
		{"SELECT SECRET IS NULL FROM (SELECT * FROM t)", false, "1"},
		{"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3) SELECT i FROM c", false, "1 2 3"},
		{"PRAGMA user_version", false, "0"},
		{"PRAGMA table_info(safe)", false, "0"},
		{"SELECT name FROM sqlite_schema WHERE name = 'safe'", false, "safe"},
		{"SELECT length(zeroblob(10000))", false, "10000"},
		{"INSERT INTO safe VALUES (8) RETURNING a", true, "8"},
		{"UPDATE t SET a = 2", true, ""},
		{"DELETE FROM safe RETURNING a", true, "7"},
		{"SELECT 1" + strings.Repeat(" ", longestStatement-len("SELECT 1")), false, "1"},
	} {
		rows, err := run(tt.statement, tt.write)
		if got := strings.Join(rows, " "); err != nil || got != tt.want {
			t.Errorf("%.60s: %q %v, want %q", tt.statement, got, err, tt.want)
		}
	}
}

func TestStatementsOfPeopleThatAreRefused(t *testing.T) {
	t.Parallel()
	run := guarded(t)
	const denied = "the statement does something that is not allowed here"
	for _, tt := range []struct {
		statement string
		write     bool
		kind      errs.Kind
		want      string
	}{
		{"", false, errs.Invalid, "the statement is empty"},
		{" ; -- x", false, errs.Invalid, "the statement is empty"},
		{"SELECT 1\x00", false, errs.Invalid, "the statement has a NUL character"},
		{"SELECT 1; SELECT 2", false, errs.Invalid, "there is more than one statement"},
		{"SELECT ?", false, errs.Invalid, "the statement has parameters"},
		{"SELECT :name", false, errs.Invalid, "the statement has parameters"},
		{"SELECT 1" + strings.Repeat(" ", longestStatement-len("SELECT 1")+1), false, errs.TooLarge, "the statement has 1048577 bytes; at most 1048576 are allowed"},
		{"SELEC 1", false, errs.Invalid, "the statement cannot be run: "},
		{"SELECT * FROM missing", false, errs.Invalid, "the statement cannot be run: no such table: missing"},
		{"SELECT zeroblob(10001)", false, errs.TooLarge, "a value is longer than "},
		{"SELECT load_extension('x')", false, errs.Forbidden, "the function load_extension is not available here"},
		{"SELECT json_patch('{}', '{}')", false, errs.Forbidden, "the function json_patch is not available here"},
		{"SELECT * FROM sqlite_dbpage", true, errs.Forbidden, "the table sqlite_dbpage cannot be read here"},
		{"INSERT INTO safe VALUES (1)", false, errs.Forbidden, "the statement would change the table safe; --write allows that"},
		{"UPDATE safe SET a = 1", false, errs.Forbidden, "the statement would change the table safe; --write allows that"},
		{"DELETE FROM safe", false, errs.Forbidden, "the statement would change the table safe; --write allows that"},
		{"DELETE FROM key", true, errs.Forbidden, "rows of the table key cannot be changed here"},
		{"DELETE FROM KEY", true, errs.Forbidden, "rows of the table key cannot be changed here"},
		{"UPDATE t SET a = 2 RETURNING secret", true, errs.Invalid, "RETURNING is not available for the table t"},
		{"INSERT INTO t VALUES (1, 1)", true, errs.Conflict, "the statement was refused, and nothing was changed: "},
		{"CREATE TABLE x (a)", true, errs.Forbidden, ""},
		{"CREATE TEMP TABLE x (a)", true, errs.Forbidden, ""},
		{"CREATE INDEX i ON safe (a)", true, errs.Forbidden, ""},
		{"CREATE TRIGGER x AFTER INSERT ON safe BEGIN DELETE FROM key; END", true, errs.Forbidden, ""},
		{"CREATE VIEW x AS SELECT 1", true, errs.Forbidden, ""},
		{"DROP TABLE safe", true, errs.Forbidden, ""},
		{"ALTER TABLE safe RENAME TO x", true, errs.Forbidden, ""},
		{"ATTACH '/tmp/x.db' AS x", true, errs.Forbidden, denied},
		{"VACUUM INTO '/tmp/x.db'", true, errs.Forbidden, denied},
		{"DETACH main", true, errs.Forbidden, denied},
		{"BEGIN", true, errs.Forbidden, denied},
		{"COMMIT", true, errs.Forbidden, denied},
		{"SAVEPOINT one", true, errs.Forbidden, denied},
		{"ANALYZE", true, errs.Forbidden, ""},
		{"REINDEX", true, errs.Forbidden, denied},
		{"PRAGMA journal_mode = DELETE", true, errs.Forbidden, "the pragma journal_mode is not allowed here"},
		{"PRAGMA user_version = 1", true, errs.Forbidden, "the pragma user_version is not allowed here"},
		{"PRAGMA query_only = OFF", true, errs.Forbidden, "the pragma query_only is not allowed here"},
		{"PRAGMA wal_checkpoint", true, errs.Forbidden, "the pragma wal_checkpoint is not allowed here"},
		{"PRAGMA writable_schema", true, errs.Forbidden, "the pragma writable_schema is not allowed here"},
	} {
		rows, err := run(tt.statement, tt.write)
		if !errs.Is(err, tt.kind) || !strings.HasPrefix(errs.Sentence(err), tt.want) || len(rows) > 0 {
			t.Errorf("%.60s: %q, %v (%v)", tt.statement, rows, err, errs.KindOf(err))
		}
	}
}

// The reason of the caller is what a person reads, not that something was interrupted.
func TestAStoppedStatementFailsWithTheCauseOfItsContext(t *testing.T) {
	t.Parallel()
	cause := errs.New(errs.Unavailable, "the server is stopping")
	ctx, cancel := context.WithCancelCause(t.Context())
	g := Guard{MaxBytes: 1 << 20, MaxMemory: 8 << 20, MaxSpill: 1 << 20}
	err := open(t).Guarded(ctx, "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT i FROM c", g, false, func(s *Statement) error {
		if s.Int64(0) == 10 {
			cancel(cause)
		}
		return nil
	})
	if !errors.Is(err, cause) {
		t.Error(err)
	}
	other := errors.New("of the caller")
	if err := open(t).Guarded(ctx, "SELECT 1", g, false, func(*Statement) error { return other }); !errors.Is(err, other) && !errors.Is(err, cause) {
		t.Error(err)
	}
}

func TestAnAllowanceIsUsedUpToItsLastByte(t *testing.T) {
	t.Parallel()
	stops := 0
	a := &allowance{stop: func() { stops++ }, maxMemory: 100, blocks: map[uintptr]int64{}, maxSpill: 100, files: map[uintptr]int64{}}
	check := func(what string, got, want bool) {
		t.Helper()
		if got != want {
			t.Errorf("%s: granted %v", what, got)
		}
	}
	check("all of it", a.grants(100), true)
	check("nothing", a.grants(0), true)
	if a.spent || stops != 0 {
		t.Error("it counts as used up")
	}
	a.took(1, 60)
	a.took(2, 10)
	a.took(0, 1000) // an allocation that failed
	check("the rest", a.grants(30), true)
	check("a byte more than the rest", a.grants(31), false)
	if !a.spent || stops != 1 {
		t.Errorf("the statement was stopped %d times", stops)
	}
	a.took(1, 20) // the address was freed by another connection and given out again
	check("the new rest", a.grants(70), true)
	check("a byte more than the new rest", a.grants(71), false)
	a.gave(2)
	a.gave(2)
	a.gave(3)
	check("after it gave some back", a.grants(80), true)
	check("a byte more than that", a.grants(81), false)

	check("a file", a.spills(1, 60), true)
	check("the same part again", a.spills(1, 60), true)
	check("another file", a.spills(2, 40), true)
	check("a byte more", a.spills(2, 41), false)
	check("a smaller part", a.spills(1, 10), true)
	if !a.full {
		t.Error("it does not know that files were refused")
	}

	a.over.Store(true)
	check("memory after its time", a.grants(1), false)
	check("less memory after its time", a.grants(-1), true)
	check("the same file after its time", a.spills(2, 40), true)
	check("a longer file after its time", a.spills(2, 41), false)
	a.ended = true
	check("memory of the cleanup", a.grants(1000), true)
	check("files of the cleanup", a.spills(2, 1000), true)
	var none *allowance
	none.took(1, 1)
	none.gave(1)
	check("memory of others", none.grants(1<<40), true)
}

// file makes a file of n bytes, and returns functions to watch and to change it.
func file(t *testing.T, n int) (p *Pages, change func(offset int64)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.db")
	if err := os.WriteFile(path, make([]byte, n), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := OpenPages(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(path); err != nil {
			t.Error(err)
		}
	})
	other, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	return p, func(offset int64) {
		if offset < 0 {
			err = other.Truncate(-offset)
		} else {
			_, err = other.WriteAt([]byte{0xff}, offset)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

const pageSize = 512

// written writes page i through p; the file gets the same bytes.
func written(t *testing.T, p *Pages, change func(int64), i int) {
	t.Helper()
	data := make([]byte, pageSize)
	data[0] = 0xff
	if code := p.write(int64(i)*pageSize, data, func() int32 { change(int64(i) * pageSize); return lib.SQLITE_OK }); code != lib.SQLITE_OK {
		t.Fatalf("page %d: code %d", i, code)
	}
}

func TestAChangeByAnotherProgramIsNoticed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		size       int
		pages      []int // written here
		change     int64 // by the other program; negative = the file is cut to that length
		first, all bool  // noticed by a look at the first page, and at all
	}{
		{"nothing", 4 * pageSize, nil, 3 * pageSize, false, false},
		{"the header", 4 * pageSize, nil, 0, true, true},
		{"the end of the header", 4 * pageSize, nil, 99, true, true},
		{"behind the header", 4 * pageSize, nil, 100, false, false},
		{"an empty file", 0, nil, 50, false, false},
		{"a page that was written", 4 * pageSize, []int{2}, 2*pageSize + 100, false, true},
		{"next to a page that was written", 4 * pageSize, []int{2}, 3 * pageSize, false, false},
		{"the first page, written whole", 4 * pageSize, []int{0}, 200, true, true},
		{"a page that was written twice", 4 * pageSize, []int{2, 3, 2}, 2*pageSize + 1, false, true},
		{"the file is cut behind the header", 4 * pageSize, []int{2}, -pageSize, false, false},
		{"the file is cut in the header", 4 * pageSize, nil, -50, true, true},
		{"the newest of many pages", 40 * pageSize, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 16*pageSize + 1, false, true},
		{"the oldest that is compared", 40 * pageSize, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 2*pageSize + 1, false, true},
		{"one that is no longer compared", 40 * pageSize, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 1*pageSize + 1, false, false},
	} {
		p, change := file(t, tt.size)
		for _, i := range tt.pages {
			written(t, p, change, i)
		}
		if p.Overwritten(true) {
			t.Errorf("%s: noticed before it happened", tt.name)
		}
		change(tt.change)
		if first := p.Overwritten(false); first != tt.first {
			t.Errorf("%s: noticed by the first page: %v", tt.name, first)
		}
		if all := p.Overwritten(true); all != tt.all {
			t.Errorf("%s: noticed by all pages: %v", tt.name, all)
		}
	}
}

func TestADatabaseOfAnotherProgramIsNotWritten(t *testing.T) {
	t.Parallel()
	p, change := file(t, 4*pageSize)
	change(0)
	if code := p.write(pageSize, make([]byte, pageSize), func() int32 { t.Error("it was written"); return lib.SQLITE_OK }); code != lib.SQLITE_IOERR_WRITE {
		t.Errorf("code %d", code)
	}
	if !p.Overwritten(false) {
		t.Error("it was forgotten")
	}

	// The page itself was changed, the first was not.
	p, change = file(t, 4*pageSize)
	written(t, p, change, 2)
	change(2*pageSize + 7)
	if code := p.write(2*pageSize, make([]byte, pageSize), func() int32 { t.Error("it was written"); return lib.SQLITE_OK }); code != lib.SQLITE_IOERR_WRITE {
		t.Errorf("code %d", code)
	}

	// Nothing is known of a page whose write failed.
	p, change = file(t, 4*pageSize)
	written(t, p, change, 2)
	data := make([]byte, pageSize)
	data[0] = 0xff
	if code := p.write(2*pageSize, data, func() int32 { return lib.SQLITE_FULL }); code != lib.SQLITE_FULL {
		t.Errorf("code %d", code)
	}
	if change(2*pageSize + 7); p.Overwritten(true) {
		t.Error("a failed write of our own counts as another program's")
	}
}

func TestTheWatchOfAFileIsShared(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data.db")
	if _, err := OpenPages(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.WriteFile(path, make([]byte, 200), 0o600); err != nil {
		t.Fatal(err)
	}
	one, err := OpenPages(path)
	if err != nil {
		t.Fatal(err)
	}
	two, err := OpenPages(path)
	if err != nil || one != two {
		t.Fatal("a second watch:", err)
	}
	if err := one.Close(path); err != nil {
		t.Error(err)
	}
	if _, err := two.file.Stat(); err != nil {
		t.Errorf("the file was closed while it is watched: %v", err)
	}
	if err := two.Close(path); err != nil {
		t.Error(err)
	}
	if _, err := two.file.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file stays open: %v", err)
	}
	three, err := OpenPages(path)
	if err != nil || three == one {
		t.Error("the ended watch is used again:", err)
	}
	if err := three.Close(path); err != nil {
		t.Error(err)
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		like, glob string // the same pattern in both languages; "" = it has none
		subject    string
		want       bool
	}{
		{"", "", "", true}, {"", "", "a", false}, {"a", "a", "a", true}, {"a", "a", "", false}, {"a", "a", "ab", false},
		{"%", "*", "", true}, {"%", "*", "abc", true}, {"a%", "a*", "a", true}, {"a%", "a*", "ba", false}, {"%a", "*a", "ba", true}, {"%a", "*a", "ab", false},
		{"%%", "**", "", true}, {"%a%b%", "*a*b*", "xaxbx", true}, {"%a%b%", "*a*b*", "xbxax", false}, {"a%b", "a*b", "ab", true}, {"a%b", "a*b", "abab", true}, {"a%ab", "a*ab", "aab", true},
		{"_", "?", "", false}, {"_", "?", "a", true}, {"_", "?", "\u20ac", true}, {"_", "?", "ab", false}, {"_%", "?*", "a", true}, {"_%", "?*", "", false}, {"%_", "*?", "\u20ac", true},
	} {
		never := func() bool { return false }
		if got, ended := match(likeSteps(runes([]byte(tt.like)), -1), []byte(tt.subject), foldASCII, never); got != tt.want || !ended {
			t.Errorf("%q LIKE %q: %v", tt.subject, tt.like, got)
		}
		if got, ended := match(globSteps(runes([]byte(tt.glob))), []byte(tt.subject), func(r rune) rune { return r }, never); got != tt.want || !ended {
			t.Errorf("%q GLOB %q: %v", tt.subject, tt.glob, got)
		}
	}
	began := time.Now()
	steps := likeSteps(runes([]byte("%"+strings.Repeat("a", 100)+"b")), -1)
	if _, ended := match(steps, []byte(strings.Repeat("a", 1<<20)), foldASCII, func() bool { return true }); ended {
		t.Errorf("a match that should stop ran for %s", time.Since(began))
	}
}
