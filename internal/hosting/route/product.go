package route

import (
	"slices"
	"strings"

	"fazt/internal/errs"
)

// Product is the path on an app's host below which everything belongs to Fazt, as "product" in fazt.json names it, such as
// /_cloud. Then sign-in is below /_cloud/auth, and the rest below /_cloud. "" means /auth and /_fazt.
type Product string

// The paths of the product that an app does not move.
const (
	home   = "/_fazt"
	signIn = "/auth"
)

// maxProduct is the longest prefix, in bytes.
const maxProduct = 64

// Check rejects prefixes that browsers and proxies could spell in two ways, and those of other parts of an app.
func (p Product) Check() error {
	if p == "" {
		return nil
	}
	segments := strings.Split(strings.TrimPrefix(string(p), "/"), "/")
	valid := strings.HasPrefix(string(p), "/") && len(p) <= maxProduct && len(segments) <= 2
	for _, s := range segments {
		valid = valid && s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
	}
	if !valid {
		return errs.New(errs.Invalid, "product: %.100q is not a prefix for the paths of Fazt; write one or two segments of a-z, 0-9, - and _, such as /_cloud", string(p))
	}
	if slices.Contains([]string{"api", "private", "workers", "node_modules"}, segments[0]) {
		return errs.New(errs.Invalid, "product: /%s is another part of the app; choose another prefix for the paths of Fazt, such as /_cloud", segments[0])
	}
	return nil
}

// Cut reports whether a canonical path belongs to the product, and returns it as it is called without a prefix: /auth,
// /_fazt, or a path below them. Letter case is ignored, as for other paths that no file of an app can take.
func (p Product) Cut(path string) (own string, ok bool) {
	if p == "" {
		for _, root := range []string{signIn, home} {
			if rest, ok := cutRoot(path, root); ok {
				return root + rest, true
			}
		}
		return "", false
	}
	rest, ok := cutRoot(path, string(p))
	if !ok {
		return "", false
	}
	if below, ok := cutRoot(rest, signIn); ok {
		return signIn + below, true
	}
	return home + rest, true
}

// Owns reports whether a canonical path belongs to the product.
func (p Product) Owns(path string) bool {
	_, ok := p.Cut(path)
	return ok
}

// Path returns the path of something of the product, such as reload.js.
func (p Product) Path(name string) string {
	if p == "" {
		return home + "/" + name
	}
	return string(p) + "/" + name
}

// cutRoot returns what follows a root in a path that is the root or below it.
func cutRoot(path, root string) (rest string, ok bool) {
	if len(path) < len(root) || !strings.EqualFold(path[:len(root)], root) {
		return "", false
	}
	rest = path[len(root):]
	return rest, rest == "" || rest[0] == '/'
}

// roots names the paths of the product in a sentence.
func (p Product) roots() string {
	if p == "" {
		return signIn + " and " + home
	}
	return string(p)
}

// hint says what to do about a path that belongs to the product.
func (p Product) hint() string {
	if p != "" {
		return `Choose another "product" in fazt.json`
	}
	return `"product": "/_cloud" in fazt.json moves the paths of Fazt there`
}

// Nothing tells the author of an app, who may have expected its own files or function there, that there is nothing at a path of
// the product.
func (p Product) Nothing() error {
	return errs.New(errs.NotFound, "paths below %s belong to Fazt, not to the app. %s", p.roots(), p.hint())
}
