package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
	"fazt/internal/server"
)

// named returns an app that shows its name in every way an app can.
func named(name string) string {
	return "\n-- index.html --\n" + name + " page\n-- docs/index.html --\n" + name + " docs\n-- api/main.js --\n" + `
const n = (fazt.app.kv.get("n") ?? 0) + 1;
fazt.app.kv.set("n", n);
console.log("called");
respond(200, { name: "` + name + `", n, env: fazt.env.get("COLOUR", null), cookie: request.headers.cookie ?? null });
`
}

func call[Req, Res any](t *testing.T, i *fazttest.Instance, o op.Op[Req, Res], req Req) Res {
	t.Helper()
	res, err := client.Call(t.Context(), i.Client, o, req)
	if err != nil {
		t.Fatalf("%s: %v", o.Spec.Name, err)
	}
	return res
}

// expect gets a page of a host label and checks it.
func expect(t *testing.T, i *fazttest.Instance, label, path string, status int, text string) {
	t.Helper()
	if got := i.Get(label, path); got.StatusCode != status || !strings.Contains(got.Text, text) {
		t.Errorf("%s %s: %d %s, want %d %s", label, path, got.StatusCode, got.Text, status, text)
	}
}

// An alias used to serve only content stored under its own name, of which there is none.
func TestAnAliasWithANameOfItsOwnServesTheAppsPagesFunctionAndData(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", named("blog"))
	expect(t, i, "blog", "/api/x", 200, `"n":1`)
	a := call(t, i, op.AliasSet, op.AliasTarget{Alias: "journal", App: "blog"})
	if !strings.HasPrefix(a.Alias.Address, "http://journal.localhost:") || a.Before != nil {
		t.Errorf("%+v", a)
	}
	expect(t, i, "journal", "/", 200, "blog page")
	expect(t, i, "journal", "/docs/", 200, "blog docs")
	expect(t, i, "journal", "/api/x", 200, `"n":2`)
	expect(t, i, "blog", "/api/x", 200, `"n":3`)
	i.Deploy("blog", strings.ReplaceAll(named("blog"), "blog page", "new page"))
	expect(t, i, "journal", "/", 200, "new page")
	// The alias points to the app by id, so it stays when the label of the app's own name is removed.
	call(t, i, op.AliasRemove, op.AliasDrop{Alias: "blog"})
	expect(t, i, "blog", "/", 404, "")
	expect(t, i, "journal", "/", 200, "new page")
	if got := call(t, i, op.AppGet, op.AppRef{App: "blog"}); !strings.HasPrefix(got.URL, "http://journal.localhost:") {
		t.Errorf("its address is given as %s", got.URL)
	}
}

// A split used to send all visitors to the first app of its list, whatever the weights, and to serve nothing there.
func TestASplitSendsVisitorsToEachAppByWeightAndServesIt(t *testing.T) {
	i := fazttest.New(t)
	for _, name := range []string{"a", "b", "c"} {
		i.Deploy(name, named(name))
	}
	call(t, i, op.AliasSet, op.AliasTarget{Alias: "x", Split: []op.Share{{App: "a", Weight: 1}, {App: "b", Weight: 50}, {App: "c", Weight: 49}}})
	seen := map[string]int{}
	var cookie, met string
	for range 64 {
		got := i.Get("x", "/")
		if got.StatusCode != 200 || len(got.Cookies()) != 1 {
			t.Fatalf("%d %s", got.StatusCode, got.Text)
		}
		met, cookie = got.Text[:1], got.Cookies()[0].String()
		cookie, _, _ = strings.Cut(cookie, ";")
		seen[met]++
		r := i.Request(http.MethodGet, "x", "/api/x", "")
		r.Header.Set("Cookie", cookie)
		if again := i.Do(r); !strings.Contains(again.Text, `"name":"`+met+`"`) || !strings.Contains(again.Text, `"cookie":null`) {
			t.Fatalf("met %s, then %s", met, again.Text)
		}
	}
	// The odds that one of the two heavy arms is never drawn are 1 in 2^63; the order of the list does not matter.
	if seen["b"] == 0 || seen["c"] == 0 || seen["a"] > 32 {
		t.Errorf("visitors were divided %v by weights of 1, 50 and 49", seen)
	}
	// Visitors stay with the app they met when the weights change, until it is removed.
	r := i.Request(http.MethodGet, "x", "/", "")
	r.Header.Set("Cookie", cookie)
	other := map[string]string{"a": "b", "b": "c", "c": "b"}[met]
	call(t, i, op.AliasSet, op.AliasTarget{Alias: "x", Split: []op.Share{{App: met, Weight: 1}, {App: other, Weight: 99}}})
	if got := i.Do(r); !strings.HasPrefix(got.Text, met) {
		t.Errorf("new weights moved a visitor from %s: %s", met, got.Text)
	}
	call(t, i, op.AppRemove, op.AppRef{App: met})
	r = i.Request(http.MethodGet, "x", "/", "")
	r.Header.Set("Cookie", cookie)
	if got := i.Do(r); !strings.HasPrefix(got.Text, other+" page") || len(got.Cookies()) != 0 {
		t.Errorf("after %s was removed: %d %s", met, got.StatusCode, got.Text)
	}
}

