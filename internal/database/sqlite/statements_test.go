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
