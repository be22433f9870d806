package key

import (
	"context"
	"slices"
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
)

// open returns the operations, and the id of an app named blog.
func open(t *testing.T) (a *API, db *database.DB, blog string) {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	store := apps.New(db)
	err = db.Write(t.Context(), func(tx *database.Tx) error {
		app, err := store.EnsureTx(tx, "blog", "")
		blog = app.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return &API{Keys: auth.NewKeys(db), Apps: store}, db, blog
}

func owner(ctx context.Context) context.Context {
	return auth.With(ctx, auth.Principal{Kind: auth.Owner, Name: "owner"})
}

func TestAKeyIsMadeAndItsTokenShownOnce(t *testing.T) {
	t.Parallel()
	a, _, blog := open(t)
	d := call.NewDraft(activity.Entry{})
	ctx := d.With(owner(t.Context()))
	expires := time.Now().Add(time.Hour)
	made, err := a.Create(ctx, op.KeyNew{Name: "laptop", Scopes: []string{"deploy:blog", "logs", "data:" + blog}, ExpiresAt: &expires})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"deploy:blog", "logs", "data:blog"}; !slices.Equal(made.Scopes, want) || made.Name != "laptop" || made.ExpiresAt == nil || made.MadeBy != "" {
		t.Errorf("%+v", made)
	}
	p, err := a.Keys.Check(t.Context(), made.Token)
	if err != nil || p.Name != "laptop" || !p.Has(auth.ScopeDeploy, blog) || p.Has(auth.ScopeDeploy, "app_other") {
		t.Errorf("%+v %v", p, err)
	}
	entry, _ := d.Finish()
	if entry.Resource != "laptop" || strings.Contains(string(entry.Details), made.Token) || !strings.Contains(string(entry.Details), made.ID) {
		t.Errorf("the log has %+v", entry)
	}
	page, err := a.List(ctx, op.List{})
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != made.ID || page.Items[0].Prefix == "" || page.Next != "" {
		t.Errorf("%+v %v", page, err)
	}
}

func TestWhichKeysCannotBeMade(t *testing.T) {
	t.Parallel()
	a, _, _ := open(t)
	past := time.Now().Add(-time.Second)
	if _, err := a.Create(owner(t.Context()), op.KeyNew{Name: "taken", Scopes: []string{"read"}}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		req  op.KeyNew
		kind errs.Kind
		want string
	}{
		"no scope":         {op.KeyNew{Name: "k"}, errs.Invalid, "a key needs at least one scope"},
		"an unknown scope": {op.KeyNew{Name: "k", Scopes: []string{"read", "write"}}, errs.Invalid, `"write" is not a scope: unknown name`},
		"no app":           {op.KeyNew{Name: "k", Scopes: []string{"deploy:"}}, errs.Invalid, "the app name is missing"},
		"an unknown app":   {op.KeyNew{Name: "k", Scopes: []string{"deploy:shop"}}, errs.NotFound, `the scope deploy:shop is for an app, but there is no app named "shop"; deploy it first`},
		"read of an app":   {op.KeyNew{Name: "k", Scopes: []string{"read:blog"}}, errs.Invalid, "read is for the whole instance"},
		"all data":         {op.KeyNew{Name: "k", Scopes: []string{"data"}}, errs.Invalid, "it needs an app"},
		"no name":          {op.KeyNew{Scopes: []string{"read"}}, errs.Invalid, "the key name is missing"},
		"a taken name":     {op.KeyNew{Name: "taken", Scopes: []string{"read"}}, errs.Conflict, "already exists"},
		"in the past":      {op.KeyNew{Name: "k", Scopes: []string{"read"}, ExpiresAt: &past}, errs.Invalid, "the expiry is in the past"},
	} {
		if made, err := a.Create(owner(t.Context()), tt.req); !errs.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) || made.Token != "" {
			t.Errorf("%s: %+v %v", name, made, err)
		}
	}
	if page, err := a.List(t.Context(), op.List{}); err != nil || len(page.Items) != 1 {
		t.Errorf("%d keys, %v", len(page.Items), err)
	}
}

