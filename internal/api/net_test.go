package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/egress"
	"fazt/internal/egress/rules"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
	"fazt/internal/server"
	"fazt/internal/system"
)

// nowhere resolves every name to this machine, which no call may reach.
func nowhere(c *server.Config) {
	c.Lookup = func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
}

// attempt makes a call for an app that is refused or fails.
func attempt(t *testing.T, i *fazttest.Instance, appID string, c egress.Call) string {
	t.Helper()
	resp, err := i.Gate.Begin(appID, "req_test").Do(t.Context(), c)
	if err == nil {
		resp.Body.Close()
		t.Fatalf("%s succeeded", c.URL)
	}
	return errs.Code(err)
}

func allow(t *testing.T, c *client.Client, req op.NetGrant) op.NetAllowed {
	t.Helper()
	e, err := client.Call(t.Context(), c, op.NetAllow, req)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func netLog(t *testing.T, c *client.Client, f op.NetFilter) []op.NetAttempt {
	t.Helper()
	page, err := client.Call(t.Context(), c, op.NetLogs, op.NetLogPage{NetFilter: f})
	if err != nil {
		t.Fatal(err)
	}
	return page.Items
}

// The predecessor never logged failures, refusals and timeouts.
func TestRefusedAndFailedCallsAreLogged(t *testing.T) {
	i := fazttest.New(t, nowhere)
	app := i.Deploy("app", site).App.ID
	if code := attempt(t, i, app, egress.Call{URL: "https://api.example.com/v1?token=abc"}); code != "NET_BLOCKED" {
		t.Error(code)
	}
	e := allow(t, i.Client, op.NetGrant{Domain: "api.example.com", App: "app"})
	if code := attempt(t, i, app, egress.Call{URL: "https://api.example.com/v1?token=abc"}); code != "NET_BLOCKED" { // it leads to this machine
		t.Error(code)
	}
	list := netLog(t, i.Client, op.NetFilter{App: "app", Errors: true, Since: "1h"})
	if len(list) != 2 || list[0].EntryID != e.ID || list[1].EntryID != "" || list[0].App != "app" || list[0].Path != "/v1" || list[0].RequestID != "req_test" || !strings.Contains(list[0].Reason, "127.0.0.1") {
		t.Errorf("%+v", list)
	}
	s, err := client.Call(t.Context(), i.Client, op.NetStats, op.NetFilter{Domain: "api.example.com"})
	if err != nil || s.Total.Calls != 2 || s.Total.Errors != 2 || len(s.Domains) != 1 || s.Domains[0].App != "app" {
		t.Errorf("%+v %v", s, err)
	}
}

func TestAnEntryTakesEffectAtOnceAndSoDoesItsRemoval(t *testing.T) {
	i := fazttest.New(t, nowhere)
	app := i.Deploy("app", site).App.ID
	explain := func() op.NetVerdict {
		t.Helper()
		v, err := client.Call(t.Context(), i.Client, op.NetTest, op.NetCall{URL: "http://nas.example.com/", App: "app"})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := explain(); v.Allowed || v.Entry != nil || v.Code != "NET_BLOCKED" {
		t.Errorf("%+v", v)
	}
	allow(t, i.Client, op.NetGrant{Domain: "*.example.com"})
	allow(t, i.Client, op.NetGrant{Domain: "nas.example.com", App: app, HTTP: true, Private: []string{"192.168.1.5", "10.0.0.0/24"}})
	if v := explain(); v.Entry == nil || v.Entry.AppID != app || v.App != "app" || len(v.Warnings) != 2 || v.Entry.Private[0].String() != "192.168.1.5/32" {
		t.Errorf("%+v", v)
	}
	if _, err := client.Call(t.Context(), i.Client, op.NetRemove, op.NetRef{Domain: "NAS.example.com", App: "app"}); err != nil {
		t.Fatal(err)
	}
	if v := explain(); v.Allowed || v.Entry == nil || v.Entry.Domain != "*.example.com" || v.App != "" {
		t.Errorf("%+v", v)
	}
	// Removing the app removes its entries.
	allow(t, i.Client, op.NetGrant{Domain: "nas.example.com", App: app})
	if _, err := client.Call(t.Context(), i.Client, op.AppRemove, op.AppRef{App: "app"}); err != nil {
		t.Fatal(err)
	}
	if list := i.Net.Entries(); len(list) != 1 {
		t.Errorf("%+v", list)
	}
}

func TestAKeyForOneAppSeesNothingOfOtherApps(t *testing.T) {
	s := secure(t)
	other := s.App(t, "other")
	for _, app := range []string{"", "app", "other"} {
		allow(t, s.Client, op.NetGrant{Domain: "api.example.com", App: app})
		_, err := client.Call(t.Context(), s.Client, op.SecretSet, op.SecretGrant{Secret: "KEY", Domain: "api.example.com", App: app, Value: "topsecret-0123"})
		if err != nil {
			t.Fatal(err)
		}
	}
	attempt(t, s.Instance, s.app, egress.Call{URL: "https://mine.example.com/"})
	attempt(t, s.Instance, other, egress.Call{URL: "https://others.example.com/"})
	key := func(who string) *client.Client { return as(t, s.Instance, s.tokens[who]) }
	ctx := t.Context()

	entries, err := client.Call(ctx, key("deploy:app"), op.NetList, op.NetOf{App: "app"})
	if err != nil || len(entries) != 2 || entries[0].App != "" || entries[1].App != "app" {
		t.Errorf("%+v %v", entries, err)
	}
	secrets, err := client.Call(ctx, key("deploy:app"), op.SecretList, op.NetOf{App: "app"})
	if err != nil || len(secrets) != 2 {
		t.Errorf("%+v %v", secrets, err)
	}
	if list := netLog(t, key("logs:app"), op.NetFilter{}); len(list) != 1 || list[0].Host != "mine.example.com" {
		t.Errorf("%+v", list)
	}
	sums, err := client.Call(ctx, key("logs:app"), op.NetStats, op.NetFilter{})
	if err != nil || sums.Total.Calls != 1 {
		t.Errorf("%+v %v", sums, err)
	}
	for what, err := range map[string]error{
		"the entries of another app": second(client.Call(ctx, key("deploy:app"), op.NetList, op.NetOf{App: "other"})),
		"all entries":                second(client.Call(ctx, key("deploy:app"), op.NetList, op.NetOf{})),
		"the entry of another app":   second(client.Call(ctx, key("deploy:app"), op.NetGet, op.NetRef{Domain: "api.example.com", App: "other"})),
		"all secrets":                second(client.Call(ctx, key("deploy:app"), op.SecretList, op.NetOf{})),
		"the log of another app":     second(client.Call(ctx, key("logs:app"), op.NetLogs, op.NetLogPage{NetFilter: op.NetFilter{App: "other"}})),
		"the log of no app":          second(client.Call(ctx, key("logs:app"), op.NetLogs, op.NetLogPage{NetFilter: op.NetFilter{App: "none"}})),
		"the figures of another app": second(client.Call(ctx, key("logs:app"), op.NetStats, op.NetFilter{App: "other"})),
		"following another app":      second(client.Call(ctx, key("logs:app"), op.NetLogsFollow, op.NetTail{NetFilter: op.NetFilter{App: "other"}})),
		"allowing":                   second(client.Call(ctx, key("deploy:app"), op.NetAllow, op.NetGrant{Domain: "a.example.com", App: "app"})),
		"a secret":                   second(client.Call(ctx, key("deploy:app"), op.SecretSet, op.SecretGrant{Secret: "KEY", Domain: "evil.example.com", App: "app", Value: "0123456789"})),
	} {
		if !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// App is the id of an app.
func (s secured) App(t *testing.T, name string) string {
	t.Helper()
	app, err := client.Call(t.Context(), s.Client, op.AppGet, op.AppRef{App: name})
	if err != nil {
		t.Fatal(err)
	}
	return app.ID
}

func TestAttemptsAreFollowedLive(t *testing.T) {
	i := fazttest.New(t, nowhere)
	app := i.Deploy("app", site).App.ID
	attempt(t, i, app, egress.Call{URL: "https://one.example.com/"})
	for name, c := range transports(t, i) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		stream, err := client.Call(ctx, c, op.NetLogsFollow, op.NetTail{NetFilter: op.NetFilter{App: "app", Domain: "*.example.com"}, Limit: 1})
		if err != nil {
			t.Fatal(name, err)
		}
		lines := bufio.NewScanner(stream.Body)
		next := func() (a op.NetAttempt) {
			t.Helper()
			for lines.Scan() {
				if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
					if err := json.Unmarshal([]byte(data), &a); err != nil {
						t.Fatal(err)
					}
					return a
				}
			}
			t.Fatalf("%s: the stream ended: %v", name, lines.Err())
			return a
		}
		first := next()
		attempt(t, i, app, egress.Call{URL: "https://elsewhere.example/"})
		attempt(t, i, app, egress.Call{URL: "https://two.example.com/"})
		if a := next(); a.Host != "two.example.com" || a.ID <= first.ID || a.App != "app" {
			t.Errorf("%s: %+v", name, a)
		}
		cancel()
		stream.Body.Close()
	}
}

func TestTheLogOfAnAppHasALimit(t *testing.T) {
	i := fazttest.New(t, nowhere, fazttest.Limit(func(l *system.Limits) { l.Net.LogRows = 3; l.Net.MaxCalls = 100 }))
	app := i.Deploy("app", site).App.ID
	for range 10 {
		attempt(t, i, app, egress.Call{URL: "https://api.example.com/"})
	}
	if list := netLog(t, i.Client, op.NetFilter{}); len(list) != 3 {
		t.Errorf("%d attempts are kept", len(list))
	}
}

// The value of a secret is not in any response, log or table, and survives a restart if its key does.
func TestASecretIsShownNowhereAndSurvivesARestart(t *testing.T) {
	const value = "topsecret-0123"
	path := filepath.Join(t.TempDir(), "data.db")
	i := fazttest.New(t, fazttest.At(path), nowhere)
	app := i.Deploy("app", site).App.ID
	set, err := client.Call(t.Context(), i.Client, op.SecretSet, op.SecretGrant{Secret: "KEY", Domain: "api.example.com", Value: value})
	if err != nil || set.Replaced || set.As != "bearer" || set.LastUsed != nil {
		t.Fatalf("%+v %v", set, err)
	}
	_, err = client.Call(t.Context(), i.Client, op.SecretRotate, op.SecretValue{Secret: "KEY", Value: "short"})
	if !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
	everything := func(text ...any) {
		t.Helper()
		data, err := json.Marshal(text)
		if err != nil || strings.Contains(string(data), value) {
			t.Errorf("the value is in %s, %v", data, err)
		}
	}
	list, err := client.Call(t.Context(), i.Client, op.SecretList, op.NetOf{})
	if err != nil || len(list) != 1 || list[0].Fault != "" {
		t.Fatalf("%+v %v", list, err)
	}
	entries, err := client.Call(t.Context(), i.Client, op.LogList, op.ActivityList{ActivityFilter: op.ActivityFilter{Action: "secret"}})
	if err != nil || len(entries.Items) != 2 || entries.Items[1].Resource != "KEY" || !strings.Contains(string(entries.Items[1].Details), "api.example.com") {
		t.Fatalf("%+v %v", entries, err)
	}
	everything(set, list, entries)
	i.Stop()

	again := fazttest.New(t, fazttest.At(path), nowhere)
	if s, ok := again.Net.Policy().Secret(app, "KEY"); !ok || s.Value != value {
		t.Errorf("the value is %q", s.Value)
	}
	again.Stop()
	for _, file := range []string{path, path + "-wal"} {
		if data, _ := os.ReadFile(file); strings.Contains(string(data), value) {
			t.Errorf("%s has the value", file)
		}
	}

	// A copy of the database without the key runs but reveals nothing.
	if err := os.Rename(rules.KeyFile(path), filepath.Join(t.TempDir(), "kept")); err != nil {
		t.Fatal(err)
	}
	alone := fazttest.New(t, fazttest.At(path), nowhere)
	if s, ok := alone.Net.Policy().Secret(app, "KEY"); !ok || s.Value != "" {
		t.Errorf("%+v %v", s, ok)
	}
	h, err := client.Call(t.Context(), alone.Client, op.SystemHealth, op.None{})
	if err != nil || !strings.Contains(strings.Join(h.Problems, "; "), "the secrets KEY cannot be used: `fazt secret list` says why") {
		t.Errorf("%+v %v", h.Problems, err)
	}
	allow(t, alone.Client, op.NetGrant{Domain: "api.example.com"})
	if code := attempt(t, alone, app, egress.Call{URL: "https://api.example.com/", Auth: "KEY"}); code != "NET_AUTH" {
		t.Errorf("a secret without its value: %s", code)
	}
}

func TestADeployReportsWhatItsManifestAsksForAndGrantsNothing(t *testing.T) {
	i := fazttest.New(t)
	asks := "-- index.html --\nhello\n-- fazt.json --\n" + `{"net": ["API.example.com", "*.example.org"], "secrets": ["KEY"]}` + "\n"
	done := i.Deploy("app", asks)
	if len(done.Needs) != 3 || done.Needs[0] != (op.Need{Kind: "net", Name: "api.example.com"}) || done.Needs[2] != (op.Need{Kind: "secret", Name: "KEY"}) {
		t.Errorf("%+v", done.Needs)
	}
	if len(i.Net.Entries()) != 0 {
		t.Error("a deploy granted something")
	}
	allow(t, i.Client, op.NetGrant{Domain: "*.example.org", App: "app"})
	app, err := client.Call(t.Context(), i.Client, op.AppGet, op.AppRef{App: "app"})
	if err != nil || len(app.Needs) != 2 {
		t.Errorf("%+v %v", app.Needs, err)
	}
	_, err = i.TryDeploy("app", strings.Replace(asks, "API.example.com", "10.0.0.1", 1))
	if !errs.Is(err, errs.Unprocessable) || !strings.Contains(errs.Sentence(err), `fazt.json: net: "10.0.0.1" cannot be allowed`) {
		t.Error(err)
	}
}
