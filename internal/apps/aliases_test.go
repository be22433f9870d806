package apps

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"fazt/internal/database"
	"fazt/internal/errs"
)

const own = "example.com" // the instance's domain

func set(t *testing.T, s *Store, name string, to Destination) Alias {
	t.Helper()
	to.Domain = own
	ch, err := s.SetAlias(t.Context(), name, to, false)
	if err != nil {
		t.Fatal(err)
	}
	return ch.Alias
}

func weights(targets []SplitTarget) string {
	parts := make([]string, len(targets))
	for i, a := range targets {
		parts[i] = fmt.Sprintf("%s:%d", a.App, a.Weight)
	}
	return strings.Join(parts, ",")
}

func TestSetAlias(t *testing.T) {
	s := open(t)
	blog, next := ensure(t, s, "blog", ""), ensure(t, s, "next", "")
	for _, c := range []struct {
		to   Destination
		want Alias
	}{
		{Destination{App: "blog"}, Alias{Kind: AliasApp, AppID: blog.ID, App: "blog"}},
		{Destination{App: next.ID}, Alias{Kind: AliasApp, AppID: next.ID, App: "next"}},
		{Destination{Redirect: "https://Example.ORG/a b?x=é#f", Status: 308, KeepPath: true}, Alias{}},
		{Destination{Redirect: "https://Bücher.Example:8443/a?x=é#f"}, Alias{Kind: AliasRedirect, URL: "https://xn--bcher-kva.example:8443/a?x=%C3%A9#f", Status: 301}},
		{Destination{Redirect: "http://[2001:DB8::1]:80", Status: 307, KeepPath: true}, Alias{Kind: AliasRedirect, URL: "http://[2001:db8::1]:80", Status: 307, KeepPath: true}},
		{Destination{Split: []Share{{"blog", 10}, {next.ID, 90}}}, Alias{Kind: AliasSplit, Targets: []SplitTarget{{AppID: next.ID, App: "next", Weight: 90}, {AppID: blog.ID, App: "blog", Weight: 10}}}},
		{Destination{Reserve: true}, Alias{Kind: AliasReserved}},
		{Destination{App: "blog"}, Alias{Kind: AliasApp, AppID: blog.ID, App: "blog"}},
	} {
		c.to.Domain = own
		ch, err := s.SetAlias(t.Context(), "x", c.to, false)
		got := ch.Alias
		if c.want.Kind == "" {
			if !errs.Is(err, errs.Invalid) {
				t.Errorf("%+v: %+v %v", c.to, got, err)
			}
			continue
		}
		c.want.Name = "x"
		stored, failed := s.Alias(t.Context(), "x")
		for _, a := range []Alias{got, stored} {
			if diff := cmp.Diff(c.want, a, cmpopts.IgnoreFields(Alias{}, "CreatedAt", "UpdatedAt"), cmpopts.IgnoreFields(SplitTarget{}, "Token")); err != nil || failed != nil || diff != "" {
				t.Errorf("%+v: %v %v\n%s", c.to, err, failed, diff)
			}
		}
	}
	var targets int
	err := s.db.Read(t.Context(), func(c *database.Conn) error {
		_, err := c.First("SELECT count(*) FROM arms", func(r *database.Row) { targets = r.Int(0) })
		return err
	})
	if err != nil || targets != 0 {
		t.Errorf("%d targets are left of a former split, %v", targets, err)
	}
}

