package hosting

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"fazt/internal/errs"
)

// GitSource is where in a git repository the files of a deployment came from: enough to find out later whether there is
// a newer commit. The client sends it; the instance only stores it and never contacts the repository.
type GitSource struct {
	URL    string `json:"url"`            // https://… or file:///…, without a name or password
	Ref    string `json:"ref,omitempty"`  // branch, tag or commit; "" = HEAD
	Path   string `json:"path,omitempty"` // folder in the repository; "" = all of it
	Commit string `json:"commit"`         // hash, in hexadecimal
}

// maxSource bounds each text of a GitSource, in bytes.
const maxSource = 2048

// check rejects invalid sources, and sources that must not be stored or shown.
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
		return errs.New(errs.Invalid, "the source URL of the deployment contains a user name or password; remove it")
	case len(s.Commit) != 40 && len(s.Commit) != 64 || strings.Trim(s.Commit, "0123456789abcdef") != "":
		return errs.New(errs.Invalid, "the source of the deployment does not name a commit")
	}
	return nil
}
