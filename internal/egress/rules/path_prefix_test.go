package rules

import (
	"strings"
	"testing"

	"fazt/internal/errs"
)

func TestPathPrefixesThatNoPathMatchesAreRefused(t *testing.T) {
	for _, p := range []string{"", "/", "/v1", "/v1/", "/v1/.well-known", "/a..b/", "/" + strings.Repeat("x", maxSecretPath-1)} {
		if err := checkPathPrefix(p); err != nil {
			t.Errorf("%q is refused: %v", p, err)
		}
	}
	for _, p := range []string{"v1", "//v1", "/v1//x", "/./v1", "/v1/.", "/../v1", "/v1/..", "/v1?x", "/v1#x", "/%2e", "/a\\b", "/*", "/{id}", "/a b", "/é", "/a\x7f", "/" + strings.Repeat("x", maxSecretPath)} {
		if err := checkPathPrefix(p); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", p, err)
		}
	}
}
