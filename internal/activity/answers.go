package activity

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
	keepAnswers  = 24 * time.Hour
	mostAnswers  = 1000
	largestReply = 1 << 20
)

// Answers remembers what was answered to requests that carry an Idempotency-Key, so that a request repeated after a
// lost connection is not carried out twice. What it stores is encrypted under that key, which is not stored: an answer
// may hold a secret that is shown once.
type Answers struct {
	db *database.DB

	mu      sync.Mutex
	running map[[32]byte]chan struct{} // closed when the request has been answered
}

// NewAnswers are the answers in db.
func NewAnswers(db *database.DB) *Answers {
	return &Answers{db: db, running: map[[32]byte]chan struct{}{}}
}

// Once gives the answer to a request: the one that was given to it before, or the one do makes now. who is the caller
// and the operation; key is the Idempotency-Key; request is everything the request says. The same key with another
// request is a Conflict. A repetition that arrives while the first is being carried out waits for its answer. Failures
// are not kept: repeating them tries again. A crash between the operation and the storing of its answer leaves none.
func (a *Answers) Once(ctx context.Context, who, key string, request []byte, do func() ([]byte, error)) ([]byte, error) {
	name := sum("name", key, []byte(who))
	if err := a.enter(ctx, name); err != nil {
		return nil, err
	}
	defer a.leave(name)
	print := sum("request", key, request)
	answer, found, err := a.find(ctx, name, print, key)
	if err != nil || found {
		return answer, err
	}
	if answer, err = do(); err != nil || len(answer) > largestReply {
		return answer, err
	}
	return answer, a.keep(context.WithoutCancel(ctx), name, print, seal(key, name, answer))
}

func (a *Answers) enter(ctx context.Context, name [32]byte) error {
	for {
		a.mu.Lock()
		before, busy := a.running[name]
		if !busy {
			a.running[name] = make(chan struct{})
			a.mu.Unlock()
			return nil
		}
		a.mu.Unlock()
		select {
		case <-before:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (a *Answers) leave(name [32]byte) {
	a.mu.Lock()
	close(a.running[name])
	delete(a.running, name)
	a.mu.Unlock()
}

func (a *Answers) find(ctx context.Context, name, print [32]byte, key string) (answer []byte, found bool, err error) {
	var stored, sealed []byte
	err = a.db.Read(ctx, func(c *database.Conn) error {
		found, err = c.First("SELECT request, answer FROM answers WHERE name = ? AND created_at > ?", func(r *database.Row) {
			stored, sealed = r.Bytes(0), r.Bytes(1)
		}, name[:], time.Now().Add(-keepAnswers))
		return err
	})
	if err != nil || !found {
		return nil, false, err
	}
	if subtle.ConstantTimeCompare(stored, print[:]) != 1 {
		return nil, false, errs.New(errs.Conflict, "this Idempotency-Key was used for another request; use a new one for each")
	}
	answer, err = unseal(key, name, sealed)
	return answer, true, err
}

func (a *Answers) keep(ctx context.Context, name, print [32]byte, sealed []byte) error {
	return a.db.Write(ctx, func(tx *database.Tx) error {
		now := time.Now()
		if err := tx.Exec("DELETE FROM answers WHERE created_at <= ?", now.Add(-keepAnswers)); err != nil {
			return err
		}
		err := tx.Exec("DELETE FROM answers WHERE name IN (SELECT name FROM answers ORDER BY created_at DESC LIMIT ? OFFSET ?)", mostAnswers, mostAnswers-1)
		if err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO answers (name, request, answer, created_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET request = excluded.request, answer = excluded.answer, created_at = excluded.created_at`, name[:], print[:], sealed, now)
	})
}

// sum is a hash for one use that cannot be computed without the key.
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
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES is a block cipher that GCM takes
	}
	return aead
}

func seal(key string, name [32]byte, answer []byte) []byte {
	aead := box(key, name)
	nonce := make([]byte, aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		panic(err) // crypto/rand never fails
	}
	return aead.Seal(nonce, nonce, answer, nil)
}

func unseal(key string, name [32]byte, sealed []byte) ([]byte, error) {
	aead := box(key, name)
	if len(sealed) < aead.NonceSize() {
		return nil, errs.New(errs.Internal, "a kept answer is too short")
	}
	return aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
}
