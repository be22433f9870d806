package database

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// upgraded returns a database in which these statements ran just before the migration with this name, followed by all
// migrations from it on.
func upgraded(t *testing.T, name string, statements ...string) *Conn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.db")
	if err := prepareFile(&path); err != nil {
		t.Fatal(err)
	}
	c := openRaw(t, path)
	list, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	before := slices.IndexFunc(list, func(m migration) bool { return m.name == name })
	if before < 0 {
		t.Fatalf("there is no migration %s", name)
	}
	if err := apply(t.Context(), c, list[:before], path); err != nil {
		t.Fatal(err)
	}
	for _, sql := range statements {
		if err := c.Exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := apply(t.Context(), c, list, path); err != nil {
		t.Fatal(err)
	}
	return c
}

// rows returns the first column of a query.
func rows(t *testing.T, c *Conn, sql string) (list []string) {
	t.Helper()
	if err := c.Each(sql, func(r *Row) error { list = append(list, r.Text(0)); return nil }); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestMigratedUsageIsCountedOnce(t *testing.T) {
	c := upgraded(t, "usage.sql",
		"INSERT INTO apps (id, name, created_at, updated_at) VALUES ('app_1', 'a', 1, 2), ('app_2', 'b', 1, 2)",
		"INSERT INTO kv (app_id, user_id, key, value, updated_at) VALUES ('app_1', '', 'ä', '\"ü\"', 1), ('app_1', 'usr_1', 'k', '1', 1)")
	got := rows(t, c, "SELECT app_id || ' ' || keys || ' ' || key_bytes FROM usage ORDER BY app_id")
	if diff := cmp.Diff([]string{"app_1 2 8", "app_2 0 0"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAliasesSurviveTheirNewTable(t *testing.T) {
	c := upgraded(t, "aliases.sql",
		"INSERT INTO apps (id, name, created_at, updated_at) VALUES ('app_1', 'blog', 1, 2)",
		"INSERT INTO aliases (name, kind, app_id, created_at, updated_at) VALUES ('blog', 'app', 'app_1', 3, 4), ('kept', 'reserved', NULL, 5, 6)")
	got := rows(t, c, "SELECT name || kind || coalesce(app_id, '-') || created_at || updated_at || keep_path FROM aliases ORDER BY name")
	if diff := cmp.Diff([]string{"blogappapp_1340", "keptreserved-560"}, got); diff != "" {
		t.Error(diff)
	}
	// Like the old table, the new one loses the aliases of a removed app.
	if err := c.Exec("DELETE FROM apps"); err != nil {
		t.Fatal(err)
	}
	if left := rows(t, c, "SELECT name FROM aliases"); len(left) != 1 {
		t.Errorf("%v are left", left)
	}
}

// Before the migration, live deployments were not recorded, and a rollback went to the next lower number.
func TestRollbackGoesByNumberInMigratedDeployments(t *testing.T) {
	c := upgraded(t, "live_before.sql",
		"INSERT INTO apps (id, name, created_at, updated_at) VALUES ('app_1', 'a', 1, 2), ('app_2', 'b', 1, 2)",
		`INSERT INTO deployments (id, app_id, number, digest, files, bytes, created_at) VALUES
			('dep_1', 'app_1', 1, x'00', 0, 0, 10), ('dep_2', 'app_2', 2, x'00', 0, 0, 20), ('dep_3', 'app_1', 3, x'00', 0, 0, 30), ('dep_4', 'app_1', 4, x'00', 0, 0, 40)`,
		"INSERT INTO live (app_id, deployment_id, since) VALUES ('app_1', 'dep_3', 50)")
	got := rows(t, c, "SELECT id || ' ' || live_at || ' ' || coalesce(previous_id, '-') FROM deployments ORDER BY id")
	if diff := cmp.Diff([]string{"dep_1 10 -", "dep_2 20 -", "dep_3 50 dep_1", "dep_4 40 dep_3"}, got); diff != "" {
		t.Error(diff)
	}
}
