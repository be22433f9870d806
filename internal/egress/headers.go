package egress

import (
	"fazt/internal/egress/scrub"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// unsent are headers that a function cannot send: those the connection is made with, and those that open metadata services
// or tell a server behind a proxy who is asking. Lower case.
var unsent = map[string]bool{
	"host": true, "content-length": true, "transfer-encoding": true, "te": true, "trailer": true, "trailers": true, "upgrade": true,
	"connection": true, "keep-alive": true, "proxy-connection": true, "http2-settings": true, "expect": true, "accept-encoding": true,
	"via": true, "forwarded": true, "x-real-ip": true, "true-client-ip": true, "cf-connecting-ip": true, "x-original-url": true, "x-rewrite-url": true,
	"metadata": true, "metadata-flavor": true, "x-google-metadata-request": true, "x-metadata-token": true, "metadata-token": true,
	"x-identity-header": true, "x-aws-ec2-metadata-token": true, "x-aws-ec2-metadata-token-ttl-seconds": true,
}

// unsentPrefixes are the same for whole families.
var unsentPrefixes = []string{"proxy-", "x-forwarded-", "x-aws-ec2-metadata-", "sec-", "metadata-"}

// overrides ask a server to take a request for one of another method. Lower case.
var overrides = []string{"x-http-method-override", "x-http-method", "x-method-override"}

// notSecret are headers that hold no secret, besides the forbidden ones: those of answers, of bodies and of caches. Lower
// case.
var notSecret = []string{
	"set-cookie", "set-cookie2", "location", "www-authenticate", "authentication-info", "server", "status", "date", "age", "expires", "etag", "last-modified", "vary", "retry-after", "allow", "alt-svc",
	"content-type", "content-encoding", "content-language", "content-location", "content-range", "content-disposition",
	"accept", "accept-language", "accept-charset", "accept-ranges", "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range",
	"cache-control", "pragma", "origin", "referer", "user-agent", "max-forwards",
}

// holdsSecret says whether a secret may be put into a header.
func holdsSecret(name string) bool {
	return !forbidden(name) && !slices.Contains(notSecret, hyphened(name)) && !slices.Contains(overrides, hyphened(name))
}

// followed are the headers that follow a redirect to another origin: what is about the form of the answer and says nothing
// about who asks.
var followed = []string{"Accept", "Accept-Language", "User-Agent"}

// ofBody are the headers of a body, which go with it.
var ofBody = []string{"Content-Type", "Content-Encoding", "Content-Language", "Content-Location"}

// unreceived are headers of one connection, which mean nothing to whoever reads the answer.
var unreceived = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Alt-Svc"}

// mostHeaders is how many headers a call may have.
const mostHeaders = 200

// sanitize is what of a call's headers may be sent. Names that are none, and values with line ends or other control
// characters, fail the call: to drop a part of them would send something that nobody asked for.
func sanitize(in http.Header, most int64) (http.Header, *fault) {
	out := make(http.Header, len(in)+4)
	var size int64
	count := 0
	hops := ofConnection(in)
	for name, values := range in {
		if !httpguts.ValidHeaderFieldName(name) {
			return nil, malformed("a header has a name that is none")
		}
		key := http.CanonicalHeaderKey(name)
		if forbidden(key) || slices.Contains(hops, key) {
			continue
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return nil, malformed("a header has a control character in its value")
			}
			size += int64(len(name) + len(v) + 4)
			if count++; size > most || count > mostHeaders {
				return nil, fail(CodeSize, "the headers of the call are too large", "the headers of the call are too large")
			}
			out[key] = append(out[key], strings.Trim(v, " \t"))
		}
	}
	return out, nil
}

// ofConnection are the headers that Connection names, canonical: they were for who received it, and no further (RFC 9110
// §7.6.1).
func ofConnection(h http.Header) (names []string) {
	for name, values := range h {
		if strings.EqualFold(name, "Connection") {
			for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
				names = append(names, http.CanonicalHeaderKey(strings.Trim(part, " \t")))
			}
		}
	}
	return names
}

// strangeHead says what in the head of an answer is not HTTP, though net/http takes it: a proxy on the way may read it in
// another way. "" = nothing.
func strangeHead(resp *http.Response) string {
	switch {
	case resp.ProtoMajor == 1 && (resp.ProtoMinor == 0 || resp.ProtoMinor == 1):
	case resp.ProtoMajor == 2 && resp.TLS != nil && resp.TLS.NegotiatedProtocol == "h2":
	default:
		return "its answer has another version of HTTP than the connection"
	}
	for name := range resp.Header {
		if !httpguts.ValidHeaderFieldName(name) {
			return "a header of its answer has a name that is none, such as one with a space before the colon"
		}
	}
	return ""
}

// forbidden says whether a header is not for functions to send. An underscore counts as a hyphen: behind CGI, WSGI and
// Rack both names are one variable.
func forbidden(name string) bool {
	lower := hyphened(name)
	if unsent[lower] {
		return true
	}
	for _, p := range unsentPrefixes {
		if strings.HasPrefix(lower, p) {
			return true
		}
	}
	return false
}

// hyphened is a name of a header as those servers compare it.
func hyphened(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

// safe are the headers with which a hop to another origin begins.
func safe(in http.Header, body bool) http.Header {
	out := make(http.Header, 4)
	for _, name := range followed {
		if v := in[name]; v != nil {
			out[name] = v
		}
	}
	if body {
		for _, name := range ofBody {
			if v := in[name]; v != nil {
				out[name] = v
			}
		}
	}
	return out
}

// received is the head of an answer as a function gets it.
func received(in http.Header, s *scrub.Scrubber) http.Header {
	out := make(http.Header, len(in))
	for name, values := range in {
		if s == nil {
			out[name] = values
			continue
		}
		list := make([]string, len(values))
		for i, v := range values {
			list[i] = s.Text(v)
		}
		name = s.Name(name)
		out[name] = append(out[name], list...)
	}
	for _, name := range append(ofConnection(in), unreceived...) {
		delete(out, name)
	}
	return out
}
