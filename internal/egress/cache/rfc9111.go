package cache

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"fazt/internal/egress/field"
	"fazt/internal/egress/rules"

	"golang.org/x/net/http/httpguts"
)

// directives are those of Cache-Control, in lower case, with their values. ok is false where a line is malformed: what it
// forbids is then not known.
func directives(h http.Header) (found map[string]string, ok bool) {
	found = map[string]string{}
	for _, line := range h["Cache-Control"] {
		for rest := strings.TrimLeft(line, " \t,"); rest != ""; rest = strings.TrimLeft(rest, " \t,") {
			var name, value string
			if name, rest = cutToken(rest); name == "" {
				return nil, false
			}
			if after, is := strings.CutPrefix(rest, "="); is {
				if value, rest, ok = cutArgument(after); !ok {
					return nil, false
				}
			}
			if rest = strings.TrimLeft(rest, " \t"); rest != "" && rest[0] != ',' {
				return nil, false
			}
			name = strings.ToLower(name)
			// Of two that contradict each other the stricter (RFC 9111 §4.2.1).
			if first, twice := found[name]; twice && strings.HasSuffix(name, "max-age") || twice && name == "s-maxage" {
				value = strconv.Itoa(min(atoi(first), atoi(value)))
			}
			found[name] = value
		}
	}
	return found, true
}

// cutToken is the token that s begins with.
func cutToken(s string) (token, rest string) {
	n := 0
	for n < len(s) && httpguts.IsTokenRune(rune(s[n])) {
		n++
	}
	return s[:n], s[n:]
}

// cutArgument is the value that s begins with: a token, or a string in quotes.
func cutArgument(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest = cutToken(s)
		return value, rest, value != ""
	}
	var text strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return text.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		text.WriteByte(s[i])
	}
	return "", "", false
}

// atoi reads a number of seconds; what is none has passed already.
func atoi(s string) int {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		if len(s) > 9 && strings.Trim(s, "0123456789") == "" {
			return 1 << 31 // too many to count are many (RFC 9111 §1.2.2)
		}
		return 0
	}
	return int(n)
}

// uncached are headers of a call that make it one the cache does not serve and does not learn from.
var uncached = []string{"Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"}

// Wish is what a call wants of the cache.
type Wish struct {
	Read, Write  bool
	Credentialed bool          // it says who asks
	maxAge       time.Duration // -1 = any
	minFresh     time.Duration
	OnlyCached   bool
}

// Wishes returns what the cache may do for a hop (RFC 9111 §5.2.1).
func Wishes(mode, method string, h http.Header, e *rules.Entry) (w Wish) {
	if method != http.MethodGet || e.CacheTTL == 0 || mode == "no-store" {
		return w
	}
	for _, name := range uncached {
		if len(h[name]) > 0 {
			return w
		}
	}
	asked, ok := directives(h)
	if _, no := asked["no-store"]; no || !ok {
		return w
	}
	_, again := asked["no-cache"]
	_, w.OnlyCached = asked["only-if-cached"]
	w.maxAge, w.Write = -1, true
	if most, found := asked["max-age"]; found {
		w.maxAge = time.Duration(atoi(most)) * time.Second
	}
	w.minFresh = time.Duration(atoi(asked["min-fresh"])) * time.Second
	w.Read = !again && mode != "reload" && w.maxAge != 0 && (len(asked) > 0 || !strings.EqualFold(h.Get("Pragma"), "no-cache"))
	return w
}

