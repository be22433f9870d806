// Package field knows which header fields functions may send and receive, and which can hold a secret.
package field

import (
	"net/http"
	"slices"
	"strings"
)

// unsent has the fields that a function cannot send: those of the connection, and those that open metadata services or
// tell a server behind a proxy who is asking. Lower case.
var unsent = map[string]bool{
	"host": true, "content-length": true, "transfer-encoding": true, "te": true, "trailer": true, "trailers": true, "upgrade": true,
	"connection": true, "keep-alive": true, "proxy-connection": true, "http2-settings": true, "expect": true, "accept-encoding": true,
	"via": true, "forwarded": true, "x-real-ip": true, "true-client-ip": true, "cf-connecting-ip": true, "x-original-url": true, "x-rewrite-url": true,
	"metadata": true, "metadata-flavor": true, "x-google-metadata-request": true, "x-metadata-token": true, "metadata-token": true,
	"x-identity-header": true, "x-aws-ec2-metadata-token": true, "x-aws-ec2-metadata-token-ttl-seconds": true,
}

// unsentPrefixes has the prefixes of further unsent fields.
var unsentPrefixes = []string{"proxy-", "x-forwarded-", "x-aws-ec2-metadata-", "sec-", "metadata-"}

// Forbidden reports whether functions cannot send a field. An underscore counts as a hyphen: behind CGI, WSGI and Rack
// both names are one variable.
func Forbidden(name string) bool {
	lower := Hyphened(name)
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

// overrides has the fields that ask a server to treat a request as one of another method. Lower case.
var overrides = []string{"x-http-method-override", "x-http-method", "x-method-override"}

// notSecret has the fields that hold no secret besides the forbidden ones: those of responses, bodies and caches. Lower
// case.
var notSecret = []string{
	"set-cookie", "set-cookie2", "location", "www-authenticate", "authentication-info", "server", "status", "date", "age", "expires", "etag", "last-modified", "vary", "retry-after", "allow", "alt-svc",
	"content-type", "content-encoding", "content-language", "content-location", "content-range", "content-disposition",
	"accept", "accept-language", "accept-charset", "accept-ranges", "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range",
	"cache-control", "pragma", "origin", "referer", "user-agent", "max-forwards",
}

// HoldsSecret reports whether a secret may be put into a field.
func HoldsSecret(name string) bool {
	return !Forbidden(name) && !slices.Contains(notSecret, Hyphened(name)) && !slices.Contains(overrides, Hyphened(name))
}

// Hyphened returns the name of a field as such servers compare it.
func Hyphened(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

// OfConnection returns the canonical names of the fields that Connection lists, which end at the next hop (RFC 9110
// §7.6.1).
func OfConnection(h http.Header) (names []string) {
	for name, values := range h {
		if strings.EqualFold(name, "Connection") {
			for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
				names = append(names, http.CanonicalHeaderKey(strings.Trim(part, " \t")))
			}
		}
	}
	return names
}

// Unreceived has the fields of a connection, which mean nothing to the function that reads the response.
var Unreceived = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Alt-Svc"}

// DropOverrides removes the fields that override the method of a request.
func DropOverrides(h http.Header) {
	for name := range h {
		if slices.Contains(overrides, Hyphened(name)) {
			delete(h, name)
		}
	}
}
