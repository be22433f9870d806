package hosting

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"fazt/internal/errs"
)

// GitSource is where in a git repository the files of a deployment came from: enough to find out later whether there
// is something newer. The client says it; the instance keeps it and never goes there.
type GitSource struct {
	URL    string `json:"url"`            // https://… or file:///…, without a name or password
	Ref    string `json:"ref,omitempty"`  // branch, tag or commit; "" = whatever HEAD is
	Path   string `json:"path,omitempty"` // folder in the repository; "" = all of it
	Commit string `json:"commit"`         // hash, in hexadecimal
}

// maxSource bounds each text of a GitSource, in bytes.
const maxSource = 2048

// check refuses what cannot be a source, and what must not be stored or shown.
func (s *GitSource) check() error {
	if s == nil {
		return nil
	}
	for _, text := range []string{s.URL, s.Ref, s.Path, s.Commit} {
		if len(text) > maxSource || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			return errs.New(errs.Invalid, "the source of the deployment must be text of at most %d bytes", maxSource)
		}
	}
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || u.Scheme == "" || u.Host == "" && u.Path == "":
		return errs.New(errs.Invalid, "the source of the deployment is not a URL")
	case u.User != nil:
		return errs.New(errs.Invalid, "the source of the deployment has a name or password in it, which are not stored")
	case len(s.Commit) != 40 && len(s.Commit) != 64 || strings.Trim(s.Commit, "0123456789abcdef") != "":
		return errs.New(errs.Invalid, "the source of the deployment does not name a commit")
	}
	return nil
}
