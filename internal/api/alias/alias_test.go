package alias

import (
	"slices"
	"strings"
	"testing"

	"fazt/internal/activity"
	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
)

// open returns the operations on the instance example.com with the apps blog and shop, each under its own name.
func open(t *testing.T) *API {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	a := &API{Apps: apps.New(db), Domain: "example.com", URL: func(label string) string { return "https://" + label + ".example.com" }}
	for _, name := range []string{"blog", "shop"} {
		if err := db.Write(t.Context(), func(tx *database.Tx) error { _, err := a.Apps.EnsureTx(tx, name, ""); return err }); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// leads returns where an alias leads, in words.
func leads(t *testing.T, a *API, name string) string {
	t.Helper()
	got, err := a.Get(t.Context(), op.AliasRef{Alias: name})
	if err != nil {
		return errs.Code(err)
	}
	return got.Leads()
}

func TestWhereAnAliasCanLead(t *testing.T) {
	t.Parallel()
	a := open(t)
	for _, tt := range []struct {
		to   op.AliasTarget
		want string
	}{
		{op.AliasTarget{App: "blog"}, "the app blog"},
		{op.AliasTarget{Redirect: "https://a.example"}, "https://a.example (301)"},
		{op.AliasTarget{Redirect: "https://a.example", Status: 308, KeepPath: true}, "https://a.example (308, with the path)"},
		{op.AliasTarget{Split: []op.Share{{App: "blog", Weight: 30}, {App: "shop", Weight: 70}}}, "a split, shop:70,blog:30"},
		{op.AliasTarget{Reserve: true}, "nothing (reserved)"},
	} {
		before, d := leads(t, a, "new"), call.NewDraft(activity.Entry{})
		tt.to.Alias = "new"
		got, err := a.Set(d.With(t.Context()), tt.to)
		if err != nil || got.Alias.Leads() != tt.want || got.Alias.Address != "https://new.example.com" || leads(t, a, "new") != tt.want {
			t.Errorf("%+v leads to %s, %v", tt.to, got.Alias.Leads(), err)
		}
		switch entry, _ := d.Finish(); {
		case (got.Before == nil) != (before == "NOT_FOUND"), got.Before != nil && got.Before.Leads() != before:
			t.Errorf("%+v was %+v before, want %s", tt.to, got.Before, before)
		case entry.Resource != "new" || !strings.Contains(string(entry.Details), `"to":`) || strings.Contains(string(entry.Details), `"from":`) != (got.Before != nil):
			t.Errorf("the log has %s", entry.Details)
		}
	}
}

func TestWhereAnAliasCannotLead(t *testing.T) {
	t.Parallel()
	a := open(t)
	share := func(app string, weight int) op.Share { return op.Share{App: app, Weight: weight} }
	for name, tt := range map[string]struct {
		to   op.AliasTarget
		kind errs.Kind
	}{
		"nowhere":              {op.AliasTarget{Alias: "new"}, errs.Invalid},
		"two ways":             {op.AliasTarget{Alias: "new", App: "blog", Reserve: true}, errs.Invalid},
		"an unknown app":       {op.AliasTarget{Alias: "new", App: "none"}, errs.NotFound},
		"no address":           {op.AliasTarget{Alias: "new", Redirect: "a.example"}, errs.Invalid},
		"another scheme":       {op.AliasTarget{Alias: "new", Redirect: "javascript:alert(1)"}, errs.Invalid},
		"another status":       {op.AliasTarget{Alias: "new", Redirect: "https://a.example", Status: 200}, errs.Invalid},
		"to itself":            {op.AliasTarget{Alias: "new", Redirect: "https://new.example.com/a"}, errs.Invalid},
		"a split of one":       {op.AliasTarget{Alias: "new", Split: []op.Share{share("blog", 100)}}, errs.Invalid},
		"a split of nothing":   {op.AliasTarget{Alias: "new", Split: []op.Share{}}, errs.Invalid},
		"a split over 100":     {op.AliasTarget{Alias: "new", Split: []op.Share{share("blog", 50), share("shop", 51)}}, errs.Invalid},
		"a split below 100":    {op.AliasTarget{Alias: "new", Split: []op.Share{share("blog", 50), share("shop", 49)}}, errs.Invalid},
		"a split with nothing": {op.AliasTarget{Alias: "new", Split: []op.Share{share("blog", 100), share("shop", 0)}}, errs.Invalid},
		"a split of one twice": {op.AliasTarget{Alias: "new", Split: []op.Share{share("blog", 50), share("blog", 50)}}, errs.Invalid},
		"a bad label":          {op.AliasTarget{Alias: "New_1", App: "blog"}, errs.Invalid},
		"a preview":            {op.AliasTarget{Alias: "1--blog", App: "blog"}, errs.Invalid},
	} {
		if got, err := a.Set(t.Context(), tt.to); !errs.Is(err, tt.kind) {
			t.Errorf("%s: %+v %v (%v)", name, got.Alias.Leads(), err, errs.KindOf(err))
		}
	}
	if got := leads(t, a, "new"); got != "NOT_FOUND" {
		t.Errorf("what was refused is stored: it leads to %s", got)
	}
}

func TestAnAppKeepsItsLastAddress(t *testing.T) {
	t.Parallel()
	a := open(t)
	if got, err := a.Get(t.Context(), op.AliasRef{Alias: "blog"}); err != nil || !slices.Equal(got.Only, []string{"blog"}) {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := a.Remove(t.Context(), op.AliasDrop{Alias: "blog"}); !errs.Is(err, errs.Conflict) || leads(t, a, "blog") != "the app blog" {
		t.Errorf("removed without force: %v", err)
	}
	if _, err := a.Set(t.Context(), op.AliasTarget{Alias: "blog", App: "shop"}); !errs.Is(err, errs.Conflict) || leads(t, a, "blog") != "the app blog" {
		t.Errorf("changed without force: %v", err)
	}
	ch, err := a.Set(t.Context(), op.AliasTarget{Alias: "blog", App: "shop", Force: true})
	if err != nil || !slices.Equal(ch.Unreachable, []string{"blog"}) {
		t.Errorf("%+v %v", ch, err)
	}
	gone, err := a.Remove(t.Context(), op.AliasDrop{Alias: "blog"}) // shop has another
	if err != nil || gone.Name != "blog" || len(gone.Unreachable) != 0 || leads(t, a, "blog") != "NOT_FOUND" {
		t.Errorf("%+v %v", gone, err)
	}
	if _, err := a.Remove(t.Context(), op.AliasDrop{Alias: "blog"}); !errs.Is(err, errs.NotFound) {
		t.Errorf("a second time: %v", err)
	}
}

func TestTwoAliasesChangePlaces(t *testing.T) {
	t.Parallel()
	a := open(t)
	if _, err := a.Set(t.Context(), op.AliasTarget{Alias: "away", Redirect: "https://a.example", Status: 307}); err != nil {
		t.Fatal(err)
	}
	got, err := a.Swap(t.Context(), op.AliasPair{Alias: "blog", With: "away"})
	if err != nil || len(got) != 2 || got[0].Name != "blog" || got[0].Leads() != "https://a.example (307)" || got[1].Name != "away" || got[1].Leads() != "the app blog" {
		t.Errorf("%+v %v", got, err)
	}
	if leads(t, a, "blog") != "https://a.example (307)" || leads(t, a, "away") != "the app blog" {
		t.Error("they did not change places")
	}
	for _, pair := range []op.AliasPair{{Alias: "blog", With: "none"}, {Alias: "none", With: "blog"}} {
		if _, err := a.Swap(t.Context(), pair); !errs.Is(err, errs.NotFound) {
			t.Errorf("%+v: %v", pair, err)
		}
	}
	if leads(t, a, "blog") != "https://a.example (307)" {
		t.Error("a swap that failed changed something")
	}
}

func TestAliasesAreListedByPages(t *testing.T) {
	t.Parallel()
	a := open(t)
	if _, err := a.Set(t.Context(), op.AliasTarget{Alias: "both", Split: []op.Share{{App: "blog", Weight: 50}, {App: "shop", Weight: 50}}}); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{1, 2, 3, 1000} {
		var names []string
		for req := (op.List{Limit: limit}); ; {
			page, err := a.List(t.Context(), req)
			if err != nil || len(page.Items) > limit {
				t.Fatal(page, err)
			}
			for _, item := range page.Items {
				if names = append(names, item.Name); (item.Name == "both") != (len(item.Targets) == 2) {
					t.Errorf("%s has %d targets", item.Name, len(item.Targets))
				}
			}
			if req.Cursor = page.Next; req.Cursor == "" {
				break
			}
		}
		if !slices.Equal(names, []string{"blog", "both", "shop"}) {
			t.Errorf("%d at a time: %v", limit, names)
		}
	}
	for _, limit := range []int{-1, 1001} {
		if _, err := a.List(t.Context(), op.List{Limit: limit}); !errs.Is(err, errs.Invalid) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}
