package database

import (
	"path/filepath"
	"testing"
)

func TestMigratedUsageIsCountedOnce(t *testing.T) {
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
		if m.name == "usage.sql" {
			before = i
		}
	}
	upTo(before)
	for _, sql := range []string{
		"INSERT INTO apps (id, name, created_at, updated_at) VALUES ('app_1', 'a', 1, 2), ('app_2', 'b', 1, 2)",
		"INSERT INTO kv (app_id, user_id, key, value, updated_at) VALUES ('app_1', '', 'ä', '\"ü\"', 1), ('app_1', 'usr_1', 'k', '1', 1)",
	} {
		if err := c.Exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	upTo(len(list))
	got := ""
	err = c.Each("SELECT app_id, keys, key_bytes FROM usage ORDER BY app_id", func(r *Row) error {
		got += r.Text(0) + " " + r.Text(1) + " " + r.Text(2) + "; "
		return nil
	})
	if want := "app_1 2 8; app_2 0 0; "; err != nil || got != want {
		t.Fatalf("%q, want %q, %v", got, want, err)
	}
}
