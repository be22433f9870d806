package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
)

const site = "-- index.html --\nhello\n"

// Over the network there is no owner yet, so everything but the documents must be refused before anything is read.
func TestVisitorsAreRefusedByEveryOperation(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", site)
	for _, s := range op.All() {
		path := strings.NewReplacer("{app}", "app", "{upload}", "upl_x").Replace(s.Path)
		r := i.Request(s.Method, "admin", path, "")
		got := i.Do(r)
		want := http.StatusUnauthorized
		if s.Access == op.Anyone {
			want = http.StatusOK
		}
		if got.StatusCode != want || got.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %d %s", s.Name, got.StatusCode, got.Text)
		}
	}
	for _, label := range []string{"app", "none", "1--app"} { // the API is on the admin host only
		if got := i.Get(label, "/api/apps"); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d %s", label, got.StatusCode, got.Text)
		}
	}
}

func TestUnknownPathsAndMethodsGetEnvelopes(t *testing.T) {
	i := fazttest.New(t)
	for target, want := range map[string]int{"/api/nothing": 404, "/api": 404, "/": 404} {
		w := httptest.NewRecorder()
		i.API().ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
		var e struct{ Error op.Failure }
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != want || e.Error.Code != op.UnknownOperation {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	i.API().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/apps", strings.NewReader("{}")))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestTheLifeOfAnApp(t *testing.T) {
	i := fazttest.New(t)
	ctx := t.Context()
	one := i.Deploy("app", "-- index.html --\none\n-- fazt.json --\n{ \"title\": \"My app\" }\n")
	if one.Deployment.Number != 1 || !strings.HasPrefix(one.Deployment.URL, "http://app.localhost:") || one.Preview {
		t.Fatalf("%+v", one)
	}
	i.Deploy("app", "-- index.html --\ntwo\n")
	if got := i.Get("app", "/"); got.Text != "two\n" {
		t.Fatal(got.Text)
	}
	if got := i.Get("1--app", "/"); got.Text != "one\n" {
		t.Fatal(got.Text)
	}
	d, err := client.Call(ctx, i.Client, op.AppRollback, op.Rollback{App: "app"})
	if err != nil || d.Number != 1 || !d.Live {
		t.Fatalf("%+v %v", d, err)
	}
	if got := i.Get("app", "/"); got.Text != "one\n" {
		t.Fatal(got.Text)
	}
	if d, err = client.Call(ctx, i.Client, op.AppRollback, op.Rollback{App: "app", To: 2}); err != nil || d.Number != 2 {
		t.Fatalf("%+v %v", d, err)
	}
	for to, kind := range map[int]errs.Kind{7: errs.NotFound, -1: errs.NotFound} {
		if _, err := client.Call(ctx, i.Client, op.AppRollback, op.Rollback{App: "app", To: to}); errs.KindOf(err) != kind && !errs.Is(err, errs.Invalid) {
			t.Errorf("to %d: %v", to, err)
		}
	}
	page, err := client.Call(ctx, i.Client, op.DeploymentList, op.AppPage{App: "app"})
	if err != nil || len(page.Items) != 2 || page.Items[0].Number != 2 || !page.Items[0].Live || page.Items[1].Live {
		t.Fatalf("%+v %v", page, err)
	}
	app, err := client.Call(ctx, i.Client, op.AppGet, op.AppRef{App: "app"})
	if err != nil || app.Live == nil || app.Live.Number != 2 || app.Live.Files != 1 || app.Live.Bytes != 4 || app.Aliases[0] != "app" {
		t.Fatalf("%+v %v", app, err)
	}
	gone, err := client.Call(ctx, i.Client, op.AppRemove, op.AppRef{App: "app"})
	if err != nil || gone.Deployments != 2 {
		t.Fatalf("%+v %v", gone, err)
	}
	if got := i.Get("app", "/"); got.StatusCode != http.StatusNotFound {
		t.Fatalf("a removed app still responds: %d %s", got.StatusCode, got.Text)
	}
	if _, err := client.Call(ctx, i.Client, op.AppGet, op.AppRef{App: "app"}); !errs.Is(err, errs.NotFound) {
		t.Fatal(err)
	}
}

func TestPreviewsDoNotGoLive(t *testing.T) {
	i := fazttest.New(t)
	files := fazttest.Parse("-- index.html --\nnew\n")
	i.Deploy("app", site)
	plan := files.Plan()
	plan.Preview = true
	d, err := client.Deploy(t.Context(), i.Client, "app", plan, files, false, nil)
	if err != nil || !d.Deployed.Preview || d.Deployed.Deployment.Live || !strings.HasPrefix(d.Deployed.Deployment.URL, "http://2--app.localhost:") {
		t.Fatalf("%+v %v", d, err)
	}
	if got := i.Get("app", "/"); got.Text != "hello\n" {
		t.Error(got.Text)
	}
	got := i.Get("2--app", "/")
	if got.Text != "new\n" || !strings.Contains(got.Header.Get("X-Robots-Tag"), "noindex") {
		t.Error(got.Text, got.Header)
	}
	for _, label := range []string{"3--app", "0--app", "02--app", "-1--app", "2--none", "2--", "--app"} {
		if got := i.Get(label, "/"); got.StatusCode != http.StatusNotFound && got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %s", label, got.StatusCode, got.Text)
		}
	}
}

func TestAFunctionThatDoesNotCompileLeavesTheLiveDeploymentAlone(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", "-- index.html --\nold\n-- api/main.js --\nrespond('old');\n")
	for name, bad := range map[string]struct{ code, want string }{
		"syntax error":   {"-- api/main.ts --\nexport default {\n  fetch() { return new Response(; }\n}\n", "api/main.ts:2:"},
		"missing import": {"-- api/main.ts --\nimport { a } from './nothing';\nexport default () => new Response(a);\n", "api/main.ts:1:"},
		"missing module": {"-- api/main.ts --\nimport { z } from 'zod-like';\nexport default () => new Response(z);\n", "zod-like"},
	} {
		_, err := i.TryDeploy("app", "-- index.html --\nnew\n"+bad.code)
		if !errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%s: %v", name, err)
		}
		if errs.Details(err) == nil {
			t.Errorf("%s has no details", name)
		}
		if got := i.Get("app", "/"); got.Text != "old\n" {
			t.Errorf("%s: %s", name, got.Text)
		}
		if got := i.Get("app", "/api"); !strings.Contains(got.Text, "old") {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.Text)
		}
	}
	if _, err := i.TryDeploy("fresh", "-- api/main.ts --\nexport default {\n"); err == nil {
		t.Error("it was deployed")
	}
	if _, err := client.Call(t.Context(), i.Client, op.AppGet, op.AppRef{App: "fresh"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("a failed first deploy left an app: %v", err)
	}
}

