package log

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"fazt/internal/activity"
	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/auth"
	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// open returns the operations on a log with an entry of the app blog, one of the app shop, and one of neither; and the ids
// of the apps.
func open(t *testing.T) (a *API, blog, shop string) {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	entries, err := activity.OpenLog(t.Context(), activity.LogConfig{DB: db, Keep: func() int { return 5000 }, Age: func() time.Duration { return 0 }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	a = &API{Apps: apps.New(db), Activity: entries, Limits: system.NewLive(system.Limits{SQL: system.SQL{StatementTimeout: 60_000}})}
	for name, id := range map[string]*string{"blog": &blog, "shop": &shop} {
		if err := db.Write(t.Context(), func(tx *database.Tx) error {
			app, err := a.Apps.EnsureTx(tx, name, "")
			*id = app.ID
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Apps.AddDomain(t.Context(), "www.blog.example", "example.com", "blog"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Apps.SetAlias(t.Context(), "away", apps.Destination{Redirect: "https://a.example"}, false); err != nil {
		t.Fatal(err)
	}
	for _, e := range []activity.Entry{
		{Weight: 5, Action: "app.rename", Resource: "1", AppID: blog, Result: activity.OK},
		{Weight: 7, Action: "app.rename", Resource: "2", AppID: shop, Result: activity.Denied},
		{Weight: 9, Action: "key.create", Resource: "3", Result: activity.Failed},
	} {
		entries.Record(e)
		if err := entries.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return a, blog, shop
}

func owner(t *testing.T) context.Context {
	return auth.With(t.Context(), auth.Principal{Kind: auth.Owner})
}

// listed returns the resources of the entries that a filter selects.
func (a *API) listed(ctx context.Context, f op.ActivityFilter) (string, error) {
	page, err := a.List(ctx, op.ActivityList{ActivityFilter: f})
	var names []string
	for _, e := range page.Items {
		names = append(names, e.Resource)
	}
	return strings.Join(names, " "), err
}

func TestWhatAFilterSelects(t *testing.T) {
	t.Parallel()
	a, blog, _ := open(t)
	n := func(n int) *int { return &n }
	for _, tt := range []struct {
		name string
		f    op.ActivityFilter
		want string
	}{
		{"everything", op.ActivityFilter{}, "3 2 1"},
		{"by weight", op.ActivityFilter{MinWeight: n(7)}, "3 2"},
		{"by both weights", op.ActivityFilter{MinWeight: n(6), MaxWeight: n(8)}, "2"},
		{"weight 0", op.ActivityFilter{MaxWeight: n(0)}, ""},
		{"the greatest weight", op.ActivityFilter{MinWeight: n(9)}, "3"},
		{"by result", op.ActivityFilter{Result: "denied"}, "2"},
		{"by app", op.ActivityFilter{App: "blog"}, "1"},
		{"by the id of an app", op.ActivityFilter{App: blog}, "1"},
		{"by the id of a removed app", op.ActivityFilter{App: "app_gone"}, ""},
		{"by resource", op.ActivityFilter{Resource: "3"}, "3"},
		{"since a while", op.ActivityFilter{Since: "1h"}, "3 2 1"},
		{"until a while ago", op.ActivityFilter{Until: "1h"}, ""},
	} {
		if got, err := a.listed(owner(t), tt.f); err != nil || got != tt.want {
			t.Errorf("%s: %q %v, want %q", tt.name, got, err, tt.want)
		}
	}
	for _, tt := range []struct {
		f    op.ActivityFilter
		kind errs.Kind
		want string
	}{
		{op.ActivityFilter{MinWeight: n(-1)}, errs.Invalid, "min_weight must be from 0 to 9, not -1"},
		{op.ActivityFilter{MaxWeight: n(10)}, errs.Invalid, "max_weight must be from 0 to 9, not 10"},
		{op.ActivityFilter{Actor: "robot"}, errs.Invalid, `unknown actor "robot"`},
		{op.ActivityFilter{Result: "OK"}, errs.Invalid, `unknown result "OK"`},
		{op.ActivityFilter{Since: "soon"}, errs.Invalid, `"soon" is not a time`},
		{op.ActivityFilter{Until: "1y"}, errs.Invalid, `"1y" is not a time`},
		{op.ActivityFilter{App: "none"}, errs.NotFound, ""},
		{op.ActivityFilter{App: "blog", URL: "blog.example.com"}, errs.Invalid, "not both"},
	} {
		if got, err := a.listed(owner(t), tt.f); !errs.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) || got != "" {
			t.Errorf("%+v: %q %v, want %s", tt.f, got, err, tt.want)
		}
	}
}

func TestTheAppBehindAnAddress(t *testing.T) {
	t.Parallel()
	a, blog, shop := open(t)
	for text, want := range map[string]string{
		"blog": blog, "BLOG": blog, " blog ": blog, "blog.example.com": blog, "https://blog.example.com/a?b#c": blog, "blog.example.com:8443": blog, "blog.example.com/path": blog,
		"www.blog.example": blog, "https://WWW.blog.example:8080/": blog, "shop.localhost": shop, "7--blog.example.com": blog, "https://12--shop.example.com/": shop,
	} {
		if got, err := a.appAt(t.Context(), text); err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]errs.Kind{"": errs.NotFound, "none": errs.NotFound, "none.example.com": errs.NotFound, "https://": errs.NotFound, "7--none.example.com": errs.NotFound, "away": errs.Invalid, "a b": errs.NotFound, "%zz": errs.NotFound} {
		if got, err := a.appAt(t.Context(), text); !errs.Is(err, want) || got != "" {
			t.Errorf("%q is %q, %v; want %v", text, got, err, want)
		}
	}
}

// A key for one app must not read the log of another.
func TestAKeyReadsTheLogOfItsApps(t *testing.T) {
	t.Parallel()
	a, blog, shop := open(t)
	key := func(apps ...string) context.Context {
		p := auth.Principal{Kind: auth.Key, Name: "ci"}
		for _, app := range apps {
			p.Scopes = append(p.Scopes, auth.Scope{Verb: auth.ScopeLogs, App: app})
		}
		return auth.With(t.Context(), p)
	}
	for _, tt := range []struct {
		name string
		ctx  context.Context
		app  string
		want string // "-" = refused
	}{
		{"of all apps", key(""), "", "3 2 1"},
		{"of all apps, one named", key(""), "blog", "1"},
		{"of one app", key(blog), "", "1"},
		{"of one app, named", key(blog), "blog", "1"},
		{"of one app, another named", key(blog), "shop", "-"},
		{"of two apps", key(blog, shop), "", "-"},
		{"of two apps, one named", key(blog, shop), "shop", "2"},
		{"of none", key(), "", "-"},
		{"of none, one named", key(), "blog", "-"},
	} {
		got, err := a.listed(tt.ctx, op.ActivityFilter{App: tt.app})
		if (tt.want == "-") != errs.Is(err, errs.Forbidden) || tt.want != "-" && (err != nil || got != tt.want) {
			t.Errorf("%s: %q %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestEntriesAreCountedBeforeTheyAreRemoved(t *testing.T) {
	t.Parallel()
	a, _, _ := open(t)
	d := call.NewDraft(activity.Entry{})
	ctx := d.With(owner(t))
	filter := op.ActivityFilter{Action: "app"}
	got, err := a.Cleanup(ctx, op.ActivityCleanup{ActivityFilter: filter})
	if err != nil || got.Entries != 2 || got.Removed {
		t.Errorf("counted %+v, %v", got, err)
	}
	if left, _ := a.listed(ctx, op.ActivityFilter{}); left != "3 2 1" {
		t.Errorf("%q are left after counting", left)
	}
	got, err = a.Cleanup(ctx, op.ActivityCleanup{ActivityFilter: filter, Force: true})
	if err != nil || got.Entries != 2 || !got.Removed {
		t.Errorf("removed %+v, %v", got, err)
	}
	if left, _ := a.listed(ctx, op.ActivityFilter{}); left != "3" {
		t.Errorf("%q are left", left)
	}
	if entry, _ := d.Finish(); string(entry.Details) != `{"filter":{"action":"app"},"force":true,"removed":2}` {
		t.Errorf("the log says %s", entry.Details)
	}
	if _, err := a.Cleanup(ctx, op.ActivityCleanup{ActivityFilter: op.ActivityFilter{Result: "x"}, Force: true}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a filter that cannot be read: %v", err)
	}
	if left, _ := a.listed(ctx, op.ActivityFilter{}); left != "3" {
		t.Errorf("%q are left", left)
	}
}

func TestThePagesAndTheExportHaveEveryEntryOnce(t *testing.T) {
	t.Parallel()
	a, _, _ := open(t)
	for i := range call.PageMax + 5 {
		a.Activity.Record(activity.Entry{Weight: 5, Resource: fmt.Sprint(i)})
		if i%500 == 0 {
			if err := a.Activity.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := a.Activity.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	const all = call.PageMax + 5 + 3 // the export takes more than one page
	seen, sizes := map[int64]bool{}, []int{}
	for req := (op.ActivityList{List: op.List{Limit: 300}}); ; {
		page, err := a.List(owner(t), req)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page.Items))
		for _, e := range page.Items {
			seen[e.ID] = true
		}
		if req.Cursor = page.Next; req.Cursor == "" {
			break
		}
	}
	s, err := a.Export(owner(t), op.ActivityFilter{})
	if err != nil || s.Size != -1 || s.Live {
		t.Fatal(s, err)
	}
	var out bytes.Buffer
	if err := s.Write(&out); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(out.Bytes(), []byte("\n")); n != all || len(seen) != all {
		t.Errorf("the pages have %d entries (%v), the export %d, want %d", len(seen), sizes, n, all)
	}
	for _, req := range []op.ActivityList{{List: op.List{Limit: 1001}}, {List: op.List{Limit: -1}}, {List: op.List{Cursor: "x"}}, {List: op.List{Cursor: "0"}}} {
		if _, err := a.List(owner(t), req); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v: %v", req.List, err)
		}
	}
	for _, req := range []op.ActivityTail{{Limit: -1}, {Limit: 1001}, {After: "x"}, {ActivityFilter: op.ActivityFilter{Actor: "x"}}} {
		if _, err := a.Tail(owner(t), req); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+v: %v", req, err)
		}
	}
}
