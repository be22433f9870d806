package database

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"

	"fazt/internal/errs"
)

// Conn is a connection, lent to a closure of Read or Write for as long as it runs. Statements are prepared once per
// connection and kept, so sql must come from the program, never be pasted together from values.
type Conn struct {
	raw        *sqlite.Conn
	statements statements
	busy       bool                           // the rows of a statement are being read
	done       <-chan struct{}                // statements end when it is closed; nil = never
	progress   func(*libc.TLS, uintptr) int32 // what SQLite calls as a statement goes on; kept for as long as it may
}

// Tx is the writing connection inside a transaction.
type Tx struct{ *Conn }

// Row is the current row of a query. It is valid only inside the function it was given to.
type Row struct {
	stmt *sqlite.Stmt
	conn *sqlite.Conn
}

// Exec runs a statement that returns no rows of interest. Arguments are nil, bool, int, int64, float64, string,
// []byte and time.Time (stored as epoch milliseconds; the zero time as NULL).
func (c *Conn) Exec(sql string, args ...any) error {
	return c.Each(sql, nil, args...)
}

// Each runs a query and calls fn for every row. fn must not use the connection: a statement that runs while the rows of
// another are being read is refused, because not every engine can do that.
func (c *Conn) Each(sql string, fn func(r *Row) error, args ...any) error {
	stmt, err := c.acquire(sql)
	if err != nil {
		return classify(err)
	}
	defer c.release(stmt)
	if err := bind(stmt, args); err != nil {
		return err
	}
	row := &Row{stmt, c.raw}
	for {
		more, err := stmt.Step()
		if err != nil {
			return classify(err)
		}
		if !more {
			return nil
		}
		if fn == nil {
			continue
		}
		if err := fn(row); err != nil {
			return err
		}
	}
}

// First runs a query and calls fn for its first row; found tells whether there was one.
func (c *Conn) First(sql string, fn func(r *Row), args ...any) (found bool, err error) {
	stmt, err := c.acquire(sql)
	if err != nil {
		return false, classify(err)
	}
	defer c.release(stmt)
	if err := bind(stmt, args); err != nil {
		return false, err
	}
	if found, err = stmt.Step(); err != nil {
		return false, classify(err)
	}
	if found {
		fn(&Row{stmt, c.raw})
	}
	return found, nil
}

// Changes is the number of rows the last statement inserted, changed or deleted.
func (c *Conn) Changes() int { return c.raw.Changes() }

// acquire returns the statement with this text, and takes the connection until the statement is released.
func (c *Conn) acquire(sql string) (*sqlite.Stmt, error) {
	if c.busy {
		return nil, fmt.Errorf("database: the rows of another statement are being read: %s", sql)
	}
	if c.ended() {
		return nil, sqlite.ResultInterrupt.ToError()
	}
	stmt, err := c.statements.get(c.raw, sql)
	c.busy = err == nil
	return stmt, err
}

func (c *Conn) release(stmt *sqlite.Stmt) {
	c.busy = false
	_ = stmt.Reset() // repeats the error of Step, which was returned
	if stmt.BindParamCount() > 0 {
		_ = stmt.ClearBindings() // long values need not stay in memory
	}
}

// progressSteps is how many steps of its program a statement takes between two looks at whether it should end: some tens
// of microseconds.
const progressSteps = 1000

// watchProgress makes statements end when c.done is closed. SQLite asks in the goroutine that runs the statement, so this
// costs no goroutine, no lock, and nothing at all for a statement of fewer steps.
func (c *Conn) watchProgress() {
	c.progress = func(*libc.TLS, uintptr) int32 {
		if c.ended() {
			return 1
		}
		return 0
	}
	lib.Xsqlite3_progress_handler(threadOf(c.raw), handleOf(c.raw), progressSteps, pointer(c.progress), 0)
}

