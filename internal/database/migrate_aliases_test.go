package database

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAliasesSurviveTheirNewTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	if err := prepareFile(&path); err != nil {
		t.Fatal(err)
	}
	c := openRaw(t, path)
	list, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	upTo := func(n int) {
		if err := apply(t.Context(), c, list[:n], path); err != nil {
			t.Fatal(err)
		}
	}
	before := 0
	for i, m := range list {
		if m.name == "aliases.sql" {
			before = i
		}
	}
	upTo(before)
	for _, sql := range []string{
		"INSERT INTO apps (id, name, created_at, updated_at) VALUES ('app_1', 'blog', 1, 2)",
		"INSERT INTO aliases (name, kind, app_id, created_at, updated_at) VALUES ('blog', 'app', 'app_1', 3, 4), ('kept', 'reserved', NULL, 5, 6)",
	} {
		if err := c.Exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	upTo(len(list))
	var got []string
	err = c.Each("SELECT name || kind || coalesce(app_id, '-') || created_at || updated_at || keep_path FROM aliases ORDER BY name", func(r *Row) error {
		got = append(got, r.Text(0))
		return nil
	})
	if want := []string{"blogappapp_1340", "keptreserved-560"}; err != nil || !cmp.Equal(got, want) {
		t.Fatal(got, err)
	}
	// The new table goes with its app, as the old one did.
	if err := c.Exec("DELETE FROM apps"); err != nil {
		t.Fatal(err)
	}
	n := 0
	if _, err := c.First("SELECT count(*) FROM aliases", func(r *Row) { n = r.Int(0) }); err != nil || n != 1 {
		t.Fatalf("%d aliases are left, %v", n, err)
	}
}
