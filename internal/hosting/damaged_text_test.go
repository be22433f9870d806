package hosting_test

import (
	"testing"

	"fazt/internal/hosting"
)

func TestDamageIsDescribedByWhatPeopleKnow(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]hosting.Damage{
		"content that no deployment has: cause":                                                 {Cause: "cause"},
		"index.html of blog, deployment 3: cause":                                               {App: "blog", Deployment: 3, Path: "index.html", Cause: "cause"},
		"the br form of index.html of blog, deployment 3: cause":                                {App: "blog", Deployment: 3, Path: "index.html", Encoding: "br", Cause: "cause"},
		"index.html of blog, deployment 3 (and 1 more with the same content): cause":            {App: "blog", Deployment: 3, Path: "index.html", Others: 1, Cause: "cause"},
		"the compiled function of blog, deployment 3: cause":                                    {App: "blog", Deployment: 3, Cause: "cause"},
		"the compiled function of blog, deployment 3 (and 2 more with the same content): cause": {App: "blog", Deployment: 3, Others: 2, Cause: "cause"},
	} {
		if got := d.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
