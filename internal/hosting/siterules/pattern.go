package siterules

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"fazt/internal/hostname"
)

// splat is the name of what a * stands for.
const splat = "splat"

// address is what a rule applies to: a path, perhaps only on one host.
type address struct {
	host *pattern // nil = every host
	path pattern
	text string // of the path, decoded, without its first slash
}

// parseAddress parses a path or an absolute URL. names are the placeholders in it. Problems are returned as text.
func parseAddress(s string) (a address, names []string, problem string) {
	path := s
	if rest, ok := cutScheme(s); ok {
		at := strings.IndexByte(rest, '/')
		if at < 0 {
			at, rest = len(rest), rest+"/"
		}
		var host string
		host, path = rest[:at], rest[at:]
		p, problem := parseHost(host, &names)
		if problem != "" {
			return a, nil, problem
		}
		a.host = p
	}
	if !strings.HasPrefix(path, "/") {
		return a, nil, "the path does not begin with /"
	}
	path, _, _ = strings.Cut(path, "#") // browsers do not send it
	if strings.Contains(path, "?") {
		return a, nil, "a query is written as key=value after the path"
	}
	decoded, err := url.PathUnescape(path[1:])
	if err != nil {
		return a, nil, "the path has a % that is not an escape"
	}
	a.text = norm.NFC.String(decoded)
	if a.path, problem = parsePattern(a.text, '/', &names); problem != "" {
		return a, nil, problem
	}
	return a, names, ""
}

// cutScheme returns what follows the scheme of an absolute URL.
func cutScheme(s string) (rest string, ok bool) {
	for _, scheme := range []string{"https://", "http://"} {
		if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return s[len(scheme):], true
		}
	}
	return s, false
}

func parseHost(host string, names *[]string) (*pattern, string) {
	if name, port, ok := strings.Cut(host, ":"); ok && port != "" && strings.Trim(port, "0123456789") == "" {
		return nil, fmt.Sprintf("the host %.100s has a port; rules apply to every port", name)
	}
	p, problem := parsePattern(host, '.', names)
	if problem != "" {
		return nil, problem
	}
	if !p.variable() {
		name, err := hostname.Canonical(host)
		if err != nil {
			return nil, fmt.Sprintf("%.100q is not a host", host)
		}
		p, _ = parsePattern(name, '.', names)
	}
	return &p, ""
}

func (a *address) variable() bool { return a.path.variable() }

func (a *address) match(host, path string, c *captures) bool {
	return (a.host == nil || a.host.match(host, '.', c)) && a.path.match(path[1:], '/', c)
}

// pattern matches a text of parts with a separator between them: a path, or a host. In a part there is at most one placeholder,
// and in the pattern at most one *, which also stands for separators; so every match can be found without trying.
type pattern struct {
	head          []part // before the part with the *, or all of them
	star          bool
	before, after string // the text around the *
	tail          []part // after the part with the *
}

// part is a text, or a placeholder with text before and after it.
type part struct{ before, name, after string }

func parsePattern(s string, separator byte, names *[]string) (p pattern, problem string) {
	for text := range strings.SplitSeq(s, string(separator)) {
		before, after, star := strings.Cut(text, "*")
		switch {
		case star && (p.star || strings.Contains(after, "*") || slices.Contains(*names, splat)):
			return p, "there is more than one *"
		case star:
			if _, name, _ := cutPlaceholder(text); name != "" {
				return p, fmt.Sprintf("%.100q has both a * and a placeholder", text)
			}
			p.star, p.before, p.after = true, before, after
			*names = append(*names, splat)
			continue
		}
		one, problem := parsePart(text, names)
		if problem != "" {
			return p, problem
		}
		if p.star {
			p.tail = append(p.tail, one)
		} else {
			p.head = append(p.head, one)
		}
	}
	if p.star {
		p.tail = withoutSlash(p.tail, 0)
	} else {
		p.head = withoutSlash(p.head, 1)
	}
	return p, ""
}

// withoutSlash removes the empty part after a separator at the end.
func withoutSlash(parts []part, least int) []part {
	if n := len(parts); n > least && parts[n-1] == (part{}) {
		return parts[:n-1]
	}
	return parts
}

func parsePart(text string, names *[]string) (part, string) {
	before, name, after := cutPlaceholder(text)
	if name == "" {
		return part{before: text}, ""
	}
	if _, second, _ := cutPlaceholder(after); second != "" {
		return part{}, fmt.Sprintf("%.100q has two placeholders; put a / between them", text)
	}
	if slices.Contains(*names, name) {
		return part{}, fmt.Sprintf("the placeholder :%.100s appears twice", name)
	}
	if len(*names) == maxPlaceholders {
		return part{}, fmt.Sprintf("there are more than %d placeholders", maxPlaceholders)
	}
	*names = append(*names, name)
	return part{before, name, after}, ""
}

// cutPlaceholder splits a text around its first placeholder, a colon followed by a letter, letters, digits and underscores.
func cutPlaceholder(s string) (before, name, after string) {
	for i := 0; i+1 < len(s); i++ {
		if s[i] != ':' || !isLetter(s[i+1]) {
			continue
		}
		end := i + 1
		for end < len(s) && (isLetter(s[end]) || '0' <= s[end] && s[end] <= '9' || s[end] == '_') {
			end++
		}
		return s[:i], s[i+1 : end], s[end:]
	}
	return s, "", ""
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// variable reports whether the pattern matches more than one text.
func (p *pattern) variable() bool {
	return p.star || slices.ContainsFunc(p.head, func(one part) bool { return one.name != "" })
}

// match reports whether the pattern matches a text, and adds what the placeholders stand for. A separator at the end of either
// makes no difference, except that it belongs to what a * at the end stands for.
func (p *pattern) match(text string, separator byte, c *captures) bool {
	open := p.star && p.after == "" && len(p.tail) == 0
	if !open {
		text = strings.TrimSuffix(text, string(separator))
	}
	rest, more := text, true
	for _, one := range p.head {
		if !more {
			return false
		}
		var now string
		if now, rest, more = strings.Cut(rest, string(separator)); !one.match(now, c) {
			return false
		}
	}
	if !p.star {
		return !more
	}
	if !more { // /a/* matches /a
		c.add(splat, "")
		return open && p.before == ""
	}
	return p.matchStar(rest, separator, c)
}

// matchStar matches what follows the parts before the one with the *.
func (p *pattern) matchStar(rest string, separator byte, c *captures) bool {
	for i := len(p.tail) - 1; i >= 0; i-- {
		at := strings.LastIndexByte(rest, separator)
		if at < 0 || !p.tail[i].match(rest[at+1:], c) {
			return false
		}
		rest = rest[:at]
	}
	if len(rest) < len(p.before)+len(p.after) || !strings.HasPrefix(rest, p.before) || !strings.HasSuffix(rest, p.after) {
		return false
	}
	c.add(splat, rest[len(p.before):len(rest)-len(p.after)])
	return true
}

func (one *part) match(text string, c *captures) bool {
	if one.name == "" {
		return text == one.before
	}
	if len(text) <= len(one.before)+len(one.after) || !strings.HasPrefix(text, one.before) || !strings.HasSuffix(text, one.after) {
		return false
	}
	c.add(one.name, text[len(one.before):len(text)-len(one.after)])
	return true
}
