package env

import (
	"context"
	"fmt"
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

// open returns the operations on an instance with the apps blog and shop.
func open(t *testing.T) *API {
	t.Helper()
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	a := &API{Apps: apps.New(db)}
	for _, name := range []string{"blog", "shop"} {
		if err := db.Write(t.Context(), func(tx *database.Tx) error { _, err := a.Apps.EnsureTx(tx, name, ""); return err }); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// text returns variables as name=length.
func text(list []op.EnvVariable) string {
	var parts []string
	for _, v := range list {
		parts = append(parts, fmt.Sprintf("%s=%d", v.Name, v.Length))
	}
	return strings.Join(parts, " ")
}

func TestVariablesAreSetAndRemovedTogether(t *testing.T) {
	t.Parallel()
	a := open(t)
	d := call.NewDraft(activity.Entry{})
	ctx := d.With(t.Context())
	got, err := a.Set(ctx, op.EnvValues{App: "blog", Values: map[string]string{"B": "secret-value", "A": "", "_c1": "ü"}})
	if err != nil || text(got) != "A=0 B=12 _c1=2" || got[0].UpdatedAt.IsZero() {
		t.Fatalf("%+v %v", got, err)
	}
	if entry, _ := d.Finish(); string(entry.Details) != `{"names":["A","B","_c1"]}` {
		t.Errorf("the log has %s", entry.Details)
	}
	if got, err := a.Set(ctx, op.EnvValues{App: "blog", Values: map[string]string{"B": "other"}}); err != nil || text(got) != "A=0 B=5 _c1=2" {
		t.Errorf("%s %v", text(got), err)
	}
	for name, tt := range map[string]struct {
		values map[string]string
		kind   errs.Kind
	}{
		"none": {nil, errs.Invalid}, "a bad name": {map[string]string{"D": "1", "1D": "1"}, errs.Invalid}, "an empty name": {map[string]string{"": "1"}, errs.Invalid}, "a NUL": {map[string]string{"D": "a\x00"}, errs.Invalid},
		"a long name": {map[string]string{strings.Repeat("N", 129): "1"}, errs.Invalid}, "a long value": {map[string]string{"D": strings.Repeat("v", 64<<10+1)}, errs.TooLarge},
	} {
		if got, err := a.Set(ctx, op.EnvValues{App: "blog", Values: tt.values}); !errs.Is(err, tt.kind) || got != nil || strings.Contains(err.Error(), "secret-value") {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	if got, err := a.Unset(ctx, op.EnvNames{App: "blog", Names: []string{"A", "MISSING"}}); !errs.Is(err, errs.NotFound) || got != nil {
		t.Errorf("one of two is missing: %v %v", got, err)
	}
	if _, err := a.Unset(ctx, op.EnvNames{App: "blog"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("none: %v", err)
	}
	if page, err := a.List(ctx, op.AppPage{App: "blog"}); err != nil || text(page.Items) != "A=0 B=5 _c1=2" || page.Next != "" {
		t.Errorf("what was refused changed something: %s %v", text(page.Items), err)
	}
	if got, err := a.Unset(ctx, op.EnvNames{App: "blog", Names: []string{"_c1", "A"}}); err != nil || text(got) != "B=5" {
		t.Errorf("%s %v", text(got), err)
	}
	if page, err := a.List(ctx, op.AppPage{App: "shop"}); err != nil || page.Items == nil || len(page.Items) != 0 {
		t.Errorf("another app has %v, %v", page.Items, err)
	}
}

func TestTheLimitsOfAnEnvironment(t *testing.T) {
	t.Parallel()
	a := open(t)
	many := func(from, to int) map[string]string {
		values := map[string]string{}
		for i := from; i < to; i++ {
			values[fmt.Sprintf("V%03d", i)] = "1"
		}
		return values
	}
	if _, err := a.Set(t.Context(), op.EnvValues{App: "blog", Values: map[string]string{strings.Repeat("N", 128): strings.Repeat("v", 64<<10)}}); err != nil {
		t.Errorf("the longest name and value: %v", err)
	}
	if _, err := a.Set(t.Context(), op.EnvValues{App: "blog", Values: many(0, 255)}); err != nil {
		t.Errorf("256 variables: %v", err)
	}
	if _, err := a.Set(t.Context(), op.EnvValues{App: "blog", Values: many(255, 256)}); !errs.Is(err, errs.TooLarge) {
		t.Errorf("257 variables: %v", err)
	}
	if _, err := a.Set(t.Context(), op.EnvValues{App: "blog", Values: many(0, 5)}); err != nil {
		t.Errorf("new values of variables that are there: %v", err)
	}
	for _, limit := range []int{1, 100, 255, 256, 1000} {
		n := 0
		for req := (op.AppPage{App: "blog", List: op.List{Limit: limit}}); ; {
			page, err := a.List(t.Context(), req)
			if err != nil || len(page.Items) > limit {
				t.Fatal(len(page.Items), err)
			}
			n += len(page.Items)
			if req.Cursor = page.Next; req.Cursor == "" {
				break
			}
		}
		if n != 256 {
			t.Errorf("%d at a time: %d variables", limit, n)
		}
	}
}

func TestAnUnknownAppHasNoVariables(t *testing.T) {
	t.Parallel()
	a := open(t)
	for name, run := range map[string]func(ctx context.Context) error{
		"list": func(ctx context.Context) error { _, err := a.List(ctx, op.AppPage{App: "none"}); return err },
		"set": func(ctx context.Context) error {
			_, err := a.Set(ctx, op.EnvValues{App: "none", Values: map[string]string{"A": "1"}})
			return err
		},
		"unset": func(ctx context.Context) error {
			_, err := a.Unset(ctx, op.EnvNames{App: "none", Names: []string{"A"}})
			return err
		},
	} {
		if err := run(t.Context()); !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, limit := range []int{-1, 1001} {
		if _, err := a.List(t.Context(), op.AppPage{App: "blog", List: op.List{Limit: limit}}); !errs.Is(err, errs.Invalid) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}
