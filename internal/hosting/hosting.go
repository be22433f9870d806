// Package hosting keeps deployments: immutable sets of files, stored by content, and serves them.
//
// A deployment is uploaded in three steps: announce (which files, with their hashes), send (the content the instance
// lacks) and commit. Nothing of it is visible before the commit, and going live is the update of one row. Content is
// kept in chunks of at most 1 MiB, once however many deployments hold it, so that a redeploy stores only what
// changed and a file of any size is served in constant memory.
package hosting

import (
	"encoding/hex"
	"fmt"
	"time"
)

// ChunkSize is the size of every chunk of a blob but its last.
const ChunkSize = 1 << 20

// Hash is the SHA-256 of content.
type Hash [32]byte

// String is the hash in lower-case hexadecimal, as it is written on the wire.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hash in hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads 64 hexadecimal digits.
func (h *Hash) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(h) {
		return fmt.Errorf("%q is not a SHA-256 in hexadecimal", text)
	}
	copy(h[:], b)
	return nil
}

// Announced is a file of a deployment that is about to be uploaded.
type Announced struct {
	Path string `json:"path"` // relative, with slashes
	Hash Hash   `json:"sha256"`
	Size int64  `json:"size"`
}

// File is one file of a deployment.
type File struct {
	Path     string
	Blob     int64 // row of its content
	Hash     Hash
	Size     int64
	Variants []Variant // compressed forms that are smaller than the content, best first
}

// Variant is a compressed form of a file's content.
type Variant struct {
	Encoding string // zstd, br, gzip: the token of Content-Encoding
	Blob     int64
	Size     int64
}

// Deployment is one immutable upload of an app.
type Deployment struct {
	ID        string    `json:"id"` // dep_…
	AppID     string    `json:"app_id"`
	Number    int       `json:"number"` // 1, 2, 3 … within the app
	Message   string    `json:"message"`
	SPA       bool      `json:"spa"`
	Files     int       `json:"files"`
	Bytes     int64     `json:"bytes"`
	Function  bool      `json:"function"` // whether it has a compiled function
	Live      bool      `json:"live"`
	Manifest  Manifest  `json:"manifest"`
	CreatedAt time.Time `json:"created_at"`

	StoppedAt *time.Time `json:"stopped_at,omitempty"` // absent = its function runs; else runs of it could not be ended

	Source *GitSource `json:"source,omitempty"` // absent = it came from a folder or an archive
}
