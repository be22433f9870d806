package egress

import (
	"net/netip"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"

	"fazt/internal/egress/scrub"
	"fazt/internal/errs"
)

// Policy is all that the owner allowed and gave, as one version that never changes. A change makes a new one, and what was
// connected under the old is not used again.
type Policy struct {
	version   uint64
	entries   map[scoped]Entry
	secrets   map[scoped]Secret
	scrubbers sync.Map // app id -> *scrub.Scrubber, made for the first response to an app
}

// scoped is a domain or the name of a secret, for one app or for all ("").
type scoped struct{ app, name string }

// NewPolicy takes entries and secrets as ParseDomain and CheckEntry made them. Of two with the same app and domain, or
// app and name, the later counts.
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

// Match is the entry that decides about a canonical host: the most specific one, and of two for the same domain the
// app's own before the one for every app. A lookup for each label, however many entries there are.
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

// Secret is the one an app means by a name: its own, else that of every app.
func (p *Policy) Secret(appID, name string) (Secret, bool) {
	if s, ok := p.secrets[scoped{appID, name}]; ok {
		return s, true
	}
	s, ok := p.secrets[scoped{"", name}]
	return s, ok
}

// visible are the secrets an app can use, in the order of their names.
func (p *Policy) visible(appID string) []Secret {
	var list []Secret
	for key, s := range p.secrets {
		if key.app == appID || key.app == "" {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b Secret) int { return strings.Compare(a.Name+"\x00"+a.AppID, b.Name+"\x00"+b.AppID) })
	return list
}

// scrubber is what keeps the values of an app's secrets from it; nil when it has none.
func (p *Policy) scrubber(appID string) *scrub.Scrubber {
	if len(p.secrets) == 0 {
		return nil
	}
	if s, ok := p.scrubbers.Load(appID); ok {
		return s.(*scrub.Scrubber)
	}
	s, _ := p.scrubbers.LoadOrStore(appID, newScrubber(p.visible(appID)))
	return s.(*scrub.Scrubber)
}

func newScrubber(secrets []Secret) *scrub.Scrubber {
	list := make([]scrub.Secret, len(secrets))
	for i, s := range secrets {
		list[i] = scrub.Secret{Name: s.Name, Values: s.telling()}
	}
	return scrub.New(list)
}

// telling returns the texts that tell a secret: its value, and the password of user:password.
func (s *Secret) telling() []string {
	if s.As == AsBasic {
		if _, password, ok := strings.Cut(s.Value, ":"); ok && len(password) >= 8 {
			return []string{s.Value, password}
		}
	}
	return []string{s.Value}
}

// covers says whether a domain, as an entry or a secret has it, stands for a canonical host.
func covers(domain, host string) bool {
	if suffix, ok := strings.CutPrefix(domain, "*"); ok {
		return strings.HasSuffix(host, suffix) && len(host) > len(suffix)
	}
	return domain == host
}

// ParseDomain is the canonical form of what the owner wrote as a domain: a host name, or *. and a host name for all names
// below it.
func ParseDomain(text string) (string, error) {
	bad := func(why string) (string, error) {
		return "", errs.New(errs.Invalid, "%q cannot be allowed: %s", text, why)
	}
	name, wild := strings.CutPrefix(text, "*.")
	switch {
	case text == "":
		return "", errs.New(errs.Invalid, "the domain is missing; write a name such as api.example.com, or *.example.com for the names below it")
	case text == "*" || name == "":
		return bad("it would allow everything; write the domains, one by one")
	case strings.Contains(text, "://"):
		return bad("it has a scheme; write the name alone, such as api.example.com (plain HTTP is an option of the entry)")
	case strings.Contains(name, "@"):
		return bad("it has a user in it; write the name alone, such as api.example.com")
	case strings.ContainsAny(name, `/\?#`):
		return bad("it has a path; write the name alone, such as api.example.com")
	case strings.Contains(name, "*"):
		return bad("* stands only at the front, for whole labels: *.example.com")
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return bad("it is an address, and only names can be allowed")
	}
	if strings.Contains(name, ":") {
		return bad("it has a port; ports are an option of the entry")
	}
	host, why := canonicalHost(name)
	if why != "" {
		return bad(why)
	}
	if !strings.Contains(host, ".") {
		return bad("it is one label alone; write a whole name such as api.example.com")
	}
	// A suffix that a registry runs is no host. One that a company lists (s3.amazonaws.com) is, but who is below it is anybody.
	if suffix, registry := publicsuffix.PublicSuffix(host); suffix == host && (wild || registry) {
		return bad("anybody can have a name below it; write the whole name, such as shop." + host)
	}
	if wild {
		return "*." + host, nil
	}
	return host, nil
}

// Methods there are. Others (CONNECT, TRACE, one's own) ask a proxy or a server for more than a request.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// CheckEntry is e in its canonical form; the domain is left to ParseDomain.
func CheckEntry(e Entry) (Entry, error) {
	bad := func(format string, args ...any) (Entry, error) {
		return Entry{}, errs.New(errs.Invalid, format, args...)
	}
	for _, port := range e.Ports {
		if port < 1 || port > 65535 {
			return bad("%d is no port; ports are 1 to 65535", port)
		}
	}
	e.Ports = inOrder(e.Ports)
	e.Methods = slices.Clone(e.Methods)
	for i, m := range e.Methods {
		e.Methods[i] = strings.ToUpper(m)
		if !slices.Contains(methods, e.Methods[i]) {
			return bad("%q is no method that can be allowed; there are %s", m, strings.Join(methods, ", "))
		}
	}
	e.Methods = unique(e.Methods)
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"rate", int64(e.Rate)}, {"burst", int64(e.Burst)}, {"timeout", int64(e.Timeout)},
		{"largest answer", e.MaxResponse}, {"time in the cache", int64(e.CacheTTL)}, {"time past its end", int64(e.Stale)},
	} {
		if n.value < 0 {
			return bad("the %s is %d; it cannot be below 0", n.name, n.value)
		}
	}
	e.Private = slices.Clone(e.Private)
	for i, prefix := range e.Private {
		if why := notPrivate(prefix); why != "" {
			return bad("%s cannot be allowed: %s", prefix, why)
		}
		e.Private[i] = prefix.Masked()
	}
	for _, p := range e.Paths {
		if _, err := parseTemplate(p); err != nil {
			return Entry{}, err
		}
	}
	return e, nil
}

// inOrder is list as it stands, each value once: the first port is the one that secrets are for.
func inOrder(list []int) []int {
	kept := make([]int, 0, len(list))
	for _, n := range list {
		if !slices.Contains(kept, n) {
			kept = append(kept, n)
		}
	}
	return kept
}

// unique is list sorted, each value once.
func unique[T int | string](list []T) []T {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// port says whether an entry grants a scheme at a port.
func (e *Entry) port(scheme string, port int) bool {
	if scheme == "http" && !e.HTTP {
		return false
	}
	if len(e.Ports) == 0 {
		return port == defaultPort(scheme)
	}
	return slices.Contains(e.Ports, port)
}

// portOf is the one port a secret is sent to under an entry: its own, else the first that the entry names.
func (e *Entry) portOf(s Secret, scheme string) int {
	switch {
	case s.Port != 0:
		return s.Port
	case len(e.Ports) > 0:
		return e.Ports[0]
	}
	return defaultPort(scheme)
}

// method says whether an entry grants a method.
func (e *Entry) method(method string) bool {
	return len(e.Methods) == 0 || slices.Contains(e.Methods, method)
}
