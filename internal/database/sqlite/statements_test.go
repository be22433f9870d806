package sqlite

import (
	"fmt"
	"testing"

	lib "modernc.org/sqlite/lib"
)

// openStatements counts the statements that SQLite holds for the connection.
func openStatements(c *Conn) (n int) {
	tls, handle := threadOf(c.raw), handleOf(c.raw)
	for s := lib.Xsqlite3_next_stmt(tls, handle, 0); s != 0; s = lib.Xsqlite3_next_stmt(tls, handle, s) {
		n++
	}
	return n
}

func TestAConnectionKeepsTheStatementsItUsesAndFinalizesTheRest(t *testing.T) {
	c := open(t)
	const hot = "SELECT 'hot'"
	for i := range 3 * maxStatements {
		for _, sql := range []string{hot, fmt.Sprintf("SELECT %d", i)} {
			if err := c.exec(sql); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := c.statements.prepared; got != 3*maxStatements+1 {
		t.Errorf("%d statements were prepared; want %d that are used once and the one that is always used", got, 3*maxStatements)
	}
	if got := openStatements(c); got != maxStatements {
		t.Errorf("SQLite holds %d statements, want %d", got, maxStatements)
	}
	if err := c.exec("SELECT 0"); err != nil { // it was finalized, and works again
		t.Error(err)
	}
}

func TestARepeatedWritePreparesNothing(t *testing.T) {
	c := open(t)
	if err := c.exec("CREATE TABLE t (a)"); err != nil {
		t.Fatal(err)
	}
	prepared := 0
	for i := range 20 {
		for _, step := range []func() error{c.Begin, c.Savepoint, func() error { return c.exec("INSERT INTO t VALUES (1)") }, c.RollbackTo, c.Release, c.Commit} {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		if i == 0 {
			prepared = c.statements.prepared
		}
	}
	if got := c.statements.prepared; got != prepared {
		t.Errorf("%d statements were prepared by the first write, and %d by all", prepared, got)
	}
}

// replans counts how often SQLite planned statements of the connection again.
func replans(c *Conn) (n int32) {
	tls, handle := threadOf(c.raw), handleOf(c.raw)
	for s := lib.Xsqlite3_next_stmt(tls, handle, 0); s != 0; s = lib.Xsqlite3_next_stmt(tls, handle, s) {
		n += lib.Xsqlite3_stmt_status(tls, s, lib.SQLITE_STMTSTATUS_REPREPARE, 0)
	}
	return n
}

func TestAStatementIsPlannedOnceForAllValues(t *testing.T) {
	c := open(t)
	c.script(t, `CREATE TABLE t (a PRIMARY KEY, b) WITHOUT ROWID;
		CREATE INDEX b ON t (b) WHERE b IS NOT NULL;
		INSERT INTO t WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT 'k' || i, i FROM n;
		ANALYZE`)
	for i := range 20 {
		for _, sql := range []string{
			"SELECT a FROM t WHERE a = ?1 AND (b IS NULL OR b > ?2)",
			"SELECT a FROM t WHERE b BETWEEN ?2 AND ?2 + length(?1)",
			"SELECT a FROM t WHERE a LIKE ?1 OR b < ?2",
			"DELETE FROM t WHERE a > ?1 AND b <= ?2 - 500",
		} {
			s, err := c.Prepare(sql)
			if err != nil {
				t.Fatal(err)
			}
			s.BindText(1, fmt.Sprint("k", i))
			s.BindInt64(2, int64(i))
			if _, err := s.Next(); err != nil {
				t.Fatal(err)
			}
			s.Release()
		}
	}
	if n := replans(c); n != 0 {
		t.Errorf("SQLite planned statements %d times again", n)
	}
}
