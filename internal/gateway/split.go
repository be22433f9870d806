package gateway

import (
	"net/http"
	"slices"
	"strings"

	"fazt/internal/header"
)

// Split divides the visitors of a host among apps. A cookie keeps each visitor with the same app.
type Split struct{ Targets []SplitTarget }

// SplitTarget is one app of a split.
type SplitTarget struct {
	*Target
	Weight int    // the weights of an alias add up to 100
	Token  string // the cookie's value; unguessable, so that only drawn values count
}

// splitCookie is separate for every host: it is set without Domain, so no other host sees it.
const splitCookie = "fazt_split"

const splitMaxAge = "2592000" // 30 days, in seconds

// pick returns the target for a number from 0 to 99. Each target owns as many of them as its weight.
func (s *Split) pick(n int) SplitTarget {
	for _, target := range s.Targets {
		if n -= target.Weight; n < 0 {
			return target
		}
	}
	return s.Targets[len(s.Targets)-1]
}

// remembered returns the target that the request's cookie names. Other hosts can make a browser send cookies of the
// same name, so all of them are checked; values that name no target are ignored.
func (s *Split) remembered(r *http.Request) (SplitTarget, bool) {
	for _, c := range r.CookiesNamed(splitCookie) {
		for _, target := range s.Targets {
			if c.Value == target.Token {
				return target, true
			}
		}
	}
	return SplitTarget{}, false
}

// Member returns the app of the split with the given ID, or nil.
func (s *Split) Member(appID string) *Target {
	for _, target := range s.Targets {
		if target.AppID == appID {
			return target.Target
		}
	}
	return nil
}

// choose returns the app for a visitor of a split: the one they saw before, or one drawn now. It makes the response
// private to this visitor.
func (g *gateway) choose(w *exchange, r *http.Request, s *Split) *Target {
	w.personal = true
	target, known := s.remembered(r)
	if !known {
		target = s.pick(g.draw(100))
		cookie := splitCookie + "=" + target.Token + "; Path=/; Max-Age=" + splitMaxAge + "; HttpOnly; SameSite=Lax"
		if r.TLS != nil || g.https(r) {
			cookie += "; Secure"
		}
		w.splitCookie = cookie
	}
	return target.Target
}

// personalize keeps shared caches from giving the response to another visitor, whatever the app set: with a split, one
// URL has several contents. Private suffices by the standard; Vary is for caches that ignore it.
func personalize(h http.Header, cookie string) {
	if cookie != "" {
		h.Add("Set-Cookie", cookie)
	}
	h["Vary"] = append(slices.Clip(h["Vary"]), "Cookie") // clip: many responses may share the slice
	directives := []string{"private"}
	for _, line := range h["Cache-Control"] {
		for d := range strings.SplitSeq(line, ",") {
			d = strings.TrimSpace(d)
			switch name, _, _ := strings.Cut(strings.ToLower(d), "="); strings.TrimSpace(name) {
			case "", "public", "private", "s-maxage", "proxy-revalidate":
			default:
				directives = append(directives, d)
			}
		}
	}
	h["Cache-Control"] = []string{strings.Join(directives, ", ")}
	for name := range h {
		// Headers for CDN caches take precedence over Cache-Control there (RFC 9213).
		if name == "Surrogate-Control" || strings.HasSuffix(name, "-Cache-Control") {
			delete(h, name)
		}
	}
}

// hideCookies removes the product's own cookies from a request before an app sees it.
func hideCookies(h http.Header) {
	lines := h["Cookie"]
	var left []string
	hidden := false
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			pair = strings.TrimSpace(pair)
			name, _, _ := strings.Cut(pair, "=")
			switch {
			case header.ProductCookie(strings.TrimSpace(name)):
				hidden = true
			case pair != "":
				left = append(left, pair)
			}
		}
	}
	if !hidden {
		return
	}
	if len(left) == 0 {
		delete(h, "Cookie")
		return
	}
	h["Cookie"] = []string{strings.Join(left, "; ")}
}
