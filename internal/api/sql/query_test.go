package sql

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"

	"fazt/internal/activity"
	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// open returns the operations on a database of their own, with at most rows rows and bytes bytes per result.
func open(t *testing.T, rows int, bytes int64) *API {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	l := system.Limits{SQL: system.SQL{StatementTimeout: 60_000, MaxRows: rows, MaxResult: bytes, MaxMemory: 32 << 20, MaxSpill: 8 << 20}}
	return &API{DB: db, Limits: system.NewLive(l), Log: slog.New(slog.DiscardHandler)}
}

// numbers is a statement with n rows.
func numbers(n int) string {
	return fmt.Sprintf("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d) SELECT i FROM c", n)
}

func TestValuesAreExactInJSON(t *testing.T) {
	t.Parallel()
	a := open(t, 10, 1<<20)
	for expression, want := range map[string]string{
		"NULL": `null`, "0": `0`, "-1": `-1`, "9223372036854775807": `9223372036854775807`, "-9223372036854775808": `-9223372036854775808`,
		"0.5": `0.5`, "1.0": `1`, "1e300": `1e+300`, "1e999": `"Infinity"`, "-1e999": `"-Infinity"`,
		"''": `""`, "'a\"b'": `"a\"b"`, "'ü' || char(10)": `"ü\n"`, "x'00ff'": `{"base64":"AP8="}`, "x''": `{"base64":""}`,
		"CAST(x'61ff' AS TEXT)": "\"a\ufffd\"", "'<a>'": `"\u003ca\u003e"`,
	} {
		got, err := a.Query(t.Context(), op.Statement{SQL: "SELECT " + expression + " AS v"})
		if err != nil || len(got.Rows) != 1 || string(got.Rows[0][0]) != want || got.Columns[0] != "v" {
			t.Errorf("%s is %s, %v; want %s", expression, got.Rows, err, want)
		}
	}
	if got := string(wireValue(math.NaN())); got != "null" {
		t.Errorf("not a number is %s", got)
	}
}

func TestAResultEndsAtItsLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		rows, limit int
		bytes       int64
		statement   string
		want        int
		truncated   string
	}{
		{"all", 10, 0, 1000, numbers(3), 3, ""},
		{"exactly as many as asked for", 10, 3, 1000, numbers(3), 3, ""},
		{"one more", 10, 3, 1000, numbers(4), 3, "rows"},
		{"one", 10, 1, 1000, numbers(4), 1, "rows"},
		{"as many as the limit", 4, 0, 1000, numbers(4), 4, ""},
		{"more than the limit", 4, 0, 1000, numbers(5), 4, "rows"},
		{"none", 10, 0, 1000, "SELECT 1 WHERE false", 0, ""},
		{"as many bytes", 10, 0, int64(len("i123")), numbers(3), 3, ""}, // with the name of the column
		{"a byte more", 10, 0, int64(len("i123")), numbers(4), 3, "bytes"},
		{"a byte less", 10, 0, int64(len("i123")) - 1, numbers(3), 2, "bytes"},
		{"not even a row", 10, 0, 10, "SELECT 'longer than ten bytes' AS v", 0, "bytes"},
		{"a large statement that could go on", 10, 0, 100, numbers(1 << 40), 10, "rows"},
	} {
		a := open(t, tt.rows, max(tt.bytes, 10_000))
		l := *a.Limits.Load()
		l.SQL.MaxResult = tt.bytes
		c, err := (&API{Limits: system.NewLive(l)}).collect(op.Statement{Limit: tt.limit})
		if err != nil {
			t.Fatal(err)
		}
		err = a.DB.ReadGuarded(t.Context(), tt.statement, a.guard(), c.add)
		got, err := c.finish(a, err)
		if err != nil || len(got.Rows) != tt.want || got.Truncated != tt.truncated || got.Rows == nil || got.Columns == nil {
			t.Errorf("%s: %d rows, truncated %q, %v; want %d, %q", tt.name, len(got.Rows), got.Truncated, err, tt.want, tt.truncated)
		}
	}
	a := open(t, 10, 1000)
	for limit, ok := range map[int]bool{-1: false, 0: true, 1: true, 10: true, 11: false} {
		if _, err := a.Query(t.Context(), op.Statement{SQL: "SELECT 1", Limit: limit}); (err == nil) != ok || err != nil && !errs.Is(err, errs.Invalid) {
			t.Errorf("limit %d: %v", limit, err)
		}
		if _, err := a.Write(t.Context(), op.Statement{SQL: "SELECT 1", Limit: limit}); (err == nil) != ok {
			t.Errorf("limit %d of a write: %v", limit, err)
		}
	}
	if c, err := open(t, 5000, 1000).collect(op.Statement{}); err != nil || c.limit != rowsDefault {
		t.Errorf("by default %d rows, %v", c.limit, err)
	}
}

