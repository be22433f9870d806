package egress

import (
	"net/http"
	"slices"
	"strings"

	"fazt/internal/egress/field"
	"fazt/internal/egress/scrub"

	"golang.org/x/net/http/httpguts"
)

// followed are the headers that follow a redirect to another origin: what is about the form of the answer and says nothing
// about who asks.
var followed = []string{"Accept", "Accept-Language", "User-Agent"}

// ofBody are the headers of a body, which go with it.
var ofBody = []string{"Content-Type", "Content-Encoding", "Content-Language", "Content-Location"}

// mostHeaders is how many headers a call may have.
const mostHeaders = 200

// sanitize is what of a call's headers may be sent. Names that are none, and values with line ends or other control
// characters, fail the call: to drop a part of them would send something that nobody asked for.
func sanitize(in http.Header, most int64) (http.Header, *fault) {
	out := make(http.Header, len(in)+4)
	var size int64
	count := 0
	hops := field.OfConnection(in)
	for name, values := range in {
		if !httpguts.ValidHeaderFieldName(name) {
			return nil, malformed("a header has a name that is none")
		}
		key := http.CanonicalHeaderKey(name)
		if field.Forbidden(key) || slices.Contains(hops, key) {
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
	for _, name := range append(field.OfConnection(in), field.Unreceived...) {
		delete(out, name)
	}
	return out
}
