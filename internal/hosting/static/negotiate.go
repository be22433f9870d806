package static

import (
	"net/http"
	"strings"

	"fazt/internal/content"
)

// negotiate chooses the variant of a file from the Accept-Encoding lines of a request (RFC 9110, section 12.5.3): the one
// the client prefers, among equals the first. nil is the uncompressed content, which also goes to a client that refuses
// everything: 406 would not help it.
//
// It runs for every request and allocates nothing.
func negotiate(accept []string, variants []content.Variant) *content.Variant {
	if len(variants) == 0 || len(accept) == 0 {
		return nil
	}
	var best *content.Variant
	bestQ := 0
	if q, named := quality(accept, "identity"); named {
		bestQ = q - 1 // among equals a variant wins: it is smaller
	}
	for i := range variants {
		if q, _ := quality(accept, variants[i].Encoding); q > max(bestQ, 0) {
			best, bestQ = &variants[i], q
		}
	}
	return best
}

// quality returns the quality value of an encoding in thousandths: by name, else by "*", else 0. named is false if the
// list has neither.
func quality(accept []string, encoding string) (q int, named bool) {
	any, hasAny := 0, false
	for _, line := range accept {
		for line != "" {
			var item string
			item, line, _ = strings.Cut(line, ",")
			token, parameters, _ := strings.Cut(item, ";")
			token = trim(token)
			switch {
			case strings.EqualFold(token, encoding), encoding == "gzip" && strings.EqualFold(token, "x-gzip"):
				return weight(parameters), true
			case token == "*":
				any, hasAny = weight(parameters), true
			}
		}
	}
	return any, hasAny
}

// weight parses the parameter q, 0 to 1 with at most three decimals (RFC 9110, section 12.4.2), in thousandths. The
// default is 1000; a malformed one is 0, so that the client gets a form every client understands.
func weight(parameters string) int {
	for parameters != "" {
		var p string
		p, parameters, _ = strings.Cut(parameters, ";")
		p = trim(p)
		if len(p) < 2 || p[0]|0x20 != 'q' || p[1] != '=' {
			continue
		}
		return thousandths(p[2:])
	}
	return 1000
}

func thousandths(s string) int {
	if s == "" || len(s) > 5 || (s[0] != '0' && s[0] != '1') || (len(s) > 1 && s[1] != '.') {
		return 0
	}
	q, unit := int(s[0]-'0')*1000, 100
	for i := 2; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0
		}
		q += int(s[i]-'0') * unit
		unit /= 10
	}
	if q > 1000 {
		return 0
	}
	return q
}

func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// precondition evaluates the conditions of a request against the entity tag of the representation that would be sent
// (RFC 9110, section 13.2.2). It returns 0 to go on, 304 or 412. Conditions on dates are ignored: deployments have no
// Last-Modified, because a rollback would turn the date back, and browsers would take files of the later deployment for
// fresh.
func precondition(h http.Header, etag string) int {
	if match := h["If-Match"]; len(match) > 0 && !matches(match, etag, false) {
		return http.StatusPreconditionFailed
	}
	if match := h["If-None-Match"]; len(match) > 0 && matches(match, etag, true) {
		return http.StatusNotModified
	}
	return 0
}

// matches reports whether a list of entity tags includes etag, a strong tag. "*" includes every tag. A weak comparison
// ignores the prefix W/ (RFC 9110, section 8.8.3.2).
func matches(lines []string, etag string, weak bool) bool {
	for _, line := range lines {
		for {
			line = strings.TrimLeft(line, " \t,")
			if line == "" {
				break
			}
			if line[0] == '*' {
				return true
			}
			tag, rest, ok := cutTag(line)
			if !ok {
				break
			}
			if tag == etag || weak && strings.HasPrefix(tag, "W/") && tag[2:] == etag {
				return true
			}
			line = rest
		}
	}
	return false
}

// cutTag splits a list after its first entity tag. The text between the quotes may hold commas.
func cutTag(s string) (tag, rest string, ok bool) {
	start := 0
	if strings.HasPrefix(s, "W/") {
		start = 2
	}
	if len(s) <= start || s[start] != '"' {
		return "", "", false
	}
	end := strings.IndexByte(s[start+1:], '"')
	if end < 0 {
		return "", "", false
	}
	end += start + 2
	return s[:end], s[end:], true
}
