package apps

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
)

func open(t testing.TB) *Store {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return New(db)
}

func ensure(t *testing.T, s *Store, name, title string) App {
	t.Helper()
	var app App
	err := s.db.Write(t.Context(), func(tx *database.Tx) (err error) {
		app, err = s.EnsureTx(tx, name, title)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"blog": "", "a": "", "9": "", "my-blog-2": "", "root": "", strings.Repeat("a", 63): "",
		"":                      "name is missing",
		strings.Repeat("a", 64): "longer than 63",
		"Blog":                  "only a-z, 0-9 and -",
		"my_blog":               "only a-z, 0-9 and -",
		"blög":                  "only a-z, 0-9 and -",
		"a.b":                   "only a-z, 0-9 and -",
		"-a":                    "begins or ends with -",
		"a-":                    "begins or ends with -",
		"1--a":                  "reserved for previews",
		"xn--bcher-kva":         "reserved for previews",
		"admin":                 "is reserved",
		"www":                   "is reserved",
		"localhost":             "is reserved",
	} {
		err := CheckName(name)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || !errs.Is(err, errs.Invalid)) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
}

func TestEnsureMakesOnceAndFindsByNameAndID(t *testing.T) {
	s := open(t)
	first := ensure(t, s, "blog", "My blog")
	again := ensure(t, s, "blog", "")
	if first.ID != again.ID || again.Title != "My blog" {
		t.Fatalf("%+v, then %+v", first, again)
	}
	if renamed := ensure(t, s, "blog", "Our blog"); renamed.Title != "Our blog" {
		t.Fatalf("%+v", renamed)
	}
	for _, ref := range []string{"blog", first.ID} {
		if got, err := s.Get(t.Context(), ref); err != nil || got.ID != first.ID || got.CreatedAt.IsZero() || got.UpdatedAt.IsZero() {
			t.Errorf("%s: %+v %v", ref, got, err)
		}
	}
	for _, ref := range []string{"none", "app_none", ""} {
		if _, err := s.Get(t.Context(), ref); !errs.Is(err, errs.NotFound) {
			t.Errorf("%q: %v", ref, err)
		}
	}
	if a, err := s.Addresses(t.Context(), first.ID); err != nil || !cmp.Equal(a, Addresses{[]string{"blog"}, []string{}, []string{}}) {
		t.Errorf("addresses %+v %v", a, err)
	}
}

func TestANameThatLeadsElsewhereIsTaken(t *testing.T) {
	s := open(t)
	err := s.db.Write(t.Context(), func(tx *database.Tx) error {
		if err := tx.Exec("INSERT INTO aliases (name, kind, created_at, updated_at) VALUES ('shop', 'reserved', 1, 1)"); err != nil {
			return err
		}
		_, err := s.EnsureTx(tx, "shop", "")
		return err
	})
	if !errs.Is(err, errs.Conflict) || !strings.Contains(err.Error(), `"shop" is taken`) {
		t.Fatalf("got %v", err)
	}
}

func TestListPages(t *testing.T) {
	s := open(t)
	for _, name := range []string{"c", "a", "e", "b", "d"} {
		ensure(t, s, name, "")
	}
	var got []string
	for cursor := ""; ; {
		page, next, err := s.List(t.Context(), cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, app := range page {
			got = append(got, app.Name)
		}
		if cursor = next; next == "" {
			break
		}
	}
	if want := []string{"a", "b", "c", "d", "e"}; !cmp.Equal(got, want) {
		t.Fatalf("got %v", got)
	}
	if n, err := s.Count(t.Context()); n != 5 || err != nil {
		t.Fatalf("%d %v", n, err)
	}
}

// Regression: removing an app said "removed" and left the app's files, data and address in place.
func TestRemovingAnAppRemovesEverythingItOwns(t *testing.T) {
	s := open(t)
	app := ensure(t, s, "blog", "")
	other := ensure(t, s, "shop", "")
	for _, a := range []App{app, other} {
		if err := s.SetEnv(t.Context(), a.ID, map[string]string{"A": "b"}); err != nil {
			t.Fatal(err)
		}
		err := s.db.Write(t.Context(), func(tx *database.Tx) error {
			if err := tx.Exec("INSERT INTO kv VALUES (?, '', 'k', '1', NULL, 1)", a.ID); err != nil {
				return err
			}
			if err := tx.Exec("INSERT INTO app_log (app_id, at, number, level, message) VALUES (?, 1, 1, 'info', 'x')", a.ID); err != nil {
				return err
			}
			if err := tx.Exec("INSERT INTO deployments (id, app_id, number, digest, files, bytes, created_at) VALUES (?, ?, 1, x'00', 0, 0, 1)", "dep_"+a.Name, a.ID); err != nil {
				return err
			}
			return tx.Exec("INSERT INTO live VALUES (?, ?, 1)", a.ID, "dep_"+a.Name)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Remove(t.Context(), "blog"); err != nil {
		t.Fatal(err)
	}
	err := s.db.Read(t.Context(), func(c *database.Conn) error {
		for _, table := range []string{"apps", "aliases", "env", "kv", "app_log", "deployments", "live"} {
			n := 0
			if _, err := c.First("SELECT count(*) FROM "+table, func(r *database.Row) { n = r.Int(0) }); err != nil {
				return err
			}
			want := 1
			if table == "kv" || table == "app_log" {
				want = 2 // there may be many, so they are removed later
			}
			if n != want {
				t.Errorf("%s has %d rows, want %d", table, n, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := s.Leftovers(t.Context()); err != nil || !slices.Equal(list, []string{app.ID}) {
		t.Errorf("rows of %v are left, %v", list, err)
	}
	if err := s.Forget(t.Context(), app.ID); err != nil {
		t.Error(err)
	}
	if list, err := s.Leftovers(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("rows of %v are left, %v", list, err)
	}
	if _, err := s.Remove(t.Context(), "blog"); !errs.Is(err, errs.NotFound) {
		t.Errorf("removing it again: %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	s := open(t)
	app := ensure(t, s, "blog", "")
	if err := s.SetEnv(t.Context(), app.ID, map[string]string{"B": "2", "A": "1"}); err != nil {
		t.Fatal(err)
	}
	for name, values := range map[string]map[string]string{
		"bad name among good ones": {"C": "3", "1X": "no"},
		"empty name":               {"": "x"},
		"too long a value":         {"D": strings.Repeat("x", maxEnvValue+1)},
		"NUL":                      {"E": "a\x00b"},
	} {
		if err := s.SetEnv(t.Context(), app.ID, values); err == nil {
			t.Errorf("%s was set", name)
		}
	}
	if err := s.SetEnv(t.Context(), "app_none", map[string]string{"A": "1"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("no such app: %v", err)
	}
	if err := s.UnsetEnv(t.Context(), app.ID, []string{"A", "NONE"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("unset of a missing one: %v", err)
	}
	list, err := s.Env(t.Context(), app.ID)
	if err != nil || len(list) != 2 || list[0].Name != "A" || list[1].Value != "2" {
		t.Fatalf("%+v %v", list, err)
	}
	all, err := s.Routing(t.Context())
	want := []AppRoute{{ID: app.ID, Name: "blog", Env: map[string]string{"A": "1", "B": "2"}}}
	if err != nil || !cmp.Equal(all.Apps, want) {
		t.Fatal(cmp.Diff(want, all.Apps), err)
	}
}
