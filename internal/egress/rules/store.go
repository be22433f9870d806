package rules

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/id"
	"fazt/internal/limitio"
)

// All entries and secrets are in memory, so that a call reads nothing from disk. These limits bound that memory.
const (
	maxEntries = 5000
	maxSecrets = 1000
)

// flushEvery is how often the times of last use are stored: a write for every call would cost more than the call.
const flushEvery = 10 * time.Second

// Config configures a Store.
type Config struct {
	DB        *database.DB
	KeyFile   string       // with the key of the secrets; created with the first secret
	MasterKey string       // the key itself; "" = it is in KeyFile
	Log       *slog.Logger // nil = no log
}

// Store has the entries and secrets in the database. A change is part of the Policy when its method returns.
type Store struct {
	db    *database.DB
	vault vault
	log   *slog.Logger

	reading sync.Mutex // held while a policy is made, so that an older one cannot replace a newer one
	now     atomic.Pointer[snapshot]

	mu   sync.Mutex
	used map[secretPlace]time.Time // not stored yet
}

type secretPlace struct{ app, name string }

// snapshot is one version of everything that is stored.
type snapshot struct {
	policy  *Policy
	version uint64
	print   [sha256.Size]byte
	entries []Entry
	secrets []StoredSecret
}

// StoredSecret is a secret without its value.
type StoredSecret struct {
	Secret
	Fault string `json:"fault"` // why it cannot be used; "" = it can
}

// Open opens the store in a database. Secrets that cannot be decrypted are not an error: only calls that name one fail.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{db: c.DB, vault: vault{c.KeyFile, c.MasterKey}, log: c.Log, used: map[secretPlace]time.Time{}}
	if c.MasterKey != "" {
		if _, err := parseKey(c.MasterKey, MasterKeyVariable); err != nil {
			s.log.Error("secrets cannot be used", "error", err)
		}
	}
	return s, s.Reload(ctx)
}

// Policy returns the current policy.
func (s *Store) Policy() *Policy { return s.now.Load().policy }

// Entries returns all entries by domain, those for all apps first.
func (s *Store) Entries() []Entry { return slices.Clone(s.now.Load().entries) }

// Entry returns the entry of a domain for an app; "" = for all apps.
func (s *Store) Entry(domain, appID string) (Entry, error) {
	canonical, err := ParseDomain(domain)
	if err != nil {
		return Entry{}, err
	}
	for _, e := range s.now.Load().entries {
		if e.Domain == canonical && e.AppID == appID {
			return e, nil
		}
	}
	return Entry{}, errs.New(errs.NotFound, "there is no entry for %s and %s; see `fazt net list`", canonical, forWhom(appID))
}

// forWhom names the apps that an entry or secret is for.
func forWhom(appID string) string {
	if appID == "" {
		return "all apps"
	}
	return "this app"
}

// Covers reports whether an app can call all of a domain that it asks for: by its own entry, or by one with * above it.
func (s *Store) Covers(domain, appID string) bool {
	return slices.ContainsFunc(s.now.Load().entries, func(e Entry) bool {
		below, wild := strings.CutPrefix(e.Domain, "*")
		return (e.AppID == "" || e.AppID == appID) && (e.Domain == domain || wild && strings.HasSuffix(domain, below))
	})
}