func TestInvalidAliases(t *testing.T) {
	s := open(t)
	ensure(t, s, "blog", "")
	ensure(t, s, "next", "")
	set(t, s, "there", Destination{Redirect: "http://here.example.com/x"})
	set(t, s, "far", Destination{Redirect: "http://there.example.com/x"})
	for name, c := range map[string]struct {
		alias string
		to    Destination
		kind  errs.Kind
		want  string
	}{
		"no destination":          {"x", Destination{}, errs.Invalid, "choose a target for x"},
		"two destinations":        {"x", Destination{App: "blog", Reserve: true}, errs.Invalid, "only one target"},
		"no such app":             {"x", Destination{App: "none"}, errs.NotFound, `no app named "none"`},
		"no such app in split":    {"x", Destination{Split: []Share{{"blog", 50}, {"none", 50}}}, errs.NotFound, `no app named "none"`},
		"an app twice":            {"x", Destination{Split: []Share{{"blog", 50}, {"blog", 50}}}, errs.Invalid, "names blog twice"},
		"one app":                 {"x", Destination{Split: []Share{{"blog", 100}}}, errs.Invalid, "at least two apps"},
		"an empty split":          {"x", Destination{Split: []Share{}}, errs.Invalid, "at least two apps"},
		"under 100":               {"x", Destination{Split: []Share{{"blog", 50}, {"next", 49}}}, errs.Invalid, "add up to 100, not 99"},
		"over 100":                {"x", Destination{Split: []Share{{"blog", 100}, {"next", 1}}}, errs.Invalid, "not 101"},
		"no weight":               {"x", Destination{Split: []Share{{"blog", 100}, {"next", 0}}}, errs.Invalid, "from 1 to 100, not 0"},
		"negative weight":         {"x", Destination{Split: []Share{{"blog", 101}, {"next", -1}}}, errs.Invalid, "from 1 to 100, not 101"},
		"a status of its own":     {"x", Destination{Redirect: "http://a.example", Status: 200}, errs.Invalid, "301, 302, 307 or 308, not 200"},
		"a status for an app":     {"x", Destination{App: "blog", Status: 301}, errs.Invalid, "redirects only"},
		"script":                  {"x", Destination{Redirect: "javascript:alert(1)"}, errs.Invalid, "http:// or https://"},
		"data":                    {"x", Destination{Redirect: "data:text/html,x"}, errs.Invalid, "http:// or https://"},
		"ftp":                     {"x", Destination{Redirect: "ftp://a.example/"}, errs.Invalid, "http:// or https://"},
		"no scheme":               {"x", Destination{Redirect: "//a.example/"}, errs.Invalid, "http:// or https://"},
		"a path":                  {"x", Destination{Redirect: "/there"}, errs.Invalid, "http:// or https://"},
		"no slashes":              {"x", Destination{Redirect: "https:a.example"}, errs.Invalid, "not a host name"},
		"no host":                 {"x", Destination{Redirect: "https:///a"}, errs.Invalid, "not a host name"},
		"a line break":            {"x", Destination{Redirect: "https://a.example/\r\nSet-Cookie: a=b"}, errs.Invalid, "cannot redirect to"},
		"a space":                 {"x", Destination{Redirect: "https://a.example/ x"}, errs.Invalid, "a space"},
		"a backslash":             {"x", Destination{Redirect: `https://a.example\@b.example/`}, errs.Invalid, "cannot redirect to"},
		"a backslash later":       {"x", Destination{Redirect: `https://a.example/\x`}, errs.Invalid, "a backslash"},
		"a password":              {"x", Destination{Redirect: "https://ana:secret@a.example/"}, errs.Invalid, "every visitor"},
		"a port too high":         {"x", Destination{Redirect: "https://a.example:65536/"}, errs.Invalid, "invalid port"},
		"too long":                {"x", Destination{Redirect: "https://a.example/" + strings.Repeat("x", maxRedirect)}, errs.TooLarge, "longer than 2048"},
		"itself":                  {"x", Destination{Redirect: "https://X.example.com./a"}, errs.Invalid, "x would redirect to itself"},
		"itself at a port":        {"x", Destination{Redirect: "http://x.example.com:8080"}, errs.Invalid, "x would redirect to itself"},
		"itself by another":       {"here", Destination{Redirect: "http://there.example.com/"}, errs.Invalid, "here would redirect to itself"},
		"itself by two":           {"here", Destination{Redirect: "http://far.example.com/"}, errs.Invalid, "here would redirect to itself"},
		"the root by the apex":    {"root", Destination{Redirect: "https://example.com/start"}, errs.Invalid, "root would redirect to itself"},
		"the root by www":         {"root", Destination{Redirect: "https://www.example.com/"}, errs.Invalid, "root would redirect to itself"},
		"a name that is reserved": {"admin", Destination{App: "blog"}, errs.Invalid, "is reserved"},
		"a name of a preview":     {"1--blog", Destination{App: "blog"}, errs.Invalid, "cannot be an alias: -- is reserved"},
		"a name with a dot":       {"a.b", Destination{App: "blog"}, errs.Invalid, "only a-z, 0-9 and -"},
		"a name in upper case":    {"Blog", Destination{App: "blog"}, errs.Invalid, "only a-z, 0-9 and -"},
		"no name":                 {"", Destination{App: "blog"}, errs.Invalid, "it is empty"},
		"a name far too long":     {strings.Repeat("a", 64), Destination{App: "blog"}, errs.Invalid, "longer than 63"},
		"an unreachable app":      {"blog", Destination{App: "next"}, errs.Conflict, "nothing else points to blog"},
		"unreachable by a keep":   {"blog", Destination{Reserve: true}, errs.Conflict, "nothing else points to blog"},
	} {
		c.to.Domain = own
		before, _, _ := s.AliasList(t.Context(), "", 100)
		_, err := s.SetAlias(t.Context(), c.alias, c.to, false)
		if !errs.Is(err, c.kind) || !strings.Contains(errs.Sentence(err), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if Unreachable(err) != (c.kind == errs.Conflict) {
			t.Errorf("%s: code %s", name, errs.Code(err))
		}
		if after, _, _ := s.AliasList(t.Context(), "", 100); !cmp.Equal(before, after) {
			t.Errorf("%s changed something: %s", name, cmp.Diff(before, after))
		}
	}
}

func TestRedirectsToTheRootOfLocalhostByNumberAreLoopsToo(t *testing.T) {
	s := open(t)
	for _, to := range []string{"http://localhost:4698", "http://127.0.0.1/", "http://[::1]:4698/x"} {
		_, err := s.SetAlias(t.Context(), "root", Destination{Redirect: to, Domain: "localhost"}, false)
		if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), "itself") {
			t.Errorf("%s: %v", to, err)
		}
	}
	if _, err := s.SetAlias(t.Context(), "root", Destination{Redirect: "http://192.168.1.2/", Domain: "localhost"}, false); err != nil {
		t.Error(err)
	}
}

