package limits_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"fazt/internal/activity"
	"fazt/internal/api/call"
	"fazt/internal/api/limits"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/auth"
	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// open returns the operations on an instance with the apps blog and shop, and the ids of the apps.
func open(t *testing.T) (a *limits.API, blog, shop string) {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	a = &limits.API{Apps: apps.New(db), Limits: system.NewLive(system.Defaults())}
	if a.System, err = system.OpenStore(t.Context(), system.StoreConfig{DB: db, Limits: a.Limits}); err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]*string{"blog": &blog, "shop": &shop} {
		err := db.Write(t.Context(), func(tx *database.Tx) error {
			app, err := a.Apps.EnsureTx(tx, name, "")
			*id = app.ID
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return a, blog, shop
}

// as returns a context with the caller: the owner, no one, or a key with the given scopes.
func as(ctx context.Context, scopes ...auth.Scope) context.Context {
	p := auth.Principal{Kind: auth.Owner}
	if len(scopes) > 0 {
		p = auth.Principal{Kind: auth.Key, ID: "key_1", Name: "ci", Scopes: scopes}
	}
	return auth.With(ctx, p)
}

func values(pairs ...string) map[string]json.RawMessage {
	m := map[string]json.RawMessage{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return m
}

// text returns changes as "path app old new".
func text(changes []system.Changed) string {
	var parts []string
	for _, c := range changes {
		parts = append(parts, fmt.Sprintf("%s %q %s %s", c.Path, c.App, c.Old, c.New))
	}
	return strings.Join(parts, "; ")
}

func TestALimitChangesForTheInstanceOrForOneApp(t *testing.T) {
	t.Parallel()
	a, blog, _ := open(t)
	d := call.NewDraft(activity.Entry{})
	ctx := d.With(as(t.Context()))
	for _, tt := range []struct {
		app, value, changed      string
		instance, ofBlog, ofShop int // runtime.exec_timeout afterwards
	}{
		{"", "8000", `runtime.exec_timeout "" 5000 8000`, 8000, 8000, 8000},
		{"blog", `"9s"`, `runtime.exec_timeout "blog" 8000 9000`, 8000, 9000, 8000},
		{blog, "7000", `runtime.exec_timeout "blog" 9000 7000`, 8000, 7000, 8000},
		{"", "6000", `runtime.exec_timeout "" 8000 6000`, 6000, 7000, 6000},
		{"blog", "null", `runtime.exec_timeout "blog" 7000 6000`, 6000, 6000, 6000},
		{"", "null", `runtime.exec_timeout "" 6000 5000`, 5000, 5000, 5000},
	} {
		got, err := a.Set(ctx, op.LimitsChange{App: tt.app, Values: values("runtime.exec_timeout", tt.value)})
		if err != nil || text(got) != tt.changed {
			t.Errorf("%q to %s: %s %v", tt.app, tt.value, text(got), err)
		}
		for app, want := range map[string]int{"": tt.instance, "blog": tt.ofBlog, blog: tt.ofBlog, "shop": tt.ofShop} {
			if got, err := a.Get(ctx, op.LimitsOf{App: app}); err != nil || got.Runtime.ExecTimeout != want {
				t.Errorf("%q to %s: %q has %d, %v", tt.app, tt.value, app, got.Runtime.ExecTimeout, err)
			}
		}
	}
	if entry, _ := d.Finish(); entry.AppID != blog || !strings.Contains(string(entry.Details), `"runtime.exec_timeout":{"from":6000,"to":5000}`) {
		t.Errorf("the log has %+v %s", entry, entry.Details)
	}
}

func TestARefusedLimitChangesNothing(t *testing.T) {
	t.Parallel()
	a, _, _ := open(t)
	before, err := a.Get(as(t.Context()), op.LimitsOf{})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		app    string
		values map[string]json.RawMessage
		kind   errs.Kind
	}{
		"none":               {"", nil, errs.Invalid},
		"an unknown one":     {"", values("runtime.exec_time", "5"), errs.Invalid},
		"one of two invalid": {"", values("runtime.exec_timeout", "8000", "runtime.vms", "0"), errs.Invalid},
		"not for one app":    {"blog", values("runtime.vms", "3"), errs.Invalid},
		"read-only":          {"", values("hardware.cpu_cores", "3"), errs.Invalid},
		"an unknown app":     {"none", values("runtime.exec_timeout", "8000"), errs.NotFound},
	} {
		d := call.NewDraft(activity.Entry{})
		if got, err := a.Set(d.With(as(t.Context())), op.LimitsChange{App: tt.app, Values: tt.values}); !errs.Is(err, tt.kind) || len(got) != 0 {
			t.Errorf("%s: %s %v", name, text(got), err)
		}
		if entry, _ := d.Finish(); strings.Contains(string(entry.Details), "from") {
			t.Errorf("%s: the log has %s", name, entry.Details)
		}
	}
	if after, err := a.Get(as(t.Context()), op.LimitsOf{}); err != nil || after != before {
		t.Errorf("%+v became %+v, %v", before, after, err)
	}
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return errs.Code(err)
}

// The query names the app, so these operations check themselves what a key may see.
func TestAKeyForOneAppReadsOnlyTheLimitsOfThatApp(t *testing.T) {
	t.Parallel()
	a, blog, shop := open(t)
	own := auth.Scope{Verb: auth.ScopeDeploy, App: blog}
	for name, tt := range map[string]struct {
		ctx         context.Context
		app         string
		reads, sets string // the code of the refusal
	}{
		"the owner, an app":       {as(t.Context()), "blog", "", ""},
		"the owner, the instance": {as(t.Context()), "", "", ""},
		"admin, an app":           {as(t.Context(), auth.Scope{Verb: auth.ScopeAdmin}), "shop", "", ""},
		"admin, the instance":     {as(t.Context(), auth.Scope{Verb: auth.ScopeAdmin}), "", "", ""},
		"read, an app":            {as(t.Context(), auth.Scope{Verb: auth.ScopeRead}), "shop", "", "FORBIDDEN"},
		"read, the instance":      {as(t.Context(), auth.Scope{Verb: auth.ScopeRead}), "", "", "FORBIDDEN"},
		"one app, that app":       {as(t.Context(), own), "blog", "", "FORBIDDEN"},
		"one app, by its id":      {as(t.Context(), own), blog, "", "FORBIDDEN"},
		"one app, another":        {as(t.Context(), own), "shop", "FORBIDDEN", "FORBIDDEN"},
		"one app, another's id":   {as(t.Context(), own), shop, "FORBIDDEN", "FORBIDDEN"},
		"one app, none":           {as(t.Context(), own), "none", "FORBIDDEN", "FORBIDDEN"},
		"one app, the instance":   {as(t.Context(), own), "", "FORBIDDEN", "FORBIDDEN"},
		"logs, an app":            {as(t.Context(), auth.Scope{Verb: auth.ScopeLogs, App: blog}), "blog", "FORBIDDEN", "FORBIDDEN"},
		"no one, an app":          {t.Context(), "blog", "UNAUTHORIZED", "UNAUTHORIZED"},
		"no one, the instance":    {t.Context(), "", "UNAUTHORIZED", "UNAUTHORIZED"},
	} {
		if _, err := a.Get(tt.ctx, op.LimitsOf{App: tt.app}); code(err) != tt.reads {
			t.Errorf("%s: get: %v", name, err)
		}
		if list, err := a.List(tt.ctx, op.LimitsOf{App: tt.app}); code(err) != tt.reads || err != nil && list.Limits != nil {
			t.Errorf("%s: list: %v", name, err)
		}
		if _, err := a.Set(tt.ctx, op.LimitsChange{App: tt.app, Values: values("runtime.exec_timeout", "8000")}); code(err) != tt.sets {
			t.Errorf("%s: set: %v", name, err)
		}
	}
}

// item returns a listed limit.
func item(t *testing.T, a *limits.API, app, path string) system.Item {
	t.Helper()
	list, err := a.List(as(t.Context()), op.LimitsOf{App: app})
	at := slices.IndexFunc(list.Limits, func(i system.Item) bool { return i.Path == path })
	if err != nil || at < 0 || len(list.Ignored) != 0 {
		t.Fatalf("%s at %d: %+v %v", path, at, list.Ignored, err)
	}
	return list.Limits[at]
}

func TestTheListNamesTheAppsWithValuesOfTheirOwn(t *testing.T) {
	t.Parallel()
	a, blog, _ := open(t)
	for _, app := range []string{"blog", "shop"} {
		if _, err := a.Set(as(t.Context(), auth.Scope{Verb: auth.ScopeAdmin}), op.LimitsChange{App: app, Values: values("runtime.exec_timeout", "9000")}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	got := item(t, a, "", "runtime.exec_timeout")
	for _, v := range got.ForApps {
		names = append(names, v.App+"="+string(v.Value)+" by "+v.SetBy)
	}
	slices.Sort(names)
	if want := []string{"blog=9000 by key ci", "shop=9000 by key ci"}; !slices.Equal(names, want) || got.Source != system.FromDefault {
		t.Errorf("%+v %q", got, names)
	}
	if got := item(t, a, "blog", "runtime.exec_timeout"); got.Source != system.FromApp || string(got.Value) != "9000" || len(got.ForApps) != 0 {
		t.Errorf("%+v", got)
	}
	if got := item(t, a, "blog", "hardware.cpu_cores"); got.Source != system.FromMachine {
		t.Errorf("%+v", got)
	}
	// The store still has the values of an app that was removed a moment ago.
	if _, err := a.Apps.Remove(t.Context(), blog); err != nil {
		t.Fatal(err)
	}
	names = nil
	for _, v := range item(t, a, "", "runtime.exec_timeout").ForApps {
		names = append(names, v.App)
	}
	slices.Sort(names)
	if want := []string{blog, "shop"}; !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
}

// A value that an older or newer version stored is shown with the name of its app, and changes nothing.
func TestAnUnusableStoredValueIsListed(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	a := &limits.API{Apps: apps.New(db), Limits: system.NewLive(system.Defaults())}
	err = db.Write(t.Context(), func(tx *database.Tx) error {
		app, err := a.Apps.EnsureTx(tx, "blog", "")
		if err != nil {
			return err
		}
		const insert = "INSERT INTO limits (path, app_id, value, set_by, set_at) VALUES (?, nullif(?, ''), ?, 'owner', 1)"
		if err := tx.Exec(insert, "runtime.gone", "", "1"); err != nil {
			return err
		}
		return tx.Exec(insert, "runtime.exec_timeout", app.ID, `"long"`)
	})
	if err != nil {
		t.Fatal(err)
	}
	if a.System, err = system.OpenStore(t.Context(), system.StoreConfig{DB: db, Limits: a.Limits}); err != nil {
		t.Fatal(err)
	}
	for app, want := range map[string]string{"": "runtime.exec_timeout of blog, runtime.gone of ", "blog": "runtime.exec_timeout of blog"} {
		list, err := a.List(as(t.Context()), op.LimitsOf{App: app})
		var got []string
		for _, i := range list.Ignored {
			got = append(got, i.Path+" of "+i.App)
		}
		slices.Sort(got)
		if err != nil || strings.Join(got, ", ") != want {
			t.Errorf("%q: %q %v", app, got, err)
		}
	}
}

func TestTheSchemasDescribeWhatCanBeSet(t *testing.T) {
	t.Parallel()
	a, _, _ := open(t)
	settings := &limits.Settings{System: a.System}
	for name, tt := range map[string]struct {
		schema func(context.Context, op.None) ([]system.Group, error)
		path   string
	}{"limits": {a.Schema, "runtime.exec_timeout"}, "settings": {settings.Schema, "domain"}} {
		groups, err := tt.schema(t.Context(), op.None{})
		found := slices.ContainsFunc(groups, func(g system.Group) bool {
			return slices.ContainsFunc(g.Fields, func(d system.Described) bool { return d.Path == tt.path })
		})
		if err != nil || !found {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSettingsChangeTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	a, _, _ := open(t)
	s := &limits.Settings{System: a.System}
	d := call.NewDraft(activity.Entry{})
	ctx := d.With(as(t.Context(), auth.Scope{Verb: auth.ScopeAdmin}))
	if _, err := s.Set(ctx, op.SettingsChange{Values: values("log_retention", "30", "domain", `"not a domain"`)}); !errs.Is(err, errs.Invalid) {
		t.Errorf("one of two is invalid: %v", err)
	}
	before, err := s.Get(ctx, op.None{})
	if err != nil || before.LogRetention != 90 {
		t.Errorf("%+v %v", before, err)
	}
	got, err := s.Set(ctx, op.SettingsChange{Values: values("log_retention", "30")})
	if err != nil || text(got) != `log_retention "" 90 30` {
		t.Errorf("%s %v", text(got), err)
	}
	if entry, _ := d.Finish(); entry.AppID != "" || string(entry.Details) != `{"log_retention":{"from":90,"to":30}}` {
		t.Errorf("the log has %+v %s", entry, entry.Details)
	}
	if after, err := s.Get(ctx, op.None{}); err != nil || after.LogRetention != 30 {
		t.Errorf("%+v %v", after, err)
	}
	list, err := s.List(ctx, op.None{})
	at := slices.IndexFunc(list.Settings, func(i system.Item) bool { return i.Path == "log_retention" })
	if err != nil || at < 0 || list.Settings[at].SetBy != "key ci" || string(list.Settings[at].Stored) != "30" || len(list.Ignored) != 0 {
		t.Errorf("%+v %v", list, err)
	}
}
