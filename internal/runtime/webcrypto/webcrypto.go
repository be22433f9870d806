// Package webcrypto implements crypto.subtle with Go's cryptography. It is stateless: every call brings its key, as raw bytes
// if it is a secret key, or in DER as PKIX (public) or PKCS #8 (private) if it is one of a pair.
package webcrypto

import (
	"crypto"
	"crypto/md5"  //nolint:gosec // programs need it to talk to others
	"crypto/sha1" //nolint:gosec // likewise
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
)

// Error is a failure with the name of the DOMException or JavaScript error that a script gets.
type Error struct{ Name, Message string }

func (e *Error) Error() string { return e.Name + ": " + e.Message }

// Names of errors.
const (
	Operation    = "OperationError"
	Data         = "DataError"
	NotSupported = "NotSupportedError"
)

func fail(name, format string, args ...any) error { return &Error{name, fmt.Sprintf(format, args...)} }

// Algorithm holds the parameters of an algorithm, except those that are bytes.
type Algorithm struct {
	Name       string `json:"name"`
	Hash       string `json:"hash"`
	Curve      string `json:"namedCurve"`
	Length     int    `json:"length"`     // bits
	TagLength  int    `json:"tagLength"`  // bits
	SaltLength int    `json:"saltLength"` // bytes
	Iterations int    `json:"iterations"`
	Modulus    int    `json:"modulusLength"` // bits
}

// Call is one operation.
type Call struct {
	Op        string
	Algorithm Algorithm
	Private   bool   // Key is a private key
	Sync      bool   // the script waits for the result
	Key       []byte // see the package
	Data      []byte
	Extra     []byte // iv, counter, salt, label, signature, or the public key of the other side
	More      []byte // additional data, info
}

// Do carries out a call.
func Do(c Call) ([]byte, error) {
	switch c.Op {
	case "digest":
		return Digest(c.Algorithm.Hash, c.Data)
	case "sign":
		return sign(c)
	case "verify":
		return verify(c)
	case "encrypt", "decrypt":
		return cipherText(c)
	case "deriveBits":
		return derive(c)
	case "generate":
		return generate(c.Algorithm)
	case "scrypt":
		return deriveScrypt(c)
	case "read":
		return readKey(c)
	case "import":
		return importKey(c)
	case "export":
		return exportKey(c)
	}
	return nil, fail(NotSupported, "%s is not supported", c.Op)
}

// Long reports whether a call may take more than a moment. The caller runs such a call where it blocks nothing.
func Long(c Call) bool {
	switch c.Op {
	case "generate":
		return c.Algorithm.Modulus > 0
	case "sign", "decrypt":
		return len(c.Data) > 256<<10 || len(c.Key) > 600 // an RSA key
	case "deriveBits":
		return c.Algorithm.Name == "PBKDF2" && c.Algorithm.Iterations > 1000
	}
	return len(c.Data) > 256<<10
}

// Memory returns how many bytes a call holds besides its arguments, at most.
func Memory(c Call) int64 {
	if c.Op == "scrypt" {
		n, r, p := int64(c.Algorithm.Iterations), int64(c.Algorithm.SaltLength), int64(c.Algorithm.TagLength)
		if n < 0 || n > maxScrypt || r < 0 || r > maxScryptLane || p < 0 || p > maxScryptLane {
			return 0 // it will be refused
		}
		return min(128*n*r, maxScrypt) + min(128*r*p, maxScryptLane)
	}
	if c.Op == "encrypt" || c.Op == "decrypt" {
		return int64(len(c.Data))
	}
	return int64(len(c.Key)) // import and export encode it in other ways
}

func hashOf(name string) (crypto.Hash, error) {
	switch name {
	case "SHA-1":
		return crypto.SHA1, nil
	case "SHA-256":
		return crypto.SHA256, nil
	case "SHA-384":
		return crypto.SHA384, nil
	case "SHA-512":
		return crypto.SHA512, nil
	}
	return 0, fail(NotSupported, "the hash %q is not supported", name)
}

// Digest returns the hash of data.
func Digest(name string, data []byte) ([]byte, error) {
	switch name {
	case "SHA-1":
		sum := sha1.Sum(data) //nolint:gosec // see the import
		return sum[:], nil
	case "SHA-256":
		sum := sha256.Sum256(data)
		return sum[:], nil
	case "SHA-384":
		sum := sha512.Sum384(data)
		return sum[:], nil
	case "SHA-512":
		sum := sha512.Sum512(data)
		return sum[:], nil
	case "MD5":
		sum := md5.Sum(data) //nolint:gosec // see the import
		return sum[:], nil
	}
	return nil, fail(NotSupported, "the hash %q is not supported", name)
}

func newHash(name string) (func() hash.Hash, error) {
	if name == "MD5" {
		return md5.New, nil
	}
	h, err := hashOf(name)
	if err != nil {
		return nil, err
	}
	return h.New, nil
}
