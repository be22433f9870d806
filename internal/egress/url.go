package egress

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"fazt/internal/egress/rules"
)

// A target is where a hop goes, in one canonical form that is checked, connected to, sent and compared. There is one parser
// of URLs here, and it is strict: what two programs could understand differently is refused, not repaired.
type target struct {
	scheme string // http, https
	host   string // canonical: lower case, ASCII, no root dot
	port   int
	url    *url.URL // of the request: path without dot segments, no user, no fragment
}

// origin returns the origin, which credentials are bound to.
func (t *target) origin() string { return t.scheme + "://" + t.host + ":" + strconv.Itoa(t.port) }

// authority returns the host, with the port unless it is the default of the scheme.
func (t *target) authority() string {
	if t.port == rules.DefaultPort(t.scheme) {
		return t.host
	}
	return t.host + ":" + strconv.Itoa(t.port)
}

func (t *target) sameOrigin(o *target) bool {
	return t.scheme == o.scheme && t.host == o.host && t.port == o.port
}

// maxURL is the maximum length of a URL. Most servers refuse more than 8 KiB.
const maxURL = 16 << 10

// parseURL returns the target of a URL, or why it is refused. The reason quotes nothing of the URL, so that it can be shown.
func parseURL(text string) (t *target, why string) {
	if len(text) > maxURL {
		return nil, "the URL is longer than 16 KiB"
	}
	if why := checkCharacters(text); why != "" {
		return nil, why
	}
	scheme, rest, ok := strings.Cut(text, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "http" && scheme != "https" {
		return nil, "the URL must begin with https:// or http://"
	}
	rest, _, _ = strings.Cut(rest, "#")
	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	t = &target{scheme: scheme, port: rules.DefaultPort(scheme)}
	if t.host, t.port, why = splitAuthority(authority, t.port); why != "" {
		return nil, why
	}
	path, query, hasQuery := strings.Cut(tail, "?")
	path, why = cleanPath(path)
	if why != "" {
		return nil, why
	}
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return nil, "the path has a % that is not followed by two hexadecimal digits; write it as %25"
	}
	t.url = &url.URL{Scheme: scheme, Host: t.authority(), Path: decoded, RawPath: path, RawQuery: encodeUnsafe(query), ForceQuery: hasQuery && query == ""}
	return t, ""
}

// checkCharacters returns why a text cannot be a URL, or "": some programs strip such characters, others keep them, and others
// take a backslash for a slash.
func checkCharacters(text string) string {
	if !utf8.ValidString(text) {
		return "the URL is not valid UTF-8"
	}
	for _, r := range text {
		switch {
		case r == '\\':
			return `the URL has a backslash; write %5C`
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			return "the URL has a control character"
		case r == ' ' || unicode.IsSpace(r) || r == '\ufeff':
			return "the URL has a space; write %20"
		}
	}
	return ""
}

// splitAuthority returns the canonical host and the port of an authority.
func splitAuthority(authority string, defaultPort int) (host string, port int, why string) {
	switch {
	case authority == "":
		return "", 0, "the URL has no host"
	case strings.Contains(authority, "@"):
		return "", 0, "the URL contains a user name or password; use a secret instead"
	case strings.ContainsAny(authority, "[]"):
		return "", 0, "IP addresses are not allowed; use a host name"
	case strings.Contains(authority, "%"):
		return "", 0, "the host is percent-encoded; write it without %"
	}
	port = defaultPort
	host, digits, found := strings.Cut(authority, ":")
	if found {
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || n == 0 || digits[0] == '0' || digits[0] == '+' {
			return "", 0, "the port is not a number from 1 to 65535"
		}
		port = int(n)
	}
	host, why = rules.CanonicalHost(host)
	return host, port, why
}

// cleanPath resolves dot segments in every spelling (RFC 3986 §5.2.4; %2e as browsers do), so that the path that is compared
// with a secret's prefix is the path that is requested.
func cleanPath(path string) (clean, why string) {
	if path == "" {
		return "/", ""
	}
	for i := range len(path) {
		if path[i] == '%' && (i+2 >= len(path) || !hexadecimal(path[i+1]) || !hexadecimal(path[i+2])) {
			return "", "the path has a % that is not followed by two hexadecimal digits; write it as %25"
		}
	}
	segments := strings.Split(encodeUnsafe(path[1:]), "/")
	kept := make([]string, 0, len(segments))
	for i, s := range segments {
		last := i == len(segments)-1
		switch dots(s) {
		case 1:
			if last {
				kept = append(kept, "")
			}
		case 2:
			kept = kept[:max(0, len(kept)-1)]
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, s)
		}
	}
	return "/" + strings.Join(kept, "/"), ""
}

// dots returns 1 for the segment ".", 2 for "..", and 0 for all others.
func dots(segment string) int {
	if len(segment) > 6 {
		return 0
	}
	switch strings.ReplaceAll(strings.ReplaceAll(segment, "%2e", "."), "%2E", ".") {
	case ".":
		return 1
	case "..":
		return 2
	}
	return 0
}

func hexadecimal(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// encodeUnsafe percent-encodes characters that a path or query cannot contain, and leaves escapes as they are.
func encodeUnsafe(s string) string {
	encode := func(c byte) bool { return c >= 0x80 || strings.IndexByte("\"<>`{}^|", c) >= 0 }
	if !slices.ContainsFunc([]byte(s), encode) {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; encode(c) {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// ambiguous reports whether servers disagree about which path this is: with encoded slashes and dots, and parameters after
// dots. A secret that is bound to a prefix is not sent to such a path.
func ambiguous(escaped string) bool {
	lower := strings.ToLower(escaped)
	for _, s := range []string{"%2f", "%5c", "%25", "%2e", "/..;", "/.;", "//"} {
		if strings.Contains(lower, s) {
			return true
		}
	}
	return false
}

// under reports whether a path is the prefix or below it.
func under(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (prefix == "" || rest == "" || rest[0] == '/' || strings.HasSuffix(prefix, "/"))
}
