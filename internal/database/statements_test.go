package database

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
	db := open(t, Config{Readers: 1})
	const hot = "SELECT value FROM settings WHERE name = ?"
	err := db.Read(t.Context(), func(c *Conn) error {
		before := c.statements.prepared
		for i := range 3 * maxStatements {
			for _, sql := range []string{hot, fmt.Sprintf("SELECT %d WHERE ?", i)} {
				if err := c.Exec(sql, "a"); err != nil {
					return err
				}
			}
		}
		if got := c.statements.prepared - before; got != 3*maxStatements+1 {
			t.Errorf("%d statements were prepared; want %d that are used once and the one that is always used", got, 3*maxStatements)
		}
		if got := openStatements(c); got != maxStatements {
			t.Errorf("SQLite holds %d statements, want %d", got, maxStatements)
		}
		first := "SELECT 0 WHERE ?" // was finalized, and works again
		return c.Exec(first, "a")
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAWriteThatIsRepeatedPreparesNothing(t *testing.T) {
	db := open(t, Config{})
	prepared := 0
	for i := range 20 {
		if err := db.Write(t.Context(), set(fmt.Sprint(i), "")); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			prepared = db.writer.conn.statements.prepared
		}
	}
	if got := db.writer.conn.statements.prepared; got != prepared {
		t.Errorf("%d statements were prepared by the first write, and %d by all", prepared, got)
	}
}
