package hosting

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"fazt/internal/errs"
	"fazt/internal/output"
)

// CheckPath says whether a file of a deployment may be called path: relative, with slashes, at most max bytes, valid
// UTF-8 without control characters or backslashes, and no segment that is empty, "." or "..". What passes means the
// same file on every system.
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
		return bad("it has characters that cannot be seen, or that turn the direction of text")
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

// Fold makes one of all spellings of a path that are one file on some system: those that differ in letter case, and those
// in which an accent is part of its letter (NFC) or stands after it (NFD), which macOS takes for the same.
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

// CheckTwins refuses two files or folders whose names are the same text in two forms of Unicode (NFC and NFD): people
// cannot tell them apart, and macOS takes them for one.
func CheckTwins(files []Announced) error {
	known := map[string]string{} // as written, by NFC
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
				return errs.New(errs.Invalid, "%+q and %+q are one name in two forms of Unicode (NFC and NFD); rename one", other, name)
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

// checkPaths checks the paths of files against each other, after each was checked alone. It is given them sorted.
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
				return errs.New(errs.Invalid, "%q is a file, and a folder too: it holds %q", f.Path[:i], f.Path)
			}
		}
	}
	return nil
}

// LeftOut says whether a file or folder is part of no deployment, whatever brings it: version control, dependencies, and
// names that begin with a dot (.env before all), which would not be served anyway; .well-known at the top is taken.
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

// Hidden says whether the file with this path is never served as it is: what belongs to functions (api, workers), what
// only signed-in people may see (private), fazt.json, node_modules, and names that begin with a dot, except below
// .well-known (RFC 8615). Letter case makes no difference, so that no spelling gets round it where a proxy or a
// disk folds case. path is relative or begins with a slash, and must be clean.
func Hidden(path string) bool {
	path = strings.TrimPrefix(path, "/")
	if strings.EqualFold(path, ManifestFile) {
		return true
	}
	first, rest, _ := strings.Cut(path, "/")
	switch {
	case strings.EqualFold(first, "api"), strings.EqualFold(first, "private"), strings.EqualFold(first, "workers"):
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

// hiddenName says whether a segment of the path has a name that is served nowhere.
func hiddenName(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(segment, ".") || strings.EqualFold(segment, "node_modules") {
			return true
		}
	}
	return false
}
