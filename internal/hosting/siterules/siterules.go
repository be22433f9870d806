// Package siterules reads the files _redirects and _headers of a site, which mean what they mean on Cloudflare Pages and Netlify,
// and applies them to requests. Matching takes time proportional to the length of the path: there are no regular expressions.
package siterules

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Files at the root of a deployment that hold rules. They are never served.
const (
	RedirectsFile = "_redirects"
	HeadersFile   = "_headers"
)

// Bounds of one file. What is beyond them is ignored, with a warning.
const (
	MaxFile     = 512 << 10 // bytes of a file
	maxRules    = 2000
	maxPatterns = 500  // rules with a * or a placeholder, which are tried one after the other
	maxLine     = 2000 // bytes of a line
	maxWarnings = 20   // that are listed
)

// Request is the part of a request that rules see.
type Request struct {
	Host  string // canonical, without a port
	Path  string // canonical: decoded and clean, starts with one slash
	Query string // as it was sent, without the question mark
}

// Rules are the rules of a site; nil = it has none of that kind.
type Rules struct {
	Redirects *Redirects
	Headers   *Headers
}

// Read returns the rules of a site; read returns the content of a file, or nil if the site does not have it.
func Read(read func(file string) ([]byte, error)) (r Rules, err error) {
	data, err := read(RedirectsFile)
	if err == nil && data != nil {
		if list, _ := ParseRedirects(data); len(list.rules) > 0 {
			r.Redirects = list
		}
	}
	if err == nil {
		data, err = read(HeadersFile)
	}
	if err == nil && data != nil {
		if list, _ := ParseHeaders(data); len(list.rules) > 0 {
			r.Headers = list
		}
	}
	return r, err
}

// Weight is an estimate of the bytes that rules take.
func (r *Rules) Weight() int64 {
	n := int64(0)
	if r.Redirects != nil {
		n += r.Redirects.weight()
	}
	if r.Headers != nil {
		n += r.Headers.weight()
	}
	return n
}

// Source reads the files of a deployment.
type Source interface {
	ReadFile(ctx context.Context, path string) ([]byte, error)
	Exists(path string) bool
}

// Check returns what is wrong with the rules of a deployment, in sentences. A rule that is wrong is ignored; it does not make a
// deploy fail.
func Check(ctx context.Context, files Source) ([]string, error) {
	var all []string
	for _, file := range []string{RedirectsFile, HeadersFile} {
		if !files.Exists(file) {
			continue
		}
		data, err := files.ReadFile(ctx, file)
		if err != nil {
			return nil, err
		}
		var found Warnings
		if file == RedirectsFile {
			_, found = ParseRedirects(data)
		} else {
			_, found = ParseHeaders(data)
		}
		all = append(all, found.sentences(file)...)
	}
	return all, nil
}

// Owned returns which rules of a deployment never apply, and which lead nowhere, because owned reports that a path belongs to
// something else.
func Owned(ctx context.Context, files Source, owned func(path string) bool) ([]string, error) {
	if !files.Exists(RedirectsFile) {
		return nil, nil
	}
	data, err := files.ReadFile(ctx, RedirectsFile)
	if err != nil {
		return nil, err
	}
	var w, faults Warnings // the faults are those of Check
	eachLine(data, &faults, func(number int, line string) {
		r := &Redirects{}
		if r.addLine(line) != "" {
			return
		}
		if from := wholeStart(r.addresses[0].text, r.addresses[0].variable()); owned(from) {
			w.add(number, "the rule never applies, because %.100s belongs to Fazt", from)
		} else if to := r.rules[0].to; to.origin == "" && r.rules[0].status/100 == 3 && owned(wholeStart(to.path[0].text[1:], len(to.path) > 1)) {
			w.add(number, "the rule leads to %.100s, which belongs to Fazt", to.path[0].text)
		}
	})
	return w.sentences(RedirectsFile), nil
}

// wholeStart returns the path that everything a pattern stands for has in common, in whole segments.
func wholeStart(text string, variable bool) string {
	if variable {
		text = text[:strings.IndexAny(text+"*", "*:")]
		text = text[:strings.LastIndexByte(text, '/')+1]
	}
	return "/" + text
}

