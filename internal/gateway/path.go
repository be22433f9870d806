package gateway

import (
	"net/http"
	"net/url"
	pathpkg "path"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/hosting"
)

// canonicalPath returns the path of a request in the one form that rules see: decoded once, starting with one slash,
// without empty, "." and ".." segments. A trailing slash stays.
//
// It refuses anything that one program reads as a separator or terminator and another does not: an encoded slash, a
// backslash, a control character, encoded or not. A "%" left after decoding is an ordinary character: nothing decodes
// twice.
func canonicalPath(u *url.URL) (string, error) {
	p := u.Path
	if p == "" || p[0] != '/' {
		return "", errs.New(errs.Invalid, "the URL has no path")
	}
	// RawPath is set only if the client encoded more than necessary, which an encoded slash always is.
	if u.RawPath != "" && hasEncodedSlash(u.RawPath) {
		return "", badPath("an encoded slash")
	}
	clean := true
	for i := range len(p) {
		switch c := p[i]; {
		case c < ' ' || c == 0x7f:
			return "", badPath("a control character")
		case c == '\\':
			return "", badPath("a backslash")
		case c == '/' && i+1 < len(p) && (p[i+1] == '/' || p[i+1] == '.'):
			clean = false // maybe: the segment may only start with a dot
		}
	}
	if clean {
		return p, nil
	}
	cleaned := pathpkg.Clean(p)
	if cleaned != "/" && (strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.") || strings.HasSuffix(p, "/..")) {
		cleaned += "/"
	}
	return cleaned, nil
}

func hasEncodedSlash(raw string) bool {
	for i := strings.IndexByte(raw, '%'); i >= 0 && i+2 < len(raw); i++ {
		if raw[i] == '%' && raw[i+1] == '2' && raw[i+2]|0x20 == 'f' {
			return true
		}
	}
	return false
}

func badPath(what string) error {
	return errs.New(errs.Invalid, "the URL path contains %s", what)
}

// moved redirects a client that used another spelling of a path to the canonical one. Hidden paths are not redirected
// to, and requests that change something are not repeated elsewhere.
func moved(w http.ResponseWriter, r *http.Request, path string) error {
	if hosting.Hidden(strings.TrimSuffix(path, "/")) {
		return nothing()
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return errs.New(errs.Invalid, "the path has empty or dot segments; use %s", path)
	}
	// The path starts with exactly one slash, so it cannot name another host.
	w.Header().Set("Location", (&url.URL{Path: path, RawQuery: r.URL.RawQuery}).String())
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusMovedPermanently)
	return nil
}