func (c *Conn) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func bind(stmt *sqlite.Stmt, args []any) error {
	if n := stmt.BindParamCount(); n != len(args) {
		return fmt.Errorf("database: statement takes %d arguments, got %d", n, len(args))
	}
	for i, arg := range args {
		switch v := arg.(type) {
		case nil:
			stmt.BindNull(i + 1)
		case bool:
			stmt.BindBool(i+1, v)
		case int:
			stmt.BindInt64(i+1, int64(v))
		case int64:
			stmt.BindInt64(i+1, v)
		case float64:
			stmt.BindFloat(i+1, v)
		case string:
			stmt.BindText(i+1, v)
		case []byte:
			bindBytes(stmt, i+1, v)
		case time.Time:
			bindTime(stmt, i+1, v)
		default:
			return fmt.Errorf("database: argument %d has type %T, which no column takes", i+1, arg)
		}
	}
	return nil
}

// bindBytes keeps the difference between nil (NULL) and empty.
func bindBytes(stmt *sqlite.Stmt, param int, v []byte) {
	if v == nil {
		stmt.BindNull(param)
		return
	}
	stmt.BindBytes(param, v)
}

func bindTime(stmt *sqlite.Stmt, param int, v time.Time) {
	if v.IsZero() {
		stmt.BindNull(param)
		return
	}
	stmt.BindInt64(param, v.UnixMilli())
}

// Int64 is column i as an integer.
func (r *Row) Int64(i int) int64 { return r.stmt.ColumnInt64(i) }

// Int is column i as an integer.
func (r *Row) Int(i int) int { return int(r.stmt.ColumnInt64(i)) }

// Float is column i as a number.
func (r *Row) Float(i int) float64 { return r.stmt.ColumnFloat(i) }

// Bool is whether column i is not 0.
func (r *Row) Bool(i int) bool { return r.stmt.ColumnInt64(i) != 0 }

// Text is column i as a string.
func (r *Row) Text(i int) string { return r.stmt.ColumnText(i) }

// Len is the number of bytes in column i.
func (r *Row) Len(i int) int { return r.stmt.ColumnLen(i) }

// Bytes is a copy of column i; nil for NULL.
func (r *Row) Bytes(i int) []byte {
	if r.IsNull(i) {
		return nil
	}
	b := make([]byte, r.stmt.ColumnLen(i))
	r.stmt.ColumnBytes(i, b)
	return b
}

// ReadBytes copies column i into buf and returns how many bytes it copied.
func (r *Row) ReadBytes(i int, buf []byte) int { return r.stmt.ColumnBytes(i, buf) }

// Time is column i, epoch milliseconds, as a time; the zero time for NULL.
func (r *Row) Time(i int) time.Time {
	if r.IsNull(i) {
		return time.Time{}
	}
	return time.UnixMilli(r.stmt.ColumnInt64(i)).UTC()
}

// IsNull says whether column i is NULL.
func (r *Row) IsNull(i int) bool { return r.stmt.ColumnType(i) == sqlite.TypeNull }

// Columns are the names of the columns, in order; two may have the same.
func (r *Row) Columns() []string {
	// The driver keeps them by name, where the last of two of one name hides the other.
	stmt, tls := statementOf(r.stmt), threadOf(r.conn)
	names := make([]string, r.stmt.ColumnCount())
	for i := range names {
		names[i] = libc.GoString(lib.Xsqlite3_column_name(tls, stmt, int32(i)))
	}
	return names
}

func (c *Conn) close() error { return c.raw.Close() }

// pragma is one setting of a connection and the value it must read back.
type pragma struct{ name, set, want string }

