package database

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"fazt/internal/errs"
)

// big is a CTE with values of one megabyte: x is all a, y too except its end, and n has a key for every row of a large
// object.
const big = `WITH b(x, y) AS (SELECT replace(hex(zeroblob(500000)), '0', 'a'), replace(hex(zeroblob(250000)), '0', 'a') || 'b'),
	n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 60000) `

const endless = `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) `

// times repeats text, with the number of the repetition for %d.
func times(n int, text, between string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = strings.ReplaceAll(text, "%d", fmt.Sprint(i))
	}
	return strings.Join(parts, between)
}

// hostile has statements that are known to take gigabytes or minutes.
func hostile() map[string]string {
	return map[string]string{
		"1,900 columns of randomblob":        "SELECT " + times(1900, "randomblob(1000000)", ","),
		"450 columns of randomblob":          "SELECT " + times(450, "randomblob(1000000)", ","),
		"constants in registers":             "SELECT " + times(450, "hex(zeroblob(500000 - %d))", ","),
		"constants in one expression":        "SELECT " + times(190, "length(hex(zeroblob(500000 - %d)))", "+"),
		"arguments":                          "SELECT max(" + times(120, "randomblob(1000000)", ",") + ")",
		"a list":                             "SELECT 1 IN (" + times(2000, "randomblob(1000000)", ",") + ")",
		"rows of VALUES":                     "SELECT count(*) FROM (VALUES " + times(150, "(randomblob(1000000))", ",") + ") ORDER BY 1",
		"wide rows, sorted":                  endless + "SELECT i, randomblob(900000) FROM c ORDER BY 2",
		"narrow rows, sorted":                endless + "SELECT i FROM c ORDER BY i DESC",
		"sorted groups":                      endless + "SELECT randomblob(20), count(*) FROM c GROUP BY 1",
		"distinct":                           endless + "SELECT count(DISTINCT randomblob(500)) FROM c",
		"a union":                            endless + "SELECT randomblob(9) FROM c UNION SELECT randomblob(9) FROM c",
		"a materialised CTE":                 endless + ", m AS MATERIALIZED (SELECT randomblob(1000) FROM c) SELECT count(*) FROM m, m",
		"a recursive queue":                  "WITH RECURSIVE c(i) AS (SELECT randomblob(1000) UNION ALL SELECT randomblob(1000) FROM c, (SELECT 1 UNION ALL SELECT 2)) SELECT count(*) FROM c",
		"a window over all":                  endless + "SELECT count(*) OVER (ORDER BY i DESC), randomblob(1000) FROM c",
		"a window of texts":                  endless + "SELECT group_concat(hex(zeroblob(400000))) OVER (ORDER BY i ROWS 3 PRECEDING) FROM c",
		"group_concat":                       endless + "SELECT group_concat(i) FROM c",
		"json_group_array":                   endless + "SELECT json_group_array(hex(zeroblob(1000))) FROM c",
		"json_group_object":                  endless + "SELECT json_group_object(i, hex(zeroblob(1000))) FROM c",
		"instr":                              big + "SELECT instr(x, y) FROM b",
		"instr, many times":                  big + "SELECT " + times(400, "instr(x, y || %d)", "+") + " FROM b",
		"replace":                            big + "SELECT length(replace(x, y, '')) FROM b",
		"replace that grows":                 big + "SELECT replace(x, 'a', x) FROM b",
		"trim":                               big + "SELECT length(trim(x, replace(y, 'a', 'c') || 'a')) FROM b",
		"trim of many characters":            "WITH s(v) AS (SELECT group_concat(char(i), '') FROM (WITH n(i) AS (SELECT 256 UNION ALL SELECT i + 1 FROM n LIMIT 50000) SELECT i FROM n)) SELECT length(trim(v || v || v, v)) FROM s",
		"unhex":                              big + "SELECT unhex(replace(x, 'a', '-'), y || '-') FROM b",
		"like":                               big + "SELECT x LIKE '%" + strings.Repeat("a", 250) + "b' FROM b",
		"like, many times":                   big + "SELECT " + times(190, "(x LIKE '%"+strings.Repeat("a", 240)+"b%d')", "+") + " FROM b",
		"like of many pieces":                big + "SELECT x LIKE '" + strings.Repeat("%a", 100) + "%b' FROM b",
		"like of any characters":             big + "SELECT x LIKE '%" + strings.Repeat("_", 250) + "b' FROM b",
		"glob":                               big + "SELECT x GLOB '*" + strings.Repeat("[a-z]", 49) + "b' FROM b",
		"glob, many times":                   big + "SELECT " + times(190, "(x GLOB '*"+strings.Repeat("[a-z]", 48)+"b%d')", "+") + " FROM b",
		"printf of a width":                  "SELECT printf('%*c', 2000000000, 'x')",
		"printf of a precision":              "SELECT printf('%.2000000000f', 1e300), printf('%.*c', 2000000000, 'x'), printf('%,.900000d', 1)",
		"printf of many widths":              "SELECT " + times(400, "length(printf('%900000s', %d))", ","),
		"hex of zeroblob":                    "SELECT hex(zeroblob(1000000000))",
		"zeroblob":                           endless + "SELECT sum(length(zeroblob(1000000) || i)) FROM c",
		"a text that doubles":                "WITH RECURSIVE c(v) AS (SELECT 'aaaaaaaa' UNION ALL SELECT v || v FROM c) SELECT length(v) FROM c",
		"texts side by side":                 big + "SELECT " + times(190, "length(x || %d)", "+") + " FROM b, n",
		"comparisons":                        big + "SELECT " + times(150, "(x || 'a' = x || 'b')", "+") + " FROM b, n",
		"json_patch":                         big + ", j(v) AS (SELECT json_group_object('k' || i, 1) FROM n) SELECT length(json_patch(v, replace(v, 'k', 'l'))) FROM j",
		"json_set, many times":               big + ", j(v) AS (SELECT json_group_object('k' || i, 1) FROM n) SELECT length(json_set(v, " + times(60, "'$.l%d', 1", ",") + ")) FROM j",
		"json_pretty":                        big + ", j(v) AS (SELECT json_group_array(i) FROM n) SELECT length(json_pretty(v, x)) FROM j, b",
		"json_pretty, deep":                  "SELECT length(json_pretty(replace(hex(zeroblob(450)), '0', '[') || replace(hex(zeroblob(450)), '0', ']'), hex(zeroblob(4000))))",
		"json_tree":                          big + ", j(v) AS (SELECT json_group_object('k' || i, 1) FROM n) SELECT count(fullkey) FROM j, json_tree(v), n",
		"json_each with a path":              big + ", j(v) AS (SELECT json_group_object('k' || i, 1) FROM n) SELECT count(json_extract(v, '$.k' || n.i)) FROM j, n",
		"json, deep":                         "SELECT json_valid(replace(hex(zeroblob(400000)), '0', '['))",
		"a join":                             "SELECT count(*) FROM " + times(12, "sqlite_schema s%d", ","),
		"a join of everything":               "SELECT * FROM " + times(60, "sqlite_schema s%d", ","),
		"an endless CTE":                     endless + "SELECT count(*) FROM c",
		"CTEs in CTEs":                       "WITH t0 AS (SELECT 1 AS a UNION ALL SELECT 2)" + cteTower(40) + " SELECT count(*) FROM t40",
		"CTEs side by side":                  "WITH t0 AS (SELECT randomblob(9) AS a UNION ALL SELECT 2)" + cteTower(18) + " SELECT * FROM t18 ORDER BY 1",
		"long names of columns":              `WITH t AS (SELECT 1 AS "` + strings.Repeat("n", 50000) + `") SELECT * FROM ` + times(60, "t t%d", ","),
		"deep parentheses":                   "SELECT " + strings.Repeat("(", 100000) + "1" + strings.Repeat(")", 100000),
		"deep negation":                      "SELECT " + strings.Repeat("- ", 200000) + "1",
		"deep selects":                       "SELECT " + strings.Repeat("(SELECT ", 5000) + "1" + strings.Repeat(")", 5000),
		"deep cases":                         "SELECT " + strings.Repeat("CASE WHEN 1 THEN ", 20000) + "1" + strings.Repeat(" END", 20000),
		"many terms":                         "SELECT 1 WHERE " + times(20000, "1 = %d", " OR "),
		"many terms of tables":               "SELECT 1 FROM apps a, apps b, apps c WHERE " + times(2000, "a.id = b.name AND b.id = c.id", " OR "),
		"many compounds":                     times(5000, "SELECT %d", " UNION "),
		"a long statement":                   "SELECT '" + strings.Repeat("x", 5<<20) + "'",
		"pages by dbstat":                    "SELECT sum(pgsize) FROM dbstat('main', 1)",
		"geopoly":                            "SELECT geopoly_overlap(geopoly_regular(0, 0, 1, 1000), geopoly_regular(0, 0, 1, 1000))",
		"a function of the full-text search": "SELECT fts5_source_id()",
		"a write without end":                endless + "INSERT INTO kv SELECT 'app_1', '', i, hex(zeroblob(10000)), NULL, 1 FROM c",
		"a write of wide rows":               endless + "INSERT INTO kv SELECT 'app_1', '', i, " + times(100, "length(randomblob(1000000))", "||") + ", NULL, 1 FROM c",
		"a write that returns":               endless + "INSERT INTO kv SELECT 'app_1', '', i, 1, NULL, 1 FROM c RETURNING " + times(100, "randomblob(1000000)", ","),
		"a write with instr":                 big + "UPDATE apps SET title = (SELECT " + times(100, "instr(x || %d, y || %d)", "+") + " FROM b, n)",
		"a write of a sort":                  endless + "INSERT INTO kv SELECT 'app_1', '', i, 1, NULL, 1 FROM c ORDER BY randomblob(900000)",
		"rtreecheck":                         "SELECT rtreecheck('main', 'apps')",
	}
}