// Allow stores an entry, in place of the one with the same domain and app if there is one.
func (s *Store) Allow(ctx context.Context, e Entry) (stored Entry, replaced bool, err error) {
	if e.Domain, err = ParseDomain(e.Domain); err != nil {
		return e, false, err
	}
	if e, err = CheckEntry(e); err != nil {
		return e, false, err
	}
	for _, path := range e.Paths {
		if len(strings.Fields(path)) != 1 { // lists are stored with spaces between their elements
			return e, false, errs.New(errs.Invalid, "the path %q contains a space; paths are sent as %%20", path)
		}
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		made := id.New("net")
		err := tx.Exec(`INSERT INTO net_entries (id, app_id, domain, http, ports, methods, rate, burst, timeout, max_response, cache_ttl, stale, private, paths, created_at, updated_at)
			VALUES (?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?15, ?15)
			ON CONFLICT (domain, coalesce(app_id, '')) DO UPDATE SET http = excluded.http, ports = excluded.ports, methods = excluded.methods,
			rate = excluded.rate, burst = excluded.burst, timeout = excluded.timeout, max_response = excluded.max_response,
			cache_ttl = excluded.cache_ttl, stale = excluded.stale, private = excluded.private, paths = excluded.paths, updated_at = excluded.updated_at`,
			made, e.AppID, e.Domain, e.HTTP, join(e.Ports), join(e.Methods), e.Rate, e.Burst, e.Timeout, e.MaxResponse, e.CacheTTL, e.Stale, join(e.Private), join(e.Paths), now)
		if err := appGone(err); err != nil {
			return err
		}
		_, err = tx.First("SELECT id, created_at FROM net_entries WHERE domain = ? AND coalesce(app_id, '') = ?", func(r *database.Row) {
			e.ID, e.CreatedAt, e.UpdatedAt = r.Text(0), r.Time(1), now
		}, e.Domain, e.AppID)
		if replaced = e.ID != made; replaced || err != nil {
			return err
		}
		return atMost(tx, maxEntries, "SELECT count(*) FROM net_entries", "there can be at most %d entries; remove some first")
	})
	if err != nil {
		return e, false, err
	}
	return e, replaced, s.Reload(ctx)
}

func appGone(err error) error {
	if database.IsForeignKey(err) {
		return errs.Wrap(errs.NotFound, err, "the app was removed")
	}
	return err
}

func atMost(tx *database.Tx, max int, count, sentence string) error {
	have := 0
	if _, err := tx.First(count, func(r *database.Row) { have = r.Int(0) }); err != nil {
		return err
	}
	if have > max {
		return errs.New(errs.TooLarge, sentence, max)
	}
	return nil
}

// Remove deletes an entry. No call starts under it from now on.
func (s *Store) Remove(ctx context.Context, domain, appID string) (Entry, error) {
	e, err := s.Entry(domain, appID)
	if err != nil {
		return e, err
	}
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		return tx.Exec("DELETE FROM net_entries WHERE id = ?", e.ID)
	})
	if err != nil {
		return e, err
	}
	return e, s.Reload(ctx)
}

// Secrets returns all secrets without their values, by name, those for all apps first. It checks again whether they can be
// used: the key may have been lost or restored.
func (s *Store) Secrets(ctx context.Context) ([]StoredSecret, error) {
	_ = s.Flush(ctx) // if it fails, the times of last use are some seconds behind
	if err := s.Reload(ctx); err != nil {
		return nil, err
	}
	list := slices.Clone(s.now.Load().secrets)
	err := s.db.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT name, coalesce(app_id, ''), last_used_at FROM net_secrets WHERE last_used_at IS NOT NULL", func(r *database.Row) error {
			for i := range list {
				if list[i].Name == r.Text(0) && list[i].AppID == r.Text(1) {
					list[i].LastUsed = r.Time(2)
				}
			}
			return nil
		})
	})
	return list, err
}

// HasSecret reports whether an app has a secret.
func (s *Store) HasSecret(name, appID string) bool {
	return slices.ContainsFunc(s.now.Load().secrets, func(k StoredSecret) bool {
		return k.Name == name && (k.AppID == "" || k.AppID == appID)
	})
}

// Faults returns the names of the secrets that cannot be used.
func (s *Store) Faults() []string {
	var names []string
	for _, k := range s.now.Load().secrets {
		if k.Fault != "" && !slices.Contains(names, k.Name) {
			names = append(names, k.Name)
		}
	}
	return names
}

func (s *Store) secret(name, appID string) (Secret, error) {
	for _, k := range s.now.Load().secrets {
		if k.Name == name && k.AppID == appID {
			return k.Secret, nil
		}
	}
	return Secret{}, errs.New(errs.NotFound, "there is no secret %q for %s; see `fazt secret list`", limitio.Cut(name, maxSecretName), forWhom(appID))
}

