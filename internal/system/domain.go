package system

import (
	"errors"
	"fmt"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/hostname"
)

// CheckDomain returns an error unless apps can be served below domain: a canonical host name, not an IP address, without
// scheme and port.
func CheckDomain(domain string) error {
	bad := func(why string) error {
		return errs.New(errs.Invalid, "%q cannot be the domain: %s; use a name such as example.com or localhost", domain, why)
	}
	switch {
	case domain == "":
		return bad("it is empty")
	case strings.Contains(domain, "/"):
		return bad("it is a URL")
	case strings.Contains(domain, ":"):
		return bad("it has a port")
	case domain != strings.ToLower(domain):
		return bad("it has upper-case letters")
	}
	canonical, err := hostname.Registrable(domain)
	_, address := hostname.CanonicalAddress(domain)
	switch {
	case address || errors.Is(err, hostname.ErrAddress):
		return bad("it is an IP address, and apps need names below it")
	case err != nil:
		return bad("it is not a host name")
	case canonical != domain:
		return bad("its canonical form is " + canonical)
	case len(domain) > maxDomain:
		return bad(fmt.Sprintf("it is longer than %d characters, and apps need room for their names", maxDomain))
	}
	return nil
}

// maxDomain leaves room for a 63-character label and a dot before the longest domain.
const maxDomain = 253 - 64
