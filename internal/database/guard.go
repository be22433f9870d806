package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"zombiezen.com/go/sqlite"

	"fazt/internal/errs"
)

// Guard says what a statement that a person wrote may touch, beyond what is refused to every such statement: changes
// of the schema, ATTACH and DETACH, transactions, pragmas that act, load_extension, and tables that show raw pages.
type Guard struct {
	Hidden    map[string][]string     // columns by table: reads of them give NULL, wherever in the statement they stand
	Protected func(table string) bool // rows of the table cannot be changed
	MaxBytes  int64                   // longest text or blob; never more than about 1 MiB
	MaxMemory int64                   // what SQLite may take for the statement
	MaxSpill  int64                   // what it may put into temporary files
}

// ReadGuarded runs one statement, and calls fn for every row, on a connection of its own that cannot write: a cache, a
// setting or a temporary table that the statement leaves meets nobody else. It is stopped when ctx ends.
func (db *DB) ReadGuarded(ctx context.Context, statement string, g Guard, fn func(r *Row) error) error {
	select {
	case db.guarded <- struct{}{}:
		defer func() { <-db.guarded }()
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case db.readers.slots <- struct{}{}: // Close waits for those who have one
		defer func() { <-db.readers.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if db.readers.isClosed() {
		return errs.New(errs.Unavailable, "the database is closed")
	}
	if db.disk.judgeFile(false).state != DiskSound { // another file might have the name
		return errLost()
	}
	c, err := db.disk.connect(append(readerPragmas(), spill()))
	if err != nil {
		return err
	}
	defer c.close()
	c.done = ctx.Done()
	return interrupted(ctx, c.guarded(ctx, statement, g, false, fn))
}

// WriteGuarded runs one statement that may change rows, in a transaction that is its own alone, and returns how many
// it changed. It is stopped, and undone, when ctx ends; other writes wait in the queue meanwhile. Stopping a write
// makes SQLite give up its whole transaction, which is why this one is not shared.
func (db *DB) WriteGuarded(ctx context.Context, statement string, g Guard, fn func(r *Row) error) (changes int, err error) {
	if err := errors.Join(db.disk.admit(ctx), db.disk.stored()); err != nil {
		return 0, err
	}
	c, err := db.disk.connect(append(basePragmas(), spill())) // before its turn: that may wait for a lock
	if err != nil {
		return 0, err
	}
	defer c.close() // undoes what was not committed
	select {
	case db.writer.turn <- struct{}{}:
		defer func() { <-db.writer.turn }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if db.writer.isClosed() {
		return 0, errs.New(errs.Unavailable, "the database is closed")
	}
	c.done = ctx.Done()
	if err := c.Exec("BEGIN IMMEDIATE"); err != nil {
		return 0, interrupted(ctx, err)
	}
	if err := c.guarded(ctx, statement, g, true, fn); err != nil {
		return 0, interrupted(ctx, err)
	}
	changes = c.Changes()
	err = c.Exec("COMMIT")
	db.ChangedAll() // its connection is not watched
	if err != nil {
		return changes, db.disk.judge(interrupted(ctx, err))
	}
	return changes, db.disk.stored()
}

// guardedAtOnce is how many statements that read may run at once: each may take its whole allowance of memory.
const guardedAtOnce = 2

// longestValue is a chunk of a file with room beside it. Work on a value may grow with its length, and nothing stops
// a single call.
const longestValue = 1<<20 + 4096

// longestStatement in bytes.
const longestStatement = 1 << 20

// guardLimits are what a statement may be like. Between two looks at the clock its program goes through all that
// stands outside of loops, so that is little; a person's statement is far below.
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

// spill lets large sorts go to a file: a statement from outside must not be able to fill the memory.
func spill() pragma { return pragma{"temp_store", "FILE", "1"} }

func (p *readers) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

func (w *writer) isClosed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}

func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && (errs.Is(err, errs.Timeout) || stopped(err)) {
		return ctx.Err()
	}
	return err
}

// stopped says whether an error may be that of an allowance whose time is over.
func stopped(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultNoMem, sqlite.ResultFull:
		return true
	}
	return errs.Is(err, errs.StorageFull)
}

