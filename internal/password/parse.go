package password

import (
	"encoding/base64"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"

	"fazt/internal/errs"
)

// maxHash is the maximum length of the text of a hash.
const maxHash = 512

// Parse reads the text of a hash: the strings of the PHC format for Argon2 and scrypt, and $2a$, $2b$ and $2y$ of bcrypt. One
// that would cost too much to check is refused.
func Parse(text string) (*Hash, error) {
	if len(text) <= maxHash {
		parts := strings.Split(text, "$")
		switch {
		case len(parts) == 4 && parts[0] == "" && (parts[1] == "2a" || parts[1] == "2b" || parts[1] == "2y"):
			return parseBcrypt(text, parts)
		case len(parts) == 6 && parts[0] == "" && (parts[1] == Argon2id || parts[1] == Argon2i):
			return parseArgon2(parts)
		case len(parts) == 5 && parts[0] == "" && parts[1] == Scrypt:
			return parseScrypt(parts)
		}
	}
	return nil, errs.New(errs.Invalid, "this is not a hash of a password; the formats are $argon2id$, $argon2i$, $scrypt$, $2a$, $2b$ and $2y$")
}

func malformed(kind string) error {
	return errs.New(errs.Invalid, "this hash of a password begins like %s, but is not one", kind)
}

func costly(kind, what string) error {
	return errs.New(errs.Invalid, "this hash of a password is too expensive to check: %s %s", kind, what)
}

func parseBcrypt(text string, parts []string) (*Hash, error) {
	cost, err := strconv.Atoi(parts[2])
	if err != nil || len(parts[2]) != 2 || cost < 4 || cost > 31 || len(parts[3]) != 53 || !isBcryptText(parts[3]) {
		return nil, malformed(Bcrypt)
	}
	if cost > maxBcryptCost {
		return nil, costly(Bcrypt, "may have a cost of up to "+strconv.Itoa(maxBcryptCost))
	}
	return &Hash{kind: Bcrypt, cost: cost, text: []byte(text)}, nil
}

func isBcryptText(s string) bool {
	for _, c := range []byte(s) {
		if !(c >= '.' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z') {
			return false
		}
	}
	return true
}

func parseArgon2(parts []string) (*Hash, error) {
	kind := parts[1]
	if parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return nil, malformed(kind)
	}
	memory, passes, lanes, ok := three(parts[3], "m", "t", "p")
	h := &Hash{kind: kind, memory: uint32(memory), passes: uint32(passes), lanes: uint8(min(lanes, 255))}
	if ok = ok && h.readKey(parts[4], parts[5]); !ok || passes < 1 || lanes < 1 || memory < 8*lanes {
		return nil, malformed(kind)
	}
	switch {
	case memory > mostMemory>>10:
		return nil, costly(kind, "may use "+strconv.Itoa(mostMemory>>20)+" MiB")
	case lanes > maxLanes:
		return nil, costly(kind, "may have up to "+strconv.Itoa(maxLanes)+" lanes")
	case passes > mostPassed>>10/memory:
		return nil, costly(kind, "may have fewer passes over this much memory")
	}
	return h, nil
}

func parseScrypt(parts []string) (*Hash, error) {
	ln, r, p, ok := three(parts[2], "ln", "r", "p")
	h := &Hash{kind: Scrypt, r: r, p: p}
	if ok = ok && h.readKey(parts[3], parts[4]); !ok || ln < 1 || r < 1 || p < 1 {
		return nil, malformed(Scrypt)
	}
	if ln > 30 {
		return nil, costly(Scrypt, "may use "+strconv.Itoa(mostMemory>>20)+" MiB")
	}
	h.n = 1 << ln
	return h, CheckScrypt(h.n, r, p)
}

// CheckScrypt returns an error if scrypt would cost too much with these parameters, which are positive.
func CheckScrypt(n, r, p int) error {
	switch {
	case n > mostMemory/128/r || r > mostMemory/128/p || 128*r*(n+p) > mostMemory+(1<<20):
		return costly(Scrypt, "may use "+strconv.Itoa(mostMemory>>20)+" MiB")
	case n*r > maxScryptWork/p:
		return costly(Scrypt, "may have N × r × p of up to "+strconv.Itoa(maxScryptWork))
	}
	return nil
}

// readKey reads the salt and the key.
func (h *Hash) readKey(salt, key string) bool {
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(salt)
	h.key, err2 = base64.RawStdEncoding.Strict().DecodeString(key)
	return err1 == nil && err2 == nil && !strings.ContainsAny(salt+key, "\r\n") &&
		len(h.salt) >= shortestSalt && len(h.salt) <= longestSalt && len(h.key) >= shortestKey && len(h.key) <= longestKey
}

// three reads three numbers with their names, such as m=65536,t=3,p=4.
func three(text, a, b, c string) (x, y, z int, ok bool) {
	parts := strings.Split(text, ",")
	if len(parts) != 3 {
		return 0, 0, 0, false
	}
	var numbers [3]int
	for i, name := range []string{a, b, c} {
		digits, named := strings.CutPrefix(parts[i], name+"=")
		n, err := strconv.ParseUint(digits, 10, 31)
		if !named || err != nil || strconv.FormatUint(n, 10) != digits {
			return 0, 0, 0, false
		}
		numbers[i] = int(n)
	}
	return numbers[0], numbers[1], numbers[2], true
}
