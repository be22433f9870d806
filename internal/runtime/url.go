package runtime

import (
	"github.com/nlnwa/whatwg-url/url"
)

// urlParts parses a URL by the WHATWG rules and gives its parts, or undefined.
func (m *machine) urlParts(text string, args []value) (value, error) {
	var u *url.Url
	var err error
	if len(args) > 1 && !isUndefined(args[1]) {
		base, ok := m.realm.text(args[1])
		if !ok {
			m.realm.dropException()
		}
		u, err = url.ParseRef(base, text)
	} else {
		u, err = url.Parse(text)
	}
	if err != nil {
		return undefinedValue(), nil //nolint:nilerr // the prelude throws what a URL throws
	}
	return m.urlObject(u)
}

func (m *machine) urlSet(href, part, v string) (value, error) {
	u, err := url.Parse(href)
	if err != nil {
		return undefinedValue(), nil //nolint:nilerr // nothing changes
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
	return m.urlObject(u)
}

func (m *machine) urlObject(u *url.Url) (value, error) {
	r := m.realm
	object := r.newObject()
	origin := "null"
	switch u.Protocol() {
	case "http:", "https:", "ws:", "wss:", "ftp:":
		origin = u.Protocol() + "//" + u.Host()
	}
	for name, v := range map[string]string{
		"href": u.Href(false), "origin": origin, "protocol": u.Protocol(), "username": u.Username(), "password": u.Password(),
		"host": u.Host(), "hostname": u.Hostname(), "port": u.Port(), "pathname": u.Pathname(), "search": u.Search(), "hash": u.Hash(),
	} {
		r.set(object, name, r.newString(v))
	}
	return object, nil
}
