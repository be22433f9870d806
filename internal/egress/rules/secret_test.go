package rules

import (
	"strings"
	"testing"

	"fazt/internal/errs"
)

func TestInvalidSecretsAreRefusedWithoutQuotingTheirValue(t *testing.T) {
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
		{"a name with a dash", change(func(s *Secret) { s.Name = "MY-KEY" }), `"MY-KEY" cannot be the name of a secret; use letters, digits and _`},
		{"a digit first", change(func(s *Secret) { s.Name = "1KEY" }), "no digit first"},
		{"a long name", change(func(s *Secret) { s.Name = strings.Repeat("K", 129) }), "longer than 128"},
		{"no domain", change(func(s *Secret) { s.Domain = "" }), "needs a domain"},
		{"an odd way", change(func(s *Secret) { s.As = "cookie" }), `cannot be sent as "cookie"; use bearer, header, query or basic`},
		{"bearer with a key", change(func(s *Secret) { s.Key = "X" }), "takes no key"},
		{"header without a key", change(func(s *Secret) { s.As = AsHeader }), "needs the name of the header as its key"},
		{"header with a line break", change(func(s *Secret) { s.As, s.Key = AsHeader, "X\r\nHost: a" }), "cannot be the name of a header"},
		{"a long header", change(func(s *Secret) { s.As, s.Key = AsHeader, strings.Repeat("x", 101) }), "cannot be the name of a header"},
		{"a framing header", change(func(s *Secret) { s.As, s.Key = AsHeader, "Content-Length" }), "is about the connection or the sender"},
		{"a proxy header", change(func(s *Secret) { s.As, s.Key = AsHeader, "Proxy-Authorization" }), "is about the connection or the sender"},
		{"a header of responses", change(func(s *Secret) { s.As, s.Key = AsHeader, "Set-Cookie" }), "is about responses, bodies or caches"},
		{"a header of bodies", change(func(s *Secret) { s.As, s.Key = AsHeader, "content-type" }), "is about responses, bodies or caches"},
		{"a header of caches", change(func(s *Secret) { s.As, s.Key = AsHeader, "Cache_Control" }), "is about responses, bodies or caches"},
		{"a header that changes the method", change(func(s *Secret) { s.As, s.Key = AsHeader, "X-HTTP-Method-Override" }), "is about responses, bodies or caches"},
		{"the host", change(func(s *Secret) { s.As, s.Key = AsHeader, "Host" }), "is about the connection or the sender"},
		{"the connection", change(func(s *Secret) { s.As, s.Key = AsHeader, "Connection" }), "is about the connection or the sender"},
		{"the coding", change(func(s *Secret) { s.As, s.Key = AsHeader, "Transfer-Encoding" }), "is about the connection or the sender"},
		{"query without a key", change(func(s *Secret) { s.As = AsQuery }), "needs the name of the parameter as its key"},
		{"query with an ampersand", change(func(s *Secret) { s.As, s.Key = AsQuery, "a&b" }), "cannot be the name of a query parameter"},
		{"a long parameter", change(func(s *Secret) { s.As, s.Key = AsQuery, strings.Repeat("x", 101) }), "cannot be the name of a query parameter"},
		{"an odd method", change(func(s *Secret) { s.Methods = []string{"FETCH"} }), `unknown method "FETCH"`},
		{"a prefix without a slash", change(func(s *Secret) { s.PathPrefix = "v1" }), "does not begin with /"},
		{"a prefix with a query", change(func(s *Secret) { s.PathPrefix = "/v1?x" }), "has one of the characters"},
		{"a prefix that climbs", change(func(s *Secret) { s.PathPrefix = "/v1/../v2" }), "contains //, . or .."},
		{"a prefix that is encoded", change(func(s *Secret) { s.PathPrefix = "/v%31" }), "has one of the characters"},
		{"no value", change(func(s *Secret) { s.Value = "" }), "has no value"},
		{"a short value", change(func(s *Secret) { s.Value = "short" }), "shorter than 8 characters"},
		{"a long value", change(func(s *Secret) { s.Value = strings.Repeat("x", 8193) }), "longer than 8192 bytes"},
		{"a value with a line break", change(func(s *Secret) { s.Value = "topsecret\nX: y" }), "a line break"},
		{"a value that is not UTF-8", change(func(s *Secret) { s.Value = "topsecret\xff\xff" }), "invalid UTF-8"},
		{"a value with a space", change(func(s *Secret) { s.Value = " topsecret-0123" }), "begins or ends with a space"},
		{"basic without a colon", change(func(s *Secret) { s.As = AsBasic }), "must be user:password"},
		{"bearer with an umlaut", change(func(s *Secret) { s.Value = "topsecret-ü" }), "a bearer token cannot have"},
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
