package sqlite

import (
	"fmt"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"fazt/internal/errs"
)

// authorizer decides about every action that SQLite compiles a statement to.
type authorizer struct {
	guard   Guard
	write   bool
	memory  *allowance
	hides   string // a table with hidden columns that the statement changes
	refused string // why the first action was denied, as a sentence
}

// Authorize decides about one action. Actions that are not named here are denied.
func (w *authorizer) Authorize(a sqlite.Action) sqlite.AuthResult {
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

func (w *authorizer) read(table, column string) sqlite.AuthResult {
	table = strings.ToLower(table)
	if strings.HasPrefix(table, "sqlite_") && !slices.Contains([]string{"sqlite_schema", "sqlite_master", "sqlite_sequence", "sqlite_stat1", "sqlite_temp_schema", "sqlite_temp_master"}, table) {
		return w.deny(true, "the table %s cannot be read here", table)
	}
	if slices.Contains(w.guard.Hidden[table], strings.ToLower(column)) {
		return sqlite.AuthResultIgnore
	}
	return sqlite.AuthResultOK
}

func (w *authorizer) change(table string) sqlite.AuthResult {
	table = strings.ToLower(table)
	if !w.write {
		return w.deny(true, "the statement would change the table %s; --write allows that", table)
	}
	if len(w.guard.Hidden[table]) > 0 {
		w.hides = table
	}
	return w.deny(strings.HasPrefix(table, "sqlite_") || w.guard.Protected(table), "rows of the table %s cannot be changed here", table)
}

func (w *authorizer) deny(denied bool, format string, args ...any) sqlite.AuthResult {
	if !denied {
		return sqlite.AuthResultOK
	}
	if w.refused == "" {
		w.refused = fmt.Sprintf(format, args...)
	}
	return sqlite.AuthResultDeny
}

// explain returns the error of a statement with a sentence for people. SQLite's own text describes only the statement.
func (w *authorizer) explain(err error) error {
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
			return errs.Wrap(errs.TooLarge, err, "the statement needs more than %s of memory (sql.max_memory); select fewer columns or shorter values", errs.Bound(w.memory.maxMemory))
		}
		if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultNoMem && !w.memory.over.Load() {
			return errs.Wrap(errs.TooLarge, err, "the statement is too large; split it")
		}
	case sqlite.ResultFull:
		if w.memory.full {
			return errs.Wrap(errs.TooLarge, err, "the statement needs more than %s of temporary files (sql.max_spill); sort or group fewer rows", errs.Bound(w.memory.maxSpill))
		}
	case sqlite.ResultReadOnly:
		return errs.Wrap(errs.Forbidden, err, "the statement would change the database; --write allows that")
	}
	return classify(err)
}

// allowedFunctions neither reach outside the database nor take long in one call. json_patch is missing: it compares
// every key of one object with every key of the other.
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

// harmless reports whether a pragma only reads.
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
