package hosting

import (
	"net/http"
	"strings"

	"fazt/internal/content"
)

// negotiate chooses the form a file is sent in, from its variants and the Accept-Encoding lines of a request (RFC 9110,
// section 12.5.3): the variant the client likes best, among equals the first; nil is the content as it is. A
// client that accepts none of them and refuses the content as it is gets that nevertheless: 406 would help nobody.
//
// It allocates nothing: it runs for every request.
func negotiate(accept []string, variants []content.Variant) *content.Variant {
	if len(variants) == 0 || len(accept) == 0 {
		return nil
	}
	var best *content.Variant
	bestQ := 0
	if q, named := quality(accept, "identity"); named {
		bestQ = q - 1 // a variant that is liked as much wins: it is smaller
	}
	for i := range variants {
		if q, _ := quality(accept, variants[i].Encoding); q > max(bestQ, 0) {
			best, bestQ = &variants[i], q
		}
	}
	return best
}

// quality is how much a client likes an encoding, in thousandths: what it says of it by name, else of "*", else 0.
// named is false when it is in the list neither way.
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

// weight reads the parameter q: 0 to 1 with at most three decimals (RFC 9110, section 12.4.2), here in thousandths.
// Without one it is 1; one that cannot be read is 0, so that a client in doubt is sent what everybody understands.
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

// precondition evaluates what a request asks of the entity tag of the representation that would be sent (RFC 9110,
// section 13.2.2). It returns 0 to go on, 304 or 412. The conditions about dates play no part: no deployment has a
// Last-Modified, because going back to an earlier one would turn the date back, and a browser that kept a file of the
// later one would then believe it to be fresh.
func precondition(h http.Header, etag string) int {
	if match := h["If-Match"]; len(match) > 0 && !matches(match, etag, false) {
		return http.StatusPreconditionFailed
	}
	if match := h["If-None-Match"]; len(match) > 0 && matches(match, etag, true) {
		return http.StatusNotModified
	}
	return 0
}

// matches says whether a list of entity tags holds etag, which is a strong one. "*" holds every tag. A weak comparison
// overlooks the mark W/ (RFC 9110, section 8.8.3.2).
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

// cutTag takes the entity tag off the front of a list. The text between the quotes may hold commas.
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
