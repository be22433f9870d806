package rules

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"fazt/internal/egress/scrub"
	"fazt/internal/errs"
)

func TestWhatAnEntryAllows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		e      Entry
		scheme string
		port   int
		want   bool
	}{
		{Entry{}, "https", 443, true}, {Entry{}, "https", 80, false}, {Entry{}, "https", 8443, false}, {Entry{}, "http", 80, false}, {Entry{}, "http", 443, false},
		{Entry{HTTP: true}, "http", 80, true}, {Entry{HTTP: true}, "http", 443, false}, {Entry{HTTP: true}, "https", 443, true}, {Entry{HTTP: true}, "https", 80, false},
		{Entry{Ports: []int{8443, 80}}, "https", 8443, true}, {Entry{Ports: []int{8443, 80}}, "https", 80, true}, {Entry{Ports: []int{8443, 80}}, "https", 443, false}, {Entry{Ports: []int{8443, 80}}, "http", 80, false},
		{Entry{Ports: []int{8080}, HTTP: true}, "http", 8080, true}, {Entry{Ports: []int{8080}, HTTP: true}, "http", 80, false},
	} {
		if got := tt.e.AllowsPort(tt.scheme, tt.port); got != tt.want {
			t.Errorf("%+v allows %s at %d: %v", tt.e, tt.scheme, tt.port, got)
		}
	}
	for _, tt := range []struct {
		methods []string
		method  string
		want    bool
	}{{nil, "DELETE", true}, {[]string{}, "GET", true}, {[]string{"GET", "HEAD"}, "HEAD", true}, {[]string{"GET"}, "POST", false}, {[]string{"GET"}, "get", false}} {
		if got := (&Entry{Methods: tt.methods}).AllowsMethod(tt.method); got != tt.want {
			t.Errorf("%v allow %s: %v", tt.methods, tt.method, got)
		}
	}
	for _, tt := range []struct {
		e      Entry
		s      Secret
		scheme string
		want   int
	}{
		{Entry{}, Secret{}, "https", 443}, {Entry{}, Secret{}, "http", 80}, {Entry{Ports: []int{8443, 443}}, Secret{}, "https", 8443}, {Entry{Ports: []int{8443, 443}}, Secret{Port: 443}, "https", 443}, {Entry{}, Secret{Port: 9}, "http", 9},
	} {
		if got := tt.e.PortOf(tt.s, tt.scheme); got != tt.want {
			t.Errorf("%+v: a secret goes to %d, want %d", tt.e, got, tt.want)
		}
	}
	for _, tt := range []struct {
		domain, host string
		want         bool
	}{
		{"a.example.com", "a.example.com", true}, {"a.example.com", "b.a.example.com", false}, {"a.example.com", "example.com", false},
		{"*.example.com", "a.example.com", true}, {"*.example.com", "b.a.example.com", true}, {"*.example.com", "example.com", false}, {"*.example.com", ".example.com", false}, {"*.example.com", "badexample.com", false}, {"*.example.com", "a.example.com.evil.test", false},
	} {
		if got := Covers(tt.domain, tt.host); got != tt.want {
			t.Errorf("%s covers %s: %v", tt.domain, tt.host, got)
		}
	}
}

