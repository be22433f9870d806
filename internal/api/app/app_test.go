package app_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"fazt/internal/activity"
	"fazt/internal/api/apitest"
	"fazt/internal/api/app"
	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/egress/rules"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/storage"
)

// open returns the operations on an instance with the apps blog, which has two deployments, and shop, which has none.
func open(t *testing.T) (*app.API, *apitest.Domains) {
	t.Helper()
	d := apitest.New(t)
	d.Deploy("blog", "index.html", "one", "old.html", "old")
	d.Deploy("blog", "index.html", "two")
	d.App("shop")
	return &app.API{
		DB: d.DB, Apps: d.Apps, Hosting: d.Hosting, KV: d.KV, Net: d.Net, AppLog: d.AppLog, Show: d.Show, Domain: "example.com", URL: apitest.URL,
		Unblock: func(string) { t.Error("a function was unblocked") },
	}, d
}

// must returns the result of a call that may not fail.
func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestAListShowsEachAppOnce(t *testing.T) {
	t.Parallel()
	a, d := open(t)
	d.App("attic")
	for _, limit := range []int{1, 2, 3, 100} {
		var names []string
		for req := (op.List{Limit: limit}); ; {
			page := must(a.List(t.Context(), req))(t)
			if len(page.Items) == 0 || len(page.Items) > limit {
				t.Fatalf("%d at a time: a page of %d", limit, len(page.Items))
			}
			for _, item := range page.Items {
				names = append(names, item.Name)
			}
			if req.Cursor = page.Next; req.Cursor == "" {
				break
			}
		}
		if want := []string{"attic", "blog", "shop"}; !slices.Equal(names, want) {
			t.Errorf("%d at a time: %q", limit, names)
		}
	}
	for _, limit := range []int{-1, 1001} {
		if _, err := a.List(t.Context(), op.List{Limit: limit}); !errs.Is(err, errs.Invalid) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
	blog, shop := must(a.List(t.Context(), op.List{}))(t).Items[1], must(a.List(t.Context(), op.List{}))(t).Items[2]
	if blog.Deployments != 2 || blog.Live == nil || blog.Live.Number != 2 || blog.URL != "http://blog.example.com" || !slices.Equal(blog.Aliases, []string{"blog"}) {
		t.Errorf("%+v", blog)
	}
	if shop.Deployments != 0 || shop.Live != nil || shop.ForkedFrom != nil {
		t.Errorf("%+v", shop)
	}
}

// The address is where visitors meet an app, or a preview if nothing points to it.
func TestTheAddressOfAnAppWithoutAliasesIsAPreview(t *testing.T) {
	t.Parallel()
	a, d := open(t)
	for _, name := range []string{"blog", "shop"} {
		if _, _, err := d.Apps.RemoveAlias(t.Context(), name, true); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"blog": "http://2--blog.example.com", "shop": "http://1--shop.example.com"} {
		if got := must(a.Get(t.Context(), op.AppRef{App: name}))(t); got.URL != want || got.Aliases == nil || len(got.Aliases) != 0 {
			t.Errorf("%s is at %s: %+v", name, got.URL, got.Addresses)
		}
	}
}

func TestAnAppIsShownWithEverythingItHas(t *testing.T) {
	t.Parallel()
	a, d := open(t)
	id := d.App("blog")
	for i, key := range []string{"a", "b", "c"} {
		scope := storage.Scope{App: id}
		if i == 2 {
			scope.User = "usr_1"
		}
		if err := d.KV.Set(t.Context(), scope, key, []byte(`"value"`), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Apps.SetEnv(t.Context(), id, map[string]string{"KEY": "1", "OTHER": "2"}); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"blog", id} {
		got := must(a.Get(t.Context(), op.AppRef{App: ref}))(t)
		if got.ID != id || got.Live == nil || got.Live.Number != 2 || got.Stats.Deployments != 2 || got.Stats.Files != 1 || got.Stats.Bytes != 3 || got.Usage.Keys != 3 || got.Variables != 2 || got.Needs == nil {
			t.Errorf("%s: %+v", ref, got)
		}
	}
	if got := must(a.Get(t.Context(), op.AppRef{App: "shop"}))(t); got.Live != nil || got.Needs == nil || got.Usage.Keys != 0 || got.Variables != 0 || got.Stats != (op.AppStats{}) {
		t.Errorf("%+v", got)
	}
}

func TestWhatALiveDeploymentAsksForIsShownUntilItIsGranted(t *testing.T) {
	t.Parallel()
	a, d := open(t)
	d.Deploy("blog", "fazt.json", `{"net": ["api.example.com", "API.example.org"], "secrets": ["KEY"]}`)
	needs := func() (list []string) {
		t.Helper()
		for _, n := range must(a.Get(t.Context(), op.AppRef{App: "blog"}))(t).Needs {
			list = append(list, n.Kind+" "+n.Name)
		}
		return list
	}
	if got := needs(); !slices.Equal(got, []string{"net api.example.com", "net api.example.org", "secret KEY"}) {
		t.Errorf("%q", got)
	}
	for domain, id := range map[string]string{"api.example.com": "", "api.example.org": d.App("shop")} {
		if _, _, err := d.Net.Allow(t.Context(), rules.Entry{Domain: domain, AppID: id}); err != nil {
			t.Fatal(err)
		}
	}
	if got := needs(); !slices.Equal(got, []string{"net api.example.org", "secret KEY"}) {
		t.Errorf("one is granted to every app, one to another app: %q", got)
	}
}

func TestARemovalShowsWhatIsLostAndTakesIt(t *testing.T) {
	t.Parallel()
	a, d := open(t)
	blog, shop := d.App("blog"), d.App("shop")
	if err := d.KV.Set(t.Context(), storage.Scope{App: blog}, "a", []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	d.App("third")
	must(d.Apps.SetAlias(t.Context(), "test", apps.Destination{Split: []apps.Share{{App: "blog", Weight: 50}, {App: "shop", Weight: 25}, {App: "third", Weight: 25}}}, false))(t)
	must(d.Apps.AddDomain(t.Context(), "blog.example.org", "example.com", "blog"))(t)
	for domain, id := range map[string]string{"of-all.example": "", "of-blog.example": blog, "of-shop.example": shop} {
		if _, _, err := d.Net.Allow(t.Context(), rules.Entry{Domain: domain, AppID: id}); err != nil {
			t.Fatal(err)
		}
		name := strings.ToUpper(strings.ReplaceAll(strings.TrimSuffix(domain, ".example"), "-", "_"))
		if _, _, err := d.Net.SetSecret(t.Context(), rules.Secret{Name: name, AppID: id, As: rules.AsBearer, Domain: domain, Value: "0123456789abcdef"}); err != nil {
			t.Fatal(err)
		}
	}
	want := must(a.Removal(t.Context(), op.AppRef{App: "blog"}))(t)
	if want.App.ID != blog || want.Deployments != 2 || want.Stats.Deployments != 2 || want.Keys != 1 || !slices.Equal(want.Net, []string{"of-blog.example"}) || !slices.Equal(want.Secrets, []string{"OF_BLOG"}) {
		t.Errorf("%+v", want)
	}
	if !slices.Equal(want.Aliases, []string{"blog"}) || !slices.Equal(want.Splits, []string{"test"}) || !slices.Equal(want.Domains, []string{"blog.example.org"}) || len(want.SplitLosses) != 1 || want.SplitLosses[0].Alias != "test" || len(want.SplitLosses[0].After) != 2 {
		t.Errorf("%+v", want)
	}
	must(a.Get(t.Context(), op.AppRef{App: "blog"}))(t) // it was only shown
	draft := call.NewDraft(activity.Entry{})
	if got := must(a.Remove(draft.With(t.Context()), op.AppRef{App: "blog"}))(t); got.App != want.App || got.Keys != 1 || got.Deployments != 2 {
		t.Errorf("%+v", got)
	}
	if entry, _ := draft.Finish(); string(entry.Details) != `{"deployments":2,"keys":1}` {
		t.Errorf("the log has %s", entry.Details)
	}
	must(a.Get(t.Context(), op.AppRef{App: "shop"}))(t)
	if got := must(a.Removal(t.Context(), op.AppRef{App: "shop"}))(t); got.Deployments != 0 || got.Keys != 0 || !slices.Equal(got.Net, []string{"of-shop.example"}) || len(got.Domains) != 0 {
		t.Errorf("another app: %+v", got)
	}
}

func TestAnUnknownAppIsRefusedByEveryOperation(t *testing.T) {
	t.Parallel()
	a, _ := open(t)
	ref := op.AppRef{App: "none"}
	for name, run := range map[string]func(ctx context.Context) error{
		"get":      func(ctx context.Context) error { _, err := a.Get(ctx, ref); return err },
		"removal":  func(ctx context.Context) error { _, err := a.Removal(ctx, ref); return err },
		"remove":   func(ctx context.Context) error { _, err := a.Remove(ctx, ref); return err },
		"rollback": func(ctx context.Context) error { _, err := a.Rollback(ctx, op.Rollback{App: "none"}); return err },
		"resume":   func(ctx context.Context) error { _, err := a.Resume(ctx, ref); return err },
		"rename": func(ctx context.Context) error {
			_, err := a.Rename(ctx, op.AppNewName{App: "none", Name: "new"})
			return err
		},
		"fork": func(ctx context.Context) error { _, err := a.Fork(ctx, op.Fork{App: "none", Name: "new"}); return err },
		"logs": func(ctx context.Context) error { _, err := a.Logs(ctx, op.LogQuery{App: "none"}); return err },
		"follow": func(ctx context.Context) error {
			_, err := a.LogsFollow(ctx, op.LogFollow{LogQuery: op.LogQuery{App: "none"}})
			return err
		},
	} {
		if err := run(t.Context()); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARollbackGoesToThePreviousOrToANumber(t *testing.T) {
	t.Parallel()
	a, d := open(t)
	d.Deploy("blog", "index.html", "three")
	for _, tt := range []struct {
		to, want int
		kind     errs.Kind // of the refusal
	}{
		{0, 2, 0}, {0, 1, 0}, {0, 0, errs.Conflict}, {3, 3, 0}, {3, 3, 0}, {4, 0, errs.NotFound},
	} {
		draft := call.NewDraft(activity.Entry{})
		got, err := a.Rollback(draft.With(t.Context()), op.Rollback{App: "blog", To: tt.to})
		if tt.kind != 0 {
			if !errs.Is(err, tt.kind) {
				t.Errorf("to %d: %+v %v", tt.to, got, err)
			}
			continue
		}
		if err != nil || got.Number != tt.want || !got.Live || got.URL != "http://blog.example.com" {
			t.Errorf("to %d: %+v %v", tt.to, got, err)
		}
		if live := must(a.Get(t.Context(), op.AppRef{App: "blog"}))(t).Live; live.Number != tt.want {
			t.Errorf("to %d: %d is live", tt.to, live.Number)
		}
		if entry, _ := draft.Finish(); !strings.Contains(string(entry.Details), `"deployment":`) {
			t.Errorf("the log has %s", entry.Details)
		}
	}
	if _, err := a.Rollback(t.Context(), op.Rollback{App: "shop"}); !errs.Is(err, errs.Conflict) {
		t.Errorf("an app without deployments: %v", err)
	}
}

func TestAStoppedAppResumesInEveryDeployment(t *testing.T) {
	t.Parallel()
	a, d := open(t)
	if _, err := a.Resume(t.Context(), op.AppRef{App: "blog"}); !errs.Is(err, errs.Conflict) {
		t.Errorf("it runs: %v", err)
	}
	var stopped, unblocked []string
	for number := range 2 {
		made := must(d.Hosting.Deployment(t.Context(), d.App("blog"), number+1))(t)
		stopped = append(stopped, made.ID)
		if err := d.Hosting.Stop(t.Context(), made.ID); err != nil {
			t.Fatal(err)
		}
	}
	if got := must(a.Get(t.Context(), op.AppRef{App: "blog"}))(t); got.Live.StoppedAt == nil {
		t.Errorf("%+v", got.Live)
	}
	a.Unblock = func(deployment string) { unblocked = append(unblocked, deployment) }
	got := must(a.Resume(t.Context(), op.AppRef{App: "blog"}))(t)
	slices.Sort(stopped)
	if slices.Sort(unblocked); got.Live.StoppedAt != nil || !slices.Equal(stopped, unblocked) {
		t.Errorf("%+v, unblocked %q of %q", got.Live, unblocked, stopped)
	}
}

func TestARenamedAppKeepsWhatItHas(t *testing.T) {
	t.Parallel()
	for keep, want := range map[string]struct {
		kept string
		to   apps.AliasKind // where the old label leads
	}{
		"":         {"", ""},
		"alias":    {"journal", apps.AliasApp},
		"redirect": {"http://journal.example.com", apps.AliasRedirect},
	} {
		a, d := open(t)
		id := d.App("blog")
		draft := call.NewDraft(activity.Entry{})
		got, err := a.Rename(draft.With(t.Context()), op.AppNewName{App: "blog", Name: "journal", Keep: keep})
		if err != nil || got.App.ID != id || got.App.Name != "journal" || got.Before != "blog" || got.URL != "http://journal.example.com" || !strings.Contains(got.Kept, want.kept) || (got.Kept == "") != (keep == "") {
			t.Errorf("%q: %+v %v", keep, got, err)
		}
		if after := must(a.Get(t.Context(), op.AppRef{App: id}))(t); after.Name != "journal" || after.Live.Number != 2 {
			t.Errorf("%q: %+v", keep, after)
		}
		old, err := d.Apps.Alias(t.Context(), "blog")
		if old.Kind != want.to || (keep == "") != errs.Is(err, errs.NotFound) {
			t.Errorf("%q: the old label: %+v %v", keep, old, err)
		}
		if keep == "redirect" && (old.URL != "http://journal.example.com" || old.Status != 308 || !old.KeepPath) {
			t.Errorf("%+v", old)
		}
		if entry, _ := draft.Finish(); !strings.Contains(string(entry.Details), `"name":"journal"`) {
			t.Errorf("the log has %s", entry.Details)
		}
	}
}

func TestARefusedRenameChangesNothing(t *testing.T) {
	t.Parallel()
	a, _ := open(t)
	for name, tt := range map[string]struct {
		req  op.AppNewName
		kind errs.Kind
	}{
		"an invalid name":      {op.AppNewName{App: "blog", Name: "Not a name"}, errs.Invalid},
		"no name":              {op.AppNewName{App: "blog"}, errs.Invalid},
		"the same name":        {op.AppNewName{App: "blog", Name: "blog"}, errs.Invalid},
		"a taken name":         {op.AppNewName{App: "blog", Name: "shop"}, errs.Conflict},
		"an unknown way":       {op.AppNewName{App: "blog", Name: "journal", Keep: "both"}, errs.Invalid},
		"a way of another app": {op.AppNewName{App: "none", Name: "journal", Keep: "both"}, errs.Invalid},
	} {
		if got, err := a.Rename(t.Context(), tt.req); !errs.Is(err, tt.kind) || got.Before != "" || got.App.ID != "" {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	if got := must(a.Get(t.Context(), op.AppRef{App: "blog"}))(t); !slices.Equal(got.Aliases, []string{"blog"}) {
		t.Errorf("%+v", got)
	}
}

// An upload that has begun belongs to the app, not to the name it had.
func TestAnUploadContinuesAfterARename(t *testing.T) {
	t.Parallel()
	a, d := open(t)
	u := must(d.Hosting.Begin(t.Context(), "blog", d.App("blog"), hosting.Plan{Files: []hosting.Announced{{Path: "a", Size: 1}}}))(t)
	must(a.Rename(t.Context(), op.AppNewName{App: "blog", Name: "journal"}))(t)
	if again := must(d.Hosting.Begin(t.Context(), "journal", d.App("journal"), hosting.Plan{Files: []hosting.Announced{{Path: "a", Size: 1}}}))(t); again.ID != u.ID {
		t.Errorf("%s began, and %s continued", u.ID, again.ID)
	}
}

func TestAForkHasTheFilesAndOnRequestTheData(t *testing.T) {
	t.Parallel()
	a, d := open(t)
	id := d.App("blog")
	if err := d.KV.Set(t.Context(), storage.Scope{App: id}, "a", []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	if err := d.Apps.SetEnv(t.Context(), id, map[string]string{"KEY": "1"}); err != nil {
		t.Fatal(err)
	}
	for name, withData := range map[string]bool{"empty": false, "full": true} {
		draft := call.NewDraft(activity.Entry{})
		got := must(a.Fork(draft.With(t.Context()), op.Fork{App: "blog", Name: name, WithData: withData}))(t)
		if got.Name != name || got.Live == nil || got.Live.Number != 1 || got.Live.Message != "Fork of blog, deployment 2" || got.Stats.Files != 1 || got.ForkedFrom == nil || got.ForkedFrom.Name != "blog" || got.ForkedFrom.Deployment != 2 {
			t.Errorf("%+v", got)
		}
		if has := got.Usage.Keys == 1 && got.Variables == 1; has != withData || !has && (got.Usage.Keys != 0 || got.Variables != 0) {
			t.Errorf("with data %v: %+v, %d variables", withData, got.Usage, got.Variables)
		}
		if entry, _ := draft.Finish(); !strings.Contains(string(entry.Details), got.ID) {
			t.Errorf("the log has %s", entry.Details)
		}
	}
	for name, tt := range map[string]struct {
		req  op.Fork
		kind errs.Kind
	}{
		"a taken name":    {op.Fork{App: "blog", Name: "shop"}, errs.Conflict},
		"its own name":    {op.Fork{App: "blog", Name: "blog"}, errs.Conflict},
		"an invalid name": {op.Fork{App: "blog", Name: "a--b"}, errs.Invalid},
		"nothing is live": {op.Fork{App: "shop", Name: "new"}, errs.Conflict},
	} {
		if got, err := a.Fork(t.Context(), tt.req); !errs.Is(err, tt.kind) || got.ID != "" {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	if n := must(d.Apps.Count(t.Context()))(t); n != 4 {
		t.Errorf("%d apps", n)
	}
}
