package call_test

import (
	"context"
	"strings"
	"testing"

	"fazt/internal/activity"
	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/auth"
	"fazt/internal/errs"
)

const own, other = "app_own", "app_other"

func key(scopes ...auth.Scope) auth.Principal {
	return auth.Principal{Kind: auth.Key, Name: "ci", Scopes: scopes}
}

func TestAScopeAllowsOnlyItsOperations(t *testing.T) {
	callers := map[string]auth.Principal{
		"owner": {Kind: auth.Owner}, "nobody": {}, "no scope": key(),
		"admin": key(auth.Scope{Verb: auth.ScopeAdmin}), "read": key(auth.Scope{Verb: auth.ScopeRead}), "metrics": key(auth.Scope{Verb: auth.ScopeMetrics}),
		"deploy": key(auth.Scope{Verb: auth.ScopeDeploy}), "deploy:own": key(auth.Scope{Verb: auth.ScopeDeploy, App: own}),
		"logs": key(auth.Scope{Verb: auth.ScopeLogs}), "logs:own": key(auth.Scope{Verb: auth.ScopeLogs, App: own}),
		"data:own": key(auth.Scope{Verb: auth.ScopeData, App: own}),
		// Only keys have scopes; those of any other principal do not count.
		"stranger with scopes": {Scopes: []auth.Scope{{Verb: auth.ScopeAdmin}}},
	}
	for _, tt := range []struct {
		access op.Access
		app    string
		want   string // callers, in any order
	}{
		{op.Nobody, own, ""},
		{op.Nobody, "", ""},
		{op.Owner, "", "owner"},
		{op.Admin, "", "owner admin"},
		{op.Admin, own, "owner admin"},
		{op.Deploy, own, "owner admin deploy deploy:own"},
		{op.Deploy, other, "owner admin deploy"},
		{op.Deploy, "", "owner admin deploy"},
		{op.Deploy, call.AnyApp, "owner admin deploy deploy:own"},
		{op.Read, own, "owner admin read deploy deploy:own"},
		{op.Read, other, "owner admin read deploy"},
		{op.Read, "", "owner admin read"},
		{op.Logs, own, "owner admin logs logs:own"},
		{op.Logs, other, "owner admin logs"},
		{op.Logs, "", "owner admin logs"},
		{op.Logs, call.AnyApp, "owner admin logs logs:own"},
		{op.Data, own, "owner admin data:own"},
		{op.Data, other, "owner admin"},
		{op.Data, "", "owner admin"},
		{op.Metrics, "", "owner admin metrics"},
		{op.Anyone, "", "owner nobody no scope admin read metrics deploy deploy:own logs logs:own data:own stranger with scopes"},
	} {
		for name, p := range callers {
			err := call.Allow(tt.access, p, tt.app)
			if want := strings.Contains(" "+tt.want+" ", " "+name+" "); want != (err == nil) {
				t.Errorf("%s on %q for %s: %v", tt.access, tt.app, name, err)
			}
			if err != nil && (!call.IsDenial(err) || (p.Kind == auth.Anonymous) != errs.Is(err, errs.Unauthorized)) {
				t.Errorf("%s for %s is refused as %v", tt.access, name, errs.KindOf(err))
			}
		}
	}
}

func TestARefusalNamesTheScopeThatIsMissing(t *testing.T) {
	for access, want := range map[op.Access]string{
		op.Admin:   `the key "ci" does not allow this; it needs the scope admin`,
		op.Deploy:  `the key "ci" does not allow this; it needs the scope deploy, or deploy:APP for the app in question`,
		op.Read:    `the key "ci" does not allow this; it needs the scope read`,
		op.Logs:    `the key "ci" does not allow this; it needs the scope logs, or logs:APP for the app in question`,
		op.Data:    `the key "ci" does not allow this; it needs the scope data:APP for the app in question`,
		op.Metrics: `the key "ci" does not allow this; it needs the scope metrics`,
		op.Owner:   "only the owner may do this, with fazt on the machine itself; no key allows it",
		op.Nobody:  "only the owner may do this, with fazt on the machine itself; no key allows it",
	} {
		if err := call.Allow(access, key(), own); err == nil || err.Error() != want {
			t.Errorf("%s: %v", access, err)
		}
	}
}

func TestOnlyRefusalsOfCallersAreDenials(t *testing.T) {
	for _, kind := range errs.Kinds() {
		if got := call.IsDenial(errs.New(kind, "x")); got != (kind == errs.Unauthorized || kind == errs.Forbidden) {
			t.Errorf("%v: %v", kind, got)
		}
	}
	if call.IsDenial(nil) {
		t.Error("a success is a denial")
	}
}

func TestPageSize(t *testing.T) {
	for limit, want := range map[int]int{0: 100, 1: 1, 1000: 1000, -1: 0, 1001: 0} {
		got, err := call.PageSize(limit)
		if got != want || (want == 0) != errs.Is(err, errs.Invalid) {
			t.Errorf("%d: %d %v", limit, got, err)
		}
	}
}

func TestEventIDs(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "9223372036854775807": 1<<63 - 1, "": 0, "0": 0, "-1": 0, "9223372036854775808": 0, "1 ": 0, "0x1": 0, "a": 0} {
		got, err := call.EventID(text, "id")
		if got != want || (want == 0) != errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %d %v", text, got, err)
		}
	}
}

func TestAnOperationAddsToItsEntry(t *testing.T) {
	d := call.NewDraft(activity.Entry{Action: "app.remove", Resource: "typed"})
	ctx := d.With(context.Background())
	if _, begun := d.Finish(); begun {
		t.Error("it has not begun")
	}
	call.Begun(ctx)
	call.About(ctx, "", "")
	if e, begun := d.Finish(); !begun || e.Resource != "typed" || e.AppID != "" || e.Details != nil {
		t.Errorf("%+v %v", e, begun)
	}
	call.About(ctx, "blog", own)
	call.Detail(ctx, "keys", 3)
	if e, _ := d.Finish(); e.Resource != "blog" || e.AppID != own || string(e.Details) != `{"keys":3}` || e.Action != "app.remove" {
		t.Errorf("%+v", e)
	}
	call.Begun(context.Background()) // without a draft nothing is recorded, and nothing fails
	call.Detail(context.Background(), "a", 1)
}