func TestTheBoundsOfAnEntry(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]Entry{
		"nothing": {}, "the first port": {Ports: []int{1}}, "the last port": {Ports: []int{65535}}, "all methods": {Methods: Methods},
		"all zero": {Rate: 0, Burst: 0, Timeout: 0, MaxResponse: 0, CacheTTL: 0, Stale: 0}, "a whole private range": {Private: []netip.Prefix{netip.MustParsePrefix("fc00::/7")}},
	} {
		if _, err := CheckEntry(e); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, e := range map[string]Entry{
		"0 is not a port; ports are 1 to 65535":                                      {Ports: []int{443, 0}},
		"65536 is not a port; ports are 1 to 65535":                                  {Ports: []int{65536}},
		"-1 is not a port; ports are 1 to 65535":                                     {Ports: []int{-1}},
		"the rate is -1; it cannot be negative":                                      {Rate: -1},
		"the burst is -1; it cannot be negative":                                     {Burst: -1},
		"the timeout is -1; it cannot be negative":                                   {Timeout: -1},
		"the maximum response size is -1; it cannot be negative":                     {MaxResponse: -1},
		"the cache time is -1; it cannot be negative":                                {CacheTTL: -1},
		"the stale time is -1; it cannot be negative":                                {Stale: -1},
		`unknown method "connect"; use GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS`: {Methods: []string{"connect"}},
	} {
		if _, err := CheckEntry(e); !errs.Is(err, errs.Invalid) || err.Error() != want {
			t.Errorf("%+v: %v, want %s", e, err, want)
		}
	}
	// What was given is not changed.
	given := Entry{Methods: []string{"get"}, Ports: []int{2, 1, 2}, Private: []netip.Prefix{netip.MustParsePrefix("10.1.2.3/8")}}
	got, err := CheckEntry(given)
	if err != nil || given.Methods[0] != "get" || given.Private[0].String() != "10.1.2.3/8" || !slices.Equal(got.Ports, []int{2, 1}) || got.Private[0].String() != "10.0.0.0/8" {
		t.Errorf("%+v became %+v, %v", given, got, err)
	}
	for host, want := range map[string]string{"example.com": "", "EXAMPLE.com.": "", "": "the URL has no host", "...": "the URL has no host", "127.0.0.1": "IP addresses are not allowed; use a host name", "0x7f.1": "IP addresses are not allowed; use a host name", "a..b": "the host is not a valid host name", "a b": "the host is not a valid host name"} {
		if _, why := CanonicalHost(host); why != want {
			t.Errorf("%q: %q, want %q", host, why, want)
		}
	}
	for _, tt := range []struct {
		domains, secrets []string
		want             string
	}{
		{nil, nil, ""}, {[]string{"a.example"}, []string{"KEY"}, ""},
		{[]string{"a.example", "*"}, nil, `net: "*" cannot be allowed: `}, {nil, []string{"KEY", "1"}, `secrets: "1" cannot be the name of a secret`},
	} {
		if err := CheckNeeds(tt.domains, tt.secrets); (err == nil) != (tt.want == "") || err != nil && !strings.HasPrefix(errs.Sentence(err), tt.want) {
			t.Errorf("%v %v: %v", tt.domains, tt.secrets, err)
		}
	}
}

func TestTemplatesMatchWholePaths(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		template, path string
		want           bool
	}{
		{"/", "/", true}, {"/", "/a", false}, {"/a", "/a/", false}, {"/a/", "/a", false}, {"/a", "/ab", false},
		{"/{x}", "/a", true}, {"/{x}", "/", false}, {"/{x}", "/a/b", false}, {"/{x}", "a", false}, {"/{x}/", "/a/", true}, {"/{x}/", "/a", false},
		{"/a{x}", "/ab", true}, {"/a{x}", "/a", false}, {"/a{x}", "/b", false}, {"/{x}b", "/ab", true}, {"/{x}b", "/b", false}, {"/{x}b", "/bb", true}, {"/{x}b", "/abc", false},
		{"/{x}.{y}", "/a.b", true}, {"/{x}.{y}", "/.b", false}, {"/{x}.{y}", "/a.", false}, {"/{x}.{y}", "/a.b.c", true}, {"/{x}.{y}", "/a/b.c", false},
		{"/{x}/b/{y}", "/a/b/c", true}, {"/{x}/b/{y}", "/a/b/", false}, {"/{x}/b/{y}", "//b/c", false}, {"/bot{t}/{m}", "/bot1/send", true}, {"/bot{t}/{m}", "/bot/send", false}, {"/bot{t}/{m}", "/bot1/send/x", false},
	} {
		parsed, err := parseTemplate(tt.template)
		if err != nil {
			t.Fatal(err)
		}
		if got := parsed.match(tt.path); got != tt.want {
			t.Errorf("%s matches %s: %v", tt.template, tt.path, got)
		}
	}
	for text, want := range map[string]string{
		"": "it does not begin with /", "a/{x}": "it does not begin with /", "/{x": "a { is not closed", "/{": "a { is not closed", "/a{x}b{": "a { is not closed", "/a{x}{": "two placeholders need text between them", "/{}": "a placeholder has no name", "/{a{b}": "a placeholder has no name", "/{a/b}": "a placeholder has no name", "/{a}{b}": "two placeholders need text between them",
	} {
		if _, err := parseTemplate(text); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), ": "+want+"; use one such as") {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	for length, want := range map[int]int{maxLoggedPath: maxLoggedPath, maxLoggedPath + 1: maxLoggedPath + len("…")} {
		if got := (&Entry{}).LoggedPath("/" + strings.Repeat("a", length-1)); len(got) != want {
			t.Errorf("%d of %d bytes are logged", len(got), length)
		}
	}
}

