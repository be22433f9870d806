package auth

import (
	"crypto/sha256"
	"testing"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// checks are the two ways in which a key is found to be in force: by its token, and by its id on a request that lasts.
func checks(t *testing.T, k *Keys, key APIKey, token string) map[string]error {
	t.Helper()
	p, err := k.Check(t.Context(), token)
	if err != nil && (p.Kind != Anonymous || p.ID != "" || p.Scopes != nil) {
		t.Errorf("a refused token has the principal %+v", p)
	}
	return map[string]error{"Check": err, "InForce": k.InForce(t.Context(), key.ID)}
}

// Each row differs in one part from one that is accepted.
func TestAKeyWithOneBrokenPartIsRefused(t *testing.T) {
	flip := func(at int) func(hash []byte) {
		return func(hash []byte) { hash[at] ^= 1 }
	}
	for name, tt := range map[string]struct {
		row  string            // sets columns of the stored key
		at   any               // the argument of row
		hash func(hash []byte) // changes the stored hash
		fail map[string]bool
	}{
		"as it was made":         {},
		"expires in a minute":    {row: "expires_at = ?", at: time.Now().Add(time.Minute)},
		"expired a moment ago":   {row: "expires_at = ?", at: time.Now().Add(-time.Millisecond), fail: map[string]bool{"Check": true, "InForce": true}},
		"expired long ago":       {row: "expires_at = ?", at: time.UnixMilli(1), fail: map[string]bool{"Check": true, "InForce": true}},
		"revoked just now":       {row: "revoked_at = ?", at: time.Now(), fail: map[string]bool{"Check": true, "InForce": true}},
		"revoked in the future":  {row: "revoked_at = ?", at: time.Now().Add(time.Hour), fail: map[string]bool{"Check": true, "InForce": true}},
		"another prefix":         {row: "prefix = ?", at: "fazt_000000000000", fail: map[string]bool{"Check": true}},
		"first bit of the hash":  {hash: flip(0), fail: map[string]bool{"Check": true}},
		"ninth byte of the hash": {hash: flip(8), fail: map[string]bool{"Check": true}},
		"middle of the hash":     {hash: flip(16), fail: map[string]bool{"Check": true}},
		"last bit of the hash":   {hash: flip(sha256.Size - 1), fail: map[string]bool{"Check": true}},
		"a hash of zeros":        {hash: func(hash []byte) { clear(hash) }, fail: map[string]bool{"Check": true}},
	} {
		t.Run(name, func(t *testing.T) {
			k := openKeys(t)
			key, token := create(t, k, "ci", time.Time{}, Scope{Verb: ScopeRead})
			err := k.db.Write(t.Context(), func(tx *database.Tx) error {
				if tt.row != "" {
					return tx.Exec("UPDATE keys SET "+tt.row, tt.at)
				}
				if tt.hash == nil {
					return nil
				}
				hash := sha256.Sum256([]byte(token))
				tt.hash(hash[:])
				return tx.Exec("UPDATE keys SET hash = ?", hash[:])
			})
			if err != nil {
				t.Fatal(err)
			}
			for check, err := range checks(t, k, key, token) {
				if refused := errs.Is(err, errs.Unauthorized); refused != tt.fail[check] || err != nil && !refused {
					t.Errorf("%s: %v", check, err)
				}
			}
		})
	}
}

// Each token differs in one character from one that is accepted; the prefix alone finds the row.
func TestATokenWithOneWrongCharacterIsRefused(t *testing.T) {
	k := openKeys(t)
	_, token := create(t, k, "ci", time.Time{}, Scope{Verb: ScopeRead})
	for at := range token {
		other := byte('0')
		if token[at] == other {
			other = '1'
		}
		wrong := token[:at] + string(other) + token[at+1:]
		if p, err := k.Check(t.Context(), wrong); !errs.Is(err, errs.Unauthorized) || p.Kind != Anonymous {
			t.Errorf("character %d: %+v %v", at, p, err)
		}
	}
	if _, err := k.Check(t.Context(), token); err != nil {
		t.Errorf("the token itself: %v", err)
	}
}

func TestKeysOfARevokedKeyAreRevokedAndOthersAreNot(t *testing.T) {
	k := openKeys(t)
	_, token := create(t, k, "parent", time.Time{}, Scope{Verb: ScopeAdmin})
	parent, err := k.Check(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	child, childToken, err := k.Create(t.Context(), parent, "child", []Scope{{Verb: ScopeRead}}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	other, otherToken := create(t, k, "other", time.Time{}, Scope{Verb: ScopeRead})
	if _, err := k.Revoke(t.Context(), "parent"); err != nil {
		t.Fatal(err)
	}
	for check, err := range checks(t, k, child, childToken) {
		if !errs.Is(err, errs.Unauthorized) {
			t.Errorf("%s of the child: %v", check, err)
		}
	}
	for check, err := range checks(t, k, other, otherToken) {
		if err != nil {
			t.Errorf("%s of another key: %v", check, err)
		}
	}
}
