package rules

import (
	"strings"
	"testing"

	"fazt/internal/errs"
)

func TestWhatCannotBeASecretIsRefusedInASentenceWithoutItsValue(t *testing.T) {
	good := Secret{Name: "KEY", As: AsBearer, Domain: "api.example.com", Value: "topsecret-0123"}
	change := func(fn func(s *Secret)) Secret {
		s := good
		fn(&s)
		return s
	}
	for _, test := range []struct {
		name string
		s    Secret
		want string
	}{
		{"no name", change(func(s *Secret) { s.Name = "" }), "needs a name"},
		{"a name with a dash", change(func(s *Secret) { s.Name = "MY-KEY" }), `"MY-KEY" cannot be the name of a secret: letters, digits and _ only`},
		{"a digit first", change(func(s *Secret) { s.Name = "1KEY" }), "no digit first"},
		{"a long name", change(func(s *Secret) { s.Name = strings.Repeat("K", 129) }), "longer than 128"},
		{"no domain", change(func(s *Secret) { s.Domain = "" }), "needs the domain"},
		{"an odd way", change(func(s *Secret) { s.As = "cookie" }), `bearer, header, query or basic, not as "cookie"`},
		{"bearer with a key", change(func(s *Secret) { s.Key = "X" }), "takes no key"},
		{"header without a key", change(func(s *Secret) { s.As = AsHeader }), "needs the name of the header as key"},
		{"header with a line break", change(func(s *Secret) { s.As, s.Key = AsHeader, "X\r\nHost: a" }), "cannot be the name of a header"},
		{"a long header", change(func(s *Secret) { s.As, s.Key = AsHeader, strings.Repeat("x", 101) }), "cannot be the name of a header"},
		{"a framing header", change(func(s *Secret) { s.As, s.Key = AsHeader, "Content-Length" }), "says how a request travels"},
		{"a proxy header", change(func(s *Secret) { s.As, s.Key = AsHeader, "Proxy-Authorization" }), "says how a request travels"},
		{"a header of answers", change(func(s *Secret) { s.As, s.Key = AsHeader, "Set-Cookie" }), "holds no secret"},
		{"a header of bodies", change(func(s *Secret) { s.As, s.Key = AsHeader, "content-type" }), "holds no secret"},
		{"a header of caches", change(func(s *Secret) { s.As, s.Key = AsHeader, "Cache_Control" }), "holds no secret"},
		{"a header that changes the method", change(func(s *Secret) { s.As, s.Key = AsHeader, "X-HTTP-Method-Override" }), "holds no secret"},
		{"the host", change(func(s *Secret) { s.As, s.Key = AsHeader, "Host" }), "says how a request travels"},
		{"the connection", change(func(s *Secret) { s.As, s.Key = AsHeader, "Connection" }), "says how a request travels"},
		{"the coding", change(func(s *Secret) { s.As, s.Key = AsHeader, "Transfer-Encoding" }), "says how a request travels"},
		{"query without a key", change(func(s *Secret) { s.As = AsQuery }), "needs the name of the parameter as key"},
		{"query with an ampersand", change(func(s *Secret) { s.As, s.Key = AsQuery, "a&b" }), "cannot be the name of a query parameter"},
		{"a long parameter", change(func(s *Secret) { s.As, s.Key = AsQuery, strings.Repeat("x", 101) }), "cannot be the name of a query parameter"},
		{"an odd method", change(func(s *Secret) { s.Methods = []string{"FETCH"} }), `unknown method "FETCH"`},
		{"a prefix without a slash", change(func(s *Secret) { s.PathPrefix = "v1" }), "does not begin with /"},
		{"a prefix with a query", change(func(s *Secret) { s.PathPrefix = "/v1?x" }), "has more than a path"},
		{"a prefix that climbs", change(func(s *Secret) { s.PathPrefix = "/v1/../v2" }), "not written as paths are sent"},
		{"a prefix that is encoded", change(func(s *Secret) { s.PathPrefix = "/v%31" }), "has more than a path"},
		{"no value", change(func(s *Secret) { s.Value = "" }), "has no value"},
		{"a short value", change(func(s *Secret) { s.Value = "short" }), "shorter than 8 characters"},
		{"a long value", change(func(s *Secret) { s.Value = strings.Repeat("x", 8193) }), "longer than 8192 bytes"},
		{"a value with a line break", change(func(s *Secret) { s.Value = "topsecret\nX: y" }), "a line break"},
		{"a value that is no text", change(func(s *Secret) { s.Value = "topsecret\xff\xff" }), "broken text"},
		{"a value with a space", change(func(s *Secret) { s.Value = " topsecret-0123" }), "begins or ends with a space"},
		{"basic without a colon", change(func(s *Secret) { s.As = AsBasic }), "must be user:password"},
		{"bearer with an umlaut", change(func(s *Secret) { s.Value = "topsecret-ü" }), "no bearer token"},
	} {
		_, err := checkSecret(test.s)
		if !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.TooLarge) || !strings.Contains(errs.Sentence(err), test.want) || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	s, err := checkSecret(change(func(s *Secret) {
		s.Domain, s.Methods, s.PathPrefix = "API.Example.com.", []string{"get", "POST", "GET"}, "/v1/"
	}))
	if err != nil || s.Domain != "api.example.com" || strings.Join(s.Methods, " ") != "GET POST" {
		t.Errorf("%+v %v", s, err)
	}
}
