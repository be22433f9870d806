package sqlite

import (
	"context"
	"strings"

	"zombiezen.com/go/sqlite"

	"fazt/internal/errs"
)

// Guard bounds a statement written by a person, in addition to what every such statement is denied: changes of the
// schema, ATTACH and DETACH, transactions, pragmas with side effects, load_extension, and tables that show raw pages.
type Guard struct {
	Hidden    map[string][]string     // columns by table that read as NULL anywhere in the statement
	Protected func(table string) bool // rows of the table cannot be changed
	MaxBytes  int64                   // longest text or blob; never more than about 1 MiB
	MaxMemory int64                   // memory that SQLite may use for the statement
	MaxSpill  int64                   // bytes in temporary files
}

// SpillPragma lets large sorts use a file: a statement from outside must not be able to exhaust the memory.
func SpillPragma() Pragma { return Pragma{"temp_store", "FILE", "1"} }

// longestValue is the size of a chunk of a file, and a little more. Work on a value may grow with its length, and a
// single call cannot be interrupted.
const longestValue = 1<<20 + 4096

// longestStatement is in bytes.
const longestStatement = 1 << 20

// guardLimits returns limits of the statement itself. Between two checks of the clock its program runs through
// everything outside of loops, so the limits are low; statements written by people are far below them.
func guardLimits(g Guard) map[sqlite.Limit]int32 {
	return map[sqlite.Limit]int32{
		sqlite.LimitLength:            int32(min(g.MaxBytes, longestValue)),
		sqlite.LimitSQLLength:         longestStatement,
		sqlite.LimitVDBEOp:            25_000,
		sqlite.LimitColumn:            500,
		sqlite.LimitExprDepth:         500,
		sqlite.LimitCompoundSelect:    200,
		sqlite.LimitFunctionArg:       127,
		sqlite.LimitLikePatternLength: longestPattern,
		sqlite.LimitWorkerThreads:     0,
	}
}

// Guarded runs one statement within the guard, which also checks the statements that SQLite creates while it runs:
// VACUUM INTO attaches its file only then. It may change rows if write is true. When ctx ends, the statement is
// interrupted and fails with the cause of ctx. The connection must not be used for other statements afterwards.
func (c *Conn) Guarded(ctx context.Context, statement string, g Guard, write bool, fn func(s *Statement) error) error {
	c.EndWith(ctx)
	err := c.guarded(ctx, statement, g, write, fn)
	if err != nil && ctx.Err() != nil && isStop(err) {
		return context.Cause(ctx)
	}
	return err
}

// isStop reports whether err may be how an interrupted statement fails: an allowance whose time is over grants no
// memory and no space.
func isStop(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultInterrupt, sqlite.ResultNoMem, sqlite.ResultFull:
		return true
	}
	return errs.Is(err, errs.Timeout) || errs.Is(err, errs.StorageFull)
}

func (c *Conn) guarded(ctx context.Context, statement string, g Guard, write bool, fn func(s *Statement) error) error {
	if strings.ContainsRune(statement, 0) {
		return errs.New(errs.Invalid, "the statement has a NUL character")
	}
	if blank(statement) {
		return errs.New(errs.Invalid, "the statement is empty")
	}
	if len(statement) > longestStatement {
		return errs.New(errs.TooLarge, "the statement has %d bytes; at most %d are allowed", len(statement), longestStatement)
	}
	for limit, value := range guardLimits(g) {
		c.raw.Limit(limit, value)
	}
	if err := c.boundFunctions(); err != nil {
		return err
	}
	memory, done := c.allow(g.MaxMemory, g.MaxSpill)
	defer done()
	defer context.AfterFunc(ctx, func() { memory.over.Store(true) })()
	w := &authorizer{guard: g, write: write, memory: memory}
	if err := c.raw.SetAuthorizer(w); err != nil {
		return err
	}
	defer c.raw.SetAuthorizer(nil) //nolint:errcheck // the connection is closed next
	stmt, rest, err := c.raw.PrepareTransient(statement)
	if err != nil {
		return w.explain(err)
	}
	defer stmt.Finalize()                  //nolint:errcheck // repeats the error of Step
	defer func() { memory.ended = true }() // a rollback needs memory, too
	if !blank(statement[len(statement)-rest:]) {
		return errs.New(errs.Invalid, "there is more than one statement; give them one at a time")
	}
	if w.hides != "" && stmt.ColumnCount() > 0 { // SQLite does not ask about the columns of RETURNING
		return errs.New(errs.Invalid, "RETURNING is not available for the table %s, which has hidden columns; read the others with a SELECT", w.hides)
	}
	if stmt.BindParamCount() > 0 {
		return errs.New(errs.Invalid, "the statement has parameters (? or :name), but no values can be passed; write the values into it")
	}
	row := &Statement{conn: c, stmt: stmt}
	for {
		more, err := stmt.Step()
		if err != nil {
			return w.explain(err)
		}
		if !more {
			return nil
		}
		if err := fn(row); err != nil {
			return err
		}
	}
}
