package hosting

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"fazt/internal/content"
	"fazt/internal/errs"
	"fazt/internal/output"
	"fazt/internal/system"
)

// maxMessage is the longest message of a deployment, in bytes: a few lines, as in a commit.
const maxMessage = 4096

// Plan is what an upload announces. It travels over the control API.
type Plan struct {
	Files    []Announced `json:"files,omitempty"`
	Message  string      `json:"message,omitempty"` // for people, in the list of deployments
	SPA      *bool       `json:"spa,omitempty"`     // overrides the manifest
	Preview  bool        `json:"preview,omitempty"` // make the deployment, but do not put it live
	Manifest Manifest    `json:"manifest,omitzero"` // of the folder that was built; empty = the manifest among the files

	Source *GitSource `json:"source,omitempty"` // nil = it does not come from a repository
	Origin *Origin    `json:"origin,omitempty"` // nil = unknown
}

// check returns the plan with its files sorted by path, or an error if it cannot become a deployment.
func (p Plan) check(limits system.Storage) (Plan, error) {
	if len(p.Files) == 0 {
		return p, errs.New(errs.Invalid, "there are no files to deploy")
	}
	if len(p.Files) > limits.MaxSiteFiles {
		return p, errs.New(errs.TooLarge, "the deployment has %d files; the limit is %d (storage.max_site_files)", len(p.Files), limits.MaxSiteFiles)
	}
	if strings.ContainsFunc(p.Message, output.Hides) {
		return p, errs.New(errs.Invalid, "the message contains invisible characters, or characters that change the direction of text")
	}
	if len(p.Message) > maxMessage || !utf8.ValidString(p.Message) {
		return p, errs.New(errs.Invalid, "the message must be UTF-8 of at most %d bytes", maxMessage)
	}
	if err := p.Manifest.check(); err != nil {
		return p, errs.Wrap(errs.Invalid, err, "the manifest is not valid: %s", errs.Sentence(err))
	}
	if err := p.Source.check(); err != nil {
		return p, err
	}
	if err := p.Origin.check(); err != nil {
		return p, err
	}
	p.Files = slices.SortedFunc(slices.Values(p.Files), func(a, b Announced) int { return strings.Compare(a.Path, b.Path) })
	if err := checkSizes(p.Files, limits); err != nil {
		return p, err
	}
	return p, checkPaths(p.Files)
}

// CheckSizes rejects files that are too large or too many by their announced sizes, before any of them is read.
func CheckSizes(files []Announced, limits system.Storage) error {
	if len(files) > limits.MaxSiteFiles {
		return errs.New(errs.TooLarge, "the deployment has %d files; the limit is %d", len(files), limits.MaxSiteFiles)
	}
	var total int64
	for _, f := range files {
		if f.Size > limits.MaxFileSize {
			return errs.TooBig(f.Path, f.Size, limits.MaxFileSize, "storage.max_file_size")
		}
		total += f.Size
	}
	if total > limits.MaxSiteSize {
		return errs.TooBig("the deployment", total, limits.MaxSiteSize, "storage.max_site_size")
	}
	return nil
}

// checkSizes checks each file alone and all of them together.
func checkSizes(files []Announced, limits system.Storage) error {
	sizes := make(map[content.Hash]int64, len(files))
	for _, f := range files {
		if err := CheckPath(f.Path, limits.MaxPathLength); err != nil {
			return err
		}
		switch known, again := sizes[f.Hash]; {
		case f.Size < 0:
			return errs.New(errs.Invalid, "%s is announced with %d bytes", f.Path, f.Size)
		case again && known != f.Size:
			return errs.New(errs.Invalid, "%s has the hash of another file but a different size", f.Path)
		}
		sizes[f.Hash] = f.Size
	}
	return CheckSizes(files, limits)
}

// digest identifies the deployment that a plan leads to: the paths, content and settings that matter to visitors, and
// the commit, so that the newest deployment knows the newest commit. The plan must be checked: its files are sorted,
// and no path contains a NUL.
func (p Plan) digest() []byte {
	h := sha256.New()
	for _, f := range p.Files {
		h.Write(append([]byte(f.Path), 0))
		h.Write(f.Hash[:])
	}
	h.Write(Plan{SPA: p.SPA, Manifest: p.Manifest, Source: p.Source}.settings())
	return h.Sum(nil)
}

// settings returns the plan without its files, as JSON.
func (p Plan) settings() []byte {
	p.Files = nil
	data, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings, booleans and numbers always marshal
	}
	return data
}
