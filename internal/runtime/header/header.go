// Package header decides which headers a function may send. A header that would hurt another app, the session of the owner or
// the connection is left out.
package header

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Unbuffer asks proxies to pass server-sent events on as they come, and as they are: nginx would keep them until it has a
// page full, and a proxy that compresses likewise. A function that wants it otherwise says so itself.
func Unbuffer(h http.Header) {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "text/event-stream") {
		return
	}
	if h.Get("X-Accel-Buffering") == "" {
		h.Set("X-Accel-Buffering", "no")
	}
	directives := strings.Join(h.Values("Cache-Control"), ", ")
	switch {
	case directives == "":
		h.Set("Cache-Control", "no-transform")
	case !strings.Contains(strings.ToLower(directives), "no-transform"):
		h.Set("Cache-Control", directives+", no-transform")
	}
}

// IsBodyless reports whether an answer with the status has no body, whatever the function says.
func IsBodyless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusResetContent || status == http.StatusNotModified
}

// Removed lists what is left out of a response, and why, each once.
type Removed []string

// mostLeftOut bounds what is told of one answer.
const maxRemoved = 30

// Note adds something that is left out.
func (l *Removed) Note(what, why string) {
	if text := what + " (" + why + ")"; len(*l) < maxRemoved && !slices.Contains(*l, text) {
		*l = append(*l, text)
	}
}

// Filter returns the headers, names and values in turn, without those that a function may not set. size is that of the body.
func (l *Removed) Filter(headers string, streamed bool, size int) string {
	var kept strings.Builder
	sized := false
	for rest := headers; rest != ""; {
		var name, value string
		name, rest, _ = strings.Cut(rest, "\n")
		value, rest, _ = strings.Cut(rest, "\n")
		name = strings.ToLower(name)
		if _, ok := ToLatin1(value); !ok {
			l.Note(shown(name), "it is not a header")
			continue
		}
		switch name {
		case "set-cookie":
			value = l.cookie(value)
		case "strict-transport-security":
			value = l.without(value, ";", name, "it would bind other apps, below this host", func(directive string) bool {
				return directive != "includesubdomains" && directive != "preload"
			})
		case "clear-site-data":
			value = l.without(value, ",", name, "it would sign people out of other apps, and of the instance", func(directive string) bool {
				return directive == `"cache"` || directive == `"storage"` || directive == `"executioncontexts"`
			})
		case "content-length":
			n, err := strconv.ParseUint(value, 10, 63)
			switch {
			case streamed && err == nil && !sized: // sending more or less than that breaks the connection
				sized = true
			case !streamed && err == nil && n == uint64(size): // it is set anyway
				value = ""
			default:
				l.Note(name, "it is not the length of the body")
				value = ""
			}
		default:
			if why := refused(name, value); why != "" {
				l.Note(shown(name), why)
				continue
			}
			AddLine(&kept, name, value)
			continue
		}
		if value != "" {
			AddLine(&kept, name, value)
		}
	}
	return kept.String()
}

// refused says why a function cannot set a header; "" = it can. What it says of its own origin alone is its own right:
// Access-Control-*, Service-Worker-Allowed, Content-Security-Policy and the like.
func refused(name, value string) string {
	switch name {
	case "connection", "keep-alive", "proxy-authenticate", "proxy-authentication-info", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade":
		return "it is about the connection, and that is Fazt's"
	case "date", "x-request-id":
		return "Fazt sets it"
	case "alt-svc", "expect-ct", "public-key-pins", "public-key-pins-report-only":
		return "how this host is reached is not for a function to say: browsers remember it, also for the next app there"
	case "nel", "report-to":
		return "it can have reports sent about the hosts of other apps; Reporting-Endpoints cannot"
	}
	if ofProxy(name) {
		return "a proxy before Fazt would send a file of its own machine, or ask another server"
	}
	if !isToken(name) || strings.ContainsAny(value, "\x00\r\n") {
		return "it is not a header"
	}
	return ""
}