// SetSecret stores a secret, in place of the one with the same name and app if there is one.
func (s *Store) SetSecret(ctx context.Context, secret Secret) (stored Secret, replaced bool, err error) {
	if secret, err = checkSecret(secret); err != nil {
		return secret, false, err
	}
	_, err = s.secret(secret.Name, secret.AppID)
	replaced = err == nil
	sealed, err := s.seal(ctx, secret)
	if err != nil {
		return secret, false, err
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		err := tx.Exec(`INSERT INTO net_secrets (name, app_id, domain, http, port, inject_as, param, methods, path_prefix, sealed, created_at, updated_at)
			VALUES (?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?11, ?11)
			ON CONFLICT (name, coalesce(app_id, '')) DO UPDATE SET domain = excluded.domain, http = excluded.http, port = excluded.port, inject_as = excluded.inject_as, param = excluded.param,
			methods = excluded.methods, path_prefix = excluded.path_prefix, sealed = excluded.sealed, updated_at = excluded.updated_at`,
			secret.Name, secret.AppID, secret.Domain, secret.HTTP, secret.Port, secret.As, secret.Key, join(secret.Methods), secret.PathPrefix, sealed, now)
		if err := appGone(err); err != nil {
			return err
		}
		return atMost(tx, maxSecrets, "SELECT count(*) FROM net_secrets", "there can be at most %d secrets; remove some first")
	})
	if err != nil {
		return secret, false, err
	}
	if err = s.Reload(ctx); err != nil {
		return secret, false, err
	}
	stored, err = s.secret(secret.Name, secret.AppID)
	return stored, replaced, err
}

// seal encrypts the value of a secret. A new key is made only if no other secret exists: otherwise the key is lost, and
// restoring it would lose the secrets that were sealed with the new one.
func (s *Store) seal(ctx context.Context, secret Secret) ([]byte, error) {
	others := 0
	err := s.db.Read(ctx, func(c *database.Conn) error {
		_, err := c.First("SELECT count(*) FROM net_secrets WHERE name <> ? OR coalesce(app_id, '') <> ?", func(r *database.Row) { others = r.Int(0) }, secret.Name, secret.AppID)
		return err
	})
	if err != nil {
		return nil, err
	}
	var key []byte
	if others == 0 {
		key, err = s.vault.newKey()
	} else if key, err = s.vault.key(); err != nil {
		err = errs.Wrap(errs.KindOf(err), err, "%s. If it is lost, remove all secrets (see `fazt secret list`) and set them again", errs.Sentence(err))
	}
	if err != nil {
		return nil, err
	}
	return seal(key, secret)
}

// RotateSecret replaces the value of a secret.
func (s *Store) RotateSecret(ctx context.Context, name, appID, value string) (Secret, error) {
	secret, err := s.secret(name, appID)
	if err != nil {
		return secret, err
	}
	secret.Value = value
	stored, _, err := s.SetSecret(ctx, secret)
	return stored, err
}

// RemoveSecret deletes a secret.
func (s *Store) RemoveSecret(ctx context.Context, name, appID string) (Secret, error) {
	secret, err := s.secret(name, appID)
	if err != nil {
		return secret, err
	}
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		return tx.Exec("DELETE FROM net_secrets WHERE name = ? AND coalesce(app_id, '') = ?", name, appID)
	})
	if err != nil {
		return secret, err
	}
	return secret, s.Reload(ctx)
}

// TouchSecret records that an app used a secret. It does not block.
func (s *Store) TouchSecret(appID, name string) {
	secret, ok := s.Policy().Secret(appID, name)
	if !ok { // removed in the meantime
		return
	}
	s.mu.Lock()
	s.used[secretPlace{secret.AppID, name}] = time.Now()
	s.mu.Unlock()
}

// Flush stores the times when secrets were last used.
func (s *Store) Flush(ctx context.Context) error {
	s.mu.Lock()
	used := s.used
	s.used = map[secretPlace]time.Time{}
	s.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		for at, last := range used {
			if err := tx.Exec("UPDATE net_secrets SET last_used_at = CASE WHEN last_used_at > ?1 THEN last_used_at ELSE ?1 END WHERE name = ?2 AND coalesce(app_id, '') = ?3", last, at.name, at.app); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil { // try again next time
		s.mu.Lock()
		maps.Copy(used, s.used)
		s.used = used
		s.mu.Unlock()
	}
	return err
}

// Run flushes regularly until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	s.db.Repeat(ctx, flushEvery, "storing when secrets were last used", s.Flush)
	_ = s.Flush(context.WithoutCancel(ctx)) // a full disk must not make a stop look like a failure
	return nil
}
