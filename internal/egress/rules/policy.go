package rules

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"fazt/internal/egress/field"

	"fazt/internal/egress/scrub"
)

// Policy has all entries and secrets of one version. It is immutable: a change makes a new version, and connections made
// under an older one are not reused.
type Policy struct {
	version   uint64
	entries   map[scoped]Entry
	secrets   map[scoped]Secret
	scrubbers sync.Map // app id -> *scrub.Scrubber, made when it is first needed
}

// scoped is a domain or the name of a secret, for one app or for all ("").
type scoped struct{ app, name string }

// NewPolicy returns a policy of entries and secrets in canonical form. Of two with the same app and domain, or the same app
// and name, the later counts.
func NewPolicy(version uint64, entries []Entry, secrets []Secret) *Policy {
	p := &Policy{version: version, entries: make(map[scoped]Entry, len(entries)), secrets: make(map[scoped]Secret, len(secrets))}
	for _, e := range entries {
		p.entries[scoped{e.AppID, e.Domain}] = e
	}
	for _, s := range secrets {
		p.secrets[scoped{s.AppID, s.Name}] = s
	}
	return p
}

// Match returns the entry for a canonical host: the most specific one, and of two for the same domain that of the app. It
// takes one lookup per label, however many entries there are.
func (p *Policy) Match(appID, host string) (Entry, bool) {
	if e, ok := p.entry(appID, host); ok {
		return e, true
	}
	for {
		i := strings.IndexByte(host, '.')
		if i < 0 {
			return Entry{}, false
		}
		host = host[i+1:]
		if e, ok := p.entry(appID, "*."+host); ok {
			return e, true
		}
	}
}

func (p *Policy) entry(appID, domain string) (Entry, bool) {
	if e, ok := p.entries[scoped{appID, domain}]; ok {
		return e, true
	}
	e, ok := p.entries[scoped{"", domain}]
	return e, ok
}

// Secret returns the secret that an app means by a name: its own, or else that of all apps.
func (p *Policy) Secret(appID, name string) (Secret, bool) {
	if s, ok := p.secrets[scoped{appID, name}]; ok {
		return s, true
	}
	s, ok := p.secrets[scoped{"", name}]
	return s, ok
}

// SecretsOf returns the secrets an app can use, by name.
func (p *Policy) SecretsOf(appID string) []Secret {
	var list []Secret
	for key, s := range p.secrets {
		if key.app == appID || key.app == "" {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b Secret) int { return strings.Compare(a.Name+"\x00"+a.AppID, b.Name+"\x00"+b.AppID) })
	return list
}

// Scrubber returns the scrubber that removes the secrets of an app, or nil if there are none.
func (p *Policy) Scrubber(appID string) *scrub.Scrubber {
	if len(p.secrets) == 0 {
		return nil
	}
	if s, ok := p.scrubbers.Load(appID); ok {
		return s.(*scrub.Scrubber)
	}
	s, _ := p.scrubbers.LoadOrStore(appID, NewScrubber(p.SecretsOf(appID)))
	return s.(*scrub.Scrubber)
}

// Version returns the version of the policy. It increases with each change.
func (p *Policy) Version() uint64 { return p.version }

// Private returns the entries that open private networks.
func (p *Policy) Private() (list []Entry) {
	for _, e := range p.entries {
		if len(e.Private) > 0 {
			list = append(list, e)
		}
	}
	return list
}

// credentialWords has words in the names of headers that hold credentials.
var credentialWords = []string{
	"authorization", "auth", "authentication", "cookie", "token", "accesstoken", "key", "apikey", "secret", "session", "sessionid", "sid", "password", "passwd", "passphrase",
	"credential", "credentials", "signature", "jwt", "bearer", "otp", "csrf", "xsrf", "identity", "userid",
}

// Credentialed reports whether a request has credentials: in a header with such a name, or where the owner's secrets for this
// host are sent.
func (p *Policy) Credentialed(app, host string, req *http.Request) bool {
	for name := range req.Header {
		for word := range strings.SplitSeq(field.Hyphened(name), "-") {
			if slices.Contains(credentialWords, word) {
				return true
			}
		}
	}
	for key, s := range p.secrets {
		if key.app != app && key.app != "" || s.Key == "" || !Covers(s.Domain, host) {
			continue
		}
		switch s.As {
		case AsHeader:
			for name := range req.Header {
				if field.Hyphened(name) == field.Hyphened(s.Key) {
					return true
				}
			}
		case AsQuery:
			if hasParameter(req.URL.RawQuery, s.Key) {
				return true
			}
		}
	}
	return false
}
