package auth

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
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

// A token of another form is refused before the database is asked: it is a typing error, not a key.
func TestTheFormOfAToken(t *testing.T) {
	t.Parallel()
	good := "fazt_" + strings.Repeat("az09", 3) + "_" + strings.Repeat("az09", 13)
	if err := CheckToken(good); err != nil {
		t.Error(err)
	}
	bad := []string{"", "x", "fazt_", good[:len(good)-1], good + "0", good + "_", " " + good, "Bearer " + good, good[1:], strings.Repeat("0", len(good)), good + good}
	for at := range good {
		for _, c := range "`{/:AZ_ -\x00\xff" {
			if wrong := good[:at] + string(byte(c)) + good[at+1:]; wrong != good {
				bad = append(bad, wrong)
			}
		}
	}
	end := len("fazt_az09az09az09")
	bad = append(bad, good[:end]+"0"+good[end+1:], good[:4]+"0"+good[5:], "g"+good[1:])
	for _, text := range bad {
		if err := CheckToken(text); !errs.Is(err, errs.Invalid) || strings.Contains(err.Error(), "az09") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The names of keys and owners appear in logs and on terminals. Each bad name has one fault.
func TestNamesOfKeysAndOwners(t *testing.T) {
	t.Parallel()
	k := openKeys(t)
	for name, bad := range map[string]bool{
		"a": false, "Ana María": false, "名前": false, "laptop_key": false, strings.Repeat("é", 100): false,
		"": true, " a": true, "a ": true, "\u00a0a": true, strings.Repeat("é", 101): true,
		"a\xffb": true, "a\nb": true, "a\x00b": true, "a\x7fb": true, "a\u0085b": true, "a\u202eb": true, "a\u200bb": true,
	} {
		_, _, err := k.Create(t.Context(), Principal{Kind: Owner}, name, []Scope{{Verb: ScopeRead}}, time.Time{})
		if errs.Is(err, errs.Invalid) != bad || !bad && err != nil {
			t.Errorf("key %q: %v", name, err)
		}
		if err := CheckName(name); errs.Is(err, errs.Invalid) != bad || !bad && err != nil {
			t.Errorf("owner %q: %v", name, err)
		}
	}
	// A name that looks like an id could be revoked in place of the key with that id.
	if _, _, err := k.Create(t.Context(), Principal{Kind: Owner}, "key_1", []Scope{{Verb: ScopeRead}}, time.Time{}); !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
}

func TestTheExpiryOfAKeyThatAKeyCreates(t *testing.T) {
	t.Parallel()
	k := openKeys(t)
	now := time.Now().UTC().Truncate(time.Millisecond)
	soon, late := now.Add(time.Hour), now.Add(2*time.Hour)
	principal := func(name string, expires time.Time) Principal {
		_, token := create(t, k, name, expires, Scope{Verb: ScopeAdmin})
		p, err := k.Check(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, tt := range map[string]struct {
		by      Principal
		expires time.Time
		want    time.Time // zero = never
		refused bool
	}{
		"the owner's, never":               {Principal{Kind: Owner}, time.Time{}, time.Time{}, false},
		"the owner's, soon":                {Principal{Kind: Owner}, soon, soon, false},
		"of a key without expiry, never":   {principal("lasting", time.Time{}), time.Time{}, time.Time{}, false},
		"of a key without expiry, soon":    {principal("lasting too", time.Time{}), soon, soon, false},
		"of a key with expiry, never":      {principal("a", soon), time.Time{}, soon, false},
		"of a key with expiry, earlier":    {principal("b", late), soon, soon, false},
		"of a key with expiry, the same":   {principal("c", soon), soon, soon, false},
		"of a key with expiry, later":      {principal("d", soon), soon.Add(time.Millisecond), time.Time{}, true},
		"of a key with expiry, much later": {principal("e", soon), late, time.Time{}, true},
	} {
		key, token, err := k.Create(t.Context(), tt.by, name, []Scope{{Verb: ScopeRead}}, tt.expires)
		if tt.refused {
			if !errs.Is(err, errs.Forbidden) || token != "" || key.ID != "" {
				t.Errorf("%s: %+v %v", name, key, err)
			}
			continue
		}
		list, _, listErr := k.List(t.Context(), "", 100)
		stored := slices.IndexFunc(list, func(k APIKey) bool { return k.ID == key.ID })
		if err != nil || listErr != nil || stored < 0 || key.MadeBy != tt.by.ID || list[stored].MadeBy != tt.by.ID {
			t.Errorf("%s: %+v %v %v", name, key, err, listErr)
			continue
		}
		for _, at := range []*time.Time{key.ExpiresAt, list[stored].ExpiresAt} {
			if at == nil != tt.want.IsZero() || at != nil && !at.Equal(tt.want) {
				t.Errorf("%s: it expires at %v", name, at)
			}
		}
	}
}

func TestKeysAreListedInPagesWithoutAnEmptyOne(t *testing.T) {
	t.Parallel()
	k := openKeys(t)
	var want []string
	for _, name := range []string{"a", "b", "c", "d"} {
		key, _ := create(t, k, name, time.Time{}, Scope{Verb: ScopeRead})
		want = append(want, key.ID)
	}
	if _, err := k.Revoke(t.Context(), "d"); err != nil {
		t.Fatal(err)
	}
	want = want[:3]
	for _, limit := range []int{1, 2, 3, 4} {
		var got []string
		for cursor := ""; ; {
			page, next, err := k.List(t.Context(), cursor, limit)
			if err != nil || len(page) == 0 || len(page) > limit {
				t.Fatalf("%d at a time: %d keys after %q, %v", limit, len(page), cursor, err)
			}
			for _, key := range page {
				got = append(got, key.ID)
			}
			if cursor = next; next == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d at a time: %q, want %q", limit, got, want)
		}
	}
}

func TestTheLastUseOfEveryKeyIsStoredEvenAfterAFailure(t *testing.T) {
	t.Parallel()
	k := openKeys(t)
	for _, name := range []string{"a", "b", "c"} {
		_, token := create(t, k, name, time.Time{}, Scope{Verb: ScopeRead})
		if _, err := k.Check(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := k.Flush(canceled); err == nil {
		t.Error("a canceled write succeeded")
	}
	if err := k.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := writes(k); n != 3 || err != nil {
		t.Errorf("%d of 3 keys have a last use, %v", n, err)
	}
}

func TestTheBoundsOfAPassword(t *testing.T) {
	t.Parallel()
	for password, bad := range map[string]bool{
		strings.Repeat("é", 8): false, strings.Repeat("é", 7): true, strings.Repeat("x", 1024): false, strings.Repeat("x", 1025): true, strings.Repeat("é", 512): false, strings.Repeat("é", 513): true,
	} {
		if err := CheckPassword(password); errs.Is(err, errs.Invalid) != bad || !bad && err != nil {
			t.Errorf("%d bytes: %v", len(password), err)
		}
	}
	u := open(t)
	longest := strings.Repeat("x", 1024)
	if err := u.CreateOwner(t.Context(), "Ana", longest); err != nil {
		t.Fatal(err)
	}
	if _, err := u.Verify(t.Context(), "Ana", longest); err != nil {
		t.Error(err)
	}
}

func TestWhatTheScopesOfAKeyAllow(t *testing.T) {
	t.Parallel()
	blog, all := Scope{Verb: ScopeDeploy, App: "app_blog"}, Scope{Verb: ScopeDeploy}
	for name, tt := range map[string]struct {
		p              Principal
		own, some, any bool // of the app, of at least one app, of every app
	}{
		"a key for the app":     {Principal{Kind: Key, Scopes: []Scope{blog}}, true, true, false},
		"a key for all apps":    {Principal{Kind: Key, Scopes: []Scope{all}}, true, true, true},
		"a key for another app": {Principal{Kind: Key, Scopes: []Scope{{Verb: ScopeDeploy, App: "app_shop"}}}, false, true, false},
		"a key for two":         {Principal{Kind: Key, Scopes: []Scope{{Verb: ScopeDeploy, App: "app_shop"}, blog}}, true, true, false},
		"a key for other verbs": {Principal{Kind: Key, Scopes: []Scope{{Verb: ScopeLogs}, {Verb: ScopeData, App: "app_blog"}, {Verb: ScopeAdmin}}}, false, false, false},
		"a key for nothing":     {Principal{Kind: Key}, false, false, false},
		"no one":                {Principal{Scopes: []Scope{all, blog}}, false, false, false},
		"the owner":             {Principal{Kind: Owner, Scopes: []Scope{all, blog}}, false, false, false}, // allowed by kind, not by scopes
	} {
		if got := tt.p.Has(ScopeDeploy, "app_blog"); got != tt.own {
			t.Errorf("%s: has the scope for the app: %v", name, got)
		}
		if got := tt.p.HasSome(ScopeDeploy); got != tt.some {
			t.Errorf("%s: has the scope for some app: %v", name, got)
		}
		if got := tt.p.Has(ScopeDeploy, ""); got != tt.any {
			t.Errorf("%s: has the scope for every app: %v", name, got)
		}
	}
}
