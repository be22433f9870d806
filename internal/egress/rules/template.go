package rules

import (
	"strings"

	"fazt/internal/errs"
)

// A template is a path with placeholders, such as /bot{token}/{method}; what they stand for is not logged. A placeholder
// matches one or more characters other than a slash, up to the text that follows it.
type template []string // text, placeholder, text, …, text

func parseTemplate(text string) (template, error) {
	bad := func(why string) (template, error) {
		return nil, errs.New(errs.Invalid, "%q is not a path template: %s; use one such as /bot{token}/{method}", text, why)
	}
	if !strings.HasPrefix(text, "/") {
		return bad("it does not begin with /")
	}
	var t template
	for rest := text; ; {
		before, after, found := strings.Cut(rest, "{")
		t = append(t, before)
		if !found {
			return t, nil
		}
		name, after, closed := strings.Cut(after, "}")
		switch {
		case !closed:
			return bad("a { is not closed")
		case name == "" || strings.ContainsAny(name, "{/"):
			return bad("a placeholder has no name")
		case strings.HasPrefix(after, "{"):
			return bad("two placeholders need text between them")
		}
		t = append(t, name)
		rest = after
	}
}

// match reports whether a path matches.
func (t template) match(path string) bool {
	rest, ok := strings.CutPrefix(path, t[0])
	for i := 2; ok && i < len(t); i += 2 {
		end := strings.IndexByte(rest, '/')
		if end < 0 {
			end = len(rest)
		}
		if t[i] != "" {
			if end = strings.Index(rest[min(1, len(rest)):], t[i]) + 1; strings.IndexByte(rest[:end], '/') >= 0 {
				return false
			}
		}
		if end < 1 {
			return false
		}
		rest, ok = strings.CutPrefix(rest[end:], t[i])
	}
	return ok && rest == ""
}

// maxLoggedPath is how much of a path is logged.
const maxLoggedPath = 512

// LoggedPath returns the path of a hop for the log: the first template it matches. If an entry has templates and none
// matches, what the owner wants to hide could be anywhere in the path, so it is not logged.
func (e *Entry) LoggedPath(path string) string {
	for _, text := range e.Paths {
		if t, err := parseTemplate(text); err == nil && t.match(path) {
			return text
		}
	}
	if len(e.Paths) > 0 {
		return "/…"
	}
	if len(path) > maxLoggedPath {
		path = path[:maxLoggedPath] + "…"
	}
	return path
}