// guarded runs one statement under the eyes of the guard, which also sees the statements that SQLite makes of it while
// it runs: VACUUM INTO attaches its file only then.
func (c *Conn) guarded(ctx context.Context, statement string, g Guard, write bool, fn func(r *Row) error) error {
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
	w := &warden{guard: g, write: write, memory: memory}
	if err := c.raw.SetAuthorizer(w); err != nil {
		return err
	}
	defer c.raw.SetAuthorizer(nil) //nolint:errcheck // the connection is closed next
	stmt, rest, err := c.raw.PrepareTransient(statement)
	if err != nil {
		return w.explain(err)
	}
	defer stmt.Finalize()                  //nolint:errcheck // repeats the error of Step
	defer func() { memory.ended = true }() // to undo takes memory, too
	if !blank(statement[len(statement)-rest:]) {
		return errs.New(errs.Invalid, "there is more than one statement; give them one at a time")
	}
	if w.hides != "" && stmt.ColumnCount() > 0 { // SQLite asks about no column of RETURNING
		return errs.New(errs.Invalid, "RETURNING is not available for the table %s, which has hidden columns; read the others with a SELECT", w.hides)
	}
	if stmt.BindParamCount() > 0 {
		return errs.New(errs.Invalid, "the statement has parameters (? or :name), which have no values here; write the values into it")
	}
	for {
		more, err := stmt.Step()
		if err != nil {
			return w.explain(err)
		}
		if !more {
			return nil
		}
		if err := fn(&Row{stmt, c.raw}); err != nil {
			return err
		}
	}
}

// blank says whether SQL has nothing but spaces, semicolons and comments.
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

// warden is asked by SQLite about everything a statement is going to do, whatever the statement looks like.
type warden struct {
	guard   Guard
	write   bool
	memory  *allowance
	hides   string // a table with hidden columns that the statement changes
	refused string // the first thing that was denied, as a sentence
}

// Authorize answers for one action. What is not named here is denied.
func (w *warden) Authorize(a sqlite.Action) sqlite.AuthResult {
	switch a.Type() {
	case sqlite.OpSelect, sqlite.OpRecursive:
		return sqlite.AuthResultOK
	case sqlite.OpRead:
		return w.read(a.Table(), a.Column())
	case sqlite.OpFunction:
		name := strings.ToLower(functionOf(a))
		return w.deny(!allowedFunctions[name], "the function %s is not available here", name)
	case sqlite.OpPragma:
		return w.deny(!harmless(a), "the pragma %s is not allowed here", a.Pragma())
	case sqlite.OpInsert, sqlite.OpUpdate, sqlite.OpDelete:
		return w.change(a.Table())
	}
	return w.deny(true, "the statement does something that is not allowed here (%s); there are SELECT, INSERT, UPDATE and DELETE", a.Type())
}

func (w *warden) read(table, column string) sqlite.AuthResult {
	table = strings.ToLower(table)
	if strings.HasPrefix(table, "sqlite_") && !slices.Contains([]string{"sqlite_schema", "sqlite_master", "sqlite_sequence", "sqlite_stat1", "sqlite_temp_schema", "sqlite_temp_master"}, table) {
		return w.deny(true, "the table %s cannot be read here", table)
	}
	if slices.Contains(w.guard.Hidden[table], strings.ToLower(column)) {
		return sqlite.AuthResultIgnore
	}
	return sqlite.AuthResultOK
}

func (w *warden) change(table string) sqlite.AuthResult {
	table = strings.ToLower(table)
	if !w.write {
		return w.deny(true, "the statement would change the table %s; only --write may do that", table)
	}
	if len(w.guard.Hidden[table]) > 0 {
		w.hides = table
	}
	return w.deny(strings.HasPrefix(table, "sqlite_") || w.guard.Protected(table), "rows of the table %s cannot be changed here", table)
}

func (w *warden) deny(denied bool, format string, args ...any) sqlite.AuthResult {
	if !denied {
		return sqlite.AuthResultOK
	}
	if w.refused == "" {
		w.refused = fmt.Sprintf(format, args...)
	}
	return sqlite.AuthResultDeny
}

