package api_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/auth"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// callers are all kinds of callers, by their scopes. The operations name the app "app"; the other app is "other".
var callers = []string{"nobody", "owner", "admin", "deploy", "deploy:app", "deploy:other", "read", "logs", "logs:app", "data:app", "data:other", "metrics"}

// secured is an instance with the apps app and other, an unfinished upload of app, and a key of every kind.
type secured struct {
	*fazttest.Instance
	app, upload string
	tokens      map[string]string // by caller
}

func secure(t *testing.T) secured {
	t.Helper()
	s := secured{Instance: fazttest.New(t), tokens: map[string]string{}}
	s.app = s.Deploy("app", site).App.ID
	s.Deploy("other", site)
	s.upload = begin(t, s.Client, "app").ID
	for _, scope := range callers[2:] {
		s.tokens[scope] = newKey(t, s.Client, scope, scope)
	}
	return s
}

func newKey(t *testing.T, c *client.Client, name string, scopes ...string) string {
	t.Helper()
	made, err := client.Call(t.Context(), c, op.KeyCreate, op.KeyNew{Name: name, Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return made.Token
}

func begin(t *testing.T, c *client.Client, app string) op.Upload {
	t.Helper()
	u, err := client.Call(t.Context(), c, op.UploadBegin, op.UploadPlan{App: app, Plan: fazttest.Parse("-- index.html --\nnew\n").Plan()})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// as returns a client that reaches the instance over HTTP with the key of a caller.
func as(t *testing.T, i *fazttest.Instance, token string) *client.Client {
	t.Helper()
	c, err := client.OpenPeer(client.Peer{Name: "it", URL: "http://" + i.Address, Token: client.Secret(token)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Every operation is tried with every kind of caller and compared with the golden table. Refusals and reads are tried over
// the network; a refusal comes before the body is read.
func TestEveryOperationAdmitsExactlyTheCallersOfTheAccessTable(t *testing.T) {
	s := secure(t)
	var table strings.Builder
	fmt.Fprintf(&table, "%-18s %-8s %s\n", "operation", "access", "who may call it; app is the app that the operation names")
	for _, spec := range op.All() {
		var admitted []string
		for _, who := range callers {
			p, err := s.principal(t, who)
			if err != nil {
				t.Fatal(err)
			}
			named := ""
			if strings.Contains(spec.Path, "{app}") || strings.Contains(spec.Path, "{upload}") || spec.AppInForm() || spec.AppInQuery() {
				named = s.app
			}
			refusal := call.Allow(spec.Access, p, named)
			if refusal == nil {
				admitted = append(admitted, who)
			}
			if who != "owner" && !spec.AppInForm() {
				s.try(t, spec, who, refusal)
			}
		}
		fmt.Fprintf(&table, "%-18s %-8s %s\n", spec.Name, spec.Access, strings.Join(admitted, " "))
	}
	golden := filepath.Join("testdata", "access.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), table.String()); diff != "" {
		t.Errorf("who may call what has changed; if that is meant, run the test with -update\n%s", diff)
	}
}

func (s secured) principal(t *testing.T, who string) (auth.Principal, error) {
	switch who {
	case "owner":
		return auth.Principal{Kind: auth.Owner}, nil
	case "nobody":
		return auth.Principal{}, nil
	}
	return s.Keys.Check(t.Context(), s.tokens[who])
}

// try calls an operation over the network unless it would change something.
func (s secured) try(t *testing.T, spec op.Spec, who string, refusal error) {
	t.Helper()
	if refusal == nil && (spec.Method != http.MethodGet || spec.Name == "app.logs" || spec.Name == "app.logs.follow" || spec.Name == "log.tail" || spec.Name == "net.logs.follow") {
		return
	}
	path := strings.NewReplacer("{app}", "app", "{upload}", s.upload, "{deployment}", "live", "{alias}", "app", "{host}", "example.com", "{key}", "admin", "{domain}", "api.example.com", "{secret}", "KEY").Replace(spec.Path)
	if spec.AppInQuery() {
		path += "?app=app"
	}
	r := s.Request(spec.Method, "admin", path, "")
	if token := s.tokens[who]; token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got := s.Do(r)
	refused := got.StatusCode == http.StatusUnauthorized || got.StatusCode == http.StatusForbidden
	if refused != (refusal != nil) || got.Header.Get("X-Request-Id") == "" || strings.Contains(got.Text, op.UnknownOperation) {
		t.Errorf("%s by %s: %d %s, want refusal %v", spec.Name, who, got.StatusCode, got.Text, refusal)
	}
	if refusal != nil && got.StatusCode != errs.KindOf(refusal).HTTPStatus() {
		t.Errorf("%s by %s: %d, want %v", spec.Name, who, got.StatusCode, errs.KindOf(refusal))
	}
}

func TestAnOperationWithoutAnAccessLevelIsClosed(t *testing.T) {
	for _, p := range []auth.Principal{{}, {Kind: auth.Owner}, {Kind: auth.Key, Scopes: []auth.Scope{{Verb: auth.ScopeAdmin}}}} {
		if call.Allow(op.Nobody, p, "") == nil {
			t.Errorf("%v was admitted", p.Kind)
		}
	}
}

// Anyone could create, change and delete aliases on the admin host without credentials.
func TestEveryChangeNeedsAnIdentity(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", site)
	replace := strings.NewReplacer("{app}", "app", "{upload}", "upl_x", "{deployment}", "1", "{alias}", "app", "{host}", "example.com", "{key}", "x", "{domain}", "api.example.com", "{secret}", "KEY")
	for _, spec := range op.All() {
		if !spec.Mutates() {
			continue
		}
		for name, authorization := range map[string]string{"no key": "", "an empty key": "Bearer ", "a wrong key": "Bearer fazt_000000000000_" + strings.Repeat("0", 52), "a password": "Basic YTpi"} {
			r := i.Request(spec.Method, "admin", replace.Replace(spec.Path), "{}")
			r.Header.Set("Content-Type", "application/json")
			if authorization != "" {
				r.Header.Set("Authorization", authorization)
			}
			if got := i.Do(r); got.StatusCode != http.StatusUnauthorized && got.StatusCode != http.StatusTooManyRequests {
				t.Errorf("%s with %s: %d %s", spec.Name, name, got.StatusCode, got.Text)
			}
		}
	}
	if got := i.Get("app", "/"); got.Text != "hello\n" {
		t.Error(got.Text)
	}
}

// Routes of the admin host were registered but could not be reached on any host.
func TestOperationsAreServedOnlyOnTheAdminHost(t *testing.T) {
	s := secure(t)
	for _, spec := range op.All() {
		if spec.Method != http.MethodGet || strings.Contains(spec.Path, "{") || spec.Name == "log.tail" || spec.Name == "net.logs.follow" { // it does not end
			continue
		}
		r := s.Request(spec.Method, "admin", spec.Path, "")
		r.Header.Set("Authorization", "Bearer "+s.tokens["admin"])
		if got := s.Do(r); got.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", spec.Name, got.StatusCode, got.Text)
		}
		for _, label := range []string{"app", "www", "api", "none", "admin.app"} {
			r := s.Request(spec.Method, label, spec.Path, "")
			r.Header.Set("Authorization", "Bearer "+s.tokens["admin"])
			if got := s.Do(r); got.StatusCode != http.StatusNotFound {
				t.Errorf("%s at %s: %d %s", spec.Name, label, got.StatusCode, got.Text)
			}
		}
	}
}

// Scopes were stored but never checked: every key could do what the owner can.
func TestAKeyMayDoOnlyWhatItsScopesAllow(t *testing.T) {
	s := secure(t)
	files := fazttest.Parse("-- index.html --\nby key\n")
	deploy := func(who, app string) error {
		_, err := client.Deploy(t.Context(), as(t, s.Instance, s.tokens[who]), app, files.Plan(), files, false, nil)
		return err
	}
	if err := deploy("deploy:app", "app"); err != nil {
		t.Error(err)
	}
	if err := deploy("deploy:app", "app"); err != nil { // an unchanged deploy reads the app
		t.Error(err)
	}
	for who, app := range map[string]string{"deploy:app": "other", "deploy:other": "app", "read": "app", "logs": "app", "data:app": "app", "metrics": "app"} {
		if err := deploy(who, app); !errs.Is(err, errs.Forbidden) || !strings.Contains(err.Error(), "needs the scope deploy") {
			t.Errorf("%s deploys %s: %v", who, app, err)
		}
	}
	if err := deploy("deploy:app", "fresh"); !errs.Is(err, errs.Forbidden) {
		t.Errorf("a key for one app made another: %v", err)
	}
	if err := deploy("deploy", "fresh"); err != nil {
		t.Error(err)
	}
}

func TestAKeyForOneAppCannotSendToOrCommitTheUploadOfAnother(t *testing.T) {
	s := secure(t)
	c := as(t, s.Instance, s.tokens["deploy:other"])
	if _, err := client.Call(t.Context(), c, op.UploadCommit, op.UploadRef{Upload: s.upload}); !errs.Is(err, errs.Forbidden) {
		t.Errorf("commit: %v", err)
	}
	if _, err := client.Call(t.Context(), c, op.UploadSend, op.UploadContent{Upload: s.upload, Body: strings.NewReader("x")}); !errs.Is(err, errs.Forbidden) {
		t.Errorf("send: %v", err)
	}
	fresh := begin(t, s.Client, "fresh") // belongs to no app yet
	if _, err := client.Call(t.Context(), c, op.UploadCommit, op.UploadRef{Upload: fresh.ID}); !errs.Is(err, errs.Forbidden) {
		t.Errorf("commit of a new app: %v", err)
	}
}

func TestAKeyForOneAppFollowsItsRenameAndNotItsName(t *testing.T) {
	s := secure(t)
	ctx := t.Context()
	if _, err := client.Call(ctx, s.Client, op.AppRename, op.AppNewName{App: "app", Name: "moved"}); err != nil {
		t.Fatal(err)
	}
	s.Deploy("app", "-- index.html --\nimpostor\n") // another app under the old name
	files := fazttest.Parse("-- index.html --\nnew\n")
	c := as(t, s.Instance, s.tokens["deploy:app"])
	if _, err := client.Deploy(ctx, c, "app", files.Plan(), files, false, nil); !errs.Is(err, errs.Forbidden) {
		t.Errorf("the key opens the app that took the name: %v", err)
	}
	d, err := client.Deploy(ctx, c, "moved", files.Plan(), files, false, nil)
	if err != nil || d.Deployed.App.ID != s.app {
		t.Errorf("the key does not open the renamed app: %v", err)
	}
	list, err := client.Call(ctx, s.Client, op.KeyList, op.List{})
	if err != nil || !strings.Contains(fmt.Sprint(list.Items), "deploy:moved") {
		t.Errorf("%+v %v", list, err)
	}
}

// An upload for an app goes to that app even if another takes its name before the commit.
func TestAnUploadBelongsToItsAppEvenAfterARename(t *testing.T) {
	s := secure(t)
	files := fazttest.Parse("-- index.html --\nhello\n-- more.html --\nmore\n")
	u, err := client.Call(t.Context(), s.Client, op.UploadBegin, op.UploadPlan{App: "app", Plan: fazttest.Parse("-- index.html --\nhello\n-- copy.html --\nhello\n").Plan()})
	if err != nil || len(u.Missing) != 0 {
		t.Fatalf("%+v %v", u, err)
	}
	if _, err := client.Call(t.Context(), s.Client, op.AppRename, op.AppNewName{App: "app", Name: "moved"}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Deploy(t.Context(), s.Client, "app", files.Plan(), files, false, nil); err != nil {
		t.Fatal(err)
	}
	done, err := client.Call(t.Context(), as(t, s.Instance, s.tokens["deploy:app"]), op.UploadCommit, op.UploadRef{Upload: u.ID})
	if err != nil || done.App.ID != s.app || done.App.Name != "moved" {
		t.Fatalf("%+v %v", done, err)
	}
}

func TestRevokingAKeyEndsItAndTheKeysItMadeAtOnce(t *testing.T) {
	s := secure(t)
	ctx := t.Context()
	admin := as(t, s.Instance, s.tokens["admin"])
	child := newKey(t, admin, "child", "read")
	if _, err := client.Call(ctx, as(t, s.Instance, child), op.AppList, op.List{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Call(ctx, admin, op.KeyCreate, op.KeyNew{Name: "heir", Scopes: []string{"admin"}}); !errs.Is(err, errs.Forbidden) {
		t.Errorf("a key made an equal of itself: %v", err)
	}
	if _, err := client.Call(ctx, s.Client, op.KeyRevoke, op.KeyRef{Key: "admin"}); err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"the key": s.tokens["admin"], "its child": child} {
		if _, err := client.Call(ctx, as(t, s.Instance, token), op.AppList, op.List{}); !errs.Is(err, errs.Unauthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARequestWithAnIdempotencyKeyRunsOnce(t *testing.T) {
	s := secure(t)
	send := func(key, who, body string) fazttest.Response {
		r := s.Request(http.MethodPost, "admin", "/api/keys", body)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+s.tokens[who])
		r.Header.Set("Idempotency-Key", key)
		return s.Do(r)
	}
	const ci = `{"name":"ci","scopes":["read"],"expires_at":null}`
	first := send("one-of-a-kind", "admin", ci)
	again := send("one-of-a-kind", "admin", ci)
	if first.StatusCode != http.StatusOK || again.Text != first.Text || again.Header.Get("Idempotency-Replayed") == "" || again.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s\n%s", first.Text, again.Text)
	}
	if got := send("one-of-a-kind", "admin", strings.Replace(ci, "ci", "other", 1)); got.StatusCode != http.StatusConflict || !strings.Contains(got.Text, "another request") {
		t.Errorf("another body: %d %s", got.StatusCode, got.Text)
	}
	if got := send("one-of-a-kind", "read", ci); got.StatusCode != http.StatusForbidden {
		t.Errorf("another caller got the response: %d %s", got.StatusCode, got.Text)
	}
	if got := send("another-kind", "admin", ci); got.StatusCode != http.StatusConflict || !strings.Contains(got.Text, "already exists") {
		t.Errorf("another key: %d %s", got.StatusCode, got.Text)
	}
	if got := send("short", "admin", ci); got.StatusCode != http.StatusBadRequest {
		t.Errorf("a short key: %d %s", got.StatusCode, got.Text)
	}
}

func TestCrossSiteRequestsAreRefused(t *testing.T) {
	s := secure(t)
	for name, headers := range map[string]map[string]string{
		"by fetch metadata": {"Sec-Fetch-Site": "cross-site"},
		"a sibling app":     {"Sec-Fetch-Site": "same-site"},
		"by origin":         {"Origin": "http://app.localhost"},
	} {
		r := s.Request(http.MethodDelete, "admin", "/api/apps/app", "")
		r.Header.Set("Authorization", "Bearer "+s.tokens["admin"])
		for k, v := range headers {
			r.Header.Set(k, v)
		}
		if got := s.Do(r); got.StatusCode != http.StatusForbidden || !strings.Contains(got.Text, "cross-site") || got.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.Text)
		}
	}
	if got := s.Get("app", "/"); got.Text != "hello\n" {
		t.Error(got.Text)
	}
}

func TestWrongKeysAreSlowedDownAndTheRightOneStillPasses(t *testing.T) {
	s := secure(t)
	ask := func(token string) fazttest.Response {
		r := s.Request(http.MethodGet, "admin", "/api/apps", "")
		r.Header.Set("Authorization", "Bearer "+token)
		return s.Do(r)
	}
	last := fazttest.Response{}
	for range 30 {
		last = ask("fazt_000000000000_" + strings.Repeat("0", 52))
	}
	if last.StatusCode != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" {
		t.Errorf("the thirtieth wrong key: %d %s", last.StatusCode, last.Text)
	}
	if got := ask(s.tokens["read"]); got.StatusCode != http.StatusOK {
		t.Errorf("the owner was locked out: %d %s", got.StatusCode, got.Text)
	}
}
