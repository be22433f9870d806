package api_test

import (
	"strings"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
)

const counter = `
-- index.html --
<h1>hello</h1>
-- fazt.json --
{ "title": "A counter" }
-- api/main.js --
fazt.app.kv.set("n", (fazt.app.kv.get("n") ?? 0) + 1);
respond({ n: fazt.app.kv.get("n"), key: fazt.env.get("KEY", null) });
`

// fork makes an app that has content, data, a variable and a second deployment, and forks it.
func fork(t *testing.T, i *fazttest.Instance, withData bool) op.App {
	t.Helper()
	i.Deploy("app", "-- old.html --\nold\n")
	i.Deploy("app", counter)
	if _, err := client.Call(t.Context(), i.Client, op.EnvSet, op.EnvValues{App: "app", Values: map[string]string{"KEY": "secret"}}); err != nil {
		t.Fatal(err)
	}
	i.Get("app", "/api/x")
	a, err := client.Call(t.Context(), i.Client, op.AppFork, op.Fork{App: "app", Name: "copy", WithData: withData})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The predecessor reported success but made an app without files, which responded with 404.
func TestAForkHasTheFilesAndTheFunctionAndRespondsAtOnce(t *testing.T) {
	i := fazttest.New(t)
	a := fork(t, i, false)
	if a.Stats.Files != 3 || a.Stats.Bytes == 0 || a.Live == nil || a.Live.Number != 1 || !a.Live.Live || !a.Live.Function || a.Title != "A counter" {
		t.Fatalf("%+v", a)
	}
	if o := a.ForkedFrom; o == nil || o.Name != "app" || o.Deployment != 2 {
		t.Fatalf("%+v", o)
	}
	if got := i.Get("copy", "/"); got.Text != "<h1>hello</h1>\n" {
		t.Errorf("%d %s", got.StatusCode, got.Text)
	}
	if got := i.Get("copy", "/api/x"); got.Text != `{"n":1,"key":null}` {
		t.Errorf("without data: %d %s", got.StatusCode, got.Text)
	}
	if got := i.Get("app", "/api/x"); got.Text != `{"n":2,"key":"secret"}` {
		t.Errorf("the original: %d %s", got.StatusCode, got.Text)
	}
}

func TestAForkWithDataHasIndependentDataAndEnvironment(t *testing.T) {
	i := fazttest.New(t)
	if a := fork(t, i, true); a.Usage.Keys != 1 || a.Variables != 1 {
		t.Fatalf("%+v", a)
	}
	for n, want := range []string{`{"n":2,"key":"secret"}`, `{"n":3,"key":"secret"}`} {
		if got := i.Get("copy", "/api/x"); got.Text != want {
			t.Errorf("%d: %d %s", n, got.StatusCode, got.Text)
		}
	}
	if got := i.Get("app", "/api/x"); got.Text != `{"n":2,"key":"secret"}` {
		t.Errorf("the original: %d %s", got.StatusCode, got.Text)
	}
}

func TestAForkSharesContentAndOutlivesItsOrigin(t *testing.T) {
	i := fazttest.New(t)
	blobs := func() (n int) {
		t.Helper()
		err := i.DB.Read(t.Context(), func(c *database.Conn) error {
			_, err := c.First("SELECT count(*) FROM blobs", func(r *database.Row) { n = r.Int(0) })
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	i.Deploy("app", counter)
	before := blobs()
	if _, err := client.Call(t.Context(), i.Client, op.AppFork, op.Fork{App: "app", Name: "copy"}); err != nil {
		t.Fatal(err)
	}
	if after := blobs(); after != before {
		t.Errorf("%d contents became %d", before, after)
	}
	if _, err := client.Call(t.Context(), i.Client, op.AppRemove, op.AppRef{App: "app"}); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Hosting.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := i.Get("copy", "/"); got.Text != "<h1>hello</h1>\n" {
		t.Errorf("%d %s", got.StatusCode, got.Text)
	}
	a, err := client.Call(t.Context(), i.Client, op.AppGet, op.AppRef{App: "copy"})
	if err != nil || a.ForkedFrom == nil || a.ForkedFrom.AppID != "" || a.ForkedFrom.Name != "app" {
		t.Errorf("%+v %v", a.ForkedFrom, err)
	}
}

func TestRefusedForksLeaveNothing(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", counter)
	i.Deploy("other", site)
	plan := fazttest.Parse(site).Plan()
	plan.Preview = true
	if _, err := client.Deploy(t.Context(), i.Client, "unborn", plan, fazttest.Parse(site), false, nil); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		fork op.Fork
		kind errs.Kind
	}{
		"no such app":     {op.Fork{App: "none", Name: "x"}, errs.NotFound},
		"a taken name":    {op.Fork{App: "app", Name: "other"}, errs.Conflict},
		"its own name":    {op.Fork{App: "app", Name: "app"}, errs.Conflict},
		"a reserved name": {op.Fork{App: "app", Name: "admin"}, errs.Invalid},
		"no name":         {op.Fork{App: "app"}, errs.Invalid},
		"nothing live":    {op.Fork{App: "unborn", Name: "x"}, errs.Conflict},
	} {
		if _, err := client.Call(t.Context(), i.Client, op.AppFork, tt.fork); !errs.Is(err, tt.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	page, err := client.Call(t.Context(), i.Client, op.AppList, op.List{})
	if err != nil || len(page.Items) != 3 {
		t.Fatalf("%+v %v", page.Items, err)
	}
}

// The predecessor showed "Files 0, Size 0 B" and "never" for every app that was deployed.
func TestListAndInfoShowTheTrueFilesSizesCountsAndTimes(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", "-- a.txt --\n12345\n")
	i.Deploy("app", "-- a.txt --\n12345\n-- b.txt --\n123\n")
	page, err := client.Call(t.Context(), i.Client, op.AppList, op.List{})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("%+v %v", page, err)
	}
	full, err := client.Call(t.Context(), i.Client, op.AppGet, op.AppRef{App: "app"})
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]op.AppFacts{"list": page.Items[0].AppFacts, "info": full.AppFacts} {
		if a.Deployments != 2 || a.CreatedAt.IsZero() || a.UpdatedAt.IsZero() || len(a.Aliases) != 1 || a.ForkedFrom != nil {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if l := page.Items[0].Live; l == nil || l.Files != 2 || l.Bytes != 10 || l.Number != 2 || l.CreatedAt.IsZero() {
		t.Errorf("list: %+v", l)
	}
	if l := full.Live; l == nil || l.Files != 2 || l.Bytes != 10 || l.Number != 2 || l.CreatedAt.IsZero() || l.ID == "" {
		t.Errorf("info: %+v", l)
	}
	if s := full.Stats; s.Files != 2 || s.Bytes != 10 || s.Deployments != 2 || s.Stored < 10 {
		t.Errorf("%+v", s)
	}
}

// The predecessor looked apps up by a name that deploys did not set: every deployed app was "not found".
func TestADeployedAppIsFoundByItsNameByEveryVerb(t *testing.T) {
	i := fazttest.New(t)
	app := i.Deploy("app", counter).App
	for _, ref := range []string{"app", app.ID} {
		_, info := client.Call(t.Context(), i.Client, op.AppGet, op.AppRef{App: ref})
		_, files := client.Call(t.Context(), i.Client, op.FileList, op.FilePage{DeploymentRef: op.DeploymentRef{App: ref, Deployment: "live"}})
		_, removal := client.Call(t.Context(), i.Client, op.AppRemoval, op.AppRef{App: ref})
		_, forked := client.Call(t.Context(), i.Client, op.AppFork, op.Fork{App: ref, Name: strings.ToLower(strings.ReplaceAll("fork-"+ref[:3], "_", ""))})
		for verb, err := range map[string]error{"info": info, "files": files, "removal": removal, "fork": forked} {
			if err != nil && !errs.Is(err, errs.Conflict) {
				t.Errorf("%s of %s: %v", verb, ref, err)
			}
		}
	}
}
