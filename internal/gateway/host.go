package gateway

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"fazt/internal/errs"
)

// canonicalHost is a Host header in the one form that is compared: lower case, ASCII (international names as xn--…),
// without port and root dot. An IP address comes out in its own canonical form, IPv6 without brackets. What is
// no host at all is Invalid. A host that is canonical already, as browsers send it, costs no allocation.
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
	if bracketed {
		address, err := netip.ParseAddr(host)
		if err != nil || !address.Is6() || address.Zone() != "" {
			return "", badHost()
		}
		return address.String(), nil
	}
	if !plain(host) {
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil || !utf8.ValidString(host) {
			return "", badHost()
		}
		host = ascii
	}
	host = strings.TrimSuffix(host, ".")
	if !plain(host) || !labelled(host) {
		return "", badHost()
	}
	return host, nil
}

func badHost() error { return errs.New(errs.Invalid, "the request names no host") }

// portOf says whether text is a colon and a port, or a colon alone.
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

// plain says whether a host has only characters that canonical names have. The underscore is in no name of a host, but
// in names of the DNS; it leads nowhere.
func plain(host string) bool {
	for i := range len(host) {
		c := host[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// labelled says whether the labels of a host have 1 to 63 characters, and all of it at most 253 (RFC 1035).
func labelled(host string) bool {
	length := 0
	for i := range len(host) {
		if host[i] != '.' {
			length++
			continue
		}
		if length == 0 || length > 63 {
			return false
		}
		length = 0
	}
	return length > 0 && length <= 63 && len(host) <= 253
}

// isLoopback says whether a canonical host is an address of this machine.
func isLoopback(host string) bool {
	if host == "" || host[0] != ':' && (host[0] < '0' || host[0] > '9') {
		return false
	}
	address, err := netip.ParseAddr(host)
	return err == nil && (address.IsLoopback() || address.IsUnspecified())
}