func TestAnAppDoesNotSilentlyLoseItsLastAddress(t *testing.T) {
	s := open(t)
	for _, name := range []string{"blog", "next", "shop"} {
		ensure(t, s, name, "")
	}
	if _, err := s.AddDomain(t.Context(), "shop.example", own, "shop"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.RemoveAlias(t.Context(), "shop", false); err != nil {
		t.Fatalf("its domain still points to it: %v", err)
	}
	if d, _ := s.Domain(t.Context(), "shop.example"); d.Host == "" {
		t.Fatal("no domain")
	} else if only, err := s.LosesByDomain(t.Context(), d); err != nil || !only {
		t.Fatal(only, err)
	}
	if _, _, err := s.RemoveDomain(t.Context(), "shop.example", false); !Unreachable(err) || !strings.Contains(err.Error(), "shop") {
		t.Fatal(err)
	}
	set(t, s, "both", Destination{Split: []Share{{"blog", 50}, {"next", 50}}})
	for _, name := range []string{"blog", "next"} {
		if _, _, err := s.RemoveAlias(t.Context(), name, false); err != nil {
			t.Fatalf("the split still points to it: %v", err)
		}
	}
	a, err := s.Alias(t.Context(), "both")
	if err != nil {
		t.Fatal(err)
	}
	if only, err := s.LosesByAlias(t.Context(), a); err != nil || len(only) != 2 {
		t.Fatal(only, err)
	}
	if _, _, err := s.RemoveAlias(t.Context(), "both", false); !Unreachable(err) || !strings.Contains(err.Error(), "blog, next") {
		t.Fatal(err)
	}
	if _, err := s.SetAlias(t.Context(), "both", Destination{App: "blog"}, false); !Unreachable(err) || strings.Contains(err.Error(), "blog") {
		t.Fatal(err)
	}
	if _, _, err := s.RemoveAlias(t.Context(), "both", true); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.RemoveDomain(t.Context(), "shop.example", true); err != nil {
		t.Fatal(err)
	}
	// The apps are there, and get their labels back.
	set(t, s, "blog", Destination{App: "blog"})
	if _, _, err := s.RemoveAlias(t.Context(), "none", true); !errs.Is(err, errs.NotFound) {
		t.Fatal(err)
	}
}

func TestAnAppKeepsItsNameWhenItsLabelLeadsElsewhere(t *testing.T) {
	s := open(t)
	blog := ensure(t, s, "blog", "")
	set(t, s, "b", Destination{App: "blog"})
	ensure(t, s, "next", "")
	set(t, s, "blog", Destination{App: "next"})
	if again := ensure(t, s, "blog", ""); again.ID != blog.ID {
		t.Fatalf("%+v", again)
	}
	if a, err := s.Alias(t.Context(), "blog"); err != nil || a.App != "next" {
		t.Fatalf("a deploy took the label back: %+v %v", a, err)
	}
}

func TestSplitVisitorsKeepTheirAppWhenWeightsChange(t *testing.T) {
	s := open(t)
	for _, name := range []string{"a", "b", "c"} {
		ensure(t, s, name, "")
	}
	tokens := func(x Alias) map[string]string {
		m := map[string]string{}
		for _, target := range x.Targets {
			m[target.App] = target.Token
		}
		return m
	}
	one := tokens(set(t, s, "x", Destination{Split: []Share{{"a", 50}, {"b", 50}}}))
	two := tokens(set(t, s, "x", Destination{Split: []Share{{"a", 20}, {"c", 80}}}))
	three := tokens(set(t, s, "x", Destination{Split: []Share{{"a", 50}, {"b", 50}}}))
	other := tokens(set(t, s, "y", Destination{Split: []Share{{"a", 50}, {"b", 50}}}))
	if one["a"] == "" || one["a"] != two["a"] || one["a"] != three["a"] {
		t.Errorf("the remaining target has another token: %v %v %v", one, two, three)
	}
	if one["b"] == three["b"] || two["c"] == "" {
		t.Errorf("a removed target came back with its token: %v %v", one, three)
	}
	if one["a"] == one["b"] || one["a"] == other["a"] {
		t.Errorf("tokens are shared: %v %v", one, other)
	}
}

func TestSwapAliases(t *testing.T) {
	s := open(t)
	ensure(t, s, "blog", "")
	ensure(t, s, "next", "")
	split := set(t, s, "split", Destination{Split: []Share{{"blog", 70}, {"next", 30}}})
	set(t, s, "old", Destination{Redirect: "https://next.example.com/", Status: 302, KeepPath: true})
	for _, c := range []struct{ one, other, wantOne, wantOther string }{
		{"blog", "next", "the app next", "the app blog"},
		{"split", "blog", "the app next", "a split, blog:70,next:30"},
		{"old", "split", "the app next", "https://next.example.com/ (302, with the path)"},
	} {
		one, other, err := s.SwapAliases(t.Context(), c.one, c.other, own)
		if err != nil || one.Name != c.one || other.Name != c.other || one.Leads() != c.wantOne || other.Leads() != c.wantOther {
			t.Fatalf("%+v: %s, %s, %v", c, one.Leads(), other.Leads(), err)
		}
	}
	if a, err := s.Alias(t.Context(), "blog"); err != nil || !cmp.Equal(a.Targets, split.Targets) {
		t.Errorf("the split lost its visitors on the way: %+v %v", a, err)
	}
	set(t, s, "x", Destination{App: "blog"})
	set(t, s, "r", Destination{Redirect: "https://x.example.com/"})
	for pair, want := range map[[2]string]errs.Kind{{"x", "x"}: errs.Invalid, {"x", "none"}: errs.NotFound, {"none", "x"}: errs.NotFound, {"x", "r"}: errs.Invalid} {
		before, _, _ := s.AliasList(t.Context(), "", 100)
		if _, _, err := s.SwapAliases(t.Context(), pair[0], pair[1], own); !errs.Is(err, want) {
			t.Errorf("%v: %v", pair, err)
		}
		if after, _, _ := s.AliasList(t.Context(), "", 100); !cmp.Equal(before, after) {
			t.Errorf("%v changed something: %s", pair, cmp.Diff(before, after))
		}
	}
}

func TestASplitContinuesWithoutARemovedApp(t *testing.T) {
	s := open(t)
	ids := map[string]string{}
	for _, name := range []string{"a", "b", "c"} {
		ids[name] = ensure(t, s, name, "").ID
	}
	three := set(t, s, "three", Destination{Split: []Share{{"a", 50}, {"b", 30}, {"c", 20}}})
	set(t, s, "two", Destination{Split: []Share{{"a", 1}, {"b", 99}}})
	set(t, s, "others", Destination{Split: []Share{{"b", 1}, {"c", 99}}})
	losses, err := s.SplitLosses(t.Context(), ids["a"])
	if err != nil || len(losses) != 2 || losses[0].Alias != "three" || weights(losses[0].After) != "b:60,c:40" || weights(losses[1].After) != "b:100" {
		t.Fatalf("%+v %v", losses, err)
	}
	if _, err := s.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"three": "a split, b:60,c:40", "two": "the app b", "others": "a split, c:99,b:1"} {
		if a, err := s.Alias(t.Context(), name); err != nil || a.Leads() != want {
			t.Errorf("%s: %s %v", name, a.Leads(), err)
		}
	}
	if a, _ := s.Alias(t.Context(), "three"); a.Targets[0].Token != three.Targets[1].Token {
		t.Error("visitors of the apps that stay lost theirs")
	}
	if _, err := s.Alias(t.Context(), "a"); !errs.Is(err, errs.NotFound) {
		t.Error("its own alias is left", err)
	}
}