func TestThePolicyOfAnApp(t *testing.T) {
	t.Parallel()
	p := NewPolicy(7, []Entry{{ID: "1", Domain: "a.example"}, {ID: "2", Domain: "a.example", Private: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, {ID: "3", Domain: "b.example", AppID: "app_a"}},
		[]Secret{{Name: "B", Value: "value-of-b"}, {Name: "A", Value: "value-of-a"}, {Name: "A", AppID: "app_a", Value: "own-value-a"}, {Name: "C", AppID: "app_b", Value: "value-of-c"}})
	names := func(app string) (list []string) {
		for _, s := range p.SecretsOf(app) {
			list = append(list, s.Name+s.AppID)
		}
		return list
	}
	if got := names("app_a"); !slices.Equal(got, []string{"A", "Aapp_a", "B"}) {
		t.Errorf("%v", got)
	}
	if got := names("app_c"); !slices.Equal(got, []string{"A", "B"}) {
		t.Errorf("%v", got)
	}
	if e, ok := p.Match("app_c", "a.example"); !ok || e.ID != "2" {
		t.Errorf("of two entries for one domain, %+v applies", e)
	}
	if private := p.Private(); p.Version() != 7 || len(private) != 1 || private[0].ID != "2" {
		t.Errorf("version %d, %+v", p.Version(), private)
	}
	if _, ok := p.Secret("app_a", "C"); ok {
		t.Error("an app can use the secret of another")
	}
	if s := p.Scrubber("app_a").Text("own-value-a value-of-b value-of-c"); s != "[secret A] [secret B] value-of-c" {
		t.Errorf("%s", s)
	}
	if NewPolicy(1, nil, nil).Scrubber("app_a") != nil {
		t.Error("without secrets there is a scrubber")
	}
	made := make([]*scrub.Scrubber, 8)
	var all sync.WaitGroup
	for i := range made {
		all.Go(func() { made[i] = p.Scrubber("app_d") })
	}
	all.Wait()
	for _, s := range made {
		if s != made[0] || s == p.Scrubber("app_a") {
			t.Error("an app has two scrubbers, or that of another")
		}
	}
}

// Responses to such requests are not shared between visitors.
func TestWhichRequestsHaveCredentials(t *testing.T) {
	t.Parallel()
	p := NewPolicy(1, nil, []Secret{
		{Name: "H", As: AsHeader, Key: "X-Team", Domain: "*.a.example"}, {Name: "Q", As: AsQuery, Key: "who", Domain: "b.example"}, {Name: "O", As: AsHeader, Key: "X-Other", Domain: "c.example", AppID: "app_b"}, {Name: "B", As: AsBearer, Domain: "d.example"},
	})
	for _, tt := range []struct {
		url, header string
		want        bool
	}{
		{"https://x.example/", "", false}, {"https://x.example/", "Accept", false}, {"https://x.example/", "Authorization", true}, {"https://x.example/", "X_Auth_Token", true}, {"https://x.example/", "Cookie", true}, {"https://x.example/", "Api-Key", true},
		{"https://x.example/", "Author", false}, {"https://x.example/", "X-Keyboard", false}, {"https://x.example/?token=1", "", false},
		{"https://s.a.example/", "X-Team", true}, {"https://s.a.example/", "X_team", true}, {"https://a.example/", "X-Team", false}, {"https://b.example/", "X-Team", false},
		{"https://b.example/?a=1&who=me", "", true}, {"https://b.example/?wh%6f=me", "", true}, {"https://b.example/?who", "", true}, {"https://b.example/?whom=me", "", false}, {"https://b.example/", "", false}, {"https://c.example/?who=me", "", false},
		{"https://c.example/", "X-Other", false}, // the secret is of another app
		{"https://d.example/", "", false},
	} {
		r := httptest.NewRequest(http.MethodGet, tt.url, http.NoBody)
		r.Header = http.Header{}
		if tt.header != "" {
			r.Header[tt.header] = []string{"1"}
		}
		if got := p.Credentialed("app_a", r.URL.Hostname(), r); got != tt.want {
			t.Errorf("%s with %q: %v", tt.url, tt.header, got)
		}
	}
}

func TestASecretIsPutIntoARequest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                string
		s                   Secret
		url, header, wanted string // wanted is the Authorization, the header, or the query
		why                 string
	}{
		{"bearer", Secret{As: AsBearer, Value: "v"}, "/", "Authorization", "Bearer v", ""},
		{"basic", Secret{As: AsBasic, Value: "user:pass"}, "/", "Authorization", "Basic dXNlcjpwYXNz", ""},
		{"header", Secret{As: AsHeader, Key: "x-api-key", Value: "v"}, "/", "X-Api-Key", "v", ""},
		{"query", Secret{As: AsQuery, Key: "key", Value: "a&b"}, "/", "", "key=a%26b", ""},
		{"query next to another", Secret{As: AsQuery, Key: "key", Value: "v"}, "/?a=1&b", "", "a=1&b&key=v", ""},
		{"query in place of another value", Secret{As: AsQuery, Key: "key", Value: "v"}, "/?key=mine&a=1&k%65y=mine&key", "", "a=1&key=v", ""},
		{"an empty query", Secret{As: AsQuery, Key: "key", Value: "v"}, "/?", "", "key=v", ""},
		{"a forbidden header", Secret{Name: "S", As: AsHeader, Key: "Host", Value: "v"}, "/", "Host", "", "the secret S does not fit into a header"},
		{"a header of caches", Secret{Name: "S", As: AsHeader, Key: "Cache-Control", Value: "v"}, "/", "Cache-Control", "", "the secret S does not fit into a header"},
		{"a line break", Secret{Name: "S", As: AsHeader, Key: "X", Value: "v\r\nA: b"}, "/", "X", "", "the secret S does not fit into a header"},
		{"an unknown way", Secret{Name: "S", As: "cookie", Value: "v"}, "/", "Cookie", "", "the secret S cannot be sent as cookie"},
	} {
		r := httptest.NewRequest(http.MethodGet, "https://a.example"+tt.url, http.NoBody)
		original := *r.URL
		got := ""
		why := tt.s.Put(r)
		if got = r.Header.Get(tt.header); tt.header == "" {
			got = r.URL.RawQuery
			if r.URL.ForceQuery {
				t.Errorf("%s: a ? without a query", tt.name)
			}
		}
		if got != tt.wanted || why != tt.why {
			t.Errorf("%s: %q (%s), want %q", tt.name, got, why, tt.wanted)
		}
		if original.RawQuery != strings.TrimPrefix(strings.TrimPrefix(tt.url, "/"), "?") {
			t.Errorf("%s: the URL of the caller was changed", tt.name)
		}
	}
	for _, methods := range [][]string{nil, {"GET"}} { // a server could take an allowed method for another
		r := httptest.NewRequest(http.MethodGet, "https://a.example/", http.NoBody)
		r.Header.Set("X-HTTP-Method-Override", "DELETE")
		if why := (&Secret{As: AsBearer, Value: "v", Methods: methods}).Put(r); why != "" || (r.Header.Get("X-Http-Method-Override") == "") != (methods != nil) {
			t.Errorf("%v: %v %s", methods, r.Header, why)
		}
	}
	for value, want := range map[string]int{"user:12345678": 2, "user:1234567": 1, "user:": 1, "nocolon": 1} {
		if got := (&Secret{As: AsBasic, Value: value}).texts(); len(got) != want || got[0] != value {
			t.Errorf("%q is revealed by %q", value, got)
		}
	}
	if got := (&Secret{As: AsBearer, Value: "user:12345678"}).texts(); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

