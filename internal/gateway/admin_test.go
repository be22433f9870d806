package gateway

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"fazt/internal/auth"
	"fazt/internal/errs"
)

// admin returns Admin in front of an API that responds with the name of the caller.
func admin() (h http.Handler, refused *[]string) {
	refused = new([]string)
	return Admin(AdminConfig{
		API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p := auth.From(r.Context())
			_, _ = w.Write([]byte(p.Kind.String() + " " + p.Name + " " + p.Address))
		}),
		Check: func(_ context.Context, token string) (auth.Principal, error) {
			if token != "good" {
				return auth.Principal{}, errs.New(errs.Unauthorized, "wrong")
			}
			return auth.Principal{Kind: auth.Key, Name: "ci"}, nil
		},
		Refused: func(_ *http.Request, address string, err error) {
			*refused = append(*refused, address+" "+errs.Code(err))
		},
		Fail:           func(w http.ResponseWriter, err error) { w.WriteHeader(errs.KindOf(err).HTTPStatus()) },
		TrustedProxies: func() []netip.Prefix { return nil },
	}), refused
}

func request(h http.Handler, address string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://admin.example.com/api/apps", nil)
	r.RemoteAddr, r.Header = address+":1", header
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestTheCallerIsTheKeyInTheAuthorizationHeader(t *testing.T) {
	for name, tt := range map[string]struct {
		authorization []string
		status        int
		body          string
	}{
		"none":          {nil, 200, "nobody  192.0.2.1"},
		"a key":         {[]string{"Bearer good"}, 200, "key ci 192.0.2.1"},
		"lower case":    {[]string{"bearer good"}, 200, "key ci 192.0.2.1"},
		"more spaces":   {[]string{"Bearer  good "}, 200, "key ci 192.0.2.1"},
		"a wrong key":   {[]string{"Bearer bad"}, 401, ""},
		"two headers":   {[]string{"Bearer good", "Bearer good"}, 401, ""},
		"no scheme":     {[]string{"good"}, 401, ""},
		"other scheme":  {[]string{"Basic good"}, 401, ""},
		"only a scheme": {[]string{"Bearer"}, 401, ""},
	} {
		h, refused := admin()
		w := request(h, "192.0.2.1", http.Header{"Authorization": tt.authorization})
		if w.Code != tt.status || w.Body.String() != tt.body {
			t.Errorf("%s: %d %q", name, w.Code, w.Body)
		}
		if got := len(*refused) == 1; got != (tt.status == 401) || got && w.Header().Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: refused %v, %v", name, *refused, w.Header())
		}
	}
}

func TestInvalidKeysAreLimitedByAddressAndAValidKeyAlwaysWorks(t *testing.T) {
	h, _ := admin()
	bad, good := http.Header{"Authorization": {"Bearer bad"}}, http.Header{"Authorization": {"Bearer good"}}
	for i := range wrongKeys {
		if w := request(h, "192.0.2.1", bad); w.Code != http.StatusUnauthorized {
			t.Fatalf("invalid key %d: %d", i+1, w.Code)
		}
	}
	for name, tt := range map[string]struct {
		address string
		header  http.Header
		status  int
	}{
		"one more":        {"192.0.2.1", bad, http.StatusTooManyRequests},
		"a valid key":     {"192.0.2.1", good, http.StatusOK},
		"another address": {"192.0.2.2", bad, http.StatusUnauthorized},
	} {
		if w := request(h, tt.address, tt.header); w.Code != tt.status {
			t.Errorf("%s: %d, want %d", name, w.Code, tt.status)
		}
	}
}

func TestCrossSiteRequestsAreRefusedBeforeTheKeyIsChecked(t *testing.T) {
	h, refused := admin()
	w := request(h, "192.0.2.1", http.Header{"Authorization": {"Bearer good"}, "Sec-Fetch-Site": {"cross-site"}})
	if w.Code != http.StatusForbidden || len(*refused) != 1 || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("%d, refused %v, %v", w.Code, *refused, w.Header())
	}
}

// Refused calls are logged, but neither a fault of the product nor a client that went away is a refusal.
func TestOnlyRefusalsAreReportedAsSuch(t *testing.T) {
	for kind, want := range map[errs.Kind]bool{errs.Unauthorized: true, errs.Forbidden: true, errs.RateLimited: true, errs.Internal: false, errs.Canceled: false} {
		reported := 0
		h := Admin(AdminConfig{
			API:     http.NotFoundHandler(),
			Check:   func(context.Context, string) (auth.Principal, error) { return auth.Principal{}, errs.New(kind, "no") },
			Refused: func(*http.Request, string, error) { reported++ },
			Fail:    func(w http.ResponseWriter, err error) { w.WriteHeader(errs.KindOf(err).HTTPStatus()) },
		})
		w := request(h, "192.0.2.1", http.Header{"Authorization": {"Bearer bad"}})
		if w.Code != kind.HTTPStatus() || (reported == 1) != want || reported > 1 {
			t.Errorf("%s: %d, reported %d times", kind, w.Code, reported)
		}
	}
}
