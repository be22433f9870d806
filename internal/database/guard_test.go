package database

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fazt/internal/errs"
)

// openGuard hides env.value and protects users.
func openGuard() Guard {
	return Guard{
		Hidden:    map[string][]string{"env": {"value"}},
		Protected: func(table string) bool { return table == "users" },
		MaxBytes:  1 << 20,
		MaxMemory: 32 << 20,
		MaxSpill:  64 << 20,
	}
}

func guardedDB(t *testing.T) *DB {
	t.Helper()
	db := open(t, Config{Path: filepath.Join(t.TempDir(), "data.db")})
	err := db.Write(t.Context(), func(tx *Tx) error {
		for _, sql := range []string{
			"INSERT INTO apps VALUES ('app_1', 'one', '', 1, 1)",
			"INSERT INTO env VALUES ('app_1', 'KEY', 's3cret', 1)",
			"INSERT INTO users VALUES ('usr_1', 'ana', 'owner', 'hash', 1, 1)",
		} {
			if err := tx.Exec(sql); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// values returns all values of a guarded statement as one text.
func values(t *testing.T, db *DB, statement string) (string, error) {
	t.Helper()
	var b strings.Builder
	err := db.ReadGuarded(t.Context(), statement, openGuard(), func(r *Row) error {
		for i := range r.Columns() {
			if r.IsNull(i) {
				b.WriteString("NULL ")
				continue
			}
			b.WriteString(r.Text(i) + " ")
		}
		return nil
	})
	return strings.TrimSpace(b.String()), err
}

func TestAGuardedReadRefusesEverythingThatCouldWrite(t *testing.T) {
	db := guardedDB(t)
	outside := filepath.Join(t.TempDir(), "out.db")
	for statement, want := range map[string]string{
		"DELETE FROM apps":                                             "would change the table apps",
		"WITH x AS (SELECT 1) DELETE FROM apps":                        "would change the table apps",
		"with recursive x(a) as (select 1) update apps set name = 'y'": "would change the table apps",
		"/* SELECT */ INSERT INTO apps VALUES ('app_2','two','',1,1)":  "would change the table apps",
		"-- SELECT\nREPLACE INTO env VALUES ('app_1', 'KEY', 'x', 1)":  "would change the table env",
		"EXPLAIN DELETE FROM apps":                                     "would change the table apps",
		"DELETE FROM apps RETURNING id":                                "would change the table apps",
		"SELECT 1; DELETE FROM apps":                                   "more than one statement",
		"SELECT 1 /* */ ; -- x\n ; DELETE FROM apps":                   "more than one statement",
		"ATTACH '" + outside + "' AS x":                                "not allowed here",
		"DETACH main":                                                  "not allowed here",
		"VACUUM":                                                       "",
		"VACUUM INTO '" + outside + "'":                                "not allowed here",
		"REINDEX":                                                      "not allowed here",
		"ANALYZE":                                                      "",
		"BEGIN":                                                        "not allowed here",
		"SAVEPOINT a":                                                  "not allowed here",
		"CREATE TABLE t (a)":                                           "",
		"CREATE TEMP TABLE t (a)":                                      "",
		"CREATE TEMP VIEW v AS SELECT value FROM env":                  "",
		"DROP TABLE apps":                                              "",
		"ALTER TABLE env RENAME COLUMN value TO v":                     "",
		"PRAGMA query_only = OFF":                                      "the pragma query_only is not allowed",
		"PRAGMA writable_schema = 1":                                   "the pragma writable_schema is not allowed",
		"PRAGMA journal_mode = DELETE":                                 "the pragma journal_mode is not allowed",
		"PRAGMA wal_checkpoint":                                        "the pragma wal_checkpoint is not allowed",
		"PRAGMA user_version = 99":                                     "the pragma user_version is not allowed",
		"PRAGMA optimize":                                              "the pragma optimize is not allowed",
		"SELECT * FROM pragma_optimize":                                "",
		"SELECT load_extension('x')":                                   "",
		"SELECT * FROM sqlite_dbpage":                                  "",
		"SELECT ?":                                                     "parameters",
		"":                                                             "empty",
		" ; -- nothing":                                                "empty",
		"SELECT 1\x00; DELETE FROM apps":                               "NUL",
		"SELEC 1":                                                      `near "SELEC": syntax error`,
		"SELECT absent FROM apps":                                      "no such column: absent",
	} {
		_, err := values(t, db, statement)
		if err == nil || errs.Is(err, errs.Internal) || !strings.Contains(err.Error(), want) || strings.Contains(errs.Sentence(err), "sqlite:") {
			t.Errorf("%q: %v (%v)", statement, err, errs.KindOf(err))
		}
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("a file was written")
	}
	if got, err := values(t, db, "SELECT count(*), (SELECT count(*) FROM env) FROM apps"); got != "1 1" {
		t.Errorf("%q %v", got, err)
	}
}

// The guard is not the only protection: without it the connection still cannot write.
func TestAGuardedReadRunsOnAConnectionThatCannotWrite(t *testing.T) {
	db := guardedDB(t)
	err := db.ReadGuarded(t.Context(), "SELECT query_only FROM pragma_query_only", openGuard(), func(r *Row) error {
		if r.Int(0) != 1 {
			t.Error("it can write")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// SQLite does not call the guard for the columns of RETURNING.
func TestNoHiddenColumnIsReturnedByAWrite(t *testing.T) {
	for statement, want := range map[string]string{
		"UPDATE env SET name = name RETURNING value":                        "RETURNING is not available for the table env",
		"UPDATE env SET name = name RETURNING *":                            "RETURNING is not available for the table env",
		"DELETE FROM env RETURNING upper(value)":                            "RETURNING is not available for the table env",
		"INSERT INTO env SELECT app_id, 'B', value, 1 FROM env RETURNING 1": "RETURNING is not available for the table env",
		"UPDATE env SET name = name":                                        "",
		"UPDATE apps SET title = 'x' RETURNING name":                        "",
	} {
		db := guardedDB(t)
		_, err := db.WriteGuarded(t.Context(), statement, openGuard(), func(r *Row) error { return nil })
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", statement, err)
		}
	}
}

func TestHiddenColumnsReadAsNullEverywhere(t *testing.T) {
	db := guardedDB(t)
	for statement, want := range map[string]string{
		"SELECT value FROM env":                 "NULL",
		"SELECT VALUE FROM ENV":                 "NULL",
		"SELECT e.\"value\" FROM main.env AS e": "NULL",
		"SELECT * FROM env":                     "app_1 KEY NULL 1",
		"SELECT max(value), group_concat(value), count(value) FROM env":  "NULL NULL 0",
		"SELECT 1 FROM env WHERE value LIKE 's%'":                        "",
		"SELECT 1 FROM env WHERE length(value) > 0":                      "",
		"WITH x(v) AS (SELECT value FROM env) SELECT v FROM x":           "NULL",
		"SELECT name FROM env ORDER BY value":                            "KEY",
		"SELECT json_object('a', value) FROM env":                        `{"a":null}`,
		"SELECT v FROM (SELECT hex(value) AS v FROM env)":                "",
		"SELECT value FROM json_each('[7]')":                             "7",
		"SELECT name FROM pragma_table_info('env') WHERE name = 'value'": "value",
	} {
		if got, err := values(t, db, statement); got != want || err != nil {
			t.Errorf("%s: %q, want %q (%v)", statement, got, want, err)
		}
	}
}

func TestAGuardedReadIsStoppedInTime(t *testing.T) {
	db := guardedDB(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := db.ReadGuarded(ctx, "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c", openGuard(), func(*Row) error { return nil })
	if !errs.Is(err, errs.Timeout) {
		t.Fatal(err)
	}
	for _, statement := range []string{"SELECT zeroblob(100000000)", "SELECT printf('%*s', 100000000, 'x')"} {
		if _, err := values(t, db, statement); !errs.Is(err, errs.TooLarge) {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func TestAGuardedWriteChangesOnlyRows(t *testing.T) {
	db := guardedDB(t)
	write := func(ctx context.Context, statement string) (int, error) {
		return db.WriteGuarded(ctx, statement, openGuard(), func(*Row) error { return nil })
	}
	if n, err := write(t.Context(), "UPDATE apps SET title = 'x'"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := write(t.Context(), "UPDATE apps SET title = coalesce((SELECT value FROM env), 'hidden')"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if got, err := values(t, db, "SELECT title FROM apps"); got != "hidden" {
		t.Errorf("a secret was copied to where it can be read: %q %v", got, err)
	}
	for statement, kind := range map[string]errs.Kind{
		"UPDATE users SET role = 'user'": errs.Forbidden,
		"DELETE FROM users":              errs.Forbidden,
		"CREATE TABLE t (a)":             errs.Forbidden,
		"CREATE TRIGGER t AFTER INSERT ON apps BEGIN SELECT 1; END": errs.Forbidden,
		"ALTER TABLE env RENAME COLUMN value TO v":                  errs.Forbidden,
		"DROP TABLE apps":                   errs.Forbidden,
		"UPDATE sqlite_schema SET sql = ''": errs.Invalid,
		"COMMIT":                            errs.Forbidden,
		"PRAGMA foreign_keys = OFF":         errs.Forbidden,
		"INSERT INTO apps VALUES ('app_2', 'one', '', 1, 1)":       errs.Conflict,
		"INSERT INTO env VALUES ('app_none', 'A', 'b', 1)":         errs.Conflict,
		"UPDATE apps SET title = 'y'; UPDATE apps SET title = 'z'": errs.Invalid,
	} {
		if n, err := write(t.Context(), statement); !errs.Is(err, kind) || n != 0 {
			t.Errorf("%s: %d %v (%v)", statement, n, err, errs.KindOf(err))
		}
	}
	if n, err := write(t.Context(), "DELETE FROM apps"); n != 1 || err != nil { // and the rows that depend on it
		t.Fatal(n, err)
	}
	if got, _ := values(t, db, "SELECT (SELECT count(*) FROM env), (SELECT count(*) FROM users)"); got != "0 1" {
		t.Error(got)
	}
}

// Stopping a write makes SQLite roll back its transaction, so it must not be a shared one.
func TestAStoppedGuardedWriteUndoesOnlyItself(t *testing.T) {
	db := guardedDB(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // with less, it would be refused on a slow disk before it begins
	defer cancel()
	neighbor := make(chan error, 1)
	go func() {
		neighbor <- db.Write(t.Context(), func(tx *Tx) error { return tx.Exec("UPDATE apps SET title = 'neighbor'") })
	}()
	_, err := db.WriteGuarded(ctx, `WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)
		INSERT INTO kv SELECT 'app_1', '', x, '1', NULL, 1 FROM c`, openGuard(), func(*Row) error { return nil })
	if !errs.Is(err, errs.Timeout) {
		t.Fatal(err)
	}
	if err := <-neighbor; err != nil {
		t.Errorf("the neighbor failed: %v", err)
	}
	if got, _ := values(t, db, "SELECT count(*), (SELECT title FROM apps) FROM kv"); got != "0 neighbor" {
		t.Error(got)
	}
}

func FuzzGuardedStatement(f *testing.F) {
	for _, seed := range []string{"SELECT 1", "WITH x AS (SELECT 1) DELETE FROM apps", "PRAGMA table_info(env)", "VACUUM", "/*", "SELECT value FROM env"} {
		f.Add(seed)
	}
	db, err := Open(f.Context(), Config{Path: filepath.Join(f.TempDir(), "data.db")})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	f.Fuzz(func(t *testing.T, statement string) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_ = db.ReadGuarded(ctx, statement, openGuard(), func(r *Row) error { return nil })
		schema := func() (n int) {
			_ = db.Read(t.Context(), func(c *Conn) error {
				_, err := c.First("PRAGMA schema_version", func(r *Row) { n = r.Int(0) })
				return err
			})
			return n
		}
		before := schema()
		_ = db.ReadGuarded(ctx, statement, openGuard(), func(r *Row) error { return nil })
		if schema() != before {
			t.Fatal("the schema was changed")
		}
	})
}
