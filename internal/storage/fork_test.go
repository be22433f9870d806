package storage

import (
	"slices"
	"strings"
	"testing"

	"fazt/internal/database"
	"fazt/internal/database/databasetest"
)

// A table that belongs to an app and to its users is what an app keeps.
func TestEveryTableOfAppDataIsDeclared(t *testing.T) {
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	declared, found := map[string]string{}, 0
	for _, s := range stores() {
		declared[s.table] = s.columns
	}
	err = db.Read(t.Context(), func(c *database.Conn) error {
		return c.Each(`SELECT m.name, group_concat(i.name, ' ') FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) i WHERE m.type = 'table' AND i.hidden = 0 GROUP BY m.name`, func(r *database.Row) error {
			columns := strings.Fields(r.Text(1))
			if !slices.Contains(columns, "app_id") || !slices.Contains(columns, "user_id") {
				return nil
			}
			found++
			want := strings.Join(slices.DeleteFunc(columns, func(s string) bool { return s == "app_id" }), ", ")
			if declared[r.Text(0)] != want {
				t.Errorf("%s has the columns %q; declared are %q", r.Text(0), want, declared[r.Text(0)])
			}
			return nil
		})
	})
	if err != nil || found != len(declared) {
		t.Fatalf("%d tables, %d declared, %v", found, len(declared), err)
	}
}