// Swapping used to be refused for every app that was deployed.
func TestDeployedAppsCanBeSwapped(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", named("blog"))
	i.Deploy("next", named("next"))
	expect(t, i, "blog", "/api/x", 200, `"name":"blog","n":1`)
	call(t, i, op.AliasSwap, op.AliasPair{Alias: "blog", With: "next"})
	expect(t, i, "blog", "/", 200, "next page")
	expect(t, i, "next", "/", 200, "blog page")
	expect(t, i, "next", "/api/x", 200, `"name":"blog","n":2`)
	// Names stay with the apps: deploys, previews and output go by them.
	expect(t, i, "1--blog", "/", 200, "blog page")
	if d := i.Deploy("blog", strings.ReplaceAll(named("blog"), "blog page", "new page")); !strings.HasPrefix(d.Deployment.URL, "http://next.localhost:") {
		t.Errorf("it is reported live at %s", d.Deployment.URL)
	}
	expect(t, i, "next", "/", 200, "new page")
	expect(t, i, "blog", "/", 200, "next page")
	call(t, i, op.AliasSwap, op.AliasPair{Alias: "next", With: "blog"})
	expect(t, i, "blog", "/", 200, "new page")
}

// Removing an app used to report success and leave the site online with its data.
func TestARemovedAppIsServedNowhereAndLeavesNoData(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", named("blog"))
	i.Deploy("shop", named("shop"))
	expect(t, i, "blog", "/api/x", 200, `"n":1`)
	call(t, i, op.AliasSet, op.AliasTarget{Alias: "journal", App: "blog"})
	call(t, i, op.AliasSet, op.AliasTarget{Alias: "both", Split: []op.Share{{App: "blog", Weight: 99}, {App: "shop", Weight: 1}}})
	call(t, i, op.DomainAdd, op.DomainTarget{Host: "blog.example", App: "blog"})
	shown := call(t, i, op.AppRemoval, op.AppRef{App: "blog"})
	gone := call(t, i, op.AppRemove, op.AppRef{App: "blog"})
	for _, r := range []op.Removal{shown, gone} {
		if strings.Join(r.Aliases, " ") != "blog journal" || strings.Join(r.Domains, " ") != "blog.example" || strings.Join(r.Splits, " ") != "both" ||
			len(r.SplitLosses) != 1 || r.SplitLosses[0].After[0].App != "shop" || r.Keys != 1 || r.Deployments != 1 {
			t.Errorf("%+v", r)
		}
	}
	for _, label := range []string{"blog", "journal", "1--blog", "1--journal"} {
		for _, path := range []string{"/", "/docs/", "/api/x"} {
			expect(t, i, label, path, 404, "")
		}
	}
	r := i.Request(http.MethodGet, "", "/", "")
	r.Host = "blog.example"
	if got := i.Do(r); got.StatusCode != 404 {
		t.Errorf("its domain: %d %s", got.StatusCode, got.Text)
	}
	for range 8 {
		expect(t, i, "both", "/", 200, "shop page")
	}
	// An app that takes the name finds nothing of the old one.
	i.Deploy("blog", named("blog"))
	expect(t, i, "blog", "/api/x", 200, `"n":1`)
	expect(t, i, "journal", "/", 404, "")
}

