package gateway

import (
	"net/http"
	"net/url"
	pathpkg "path"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/hosting"
)

// canonicalPath is the path of a request in the one form that rules look at: decoded once, beginning with one slash,
// without empty segments, "." and "..". A slash at the end stays.
//
// Refused is what one program reads as a separator or an end and another does not: an encoded slash, a backslash, a
// control character, encoded or not. A "%" that is left after decoding is a character like any other: nothing
// decodes twice.
func canonicalPath(u *url.URL) (string, error) {
	p := u.Path
	if p == "" || p[0] != '/' {
		return "", errs.New(errs.Invalid, "the address has no path")
	}
	// RawPath is set only where the client encoded what need not be, and an encoded slash always is such a case.
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
			clean = false // perhaps: the segment may only begin with a dot
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
	return errs.New(errs.Invalid, "the address has %s in its path", what)
}

// moved sends a client that asked for another spelling of a path to the canonical one. What is hidden is not redirected
// to, and what changes something is not repeated elsewhere.
func moved(w http.ResponseWriter, r *http.Request, path string) error {
	if hosting.Hidden(strings.TrimSuffix(path, "/")) {
		return nothing()
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return errs.New(errs.Invalid, "the path is written with empty or dotted segments; write %s", path)
	}
	// The path begins with one slash and one only, so that it cannot name another host.
	w.Header().Set("Location", (&url.URL{Path: path, RawQuery: r.URL.RawQuery}).String())
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusMovedPermanently)
	return nil
}