// Warning is a rule, or a part of one, that is ignored.
type Warning struct {
	Line int // 0 = the whole file
	Text string
}

// Warnings are the first warnings about a file.
type Warnings struct {
	List []Warning
	More int // that are not in the list
}

func (w *Warnings) add(line int, format string, args ...any) {
	if len(w.List) == maxWarnings {
		w.More++
		return
	}
	w.List = append(w.List, Warning{line, fmt.Sprintf(format, args...)})
}

// sentences returns the warnings as people read them.
func (w *Warnings) sentences(file string) []string {
	var list []string
	for _, one := range w.List {
		if one.Line == 0 {
			list = append(list, fmt.Sprintf("%s: %s", file, one.Text))
			continue
		}
		list = append(list, fmt.Sprintf("%s:%d: %s", file, one.Line, one.Text))
	}
	if w.More > 0 {
		list = append(list, fmt.Sprintf("%s: %d more lines have faults", file, w.More))
	}
	return list
}

// eachLine calls fn with the lines of a file that are neither empty nor comments, without white space around them.
func eachLine(data []byte, w *Warnings, fn func(number int, line string)) {
	if len(data) > MaxFile {
		w.add(0, "the file is ignored: it has %d bytes, and %d are allowed", len(data), MaxFile)
		return
	}
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\xef\xbb\xbf")) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case len(line) > maxLine:
			w.add(number, "the line has %d bytes, and %d are allowed", len(line), maxLine)
		default:
			fn(number, line)
		}
	}
}

// table holds rules in the order of their file. Those without a * or placeholder are found by their path.
type table struct {
	addresses []address
	exact     map[string][]int // by path without a slash at its end
	patterns  []int
}

// add adds a rule; its number is the one of the address. It returns what is wrong: nothing if it was added.
func (t *table) add(a address) string {
	if len(t.addresses) == maxRules {
		return fmt.Sprintf("a file may have %d rules; the rest is ignored", maxRules)
	}
	if !a.variable() {
		if t.exact == nil {
			t.exact = map[string][]int{}
		}
		key := trimSlash(a.text)
		t.exact[key] = append(t.exact[key], len(t.addresses))
	} else {
		if len(t.patterns) == maxPatterns {
			return fmt.Sprintf("a file may have %d rules with a * or a placeholder; the rest of them is ignored", maxPatterns)
		}
		t.patterns = append(t.patterns, len(t.addresses))
	}
	t.addresses = append(t.addresses, a)
	return ""
}

// each calls fn with the rules that match a request, in their order, until it returns false.
func (t *table) each(q Request, fn func(rule int, c *captures) bool) {
	path := norm.NFC.String(q.Path)
	exact := t.exact[trimSlash(path[1:])]
	patterns := t.patterns
	for len(exact)+len(patterns) > 0 {
		var next int
		if len(patterns) == 0 || len(exact) > 0 && exact[0] < patterns[0] {
			next, exact = exact[0], exact[1:]
		} else {
			next, patterns = patterns[0], patterns[1:]
		}
		var c captures
		if t.addresses[next].match(q.Host, path, &c) && !fn(next, &c) {
			return
		}
	}
}

// weight is an estimate of the bytes that a table takes.
func (t *table) weight() int64 {
	n := int64(0)
	for _, a := range t.addresses {
		n += 2000 + 10*int64(len(a.text))
	}
	return n
}

func trimSlash(s string) string { return strings.TrimSuffix(s, "/") }

// captures are the values of the placeholders of a pattern.
type captures struct {
	n     int
	pairs [maxPlaceholders]struct{ name, value string }
}

// maxPlaceholders bounds the placeholders of one pattern.
const maxPlaceholders = 16

func (c *captures) add(name, value string) {
	if c.n < len(c.pairs) {
		c.pairs[c.n].name, c.pairs[c.n].value = name, value
		c.n++
	}
}

func (c *captures) value(name string) string {
	i := slices.IndexFunc(c.pairs[:c.n], func(p struct{ name, value string }) bool { return p.name == name })
	if i < 0 {
		return ""
	}
	return c.pairs[i].value
}
