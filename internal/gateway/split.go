package gateway

import (
	"net/http"
	"slices"
	"strings"

	"fazt/internal/runtime/header"
)

// Split divides the visitors of a host among apps, and remembers by a cookie which of them a visitor met.
type Split struct{ Arms []Arm }

// Arm is one app of a split.
type Arm struct {
	*Target
	Weight int    // of an alias they sum to 100
	Token  string // what the cookie says; unguessable, so that none but drawn values are honoured
}

// splitCookie has a name of its own on every host it is set for: without Domain, no other host sees it.
const splitCookie = "fazt_split"

const splitMaxAge = "2592000" // 30 days, in seconds

// pick is the arm for a number from 0 to 99. Each arm has as many of them as it weighs.
func (s *Split) pick(n int) Arm {
	for _, arm := range s.Arms {
		if n -= arm.Weight; n < 0 {
			return arm
		}
	}
	return s.Arms[len(s.Arms)-1]
}

// remembered is the arm that the request's cookie names. Other hosts can make a browser send cookies of the same name,
// so every one is looked at; what names no arm does not count.
func (s *Split) remembered(r *http.Request) (Arm, bool) {
	for _, c := range r.CookiesNamed(splitCookie) {
		for _, arm := range s.Arms {
			if c.Value == arm.Token {
				return arm, true
			}
		}
	}
	return Arm{}, false
}

// Member is the app of a split with the given id, nil for none.
func (s *Split) Member(appID string) *Target {
	for _, arm := range s.Arms {
		if arm.AppID == appID {
			return arm.Target
		}
	}
	return nil
}

// choose is the app that a visitor of a split meets: the one they met before, or one drawn now. The answer is for this
// visitor alone from here on.
func (g *gateway) choose(w *exchange, r *http.Request, s *Split) *Target {
	w.personal = true
	arm, known := s.remembered(r)
	if !known {
		arm = s.pick(g.draw(100))
		cookie := splitCookie + "=" + arm.Token + "; Path=/; Max-Age=" + splitMaxAge + "; HttpOnly; SameSite=Lax"
		if r.TLS != nil || g.https(r) {
			cookie += "; Secure"
		}
		w.splitCookie = cookie
	}
	return arm.Target
}

// personalise makes an answer one that no shared cache gives to another visitor, whatever the app said about it: of a
// split, the same address has several contents. Private alone is the rule; Vary helps caches that do not keep it.
func personalise(h http.Header, cookie string) {
	if cookie != "" {
		h.Add("Set-Cookie", cookie)
	}
	h["Vary"] = append(slices.Clip(h["Vary"]), "Cookie") // many answers may share the slice
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
		// What speaks to the caches of a network alone goes before Cache-Control there (RFC 9213).
		if name == "Surrogate-Control" || strings.HasSuffix(name, "-Cache-Control") {
			delete(h, name)
		}
	}
}

// hideCookies takes the product's own cookies out of a request: an app learns nothing of them.
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