func TestRescaledWeightsSumTo100AndKeepTheirOrder(t *testing.T) {
	for _, c := range []struct{ have, want []int }{
		{[]int{30, 20}, []int{60, 40}}, {[]int{1}, []int{100}}, {[]int{33, 33}, []int{50, 50}}, {[]int{1, 1, 1}, []int{34, 33, 33}},
		{[]int{97, 1, 1}, []int{98, 1, 1}}, {[]int{50, 1, 1, 1}, []int{94, 2, 2, 2}}, {nil, nil},
	} {
		var targets []SplitTarget
		for _, w := range c.have {
			targets = append(targets, SplitTarget{Weight: w})
		}
		rescale(targets)
		var got []int
		for _, a := range targets {
			got = append(got, a.Weight)
		}
		if !cmp.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.have, got, c.want)
		}
	}
}

func TestAliasAndDomainListsPage(t *testing.T) {
	s := open(t)
	ensure(t, s, "m", "")
	ensure(t, s, "z", "")
	for _, name := range []string{"c", "a", "y", "b"} {
		set(t, s, name, Destination{Split: []Share{{"m", 40}, {"z", 60}}})
		if _, err := s.AddDomain(t.Context(), name+".example", own, "m"); err != nil {
			t.Fatal(err)
		}
	}
	var aliases, domains []string
	for cursor, more := "", true; more; more = cursor != "" {
		page, next, err := s.AliasList(t.Context(), cursor, 2)
		if err != nil || len(page) > 2 {
			t.Fatal(page, err)
		}
		for _, a := range page {
			aliases = append(aliases, a.Name)
			if (a.Kind == AliasSplit) != (weights(a.Targets) == "z:60,m:40") {
				t.Errorf("%+v", a)
			}
		}
		cursor = next
	}
	for cursor, more := "", true; more; more = cursor != "" {
		page, next, err := s.DomainList(t.Context(), cursor, 2)
		if err != nil || len(page) > 2 {
			t.Fatal(page, err)
		}
		for _, d := range page {
			domains = append(domains, d.Host+" "+d.App)
		}
		cursor = next
	}
	if want := []string{"a", "b", "c", "m", "y", "z"}; !cmp.Equal(aliases, want) {
		t.Error(aliases)
	}
	if want := []string{"a.example m", "b.example m", "c.example m", "y.example m"}; !cmp.Equal(domains, want) {
		t.Error(domains)
	}
}

