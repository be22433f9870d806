package database

import (
	"context"

	"fazt/internal/database/sqlite"
)

// engine is one connection to a database engine, as Conn, the readers and the writer use it. Package sqlite is the one
// that exists. Errors have their kinds (errs) when they come from an engine.
type engine interface {
	// prepare returns a statement, which has the connection until it is released.
	prepare(sql string) (statement, error)
	// Script runs all statements of a text.
	Script(text string) error

	Begin() error     // a transaction that writes
	BeginRead() error // one that sees the database as it is at one moment
	Commit() error
	Rollback() error // also after EndWith
	InTransaction() bool
	Savepoint() error // a part of the transaction, which ends with Release, after RollbackTo or without
	RollbackTo() error
	Release() error

	Changes() int        // rows that the last statement changed
	TotalChanges() int64 // rows that the connection changed, cascades and triggers included
	// EndWith makes statements fail with errs.Timeout once ctx has ended.
	EndWith(ctx context.Context)
	// copyTo copies the database, as it is at one moment, into the empty file at path.
	copyTo(ctx context.Context, path string, progress func(done, total int64) error) error
	Close() error
}

// statement is a prepared statement: parameters count from 1, columns of its row from 0.
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
	ReadBytes(i int, buf []byte) int // how many it copied
	IsNull(i int) bool
	Value(i int) any   // nil, int64, float64, string or []byte
	Columns() []string // names, in order; two may be the same
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

// IsUnique reports whether err is a violated UNIQUE or PRIMARY KEY constraint: the thing exists already.
func IsUnique(err error) bool { return sqlite.IsUnique(err) }

// IsForeignKey reports whether err is a violated foreign key: the thing referred to does not exist.
func IsForeignKey(err error) bool { return sqlite.IsForeignKey(err) }

// IsUnreadable reports whether the disk could not read a part of the file, or what it read is damaged.
func IsUnreadable(err error) bool { return sqlite.IsUnreadable(err) }

// IsDamage reports whether err is of a disk that failed or of a file that is damaged.
func IsDamage(err error) bool { return sqlite.IsDamage(err) }
