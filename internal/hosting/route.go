package hosting

import (
	"strings"

	"fazt/internal/errs"
)

// FunctionFirst is the value of Manifest.First by which the function answers where there is a file too.
const FunctionFirst = "function"

// Routes are the paths a function answers: "/hook" is one path, "/api/*" is /api and all below it, "/*" is every path.
// None means /api/*. What belongs to the product (/_fazt, /auth, /private) is never among them.
type Routes []string

// Cover says whether the function answers at a canonical path.
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

// productPath says whether paths with this first segment are the product's on every app's host.
func productPath(first string) bool {
	return strings.EqualFold(first, "_fazt") || strings.EqualFold(first, "auth") || strings.EqualFold(first, "private")
}

// maxRoute is how long a route may be, in bytes.
const maxRoute = 256

// check refuses what is no route, or could never be met.
func (r Routes) check() error {
	if r != nil && len(r) == 0 {
		return errs.New(errs.Invalid, "routes is empty; without it the function answers at /api/*")
	}
	for _, route := range r {
		bad := func(why string) error {
			return errs.New(errs.Invalid, "routes: %.100q %s; a route is a path like /hook, or /api/* for all below it, or /* for every path", route, why)
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
			return errs.New(errs.Invalid, "routes: %q belongs to Fazt; no function can answer there", route)
		}
		if name := strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/"); name != "" && CheckPath(name, maxRoute) != nil {
			return bad("is not a path as browsers send it")
		}
	}
	return nil
}