// pragmas that every connection gets. busy_timeout comes first, so that the others wait for a lock instead of failing.
func basePragmas() []pragma {
	return []pragma{
		{"busy_timeout", strconv.FormatInt(busyTimeout.Milliseconds(), 10), strconv.FormatInt(busyTimeout.Milliseconds(), 10)},
		{"foreign_keys", "ON", "1"},
		{"synchronous", "FULL", "2"},
		{"recursive_triggers", "ON", "1"}, // else REPLACE removes rows without the triggers that keep the sums
		{"trusted_schema", "OFF", "0"},
		{"cell_size_check", "ON", "1"},
		{"temp_store", "MEMORY", "2"},
		// A page of a mapped file that the disk cannot read ends the process (SIGBUS); a read that fails is an error. With the
		// file mapped, single rows are read no faster, and files of many megabytes up to five times.
		{"mmap_size", "0", "0"},
	}
}

func readerPragmas() []pragma { return append(basePragmas(), pragma{"query_only", "ON", "1"}) }

// writerPragmas: auto_vacuum takes effect only before the first table exists, and setting it later writes a page all the
// same, which a full disk refuses.
func writerPragmas(fresh bool) []pragma {
	list := basePragmas()
	if fresh {
		list = append(list, pragma{"auto_vacuum", "INCREMENTAL", "2"})
	}
	return append(list, pragma{"journal_mode", "WAL", "wal"}, pragma{"journal_size_limit", "67108864", "67108864"},
		pragma{"wal_autocheckpoint", strconv.Itoa(foldByWriter), strconv.Itoa(foldByWriter)})
}

// openConn opens one connection to what uri names, the file at path, sets the pragmas and reads each back: a setting that
// did not take is an error here and not a silent loss later.
func openConn(uri, path string, flags sqlite.OpenFlags, pragmas []pragma) (*Conn, error) {
	if err := checkDriver(privateFields()); err != nil {
		return nil, errs.Wrap(errs.Internal, err, "the database %s cannot be opened: %v", path, err)
	}
	meterMemory()
	raw, err := sqlite.OpenConn(uri, flags|sqlite.OpenURI)
	if err != nil {
		return nil, cannotOpen(path, err)
	}
	c := &Conn{raw: raw}
	c.watchProgress()
	for _, p := range pragmas {
		if err := c.setPragma(p); err != nil {
			_ = c.close()
			if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultNotADB {
				return nil, errs.Wrap(errs.Invalid, err, "%s is not a database", path)
			}
			return nil, cannotOpen(path, err)
		}
	}
	return c, nil
}

// source names a file and the way to work with it, as SQLite takes both (https://www.sqlite.org/uri.html).
func source(path, vfs string) string {
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path)}
	if filepath.VolumeName(path) != "" {
		u.Path = "/" + u.Path
	}
	u.RawQuery = url.Values{"vfs": {vfs}}.Encode()
	return u.String()
}

// busyTimeout is how long a connection waits for the lock of another process.
const busyTimeout = 10 * time.Second

func (c *Conn) setPragma(p pragma) error {
	err := c.transient("PRAGMA "+p.name+" = "+p.set, nil)
	// Turning the WAL on needs the file alone, and SQLite fails there at once instead of waiting as busy_timeout says.
	for start := time.Now(); sqlite.ErrCode(err).ToPrimary() == sqlite.ResultBusy && time.Since(start) < busyTimeout; {
		time.Sleep(5 * time.Millisecond)
		err = c.transient("PRAGMA "+p.name+" = "+p.set, nil)
	}
	if err != nil {
		return err
	}
	if p.want == "" {
		return nil
	}
	got := ""
	if err := c.transient("PRAGMA "+p.name, func(r *Row) { got = r.Text(0) }); err != nil {
		return err
	}
	if !strings.EqualFold(got, p.want) {
		return fmt.Errorf("PRAGMA %s is %q and should be %q", p.name, got, p.want)
	}
	return nil
}

// transient runs a statement that is not worth keeping.
func (c *Conn) transient(sql string, fn func(r *Row)) error {
	stmt, _, err := c.raw.PrepareTransient(sql)
	if err != nil {
		return err
	}
	defer stmt.Finalize() //nolint:errcheck // repeats the error of Step
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		if fn != nil {
			fn(&Row{stmt, c.raw})
		}
	}
}