// A write that stopped after enough rows would be undone.
func TestAWriteRunsToItsEnd(t *testing.T) {
	t.Parallel()
	a := open(t, 2, 100_000)
	d := call.NewDraft(activity.Entry{})
	ctx := d.With(t.Context())
	got, err := a.Write(ctx, op.Statement{SQL: "INSERT INTO apps (id, name, title, created_at, updated_at) SELECT 'app_' || value, 'n' || value, 'secret', 1, 1 FROM (" + strings.ReplaceAll(numbers(5), "SELECT i FROM", "SELECT i AS value FROM") + ") RETURNING id"})
	if err != nil || got.Changes != 5 || len(got.Rows) != 2 || got.Truncated != "rows" {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := a.Query(ctx, op.Statement{SQL: "SELECT count(*) FROM apps"}); err != nil || string(got.Rows[0][0]) != "5" {
		t.Errorf("%s apps, %v", got.Rows, err)
	}
	entry, _ := d.Finish()
	var details map[string]any
	if err := json.Unmarshal(entry.Details, &details); err != nil || details["changes"] != 5.0 || strings.Contains(fmt.Sprint(details), "secret") || !strings.Contains(fmt.Sprint(details["statement"]), "INSERT INTO apps") {
		t.Errorf("%s %v", entry.Details, err)
	}
}

func TestNoStatementShowsOrChangesWhoMaySignIn(t *testing.T) {
	t.Parallel()
	a := open(t, 10, 100_000)
	for table, columns := range secrets {
		for _, column := range columns {
			got, err := a.Query(t.Context(), op.Statement{SQL: fmt.Sprintf("SELECT count(%s) FROM %s", column, table)})
			if err != nil || string(got.Rows[0][0]) != "0" {
				t.Errorf("%s.%s: %s %v", table, column, got.Rows, err)
			}
		}
	}
	for _, table := range identity {
		if _, err := a.Write(t.Context(), op.Statement{SQL: "DELETE FROM " + table}); !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s: %v", table, err)
		}
	}
	if _, err := a.Query(t.Context(), op.Statement{SQL: "DELETE FROM apps"}); !errs.Is(err, errs.Forbidden) {
		t.Errorf("a query that changes rows: %v", err)
	}
}

func TestAStatementThatTakesTooLongIsExplained(t *testing.T) {
	t.Parallel()
	a := open(t, 10, 100_000)
	l := *a.Limits.Load()
	l.SQL.StatementTimeout = 20
	a.Limits.Store(l, nil)
	endless := "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT count(*) FROM c"
	for name, run := range map[string]func() error{
		"query": func() error { _, err := a.Query(t.Context(), op.Statement{SQL: endless}); return err },
		"write": func() error { _, err := a.Write(t.Context(), op.Statement{SQL: endless}); return err },
	} {
		if err := run(); !errs.Is(err, errs.Timeout) || errs.Sentence(err) != "the statement took longer than 20ms and was stopped; nothing was changed" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheOutlineOfALongStatementIsCut(t *testing.T) {
	t.Parallel()
	for _, n := range []int{399, 400, 401, 10_000} {
		if got := outline(strings.Repeat("+", n)); len(got) != min(n, 400) {
			t.Errorf("%d bytes of %d", len(got), n)
		}
	}
	for sql, want := range map[string]string{
		"SELECT 0x1F": "SELECT ?", "SELECT a.b": "SELECT a.b", "SELECT 1.": "SELECT ?", "SELECT a1": "SELECT a1", "SELECT 1a": "SELECT ?", "SELECT ü": "SELECT ü",
		"a\n\t b": "a b", "`a`b": "?b", "[a]]b": "?]b", "'a": "?", "--a": "", "/*a*/b": "b", "/**/": "", "- 1": "- ?",
	} {
		if got := outline(sql); got != want {
			t.Errorf("%q: %q, want %q", sql, got, want)
		}
	}
}