// Keepable returns what to store of a response, without its body, or nil (RFC 9111 §3). The request was sent at began and the
// response arrived now.
func Keepable(url string, asked http.Header, credentialed bool, resp *http.Response, e *rules.Entry, began, now time.Time) *Response {
	says, ok := directives(resp.Header)
	has := func(name string) bool { _, is := says[name]; return is }
	if !ok || has("no-store") || has("private") || len(resp.Header["Set-Cookie"]) > 0 || len(resp.Header["Set-Cookie2"]) > 0 {
		return nil
	}
	s := &Response{
		url: url, status: resp.StatusCode, header: resp.Header.Clone(), vary: http.Header{}, at: began, ask: has("no-cache"),
		strict: has("must-revalidate") || has("proxy-revalidate") || has("s-maxage"), shared: has("public") || has("s-maxage") || has("must-revalidate"),
	}
	if credentialed && !s.shared { // §3.5
		return nil
	}
	_, s.text, _ = strings.Cut(resp.Status, " ")
	for name := range strings.SplitSeq(strings.Join(resp.Header["Vary"], ","), ",") {
		switch name = strings.Trim(name, " \t"); {
		case name == "":
		case name == "*" || !httpguts.ValidHeaderFieldName(name):
			return nil
		default:
			name = http.CanonicalHeaderKey(name)
			s.vary[name] = asked[name]
		}
	}
	for _, name := range slices.Concat(field.OfConnection(resp.Header), []string{"Content-Length"}, field.Unreceived) {
		delete(s.header, name)
	}
	s.age = time.Duration(atoi(strings.TrimSpace(firstOf(resp.Header.Get("Age"))))) * time.Second
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		s.age = max(s.age, now.Sub(date))
	}
	explicit := true
	switch { // §4.2.1
	case has("s-maxage"):
		s.lifetime = time.Duration(atoi(says["s-maxage"])) * time.Second
	case has("max-age"):
		s.lifetime = time.Duration(atoi(says["max-age"])) * time.Second
	case len(resp.Header["Expires"]) > 0:
		s.lifetime = expires(resp.Header, now)
	default:
		explicit = false
		s.lifetime = time.Duration(e.CacheTTL) * time.Second
	}
	switch resp.StatusCode {
	case http.StatusOK, http.StatusNonAuthoritativeInfo, http.StatusNoContent:
	case http.StatusMultipleChoices, http.StatusMovedPermanently, http.StatusPermanentRedirect, http.StatusNotFound, http.StatusGone:
		if !explicit {
			return nil
		}
	default:
		return nil
	}
	if s.lifetime <= 0 && !s.Validator() && e.Stale == 0 {
		return nil // it could never serve
	}
	return s
}

// firstOf is the first member of a list.
func firstOf(list string) string {
	first, _, _ := strings.Cut(list, ",")
	return first
}

func expires(h http.Header, now time.Time) time.Duration {
	at, err := http.ParseTime(h.Get("Expires"))
	if err != nil || len(h["Expires"]) > 1 {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		return at.Sub(date)
	}
	return at.Sub(now)
}

// Validator reports whether the origin can be asked if the response is still valid.
func (s *Response) Validator() bool {
	return s.header.Get("Etag") != "" || s.header.Get("Last-Modified") != ""
}

// Validate adds the headers that ask whether the response is still valid.
func (s *Response) Validate(h http.Header) {
	if tag := s.header.Get("Etag"); tag != "" {
		h.Set("If-None-Match", tag)
	}
	if at := s.header.Get("Last-Modified"); at != "" {
		h.Set("If-Modified-Since", at)
	}
}

// Renewed returns the response updated from a 304 (RFC 9111 §3.2, §4.3.4), or nil if it must be forgotten.
func (s *Response) Renewed(asked http.Header, credentialed bool, resp *http.Response, e *rules.Entry, began, now time.Time) *Response {
	if tag := resp.Header.Get("Etag"); tag != "" && tag != s.header.Get("Etag") {
		return nil // it is about another answer
	}
	header := s.header.Clone()
	delete(header, "Age")
	for name, values := range resp.Header {
		switch name {
		case "Content-Length", "Content-Encoding", "Content-Type", "Content-Range":
		default:
			header[name] = values
		}
	}
	fresh := Keepable(s.url, asked, credentialed, &http.Response{StatusCode: s.status, Status: strconv.Itoa(s.status) + " " + s.text, Header: header}, e, began, now)
	if fresh != nil {
		fresh.body = s.body
	}
	return fresh
}
