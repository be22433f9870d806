package gateway

import (
	"net/netip"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/hostname"
)

// canonicalHost returns a Host header in the form of package hostname, without its port. IP addresses come out in their
// own canonical form, IPv6 without brackets. Anything else is Invalid.
func canonicalHost(raw string) (string, error) {
	host, port, bracketed := raw, "", false
	if strings.HasPrefix(raw, "[") {
		var ok bool
		if host, port, ok = strings.Cut(raw[1:], "]"); !ok {
			return "", badHost()
		}
		bracketed = true
	} else if i := strings.IndexByte(raw, ':'); i >= 0 {
		host, port = raw[:i], raw[i:]
	}
	if port != "" && !portOf(port) {
		return "", badHost()
	}
	if address, ok := hostname.CanonicalAddress(host); ok && bracketed == strings.Contains(address, ":") {
		return address, nil
	}
	if bracketed {
		return "", badHost()
	}
	name, err := hostname.Canonical(host)
	if err != nil {
		return "", badHost()
	}
	return name, nil
}

func badHost() error { return errs.New(errs.Invalid, "the request has no valid Host header") }

// portOf reports whether text is a colon and a port, or only a colon.
func portOf(text string) bool {
	n := 0
	for i := 1; i < len(text); i++ {
		c := text[i]
		if n = n*10 + int(c-'0'); c < '0' || c > '9' || n > 65535 {
			return false
		}
	}
	return text[0] == ':'
}

// isLoopback reports whether a canonical host is a loopback address.
func isLoopback(host string) bool {
	if host == "" || host[0] != ':' && (host[0] < '0' || host[0] > '9') {
		return false
	}
	address, err := netip.ParseAddr(host)
	return err == nil && (address.IsLoopback() || address.IsUnspecified())
}
