package siterules

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Redirects are the rules of a file _redirects.
type Redirects struct {
	table
	rules []redirect
}

// redirect is one rule; its address is in the table.
type redirect struct {
	query  []condition // that the request must have
	to     target
	status int
	force  bool // even where there is a file
}

// condition is a parameter of the query: with a value, or with any value, for a placeholder.
type condition struct{ key, value, name string }

// Result is what the rules decide about a request.
type Result struct {
	Status   int
	Location string // where to redirect to, if Status is 3xx
	Path     string // the path to serve instead, otherwise
}

// ParseRedirects parses a file _redirects. A line that is wrong is left out.
func ParseRedirects(data []byte) (*Redirects, Warnings) {
	r := &Redirects{}
	var w Warnings
	eachLine(data, &w, func(number int, line string) {
		if problem := r.addLine(line); problem != "" {
			w.add(number, "%s", problem)
		}
	})
	return r, w
}

// addLine adds the rule of a line, or returns what is wrong with it.
func (r *Redirects) addLine(line string) string {
	words := strings.Fields(line)
	if at := slices.IndexFunc(words, func(word string) bool { return word[0] == '#' }); at >= 0 {
		words = words[:at] // a comment
	}
	from, names, problem := parseAddress(words[0])
	if problem != "" {
		return problem
	}
	var rule redirect
	words = words[1:]
	for len(words) > 0 && isCondition(words[0]) {
		if problem := rule.addCondition(words[0], &names); problem != "" {
			return problem
		}
		words = words[1:]
	}
	if len(words) == 0 {
		return "the rule has no target"
	}
	if rule.to, problem = parseTarget(words[0], names); problem != "" {
		return problem
	}
	if problem := rule.addStatus(words[1:]); problem != "" {
		return problem
	}
	if problem := rule.check(from); problem != "" {
		return problem
	}
	if problem := r.add(from); problem != "" {
		return problem
	}
	r.rules = append(r.rules, rule)
	return ""
}

// isCondition reports whether a word is a parameter of the query, key=value.
func isCondition(word string) bool {
	_, absolute := cutScheme(word)
	return word[0] != '/' && !absolute && strings.Contains(word, "=")
}

func (rule *redirect) addCondition(word string, names *[]string) string {
	key, value, _ := strings.Cut(word, "=")
	key, err := url.QueryUnescape(key)
	if err != nil || key == "" {
		return fmt.Sprintf("%.100q is not a parameter of a query", word)
	}
	if before, name, after := cutPlaceholder(value); before == "" && name != "" && after == "" {
		if slices.Contains(*names, name) {
			return fmt.Sprintf("the placeholder :%.100s appears twice", name)
		}
		if len(*names) == maxPlaceholders {
			return fmt.Sprintf("there are more than %d placeholders", maxPlaceholders)
		}
		*names = append(*names, name)
		rule.query = append(rule.query, condition{key: key, name: name})
		return ""
	}
	if value, err = url.QueryUnescape(value); err != nil {
		return fmt.Sprintf("%.100q is not a parameter of a query", word)
	}
	rule.query = append(rule.query, condition{key: key, value: value})
	return ""
}

var statuses = []int{200, 301, 302, 303, 307, 308, 404, 410}

// addStatus parses what follows the target.
func (rule *redirect) addStatus(words []string) string {
	rule.status = 302
	if len(words) > 0 && !strings.Contains(words[0], "=") {
		digits, force := strings.CutSuffix(words[0], "!")
		status, err := strconv.Atoi(digits)
		if err != nil || !slices.Contains(statuses, status) {
			return fmt.Sprintf("%.100q is not a status; the statuses are 200, 301, 302, 303, 307, 308, 404 and 410", words[0])
		}
		rule.status, rule.force = status, force
		words = words[1:]
	}
	if len(words) > 0 {
		return fmt.Sprintf("%.100q: conditions such as Country=, Language= and Role= are not supported", strings.Join(words, " "))
	}
	return ""
}

