package gateway

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"fazt/internal/auth"
	"fazt/internal/errs"
	"fazt/internal/share"
	"fazt/internal/throttle"
)

// AdminConfig is what Admin needs.
type AdminConfig struct {
	API   http.Handler // the control API; reads the caller from the context
	Check func(ctx context.Context, token string) (auth.Principal, error)
	// Refused is called for requests that are refused here; err is Forbidden if another site sent the request. May be
	// nil.
	Refused func(r *http.Request, address string, err error)
	// Fail writes an error response in the shape of the control API.
	Fail func(w http.ResponseWriter, err error)
	// TrustedProxies are the proxies whose forwarding headers are trusted. May be nil.
	TrustedProxies func() []netip.Prefix
}

// Admin is the control API for the network: it authenticates the caller. Unlike on the socket, no caller is the owner
// by default. Requests that a browser sends on behalf of another site are refused first. Cookies carry no sessions yet,
// but this must hold once they do.
func Admin(c AdminConfig) http.Handler {
	origin := http.NewCrossOriginProtection()
	wrong := &failures{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := origin.Check(r); err != nil {
			err = errs.Wrap(errs.Forbidden, err, "cross-site request refused")
			c.refused(r, err)
			c.Fail(w, err)
			return
		}
		p, err := c.caller(r, wrong)
		if err != nil {
			c.refused(r, err)
			w.Header().Set("WWW-Authenticate", "Bearer")
			c.Fail(w, err)
			return
		}
		p.Address = clientIP(r, c.TrustedProxies)
		c.API.ServeHTTP(w, r.WithContext(auth.With(r.Context(), p)))
	})
}

func (c AdminConfig) refused(r *http.Request, err error) {
	if c.Refused != nil && !errs.Is(err, errs.Internal) && !errs.Is(err, errs.Canceled) {
		c.Refused(r, clientIP(r, c.TrustedProxies), err)
	}
}

// caller returns the Principal of a request, or the zero Principal if it carries no key.
func (c AdminConfig) caller(r *http.Request, wrong *failures) (auth.Principal, error) {
	header := r.Header.Values("Authorization")
	if len(header) == 0 {
		return auth.Principal{}, nil
	}
	scheme, token, ok := strings.Cut(header[0], " ")
	if len(header) > 1 || !ok || !strings.EqualFold(scheme, "Bearer") {
		return auth.Principal{}, errs.New(errs.Unauthorized, "send one Authorization header: `Bearer <key>`")
	}
	p, err := c.Check(r.Context(), strings.TrimSpace(token))
	if errs.Is(err, errs.Unauthorized) {
		if wait := wrong.count(clientIP(r, c.TrustedProxies), time.Now()); wait > 0 {
			return p, &errs.Error{Kind: errs.RateLimited, Retry: wait, Message: "too many invalid keys from your address; wait, or use a valid key"}
		}
	}
	return p, err
}

// Limits on invalid keys from one address: a burst, and the same number per minute.
const (
	wrongKeys  = 20
	wrongPause = time.Minute / wrongKeys
)

// failures counts invalid keys per address. It is consulted only after a key turned out to be invalid, so a valid key
// always works and a neighbor cannot lock the owner out. A 256-bit key cannot be guessed; the limit keeps programs with
// an old key from flooding the log.
type failures struct {
	throttle.Throttle[netip.Prefix]
}

// count records a failure and returns how long the address must wait; 0 = not at all.
func (f *failures) count(ip string, now time.Time) time.Duration {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return 0
	}
	return f.Take(share.Client(address), 1/wrongPause.Seconds(), wrongKeys, now)
}
