package siterules

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"fazt/internal/header"
)

// Headers are the rules of a file _headers.
type Headers struct {
	table
	rules []headerRule
}

// headerRule is what one path adds and removes; its address is in the table.
type headerRule struct{ fields []field }

// field is a header with its value, or one that is removed.
type field struct {
	name   string // canonical, as in http.Header
	value  template
	remove bool
}

// Change is a header that the rules change in a response.
type Change struct {
	Name  string
	Value string // "" = it is removed
}

// ParseHeaders parses a file _headers. A line that is wrong is left out.
func ParseHeaders(data []byte) (*Headers, Warnings) {
	h := &Headers{}
	var w Warnings
	p := headerParser{headers: h, warnings: &w}
	eachLine(data, &w, p.line)
	p.end()
	return h, w
}

// headerParser reads the lines of a file: an address, then its headers.
type headerParser struct {
	headers  *Headers
	warnings *Warnings
	began    int // line of the address; 0 = none yet
	broken   bool
	address  address
	names    []string
	rule     headerRule
}

func (p *headerParser) line(number int, line string) {
	if _, absolute := cutScheme(line); absolute || line[0] == '/' {
		p.end()
		var problem string
		p.address, p.names, problem = parseAddress(line)
		p.began, p.broken, p.rule = number, problem != "", headerRule{}
		if p.broken {
			p.warnings.add(number, "%s; the headers below it are ignored", problem)
		}
		return
	}
	if p.began == 0 {
		p.warnings.add(number, "a header comes before the first path")
		return
	}
	f, problem := parseField(line, p.names)
	if problem != "" {
		p.warnings.add(number, "%s", problem)
	}
	if f.name != "" {
		p.rule.fields = append(p.rule.fields, f)
	}
}

// end adds the rule that was read.
func (p *headerParser) end() {
	if p.began == 0 || p.broken || len(p.rule.fields) == 0 {
		return
	}
	if problem := p.headers.add(p.address); problem != "" {
		p.warnings.add(p.began, "%s", problem)
		return
	}
	p.headers.rules = append(p.headers.rules, p.rule)
}

// parseField parses "Name: value" or "! Name". A header without a name is left out; the problem says why, or which part of the
// value is left out.
func parseField(line string, names []string) (f field, problem string) {
	if name, ok := strings.CutPrefix(line, "!"); ok {
		f = field{name: http.CanonicalHeaderKey(strings.TrimSpace(name)), remove: true}
		if why := fixed(f.name); why != "" {
			return field{}, fmt.Sprintf("%.100q is left as it is: %s", f.name, why)
		}
		return f, ""
	}
	name, value, ok := strings.Cut(line, ":")
	name, value = http.CanonicalHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)
	switch {
	case !ok:
		return f, fmt.Sprintf("%.100q is neither a path nor a header; a header is written as Name: value", line)
	case value == "":
		return f, fmt.Sprintf("%.100q has no value; ! %[1]s removes a header", name)
	}
	if why := fixed(name); why != "" {
		return f, fmt.Sprintf("%.100q is left out: %s", name, why)
	}
	var removed header.Removed
	_, kept, ok := strings.Cut(removed.Filter(strings.ToLower(name)+"\n"+value, false, -1), "\n")
	if len(removed) > 0 {
		problem = "left out: " + strings.Join(removed, ", ")
	}
	if !ok {
		return field{}, problem
	}
	if f = (field{name: name, value: parseTemplate(kept, names)}); f.value.tooMany() {
		return field{}, tooManyUses()
	}
	return f, problem
}

// fixed returns why rules cannot change a header; "" = they can, as far as functions can.
func fixed(name string) string {
	switch name {
	case "Set-Cookie":
		return "files are the same for every visitor; a function can set cookies"
	case "Basic-Auth":
		return "passwords in this file are not supported, and these pages are public; files in private/ are only for signed-in visitors"
	case "Accept-Ranges", "Content-Encoding", "Content-Length", "Content-Range", "Etag":
		return "it describes the body, which Fazt sends as it suits the client"
	}
	return ""
}

// added are the headers that Fazt or a proxy depends on: values of rules are added to them, and they cannot be removed.
var added = []string{"Vary", "X-Robots-Tag"}

// maxHeaders bounds what rules add to one response, in bytes; clients and proxies accept less.
const maxHeaders = 64 << 10

// Find returns the changes for the files at the address of a request. Rules add up: values of the same header are joined.
func (h *Headers) Find(q Request) []Change {
	var changes []Change
	size := 0
	h.each(q, func(i int, c *captures) bool {
		for _, f := range h.rules[i].fields {
			value := f.value.expand(c, escapePath)
			if size += len(f.name) + len(value) + 4; size > maxHeaders {
				return false
			}
			at := slices.IndexFunc(changes, func(c Change) bool { return c.Name == f.name })
			switch {
			case at < 0:
				changes = append(changes, Change{f.name, value})
			case f.remove || changes[at].Value == "":
				changes[at].Value = value
			default:
				changes[at].Value += ", " + value
			}
		}
		return true
	})
	return changes
}

// Apply makes changes to the headers of a response.
func Apply(changes []Change, h http.Header) {
	for _, c := range changes {
		switch {
		case slices.Contains(added, c.Name):
			if before := strings.Join(h[c.Name], ", "); before != "" && c.Value != "" {
				h[c.Name] = []string{before + ", " + c.Value}
			} else if c.Value != "" {
				h[c.Name] = []string{c.Value}
			}
		case c.Value == "":
			delete(h, c.Name)
		default:
			h[c.Name] = []string{c.Value}
		}
	}
}
