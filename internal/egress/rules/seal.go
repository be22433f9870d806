package rules

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"fazt/internal/errs"
)

const (
	keyLength   = 32 // bytes, for AES-256
	keyFileMost = 1024
	// MasterKeyVariable is the variable of the environment that holds the key of the secrets; it comes before the file.
	MasterKeyVariable = "FAZT_MASTER_KEY"
)

// KeyFile is where the key of the secrets of the database at path lies: beside it, and so in no copy of the database
// alone.
func KeyFile(database string) string { return database + ".key" }

// vault seals the values of secrets under a key that is not in the database.
type vault struct {
	file   string // the key file
	master string // FAZT_MASTER_KEY; "" = the file has the key
}

// sealed is a value as it is stored: a version, the mark of the key, a nonce, and what AES-256-GCM made of the value.
const (
	sealVersion = 2 // 1 says nothing of scheme and port, and is for the default of both
	markLength  = 8
	nonceLength = 12
	tagLength   = 16
	sealMost    = 64 << 10
)

// key is the key in force.
func (v vault) key() ([]byte, error) {
	if v.master != "" {
		return parseKey(v.master, MasterKeyVariable)
	}
	// A pipe or a device in its place would be read for ever.
	info, err := os.Stat(v.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errs.Wrap(errs.Unprocessable, err, "the key file %s is missing: put it back from where you keep it, or set %s", v.file, MasterKeyVariable)
	}
	if err == nil && !info.Mode().IsRegular() {
		return nil, errs.New(errs.Unprocessable, "the key file %s is not a file: put the right one in its place", v.file)
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		// As the database does with its own; a disk that is for reading only leaves it as it is.
		if err = os.Chmod(v.file, 0o600); errors.Is(err, syscall.EROFS) {
			err = nil
		}
	}
	var data []byte
	if err == nil {
		data, err = readKeyFile(v.file)
	}
	if err != nil {
		return nil, errs.Wrap(errs.Unprocessable, err, "the key file %s cannot be read by this user: it must belong to the user that fazt runs as", v.file)
	}
	return parseKey(strings.TrimSpace(string(data)), "the key file "+v.file)
}

func readKeyFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, keyFileMost))
}

// parseKey reads a key; from says where it comes from. It is nowhere repeated: a message with a wrong key in it may be
// one letter away from the right one.
func parseKey(text, from string) ([]byte, error) {
	if len(text) != hex.EncodedLen(keyLength) {
		return nil, errs.New(errs.Unprocessable, "%s has %d characters; a key is %d hexadecimal digits, as `openssl rand -hex %d` makes them", from, len(text), hex.EncodedLen(keyLength), keyLength)
	}
	key, err := hex.DecodeString(text)
	if err != nil {
		return nil, errs.New(errs.Unprocessable, "%s is not a key: a key is %d hexadecimal digits, as `openssl rand -hex %d` makes them", from, hex.EncodedLen(keyLength), keyLength)
	}
	return key, nil
}

// newKey is the key in force, made now where there is none.
func (v vault) newKey() ([]byte, error) {
	if _, err := os.Lstat(v.file); v.master != "" || !errors.Is(err, fs.ErrNotExist) {
		return v.key()
	}
	key := make([]byte, keyLength)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	if err := placeKey(v.file, key); err != nil {
		return nil, errs.Wrap(errs.Unprocessable, err, "the key file %s cannot be made; secrets need it", v.file)
	}
	return v.key()
}

// placeKey writes a key file whole or not at all, and never over another: without its key every secret is lost.
func placeKey(path string, key []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // 0600 from the first moment
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
		// The file system has no links. Nobody else makes one meanwhile: this process has the lock of the database.
		if _, missing := os.Lstat(path); errors.Is(missing, fs.ErrNotExist) {
			err = os.Rename(f.Name(), path)
		}
	}
	return err
}

// mark tells keys apart, and tells nothing of them.
func mark(key []byte) []byte {
	sum := sha256.Sum256(append([]byte("fazt secrets: which key\x00"), key...))
	return sum[:markLength]
}

func box(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // parseKey gives nothing but 32 bytes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES is a block cipher that GCM takes
	}
	return aead
}

// place is what a sealed value is bound to: in another row it cannot be opened. No part can be taken for another, as
// each says how long it is.
func place(version byte, s Secret) []byte {
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
	out := append(append([]byte{sealVersion}, mark(key)...), nonce...)
	return box(key).Seal(out, nonce, []byte(s.Value), place(sealVersion, s)), nil
}

// unseal gives the value that was sealed for the row of a secret.
func unseal(key []byte, s Secret, sealed []byte) (string, error) {
	const head = 1 + markLength + nonceLength
	switch {
	case len(sealed) < head+tagLength || len(sealed) > sealMost:
		return "", errs.New(errs.Unprocessable, "its value is damaged: set it again with `fazt secret rotate`")
	case sealed[0] < 1 || sealed[0] > sealVersion:
		return "", errs.New(errs.Unsupported, "it was set by a newer Fazt than this")
	case string(sealed[1:1+markLength]) != string(mark(key)):
		return "", errs.New(errs.Unprocessable, "it was set under another key than the one in force: put the right key back, or set it again with `fazt secret rotate`")
	}
	value, err := box(key).Open(nil, sealed[1+markLength:head], sealed[head:], place(sealed[0], s))
	if err != nil {
		return "", errs.Wrap(errs.Unprocessable, err, "its row was changed by other means than fazt: set it again with `fazt secret rotate`")
	}
	return string(value), nil
}