func cteTower(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ", t%d AS (SELECT l.a FROM t%d l, t%d r)", i+1, i, i)
	}
	return b.String()
}

// In a released version, 1,900 columns of randomblob took 4.8 GB and 66 s with a deadline of 5 s, and instr took
// minutes.
func TestGuardedStatementsStayWithinMemoryAndTime(t *testing.T) {
	db := guardedDB(t)
	for name, statement := range hostile() {
		write := writes(statement)
		peak, took, err := attack(t, db, statement, write)
		if took > time.Minute || peak > 160<<20 {
			t.Errorf("%s: %v, %d MB: %v", name, took, peak>>20, err)
		}
		if err != nil && (errs.Is(err, errs.Internal) || errs.Is(err, errs.StorageFull)) {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%-36s %8v %4d MB  %.100v", name, took.Round(time.Millisecond), peak>>20, err)
	}
	if got, err := values(t, db, "SELECT count(*), (SELECT count(*) FROM kv) FROM apps"); got != "1 0" || err != nil {
		t.Errorf("afterwards: %q %v", got, err)
	}
}

// writes reports whether a statement is to run as one that may write.
func writes(statement string) bool {
	return strings.Contains(statement, "INSERT") || strings.Contains(statement, "UPDATE")
}

// attack runs a statement with a deadline of a fifth of a second, and returns by how much the process grew.
func attack(t *testing.T, db *DB, statement string, write bool) (peak int64, took time.Duration, err error) {
	t.Helper()
	before := residentMemory()
	done, grown := make(chan struct{}), make(chan int64)
	go func() {
		peak := int64(0)
		for {
			peak = max(peak, residentMemory()-before)
			select {
			case <-done:
				grown <- peak
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	rows := 0
	each := func(r *Row) error {
		if rows++; rows == 1000 {
			return errs.New(errs.TooLarge, "rows enough")
		}
		for i := range r.Columns() {
			_ = r.Value(i)
		}
		return nil
	}
	begun := time.Now()
	if write {
		_, err = db.WriteGuarded(ctx, statement, openGuard(), each)
	} else {
		err = db.ReadGuarded(ctx, statement, openGuard(), each)
	}
	took = time.Since(begun)
	close(done)
	return <-grown, took, err
}

// residentMemory returns the memory that belongs to the process alone; 0 if unknown.
func residentMemory() int64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident, shared int64
	_, _ = fmt.Sscan(string(data), &size, &resident, &shared)
	return (resident - shared) * int64(os.Getpagesize())
}
