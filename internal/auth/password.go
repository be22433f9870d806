package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"fazt/internal/errs"
)

const (
	minPassword = 8    // characters
	maxPassword = 1024 // bytes
)

// cost is the price of a guess: argon2id with the second recommended parameter set of RFC 9106, scaled down for small
// servers but above the OWASP minimum (19 MiB, 2 passes). It is stored with each hash, so that it can change.
type cost struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

func current() cost { return cost{memory: 32 << 10, passes: 3, lanes: 1} }

// CheckPassword reports whether a password is acceptable.
func CheckPassword(password string) error {
	switch {
	case !utf8.ValidString(password):
		return errs.New(errs.Invalid, "the password is not valid text")
	case len(password) > maxPassword:
		return errs.New(errs.Invalid, "the password is longer than %d bytes", maxPassword)
	case utf8.RuneCountInString(password) < minPassword:
		return errs.New(errs.Invalid, "the password is too short: at least %d characters", minPassword)
	case strings.TrimSpace(password) == "":
		return errs.New(errs.Invalid, "the password consists only of spaces")
	}
	return nil
}

// hashPassword returns a PHC string: $argon2id$v=19$m=…,t=…,p=…$salt$key.
func hashPassword(password string) string {
	var salt [16]byte
	if _, err := rand.Read(salt[:]); err != nil {
		panic(err) // crypto/rand never fails
	}
	return encode(current(), salt[:], key(password, salt[:], current()))
}

func key(password string, salt []byte, c cost) []byte {
	return argon2.IDKey([]byte(password), salt, c.passes, c.memory, c.lanes, 32)
}

func encode(c cost, salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.passes, c.lanes,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// verify reports whether password matches a PHC string.
func verify(password, phc string) bool {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return false
	}
	var version int
	var c cost
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.passes, &c.lanes); err != nil || c.passes == 0 || c.lanes == 0 {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false
	}
	return subtle.ConstantTimeCompare(key(password, salt, c), want) == 1
}
