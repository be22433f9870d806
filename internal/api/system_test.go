package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
	"fazt/internal/system"
)

// asked sends a request to the control API over the network as an admin and returns the response.
func asked(i *fazttest.Instance, token, method, path, body string) fazttest.Response {
	r := i.Request(method, "admin", path, body)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return i.Do(r)
}

func TestLimitsOverTheAPI(t *testing.T) {
	i := fazttest.New(t, fazttest.Shipped)
	i.Deploy("shop", site)
	token := newKey(t, i.Client, "laptop", "admin")
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/api/system/limits", "", 200, `"runtime":{"exec_timeout":5000,`},
		{"GET", "/api/system/limits", "", 200, `"hardware":{"total_ram":`},
		{"GET", "/api/system/limits/schema", "", 200, `{"path":"runtime.exec_timeout","label":"Deadline","desc":"Wall time one request may spend in a function","type":"integer","unit":"ms","min":10,"max":300000,"default":5000,"formula":"","read_only":false,"per_app":true,"restart":false}`},
		{"GET", "/api/system/limits/schema", "", 200, `"path":"storage.max_vfs","label":"Static cache","desc":"Memory for frequently served static files; less while memory is short","type":"integer","unit":"bytes","min":0,"max":68719476736,"default":null,"formula":"a quarter of hardware.total_ram`},
		{"PATCH", "/api/system/limits", `{"runtime":{"exec_timeout":8000},"storage.max_upload":"64MiB"}`, 200, `[{"path":"runtime.exec_timeout","old":5000,"new":8000},{"path":"storage.max_upload","old":104857600,"new":67108864}]`},
		{"GET", "/api/system/limits", "", 200, `"runtime":{"exec_timeout":8000,`},
		{"PATCH", "/api/system/limits?app=shop", `{"runtime":{"exec_timeout":9000}}`, 200, `{"path":"runtime.exec_timeout","app":"shop","old":8000,"new":9000}`},
		{"GET", "/api/system/limits?app=shop", "", 200, `"runtime":{"exec_timeout":9000,`},
		{"GET", "/api/system/limits", "", 200, `"runtime":{"exec_timeout":8000,`},
		{"GET", "/api/system/limits/list", "", 200, `"value":8000,"source":"stored","place":"","stored":8000,"set_by":"key laptop","set_at":"2`},
		{"GET", "/api/system/limits/list", "", 200, `"for_apps":[{"app":"shop","value":9000,"set_by":"key laptop"`},
		{"PATCH", "/api/system/limits", `{"runtime":{"exec_timeout":7000,"vms":0}}`, 400, "runtime.vms must be at least 1 VMs"},
		{"GET", "/api/system/limits", "", 200, `"runtime":{"exec_timeout":8000,`},
		{"PATCH", "/api/system/limits", `{"runtime.exec_timeout":null}`, 200, `"new":5000`},
		{"PATCH", "/api/system/limits?app=none", `{"runtime.exec_timeout":9000}`, 404, `no app named`},
		{"GET", "/api/system/limits?app=none", "", 404, `no app named`},
		{"PATCH", "/api/system/limits", `{"exec_timeout":9000}`, 400, "did you mean runtime.exec_timeout?"},
		{"PATCH", "/api/system/limits", `[1]`, 400, "it must be an object"},
		{"PATCH", "/api/system/limits", `null`, 400, "no limit given"},
		{"PATCH", "/api/system/limits", `{"runtime.vms":1} {}`, 400, "unexpected data"},
		{"GET", "/api/system/settings", "", 200, `"domain":"localhost","listen":["127.0.0.1:0"],"trusted_proxies":[],"log_retention":90,"acme_email":""`},
		{"GET", "/api/system/settings/schema", "", 200, `{"path":"domain","label":"Domain",`},
		{"PATCH", "/api/system/settings", `{"domain":"example.com","trusted_proxies":["10.0.0.0/8"]}`, 200, `{"path":"domain","old":"localhost","new":"example.com","note":"takes effect at the next start of the server"},{"path":"trusted_proxies","old":[],"new":["10.0.0.0/8"]}`},
		{"GET", "/api/system/settings/list", "", 200, `"value":["10.0.0.0/8"],"source":"stored"`},
		{"GET", "/api/system/settings/list", "", 200, `"value":["127.0.0.1:0"],"source":"flag","place":"--listen"`},
		{"PATCH", "/api/system/settings", `{"domain":null,"trusted_proxies":"0.0.0.0/0"}`, 400, "anyone could pretend to be anyone"},
		{"GET", "/api/system/settings", "", 200, `"domain":"localhost","listen":["127.0.0.1:0"],"trusted_proxies":["10.0.0.0/8"]`},
	} {
		got := asked(i, token, tt.method, tt.path, tt.body)
		if got.StatusCode != tt.status || !strings.Contains(strings.ReplaceAll(got.Text, `\u003e`, ">"), tt.want) {
			t.Errorf("%s %s %s: %d, want %d with %s\n%s", tt.method, tt.path, tt.body, got.StatusCode, tt.status, tt.want, got.Text)
		}
	}
	if i.Limits.Storage().MaxUpload != 64<<20 || i.Limits.Runtime().ExecTimeout != 5000 || i.System.Settings().TrustedProxies()[0].String() != "10.0.0.0/8" {
		t.Errorf("not in force: %+v", i.Limits.Load())
	}
}

