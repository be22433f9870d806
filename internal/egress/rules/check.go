package rules

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"fazt/internal/egress/address"
	"fazt/internal/errs"
	"fazt/internal/hostname"

	"golang.org/x/net/publicsuffix"
)

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
	host, why := CanonicalHost(name)
	if why != "" {
		return bad(why)
	}
	if !strings.Contains(host, ".") {
		return bad("it is one label alone; write a whole name such as api.example.com")
	}
	// A suffix that a registry runs is no host. One that a company lists (s3.amazonaws.com) is, but who is below it is anybody.
	if suffix, registry := publicsuffix.PublicSuffix(host); suffix == host && (wild || registry) {
		return bad("anyone can register a name below it; use the whole name, such as shop." + host)
	}
	if wild {
		return "*." + host, nil
	}
	return host, nil
}

// CanonicalHost returns a host in the form of package hostname, or why it is not one that can be called.
func CanonicalHost(raw string) (host, why string) {
	host, err := hostname.Canonical(raw)
	switch {
	case strings.Trim(raw, ".") == "":
		return "", "the URL names no host"
	case errors.Is(err, hostname.ErrAddress):
		return "", "the host is an IP address; only names can be called"
	case err != nil:
		return "", "the host is not a host name"
	}
	return host, ""
}

// DefaultPort returns the port of a scheme.
func DefaultPort(scheme string) int {
	if scheme == "http" {
		return 80
	}
	return 443
}

// Methods are the methods that functions may use. Others (CONNECT, TRACE, custom ones) ask a proxy or a server for more
// than a request.
var Methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// CheckEntry is e in its canonical form; the domain is left to ParseDomain.
func CheckEntry(e Entry) (Entry, error) {
	bad := func(format string, args ...any) (Entry, error) {
		return Entry{}, errs.New(errs.Invalid, format, args...)
	}
	for _, port := range e.Ports {
		if port < 1 || port > 65535 {
			return bad("%d is not a port; ports are 1 to 65535", port)
		}
	}
	e.Ports = inOrder(e.Ports)
	e.Methods = slices.Clone(e.Methods)
	for i, m := range e.Methods {
		e.Methods[i] = strings.ToUpper(m)
		if !slices.Contains(Methods, e.Methods[i]) {
			return bad("%q is not a method that can be allowed; use %s", m, strings.Join(Methods, ", "))
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
		if why := address.CheckPrivate(prefix); why != "" {
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

// CheckNeeds says whether what an app asks for, domains and names of secrets, could be granted.
func CheckNeeds(domains, secrets []string) error {
	for _, domain := range domains {
		if _, err := ParseDomain(domain); err != nil {
			return errs.Wrap(errs.Invalid, err, "net: %s", errs.Sentence(err))
		}
	}
	for _, name := range secrets {
		if err := CheckSecretName(name); err != nil {
			return errs.Wrap(errs.Invalid, err, "secrets: %s", errs.Sentence(err))
		}
	}
	return nil
}
