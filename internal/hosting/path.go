package hosting

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"fazt/internal/errs"
	"fazt/internal/hosting/siterules"
	"fazt/internal/output"
)

// CheckPath checks the path of a file in a deployment: relative, with slashes, at most max bytes, valid UTF-8 without
// control characters or backslashes, and no segment that is empty, "." or "..". A valid path names the same file on
// every system.
func CheckPath(path string, max int) error {
	bad := func(why string) error {
		return errs.New(errs.Invalid, "%q cannot be the path of a file: %s", path, why)
	}
	switch {
	case path == "":
		return errs.New(errs.Invalid, "a file has no path")
	case len(path) > max:
		return errs.New(errs.TooLarge, "the path %.100q… has %d bytes; the limit is %d", path, len(path), max)
	case !utf8.ValidString(path):
		return bad("it is not UTF-8")
	case strings.ContainsFunc(path, unicode.IsControl):
		return bad("it has control characters")
	case strings.ContainsFunc(path, output.Hides):
		return bad("it contains invisible characters, or characters that change the direction of text")
	case strings.Contains(path, `\`):
		return bad("it has a backslash")
	case len(path) > 1 && path[1] == ':' && isLetter(path[0]):
		return bad("it begins with a drive letter")
	case path[0] == '/':
		return bad("it begins with /")
	}
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "":
			return bad("it has an empty segment")
		case ".", "..":
			return bad("it has a segment " + segment)
		}
	}
	return nil
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

// Fold returns the same text for all paths that are one file on some system: paths that differ in letter case, or in
// whether an accent is part of its letter (NFC) or follows it (NFD), which macOS ignores.
func Fold(path string) string {
	least := func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}
	return norm.NFC.String(strings.Map(least, norm.NFD.String(path)))
}

// CheckTwins rejects two files or folders whose names are the same text in two Unicode forms (NFC and NFD): people
// cannot tell them apart, and macOS treats them as one.
func CheckTwins(files []Announced) error {
	known := map[string]string{} // the path as given, by its NFC form
	for _, f := range files {
		if isASCII(f.Path) {
			continue
		}
		for i := 0; i <= len(f.Path); i++ {
			if i < len(f.Path) && f.Path[i] != '/' {
				continue
			}
			name := f.Path[:i]
			key := norm.NFC.String(name)
			if other, ok := known[key]; ok && other != name {
				return errs.New(errs.Invalid, "%+q and %+q are the same name in two Unicode forms (NFC and NFD); rename one", other, name)
			}
			known[key] = name
		}
	}
	return nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// checkPaths checks sorted paths, each of which is valid, against each other.
func checkPaths(sorted []Announced) error {
	if err := CheckTwins(sorted); err != nil {
		return err
	}
	known := make(map[string]bool, len(sorted))
	for i, f := range sorted {
		if i > 0 && sorted[i-1].Path == f.Path {
			return errs.New(errs.Invalid, "%q is announced twice", f.Path)
		}
		known[f.Path] = true
	}
	for _, f := range sorted {
		for i, c := range f.Path {
			if c == '/' && known[f.Path[:i]] {
				return errs.New(errs.Invalid, "%q is both a file and a folder that contains %q", f.Path[:i], f.Path)
			}
		}
	}
	return nil
}

// LeftOut reports whether a file or folder is excluded from every deployment: version control, dependencies, and names
// that begin with a dot (above all .env), which would not be served anyway; .well-known at the top is included.
func LeftOut(path string) bool {
	for first := true; path != ""; first = false {
		segment, rest, _ := strings.Cut(path, "/")
		path = rest
		if segment == "node_modules" || strings.HasPrefix(segment, ".") && !(first && segment == ".well-known") {
			return true
		}
	}
	return false
}

// Hidden reports whether the file with this path is never served as it is: files of functions (api, workers), files for
// signed-in people (private), fazt.json, the rules in _redirects and _headers, _worker.js and _routes.json, node_modules, and names that begin with a dot, except below .well-known (RFC
// 8615). Letter case is ignored, so that no spelling bypasses this where a proxy or a disk folds case. path is relative
// or begins with a slash, and must be clean.
func Hidden(path string) bool {
	path = strings.TrimPrefix(path, "/")
	if strings.EqualFold(path, ManifestFile) || strings.EqualFold(path, siterules.RedirectsFile) || strings.EqualFold(path, siterules.HeadersFile) {
		return true
	}
	first, rest, _ := strings.Cut(path, "/")
	switch {
	case strings.EqualFold(first, "api"), strings.EqualFold(first, "private"), strings.EqualFold(first, "workers"):
		return true
	case strings.EqualFold(first, "_worker.js"), strings.EqualFold(path, "_routes.json"): // the function of a site for Cloudflare Pages
		return true
	case first == ".well-known":
		path = rest
	}
	return hiddenName(path)
}

// Private reports whether the file with this path is served to signed-in visitors only.
func Private(path string) bool {
	below, ok := strings.CutPrefix(path, privateFolder)
	return ok && !hiddenName(below)
}

// hiddenName reports whether a segment of the path has a name that is never served.
func hiddenName(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(segment, ".") || strings.EqualFold(segment, "node_modules") {
			return true
		}
	}
	return false
}