// Everything except read-only limits can be sent back as it was read.
func TestLimitsCanBeSentBackAsTheyWereRead(t *testing.T) {
	i := fazttest.New(t)
	got, err := client.Call(t.Context(), i.Client, op.LimitsGet, op.LimitsOf{})
	if err != nil {
		t.Fatal(err)
	}
	data, _ := json.Marshal(map[string]any{"runtime": got.Runtime, "storage": got.Storage, "net": got.Net, "http": got.HTTP, "sql": got.SQL})
	var values map[string]json.RawMessage
	if err := json.Unmarshal(data, &values); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Call(t.Context(), i.Client, op.LimitsSet, op.LimitsChange{Values: values}); err != nil {
		t.Fatal(err)
	}
	if *i.Limits.Load() != got {
		t.Error("something changed")
	}
	_, err = client.Call(t.Context(), i.Client, op.LimitsSet, op.LimitsChange{Values: map[string]json.RawMessage{"hardware": json.RawMessage(`{"cpu_cores":64}`)}})
	if !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
}

// The query names the app, and the guard only looks for it in the path.
func TestAKeyForOneAppCannotReadTheLimitsOfAnother(t *testing.T) {
	s := secure(t)
	for who, want := range map[string]int{"deploy:other": http.StatusForbidden, "data:app": http.StatusForbidden, "logs": http.StatusForbidden, "nobody": http.StatusUnauthorized, "read": http.StatusOK} {
		for _, path := range []string{"/api/system/limits?app=app", "/api/system/limits/list?app=app", "/api/system/limits", "/api/system/limits/list"} {
			if got := asked(s.Instance, s.tokens[who], http.MethodGet, path, ""); got.StatusCode != want {
				t.Errorf("%s by %s: %d %s", path, who, got.StatusCode, got.Text)
			}
		}
		if got := asked(s.Instance, s.tokens[who], http.MethodPatch, "/api/system/limits?app=app", `{"runtime.exec_timeout":9000}`); got.StatusCode != http.StatusForbidden && got.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s changed a limit: %d", who, got.StatusCode)
		}
	}
}

// Limits persist, but not those of a removed app.
func TestLimitsSurviveARestartAndAreRemovedWithTheirApp(t *testing.T) {
	i := fazttest.New(t)
	app := i.Deploy("shop", site).App.ID
	set := func(app, values string) {
		t.Helper()
		var m map[string]json.RawMessage
		if err := json.Unmarshal([]byte(values), &m); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Call(t.Context(), i.Client, op.LimitsSet, op.LimitsChange{App: app, Values: m}); err != nil {
			t.Fatal(err)
		}
	}
	set("", `{"runtime.exec_timeout":8000}`)
	set("shop", `{"runtime.exec_timeout":9000}`)
	i.Stop()
	i = fazttest.New(t, fazttest.At(i.Path))
	if i.Limits.Runtime().ExecTimeout != 8000 || i.Limits.App(app).Runtime.ExecTimeout != 9000 {
		t.Fatalf("after a restart: %d and %d", i.Limits.Runtime().ExecTimeout, i.Limits.App(app).Runtime.ExecTimeout)
	}
	if _, err := client.Call(t.Context(), i.Client, op.AppRename, op.AppNewName{App: "shop", Name: "store"}); err != nil {
		t.Fatal(err)
	}
	if got, err := client.Call(t.Context(), i.Client, op.LimitsGet, op.LimitsOf{App: "store"}); err != nil || got.Runtime.ExecTimeout != 9000 {
		t.Errorf("after a rename: %d, %v", got.Runtime.ExecTimeout, err)
	}
	if _, err := client.Call(t.Context(), i.Client, op.AppRemove, op.AppRef{App: "store"}); err != nil {
		t.Fatal(err)
	}
	if i.Limits.App(app).Runtime.ExecTimeout != 8000 {
		t.Error("the limits of a removed app are in force")
	}
	list, err := client.Call(t.Context(), i.Client, op.LimitsList, op.LimitsOf{})
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range list.Limits {
		if len(item.ForApps) > 0 {
			t.Errorf("%+v", item)
		}
	}
}

// A limit that was changed with SQL, without its operation, takes effect too.
func TestALimitChangedWithSQLTakesEffectAtOnce(t *testing.T) {
	i := fazttest.New(t)
	if _, err := client.Call(t.Context(), i.Client, op.SQLWrite, op.Statement{SQL: "INSERT INTO limits VALUES ('runtime.vms', NULL, '7', 'owner', 0)"}); err != nil {
		t.Fatal(err)
	}
	if got := i.Limits.Runtime().VMs; got != 7 {
		t.Error(got)
	}
}

func TestStoredLimitsOverrideThoseOfTheConfig(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Runtime.ExecTimeout, l.Runtime.VMs = 111, 5 }))
	if got := asked(i, newKey(t, i.Client, "k", "admin"), http.MethodPatch, "/api/system/limits", `{"runtime.exec_timeout":222}`); got.StatusCode != 200 {
		t.Fatal(got.Text)
	}
	if r := i.Limits.Runtime(); r.ExecTimeout != 222 || r.VMs != 5 {
		t.Errorf("%+v", r)
	}
}