// explain makes a sentence of why the statement did not run. The text of SQLite is about the statement alone.
func (w *warden) explain(err error) error {
	if w.refused != "" {
		return errs.Wrap(errs.Forbidden, err, "%s", w.refused)
	}
	text := err.Error()
	if _, after, found := strings.Cut(text, "SQL logic error: "); found {
		text = after
	}
	text = strings.TrimPrefix(text, "sqlite: ")
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultError, sqlite.ResultMismatch, sqlite.ResultRange:
		return errs.Wrap(errs.Invalid, err, "the statement cannot be run: %s", text)
	case sqlite.ResultConstraint:
		return errs.Wrap(errs.Conflict, err, "the statement was refused, and nothing was changed: %s", text)
	case sqlite.ResultTooBig:
		return errs.Wrap(errs.TooLarge, err, "a value is longer than %s; select length(…) or substr(…) of it", errs.Bound(min(w.guard.MaxBytes, longestValue)))
	case sqlite.ResultNoMem, sqlite.ResultInterrupt:
		if w.memory.spent {
			return errs.Wrap(errs.TooLarge, err, "the statement needs more than %s of memory (sql.max_memory); select fewer columns or shorter values", errs.Bound(w.memory.most))
		}
		if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultNoMem && !w.memory.over.Load() {
			return errs.Wrap(errs.TooLarge, err, "the statement is too large; make several of it")
		}
	case sqlite.ResultFull:
		if w.memory.full {
			return errs.Wrap(errs.TooLarge, err, "the statement needs more than %s of temporary files (sql.max_spill); let it sort or keep less", errs.Bound(w.memory.mostSpilled))
		}
	case sqlite.ResultReadOnly:
		return errs.Wrap(errs.Forbidden, err, "the statement would change the database; only --write may do that")
	}
	return classify(err)
}

// allowedFunctions are those that neither reach outside of the database nor work for long in one call. json_patch does:
// it compares every key of one object with every key of the other.
//
//nolint:gochecknoglobals // a table that nothing changes
var allowedFunctions = words(`
	abs avg changes char coalesce concat concat_ws count cume_dist current_date current_time current_timestamp date datetime
	dense_rank first_value format glob group_concat hex if ifnull iif instr julianday lag last_insert_rowid last_value lead
	length like likelihood likely lower ltrim max min nth_value ntile nullif octet_length percent_rank printf quote random
	randomblob rank replace round row_number rtrim sign soundex sqlite_compileoption_get sqlite_compileoption_used
	sqlite_source_id sqlite_version strftime string_agg substr substring subtype sum time timediff total total_changes trim
	typeof unhex unicode unistr unistr_quote unixepoch unlikely upper zeroblob
	acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi pow power radians
	sin sinh sqrt tan tanh trunc
	-> ->> json json_array json_array_insert json_array_length json_error_position json_extract json_group_array
	json_group_object json_insert json_object json_pretty json_quote json_remove json_replace json_set json_type json_valid
	jsonb jsonb_array jsonb_array_insert jsonb_extract jsonb_group_array jsonb_group_object jsonb_insert jsonb_object
	jsonb_remove jsonb_replace jsonb_set`)

func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[word] = true
	}
	return set
}

// harmless says whether a pragma only tells something.
func harmless(a sqlite.Action) bool {
	name := strings.ToLower(a.Pragma())
	if slices.Contains([]string{
		"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list",
		"foreign_key_check", "integrity_check", "quick_check", "database_list", "collation_list", "compile_options",
		"function_list", "module_list", "pragma_list",
	}, name) {
		return true
	}
	return a.PragmaArg() == "" && slices.Contains([]string{
		"user_version", "application_id", "schema_version", "data_version", "page_size", "page_count", "freelist_count",
		"encoding", "journal_mode", "auto_vacuum", "query_only", "foreign_keys", "synchronous",
	}, name)
}

// Value is column i as SQLite has it: nil, int64, float64, string or []byte.
func (r *Row) Value(i int) any {
	switch r.stmt.ColumnType(i) {
	case sqlite.TypeNull:
		return nil
	case sqlite.TypeInteger:
		return r.Int64(i)
	case sqlite.TypeFloat:
		return r.Float(i)
	case sqlite.TypeText:
		return r.Text(i)
	}
	return r.Bytes(i)
}
