package egress

import (
	"net/http"
	"net/url"
	"strings"
)

// resolve is where a Location leads. It is judged as it stands before it is resolved: a backslash or a line break in it
// is read in two ways.
func (t *target) resolve(location string) (next *target, why string) {
	if len(location) > longestURL {
		return nil, "the URL is longer than 16 KiB"
	}
	if why := strange(location); why != "" {
		return nil, why
	}
	ref, err := url.Parse(location)
	if err != nil {
		return nil, "it cannot be read"
	}
	if ref.IsAbs() || strings.HasPrefix(location, "//") {
		if !ref.IsAbs() {
			location = t.scheme + ":" + location
		}
		return parseURL(location) // as it stands, and not as another parser understood it
	}
	return parseURL(t.url.ResolveReference(ref).String())
}

// redirects says whether an answer is followed, or refused for where it leads, and is not the function's. One without a Location, or with
// an empty one, is an answer: Chromium, curl and net/http return it too. By the letter of the fetch standard an empty one
// leads to the same URL, and Node asks 21 times before it fails.
func (h *hop) redirects(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return strings.Join(resp.Header["Location"], "") != "" && h.call.asked.Redirect != "manual"
	}
	return false
}

// redirect is the hop an answer leads to; nil = it is the answer. What the next hop carries is built anew: to the same
// origin what the function gave, elsewhere what says nothing of who asks.
func (h *hop) redirect(resp *http.Response) (*hop, *fault) {
	k := h.call
	if !h.redirects(resp) {
		return nil, nil
	}
	locations := resp.Header["Location"]
	switch {
	case k.asked.Redirect == "error":
		return nil, fail(CodeError, "the other server redirects, and the call does not allow it", "the call does not follow redirects")
	case len(locations) > 1 && strings.Join(locations, "") != strings.Repeat(locations[0], len(locations)):
		return nil, fail(CodeError, "the other server redirects to several places", "the answer has several Locations")
	case h.number >= k.limits.MaxRedirects:
		return nil, fail(CodeError, "the other server redirects too often", "more redirects than net.max_redirects allows")
	}
	t, why := h.target.resolve(locations[0])
	if why != "" {
		return nil, blocked("the redirect cannot be followed: " + why)
	}
	if h.target.scheme == "https" && t.scheme == "http" {
		return nil, blocked("the redirect leads from HTTPS to HTTP at " + t.host)
	}
	next := &hop{call: k, number: h.number + 1, target: t, method: h.method, body: h.body}
	switch status := resp.StatusCode; {
	case status == http.StatusSeeOther && h.method != http.MethodHead,
		status < http.StatusSeeOther && h.method == http.MethodPost: // as browsers do (fetch standard, HTTP-redirect fetch)
		next.method, next.body = http.MethodGet, false
	}
	if !t.same(k.first) {
		if h.scrubber().Has(locations[0]) {
			return nil, blocked("the redirect to " + t.host + " carries the value of a secret")
		}
		if next.body {
			return nil, blocked("the redirect asks for the body to be sent to " + t.host)
		}
		k.left = true
	}
	next.header = k.header
	if k.left {
		next.header = safe(k.header, next.body)
	}
	if !next.body {
		next.header = next.header.Clone()
		for _, name := range ofBody {
			delete(next.header, name)
		}
	}
	return next, nil
}