// Anyone used to be able to create, change, swap and delete aliases over the network.
func TestAliasesAndDomainsAreNotChangedWithoutCredentials(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", named("blog"))
	i.Deploy("next", named("next"))
	call(t, i, op.DomainAdd, op.DomainTarget{Host: "blog.example", App: "blog"})
	for _, c := range []struct{ method, path, body string }{
		{http.MethodPut, "/api/aliases/evil", `{"app":"blog"}`},
		{http.MethodPut, "/api/aliases/blog", `{"redirect":"https://evil.example"}`},
		{http.MethodPut, "/api/aliases/blog", `{"reserve":true,"force":true}`},
		{http.MethodPut, "/api/aliases/blog", `{"split":[{"app":"blog","weight":1},{"app":"next","weight":99}]}`},
		{http.MethodPost, "/api/aliases/blog/swap", `{"with":"next"}`},
		{http.MethodDelete, "/api/aliases/blog?force=true", ""},
		{http.MethodGet, "/api/aliases", ""},
		{http.MethodPut, "/api/domains/evil.example", `{"app":"blog"}`},
		{http.MethodDelete, "/api/domains/blog.example?force=true", ""},
		{http.MethodGet, "/api/domains/blog.example/check", ""},
		{http.MethodPost, "/api/apps/blog/rename", `{"name":"evil"}`},
		{http.MethodDelete, "/api/apps/blog", ""},
	} {
		for _, authorization := range []string{"", "Bearer x", "Basic b3duZXI6b3duZXI="} {
			r := i.Request(c.method, "admin", c.path, c.body)
			r.Header.Set("Content-Type", "application/json")
			if authorization != "" {
				r.Header.Set("Authorization", authorization)
			}
			if got := i.Do(r); got.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s with %q: %d %s", c.method, c.path, authorization, got.StatusCode, got.Text)
			}
		}
	}
	aliases, domains := call(t, i, op.AliasList, op.List{}), call(t, i, op.DomainList, op.List{})
	if len(aliases.Items) != 2 || len(domains.Items) != 1 {
		t.Errorf("%+v %+v", aliases, domains)
	}
	expect(t, i, "blog", "/", 200, "blog page")
	expect(t, i, "next", "/", 200, "next page")
}

func TestEveryChangeOfAnAliasOrADomainTakesEffectAtOnce(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", named("blog"))
	i.Deploy("shop", named("shop"))
	call(t, i, op.AliasSet, op.AliasTarget{Alias: "x", App: "blog"})
	expect(t, i, "x", "/", 200, "blog page")
	if c := call(t, i, op.AliasSet, op.AliasTarget{Alias: "x", App: "shop"}); c.Before == nil || c.Before.App != "blog" {
		t.Errorf("%+v", c)
	}
	expect(t, i, "x", "/", 200, "shop page")
	call(t, i, op.AliasSet, op.AliasTarget{Alias: "x", Redirect: "https://a.example/b", Status: 308, KeepPath: true})
	if got := i.Get("x", "/c?d=e"); got.StatusCode != 308 || got.Header.Get("Location") != "https://a.example/b/c?d=e" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	call(t, i, op.AliasSet, op.AliasTarget{Alias: "x", Reserve: true})
	expect(t, i, "x", "/", 404, "")
	if _, err := i.TryDeploy("x", named("x")); !errs.Is(err, errs.Conflict) {
		t.Errorf("an app took a reserved name: %v", err)
	}
	call(t, i, op.AliasRemove, op.AliasDrop{Alias: "x"})
	expect(t, i, "x", "/", 404, "")
	call(t, i, op.AliasSet, op.AliasTarget{Alias: "root", App: "shop"})
	expect(t, i, "www", "/", 200, "shop page")

	domain := func(host string) fazttest.Response {
		r := i.Request(http.MethodGet, "", "/", "")
		r.Host = host
		return i.Do(r)
	}
	call(t, i, op.DomainAdd, op.DomainTarget{Host: "Bücher.Example.", App: "blog"})
	for _, host := range []string{"xn--bcher-kva.example", "XN--BCHER-KVA.EXAMPLE.", "xn--bcher-kva.example:8080"} {
		if got := domain(host); got.StatusCode != 200 || !strings.Contains(got.Text, "blog page") {
			t.Errorf("%s: %d %s", host, got.StatusCode, got.Text)
		}
	}
	if got := domain("www.xn--bcher-kva.example"); got.StatusCode != 404 {
		t.Errorf("%d %s", got.StatusCode, got.Text)
	}
	call(t, i, op.DomainRemove, op.DomainDrop{Host: "bücher.example"})
	if got := domain("xn--bcher-kva.example"); got.StatusCode != 404 {
		t.Errorf("%d %s", got.StatusCode, got.Text)
	}
}

