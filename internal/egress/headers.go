package egress

import (
	"net/http"
	"slices"
	"strings"

	"fazt/internal/egress/field"
	"fazt/internal/egress/scrub"

	"golang.org/x/net/http/httpguts"
)

// crossOriginHeaders are sent again after a redirect to another origin: they describe the wanted response and do not identify
// the caller.
var crossOriginHeaders = []string{"Accept", "Accept-Language", "User-Agent"}

// bodyHeaders describe a body and are sent only with it.
var bodyHeaders = []string{"Content-Type", "Content-Encoding", "Content-Language", "Content-Location"}

// maxHeaders is how many headers a call may have.
const maxHeaders = 200

// sanitize returns the headers of a call that may be sent. Malformed names, and values with line breaks or other control
// characters, fail the call: without them it would not be the call that was asked for.
func sanitize(in http.Header, maxSize int64) (http.Header, *fault) {
	out := make(http.Header, len(in)+4)
	var size int64
	count := 0
	hops := field.OfConnection(in)
	for name, values := range in {
		if !httpguts.ValidHeaderFieldName(name) {
			return nil, malformed("a header has a malformed name")
		}
		key := http.CanonicalHeaderKey(name)
		if field.Forbidden(key) || slices.Contains(hops, key) {
			continue
		}
		for _, v := range values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return nil, malformed("the value of a header has a control character")
			}
			size += int64(len(name) + len(v) + 4)
			if count++; size > maxSize || count > maxHeaders {
				return nil, fail(CodeSize, "the headers of the call are too large", "the headers of the call are too large")
			}
			out[key] = append(out[key], strings.Trim(v, " \t"))
		}
	}
	return out, nil
}

// malformedHead returns what is wrong with the header of a response although net/http accepts it, or "": a proxy on the way may
// have understood it differently.
func malformedHead(resp *http.Response) string {
	switch {
	case resp.ProtoMajor == 1 && (resp.ProtoMinor == 0 || resp.ProtoMinor == 1):
	case resp.ProtoMajor == 2 && resp.TLS != nil && resp.TLS.NegotiatedProtocol == "h2":
	default:
		return "its response has a different version of HTTP than the connection"
	}
	for name := range resp.Header {
		if !httpguts.ValidHeaderFieldName(name) {
			return "a header of its response has a malformed name, such as one with a space before the colon"
		}
	}
	return ""
}

// crossOrigin returns the headers of a call that are sent after a redirect to another origin.
func crossOrigin(in http.Header, body bool) http.Header {
	out := make(http.Header, 4)
	for _, name := range crossOriginHeaders {
		if v := in[name]; v != nil {
			out[name] = v
		}
	}
	if body {
		for _, name := range bodyHeaders {
			if v := in[name]; v != nil {
				out[name] = v
			}
		}
	}
	return out
}

// responseHeader returns the header of a response as a function gets it.
func responseHeader(in http.Header, s *scrub.Scrubber) http.Header {
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
	for _, name := range append(field.OfConnection(in), field.Unreceived...) {
		delete(out, name)
	}
	return out
}
