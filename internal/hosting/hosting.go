// Package hosting stores and serves deployments: immutable sets of files, stored by content.
//
// A deployment is uploaded in three steps: announce (the files with their hashes), send (the content that the instance
// lacks) and commit. Nothing is visible before the commit, and going live is the update of one row. Content is stored
// once however many deployments share it (package content), so a redeploy stores only what changed, and a file of any
// size is served in constant memory.
package hosting

import (
	"time"

	"fazt/internal/content"
)

// Announced is a file of a deployment that is about to be uploaded.
type Announced struct {
	Path string       `json:"path"` // relative, with slashes
	Hash content.Hash `json:"sha256"`
	Size int64        `json:"size"`
}

// File is one file of a deployment.
type File struct {
	Path     string
	Blob     int64 // row of its content
	Hash     content.Hash
	Size     int64
	Variants []content.Variant // compressed forms that are smaller than the content, best first
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
	Function  bool      `json:"function"` // it has a compiled function
	Live      bool      `json:"live"`
	Previous  bool      `json:"previous"` // was live before the live one; a rollback goes here
	Manifest  Manifest  `json:"manifest"`
	CreatedAt time.Time `json:"created_at"`

	LiveAt    *time.Time `json:"live_at,omitempty"`    // when it last went live; absent = never
	StoppedAt *time.Time `json:"stopped_at,omitempty"` // absent = its function runs; else when it was stopped because invocations could not be ended

	Source *GitSource `json:"source,omitempty"` // absent = it came from a folder or an archive
	Origin *Origin    `json:"origin,omitempty"` // the folder it came from; absent = unknown
}
