package egress

import (
	"net/http"
	"net/url"
	"strings"
)

// resolve returns the target of a Location. The text is checked before it is resolved, because parsers disagree about
// backslashes and line breaks.
func (t *target) resolve(location string) (next *target, why string) {
	if len(location) > maxURL {
		return nil, "the URL is longer than 16 KiB"
	}
	if why := checkCharacters(location); why != "" {
		return nil, why
	}
	ref, err := url.Parse(location)
	if err != nil {
		return nil, "it is malformed"
	}
	if ref.IsAbs() || strings.HasPrefix(location, "//") {
		if !ref.IsAbs() {
			location = t.scheme + ":" + location
		}
		return parseURL(location) // the text itself, not what another parser made of it
	}
	return parseURL(t.url.ResolveReference(ref).String())
}

// redirects reports whether a response is a redirect that is followed or refused, rather than returned to the function. One
// without a Location, or with an empty one, is returned, as Chromium, curl and net/http do. By the letter of the fetch
// standard an empty one leads to the same URL; Node requests it 21 times before it fails.
func (h *hop) redirects(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return strings.Join(resp.Header["Location"], "") != "" && h.call.spec.Redirect != "manual"
	}
	return false
}

// redirect returns the next hop, or nil if the response is not a redirect. The headers of the next hop are built from
// scratch: on the same origin from those of the function, elsewhere from those that do not identify the caller.
func (h *hop) redirect(resp *http.Response) (*hop, *fault) {
	k := h.call
	if !h.redirects(resp) {
		return nil, nil
	}
	locations := resp.Header["Location"]
	switch {
	case k.spec.Redirect == "error":
		return nil, fail(CodeError, "the other server redirects, which the call does not allow", "the call does not follow redirects")
	case len(locations) > 1 && strings.Join(locations, "") != strings.Repeat(locations[0], len(locations)):
		return nil, fail(CodeError, "the other server redirects to several places", "the response has several Locations")
	case h.number >= k.limits.MaxRedirects:
		return nil, fail(CodeError, "the other server redirects too often", "more redirects than net.max_redirects allows")
	}
	t, why := h.target.resolve(locations[0])
	if why != "" {
		return nil, blocked("the redirect cannot be followed: " + why)
	}
	if h.target.scheme == "https" && t.scheme == "http" {
		return nil, blocked("the redirect goes from HTTPS to HTTP at " + t.host)
	}
	next := &hop{call: k, number: h.number + 1, target: t, method: h.method, sendBody: h.sendBody}
	switch status := resp.StatusCode; {
	case status == http.StatusSeeOther && h.method != http.MethodHead,
		status < http.StatusSeeOther && h.method == http.MethodPost: // as browsers do (fetch standard, HTTP-redirect fetch)
		next.method, next.sendBody = http.MethodGet, false
	}
	if !t.sameOrigin(k.first) {
		if h.scrubber().Has(locations[0]) {
			return nil, blocked("the redirect to " + t.host + " contains the value of a secret")
		}
		if next.sendBody {
			return nil, blocked("the redirect asks for the body to be sent to " + t.host)
		}
		k.left = true
	}
	next.header = k.header
	if k.left {
		next.header = crossOrigin(k.header, next.sendBody)
	}
	if !next.sendBody {
		next.header = next.header.Clone()
		for _, name := range bodyHeaders {
			delete(next.header, name)
		}
	}
	return next, nil
}
