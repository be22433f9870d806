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

// directives returns the directives of Cache-Control with their values, in lower case. ok is false if a line is malformed: it
// is then unknown what it forbids.
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
			// If two contradict each other, the stricter applies (RFC 9111 §4.2.1).
			if first, twice := found[name]; twice && strings.HasSuffix(name, "max-age") || twice && name == "s-maxage" {
				value = strconv.Itoa(min(atoi(first), atoi(value)))
			}
			found[name] = value
		}
	}
	return found, true
}

// cutToken cuts the token off that s begins with.
func cutToken(s string) (token, rest string) {
	n := 0
	for n < len(s) && httpguts.IsTokenRune(rune(s[n])) {
		n++
	}
	return s[:n], s[n:]
}

// cutArgument cuts the value off that s begins with: a token, or a quoted string.
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

// atoi parses a number of seconds; anything else is 0.
func atoi(s string) int {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		if len(s) > 9 && strings.Trim(s, "0123456789") == "" {
			return 1 << 31 // the largest value, if it overflows (RFC 9111 §1.2.2)
		}
		return 0
	}
	return int(n)
}

// uncached has the headers with which a call does not use the cache.
var uncached = []string{"Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"}

// Options determine how a call uses the cache.
type Options struct {
	Read, Write  bool
	Credentialed bool          // the request has credentials
	maxAge       time.Duration // -1 = any
	minFresh     time.Duration
	OnlyCached   bool
}

// OptionsFor returns the options of a hop (RFC 9111 §5.2.1).
func OptionsFor(mode, method string, h http.Header, e *rules.Entry) (o Options) {
	if method != http.MethodGet || e.CacheTTL == 0 || mode == "no-store" {
		return o
	}
	for _, name := range uncached {
		if len(h[name]) > 0 {
			return o
		}
	}
	asked, ok := directives(h)
	if _, no := asked["no-store"]; no || !ok {
		return o
	}
	_, revalidate := asked["no-cache"]
	_, o.OnlyCached = asked["only-if-cached"]
	o.maxAge, o.Write = -1, true
	if age, found := asked["max-age"]; found {
		o.maxAge = time.Duration(atoi(age)) * time.Second
	}
	o.minFresh = time.Duration(atoi(asked["min-fresh"])) * time.Second
	o.Read = !revalidate && mode != "reload" && o.maxAge != 0 && (len(asked) > 0 || !strings.EqualFold(h.Get("Pragma"), "no-cache"))
	return o
}

// Storable returns what to store of a response, without its body, or nil if it cannot be stored (RFC 9111 §3). The request
// was sent at began, and the response arrived now.
func Storable(url string, header http.Header, credentialed bool, resp *http.Response, e *rules.Entry, began, now time.Time) *Response {
	says, ok := directives(resp.Header)
	has := func(name string) bool { _, is := says[name]; return is }
	if !ok || has("no-store") || has("private") || len(resp.Header["Set-Cookie"]) > 0 || len(resp.Header["Set-Cookie2"]) > 0 {
		return nil
	}
	s := &Response{
		url: url, status: resp.StatusCode, header: resp.Header.Clone(), vary: http.Header{}, at: began, noCache: has("no-cache"),
		strict: has("must-revalidate") || has("proxy-revalidate") || has("s-maxage"), public: has("public") || has("s-maxage") || has("must-revalidate"),
	}
	if credentialed && !s.public { // §3.5
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
			s.vary[name] = header[name]
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
		return nil // it could never be served
	}
	return s
}

// firstOf returns the first member of a list.
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

// Validator reports whether the response can be revalidated.
func (s *Response) Validator() bool {
	return s.header.Get("Etag") != "" || s.header.Get("Last-Modified") != ""
}

// Validate adds the headers of a conditional request.
func (s *Response) Validate(h http.Header) {
	if tag := s.header.Get("Etag"); tag != "" {
		h.Set("If-None-Match", tag)
	}
	if at := s.header.Get("Last-Modified"); at != "" {
		h.Set("If-Modified-Since", at)
	}
}

// Renewed returns the response updated from a 304 (RFC 9111 §3.2, §4.3.4), or nil if it must be forgotten.
func (s *Response) Renewed(header http.Header, credentialed bool, resp *http.Response, e *rules.Entry, began, now time.Time) *Response {
	if tag := resp.Header.Get("Etag"); tag != "" && tag != s.header.Get("Etag") {
		return nil // the 304 is about another response
	}
	merged := s.header.Clone()
	delete(merged, "Age")
	for name, values := range resp.Header {
		switch name {
		case "Content-Length", "Content-Encoding", "Content-Type", "Content-Range":
		default:
			merged[name] = values
		}
	}
	fresh := Storable(s.url, header, credentialed, &http.Response{StatusCode: s.status, Status: strconv.Itoa(s.status) + " " + s.text, Header: merged}, e, began, now)
	if fresh != nil {
		fresh.body = s.body
	}
	return fresh
}
