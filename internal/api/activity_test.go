package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"fazt/internal/activity"
	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
	"fazt/internal/system"
)

// entries returns the newest entries of an action.
func entries(t *testing.T, i *fazttest.Instance, action string) []activity.Entry {
	t.Helper()
	list, _, err := i.Activity.List(t.Context(), activity.Filter{Action: action}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Changes of deploys, aliases, keys and data were not logged: every operation had to remember to do so.
func TestEveryChangeLeavesAnEntryWhateverItsCaller(t *testing.T) {
	s := secure(t)
	replace := strings.NewReplacer("{app}", "app", "{upload}", s.upload, "{deployment}", "1", "{alias}", "app", "{host}", "example.com", "{key}", "x")
	mutating := 0
	for _, spec := range op.All() {
		if !spec.Mutates() || spec.Name == "server.stop" {
			continue
		}
		mutating++
		for name, want := range map[string]struct {
			token  string
			actor  string
			result activity.Result
		}{
			"as the owner":    {"", activity.Owner, activity.Failed},
			"with a weak key": {s.tokens["metrics"], activity.Key, activity.Denied},
		} {
			before := len(entries(t, s.Instance, spec.Name))
			r := s.Request(spec.Method, "admin", replace.Replace(spec.Path), "no json")
			r.Header.Set("User-Agent", "tester")
			if want.token != "" {
				r.Header.Set("Authorization", "Bearer "+want.token)
				s.Do(r)
			} else {
				s.callAsOwner(spec, replace.Replace(spec.Path))
			}
			list := entries(t, s.Instance, spec.Name)
			if len(list) != before+1 {
				t.Errorf("%s %s: %d entries, %d before", spec.Name, name, len(list), before)
				continue
			}
			e := list[0]
			if e.Actor.Kind != want.actor || e.ResourceType == "" || e.Result != want.result && (want.result == activity.Denied || e.Result != activity.OK) {
				t.Errorf("%s %s: %+v", spec.Name, name, e)
			}
			if want.result == activity.Denied && (e.Weight != activity.Security || e.Actor.Name != "metrics" || e.Actor.Address != "127.0.0.1" || e.Actor.Agent != "tester" || e.Code != "FORBIDDEN") {
				t.Errorf("%s %s: %+v", spec.Name, name, e)
			}
			if want.result != activity.Denied && e.Weight != spec.EntryWeight() {
				t.Errorf("%s %s: weight %d, declared %d", spec.Name, name, e.Weight, spec.EntryWeight())
			}
		}
	}
	if mutating < 15 {
		t.Fatalf("only %d operations were tried", mutating)
	}
}

// callAsOwner calls an operation with an empty body.
func (s secured) callAsOwner(spec op.Spec, path string) {
	r, _ := http.NewRequest(spec.Method, "http://fazt"+path, strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	w := &discard{header: http.Header{}}
	s.API().ServeHTTP(w, r)
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

func TestAnEntryDescribesTheChangeWithoutSecrets(t *testing.T) {
	i := fazttest.New(t)
	ctx := t.Context()
	app := i.Deploy("app", site).App.ID
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := client.Call(ctx, i.Client, op.EnvSet, op.EnvValues{App: "app", Values: map[string]string{"API_KEY": "hunter2-secret"}})
	must(err)
	_, err = client.Call(ctx, i.Client, op.SQLWrite, op.Statement{SQL: "UPDATE apps SET title = 'hunter2-secret' /* hunter2-secret */ WHERE \"title\" = 'hunter2-secret' -- hunter2-secret"})
	must(err)
	made, err := client.Call(ctx, i.Client, op.KeyCreate, op.KeyNew{Name: "ci", Scopes: []string{"deploy:app"}})
	must(err)
	_, err = client.Call(ctx, i.Client, op.ServerInit, op.ServerOwner{Owner: "me", Password: "hunter2-secret"})
	must(err)
	_, err = client.Call(ctx, i.Client, op.AliasSet, op.AliasTarget{Alias: "web", App: "app"})
	must(err)
	_, err = client.Call(ctx, i.Client, op.AppRemove, op.AppRef{App: "app"})
	must(err)
	for action, want := range map[string]struct {
		weight   activity.Weight
		resource string
		app      string
		details  string
	}{
		"upload.commit": {activity.Deployment, "app", app, `"deployment":1`},
		"env.set":       {activity.Configuration, "app", app, `["API_KEY"]`},
		"sql.write":     {activity.Data, "", "", `UPDATE apps SET title = ? WHERE ? = ?"`},
		"key.create":    {activity.Security, "ci", "", `"scopes":["deploy:app"]`},
		"server.init":   {activity.Security, "", "", `"owner":"me"`},
		"alias.set":     {activity.Configuration, "web", app, `"to":`},
		"app.remove":    {activity.Configuration, "app", app, `"deployments":1`},
	} {
		list := entries(t, i, action)
		if len(list) != 1 {
			t.Errorf("%s: %d entries", action, len(list))
			continue
		}
		e := list[0]
		if e.Weight != want.weight || e.Resource != want.resource || e.AppID != want.app || !strings.Contains(string(e.Details), want.details) || e.Result != activity.OK || e.Actor.Kind != activity.Owner {
			t.Errorf("%s: %+v %s", action, e, e.Details)
		}
	}
	all, _, err := i.Activity.List(ctx, activity.Filter{}, 1000)
	must(err)
	text, _ := json.Marshal(all)
	for _, secret := range []string{"hunter2", made.Token} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q is in the log: %s", secret, text)
		}
	}
}

func TestARepeatedRequestLeavesOneEntry(t *testing.T) {
	s := secure(t)
	for range 3 {
		r := s.Request(http.MethodPost, "admin", "/api/keys", `{"name":"once","scopes":["read"]}`)
		r.Header.Set("Authorization", "Bearer "+s.tokens["admin"])
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "the same key")
		s.Do(r)
	}
	n := 0
	for _, e := range entries(t, s.Instance, "key.create") {
		if e.Resource == "once" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d entries", n)
	}
}

// Someone who tries keys endlessly must not be able to push everything else out of the log.
func TestFloodsOfWrongKeysAndStrangersAreBundledIntoFewEntries(t *testing.T) {
	i := fazttest.New(t)
	for n := range 120 {
		r := i.Request(http.MethodDelete, "admin", "/api/apps/x", "")
		if n%2 == 0 {
			r.Header.Set("Authorization", "Bearer fazt_000000000000_"+strings.Repeat("0", 52))
		}
		i.Do(r)
	}
	for _, action := range []string{"key.check", "app.remove"} {
		list := entries(t, i, action)
		if len(list) != 2 { // the first, and then the next nine together
			t.Fatalf("%s: %d entries", action, len(list))
		}
		if e := list[0]; e.Weight != activity.Security || e.Result != activity.Denied || e.Actor.Address != "127.0.0.1" || string(e.Details) != `{"count":9}` {
			t.Errorf("%s: %+v %s", action, e, e.Details)
		}
	}
	if err := i.Activity.Close(t.Context()); err != nil { // writes what was held back
		t.Fatal(err)
	}
	if list := entries(t, i, "key.check"); len(list) != 3 || string(list[0].Details) != `{"count":50}` {
		t.Errorf("%d entries, %s", len(list), list[0].Details)
	}
}

func TestAPastedAddressSelectsItsApp(t *testing.T) {
	i := fazttest.New(t)
	ctx := t.Context()
	blog := i.Deploy("blog", site).App.ID
	i.Deploy("other", site)
	if _, err := client.Call(ctx, i.Client, op.DomainAdd, op.DomainTarget{Host: "example.com", App: "blog"}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Call(ctx, i.Client, op.AliasSet, op.AliasTarget{Alias: "away", Redirect: "https://example.org"}); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"https://blog.localhost:4698/x?y#z", "blog.localhost", "blog", "BLOG", "1--blog.localhost", "https://example.com/a/b", "example.com:8080", "http://blog.elsewhere.net/x"} {
		page, err := client.Call(ctx, i.Client, op.LogList, op.ActivityList{ActivityFilter: op.ActivityFilter{URL: address}})
		if err != nil || len(page.Items) == 0 {
			t.Errorf("%s: %d %v", address, len(page.Items), err)
			continue
		}
		for _, e := range page.Items {
			if e.AppID != blog {
				t.Errorf("%s: %+v", address, e)
			}
		}
	}
	for address, kind := range map[string]errs.Kind{"nothing": errs.NotFound, "https://": errs.NotFound, "away": errs.Invalid, "://": errs.NotFound} {
		if _, err := client.Call(ctx, i.Client, op.LogList, op.ActivityList{ActivityFilter: op.ActivityFilter{URL: address}}); !errs.Is(err, kind) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAKeyBoundToAnAppSeesTheEntriesOfThatAppOnly(t *testing.T) {
	s := secure(t)
	ctx := t.Context()
	list := func(token, app string) (op.Page[activity.Entry], error) {
		return client.Call(ctx, as(t, s.Instance, token), op.LogList, op.ActivityList{ActivityFilter: op.ActivityFilter{App: app}, List: op.List{Limit: 1000}})
	}
	all, err := list(s.tokens["logs"], "")
	if err != nil || len(all.Items) < 10 {
		t.Fatal(len(all.Items), err)
	}
	own, err := list(s.tokens["logs:app"], "")
	if err != nil || len(own.Items) == 0 || len(own.Items) >= len(all.Items) {
		t.Fatal(len(own.Items), err)
	}
	for _, e := range own.Items {
		if e.AppID != s.app {
			t.Errorf("%+v", e)
		}
	}
	both := newKey(t, s.Client, "both", "logs:app", "logs:other")
	for name, tt := range map[string]struct{ token, app string }{
		"another app":     {s.tokens["logs:app"], "other"},
		"no app named":    {both, ""},
		"no scope at all": {s.tokens["deploy:app"], "app"},
	} {
		if _, err := list(tt.token, tt.app); !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if page, err := list(both, "other"); err != nil || len(page.Items) == 0 {
		t.Error(len(page.Items), err)
	}
	if _, err := client.Call(ctx, as(t, s.Instance, s.tokens["logs:app"]), op.LogExport, op.ActivityFilter{App: "other"}); !errs.Is(err, errs.Forbidden) {
		t.Error(err)
	}
}

func TestPagesAndExportsGiveEveryEntryOnce(t *testing.T) {
	i := fazttest.New(t)
	ctx := t.Context()
	const all = 2500
	for n := range all {
		i.Activity.Record(activity.Entry{Action: "test.do", Weight: activity.Weight(n % 10), Result: activity.OK, Resource: fmt.Sprint(n)})
		if n%1000 == 0 {
			if err := i.Activity.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	two := 2
	f := op.ActivityFilter{Action: "test.do", MinWeight: &two}
	seen := map[string]int{}
	for cursor := ""; ; {
		page, err := client.Call(ctx, i.Client, op.LogList, op.ActivityList{ActivityFilter: f, List: op.List{Cursor: cursor, Limit: 300}})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Items {
			seen[e.Resource]++
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	stream, err := client.Call(ctx, i.Client, op.LogExport, f)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	lines := bufio.NewScanner(stream.Body)
	for lines.Scan() {
		var e activity.Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		seen[e.Resource]++
	}
	if len(seen) != all*8/10 {
		t.Errorf("%d entries", len(seen))
	}
	for n, times := range seen {
		if times != 2 {
			t.Errorf("%s was listed %d times", n, times)
		}
	}
}

func TestACleanupCountsUnlessItIsForcedAndLeavesAnEntry(t *testing.T) {
	i := fazttest.New(t)
	ctx := t.Context()
	for n := range 12_000 {
		i.Activity.Record(activity.Entry{Action: "test.do", Weight: 1, Result: activity.OK})
		if n%3000 == 0 {
			if err := i.Activity.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	f := op.ActivityFilter{Action: "test"}
	for _, tt := range []struct{ force bool }{{false}, {true}} {
		done, err := client.Call(ctx, i.Client, op.LogCleanup, op.ActivityCleanup{ActivityFilter: f, Force: tt.force})
		if err != nil || done.Entries != 12_000 || done.Removed != tt.force {
			t.Fatalf("%+v %v", done, err)
		}
	}
	if got := entries(t, i, "test.do"); len(got) != 0 {
		t.Errorf("%d are left", len(got))
	}
	if got := entries(t, i, "log.cleanup"); len(got) != 2 || !strings.Contains(string(got[0].Details), `"removed":12000`) {
		t.Errorf("%d %s", len(got), got[0].Details)
	}
}

func TestInvalidQueriesOfTheActivityLog(t *testing.T) {
	i := fazttest.New(t)
	eleven, minus := 11, -1
	for name, f := range map[string]op.ActivityFilter{
		"weight": {MinWeight: &eleven}, "negative": {MaxWeight: &minus}, "since": {Since: "yesterday"}, "until": {Until: "5x"},
		"actor": {Actor: "root"}, "result": {Result: "good"}, "two apps": {App: "a", URL: "b"},
	} {
		if _, err := client.Call(t.Context(), i.Client, op.LogStats, f); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := client.Call(t.Context(), i.Client, op.LogList, op.ActivityList{List: op.List{Cursor: "x"}}); !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
	if _, err := client.Call(t.Context(), i.Client, op.LogTail, op.ActivityTail{After: "x"}); !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
}

func TestStartsStopsAndUpgradesAreRecorded(t *testing.T) {
	i := fazttest.New(t)
	if list := entries(t, i, "server"); len(list) != 1 || list[0].Action != "server.start" || !strings.Contains(string(list[0].Details), `"version"`) {
		t.Errorf("%+v", list)
	}
	i.Stop()
	again := fazttest.New(t, fazttest.At(i.Path))
	list := entries(t, again, "server")
	if len(list) != 3 || list[1].Action != "server.stopped" || list[0].Actor.Kind != activity.ItSelf {
		t.Errorf("%+v", list)
	}
	if err := again.Activity.Started(t.Context(), "v9.9.9", nil); err != nil {
		t.Fatal(err)
	}
	if list := entries(t, again, "server.upgrade"); len(list) != 1 || !strings.Contains(string(list[0].Details), `"to":"v9.9.9"`) {
		t.Errorf("%+v", list)
	}
}

func TestFunctionsStoppedByALimitAreRecordedAndFloodsBundled(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Runtime.ExecTimeout, l.Runtime.MaxMemory = 100, 8<<20 }))
	app := i.Deploy("app", "-- api/main.js --\nif (request.query.memory) new Uint8Array(1 << 30);\nfor (;;) {}\n").App.ID
	for stopped := 0; stopped < 12; { // on a slow machine some do not start in time and so are not stopped
		if i.Get("app", "/api/x").StatusCode == http.StatusGatewayTimeout {
			stopped++
		}
	}
	for i.Get("app", "/api/x?memory=1").StatusCode != http.StatusInternalServerError {
	}
	list := entries(t, i, "function.stop")
	if len(list) != 3 {
		t.Fatalf("%d entries", len(list))
	}
	for n, want := range []string{"max_memory", "exec_timeout", "exec_timeout"} {
		if e := list[n]; e.AppID != app || e.Resource != "app" || e.Actor.Kind != activity.ItSelf || !strings.Contains(string(e.Details), want) {
			t.Errorf("%+v %s", e, e.Details)
		}
	}
}

// The stream of log lines never sent anything: the wrapper around responses hid that they can be flushed, and nothing was
// published to it. This test reads it through the front door, over an open connection, as EventSource does.
func TestALogIsFollowedThroughTheFrontDoorAndResumesAfterAnInterruption(t *testing.T) {
	s := secure(t)
	s.Deploy("talker", talker)
	open := func(path, last string) (*bufio.Scanner, func()) {
		t.Helper()
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Address+path, nil)
		r.Host = "admin.localhost"
		r.Header.Set("Authorization", "Bearer "+s.tokens["logs"])
		if last != "" {
			r.Header.Set("Last-Event-ID", last)
		}
		transport := &http.Transport{}
		resp, err := transport.RoundTrip(r)
		if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatal(resp, err)
		}
		return bufio.NewScanner(resp.Body), func() {
			resp.Body.Close()
			transport.CloseIdleConnections()
		}
	}
	event := func(lines *bufio.Scanner) (id, data string) {
		t.Helper()
		timer := time.AfterFunc(time.Minute, func() { panic("no event came") })
		defer timer.Stop()
		for lines.Scan() {
			if v, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				id = v
			}
			if v, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return id, v
			}
		}
		t.Fatal("the stream ended")
		return "", ""
	}
	lines, end := open("/api/apps/talker/logs/follow", "")
	s.Get("talker", "/api/x?say=one")
	id, data := event(lines)
	if !strings.Contains(data, `"message":"one"`) {
		t.Error(data)
	}
	end()
	s.Get("talker", "/api/x?say=two") // while no one was listening
	lines, end = open("/api/apps/talker/logs/follow", id)
	if _, data := event(lines); !strings.Contains(data, `"message":"two"`) {
		t.Error(data)
	}
	end()

	lines, end = open("/api/logs/tail?action=key.revoke", "")
	if _, err := client.Call(t.Context(), s.Client, op.KeyRevoke, op.KeyRef{Key: "read"}); err != nil {
		t.Fatal(err)
	}
	if _, data := event(lines); !strings.Contains(data, `"resource":"read"`) {
		t.Error(data)
	}
	end()
}

func TestATailEndsWithTheServer(t *testing.T) {
	i := fazttest.New(t)
	c := transports(t, i)["by the socket"]
	stream, err := client.Call(t.Context(), c, op.LogTail, op.ActivityTail{})
	if err != nil {
		t.Fatal(err)
	}
	i.Stop()
	if _, err := io.ReadAll(stream.Body); err != nil {
		t.Error(err)
	}
	stream.Body.Close()
}
