package egress

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"fazt/internal/egress/rules"
)

func TestASecretIsPutIntoTheRequest(t *testing.T) {
	w, s := two(t)
	add := func(secret rules.Secret) {
		secret.Domain, secret.Value = "example.com", "user:pass word"
		w.secret(secret)
	}
	add(rules.Secret{Name: "B", As: rules.AsBearer})
	add(rules.Secret{Name: "H", As: rules.AsHeader, Key: "x-key"})
	add(rules.Secret{Name: "Q", As: rules.AsQuery, Key: "key"})
	add(rules.Secret{Name: "P", As: rules.AsBasic})
	for name, want := range map[string]string{
		"B": "Bearer user:pass word", "P": "Basic " + base64.StdEncoding.EncodeToString([]byte("user:pass word")),
	} {
		w.must(Call{URL: "http://example.com/", Auth: name, Header: http.Header{"Authorization": {"mine", "also mine"}}})
		if got := s.list[len(s.list)-1].Header["Authorization"]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	w.must(Call{URL: "http://example.com/", Auth: "H", Header: http.Header{"X-KEY": {"mine"}}})
	if got := s.list[len(s.list)-1].Header["X-Key"]; len(got) != 1 || got[0] != "user:pass word" {
		t.Errorf("header: %q", got)
	}
	a, _ := w.must(Call{URL: "http://example.com/?a=b&key=mine&k%65y=mine&c", Auth: "Q"})
	if got := s.list[len(s.list)-1].URL.RawQuery; got != "a=b&c&key=user%3Apass+word" {
		t.Errorf("query: %s", got)
	}
	if strings.Contains(a.URL, "pass") || w.last().Secret != "Q" {
		t.Errorf("told: %s, %+v", a.URL, w.last())
	}
}

func TestAMissingSecretAndOneForAnotherCallLookTheSame(t *testing.T) {
	w, s := two(t)
	for _, secret := range []rules.Secret{
		{Name: "ELSEWHERE", Domain: "else.test"}, {Name: "NOWHERE"}, {Name: "OTHER_APP", AppID: "app_2", Domain: "example.com"}, {Name: "POST", Domain: "example.com", Methods: []string{"POST"}},
		{Name: "PATH", Domain: "example.com", PathPrefix: "/v1"}, {Name: "BELOW", Domain: "*.example.com"}, {Name: "LINES", Domain: "example.com"}, {Name: "HOST", Domain: "example.com", As: rules.AsHeader, Key: "Host"}, {Name: "STRANGE", Domain: "example.com", As: "cookie"},
	} {
		if secret.As == "" {
			secret.As = rules.AsBearer
		}
		secret.Value = "s3cret-value"
		if secret.Name == "LINES" {
			secret.Value = "a\r\nX-B: b"
		}
		w.secret(secret)
	}
	_, _, want := w.do(Call{URL: "http://example.com/v1/", Auth: "UNKNOWN"})
	if code(want) != CodeAuth {
		t.Fatal(want)
	}
	for _, c := range []Call{
		{URL: "http://example.com/v1/", Auth: "ELSEWHERE"}, {URL: "http://example.com/v1/", Auth: "NOWHERE"}, {URL: "http://example.com/v1/", Auth: "OTHER_APP"}, {URL: "http://example.com/v1/", Auth: "POST"},
		{URL: "http://example.com/v1/", Auth: "BELOW"}, {URL: "http://example.com/v1/", Auth: "LINES"}, {URL: "http://example.com/v1/", Auth: "HOST"}, {URL: "http://example.com/v1/", Auth: "STRANGE"},
		{URL: "http://example.com/", Auth: "PATH"}, {URL: "http://example.com/v10", Auth: "PATH"}, {URL: "http://example.com/v1/../x", Auth: "PATH"}, {URL: "http://example.com/v1/%2e%2e/x", Auth: "PATH"},
		{URL: "http://example.com/v1/..%2fx", Auth: "PATH"}, {URL: "http://example.com/v1/%252e%252e/x", Auth: "PATH"}, {URL: "http://example.com/v1/..;/x", Auth: "PATH"}, {URL: "http://example.com/v1//x", Auth: "PATH"},
	} {
		if _, _, err := w.do(c); err == nil || err.Error() != want.Error() || code(err) != CodeAuth {
			t.Errorf("%s at %s: %v", c.Auth, c.URL, err)
		}
		if w.last().Reason == "" {
			t.Error("the owner is told nothing")
		}
	}
	if len(s.list) != 0 {
		t.Errorf("%d calls were made", len(s.list))
	}
	w.must(Call{URL: "http://example.com/v1", Auth: "PATH"})
	w.must(Call{URL: "http://example.com/v1/x", Auth: "PATH"})
	w.must(Call{Method: "POST", URL: "http://example.com/v1/x", Auth: "POST", Header: http.Header{"X-HTTP-Method-Override": {"DELETE"}, "X_HTTP_Method_Override": {"DELETE"}}})
	if h := s.list[2].Header; h.Get("X-Http-Method-Override") != "" || h.Get("X_HTTP_Method_Override") != "" {
		t.Error("the secret's methods were gone round")
	}
}

func TestAnEchoDoesNotRevealTheSecret(t *testing.T) {
	const value = "p/w+ä\"<&\\é s3cret?"
	w := newWorld(t)
	w.serve("example.com", func(rw http.ResponseWriter, r *http.Request) {
		got := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		quoted, _ := json.Marshal(got)
		rw.Header().Set("X-Echo", url.QueryEscape(got))
		rw.Header().Set("Location", "/?t="+url.QueryEscape(got))
		rw.WriteHeader(201)
		for _, text := range []string{got, url.QueryEscape(got), url.PathEscape(got), string(quoted), base64.StdEncoding.EncodeToString([]byte(got)), base64.RawURLEncoding.EncodeToString([]byte(got)), strings.ToLower(url.QueryEscape(got))} {
			io.WriteString(rw, "<"+text+">")
			rw.(http.Flusher).Flush()
		}
	})
	w.allow(rules.Entry{Domain: "example.com", HTTP: true})
	w.secret(rules.Secret{Name: "KEY", As: rules.AsBearer, Domain: "example.com", Value: value})
	a, body := w.must(Call{URL: "http://example.com/", Auth: "KEY"})
	if n := strings.Count(body, "[secret KEY]"); n != 7 || strings.Contains(body, "s3cret") {
		t.Errorf("%d of 7 are replaced: %q", n, body)
	}
	if a.Header.Get("X-Echo") != "[secret KEY]" || a.Header.Get("Location") != "/?t=[secret KEY]" {
		t.Errorf("headers tell it: %v", a.Header)
	}
	// Nor does a call that does not use the secret but has it in its path, which is logged.
	w.must(Call{URL: "http://example.com/" + url.PathEscape(value)})
	if got := w.last().Path; strings.Contains(got, "s3cret") {
		t.Errorf("logged %q", got)
	}
}

// A secret is not sent to other schemes and ports that the entry opens, such as plain HTTP for one page.
func TestASecretIsForOneSchemeAndOnePort(t *testing.T) {
	type call struct{ url, want string }
	for name, tt := range map[string]struct {
		entry rules.Entry
		s     rules.Secret
		calls []call
	}{
		"by default":          {rules.Entry{HTTP: true}, rules.Secret{}, []call{{"https://example.com/", ""}, {"http://example.com/", CodeAuth}}},
		"an entry with ports": {rules.Entry{Ports: []int{8443, 443}}, rules.Secret{}, []call{{"https://example.com:8443/", ""}, {"https://example.com/", CodeAuth}}},
		"the first port is the one that was named first": {rules.Entry{Ports: []int{443, 8443}}, rules.Secret{}, []call{{"https://example.com:8443/", CodeAuth}, {"https://example.com/", ""}}},
		"with --http":                {rules.Entry{HTTP: true}, rules.Secret{HTTP: true}, []call{{"https://example.com/", ""}, {"http://example.com/", ""}}},
		"with --port":                {rules.Entry{HTTP: true, Ports: []int{443, 8443}}, rules.Secret{Port: 8443}, []call{{"https://example.com/", CodeAuth}, {"https://example.com:8443/", ""}, {"http://example.com:8443/", CodeAuth}}},
		"with --http --port":         {rules.Entry{HTTP: true, Ports: []int{443, 8080}}, rules.Secret{HTTP: true, Port: 8080}, []call{{"https://example.com/", CodeAuth}, {"http://example.com:8080/", ""}}},
		"a port that is not allowed": {rules.Entry{}, rules.Secret{Port: 444}, []call{{"https://example.com/", CodeAuth}, {"https://example.com:444/", CodeBlocked}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			secure := w.serveTLS(hello)
			w.place("example.com", public, 8443, secure.Listener.Addr())
			plain := httptest.NewServer(http.HandlerFunc(hello))
			t.Cleanup(plain.Close)
			w.place("example.com", public, 80, plain.Listener.Addr())
			w.place("example.com", public, 8080, plain.Listener.Addr())
			tt.entry.Domain, tt.s.Domain, tt.s.Name, tt.s.As, tt.s.Value = "example.com", "example.com", "KEY", rules.AsBearer, "s3cret-value"
			w.allow(tt.entry)
			w.secrets = []rules.Secret{tt.s}
			w.apply()
			for _, c := range tt.calls {
				_, _, err := w.do(Call{URL: c.url, Auth: "KEY"})
				if code(err) != c.want || c.want == CodeAuth && !strings.Contains(w.last().Reason, "set it with --") {
					t.Errorf("%s: %v, want %q, logged %q", c.url, err, c.want, w.last().Reason)
				}
			}
		})
	}
}
