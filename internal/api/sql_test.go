package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
	"fazt/internal/system"
)

func query(t *testing.T, i *fazttest.Instance, sql string, limit int) (op.Rows, error) {
	t.Helper()
	return client.Call(t.Context(), i.Client, op.SQLQuery, op.Statement{SQL: sql, Limit: limit})
}

// Every column of the schema that sounds like a secret is either hidden from SQL or listed here as harmless.
func TestEveryColumnThatSoundsLikeASecretIsHiddenFromSQLOrListedAsHarmless(t *testing.T) {
	none := map[string]bool{
		"blobs.hash": true, "upload_files.hash": true, // of content
		"kv.key": true, "kv.value": true, // data of apps, which the owner may read
		"usage.keys": true, "usage.key_bytes": true, "measurements.value": true, // counts
		"settings.value": true, "limits.value": true, // what the owner decided
		"activity.code": true, "net_log.code": true, // of an error
		"net_log.secret": true, // its name
	}
	i := fazttest.New(t)
	i.Deploy("app", site)
	got, err := query(t, i, "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'", 0)
	if err != nil || len(got.Rows) < 20 {
		t.Fatalf("%+v %v", got, err)
	}
	for _, row := range got.Rows {
		var table, column string
		if err := json.Unmarshal(row[0], &table); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(row[1], &column); err != nil {
			t.Fatal(err)
		}
		suspicious := false
		for _, word := range []string{"hash", "secret", "token", "password", "value", "key", "salt", "seed", "cookie", "code"} {
			suspicious = suspicious || strings.Contains(column, word)
		}
		if !suspicious || none[table+"."+column] {
			continue
		}
		_, err := client.Call(t.Context(), i.Client, op.SQLQuery, op.Statement{SQL: "SELECT " + column + " FROM " + table})
		if err != nil {
			t.Fatal(err)
		}
		if !hidden(t, i, table, column) {
			t.Errorf("%s.%s sounds like a secret: add it to secrets in sql.go, or to the list here with a reason", table, column)
		}
	}
}

// hidden reports whether a column reads as NULL: such a column is never equal to itself. An outer join gives a row even if
// the table has none.
func hidden(t *testing.T, i *fazttest.Instance, table, column string) bool {
	t.Helper()
	got, err := query(t, i, "EXPLAIN SELECT "+column+" FROM "+table, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range got.Rows { // a column that is read has an opcode Column (or Rowid); one that is hidden has Null
		if string(row[1]) == `"Column"` || string(row[1]) == `"Rowid"` {
			return false
		}
	}
	return true
}

func TestValuesOfSQLArriveExactly(t *testing.T) {
	i := fazttest.New(t)
	got, err := query(t, i, `SELECT NULL, 9007199254740993, 1.5, 1e999, 'a"b', x'00ff', '', cast(x'ff' AS TEXT)`, 0)
	if err != nil {
		t.Fatal(err)
	}
	data, _ := json.Marshal(got.Rows[0])
	if want := `[null,9007199254740993,1.5,"Infinity","a\"b",{"base64":"AP8="},"","` + "\uFFFD" + `"]`; string(data) != want {
		t.Errorf("%s\nwant\n%s", data, want)
	}
}

func TestSQLHasLimitsOnRowsBytesAndTime(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) {
		l.SQL.MaxRows, l.SQL.MaxResult, l.SQL.StatementTimeout = 50, 65536, 1000
	}))
	const numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 60) "
	for limit, want := range map[int]int{0: 50, 1: 1, 50: 50} {
		if got, err := query(t, i, numbers+"SELECT x FROM c", limit); err != nil || len(got.Rows) != want || got.Truncated != "rows" {
			t.Errorf("%d: %d rows, %q, %v", limit, len(got.Rows), got.Truncated, err)
		}
	}
	if got, err := query(t, i, numbers+"SELECT x FROM c LIMIT 50", 50); err != nil || got.Truncated != "" {
		t.Errorf("%q %v", got.Truncated, err)
	}
	if got, err := query(t, i, numbers+"SELECT printf('%5000s', x) FROM c", 50); err != nil || len(got.Rows) != 13 || got.Truncated != "bytes" {
		t.Errorf("%d rows, %q, %v", len(got.Rows), got.Truncated, err)
	}
	// A row is converted only as far as it fits: one of these would have gigabytes.
	if got, err := query(t, i, "SELECT '"+strings.Repeat("x", 40000)+"' AS a"+strings.Repeat(", hex(zeroblob(3000))", 100), 50); err != nil || len(got.Rows) != 0 || got.Truncated != "bytes" {
		t.Errorf("%d rows, %q, %v", len(got.Rows), got.Truncated, err)
	}
	for _, write := range []bool{false, true} {
		call := op.SQLQuery
		if write {
			call = op.SQLWrite
		}
		_, err := client.Call(t.Context(), i.Client, call, op.Statement{SQL: "SELECT 1" + strings.Repeat(", randomblob(60000)", 1900)})
		if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "too many columns") {
			t.Errorf("write %v: %v", write, err)
		}
	}
	for _, limit := range []int{-1, 51} {
		if _, err := query(t, i, "SELECT 1", limit); !errs.Is(err, errs.Invalid) {
			t.Errorf("%d: %v", limit, err)
		}
	}
	endless := strings.Replace(numbers, " LIMIT 60", "", 1)
	if _, err := query(t, i, endless+"SELECT count(*) FROM c", 0); !errs.Is(err, errs.Timeout) || !strings.Contains(err.Error(), "longer than 1s") {
		t.Error(err)
	}
	_, err := client.Call(t.Context(), i.Client, op.SQLWrite, op.Statement{SQL: endless + "INSERT INTO settings SELECT x, '', 1, '' FROM c"})
	if !errs.Is(err, errs.Timeout) {
		t.Error(err)
	}
	if got, err := query(t, i, "SELECT count(*) FROM settings", 0); err != nil || string(got.Rows[0][0]) != "0" {
		t.Errorf("%+v %v", got, err)
	}
}

