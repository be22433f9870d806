package hosting

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"fazt/internal/errs"
)

// Origin is the folder that a deployment was sent from. The client sends it; the instance only stores it, so that the next
// deploy can say that it comes from elsewhere.
type Origin struct {
	Host       string `json:"host"`                 // name of the machine
	Folder     string `json:"folder"`               // its path there
	Repository string `json:"repository,omitempty"` // of the folder, such as github.com/someone/blog: the remote named origin; "" = none
	Path       string `json:"path,omitempty"`       // of the folder in that repository
}

// check rejects origins that must not be stored or shown.
func (o *Origin) check() error {
	if o == nil {
		return nil
	}
	for _, text := range []string{o.Host, o.Folder, o.Repository, o.Path} {
		if len(text) > maxSource || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			return errs.New(errs.Invalid, "the origin of the deployment must be text of at most %d bytes", maxSource)
		}
	}
	if strings.Contains(o.Repository, "@") {
		return errs.New(errs.Invalid, "the repository of the deployment contains a user name or password; remove it")
	}
	return nil
}
