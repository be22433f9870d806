// Package route decides what serves a path of an app's host: the product, the app's function, or its files.
package route

import (
	"strings"

	"fazt/internal/errs"
)

// FunctionFirst is the value of "first" in fazt.json with which the function handles a path even if there is a file for it.
const FunctionFirst = "function"

// Routes are the paths that a function handles: "/hook" is one path, "/api/*" is /api and everything below it, "/*" is
// every path. No routes means /api/*. Paths of the product and /private are never included.
type Routes []string

// Cover reports whether the function handles a canonical path.
func (r Routes) Cover(path string, p Product) bool {
	if len(r) == 0 {
		first, _, _ := strings.Cut(path[1:], "/")
		return first == "api"
	}
	return !p.Owns(path) && !Private(path) && r.match(path)
}

// match reports whether one of the routes matches a path, whoever owns it.
func (r Routes) match(path string) bool {
	for _, route := range r {
		below, wild := strings.CutSuffix(route, "/*")
		if path == route || wild && strings.HasPrefix(path, below) && (len(path) == len(below) || path[len(below)] == '/') {
			return true
		}
	}
	return false
}

// Private reports whether a path is that of private files, in any letter case.
func Private(path string) bool {
	_, ok := cutRoot(path, "/private")
	return ok
}

// Check rejects strings that are not routes, and routes that no request can match. isPath reports whether a text, without
// its first slash, can be a path in a request.
func (r Routes) Check(p Product, isPath func(string) bool) error {
	if r != nil && len(r) == 0 {
		return errs.New(errs.Invalid, "routes is empty; remove it to use /api/*")
	}
	for _, route := range r {
		bad := func(why string) error {
			return errs.New(errs.Invalid, "routes: %.100q %s; a route is a path like /hook, /api/* for everything below it, or /* for every path", route, why)
		}
		path, _ := strings.CutSuffix(route, "/*")
		switch {
		case !strings.HasPrefix(route, "/"):
			return bad("does not begin with /")
		case strings.Contains(path, "*"):
			return bad("has a * that is not the last segment")
		case strings.ContainsAny(path, "?#%"):
			return bad("has more than a path, written plainly")
		case Private(path):
			return errs.New(errs.Invalid, "routes: %q belongs to Fazt; functions cannot handle it", route)
		case p.Owns(path):
			return errs.New(errs.Invalid, "routes: %q belongs to Fazt; functions cannot handle it. %s", route, p.hint())
		}
		if name := strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/"); name != "" && !isPath(name) {
			return bad("is not a path as browsers send it")
		}
	}
	return nil
}