// ofProxy reports whether a header of an answer is an order to a proxy before Fazt: to send a file in its place (nginx, lighttpd
// and Apache's and LiteSpeed's modules), or what another server answers (Perlbal). X-Accel-Buffering says no more than that
// the answer is sent as it comes.
func ofProxy(name string) bool {
	name = strings.ReplaceAll(name, "_", "-")
	for _, family := range [...]string{"x-accel-", "x-sendfile", "x-lighttpd-", "x-reproxy-", "x-litespeed-"} {
		if strings.HasPrefix(name, family) {
			return name != "x-accel-buffering"
		}
	}
	return false
}

// JoinRepeated makes one line of a header that has several, as the fetch standard does and RFC 9110 §5.3 allows; cookies
// are the exception.
func JoinRepeated(h http.Header) {
	for name, values := range h {
		if len(values) > 1 && name != "Set-Cookie" {
			h[name] = []string{strings.Join(values, ", ")}
		}
	}
}

// FromLatin1 is a value of a header as scripts have it: a character for each byte (ByteString of Web IDL).
func FromLatin1(v string) string {
	if isASCII(v) {
		return v
	}
	runes := make([]rune, len(v))
	for i := range len(v) {
		runes[i] = rune(v[i])
	}
	return string(runes)
}

// ToLatin1 is the reverse of FromLatin1; ok is false for a character that has no byte.
func ToLatin1(v string) (bytes string, ok bool) {
	if isASCII(v) {
		return v, true
	}
	b := make([]byte, 0, len(v))
	for _, r := range v {
		if r > 0xff {
			return "", false
		}
		b = append(b, byte(r))
	}
	return string(b), true
}

func isASCII(v string) bool {
	for i := range len(v) {
		if v[i] >= 0x80 {
			return false
		}
	}
	return true
}

// shown is a name as the console can show it.
func shown(name string) string {
	if len(name) > 100 || !isToken(name) {
		return strconv.QuoteToASCII(name[:min(len(name), 100)])
	}
	return name
}

func isToken(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return name != ""
}

// without takes directives out of the value of a header. Nothing that a browser takes for a separator is overlooked: also
// what stands in quotes is cut there.
func (l *Removed) without(value, separator, name, why string, good func(directive string) bool) string {
	var kept []string
	for directive := range strings.SplitSeq(value, separator) {
		word, _, _ := strings.Cut(strings.ToLower(directive), "=")
		word = strings.Trim(word, " \t")
		if word == "" {
			continue
		}
		if !good(word) {
			l.Note("part of "+name, why)
			continue
		}
		kept = append(kept, directive)
	}
	return strings.Join(kept, separator)
}

// cookie makes a cookie one for this host alone: hosts below a domain are different apps, and one must not put a cookie
// before another's. "" = there is nothing left of it.
func (l *Removed) cookie(line string) string {
	if strings.ContainsAny(line, "\x00\r\n") {
		l.Note("set-cookie", "it is not a header")
		return ""
	}
	pair, attributes, more := strings.Cut(line, ";")
	// A browser sends a cookie without a name as its value, which can look like a name with a value.
	name, _, _ := strings.Cut(strings.TrimLeft(pair, "= \t"), "=")
	if ProductCookie(strings.TrimRight(name, " \t")) {
		l.Note("set-cookie", "cookies whose names begin with fazt are Fazt's")
		return ""
	}
	if !more {
		return line
	}
	var kept strings.Builder
	kept.WriteString(pair)
	for attribute := range strings.SplitSeq(attributes, ";") {
		word, _, _ := strings.Cut(attribute, "=")
		if strings.EqualFold(strings.Trim(word, " \t"), "domain") {
			l.Note("Domain in set-cookie", "a cookie is for one host: other hosts of the domain are other apps")
			continue
		}
		kept.WriteByte(';')
		kept.WriteString(attribute)
	}
	return kept.String()
}

// ProductCookie reports whether a cookie with this name is the product's: no function sets it, and none sees it. Prefixes
// that browsers give a meaning (RFC 6265bis) make no difference, nor does letter case, which some of them overlook.
func ProductCookie(name string) bool {
	for {
		stem := name
		for _, prefix := range [...]string{"__host-", "__secure-", "__http-"} {
			stem = cutFold(stem, prefix)
		}
		if stem == name {
			return cutFold(name, "fazt") != name
		}
		name = strings.TrimLeft(stem, " \t")
	}
}

// cutFold is s without a prefix, in whatever case that is written.
func cutFold(s, prefix string) string {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):]
	}
	return s
}
