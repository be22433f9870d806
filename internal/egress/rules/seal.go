package rules

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"fazt/internal/errs"
	"fazt/internal/limitio"
)

const (
	keyLength  = 32 // bytes, for AES-256
	maxKeyFile = 1024
	// MasterKeyVariable is the environment variable with the key of the secrets. It takes precedence over the file.
	MasterKeyVariable = "FAZT_MASTER_KEY"
)

// KeyFile returns the path of the file with the key of the secrets: next to the database, and therefore in no copy of the
// database alone.
func KeyFile(database string) string { return database + ".key" }

// vault has the key of the secrets, which is not in the database.
type vault struct {
	file   string // the key file
	master string // FAZT_MASTER_KEY; "" = the key is in the file
}

// A sealed value consists of a version, the fingerprint of the key, a nonce, and the value encrypted with AES-256-GCM.
const (
	sealVersion       = 2 // 1 was not bound to scheme and port, and is valid only for their defaults
	fingerprintLength = 8
	nonceLength       = 12
	tagLength         = 16
	maxSealed         = 64 << 10
)

// key returns the current key.
func (v vault) key() ([]byte, error) {
	if v.master != "" {
		return parseKey(v.master, MasterKeyVariable)
	}
	// Reading a pipe or a device would never end.
	info, err := os.Stat(v.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errs.Wrap(errs.Unprocessable, err, "the key file %s is missing: restore it, or set %s", v.file, MasterKeyVariable)
	}
	if err == nil && !info.Mode().IsRegular() {
		return nil, errs.New(errs.Unprocessable, "the key file %s is not a regular file: restore the right one", v.file)
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		// As the database does with its files. On a read-only disk the mode stays.
		if err = os.Chmod(v.file, 0o600); errors.Is(err, syscall.EROFS) {
			err = nil
		}
	}
	var data []byte
	if err == nil {
		data, err = readKeyFile(v.file)
	}
	if errors.Is(err, limitio.ErrTooLong) {
		return nil, errs.Wrap(errs.Unprocessable, err, "the key file %s is larger than %d bytes: put the right one in its place", v.file, maxKeyFile)
	}
	if err != nil {
		return nil, errs.Wrap(errs.Unprocessable, err, "the key file %s cannot be read: it must belong to the user that fazt runs as", v.file)
	}
	return parseKey(strings.TrimSpace(string(data)), "the key file "+v.file)
}

func readKeyFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return limitio.ReadAll(f, maxKeyFile)
}

// parseKey parses a key; from says where it is from. No message quotes it: a wrong key may be one letter away from the right
// one.
func parseKey(text, from string) ([]byte, error) {
	if len(text) != hex.EncodedLen(keyLength) {
		return nil, errs.New(errs.Unprocessable, "%s has %d characters; a key has %d hexadecimal digits, such as from `openssl rand -hex %d`", from, len(text), hex.EncodedLen(keyLength), keyLength)
	}
	key, err := hex.DecodeString(text)
	if err != nil {
		return nil, errs.New(errs.Unprocessable, "%s is not a key; a key has %d hexadecimal digits, such as from `openssl rand -hex %d`", from, hex.EncodedLen(keyLength), keyLength)
	}
	return key, nil
}

// newKey returns the current key, or creates it.
func (v vault) newKey() ([]byte, error) {
	if _, err := os.Lstat(v.file); v.master != "" || !errors.Is(err, fs.ErrNotExist) {
		return v.key()
	}
	key := make([]byte, keyLength)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	if err := placeKey(v.file, key); err != nil {
		return nil, errs.Wrap(errs.Unprocessable, err, "the key file %s cannot be created, and secrets need it", v.file)
	}
	return v.key()
}

// placeKey writes a key file completely or not at all, and never over another: without its key every secret is lost.
func placeKey(path string, key []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // created with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	err = os.Link(f.Name(), path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		// The file system has no hard links. This process has the lock of the database, so no other can create the file now.
		if _, missing := os.Lstat(path); errors.Is(missing, fs.ErrNotExist) {
			err = os.Rename(f.Name(), path)
		}
	}
	return err
}

// fingerprint identifies a key without revealing it.
func fingerprint(key []byte) []byte {
	sum := sha256.Sum256(append([]byte("fazt secrets: which key\x00"), key...))
	return sum[:fingerprintLength]
}

func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // keys have 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // cannot happen with AES
	}
	return aead
}

// binding returns what a sealed value is bound to: it cannot be opened in another row. Each part has its length in front, so
// that none can be taken for another.
func binding(version byte, s Secret) []byte {
	text := fmt.Appendf(nil, "fazt secret %d:%s %d:%s %d:%s", len(s.Name), s.Name, len(s.AppID), s.AppID, len(s.Domain), s.Domain)
	if version > 1 || s.HTTP || s.Port != 0 {
		text = fmt.Appendf(text, " http %v port %d", s.HTTP, s.Port)
	}
	return text
}

// seal encrypts the value of a secret for its row.
func seal(key []byte, s Secret) ([]byte, error) {
	nonce := make([]byte, nonceLength)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	out := append(append([]byte{sealVersion}, fingerprint(key)...), nonce...)
	return newAEAD(key).Seal(out, nonce, []byte(s.Value), binding(sealVersion, s)), nil
}

// unseal decrypts the value of a secret.
func unseal(key []byte, s Secret, sealed []byte) (string, error) {
	const header = 1 + fingerprintLength + nonceLength
	switch {
	case len(sealed) < header+tagLength || len(sealed) > maxSealed:
		return "", errs.New(errs.Unprocessable, "its value is damaged: set it again with `fazt secret rotate`")
	case sealed[0] < 1 || sealed[0] > sealVersion:
		return "", errs.New(errs.Unsupported, "it was set by a newer version of Fazt")
	case string(sealed[1:1+fingerprintLength]) != string(fingerprint(key)):
		return "", errs.New(errs.Unprocessable, "it was set with another key: restore that key, or set the secret again with `fazt secret rotate`")
	}
	value, err := newAEAD(key).Open(nil, sealed[1+fingerprintLength:header], sealed[header:], binding(sealed[0], s))
	if err != nil {
		return "", errs.Wrap(errs.Unprocessable, err, "its row was not written by Fazt: set it again with `fazt secret rotate`")
	}
	return string(value), nil
}
