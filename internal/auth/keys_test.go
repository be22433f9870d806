package auth

import (
	"context"
	"strings"
	"testing"
	"time"

	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
)

func openKeys(t testing.TB) *Keys {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return NewKeys(db)
}

func create(t testing.TB, k *Keys, name string, expires time.Time, scopes ...Scope) (APIKey, string) {
	t.Helper()
	key, token, err := k.Create(t.Context(), Principal{Kind: Owner}, name, scopes, expires)
	if err != nil {
		t.Fatal(err)
	}
	return key, token
}

func TestAKeyIsKnownByItsTokenOnly(t *testing.T) {
	k := openKeys(t)
	key, token := create(t, k, "ci", time.Time{}, Scope{Verb: ScopeDeploy, App: "app_1"}, Scope{Verb: ScopeRead})
	if err := CheckToken(token); err != nil || !strings.HasPrefix(token, key.Prefix+"_") {
		t.Fatalf("%s %v", token, err)
	}
	p, err := k.Check(t.Context(), token)
	if err != nil || p.Kind != Key || p.ID != key.ID || p.Name != "ci" || !p.Has(ScopeDeploy, "app_1") || p.Has(ScopeDeploy, "app_2") || !p.Has(ScopeRead, "app_2") || p.Has(ScopeAdmin, "") {
		t.Fatalf("%+v %v", p, err)
	}
	_, other := create(t, k, "other", time.Time{}, Scope{Verb: ScopeAdmin})
	mixed := key.Prefix + other[len(key.Prefix):]
	for _, wrong := range []string{"", "x", token + "0", token[:len(token)-1], strings.ToUpper(token), mixed, token[:len(token)-1] + "_", "Bearer " + token, key.Prefix} {
		if p, err := k.Check(t.Context(), wrong); !errs.Is(err, errs.Unauthorized) || p.Kind != Anonymous {
			t.Errorf("%q: %+v %v", wrong, p, err)
		}
	}
}

func TestTheTokenIsNotInTheDatabase(t *testing.T) {
	k := openKeys(t)
	_, token := create(t, k, "ci", time.Time{}, Scope{Verb: ScopeRead})
	err := k.db.Read(t.Context(), func(c *database.Conn) error {
		return c.Each("SELECT id || name || prefix || hex(hash) || scopes || made_by FROM keys", func(r *database.Row) error {
			if secret := token[len(tokenMark)+prefixLength+1:]; strings.Contains(r.Text(0), secret) {
				t.Error(r.Text(0))
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestKeysEndWhenTheyExpireOrAreRevoked(t *testing.T) {
	k := openKeys(t)
	_, token := create(t, k, "short", time.Now().Add(time.Hour), Scope{Verb: ScopeRead})
	if _, err := k.Check(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	err := k.db.Write(t.Context(), func(tx *database.Tx) error {
		return tx.Exec("UPDATE keys SET expires_at = ?", time.Now().Add(-time.Second))
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Check(t.Context(), token); !errs.Is(err, errs.Unauthorized) {
		t.Errorf("an expired key: %v", err)
	}
	_, token = create(t, k, "revoked", time.Time{}, Scope{Verb: ScopeRead})
	if _, err := k.Revoke(t.Context(), "revoked"); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Check(t.Context(), token); !errs.Is(err, errs.Unauthorized) {
		t.Errorf("a revoked key: %v", err)
	}
	if _, err := k.Revoke(t.Context(), "revoked"); !errs.Is(err, errs.NotFound) {
		t.Errorf("revoked twice: %v", err)
	}
	create(t, k, "revoked", time.Time{}, Scope{Verb: ScopeRead}) // the name is free again
}

func TestAKeyCannotCreateOneThatOutlivesOrEqualsIt(t *testing.T) {
	k := openKeys(t)
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	_, token := create(t, k, "parent", until, Scope{Verb: ScopeAdmin})
	parent, err := k.Check(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := k.Create(t.Context(), parent, "late", []Scope{{Verb: ScopeRead}}, until.Add(time.Hour)); !errs.Is(err, errs.Forbidden) {
		t.Errorf("it outlives its maker: %v", err)
	}
	if _, _, err := k.Create(t.Context(), parent, "equal", []Scope{{Verb: ScopeAdmin}}, time.Time{}); !errs.Is(err, errs.Forbidden) {
		t.Errorf("it has the scope admin: %v", err)
	}
	child, _, err := k.Create(t.Context(), parent, "child", []Scope{{Verb: ScopeRead}}, time.Time{})
	if err != nil || child.ExpiresAt == nil || !child.ExpiresAt.Equal(until) || child.MadeBy != parent.ID {
		t.Errorf("%+v %v", child, err)
	}
}

func TestTheLastUseIsStoredInBatches(t *testing.T) {
	k := openKeys(t)
	_, token := create(t, k, "ci", time.Time{}, Scope{Verb: ScopeRead})
	before, err := writes(k)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := k.Check(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	if after, err := writes(k); err != nil || after != before {
		t.Errorf("100 checks changed the database: %d, %d, %v", before, after, err)
	}
	list, _, err := k.List(t.Context(), "", 10)
	if err != nil || len(list) != 1 || list[0].LastUsedAt == nil {
		t.Errorf("%+v %v", list, err)
	}
}

// writes returns a number that every commit changes, including those of other connections.
func writes(k *Keys) (n int, err error) {
	err = k.db.Read(context.Background(), func(c *database.Conn) error {
		_, err := c.First("SELECT count(*) FROM keys WHERE last_used_at IS NOT NULL", func(r *database.Row) { n = r.Int(0) })
		return err
	})
	return n, err
}

func TestInvalidScopes(t *testing.T) {
	for text, want := range map[string]string{
		"": "unknown name", "owner": "unknown name", "Deploy": "unknown name", "data": "needs an app", "deploy:": "is missing",
		"read:blog": "whole instance", "admin:blog": "whole instance", "deploy:a b": "invalid", "deploy:a:b": "invalid", "*": "unknown name",
	} {
		if _, err := ParseScope(text); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"admin", "deploy", "deploy:blog", "read", "logs", "data:blog", "metrics"} {
		if s, err := ParseScope(text); err != nil || s.String() != text {
			t.Errorf("%q: %v %v", text, s, err)
		}
	}
}

func FuzzScopesAndTokens(f *testing.F) {
	f.Add("deploy:blog")
	f.Add("fazt_000000000000_" + strings.Repeat("0", 52))
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseScope(text); err == nil {
			if s.String() != text || len(parseScopes(formatScopes([]Scope{s}))) != 1 {
				t.Errorf("%q became %q", text, s)
			}
		}
		if prefix, ok := cutToken(text); ok && (!strings.HasPrefix(text, prefix) || len(text) != tokenLength) {
			t.Errorf("%q has the prefix %q", text, prefix)
		}
	})
}

// Regression: checking a key ran a slow password hash over every key, which let any client burn a fifth of a second of
// CPU time.
func BenchmarkKeyCheck(b *testing.B) {
	k := openKeys(b)
	var token string
	for _, name := range strings.Fields("a b c d e f g h") {
		_, token = create(b, k, name, time.Time{}, Scope{Verb: ScopeDeploy, App: "app_1"}, Scope{Verb: ScopeRead})
	}
	wrong := token[:len(token)-4] + "0000"
	for name, tried := range map[string]string{"right": token, "wrong secret": wrong, "unknown": tokenMark + strings.Repeat("0", prefixLength) + token[len(tokenMark)+prefixLength:]} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _ = k.Check(b.Context(), tried)
			}
		})
	}
}