// A statement that returns what it changed changes all of it, however few rows are shown.
func TestAWriteIsCompleteEvenIfItsRowsAreCut(t *testing.T) {
	i := fazttest.New(t)
	for _, name := range []string{"a", "b", "c"} {
		i.Deploy(name, site)
	}
	got, err := client.Call(t.Context(), i.Client, op.SQLWrite, op.Statement{SQL: "UPDATE apps SET title = 'x' RETURNING name", Limit: 1})
	if err != nil || len(got.Rows) != 1 || got.Truncated != "rows" || got.Changes != 3 {
		t.Fatalf("%+v %v", got, err)
	}
}

// Changes made with SQL are served at once, as after any other operation.
func TestAWriteInSQLIsLive(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", site)
	if _, err := client.Call(t.Context(), i.Client, op.SQLWrite, op.Statement{SQL: "DELETE FROM apps"}); err != nil {
		t.Fatal(err)
	}
	if got := i.Get("app", "/"); got.StatusCode != 404 {
		t.Error(got.StatusCode)
	}
}

// The predecessor took a statement for a query because of its first word.
func TestQueryRefusesADeleteThatBeginsWithWith(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", site)
	for _, sql := range []string{
		"WITH x AS (SELECT 1) DELETE FROM apps", "  with x(a) as (values (1)) delete from apps returning name", "EXPLAIN DELETE FROM apps",
	} {
		if _, err := query(t, i, sql, 0); !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if got := i.Get("app", "/"); got.Text != "hello\n" {
		t.Error(got.Text)
	}
}

// The predecessor stored variables that no function ever saw.
func TestBothStylesOfFunctionsSeeNewVariablesAtOnce(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("web", "-- api/main.js --\nexport default { fetch: (request, env) => new Response(`${env.KEY} ${fazt.env.get('KEY')}`) };\n")
	i.Deploy("classic", "-- api/main.js --\nrespond(fazt.env.get('KEY') ?? 'undefined');\n")
	for _, value := range []string{"one", "two", ""} {
		for app, want := range map[string]string{"web": value + " " + value, "classic": value} {
			i.Get(app, "/api/x") // a warm VM has seen the old value
			_, err := client.Call(t.Context(), i.Client, op.EnvSet, op.EnvValues{App: app, Values: map[string]string{"KEY": value}})
			if err != nil {
				t.Fatal(err)
			}
			if got := i.Get(app, "/api/x"); strings.Trim(got.Text, `"`) != want {
				t.Errorf("%s: %d %q, want %q", app, got.StatusCode, got.Text, want)
			}
		}
	}
}
