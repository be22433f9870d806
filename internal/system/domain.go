package system

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"fazt/internal/errs"
)

// CheckDomain says whether apps can be served below domain: a host name in its ASCII form, no port, no scheme, no
// address.
func CheckDomain(domain string) error {
	bad := func(why string) error {
		return errs.New(errs.Invalid, "%q cannot be the domain: %s; write a name such as example.com or localhost", domain, why)
	}
	switch {
	case domain == "":
		return bad("it is empty")
	case strings.Contains(domain, "/"):
		return bad("it is an address of a page")
	case strings.Contains(domain, ":"):
		return bad("it has a port")
	case domain != strings.ToLower(domain):
		return bad("it has upper-case letters")
	}
	if _, err := netip.ParseAddr(domain); err == nil {
		return bad("it is a number, and apps need names below it")
	}
	if ascii, err := idna.Lookup.ToASCII(domain); err != nil || ascii != domain {
		return bad("it is not the name of a host")
	}
	return nil
}
