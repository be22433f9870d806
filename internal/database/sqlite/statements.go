package sqlite

import (
	"container/list"
	"strings"
	"unicode"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite"
)

// Statement is a prepared statement. Parameters count from 1, columns of its current row from 0.
type Statement struct {
	conn *Conn
	sql  string
	stmt *sqlite.Stmt
}

// Params returns how many parameters the statement has.
func (s *Statement) Params() int { return s.stmt.BindParamCount() }

// BindNull sets a parameter to NULL.
func (s *Statement) BindNull(param int) { s.stmt.BindNull(param) }

// BindInt64 sets a parameter to an integer.
func (s *Statement) BindInt64(param int, v int64) { s.stmt.BindInt64(param, v) }

// BindFloat sets a parameter to a number.
func (s *Statement) BindFloat(param int, v float64) { s.stmt.BindFloat(param, v) }

// BindText sets a parameter to a text.
func (s *Statement) BindText(param int, v string) { s.stmt.BindText(param, v) }

// BindBytes sets a parameter to a blob.
func (s *Statement) BindBytes(param int, v []byte) { s.stmt.BindBytes(param, v) }

// Next runs the statement to its next row, and reports whether there is one.
func (s *Statement) Next() (bool, error) {
	more, err := s.stmt.Step()
	return more, classify(err)
}

// Release resets the statement and frees its connection.
func (s *Statement) Release() {
	s.conn.busy = false
	_ = s.stmt.Reset() // repeats the error of Step, which was returned
	if s.stmt.BindParamCount() > 0 {
		_ = s.stmt.ClearBindings() // frees long values
	}
}

// Int64 returns column i as an integer.
func (s *Statement) Int64(i int) int64 { return s.stmt.ColumnInt64(i) }

// Float returns column i as a number.
func (s *Statement) Float(i int) float64 { return s.stmt.ColumnFloat(i) }

// Text returns column i as a string.
func (s *Statement) Text(i int) string { return s.stmt.ColumnText(i) }

// Len returns the number of bytes in column i.
func (s *Statement) Len(i int) int { return s.stmt.ColumnLen(i) }

// ReadBytes copies column i into buf and returns how many bytes it copied.
func (s *Statement) ReadBytes(i int, buf []byte) int { return s.stmt.ColumnBytes(i, buf) }

// IsNull reports whether column i is NULL.
func (s *Statement) IsNull(i int) bool { return s.stmt.ColumnType(i) == sqlite.TypeNull }

// Value returns column i with its type in SQLite: nil, int64, float64, string or []byte.
func (s *Statement) Value(i int) any {
	switch s.stmt.ColumnType(i) {
	case sqlite.TypeNull:
		return nil
	case sqlite.TypeInteger:
		return s.stmt.ColumnInt64(i)
	case sqlite.TypeFloat:
		return s.stmt.ColumnFloat(i)
	case sqlite.TypeText:
		return s.stmt.ColumnText(i)
	}
	b := make([]byte, s.stmt.ColumnLen(i))
	s.stmt.ColumnBytes(i, b)
	return b
}

// Columns returns the names of the columns, in order; duplicates are possible.
func (s *Statement) Columns() []string {
	// The driver stores them by name, where duplicates replace each other.
	stmt, tls := statementOf(s.stmt), threadOf(s.conn.raw)
	names := make([]string, s.stmt.ColumnCount())
	for i := range names {
		names[i] = libc.GoString(lib.Xsqlite3_column_name(tls, stmt, int32(i)))
	}
	return names
}

// maxStatements is how many prepared statements a connection caches. The program has about 150, and each path uses a
// few of them again and again; each takes a few kilobytes of SQLite's memory.
const maxStatements = 128

// statements caches the prepared statements of a connection by their text. If there are too many, the least recently
// used one is finalized.
type statements struct {
	bySQL    map[string]*list.Element
	order    list.List // of *Statement, most recently used first
	prepared int       // number of misses
}

// get returns the statement with this text, reset and without arguments.
func (s *statements) get(c *Conn, sql string) (*Statement, error) {
	if e, found := s.bySQL[sql]; found {
		s.order.MoveToFront(e)
		return e.Value.(*Statement), nil
	}
	stmt, err := c.raw.Prepare(sql)
	if err != nil {
		return nil, err
	}
	if s.order.Len() >= maxStatements {
		oldest := s.order.Remove(s.order.Back()).(*Statement)
		delete(s.bySQL, oldest.sql)
		_ = oldest.stmt.Finalize() // repeats the error of its last step, which was returned
	}
	if s.bySQL == nil {
		s.bySQL = map[string]*list.Element{}
	}
	fresh := &Statement{c, sql, stmt}
	s.bySQL[sql] = s.order.PushFront(fresh)
	s.prepared++
	return fresh, nil
}

// blank reports whether SQL contains only spaces, semicolons and comments.
func blank(sql string) bool {
	for {
		sql = strings.TrimLeftFunc(sql, func(r rune) bool { return unicode.IsSpace(r) || r == ';' })
		switch {
		case sql == "":
			return true
		case strings.HasPrefix(sql, "--"):
			_, sql, _ = strings.Cut(sql, "\n")
		case strings.HasPrefix(sql, "/*"):
			_, sql, _ = strings.Cut(sql[2:], "*/")
		default:
			return false
		}
	}
}