// cutOff is a reader that fails in the middle.
type cutOff struct{ fazttest.Folder }

func (c cutOff) Open(path string) (io.ReadCloser, error) {
	if path == "b.txt" {
		return io.NopCloser(io.MultiReader(strings.NewReader("half"), failing{})), nil
	}
	return c.Folder.Open(path)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAnInterruptedUploadChangesNothingAndResumes(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", "-- index.html --\nold\n")
	files := fazttest.Parse("-- a.txt --\nsent whole\n-- b.txt --\nnot sent whole\n-- index.html --\nnew\n")
	plan := files.Plan()
	for n, f := range plan.Files { // a.txt goes first
		if f.Path == "a.txt" {
			plan.Files[0], plan.Files[n] = plan.Files[n], plan.Files[0]
		}
	}
	for n, f := range plan.Files[1:] {
		if f.Path == "b.txt" {
			plan.Files[1], plan.Files[n+1] = plan.Files[n+1], plan.Files[1]
		}
	}
	if _, err := client.Deploy(t.Context(), i.Client, "app", plan, cutOff{files}, false, nil); err == nil {
		t.Fatal("it was deployed")
	}
	if got := i.Get("app", "/"); got.Text != "old\n" {
		t.Fatal(got.Text)
	}
	d, err := client.Deploy(t.Context(), i.Client, "app", plan, files, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Upload.Missing) != 2 {
		t.Errorf("%d contents were missing; one of three had arrived", len(d.Upload.Missing))
	}
	if got := i.Get("app", "/b.txt"); got.Text != "not sent whole\n" {
		t.Fatal(got.Text)
	}
}

func TestOnlyContentTheInstanceLacksIsSent(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("one", "-- a.txt --\nsame everywhere\n")
	files := fazttest.Parse("-- a.txt --\nsame everywhere\n-- copy.txt --\nsame everywhere\n-- new.txt --\nnew\n")
	d, err := client.Deploy(t.Context(), i.Client, "two", files.Plan(), files, false, nil)
	if err != nil || len(d.Upload.Missing) != 1 || d.Upload.MissingBytes != 4 {
		t.Fatalf("%+v %v", d.Upload, err)
	}
	again, err := client.Deploy(t.Context(), i.Client, "two", files.Plan(), files, false, nil)
	if err != nil || again.Upload.Same == nil || again.Upload.Same.Number != 1 || again.Deployed != nil {
		t.Fatalf("%+v %v", again, err)
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	i := fazttest.New(t)
	files := fazttest.Parse(site)
	d, err := client.Deploy(t.Context(), i.Client, "app", files.Plan(), files, true, nil)
	if err != nil || d.Upload.New != 1 || d.Deployed != nil {
		t.Fatalf("%+v %v", d, err)
	}
	if _, err := client.Call(t.Context(), i.Client, op.AppGet, op.AppRef{App: "app"}); !errs.Is(err, errs.NotFound) {
		t.Fatal(err)
	}
}

func TestNamesThatCannotBeAppsAreRefusedBeforeAnythingIsStored(t *testing.T) {
	i := fazttest.New(t)
	for _, name := range []string{"admin", "Blog", "a--b", "-a", strings.Repeat("a", 64)} {
		if _, err := i.TryDeploy(name, site); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	page, err := client.Call(t.Context(), i.Client, op.AppList, op.List{})
	if err != nil || len(page.Items) != 0 {
		t.Fatalf("%+v %v", page, err)
	}
}

func TestInitMakesOneOwnerAndNeverShowsThePassword(t *testing.T) {
	i := fazttest.New(t)
	s, err := client.Call(t.Context(), i.Client, op.ServerInit, op.ServerOwner{Owner: "Ana", Password: "correct horse", Domain: "example.com"})
	if err != nil || !s.Owner {
		t.Fatalf("%+v %v", s, err)
	}
	if _, err := client.Call(t.Context(), i.Client, op.ServerInit, op.ServerOwner{Owner: "Bo", Password: "correct horse"}); !errs.Is(err, errs.Conflict) {
		t.Fatal(err)
	}
	_, err = client.Call(t.Context(), i.Client, op.ServerInit, op.ServerOwner{Owner: "Bo", Password: "short"})
	if err == nil || strings.Contains(err.Error(), `"short"`) {
		t.Fatal(err)
	}
}

func TestEnvironmentIsMaskedAndLive(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", "-- api/main.js --\nexport default (request, env) => new Response(env.KEY ?? 'none');\n")
	for _, value := range []string{"s3cret", "other"} {
		list, err := client.Call(t.Context(), i.Client, op.EnvSet, op.EnvValues{App: "app", Values: map[string]string{"KEY": value}})
		if err != nil || len(list) != 1 || list[0].Length != len(value) {
			t.Fatalf("%+v %v", list, err)
		}
		if got := i.Get("app", "/api/x"); got.Text != value {
			t.Fatalf("%d %s", got.StatusCode, got.Text)
		}
	}
	if _, err := client.Call(t.Context(), i.Client, op.EnvUnset, op.EnvNames{App: "app", Names: []string{"KEY"}}); err != nil {
		t.Fatal(err)
	}
	if got := i.Get("app", "/api/x"); got.Text != "none" {
		t.Fatalf("%d %s", got.StatusCode, got.Text)
	}
	if _, err := client.Call(t.Context(), i.Client, op.EnvUnset, op.EnvNames{App: "app", Names: []string{"KEY"}}); !errs.Is(err, errs.NotFound) {
		t.Fatal(err)
	}
}

func TestDatabaseCheckOfASoundFile(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", site)
	got, err := client.Call(t.Context(), i.Client, op.DatabaseCheck, op.DatabaseChecks{Content: true})
	if err != nil || !got.Sound || len(got.Faults) != 0 {
		t.Fatalf("%+v %v", got, err)
	}
}
