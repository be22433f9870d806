package database

import (
	"context"

	"fazt/internal/database/sqlite"
)

// engine is one connection to a database engine, as Conn, the readers and the writer use it. Package sqlite is the only
// implementation. Its errors have kinds (errs).
type engine interface {
	// prepare returns a statement, which occupies the connection until it is released.
	prepare(sql string) (statement, error)
	// Script runs all statements of a text.
	Script(text string) error

	Begin() error     // a writing transaction
	BeginRead() error // a reading transaction, which sees the database as it is at one moment
	Commit() error
	Rollback() error // works even after the context of EndWith has ended
	InTransaction() bool
	Savepoint() error // a part of the transaction; ends with Release, with or without RollbackTo before
	RollbackTo() error
	Release() error

	Changes() int        // rows changed by the last statement
	TotalChanges() int64 // rows changed by the connection, including cascades and triggers
	// EndWith makes statements fail with errs.Timeout once ctx has ended.
	EndWith(ctx context.Context)
	// copyTo copies the database, as it is at one moment, into the empty file at path.
	copyTo(ctx context.Context, path string, progress func(done, total int64) error) error
	Close() error
}

// statement is a prepared statement. Parameters count from 1, columns of its row from 0.
type statement interface {
	Params() int
	BindNull(param int)
	BindInt64(param int, v int64)
	BindFloat(param int, v float64)
	BindText(param int, v string)
	BindBytes(param int, v []byte)
	Next() (bool, error)
	Release()
	row
}

// row is the current row of a statement.
type row interface {
	Int64(i int) int64
	Float(i int) float64
	Text(i int) string
	Len(i int) int                   // bytes in the column
	ReadBytes(i int, buf []byte) int // returns how many bytes it copied
	IsNull(i int) bool
	Value(i int) any   // nil, int64, float64, string or []byte
	Columns() []string // in order; duplicates are possible
}

// onSQLite is an engine: a connection of package sqlite.
type onSQLite struct{ *sqlite.Conn }

func (e onSQLite) prepare(sql string) (statement, error) {
	s, err := e.Prepare(sql)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// IsUnique reports whether err is a violation of a UNIQUE or PRIMARY KEY constraint: the row exists already.
func IsUnique(err error) bool { return sqlite.IsUnique(err) }

// IsForeignKey reports whether err is a violation of a foreign key: the referenced row does not exist.
func IsForeignKey(err error) bool { return sqlite.IsForeignKey(err) }

// IsUnreadable reports whether the disk could not read a part of the file, or read damaged data.
func IsUnreadable(err error) bool { return sqlite.IsUnreadable(err) }

// IsDamage reports whether err comes from a failed disk or a damaged file.
func IsDamage(err error) bool { return sqlite.IsDamage(err) }