// An older snapshot of the routes could replace a newer one.
func TestConcurrentChangesAllTakeEffect(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", named("blog"))
	// Many goroutines refresh at the same time, so that some are held up between reading a snapshot and putting it in
	// force.
	ctx, stop := context.WithCancel(t.Context())
	var wait, crowd sync.WaitGroup
	for range 16 {
		crowd.Go(func() {
			for ctx.Err() == nil {
				if err := i.Refresh(t.Context(), op.Anything); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for worker := range 4 {
		wait.Go(func() {
			for k := range 32 {
				label := fmt.Sprintf("x%d-%d", worker, k)
				if _, err := client.Call(t.Context(), i.Client, op.AliasSet, op.AliasTarget{Alias: label, App: "blog"}); err != nil {
					t.Error(err)
				}
				w := httptest.NewRecorder()
				i.Front().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://"+label+".localhost/", nil))
				if w.Code != 200 {
					t.Errorf("%s is set, but responds with %d", label, w.Code)
				}
			}
		})
	}
	wait.Wait()
	stop()
	crowd.Wait()
}

func TestARenamedAppKeepsEverythingButItsName(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", named("blog"))
	i.Deploy("blog", strings.ReplaceAll(named("blog"), "blog page", "second page"))
	call(t, i, op.EnvSet, op.EnvValues{App: "blog", Values: map[string]string{"COLOUR": "red"}})
	call(t, i, op.DomainAdd, op.DomainTarget{Host: "blog.example", App: "blog"})
	expect(t, i, "blog", "/api/x", 200, `"n":1,"env":"red"`)
	id := call(t, i, op.AppGet, op.AppRef{App: "blog"}).ID

	// An upload in progress continues under the new name.
	files := fazttest.Parse(strings.ReplaceAll(named("blog"), "blog page", "third page"))
	upload, err := client.Call(t.Context(), i.Client, op.UploadBegin, op.UploadPlan{App: "blog", Plan: files.Plan()})
	if err != nil {
		t.Fatal(err)
	}
	done := call(t, i, op.AppRename, op.AppNewName{App: "blog", Name: "journal"})
	if done.App.ID != id || done.Before != "blog" || done.Kept != "" || !strings.HasPrefix(done.URL, "http://journal.localhost:") {
		t.Errorf("%+v", done)
	}
	expect(t, i, "journal", "/", 200, "second page")
	expect(t, i, "journal", "/api/x", 200, `"n":2,"env":"red"`)
	expect(t, i, "1--journal", "/", 200, "blog page")
	expect(t, i, "blog", "/", 404, "")
	expect(t, i, "1--blog", "/", 404, "")
	r := i.Request(http.MethodGet, "", "/", "")
	r.Host = "blog.example"
	if got := i.Do(r); got.Text != "second page\n" {
		t.Errorf("its domain: %d %s", got.StatusCode, got.Text)
	}
	if log := i.Log(id); strings.Count(log, "called") != 2 {
		t.Errorf("its log: %s", log)
	}
	finish(t, i, upload, files)
	expect(t, i, "journal", "/", 200, "third page")
	if _, err := client.Call(t.Context(), i.Client, op.AppGet, op.AppRef{App: "blog"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("the upload created an app with the old name: %v", err)
	}

	call(t, i, op.AppRename, op.AppNewName{App: "journal", Name: "diary", Keep: "alias"})
	expect(t, i, "journal", "/", 200, "third page")
	expect(t, i, "2--diary", "/", 200, "second page")
	expect(t, i, "2--journal", "/", 200, "second page")
	done = call(t, i, op.AppRename, op.AppNewName{App: "diary", Name: "log", Keep: "redirect"})
	if got := i.Get("diary", "/docs/?a=b"); got.StatusCode != 308 || got.Header.Get("Location") != done.URL+"/docs/?a=b" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	expect(t, i, "log", "/docs/", 200, "blog docs")
	if _, err := client.Call(t.Context(), i.Client, op.AppRename, op.AppNewName{App: "log", Name: "x", Keep: "y"}); !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
}

// finish sends the missing content of an upload and commits it.
func finish(t *testing.T, i *fazttest.Instance, u op.Upload, files fazttest.Folder) {
	t.Helper()
	d, err := client.Deploy(t.Context(), i.Client, "journal", files.Plan(), files, false, nil)
	if err != nil || d.Deployed == nil {
		t.Fatal(d, err)
	}
	if d.Upload.ID != u.ID {
		t.Errorf("another upload was begun")
	}
}

func TestTheCheckOfADomainComparesItsAddressWithTheInstance(t *testing.T) {
	world := map[string]string{"example.com.": "203.0.113.5", "here.example.": "203.0.113.5", "away.example.": "198.51.100.7", "machine.example.": "127.0.0.1"}
	i := fazttest.New(t, func(c *server.Config) {
		c.Domain = "example.com"
		c.Lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
			if address, ok := world[host]; ok {
				return []netip.Addr{netip.MustParseAddr(address)}, nil
			}
			return nil, errors.New("no such host")
		}
	})
	i.Deploy("blog", named("blog"))
	for host, want := range map[string]struct {
		here    bool
		say, do string
	}{
		"here.example":    {true, "points here", ""},
		"machine.example": {true, "only this machine", ""},
		"away.example":    {false, "points elsewhere: to 198.51.100.7", "A 203.0.113.5"},
		"none.example":    {false, "does not resolve", "A 203.0.113.5"},
	} {
		call(t, i, op.DomainAdd, op.DomainTarget{Host: host, App: "blog"})
		s := call(t, i, op.DomainCheck, op.DomainRef{Host: host})
		if s.Here != want.here || !strings.Contains(s.Say, want.say) || !strings.Contains(s.Do, want.do) || s.Domain.Host != host {
			t.Errorf("%s: %+v", host, s)
		}
	}
}

func TestTheCheckReportsADomainThatTheInstanceTookForItself(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", named("blog"))
	call(t, i, op.DomainAdd, op.DomainTarget{Host: "www.blog.example", App: "blog"})
	i.Stop()
	i = fazttest.New(t, fazttest.At(i.Path), func(c *server.Config) { c.Domain = "blog.example" })
	s := call(t, i, op.DomainCheck, op.DomainRef{Host: "www.blog.example"})
	if s.Here || !strings.Contains(s.Say, "below the instance's own domain") || s.Do != "fazt domain remove www.blog.example" {
		t.Errorf("%+v", s)
	}
}

func TestTheListsOfAliasesAndDomainsHavePages(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("blog", named("blog"))
	for _, name := range []string{"a", "b", "c"} {
		call(t, i, op.AliasSet, op.AliasTarget{Alias: name, App: "blog"})
		call(t, i, op.DomainAdd, op.DomainTarget{Host: name + ".example", App: "blog"})
	}
	var aliases, domains []string
	for l := (op.List{Limit: 3}); ; {
		page := call(t, i, op.AliasList, l)
		for _, a := range page.Items {
			aliases = append(aliases, a.Name)
		}
		if l.Cursor = page.Next; l.Cursor == "" {
			break
		}
	}
	for l := (op.List{Limit: 1}); ; {
		page := call(t, i, op.DomainList, l)
		for _, d := range page.Items {
			domains = append(domains, d.Host)
		}
		if l.Cursor = page.Next; l.Cursor == "" {
			break
		}
	}
	if strings.Join(aliases, " ") != "a b blog c" || strings.Join(domains, " ") != "a.example b.example c.example" {
		t.Error(aliases, domains)
	}
	for _, limit := range []int{-1, 1001} {
		if _, err := client.Call(t.Context(), i.Client, op.AliasList, op.List{Limit: limit}); !errs.Is(err, errs.Invalid) {
			t.Errorf("%d: %v", limit, err)
		}
	}
}
