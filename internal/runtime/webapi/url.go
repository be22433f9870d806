package webapi

import (
	"strconv"
	"strings"

	"github.com/nlnwa/whatwg-url/url"

	"fazt/internal/quickjs"
	"fazt/internal/runtime"
)

// longestURL bounds addresses that are not in canonical form. The library takes quadratic time, and nothing interrupts it.
const longestURL = 4096

// urlFuncs parse URLs as browsers do.
func urlFuncs() runtime.Table {
	return runtime.Table{
		"url":    func(a runtime.Args) (quickjs.Value, error) { return urlParts(a) },
		"urlSet": func(a runtime.Args) (quickjs.Value, error) { return urlSet(a.Realm(), a.Text(0), a.Text(1), a.Text(2)) },
	}
}

// urlParts parses a URL by the WHATWG rules and returns its parts, or undefined.
func urlParts(a runtime.Args) (quickjs.Value, error) {
	text, relative := a.Text(0), !quickjs.IsUndefined(a.Value(1))
	if !relative {
		if p, ok := plainURL(text); ok {
			return urlObject(a.Realm(), p)
		}
	}
	if len(text) > longestURL {
		return quickjs.Undefined(), nil
	}
	var u *url.Url
	var err error
	if relative {
		base := a.Text(1)
		if len(base) > longestURL {
			return quickjs.Undefined(), nil
		}
		u, err = url.ParseRef(base, text)
	} else {
		u, err = url.Parse(text)
	}
	if err != nil {
		return quickjs.Undefined(), nil // the prelude throws what a URL throws
	}
	return urlObject(a.Realm(), partsOf(u))
}

func urlSet(r *quickjs.Realm, href, part, v string) (quickjs.Value, error) {
	if len(href)+len(v) > 2*longestURL {
		return quickjs.Undefined(), nil
	}
	u, err := url.Parse(href)
	if err != nil {
		return quickjs.Undefined(), nil // nothing changes
	}
	switch part {
	case "protocol":
		u.SetProtocol(v)
	case "username":
		u.SetUsername(v)
	case "password":
		u.SetPassword(v)
	case "host":
		u.SetHost(v)
	case "hostname":
		u.SetHostname(v)
	case "port":
		u.SetPort(v)
	case "pathname":
		u.SetPathname(v)
	case "search":
		u.SetSearch(v)
	case "hash":
		u.SetHash(v)
	}
	return urlObject(r, partsOf(u))
}

// urlRecord holds the parts of a URL as JavaScript shows them.
type urlRecord struct {
	href, origin, protocol, username, password, host, hostname, port, pathname, search, hash string
}

func partsOf(u *url.Url) urlRecord {
	origin := "null"
	switch u.Protocol() {
	case "http:", "https:", "ws:", "wss:", "ftp:":
		origin = u.Protocol() + "//" + u.Host()
	case "blob:":
		if of, err := url.Parse(u.Pathname()); err == nil && (of.Protocol() == "http:" || of.Protocol() == "https:") {
			origin = of.Protocol() + "//" + of.Host()
		}
	}
	return urlRecord{
		href: u.Href(false), origin: origin, protocol: u.Protocol(), username: u.Username(), password: u.Password(),
		host: u.Host(), hostname: u.Hostname(), port: u.Port(), pathname: u.Pathname(), search: u.Search(), hash: u.Hash(),
	}
}

func urlObject(r *quickjs.Realm, u urlRecord) (quickjs.Value, error) {
	object := r.NewObject()
	for _, part := range [...]struct{ name, value string }{
		{"href", u.href}, {"origin", u.origin}, {"protocol", u.protocol}, {"username", u.username}, {"password", u.password},
		{"host", u.host}, {"hostname", u.hostname}, {"port", u.port}, {"pathname", u.pathname}, {"search", u.search}, {"hash", u.hash},
	} {
		r.Set(object, part.name, r.NewString(part.value))
	}
	return object, nil
}

// plainURL splits a URL that is already in canonical form, so that parsing would not change it. Almost all requests arrive with
// one. The library does everything else.
func plainURL(text string) (u urlRecord, ok bool) {
	rest, secure := strings.CutPrefix(text, "https://")
	if !secure {
		if rest, ok = strings.CutPrefix(text, "http://"); !ok {
			return u, false
		}
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		return u, false
	}
	u.host, rest = rest[:slash], rest[slash:]
	if u.hostname, u.port, ok = plainHost(u.host, secure); !ok {
		return u, false
	}
	end := strings.IndexByte(rest, '?')
	if end < 0 {
		end = len(rest)
	}
	u.pathname = rest[:end]
	if u.search = rest[end:]; u.search == "?" || !all(u.search, plainQuery) || !all(u.pathname, plainPath) {
		return u, false
	}
	// Segments that are dots, also written with %2e, would be taken out.
	if strings.Contains(u.pathname, "/.") || strings.Contains(u.pathname, "/%2") {
		return u, false
	}
	u.protocol = "http:"
	if secure {
		u.protocol = "https:"
	}
	u.href, u.origin = text, u.protocol+"//"+u.host
	return u, true
}

// plainHost splits a host of lower-case labels that cannot be an IP address, and a port that is not the default and has no leading
// zeros.
func plainHost(host string, secure bool) (name, port string, ok bool) {
	name, port, ported := strings.Cut(host, ":")
	if ported {
		n, err := strconv.Atoi(port)
		if err != nil || strconv.Itoa(n) != port || n < 0 || n > 65535 || n == 80 && !secure || n == 443 && secure {
			return "", "", false
		}
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	if last == "" || last[0] < 'a' || last[0] > 'z' || strings.Contains(name, "xn--") || strings.Contains(name, "..") || name[0] == '.' || len(name) > 253 {
		return "", "", false
	}
	return name, port, all(name, plainName)
}

func plainName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.'
}

// plainPath and plainQuery report whether a character needs no escape in the path and the query of a special URL.
func plainPath(c byte) bool {
	return c > ' ' && c < 0x7f && strings.IndexByte("\"#<>?`{}\\^", c) < 0
}
func plainQuery(c byte) bool { return c > ' ' && c < 0x7f && strings.IndexByte("\"#<>'", c) < 0 }

func all(text string, fits func(byte) bool) bool {
	for i := range len(text) {
		if !fits(text[i]) {
			return false
		}
	}
	return true
}