// check returns what is wrong with a rule as a whole.
func (rule *redirect) check(from address) string {
	if rule.redirects() {
		if from.host == nil && rule.to.origin == "" || from.host != nil && !from.host.variable() && from.host.match(rule.to.host, '.', &captures{}) {
			if same := pathOf(rule.to.path); trimSlash(same) == trimSlash("/"+strings.Replace(from.text, "*", ":"+splat, 1)) && len(rule.query) == 0 {
				return "the rule leads to itself; Fazt redirects to HTTPS and to the address with or without the last slash on its own"
			}
		}
		return ""
	}
	if rule.to.origin != "" {
		return fmt.Sprintf("status %d serves a file of this app; requests are not passed on to other sites", rule.status)
	}
	if path := pathOf(rule.to.path); path == "/api" || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/.netlify/") {
		return `status 200 serves files, not functions; name the path in "routes" in fazt.json to have the function handle it`
	}
	return ""
}

// pathOf returns a template as it was written.
func pathOf(t template) string {
	var b strings.Builder
	for _, p := range t {
		if p.name != "" {
			b.WriteString(":" + p.name)
		}
		b.WriteString(p.text)
	}
	return b.String()
}

func (rule *redirect) redirects() bool { return rule.status/100 == 3 }

// Find returns what the first rule that applies decides; ok is false if none does. exists reports whether there is a file for
// the path of the request.
//
// A redirect applies even where there is a file, as on Cloudflare Pages. If its target would match it again, it applies only
// where there is none, as on Netlify, and never to a path that it can lead to, unless the path becomes shorter: so a single rule
// does not loop.
func (r *Redirects) Find(q Request, exists func() bool) (result Result, ok bool) {
	r.each(q, func(i int, c *captures) bool {
		rule := &r.rules[i]
		query, matches := rule.matchQuery(q.Query, c)
		if !matches {
			return true
		}
		if !rule.redirects() {
			if rule.force || !exists() {
				result, ok = Result{Status: rule.status, Path: rule.to.file(c)}, true
			}
			return !ok
		}
		if r.repeats(i, q, query, c) && (rule.endless(q.Path, c) || !rule.force && exists()) {
			return true
		}
		result, ok = Result{Status: rule.status, Location: rule.to.location(c, query)}, true
		return false
	})
	return result, ok
}

// repeats reports whether a redirect matches the address that it leads to.
func (r *Redirects) repeats(i int, q Request, query string, c *captures) bool {
	rule := &r.rules[i]
	if rule.to.hasQuery {
		query = rule.to.query.expand(c, url.QueryEscape)
	}
	if _, again := rule.matchQuery(query, &captures{}); !again {
		return false
	}
	host := q.Host
	if rule.to.origin != "" {
		host = rule.to.host
	}
	if r.addresses[i].host == nil && host != q.Host {
		return false
	}
	return r.addresses[i].match(host, rule.to.file(c), &captures{})
}

// endless reports whether a rule that matches its own target can lead to this path, so that it might never end.
func (rule *redirect) endless(path string, c *captures) bool {
	if len(trimSlash(rule.to.file(c))) < len(trimSlash(path)) {
		return false
	}
	return rule.to.form == nil || rule.to.form.match(path[1:], '/', &captures{})
}

// matchQuery reports whether a query meets the conditions of a rule, and returns it without the parameters they name.
func (rule *redirect) matchQuery(query string, c *captures) (rest string, matches bool) {
	if len(rule.query) == 0 {
		return query, true
	}
	values, _ := url.ParseQuery(query)
	for _, condition := range rule.query {
		value, has := values[condition.key]
		switch {
		case !has, condition.name == "" && value[0] != condition.value:
			return "", false
		case condition.name != "":
			c.add(condition.name, value[0])
		}
	}
	for _, condition := range rule.query {
		delete(values, condition.key)
	}
	return values.Encode(), true
}