// A scope belongs to the app that it named, whatever that app or another is called later.
func TestTheScopesOfAKeyFollowTheirApp(t *testing.T) {
	t.Parallel()
	a, db, blog := open(t)
	made, err := a.Create(owner(t.Context()), op.KeyNew{Name: "ci", Scopes: []string{"deploy:blog"}})
	if err != nil {
		t.Fatal(err)
	}
	scopes := func() string {
		t.Helper()
		page, err := a.List(t.Context(), op.List{})
		if err != nil || len(page.Items) != 1 {
			t.Fatal(page, err)
		}
		return strings.Join(page.Items[0].Scopes, " ")
	}
	if err := db.Write(t.Context(), func(tx *database.Tx) error { _, err := a.Apps.RenameTx(tx, "blog", "journal", nil); return err }); err != nil {
		t.Fatal(err)
	}
	if got := scopes(); got != "deploy:journal" {
		t.Errorf("after a rename: %s", got)
	}
	if _, err := a.Apps.Remove(t.Context(), "journal"); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), func(tx *database.Tx) error { _, err := a.Apps.EnsureTx(tx, "blog", ""); return err }); err != nil {
		t.Fatal(err)
	}
	if got := scopes(); got != "deploy:"+blog {
		t.Errorf("after the app was removed, and another took its name: %s", got)
	}
	if gone, err := a.Revoke(t.Context(), op.KeyRef{Key: "ci"}); err != nil || gone.RevokedAt == nil || gone.ID != made.ID {
		t.Errorf("%+v %v", gone, err)
	}
	if _, err := a.Keys.Check(t.Context(), made.Token); !errs.Is(err, errs.Unauthorized) {
		t.Errorf("a revoked key: %v", err)
	}
	if _, err := a.Revoke(t.Context(), op.KeyRef{Key: "ci"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("a second time: %v", err)
	}
}

func TestKeysAreListedByPages(t *testing.T) {
	t.Parallel()
	a, _, _ := open(t)
	for _, name := range []string{"one", "two", "three"} {
		if _, err := a.Create(owner(t.Context()), op.KeyNew{Name: name, Scopes: []string{"read"}}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for req := (op.List{Limit: 2}); ; {
		page, err := a.List(t.Context(), req)
		if err != nil || len(page.Items) > 2 {
			t.Fatal(page, err)
		}
		for _, k := range page.Items {
			names = append(names, k.Name)
		}
		if req.Cursor = page.Next; req.Cursor == "" {
			break
		}
	}
	if slices.Sort(names); !slices.Equal(names, []string{"one", "three", "two"}) {
		t.Errorf("%v", names)
	}
	for _, limit := range []int{-1, 1001} {
		if _, err := a.List(t.Context(), op.List{Limit: limit}); !errs.Is(err, errs.Invalid) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

// The version is for those who may know it: it tells an attacker what to try.
func TestCallersLearnWhoTheyAre(t *testing.T) {
	t.Parallel()
	a, _, blog := open(t)
	for name, tt := range map[string]struct {
		p       auth.Principal
		scopes  []string
		version bool
	}{
		"a stranger": {auth.Principal{Name: "x", Scopes: []auth.Scope{{Verb: auth.ScopeAdmin}}}, []string{}, false},
		"the owner":  {auth.Principal{Kind: auth.Owner, Name: "x"}, []string{}, true},
		"a key":      {auth.Principal{Kind: auth.Key, Name: "x", Scopes: []auth.Scope{{Verb: auth.ScopeLogs, App: blog}, {Verb: auth.ScopeRead}}}, []string{"logs:blog", "read"}, true},
	} {
		got, err := (&Caller{a.Apps}).Get(auth.With(t.Context(), tt.p), op.None{})
		if err != nil || got.Kind != tt.p.Kind.String() || got.Name != "x" || !slices.Equal(got.Scopes, tt.scopes) || (got.Version != "") != tt.version {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}
