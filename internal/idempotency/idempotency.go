// Package idempotency keeps requests that carry an Idempotency-Key from being carried out twice.
package idempotency

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"sync"
	"time"

	"fazt/internal/database"
	"fazt/internal/errs"
)

const (
	keepResponses = 24 * time.Hour
	maxResponses  = 1000
	maxKept       = 1 << 20 // bytes; a larger response is not kept
)

// Store keeps the responses to requests that carry an Idempotency-Key, so that a request repeated after a lost
// connection is not carried out twice. Responses are encrypted under that key, which is not stored: a response may hold
// a secret that is shown once.
type Store struct {
	db *database.DB

	mu      sync.Mutex
	running map[[32]byte]chan struct{} // closed when the response is there
}

// New returns the store in db.
func New(db *database.DB) *Store {
	return &Store{db: db, running: map[[32]byte]chan struct{}{}}
}

// Once returns the response to a request: the kept one, or the one do makes now. caller names the caller and the
// operation; key is the Idempotency-Key; request is everything the request says. The same key with another request is
// a Conflict. A repetition that arrives while the first is being carried out waits for its response. Failures are not
// kept, so a repetition tries again. A crash between the operation and the storing of its response leaves none.
func (s *Store) Once(ctx context.Context, caller, key string, request []byte, do func() ([]byte, error)) ([]byte, error) {
	name := sum("name", key, []byte(caller))
	if err := s.enter(ctx, name); err != nil {
		return nil, err
	}
	defer s.leave(name)
	fingerprint := sum("request", key, request)
	response, found, err := s.find(ctx, name, fingerprint, key)
	if err != nil || found {
		return response, err
	}
	if response, err = do(); err != nil || len(response) > maxKept {
		return response, err
	}
	return response, s.keep(context.WithoutCancel(ctx), name, fingerprint, seal(key, name, response))
}

func (s *Store) enter(ctx context.Context, name [32]byte) error {
	for {
		s.mu.Lock()
		before, busy := s.running[name]
		if !busy {
			s.running[name] = make(chan struct{})
			s.mu.Unlock()
			return nil
		}
		s.mu.Unlock()
		select {
		case <-before:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Store) leave(name [32]byte) {
	s.mu.Lock()
	close(s.running[name])
	delete(s.running, name)
	s.mu.Unlock()
}

func (s *Store) find(ctx context.Context, name, fingerprint [32]byte, key string) (response []byte, found bool, err error) {
	var stored, sealed []byte
	err = s.db.Read(ctx, func(c *database.Conn) error {
		found, err = c.First("SELECT request, answer FROM answers WHERE name = ? AND created_at > ?", func(r *database.Row) {
			stored, sealed = r.Bytes(0), r.Bytes(1)
		}, name[:], time.Now().Add(-keepResponses))
		return err
	})
	if err != nil || !found {
		return nil, false, err
	}
	if subtle.ConstantTimeCompare(stored, fingerprint[:]) != 1 {
		return nil, false, errs.New(errs.Conflict, "this Idempotency-Key was used for another request; use a new one for each")
	}
	response, err = unseal(key, name, sealed)
	return response, true, err
}

func (s *Store) keep(ctx context.Context, name, fingerprint [32]byte, sealed []byte) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		now := time.Now()
		if err := tx.Exec("DELETE FROM answers WHERE created_at <= ?", now.Add(-keepResponses)); err != nil {
			return err
		}
		err := tx.Exec("DELETE FROM answers WHERE name IN (SELECT name FROM answers ORDER BY created_at DESC LIMIT ? OFFSET ?)", maxResponses, maxResponses-1)
		if err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO answers (name, request, answer, created_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET request = excluded.request, answer = excluded.answer, created_at = excluded.created_at`, name[:], fingerprint[:], sealed, now)
	})
}

// sum returns a hash for one use that cannot be computed without the key.
func sum(use, key string, data []byte) (out [32]byte) {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(use + "\x00"))
	mac.Write(data)
	mac.Sum(out[:0])
	return out
}

func box(key string, name [32]byte) cipher.AEAD {
	secret := sum("answer", key, name[:])
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // GCM takes AES
	}
	return aead
}

func seal(key string, name [32]byte, response []byte) []byte {
	aead := box(key, name)
	nonce := make([]byte, aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		panic(err) // crypto/rand never fails
	}
	return aead.Seal(nonce, nonce, response, nil)
}

func unseal(key string, name [32]byte, sealed []byte) ([]byte, error) {
	aead := box(key, name)
	if len(sealed) < aead.NonceSize() {
		return nil, errs.New(errs.Internal, "a kept response is too short")
	}
	return aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
}
