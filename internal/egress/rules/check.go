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

// ParseDomain returns the canonical form of the domain of an entry: a host name, or *. and a host name for all names below it.
func ParseDomain(text string) (string, error) {
	bad := func(why string) (string, error) {
		return "", errs.New(errs.Invalid, "%q cannot be allowed: %s", text, why)
	}
	name, wild := strings.CutPrefix(text, "*.")
	switch {
	case text == "":
		return "", errs.New(errs.Invalid, "the domain is missing; use a name such as api.example.com, or *.example.com for all names below it")
	case text == "*" || name == "":
		return bad("it would allow everything; list the domains one by one")
	case strings.Contains(text, "://"):
		return bad("it has a scheme; use only the name, such as api.example.com (plain HTTP is an option of the entry)")
	case strings.Contains(name, "@"):
		return bad("it has a user name; use only the host name, such as api.example.com")
	case strings.ContainsAny(name, `/\?#`):
		return bad("it has a path; use only the name, such as api.example.com")
	case strings.Contains(name, "*"):
		return bad("* can only be the first label, as in *.example.com")
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return bad("it is an IP address; use a host name")
	}
	if strings.Contains(name, ":") {
		return bad("it has a port; ports are an option of the entry")
	}
	host, why := CanonicalHost(name)
	if why != "" {
		return bad(why)
	}
	if !strings.Contains(host, ".") {
		return bad("it is a single label; use a full name such as api.example.com")
	}
	// A suffix that a registry runs is not a host. One that a company lists (s3.amazonaws.com) is, but anyone can get a name
	// below it.
	if suffix, registry := publicsuffix.PublicSuffix(host); suffix == host && (wild || registry) {
		return bad("anyone can register a name below it; use the whole name, such as shop." + host)
	}
	if wild {
		return "*." + host, nil
	}
	return host, nil
}

// CanonicalHost returns the canonical form of a host (package hostname), or why it cannot be called.
func CanonicalHost(raw string) (host, why string) {
	host, err := hostname.Canonical(raw)
	switch {
	case strings.Trim(raw, ".") == "":
		return "", "the URL has no host"
	case errors.Is(err, hostname.ErrAddress):
		return "", "IP addresses are not allowed; use a host name"
	case err != nil:
		return "", "the host is not a valid host name"
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

// CheckEntry returns an entry in canonical form, except for its domain, which ParseDomain checks.
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
			return bad("unknown method %q; use %s", m, strings.Join(Methods, ", "))
		}
	}
	e.Methods = unique(e.Methods)
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"rate", int64(e.Rate)}, {"burst", int64(e.Burst)}, {"timeout", int64(e.Timeout)},
		{"maximum response size", e.MaxResponse}, {"cache time", int64(e.CacheTTL)}, {"stale time", int64(e.Stale)},
	} {
		if n.value < 0 {
			return bad("the %s is %d; it cannot be negative", n.name, n.value)
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

// inOrder removes duplicates and keeps the order: secrets are sent to the first port.
func inOrder(list []int) []int {
	kept := make([]int, 0, len(list))
	for _, n := range list {
		if !slices.Contains(kept, n) {
			kept = append(kept, n)
		}
	}
	return kept
}

// unique returns the list sorted and without duplicates.
func unique[T int | string](list []T) []T {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// CheckNeeds returns an error if the domains and secrets that an app asks for could not be granted.
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
