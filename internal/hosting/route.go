package hosting

import (
	"strings"

	"fazt/internal/errs"
)

// FunctionFirst is the value of Manifest.First with which the function handles a path even if there is a file for it.
const FunctionFirst = "function"

// Routes are the paths that a function handles: "/hook" is one path, "/api/*" is /api and everything below it, "/*" is
// every path. No routes means /api/*. Paths of the product (/_fazt, /auth, /private) are never included.
type Routes []string

// Cover reports whether the function handles a canonical path.
func (r Routes) Cover(path string) bool {
	first, _, _ := strings.Cut(path[1:], "/")
	if len(r) == 0 {
		return first == "api"
	}
	if productPath(first) {
		return false
	}
	for _, route := range r {
		below, wild := strings.CutSuffix(route, "/*")
		if path == route || wild && strings.HasPrefix(path, below) && (len(path) == len(below) || path[len(below)] == '/') {
			return true
		}
	}
	return false
}

// productPath reports whether paths with this first segment belong to the product on every app's host.
func productPath(first string) bool {
	return strings.EqualFold(first, "_fazt") || strings.EqualFold(first, "auth") || strings.EqualFold(first, "private")
}

// maxRoute is the longest route, in bytes.
const maxRoute = 256

// check rejects strings that are not routes, and routes that no request can match.
func (r Routes) check() error {
	if r != nil && len(r) == 0 {
		return errs.New(errs.Invalid, "routes is empty; remove it to use /api/*")
	}
	for _, route := range r {
		bad := func(why string) error {
			return errs.New(errs.Invalid, "routes: %.100q %s; a route is a path like /hook, /api/* for everything below it, or /* for every path", route, why)
		}
		path, _ := strings.CutSuffix(route, "/*")
		first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		switch {
		case !strings.HasPrefix(route, "/"):
			return bad("does not begin with /")
		case strings.Contains(path, "*"):
			return bad("has a * that is not the last segment")
		case strings.ContainsAny(path, "?#%"):
			return bad("has more than a path, written plainly")
		case productPath(first):
			return errs.New(errs.Invalid, "routes: %q belongs to Fazt; functions cannot handle it", route)
		}
		if name := strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/"); name != "" && CheckPath(name, maxRoute) != nil {
			return bad("is not a path as browsers send it")
		}
	}
	return nil
}
