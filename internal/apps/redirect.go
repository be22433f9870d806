package apps

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"fazt/internal/database"
	"fazt/internal/errs"
)

const (
	defaultStatus = 301
	maxRedirect   = 2048 // bytes of an address, as browsers and proxies take them
	maxHops       = 20   // browsers give up after as many
)

func checkStatus(status int) error {
	switch status {
	case 0, 301, 302, 307, 308:
		return nil
	}
	return errs.New(errs.Invalid, "the status of a redirect is 301, 302, 307 or 308, not %d", status)
}

// checkRedirect returns the address a redirect leads to, written in the one way that is stored: it goes into a header as it
// is, so it has printable ASCII characters only.
func checkRedirect(c *database.Conn, name string, to Destination) (string, error) {
	bad := func(why string) error {
		return errs.New(errs.Invalid, "%q is not an address to redirect to: %s; write one such as https://example.com/page", to.Redirect, why)
	}
	u, err := url.Parse(to.Redirect)
	switch {
	case err != nil:
		return "", bad("it cannot be read")
	case len(to.Redirect) > maxRedirect:
		return "", errs.New(errs.TooLarge, "the address is longer than %d characters", maxRedirect)
	case u.Scheme != "http" && u.Scheme != "https":
		return "", bad("it does not begin with http:// or https://")
	case u.User != nil:
		return "", bad("it carries a user name or password, which every visitor would see")
	case strings.ContainsFunc(to.Redirect, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }):
		return "", bad("it has a space, a backslash or a control character")
	}
	host, err := canonicalHost(u.Hostname())
	if err != nil {
		return "", bad("its host is not a host name")
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return "", bad("its port is none")
		}
		host += ":" + port
	}
	u.Host = host
	u.RawQuery = EscapeQuery(u.RawQuery)
	u.RawFragment = ""
	address := u.String()
	return address, checkLoop(c, name, address, to.Domain)
}

// EscapeQuery returns the query of an address with everything escaped that is not a printable ASCII character or would end the
// address in some reader's eyes.
func EscapeQuery(raw string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(raw) {
		if c := raw[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}#", c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// checkLoop follows a redirect through the aliases of the instance, and fails if it comes back to name.
func checkLoop(c *database.Conn, name, address, domain string) error {
	for range maxHops {
		u, err := url.Parse(address)
		if address == "" || err != nil {
			return nil
		}
		host, err := canonicalHost(u.Hostname())
		if err != nil {
			return nil
		}
		label := labelOf(host, domain)
		if label == name {
			return errs.New(errs.Invalid, "%s would redirect to itself", name)
		}
		address = ""
		if _, err = c.First("SELECT url FROM aliases WHERE name = ? AND kind = 'redirect'", func(r *database.Row) { address = r.Text(0) }, label); err != nil {
			return err
		}
	}
	return errs.New(errs.Invalid, "%s would lead through more than %d redirects", name, maxHops)
}

// labelOf returns the alias that answers at a canonical host, "" for none: the front door's rule.
func labelOf(host, domain string) string {
	if label, ok := strings.CutSuffix(host, "."+domain); ok && label != "www" {
		return label
	}
	address, err := netip.ParseAddr(host)
	if host == domain || host == "www."+domain || domain == "localhost" && err == nil && (address.IsLoopback() || address.IsUnspecified()) {
		return "root"
	}
	return ""
}
