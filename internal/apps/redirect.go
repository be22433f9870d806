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
	maxRedirect   = 2048 // bytes of a URL; browsers and proxies accept as many
	maxHops       = 20   // browsers give up after as many
)

func checkStatus(status int) error {
	switch status {
	case 0, 301, 302, 307, 308:
		return nil
	}
	return errs.New(errs.Invalid, "the status of a redirect must be 301, 302, 307 or 308, not %d", status)
}

// checkRedirect returns the URL of a redirect in its stored form: it goes into a header unchanged, so it consists of
// printable ASCII characters only.
func checkRedirect(c *database.Conn, name string, to Destination) (string, error) {
	bad := func(why string) error {
		return errs.New(errs.Invalid, "cannot redirect to %q: %s; use a URL such as https://example.com/page", to.Redirect, why)
	}
	u, err := url.Parse(to.Redirect)
	switch {
	case err != nil:
		return "", bad("it is not a valid URL")
	case len(to.Redirect) > maxRedirect:
		return "", errs.New(errs.TooLarge, "the URL is longer than %d characters", maxRedirect)
	case u.Scheme != "http" && u.Scheme != "https":
		return "", bad("it does not start with http:// or https://")
	case u.User != nil:
		return "", bad("it contains a user name or password, which every visitor would see")
	case strings.ContainsFunc(to.Redirect, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }):
		return "", bad("it contains a space, a backslash or a control character")
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
			return "", bad("it has an invalid port")
		}
		host += ":" + port
	}
	u.Host = host
	u.RawQuery = EscapeQuery(u.RawQuery)
	u.RawFragment = ""
	address := u.String()
	return address, checkLoop(c, name, address, to.Domain)
}

// EscapeQuery escapes everything in a URL query that is not a printable ASCII character or that some parser could take
// for the end of the URL.
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

// checkLoop follows a redirect through the aliases of the instance and fails if it leads back to name.
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
	return errs.New(errs.Invalid, "%s would go through more than %d redirects", name, maxHops)
}

// labelOf returns the alias for a canonical host, or ""; it follows the gateway's rule.
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
