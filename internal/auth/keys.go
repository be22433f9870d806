package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/id"
	"fazt/internal/output"
)

// A token is fazt_<prefix>_<secret>: a marker for people and secret scanners, 60 bits that find its row, and 256 bits
// of secret. A secret that long cannot be guessed, so a plain SHA-256 is enough: a slow hash would only let strangers
// keep the CPU busy.
const (
	tokenMark    = "fazt_"
	prefixLength = 12
	secretLength = 52 // 32 bytes in base32
	tokenLength  = len(tokenMark) + prefixLength + 1 + secretLength
)

// usedEvery is how long a last-used time may wait before it is stored: a write per request would cost more than the
// request.
const usedEvery = 10 * time.Second

// APIKey is a key as displayed: everything except the token.
type APIKey struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Prefix     string     `json:"prefix"` // the beginning of its token
	Scopes     []Scope    `json:"-"`
	MadeBy     string     `json:"made_by"` // the key that created it; "" = the owner
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`   // null = never
	LastUsedAt *time.Time `json:"last_used_at"` // null = never; lags by some seconds
	RevokedAt  *time.Time `json:"revoked_at"`   // null = valid
}

// Keys are the API keys of the instance.
type Keys struct {
	db *database.DB

	mu   sync.Mutex
	used map[string]time.Time // key -> last use not stored yet
}

// NewKeys returns the keys in db.
func NewKeys(db *database.DB) *Keys { return &Keys{db: db, used: map[string]time.Time{}} }

func tokenEncoding() *base32.Encoding {
	return base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
}

func newToken() (prefix, token string) {
	var b [40]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand never fails
	}
	prefix = tokenMark + tokenEncoding().EncodeToString(b[:8])[:prefixLength]
	return prefix, prefix + "_" + tokenEncoding().EncodeToString(b[8:])
}

// CheckToken reports whether text has the form of a token. It does not check whether the key exists.
func CheckToken(text string) error {
	if _, ok := cutToken(text); !ok {
		return errs.New(errs.Invalid, "not a token: a token begins with %s and has %d characters; `fazt key create` prints one", tokenMark, tokenLength)
	}
	return nil
}

// cutToken returns the part of a token that identifies its row.
func cutToken(token string) (prefix string, ok bool) {
	const end = len(tokenMark) + prefixLength
	if len(token) != tokenLength || token[:len(tokenMark)] != tokenMark || token[end] != '_' {
		return "", false
	}
	for i := len(tokenMark); i < len(token); i++ {
		if c := token[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && i != end {
			return "", false
		}
	}
	return token[:end], true
}

// Create creates a key and returns its token, which is shown only once and never stored. by is the creator: a key can
// create neither a key with the scope admin nor one that outlives it, and revoking it revokes the keys it created. So a
// stolen key gives its thief nothing that outlasts it.
func (k *Keys) Create(ctx context.Context, by Principal, name string, scopes []Scope, expires time.Time) (key APIKey, token string, err error) {
	if err := checkKeyName(name); err != nil {
		return key, "", err
	}
	if len(scopes) == 0 {
		return key, "", errs.New(errs.Invalid, "a key needs at least one scope: deploy, deploy:APP, read, logs, logs:APP, data:APP, metrics or admin")
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	if !expires.IsZero() && !expires.After(now) {
		return key, "", errs.New(errs.Invalid, "the expiry is in the past")
	}
	prefix, token := newToken()
	hash := sha256.Sum256([]byte(token))
	key = APIKey{ID: id.New("key"), Name: name, Prefix: prefix, Scopes: slices.Compact(slices.Clone(scopes)), CreatedAt: now}
	err = k.db.Write(ctx, func(tx *database.Tx) error {
		if by.Kind == Key {
			if expires, err = inherit(tx.Conn, by, scopes, expires); err != nil {
				return err
			}
			key.MadeBy = by.ID
		}
		var until any
		if !expires.IsZero() {
			expires = expires.UTC().Truncate(time.Millisecond)
			key.ExpiresAt, until = &expires, expires
		}
		taken, err := tx.First("SELECT 1 FROM keys WHERE name = ? AND revoked_at IS NULL", func(*database.Row) {}, name)
		if err != nil {
			return err
		}
		if taken {
			return errs.New(errs.Conflict, "a key named %q already exists; revoke it first, or choose another name", name)
		}
		return tx.Exec("INSERT INTO keys (id, name, prefix, hash, scopes, made_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			key.ID, name, prefix, hash[:], formatScopes(key.Scopes), key.MadeBy, now, until)
	})
	if err != nil {
		return APIKey{}, "", err
	}
	return key, token, nil
}

// inherit limits what a key may pass on to the keys it creates.
func inherit(c *database.Conn, by Principal, scopes []Scope, expires time.Time) (time.Time, error) {
	if slices.ContainsFunc(scopes, func(s Scope) bool { return s.Verb == ScopeAdmin }) {
		return expires, errs.New(errs.Forbidden, "a key cannot create a key with the scope admin; only the owner can, on the machine itself")
	}
	var own time.Time
	found, err := c.First("SELECT expires_at FROM keys WHERE id = ? AND revoked_at IS NULL AND expires_at IS NOT NULL", func(r *database.Row) { own = r.Time(0) }, by.ID)
	if err != nil || !found {
		return expires, err
	}
	if expires.IsZero() {
		return own, nil
	}
	if expires.After(own) {
		return expires, errs.New(errs.Forbidden, "a key cannot create a key that outlives it; it expires at %s", own.UTC().Format(time.RFC3339))
	}
	return expires, nil
}

func checkKeyName(name string) error {
	switch {
	case name == "":
		return errs.New(errs.Invalid, "the key name is missing")
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) || strings.ContainsFunc(name, output.Hides):
		return errs.New(errs.Invalid, "the name has unprintable characters")
	case strings.TrimSpace(name) != name:
		return errs.New(errs.Invalid, "the name begins or ends with a space")
	case strings.HasPrefix(name, "key_"):
		return errs.New(errs.Invalid, "the name looks like a key ID; choose another")
	case utf8.RuneCountInString(name) > 100:
		return errs.New(errs.Invalid, "the name is longer than 100 characters")
	}
	return nil
}

// wrongKey is the error for every invalid token: it does not say why.
func wrongKey() error {
	return errs.New(errs.Unauthorized, "the key is invalid, expired or revoked")
}

// Check returns the Principal of a token. It queries the database every time, so revoking a key takes effect at once.
func (k *Keys) Check(ctx context.Context, token string) (Principal, error) {
	prefix, ok := cutToken(token)
	if !ok {
		return Principal{}, wrongKey()
	}
	p := Principal{Kind: Key}
	var stored [sha256.Size]byte
	var scopes string
	now := time.Now()
	err := k.db.Read(ctx, func(c *database.Conn) error {
		_, err := c.First("SELECT id, name, hash, scopes FROM keys WHERE prefix = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)", func(r *database.Row) {
			p.ID, p.Name, scopes = r.Text(0), r.Text(1), r.Text(3)
			r.ReadBytes(2, stored[:])
		}, prefix, now)
		return err
	})
	if err != nil {
		return Principal{}, err
	}
	hash := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(hash[:], stored[:]) != 1 {
		return Principal{}, wrongKey()
	}
	p.Scopes = parseScopes(scopes)
	k.mu.Lock()
	k.used[p.ID] = now
	k.mu.Unlock()
	return p, nil
}

const keyColumns = "id, name, prefix, scopes, made_by, created_at, expires_at, last_used_at, revoked_at"

func scanKey(r *database.Row) APIKey {
	at := func(i int) *time.Time {
		if r.IsNull(i) {
			return nil
		}
		t := r.Time(i)
		return &t
	}
	return APIKey{ID: r.Text(0), Name: r.Text(1), Prefix: r.Text(2), Scopes: parseScopes(r.Text(3)), MadeBy: r.Text(4),
		CreatedAt: r.Time(5), ExpiresAt: at(6), LastUsedAt: at(7), RevokedAt: at(8)}
}

// List returns a page of the keys that are not revoked, oldest first, after the ID in cursor; next is the cursor of the
// following page.
func (k *Keys) List(ctx context.Context, cursor string, limit int) (page []APIKey, next string, err error) {
	_ = k.Flush(ctx) // a failed flush is retried later; until then the list lags
	page = []APIKey{}
	err = k.db.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT "+keyColumns+" FROM keys WHERE id > ? AND revoked_at IS NULL ORDER BY id LIMIT ?", func(r *database.Row) error {
			page = append(page, scanKey(r))
			return nil
		}, cursor, limit+1)
	})
	if len(page) > limit {
		page = page[:limit]
		next = page[limit-1].ID
	}
	return page, next, err
}

// Revoke revokes a key, given its ID or name, and the keys it created. It has taken effect when Revoke returns.
func (k *Keys) Revoke(ctx context.Context, ref string) (key APIKey, err error) {
	by := "name"
	if strings.HasPrefix(ref, "key_") {
		by = "id"
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	err = k.db.Write(ctx, func(tx *database.Tx) error {
		found, err := tx.First("SELECT "+keyColumns+" FROM keys WHERE revoked_at IS NULL AND "+by+" = ?", func(r *database.Row) { key = scanKey(r) }, ref)
		if err == nil && !found {
			err = errs.New(errs.NotFound, "no key named %q; see `fazt key list`", ref)
		}
		if err != nil {
			return err
		}
		key.RevokedAt = &now
		return tx.Exec("UPDATE keys SET revoked_at = ?1 WHERE revoked_at IS NULL AND (id = ?2 OR made_by = ?2)", now, key.ID)
	})
	return key, err
}

// InForce reports whether a key is still valid.
func (k *Keys) InForce(ctx context.Context, id string) error {
	found, now := false, time.Now()
	err := k.db.Read(ctx, func(c *database.Conn) (err error) {
		found, err = c.First("SELECT 1 FROM keys WHERE id = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)", func(*database.Row) {}, id, now)
		return err
	})
	if err == nil && !found {
		err = wrongKey()
	}
	return err
}

// Flush stores when keys were last used.
func (k *Keys) Flush(ctx context.Context) error {
	k.mu.Lock()
	used := k.used
	k.used = map[string]time.Time{}
	k.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	err := k.db.Write(ctx, func(tx *database.Tx) error {
		for key, at := range used {
			if err := tx.Exec("UPDATE keys SET last_used_at = CASE WHEN last_used_at > ?1 THEN last_used_at ELSE ?1 END WHERE id = ?2", at, key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil { // keep them for the next flush
		k.mu.Lock()
		maps.Copy(used, k.used)
		k.used = used
		k.mu.Unlock()
	}
	return err
}

// Run stores periodically when keys were last used, until ctx ends.
func (k *Keys) Run(ctx context.Context) error {
	k.db.Repeat(ctx, usedEvery, "storing when keys were last used", k.Flush)
	_ = k.Flush(context.WithoutCancel(ctx)) // a full disk must not make a shutdown look like a failure
	return nil
}
