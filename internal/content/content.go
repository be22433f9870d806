// Package content stores bytes by their SHA-256, in chunks of at most 1 MiB, once however many rows refer to them, with
// compressed variants of text. It verifies what it reads, finds and replaces damage, and removes content without an
// owner.
package content

import (
	"encoding/hex"
	"fmt"
)

// ChunkSize is the size of every chunk of a blob except the last.
const ChunkSize = 1 << 20

// Hash is the SHA-256 of content.
type Hash [32]byte

// String returns the hash in lower-case hexadecimal, as in the API.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hash in hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText parses 64 hexadecimal digits.
func (h *Hash) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(h) {
		return fmt.Errorf("%q is not a SHA-256 in hexadecimal", text)
	}
	copy(h[:], b)
	return nil
}

// Blob is stored content: its row and its size in bytes.
type Blob struct {
	ID   int64
	Size int64
}

// Variant is a compressed form of content.
type Variant struct {
	Encoding string // zstd, br, gzip: the token of Content-Encoding
	Blob     int64
	Size     int64
}

// Key identifies content by its hash, independent of the row that stores it.
type Key struct {
	Hash     Hash
	Encoding string // "" = as it is
}