func TestTheBoundsOfASecret(t *testing.T) {
	t.Parallel()
	good := Secret{Name: "KEY", As: AsHeader, Key: "X", Domain: "api.example.com", Value: "12345678"}
	for name, tt := range map[string]struct {
		change func(s *Secret)
		ok     bool
	}{
		"the shortest value": {func(*Secret) {}, true}, "a shorter one": {func(s *Secret) { s.Value = "1234567" }, false},
		"the longest value": {func(s *Secret) { s.Value = strings.Repeat("x", maxSecretValue) }, true}, "a longer one": {func(s *Secret) { s.Value = strings.Repeat("x", maxSecretValue+1) }, false},
		"the longest name": {func(s *Secret) { s.Name = strings.Repeat("K", maxSecretName) }, true}, "a longer name": {func(s *Secret) { s.Name = strings.Repeat("K", maxSecretName+1) }, false},
		"the longest key": {func(s *Secret) { s.Key = strings.Repeat("x", maxSecretKey) }, true}, "a longer key": {func(s *Secret) { s.Key = strings.Repeat("x", maxSecretKey+1) }, false},
		"any port": {func(s *Secret) { s.Port = 0 }, true}, "the last port": {func(s *Secret) { s.Port = 65535 }, true}, "a port too high": {func(s *Secret) { s.Port = 65536 }, false}, "a negative port": {func(s *Secret) { s.Port = -1 }, false},
		"an underscore first": {func(s *Secret) { s.Name = "_" }, true}, "a value with spaces inside": {func(s *Secret) { s.Value = "1234 5678" }, true}, "a bearer token with spaces": {func(s *Secret) { s.As, s.Key, s.Value = AsBearer, "", "1234 5678" }, false},
		"a query with brackets": {func(s *Secret) { s.As, s.Key = AsQuery, "a[b]" }, true}, "basic": {func(s *Secret) { s.As, s.Key, s.Value = AsBasic, "", "u:345678" }, true}, "basic with a key": {func(s *Secret) { s.As, s.Value = AsBasic, "u:345678" }, false},
	} {
		s := good
		tt.change(&s)
		if _, err := checkSecret(s); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s, err := checkSecret(good); err != nil || s.Methods == nil || fmt.Sprint(s.Methods) != "[]" {
		t.Errorf("%+v %v", s, err)
	}
}
