// Package hostname defines the canonical form of host names and the rules for them.
package hostname

import (
	"errors"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Reasons why a text is not a host name. Callers wrap them in a sentence about their input.
var (
	ErrSyntax  = errors.New("not a host name")
	ErrAddress = errors.New("an IP address, not a host name")
)

const (
	maxName  = 253 // RFC 1035
	maxLabel = 63
)

// Canonical returns the canonical form of a host name: lower case, ASCII (international names as xn--…), no root dot.
// Labels may have an underscore, which the DNS allows and registries do not. A name whose last label is a number is
// ErrAddress: programs read 127.1 and 0x7f.1 as IPv4 addresses (WHATWG URL, "ends in a number").
// A name that is canonical already costs no allocation.
func Canonical(raw string) (string, error) {
	host := raw
	if !plain(host) {
		host = strings.Map(lowerASCII, host)
	}
	if !plain(host) || strings.Contains(host, "xn--") {
		ascii, err := idna.Lookup.ToASCII(raw)
		if err != nil || !utf8.ValidString(raw) {
			return "", ErrSyntax
		}
		host = ascii
	}
	host = strings.TrimSuffix(host, ".")
	switch {
	case !plain(host) || !labeled(host):
		return "", ErrSyntax
	case EndsInNumber(host):
		return "", ErrAddress
	}
	return host, nil
}

// Registrable returns the canonical form of a name that could be registered: as Canonical, without underscores.
func Registrable(raw string) (string, error) {
	host, err := Canonical(raw)
	if err == nil && strings.Contains(host, "_") {
		return "", ErrSyntax
	}
	return host, err
}

// CanonicalAddress returns the canonical form of an IP address, IPv6 without brackets; ok is false for anything else.
func CanonicalAddress(raw string) (address string, ok bool) {
	if raw == "" || raw[0] > '9' && !strings.Contains(raw, ":") {
		return "", false
	}
	a, err := netip.ParseAddr(raw)
	if err != nil || a.Zone() != "" {
		return "", false
	}
	return a.String(), true
}

// EndsInNumber reports whether the last label of a canonical host is a number in any base that inet_aton reads.
func EndsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

// lowerASCII leaves other letters to idna: unicode maps İ to i, which is another name.
func lowerASCII(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

// plain reports whether host has only the characters of canonical names.
func plain(host string) bool {
	for i := range len(host) {
		c := host[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// labeled reports whether the labels of host have 1 to 63 characters and no hyphen at an end, and the whole at most 253.
func labeled(host string) bool {
	if len(host) > maxName {
		return false
	}
	for begin, i := 0, 0; i <= len(host); i++ {
		if i < len(host) && host[i] != '.' {
			continue
		}
		if n := i - begin; n == 0 || n > maxLabel || host[begin] == '-' || host[i-1] == '-' {
			return false
		}
		begin = i + 1
	}
	return true
}
