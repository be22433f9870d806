// Package header decides which headers a function may send. A header that would harm another app, the owner's session or the
// connection is left out.
package header

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Unbuffer asks proxies to pass server-sent events on immediately and unchanged: nginx, or a proxy that compresses, would hold
// them back until a buffer is full. A function can override this with its own headers.
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

// IsBodyless reports whether a response with this status never has a body.
func IsBodyless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusResetContent || status == http.StatusNotModified
}

// Removed lists what is left out of a response and why, without duplicates.
type Removed []string

// maxRemoved is the maximum length of the list for one response.
const maxRemoved = 30

// Note adds something that was left out.
func (l *Removed) Note(what, why string) {
	if text := what + " (" + why + ")"; len(*l) < maxRemoved && !slices.Contains(*l, text) {
		*l = append(*l, text)
	}
}

// Filter returns the headers, names and values in turn, without those that a function must not set. size is the size of the body.
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
			case streamed && err == nil && !sized: // a body of a different length breaks the connection
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

// refused returns why a function cannot set a header; "" = it can. Headers that affect only its own origin are allowed:
// Access-Control-*, Service-Worker-Allowed, Content-Security-Policy and the like.
func refused(name, value string) string {
	switch name {
	case "connection", "keep-alive", "proxy-authenticate", "proxy-authentication-info", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade":
		return "it is about the connection, which Fazt controls"
	case "date", "x-request-id":
		return "Fazt sets it"
	case "alt-svc", "expect-ct", "public-key-pins", "public-key-pins-report-only":
		return "functions cannot change how this host is reached: browsers remember it, even for the next app there"
	case "nel", "report-to":
		return "it can cause reports about the hosts of other apps; Reporting-Endpoints cannot"
	}
	if ofProxy(name) {
		return "a proxy before Fazt would send a file from its machine, or the response of another server"
	}
	if !isToken(name) || strings.ContainsAny(value, "\x00\r\n") {
		return "it is not a header"
	}
	return ""
}

// ofProxy reports whether a response header instructs a proxy before Fazt: to send a file instead (nginx, lighttpd, modules of
// Apache and LiteSpeed), or the response of another server (Perlbal). X-Accel-Buffering is harmless: it only makes the proxy
// send the response as it comes.
func ofProxy(name string) bool {
	name = strings.ReplaceAll(name, "_", "-")
	for _, family := range [...]string{"x-accel-", "x-sendfile", "x-lighttpd-", "x-reproxy-", "x-litespeed-"} {
		if strings.HasPrefix(name, family) {
			return name != "x-accel-buffering"
		}
	}
	return false
}

// JoinRepeated joins the values of repeated headers, as the Fetch standard does and RFC 9110 §5.3 allows. Set-Cookie is the
// exception.
func JoinRepeated(h http.Header) {
	for name, values := range h {
		if len(values) > 1 && name != "Set-Cookie" {
			h[name] = []string{strings.Join(values, ", ")}
		}
	}
}

// FromLatin1 returns a header value as scripts see it: one character for each byte (ByteString in Web IDL).
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

// ToLatin1 is the reverse of FromLatin1; ok is false if a character does not fit in a byte.
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

// shown returns a name in a form that is safe to print on the console.
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

// without removes directives from a header value. It splits at every separator that a browser might see, even inside quotes.
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

// cookie restricts a cookie to this host: hosts below a domain are different apps, and one must not set cookies that override
// another's. "" = the whole cookie is left out.
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

// ProductCookie reports whether a cookie with this name belongs to the product: functions can neither set nor see it. Prefixes
// with a meaning for browsers (RFC 6265bis) are ignored, and so is letter case, which some browsers ignore in them.
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

// cutFold returns s without a prefix, ignoring case.
func cutFold(s, prefix string) string {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):]
	}
	return s
}
