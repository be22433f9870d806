package siterules

import (
	"fmt"
	"net/url"
	pathpkg "path"
	"slices"
	"strings"
)

// target is where a rule leads.
type target struct {
	origin                string // https://host of an absolute URL; "" = this host
	host                  string // of origin, canonical
	path, query, fragment template
	hasQuery              bool
	form                  *pattern // of the paths it can lead to; nil = unknown
}

// template is a text with placeholders.
type template []piece

// piece is a text, or the value of a placeholder.
type piece struct{ text, name string }

// parseTemplate finds the known placeholders in a text. What looks like another one is text.
func parseTemplate(s string, known []string) template {
	var t template
	text := ""
	for s != "" {
		before, name, after := cutPlaceholder(s)
		text += before
		if name != "" && slices.Contains(known, name) {
			t = append(t, piece{text: text}, piece{name: name})
			text = ""
		} else if name != "" {
			text += ":" + name
		}
		s = after
	}
	return append(t, piece{text: text})
}

// tooMany reports whether the values would make a long path a much longer text.
func (t template) tooMany() bool { return len(t) > 2*maxPlaceholders+1 }

// tooManyUses is why a template with too many values is refused.
func tooManyUses() string {
	return fmt.Sprintf("there are more than %d placeholders", maxPlaceholders)
}

// expand fills in the values, each changed by escape.
func (t template) expand(c *captures, escape func(string) string) string {
	var b strings.Builder
	for _, p := range t {
		if p.name != "" {
			b.WriteString(escape(c.value(p.name)))
		}
		b.WriteString(p.text)
	}
	return b.String()
}

// parseTarget parses a path or an absolute URL with the placeholders of its rule. Problems are returned as text.
func parseTarget(s string, known []string) (t target, problem string) {
	rest := s
	if afterScheme, ok := cutScheme(s); ok {
		at := strings.IndexAny(afterScheme, "/?#")
		if at < 0 {
			at = len(afterScheme)
		}
		authority := afterScheme[:at]
		u, err := url.Parse(s[:len(s)-len(afterScheme)] + authority)
		if err != nil || u.Hostname() == "" || u.User != nil || strings.Contains(authority, "*") {
			return t, "the host of the target is not valid; placeholders may only follow it"
		}
		t.origin, t.host, rest = strings.ToLower(u.Scheme)+"://"+strings.ToLower(u.Host), strings.ToLower(u.Hostname()), afterScheme[at:]
		if !strings.HasPrefix(rest, "/") {
			rest = "/" + rest
		}
	}
	if !strings.HasPrefix(rest, "/") || t.origin == "" && strings.HasPrefix(rest, "//") {
		return t, "the target is neither a path that begins with one / nor an http or https URL"
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	path, query, hasQuery := strings.Cut(rest, "?")
	t.hasQuery = hasQuery
	t.path, t.query, t.fragment = parseTemplate(escapeText(path), known), parseTemplate(escapeText(query), known), parseTemplate(escapeText(fragment), known)
	t.form = formOf(path, known)
	if t.path.tooMany() || t.query.tooMany() || t.fragment.tooMany() {
		return t, tooManyUses()
	}
	return t, ""
}

// formOf returns the pattern of the paths that a target can lead to.
func formOf(path string, known []string) *pattern {
	if slices.Contains(known, splat) {
		path = strings.Replace(path, ":"+splat, "*", 1)
	}
	decoded, err := url.PathUnescape(path[1:])
	if err != nil {
		return nil
	}
	p, problem := parsePattern(decoded, '/', new([]string))
	if problem != "" {
		return nil
	}
	return &p
}

// location returns the target as a URL. The query of the request is kept, without the parameters that the rule names, unless the
// target has its own.
func (t *target) location(c *captures, query string) string {
	path := t.path.expand(c, escapePath)
	if t.origin == "" {
		path = "/" + strings.TrimLeft(path, "/") // a // would name another host
	}
	text := t.origin + path
	if t.hasQuery {
		query = t.query.expand(c, url.QueryEscape)
	}
	if query != "" {
		text += "?" + escapeText(query)
	}
	if fragment := t.fragment.expand(c, escapePath); fragment != "" {
		text += "#" + fragment
	}
	return text
}

// file returns the path of a target on this host, decoded and clean.
func (t *target) file(c *captures) string {
	path := t.path.expand(c, escapePath)
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	clean := pathpkg.Clean("/" + path)
	if clean != "/" && strings.HasSuffix(path, "/") {
		clean += "/"
	}
	return clean
}

// escapePath escapes a value for a path, with its slashes.
func escapePath(value string) string {
	return escape(value, "/-._~!$&'()*+,;=:@")
}

// escapeText escapes what must not be in a URL, and leaves its structure as it is.
func escapeText(s string) string {
	return escape(s, "/-._~!$&'()*+,;=:@%?#[]")
}

func escape(s, allowed string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if isLetter(c) || '0' <= c && c <= '9' || strings.IndexByte(allowed, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteString(string([]byte{'%', digits[c>>4], digits[c&15]}))
	}
	return b.String()
}
