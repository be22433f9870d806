package rules

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
)

func openDatabase(t testing.TB) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	err = db.Write(context.Background(), func(tx *database.Tx) error {
		return tx.Exec("INSERT INTO apps (id, name, title, created_at, updated_at) VALUES ('app_a', 'a', '', 1, 1), ('app_b', 'b', '', 1, 1)")
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func openStore(t *testing.T, db *database.DB, master string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{DB: db, KeyFile: KeyFile(db.Path()), MasterKey: master})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func count(t *testing.T, db *database.DB, sql string) (n int) {
	t.Helper()
	err := db.Read(t.Context(), func(c *database.Conn) error {
		_, err := c.First(sql, func(r *database.Row) { n = r.Int(0) })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func change(t *testing.T, db *database.DB, sql string) {
	t.Helper()
	if err := db.Write(t.Context(), func(tx *database.Tx) error { return tx.Exec(sql) }); err != nil {
		t.Fatal(err)
	}
}

// In the predecessor, an entry or secret for all apps that was set twice existed twice, and the older one applied: NULL does
// not equal NULL.
func TestSettingAnEntryOrSecretAgainReplacesItAlsoForAllApps(t *testing.T) {
	db := openDatabase(t)
	s := openStore(t, db, "")
	for _, app := range []string{"", "app_a"} {
		first, replaced, err := s.Allow(t.Context(), Entry{Domain: "api.example.com", AppID: app, Rate: 5})
		if err != nil || replaced || !strings.HasPrefix(first.ID, "net_") {
			t.Fatalf("%+v %v %v", first, replaced, err)
		}
		second, replaced, err := s.Allow(t.Context(), Entry{Domain: "API.example.com.", AppID: app, Rate: 9, Ports: []int{8443}, Methods: []string{"GET"}, Paths: []string{"/bot{token}"}, Private: []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24")}})
		if err != nil || !replaced || second.ID != first.ID || !second.CreatedAt.Equal(first.CreatedAt) {
			t.Fatalf("%+v %v %v", second, replaced, err)
		}
		e, err := s.Entry("api.example.com", app)
		if err != nil || e.Rate != 9 || e.Ports[0] != 8443 || e.Methods[0] != "GET" || e.Paths[0] != "/bot{token}" || e.Private[0].String() != "192.168.1.0/24" {
			t.Fatalf("%+v %v", e, err)
		}
		for n, value := range []string{"first-value", "second-value"} {
			_, replaced, err := s.SetSecret(t.Context(), Secret{Name: "KEY", AppID: app, As: AsBearer, Domain: "api.example.com", Value: value})
			if err != nil || replaced != (n == 1) {
				t.Fatal(replaced, err)
			}
		}
	}
	if n, m := count(t, db, "SELECT count(*) FROM net_entries"), count(t, db, "SELECT count(*) FROM net_secrets"); n != 2 || m != 2 || len(s.Entries()) != 2 {
		t.Errorf("%d entries and %d secrets", n, m)
	}
	// The database itself refuses a duplicate.
	err := db.Write(t.Context(), func(tx *database.Tx) error {
		return tx.Exec("INSERT INTO net_entries (id, domain, created_at, updated_at) VALUES ('x', 'api.example.com', 1, 1)")
	})
	if !database.IsUnique(err) {
		t.Errorf("two entries of the same place: %v", err)
	}
	err = db.Write(t.Context(), func(tx *database.Tx) error {
		return tx.Exec("INSERT INTO net_secrets (name, domain, inject_as, sealed, created_at, updated_at) VALUES ('KEY', 'a', 'bearer', x'', 1, 1)")
	})
	if !database.IsUnique(err) {
		t.Errorf("two secrets of the same place: %v", err)
	}
	values := map[string]string{}
	for _, secret := range reopened(t, s) {
		values[secret.AppID] = secret.Value
	}
	if values[""] != "second-value" || values["app_a"] != "second-value" {
		t.Errorf("%v", values)
	}
}

// reopened returns the secrets with their values, as a policy gets them.
func reopened(t *testing.T, s *Store) []Secret {
	t.Helper()
	kept, err := s.Secrets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var sealed [][]byte
	err = s.db.Read(t.Context(), func(c *database.Conn) error {
		return c.Each("SELECT sealed FROM net_secrets ORDER BY name, app_id", func(r *database.Row) error {
			sealed = append(sealed, r.Bytes(0))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.open(kept, sealed)
}

func TestAPolicyHasANewVersionOnlyAfterAChange(t *testing.T) {
	db := openDatabase(t)
	s := openStore(t, db, "")
	before := s.Policy()
	if err := s.Reload(t.Context()); err != nil || s.Policy() != before {
		t.Errorf("a new policy for nothing: %v", err)
	}
	step := func(what string, err error) {
		t.Helper()
		if err != nil || s.Policy() == before {
			t.Errorf("%s left the policy as it was: %v", what, err)
		}
		before = s.Policy()
	}
	_, _, err := s.Allow(t.Context(), Entry{Domain: "api.example.com"})
	step("an entry", err)
	_, _, err = s.Allow(t.Context(), Entry{Domain: "api.example.com", HTTP: true})
	step("a change of an entry", err)
	_, _, err = s.SetSecret(t.Context(), Secret{Name: "KEY", As: AsBearer, Domain: "api.example.com", Value: "topsecret"})
	step("a secret", err)
	_, err = s.RotateSecret(t.Context(), "KEY", "", "topsecret2")
	step("another value", err)
	s.TouchSecret("", "KEY")
	if err := errors.Join(s.Flush(t.Context()), s.Reload(t.Context())); err != nil || s.Policy() != before {
		t.Errorf("the use of a secret made a new policy: %v", err)
	}
	_, err = s.RemoveSecret(t.Context(), "KEY", "")
	step("a removed secret", err)
	_, err = s.Remove(t.Context(), "api.example.com", "")
	step("a removed entry", err)
	// A change that bypasses the store, as by `fazt sql --write`; the server reloads after every operation.
	change(t, db, "INSERT INTO net_entries (id, domain, created_at, updated_at) VALUES ('net_x', 'b.example.com', 1, 1)")
	step("another hand", s.Reload(t.Context()))
}

func TestInvalidRowsAreIgnored(t *testing.T) {
	db := openDatabase(t)
	change(t, db, "INSERT INTO net_entries (id, domain, ports, created_at, updated_at) VALUES ('net_x', 'a.example.com', 'many', 1, 1), ('net_y', 'b.example.com', '', 1, 1), ('net_z', 'C.example.com', '', 1, 1), ('net_w', '*.com', '', 1, 1)")
	s := openStore(t, db, "")
	if list := s.Entries(); len(list) != 1 || list[0].Domain != "b.example.com" {
		t.Errorf("%+v", list)
	}
}

func TestSecretsAreListedWithTheirLastUseAndWithoutTheirValue(t *testing.T) {
	db := openDatabase(t)
	s := openStore(t, db, "")
	for _, app := range []string{"", "app_a"} {
		_, _, err := s.SetSecret(t.Context(), Secret{Name: "KEY", AppID: app, As: AsHeader, Key: "X-Key", Domain: "api.example.com", Methods: []string{"get"}, PathPrefix: "/v1/", Value: "topsecret-0123"})
		if err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now().Add(-time.Second)
	s.TouchSecret("app_a", "KEY")
	s.TouchSecret("app_a", "NONE")
	list, err := s.Secrets(t.Context())
	if err != nil || len(list) != 2 || list[0].AppID != "" || !list[0].LastUsed.IsZero() || list[1].LastUsed.Before(start) || list[1].PathPrefix != "/v1/" || list[1].Methods[0] != "GET" {
		t.Errorf("%+v %v", list, err)
	}
	for _, k := range list {
		if k.Value != "" || k.Fault != "" {
			t.Errorf("%+v", k)
		}
	}
	data, err := os.ReadFile(db.Path())
	wal, _ := os.ReadFile(db.Path() + "-wal")
	if err != nil || strings.Contains(string(data)+string(wal), "topsecret") {
		t.Errorf("the value can be read in the database file: %v", err)
	}
	if !s.HasSecret("KEY", "app_b") || s.HasSecret("OTHER", "app_a") {
		t.Error("which secrets there are for an app")
	}
	if _, err := s.RotateSecret(t.Context(), "OTHER", "", "topsecret-0123"); !errs.Is(err, errs.NotFound) {
		t.Error(err)
	}
	if _, err := s.RemoveSecret(t.Context(), "KEY", "app_b"); !errs.Is(err, errs.NotFound) {
		t.Error(err)
	}
	if _, _, err := s.SetSecret(t.Context(), Secret{Name: "KEY", AppID: "app_gone", As: AsBearer, Domain: "api.example.com", Value: "topsecret-0123"}); !errs.Is(err, errs.NotFound) {
		t.Error(err)
	}
}

func TestWithoutItsKeyASecretCannotBeUsedAndNothingIsLost(t *testing.T) {
	db := openDatabase(t)
	set := func(s *Store, name string) error {
		_, _, err := s.SetSecret(context.Background(), Secret{Name: name, As: AsBearer, Domain: "api.example.com", Value: "topsecret-" + name})
		return err
	}
	s := openStore(t, db, "")
	if err := errors.Join(set(s, "ONE"), set(s, "TWO")); err != nil {
		t.Fatal(err)
	}
	file := KeyFile(db.Path())
	kept := filepath.Join(t.TempDir(), "kept")
	if err := os.Rename(file, kept); err != nil {
		t.Fatal(err)
	}

	s = openStore(t, db, "")
	list, err := s.Secrets(t.Context())
	if err != nil || len(list) != 2 || !strings.Contains(list[0].Fault, "data.db.key is missing: restore it") {
		t.Errorf("%+v %v", list, err)
	}
	for _, secret := range reopened(t, s) {
		if secret.Value != "" {
			t.Errorf("%s has a value without a key", secret.Name)
		}
	}
	if _, _, err := s.Allow(t.Context(), Entry{Domain: "api.example.com"}); err != nil {
		t.Errorf("without the key, nothing else works: %v", err)
	}
	// No new key is made in place of the lost one: restoring the lost key would overwrite it, and the secrets sealed with it
	// would be lost.
	if err := set(s, "THREE"); err == nil || !strings.Contains(errs.Sentence(err), "If it is lost, remove all secrets") {
		t.Errorf("a second key was made: %v", err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a second key file was made")
	}

	wrong := openStore(t, db, strings.Repeat("ab", 32))
	if list, _ := wrong.Secrets(t.Context()); !strings.Contains(list[1].Fault, "set with another key") {
		t.Errorf("%+v", list)
	}
	if err := set(wrong, "TWO"); err != nil { // set again with the current key
		t.Error(err)
	}
	if list, _ := wrong.Secrets(t.Context()); list[0].Fault == "" || list[1].Fault != "" {
		t.Errorf("%+v", list)
	}
	if list := openStore(t, db, "too short").now.Load().secrets; !strings.Contains(list[0].Fault, "FAZT_MASTER_KEY has 9 characters") {
		t.Errorf("%+v", list)
	}

	if err := os.Rename(kept, file); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list := s.now.Load().secrets; list[0].Fault != "" {
		t.Errorf("the key is back: %+v", list)
	}

	// The last secret whose key is lost can be set again.
	change(t, db, "DELETE FROM net_secrets WHERE name = 'TWO'")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Reload(t.Context()), set(s, "ONE")); err != nil || s.now.Load().secrets[0].Fault != "" {
		t.Errorf("%+v %v", s.now.Load().secrets, err)
	}
}

func TestASecretMovedToAnotherDomainCannotBeOpened(t *testing.T) {
	db := openDatabase(t)
	s := openStore(t, db, "")
	if _, _, err := s.SetSecret(t.Context(), Secret{Name: "KEY", As: AsBearer, Domain: "api.example.com", Value: "topsecret"}); err != nil {
		t.Fatal(err)
	}
	for _, hand := range []string{
		"UPDATE net_secrets SET param = 'X-Key'", // no bearer token has one: the rest of the row is looked at too
		"UPDATE net_secrets SET domain = 'evil.example.com'",
	} {
		change(t, db, hand)
		if err := s.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if list := reopened(t, s); list[0].Value != "" {
			t.Errorf("%s: %+v", hand, list)
		}
	}
}

func TestEntriesAndSecretsOfARemovedAppAreRemoved(t *testing.T) {
	db := openDatabase(t)
	s := openStore(t, db, "")
	for _, app := range []string{"", "app_a", "app_b"} {
		_, _, err := s.Allow(t.Context(), Entry{Domain: "api.example.com", AppID: app})
		_, _, err2 := s.SetSecret(t.Context(), Secret{Name: "KEY", AppID: app, As: AsBearer, Domain: "api.example.com", Value: "topsecret"})
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
	}
	change(t, db, "DELETE FROM apps WHERE id = 'app_a'")
	if n := count(t, db, "SELECT (SELECT count(*) FROM net_entries) || (SELECT count(*) FROM net_secrets)"); n != 22 {
		t.Errorf("%d", n)
	}
	if err := s.Reload(t.Context()); err != nil || len(s.Entries()) != 2 {
		t.Errorf("%v %v", s.Entries(), err)
	}
}

func TestARequestedDomainIsCoveredByItselfOrAWildcard(t *testing.T) {
	s := openStore(t, openDatabase(t), "")
	for _, e := range []Entry{{Domain: "api.example.com"}, {Domain: "*.example.org", AppID: "app_a"}} {
		if _, _, err := s.Allow(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		domain, app string
		want        bool
	}{
		{"api.example.com", "app_b", true}, {"example.com", "app_a", false}, {"a.example.org", "app_a", true}, {"a.b.example.org", "app_a", true},
		{"*.example.org", "app_a", true}, {"*.b.example.org", "app_a", true}, {"example.org", "app_a", false}, {"a.example.org", "app_b", false},
		{"notexample.org", "app_a", false}, {"*.example.com", "app_a", false},
	} {
		if got := s.Covers(test.domain, test.app); got != test.want {
			t.Errorf("%s for %s: %v", test.domain, test.app, got)
		}
	}
}