func rename(t *testing.T, s *Store, old, name string, keep *Destination) (App, error) {
	t.Helper()
	var app App
	err := s.db.Write(t.Context(), func(tx *database.Tx) (err error) {
		app, err = s.RenameTx(tx, old, name, keep)
		return err
	})
	return app, err
}

func TestRenameMovesTheLabelAndNothingElse(t *testing.T) {
	s := open(t)
	blog := ensure(t, s, "blog", "Title")
	ensure(t, s, "next", "")
	set(t, s, "b", Destination{App: "blog"})
	set(t, s, "x", Destination{Split: []Share{{"blog", 60}, {"next", 40}}})
	if err := s.SetEnv(t.Context(), blog.ID, map[string]string{"A": "1"}); err != nil {
		t.Fatal(err)
	}
	app, err := rename(t, s, "blog", "journal", nil)
	if err != nil || app.ID != blog.ID || app.Name != "journal" || app.Title != "Title" {
		t.Fatalf("%+v %v", app, err)
	}
	if a, err := s.Addresses(t.Context(), blog.ID); err != nil || !cmp.Equal(a, Addresses{[]string{"b", "journal"}, []string{}, []string{"x"}}) {
		t.Errorf("%+v %v", a, err)
	}
	if _, err := s.Alias(t.Context(), "blog"); !errs.Is(err, errs.NotFound) {
		t.Errorf("the old label is not free: %v", err)
	}
	if env, err := s.Env(t.Context(), blog.ID); err != nil || len(env) != 1 {
		t.Error(env, err)
	}
	if fresh := ensure(t, s, "blog", ""); fresh.ID == blog.ID {
		t.Error("the old name still finds the app")
	}
	for name, want := range map[string]struct {
		kind errs.Kind
		text string
	}{
		"journal": {errs.Invalid, "already named journal"}, "blog": {errs.Conflict, "another app is named blog"},
		"x": {errs.Conflict, "points to a split"}, "Bad": {errs.Invalid, "only a-z"}, "www": {errs.Invalid, "reserved"}, "": {errs.Invalid, "name is missing"},
	} {
		if _, err := rename(t, s, "journal", name, nil); !errs.Is(err, want.kind) || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := rename(t, s, "none", "new", nil); !errs.Is(err, errs.NotFound) {
		t.Error(err)
	}
	// Another label of its own is not in the way, and the old one can be kept.
	if _, err := rename(t, s, "journal", "b", &Destination{App: "b"}); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Alias(t.Context(), "journal"); err != nil || a.AppID != blog.ID {
		t.Errorf("%+v %v", a, err)
	}
	if _, err := rename(t, s, "b", "c", &Destination{Redirect: "http://c.example.com", Status: 308, KeepPath: true, Domain: own}); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Alias(t.Context(), "b"); err != nil || a.Leads() != "http://c.example.com (308, with the path)" {
		t.Errorf("%+v %v", a, err)
	}
}

func TestRenameDoesNotTouchALabelThatLeadsElsewhere(t *testing.T) {
	s := open(t)
	ensure(t, s, "blog", "")
	ensure(t, s, "next", "")
	if _, _, err := s.SwapAliases(t.Context(), "blog", "next", own); err != nil {
		t.Fatal(err)
	}
	if _, err := rename(t, s, "blog", "journal", nil); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"blog": "next", "next": "journal", "journal": "journal"} {
		if a, err := s.Alias(t.Context(), name); err != nil || a.App != want {
			t.Errorf("%s points to %s, %v", name, a.App, err)
		}
	}
}
