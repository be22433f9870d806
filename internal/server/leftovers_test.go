package server_test

import (
	"fmt"
	"slices"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/database"
	"fazt/internal/fazttest"
)

// Tables with rows of an app that no foreign key removes have to be emptied explicitly. A new table that lacks this
// fails here.
func TestNothingIsLeftOfARemovedApp(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", named("blog"))
	i.Deploy("shop", named("shop"))
	var tables []string
	count := func(sql string, args ...any) (n int) {
		t.Helper()
		err := i.DB.Read(t.Context(), func(c *database.Conn) error {
			_, err := c.First(sql, func(r *database.Row) { n = r.Int(0) }, args...)
			return err
		})
		if err != nil {
			t.Fatal(sql, err)
		}
		return n
	}
	err := i.DB.Read(t.Context(), func(c *database.Conn) error {
		return c.Each(`SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) i WHERE m.type = 'table' AND i.name = 'app_id'
			AND NOT EXISTS (SELECT 1 FROM pragma_foreign_key_list(m.name) k WHERE k."from" = 'app_id') AND m.name NOT IN ('activity', 'leftovers')`,
			func(r *database.Row) error { tables = append(tables, r.Text(0)); return nil })
	})
	if err != nil || !slices.Contains(tables, "kv") {
		t.Fatal(tables, err)
	}
	fill := map[string]string{
		"kv":      "INSERT INTO kv SELECT a.id, '', 'key' || n.value, '1', NULL, 1 FROM apps a, json_each(?) n",
		"app_log": "INSERT INTO app_log (app_id, at, number, level, message) SELECT a.id, 1, 1, 'info', 'x' FROM apps a, json_each(?) n",
		"net_log": "INSERT INTO net_log (app_id, method, scheme, host, path) SELECT a.id, 'GET', 'https', 'a', '/' FROM apps a, json_each(?) n",
	}
	const each = 130
	list := "[0"
	for n := 1; n < each; n++ {
		list += fmt.Sprint(",", n)
	}
	for _, table := range tables {
		err := i.DB.Write(t.Context(), func(tx *database.Tx) error { return tx.Exec(fill[table], list+"]") })
		if err != nil {
			t.Fatalf("%s: %v; the test has no statement that fills it", table, err)
		}
	}
	app := call(t, i, op.AppGet, op.AppRef{App: "blog"}).ID
	call(t, i, op.AppRemove, op.AppRef{App: "blog"})
	if err := i.RemoveLeftovers(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, table := range append(tables, "leftovers") {
		if n := count("SELECT count(*) FROM "+table+" WHERE app_id = ?", app); n != 0 {
			t.Errorf("%s: %d rows are left", table, n)
		}
		if n := count("SELECT count(*) FROM " + table); table != "leftovers" && n < each {
			t.Errorf("%s: the other app has %d rows", table, n)
		}
	}
	if got := count("SELECT keys FROM usage") - count("SELECT count(*) FROM kv"); got != 0 {
		t.Errorf("the usage of the other app is %d off", got)
	}
}

func TestAForkWithDataIsComplete(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", named("blog"))
	for n := range 3 {
		expect(t, i, "blog", "/api/x", 200, fmt.Sprintf(`"n":%d`, n+1))
	}
	made := call(t, i, op.AppFork, op.Fork{App: "blog", Name: "copy", WithData: true})
	if made.Usage.Keys != 1 || made.Usage.KeyBytes == 0 {
		t.Errorf("the fork stores %+v", made.Usage)
	}
	if err := i.RemoveLeftovers(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, i, "copy", "/api/x", 200, `"n":4`)
	expect(t, i, "blog", "/api/x", 200, `"n":4`)
}
