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

// AdminConfig is what the admin host joins.
type AdminConfig struct {
	API   http.Handler // the control API; finds the caller in the context
	Check func(ctx context.Context, token string) (auth.Principal, error)
	// Refused is told of requests that are refused here: err is Forbidden when another site sent it. nil = nobody is told.
	Refused func(r *http.Request, address string, err error)
	// Fail answers with an error, in the shape of the control API.
	Fail func(w http.ResponseWriter, err error)
	// TrustedProxies are believed what they say of those they speak for; nil = nobody is.
	TrustedProxies func() []netip.Prefix
}

// Admin is the control API for the network: it finds out who calls. Nobody is the owner here. A request of a browser
// that another site made it send is refused before anything else: no session is read from cookies yet, and none must
// be usable that way when there is.
func Admin(c AdminConfig) http.Handler {
	origin := http.NewCrossOriginProtection()
	wrong := &failures{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := origin.Check(r); err != nil {
			err = errs.Wrap(errs.Forbidden, err, "another site made your browser send this; it was refused")
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

// caller is the Principal of a request: nobody where it brings no key.
func (c AdminConfig) caller(r *http.Request, wrong *failures) (auth.Principal, error) {
	header := r.Header.Values("Authorization")
	if len(header) == 0 {
		return auth.Principal{}, nil
	}
	scheme, token, ok := strings.Cut(header[0], " ")
	if len(header) > 1 || !ok || !strings.EqualFold(scheme, "Bearer") {
		return auth.Principal{}, errs.New(errs.Unauthorized, "the header Authorization must be one: `Bearer` and a key")
	}
	p, err := c.Check(r.Context(), strings.TrimSpace(token))
	if errs.Is(err, errs.Unauthorized) {
		if wait := wrong.count(clientIP(r, c.TrustedProxies), time.Now()); wait > 0 {
			return p, &errs.Error{Kind: errs.RateLimited, Retry: wait, Message: "too many wrong keys came from your address; wait a while, or use the right one: it is never refused"}
		}
	}
	return p, err
}

// Wrong keys from one address: so many at once, and as many in a minute.
const (
	wrongKeys  = 20
	wrongPause = time.Minute / wrongKeys
)

// failures counts wrong keys by address. It is asked only after a key was found wrong, so a right key always passes:
// a neighbour cannot lock the owner out. A key of 256 bits cannot be guessed; the count keeps programs with an old key
// from filling the log.
type failures struct {
	throttle.Throttle[netip.Prefix]
}

// count adds a failure and returns how long the address must wait; 0 = it may go on.
func (f *failures) count(ip string, now time.Time) time.Duration {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return 0
	}
	return f.Take(share.Client(address), 1/wrongPause.Seconds(), wrongKeys, now)
}
