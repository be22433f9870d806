// Package password makes hashes of passwords and checks passwords against them, also against hashes that other programs made. A
// stored hash says what checking it costs, so that is bounded.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"

	"fazt/internal/errs"
)

// The kinds of hashes. Argon2i is only checked, never made.
const (
	Argon2id = "argon2id"
	Argon2i  = "argon2i"
	Scrypt   = "scrypt"
	Bcrypt   = "bcrypt"
)

// What a hash may cost. Each is more than its standards and the common libraries choose, and ends within about a second.
const (
	mostMemory    = 128 << 20 // bytes
	mostPassed    = 512 << 20 // bytes of memory, times the passes over it
	maxLanes      = 16
	maxScryptWork = 1 << 20 // N × r × p
	maxBcryptCost = 14
	shortestSalt  = 8
	longestSalt   = 64
	shortestKey   = 12
	longestKey    = 128
	// maxPassword is the maximum length of a password in bytes. Each hash begins with a fast one of the whole password.
	maxPassword = 4096
	// maxBcrypt is how many bytes bcrypt looks at.
	maxBcrypt = 72
)

// Hash is a hash of a password, read from text.
type Hash struct {
	kind   string
	memory uint32 // of Argon2, in KiB
	passes uint32
	lanes  uint8
	n, r   int // of scrypt
	p      int
	cost   int    // of bcrypt
	text   []byte // of bcrypt
	salt   []byte
	key    []byte
}

// New returns what a new hash of a kind costs, without salt and key. Argon2id is the second recommended set of RFC 9106, scaled
// down for small servers but above the OWASP minimum (19 MiB, 2 passes); the others are OWASP's.
func New(kind string) (Hash, error) {
	switch kind {
	case Argon2id, "":
		return Hash{kind: Argon2id, memory: 32 << 10, passes: 3, lanes: 1}, nil
	case Scrypt:
		return Hash{kind: Scrypt, n: 1 << 15, r: 8, p: 3}, nil
	case Bcrypt:
		return Hash{kind: Bcrypt, cost: 10}, nil
	}
	return Hash{}, errs.New(errs.Invalid, "unknown algorithm %q for passwords; use argon2id, scrypt or bcrypt", kind)
}

// Memory returns how many bytes it takes to make or check the hash.
func (h *Hash) Memory() int64 {
	switch h.kind {
	case Argon2id, Argon2i:
		return int64(h.memory) << 10
	case Scrypt:
		return 128 * int64(h.r) * int64(h.n+h.p)
	}
	return 0
}

// Check returns an error for a password that cannot be hashed.
func Check(password string) error {
	if len(password) > maxPassword {
		return errs.New(errs.Invalid, "the password is longer than %d bytes", maxPassword)
	}
	return nil
}

// Decoy returns a hash that no password has, and that costs as much to check as a new one.
func Decoy() *Hash {
	h, _ := New(Argon2id) // there is such a kind
	h.salt, h.key = make([]byte, 16), make([]byte, 32)
	return &h
}

// Make returns the text of a hash of password, which costs what h does.
func (h Hash) Make(password string) (string, error) {
	if err := Check(password); err != nil {
		return "", err
	}
	if h.kind == Bcrypt {
		if len(password) > maxBcrypt {
			return "", errs.New(errs.Invalid, "the password is longer than %d bytes, which is all that bcrypt looks at; use argon2id", maxBcrypt)
		}
		text, err := bcrypt.GenerateFromPassword([]byte(password), h.cost)
		return string(text), err
	}
	h.salt = make([]byte, 16)
	if _, err := rand.Read(h.salt); err != nil {
		return "", err
	}
	key, err := h.derive(password, 32)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	if h.kind == Scrypt {
		return fmt.Sprintf("$scrypt$ln=%d,r=%d,p=%d$%s$%s", log2(h.n), h.r, h.p, b64.EncodeToString(h.salt), b64.EncodeToString(key)), nil
	}
	return fmt.Sprintf("$%s$v=%d$m=%d,t=%d,p=%d$%s$%s", h.kind, argon2.Version, h.memory, h.passes, h.lanes, b64.EncodeToString(h.salt), b64.EncodeToString(key)), nil
}

// Matches reports whether it is a hash of password. bcrypt looks at the first 72 bytes only.
func (h *Hash) Matches(password string) bool {
	if Check(password) != nil {
		return false
	}
	if h.kind == Bcrypt {
		return bcrypt.CompareHashAndPassword(h.text, []byte(password)) == nil
	}
	key, err := h.derive(password, len(h.key))
	return err == nil && subtle.ConstantTimeCompare(key, h.key) == 1
}

func (h *Hash) derive(password string, size int) ([]byte, error) {
	switch h.kind {
	case Argon2id:
		return argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, uint32(size)), nil
	case Argon2i:
		return argon2.Key([]byte(password), h.salt, h.passes, h.memory, h.lanes, uint32(size)), nil
	}
	return scrypt.Key([]byte(password), h.salt, h.n, h.r, h.p, size)
}

func log2(n int) int {
	bits := 0
	for ; n > 1; n /= 2 {
		bits++
	}
	return bits
}
