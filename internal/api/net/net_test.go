package net_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"fazt/internal/activity"
	"fazt/internal/api/apitest"
	"fazt/internal/api/call"
	"fazt/internal/api/net"
	"fazt/internal/api/op"
	"fazt/internal/auth"
	"fazt/internal/egress"
	"fazt/internal/egress/cache"
	"fazt/internal/egress/netlog"
	"fazt/internal/egress/rules"
	"fazt/internal/errs"
)

// gate is a gate that explains what it was asked.
type gate struct {
	entry   *rules.Entry
	asked   string
	cleared []string
}

func (g *gate) Explain(_ context.Context, appID, method, address string) egress.Explanation {
	g.asked = appID + " " + method + " " + address
	return egress.Explanation{Allowed: true, Method: method, URL: address, Entry: g.entry, Addresses: []egress.Judgment{}}
}

func (g *gate) CacheStats() cache.Stats { return cache.Stats{Items: 3, Hits: int64(len(g.cleared))} }

func (g *gate) ClearCache(appID string) { g.cleared = append(g.cleared, appID) }

// instance is one with the apps blog and shop.
type instance struct {
	*apitest.Domains
	api        *net.API
	secrets    *net.Secrets
	gate       *gate
	blog, shop string // ids
}

func open(t *testing.T) *instance {
	t.Helper()
	i := &instance{Domains: apitest.New(t), gate: &gate{}}
	i.blog, i.shop = i.App("blog"), i.App("shop")
	i.api = &net.API{Apps: i.Apps, Net: i.Net, Log: i.NetLog, Gate: i.gate, Limits: i.Limits, Follows: call.Follows{Keys: auth.NewKeys(i.DB), Ending: make(chan struct{})}}
	i.secrets = &net.Secrets{Apps: i.Apps, Net: i.Net}
	return i
}

// granted allows api.example.com to every app and to each of the two, each with a secret.
func granted(t *testing.T) *instance {
	t.Helper()
	i := open(t)
	for _, app := range []string{"", "blog", "shop"} {
		if _, err := i.api.Allow(t.Context(), op.NetGrant{Domain: "api.example.com", App: app}); err != nil {
			t.Fatal(err)
		}
		if _, err := i.secrets.Set(t.Context(), op.SecretGrant{Secret: "KEY", Domain: "api.example.com", App: app, Value: "topsecret-0123"}); err != nil {
			t.Fatal(err)
		}
	}
	return i
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return errs.Code(err)
}

func TestWhoSeesWhichEntriesAndSecrets(t *testing.T) {
	t.Parallel()
	i := granted(t)
	owner, read := apitest.Owner(t.Context()), apitest.Key(t.Context(), auth.Scope{Verb: auth.ScopeRead})
	deploys := apitest.Key(t.Context(), auth.Scope{Verb: auth.ScopeDeploy, App: i.blog})
	for name, tt := range map[string]struct {
		ctx  context.Context
		app  string
		code string
		want string // the apps of what is listed
	}{
		"the owner, all":         {owner, "", "", " blog shop"},
		"the owner, one app":     {owner, "blog", "", " blog"},
		"by id":                  {owner, i.shop, "", " shop"},
		"an unknown app":         {owner, "none", "NOT_FOUND", ""},
		"a key that reads":       {read, "", "", " blog shop"},
		"one app's key":          {deploys, "blog", "", " blog"},
		"one app's key, another": {deploys, "shop", "FORBIDDEN", ""},
		"one app's key, all":     {deploys, "", "FORBIDDEN", ""},
		"no one":                 {t.Context(), "", "UNAUTHORIZED", ""},
		"no one, one app":        {t.Context(), "blog", "UNAUTHORIZED", ""},
	} {
		var got []string
		entries, err := i.api.List(tt.ctx, op.NetOf{App: tt.app})
		for _, e := range entries {
			got = append(got, e.App)
		}
		if text := strings.Join(got, " "); code(err) != tt.code || text != tt.want {
			t.Errorf("%s: entries of %q, %v", name, text, err)
		}
		got = nil
		secrets, err := i.secrets.List(tt.ctx, op.NetOf{App: tt.app})
		for _, s := range secrets {
			got = append(got, s.App)
		}
		if text := strings.Join(got, " "); code(err) != tt.code || text != tt.want {
			t.Errorf("%s: secrets of %q, %v", name, text, err)
		}
		e, err := i.api.Get(tt.ctx, op.NetRef{Domain: "API.example.com", App: tt.app})
		if code(err) != tt.code || err == nil && (e.Domain != "api.example.com" || e.App != strings.TrimPrefix(strings.TrimSuffix(tt.want, " blog shop"), " ")) {
			t.Errorf("%s: the entry %+v, %v", name, e, err)
		}
	}
	empty := open(t)
	if list, err := empty.api.List(apitest.Owner(t.Context()), op.NetOf{}); err != nil || list == nil || len(list) != 0 {
		t.Errorf("no entries: %v %v", list, err)
	}
	if list, err := empty.secrets.List(apitest.Owner(t.Context()), op.NetOf{}); err != nil || list == nil || len(list) != 0 {
		t.Errorf("no secrets: %v %v", list, err)
	}
}

func TestAnEntryIsStoredReplacedAndRemoved(t *testing.T) {
	t.Parallel()
	i := open(t)
	grant := op.NetGrant{
		Domain: "NAS.example.com", App: "blog", HTTP: true, Ports: []int{8080}, Methods: []string{"GET"}, Rate: 2, Burst: 3, Timeout: 1000, MaxResponse: 4096,
		CacheTTL: 60, Stale: 30, Private: []string{"192.168.1.7", "10.0.0.0/24"}, Paths: []string{"/v1/{id}"},
	}
	for _, replaced := range []bool{false, true} {
		d := call.NewDraft(activity.Entry{})
		e, err := i.api.Allow(d.With(t.Context()), grant)
		if err != nil || e.Replaced != replaced || e.App != "blog" || e.AppID != i.blog || e.Domain != "nas.example.com" || len(e.Warnings) != 2 {
			t.Fatalf("%+v %v", e, err)
		}
		got, err := i.api.Get(apitest.Owner(t.Context()), op.NetRef{Domain: "nas.example.com", App: "blog"})
		if err != nil || !got.HTTP || !slices.Equal(got.Ports, grant.Ports) || !slices.Equal(got.Methods, grant.Methods) || got.Rate != 2 || got.Burst != 3 || got.Timeout != 1000 ||
			got.MaxResponse != 4096 || got.CacheTTL != 60 || got.Stale != 30 || fmt.Sprint(got.Private) != "[192.168.1.7/32 10.0.0.0/24]" || !slices.Equal(got.Paths, grant.Paths) {
			t.Errorf("%+v %v", got, err)
		}
		entry, _ := d.Finish()
		if entry.Resource != "nas.example.com" || entry.AppID != i.blog || !strings.Contains(string(entry.Details), fmt.Sprintf(`"replaced":%v`, replaced)) || !strings.Contains(string(entry.Details), `"http":true`) || !strings.Contains(string(entry.Details), "10.0.0.0/24") {
			t.Errorf("the log has %+v %s", entry, entry.Details)
		}
	}
	for name, tt := range map[string]struct {
		change func(g *op.NetGrant)
		kind   errs.Kind
	}{
		"an unknown app":  {func(g *op.NetGrant) { g.App = "none" }, errs.NotFound},
		"no domain":       {func(g *op.NetGrant) { g.Domain = "" }, errs.Invalid},
		"an address":      {func(g *op.NetGrant) { g.Domain = "10.0.0.1" }, errs.Invalid},
		"a bad range":     {func(g *op.NetGrant) { g.Private = []string{"10.0.0.0/24", "x"} }, errs.Invalid},
		"a public range":  {func(g *op.NetGrant) { g.Private = []string{"8.8.8.0/24"} }, errs.Invalid},
		"a negative rate": {func(g *op.NetGrant) { g.Rate = -1 }, errs.Invalid},
	} {
		bad := grant
		tt.change(&bad)
		if e, err := i.api.Allow(t.Context(), bad); !errs.Is(err, tt.kind) || e.ID != "" {
			t.Errorf("%s: %+v %v", name, e, err)
		}
	}
	for name, ref := range map[string]op.NetRef{
		"an unknown app": {Domain: "nas.example.com", App: "none"}, "another app": {Domain: "nas.example.com", App: "shop"}, "every app": {Domain: "nas.example.com"}, "another domain": {Domain: "example.com", App: "blog"},
	} {
		if _, err := i.api.Remove(t.Context(), ref); !errs.Is(err, errs.NotFound) {
			t.Errorf("removing that of %s: %v", name, err)
		}
	}
	if len(i.Net.Entries()) != 1 {
		t.Errorf("%+v", i.Net.Entries())
	}
	d := call.NewDraft(activity.Entry{})
	e, err := i.api.Remove(d.With(t.Context()), op.NetRef{Domain: "Nas.Example.com", App: i.blog})
	entry, _ := d.Finish()
	if err != nil || e.App != "blog" || e.Domain != "nas.example.com" || len(i.Net.Entries()) != 0 || entry.Resource != "nas.example.com" || entry.AppID != i.blog {
		t.Errorf("%+v %v, the log has %+v", e, err, entry)
	}
}

func TestASecretIsStoredRotatedAndRemovedWithoutBeingShown(t *testing.T) {
	t.Parallel()
	i := open(t)
	const value = "topsecret-0123"
	shown := func(what any, entry activity.Entry) {
		t.Helper()
		if text := fmt.Sprintf("%+v %+v %s", what, entry, entry.Details); strings.Contains(text, value) {
			t.Errorf("the value is in %s", text)
		}
	}
	grant := op.SecretGrant{Secret: "KEY", Domain: "api.example.com", App: "blog", Value: value, HTTP: true, Port: 8080, Methods: []string{"GET"}, PathPrefix: "/v1"}
	for _, replaced := range []bool{false, true} {
		d := call.NewDraft(activity.Entry{})
		done, err := i.secrets.Set(d.With(t.Context()), grant)
		entry, _ := d.Finish()
		if err != nil || done.Replaced != replaced || done.As != "bearer" || done.App != "blog" || done.AppID != i.blog || !done.HTTP || done.Port != 8080 || !slices.Equal(done.Methods, grant.Methods) || done.PathPrefix != "/v1" {
			t.Errorf("%+v %v", done, err)
		}
		if entry.AppID != i.blog || !strings.Contains(string(entry.Details), fmt.Sprintf(`"replaced":%v`, replaced)) || !strings.Contains(string(entry.Details), "api.example.com") {
			t.Errorf("the log has %+v %s", entry, entry.Details)
		}
		shown(done, entry)
	}
	if s, ok := i.Net.Policy().Secret(i.blog, "KEY"); !ok || s.Value != value {
		t.Errorf("%+v %v", s, ok)
	}
	if _, err := i.secrets.Set(t.Context(), op.SecretGrant{Secret: "OTHER", Domain: "api.example.com", As: "header", Key: "X-Key", Value: value}); err != nil {
		t.Error(err)
	}
	for name, tt := range map[string]struct {
		run  func() error
		kind errs.Kind
	}{
		"no app of the name": {func() error {
			_, err := i.secrets.Set(t.Context(), op.SecretGrant{Secret: "KEY", App: "none", Domain: "api.example.com", Value: value})
			return err
		}, errs.NotFound},
		"no domain": {func() error {
			_, err := i.secrets.Set(t.Context(), op.SecretGrant{Secret: "KEY", Value: value})
			return err
		}, errs.Invalid},
		"an unknown way": {func() error {
			_, err := i.secrets.Set(t.Context(), op.SecretGrant{Secret: "KEY", Domain: "api.example.com", As: "cookie", Value: value})
			return err
		}, errs.Invalid},
		"a short value": {func() error {
			_, err := i.secrets.Rotate(t.Context(), op.SecretValue{Secret: "KEY", App: "blog", Value: "short"})
			return err
		}, errs.Invalid},
		"rotating another app's": {func() error {
			_, err := i.secrets.Rotate(t.Context(), op.SecretValue{Secret: "KEY", App: "shop", Value: value})
			return err
		}, errs.NotFound},
		"rotating every app's": {func() error {
			_, err := i.secrets.Rotate(t.Context(), op.SecretValue{Secret: "KEY", Value: value})
			return err
		}, errs.NotFound},
		"rotating that of no app": {func() error {
			_, err := i.secrets.Rotate(t.Context(), op.SecretValue{Secret: "KEY", App: "none", Value: value})
			return err
		}, errs.NotFound},
		"removing another app's": {func() error {
			_, err := i.secrets.Remove(t.Context(), op.SecretRef{Secret: "KEY", App: "shop"})
			return err
		}, errs.NotFound},
		"removing that of no app": {func() error {
			_, err := i.secrets.Remove(t.Context(), op.SecretRef{Secret: "KEY", App: "none"})
			return err
		}, errs.NotFound},
		"removing one with no value": {func() error {
			_, err := i.secrets.Remove(t.Context(), op.SecretRef{Secret: "NONE", App: "blog"})
			return err
		}, errs.NotFound},
	} {
		if err := tt.run(); !errs.Is(err, tt.kind) || strings.Contains(err.Error(), value) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := call.NewDraft(activity.Entry{})
	s, err := i.secrets.Rotate(d.With(t.Context()), op.SecretValue{Secret: "KEY", App: "blog", Value: "another-value-9"})
	if entry, _ := d.Finish(); err != nil || s.Port != 8080 || entry.AppID != i.blog || strings.Contains(fmt.Sprint(s, string(entry.Details)), "another") {
		t.Errorf("%+v %v, the log has %+v", s, err, entry)
	}
	if s, _ := i.Net.Policy().Secret(i.blog, "KEY"); s.Value != "another-value-9" {
		t.Errorf("%+v", s)
	}
	d = call.NewDraft(activity.Entry{})
	s, err = i.secrets.Remove(d.With(t.Context()), op.SecretRef{Secret: "KEY", App: "blog"})
	if entry, _ := d.Finish(); err != nil || s.Name != "KEY" || s.App != "blog" || entry.AppID != i.blog {
		t.Errorf("%+v %v, the log has %+v", s, err, entry)
	}
	if list, err := i.secrets.List(apitest.Owner(t.Context()), op.NetOf{}); err != nil || len(list) != 1 || list[0].Name != "OTHER" || list[0].As != "header" || list[0].Key != "X-Key" {
		t.Errorf("%+v %v", list, err)
	}
}

func TestACallIsExplainedWithTheNameOfTheApp(t *testing.T) {
	t.Parallel()
	i := open(t)
	for name, tt := range map[string]struct {
		req   op.NetCall
		entry *rules.Entry
		asked string
		code  string
		app   string
		warns int
	}{
		"no address":        {op.NetCall{App: "blog"}, nil, "", "INVALID", "", 0},
		"an unknown app":    {op.NetCall{URL: "https://a.example", App: "none"}, nil, "", "NOT_FOUND", "", 0},
		"no entry":          {op.NetCall{URL: "https://a.example", App: "blog"}, nil, i.blog + "  https://a.example", "", "", 0},
		"that of the app":   {op.NetCall{URL: "https://a.example", App: "blog", Method: "PUT"}, &rules.Entry{Domain: "a.example", AppID: i.blog, HTTP: true}, i.blog + " PUT https://a.example", "", "blog", 1},
		"that of every app": {op.NetCall{URL: "https://a.example"}, &rules.Entry{Domain: "a.example"}, "  https://a.example", "", "", 0},
	} {
		i.gate.entry, i.gate.asked = tt.entry, ""
		v, err := i.api.Test(t.Context(), tt.req)
		if code(err) != tt.code || i.gate.asked != tt.asked || v.App != tt.app || len(v.Warnings) != tt.warns || err == nil && (v.Warnings == nil || !v.Allowed || v.Addresses == nil || (v.Entry == nil) != (tt.entry == nil)) {
			t.Errorf("%s: %+v %v, asked %q", name, v, err, i.gate.asked)
		}
	}
}

func TestTheCacheIsClearedForOneAppOrForAll(t *testing.T) {
	t.Parallel()
	i := open(t)
	for _, app := range []string{"", "blog"} {
		d := call.NewDraft(activity.Entry{})
		s, err := i.api.CacheClear(d.With(t.Context()), op.NetCleared{App: app})
		if entry, _ := d.Finish(); err != nil || s.Hits != int64(len(i.gate.cleared)) || entry.Resource != "cache" || (entry.AppID == i.blog) != (app == "blog") {
			t.Errorf("%q: %+v %v, the log has %+v", app, s, err, entry)
		}
	}
	if _, err := i.api.CacheClear(t.Context(), op.NetCleared{App: "none"}); !errs.Is(err, errs.NotFound) {
		t.Error(err)
	}
	if s, err := i.api.Cache(t.Context(), op.None{}); err != nil || s.Items != 3 || s.Hits != 2 || !slices.Equal(i.gate.cleared, []string{"", i.blog}) {
		t.Errorf("%+v %v, cleared %q", s, err, i.gate.cleared)
	}
}

// logged is an instance with four attempts: three of blog, the second of which failed, and then one of shop.
func logged(t *testing.T) *instance {
	t.Helper()
	i := open(t)
	for _, a := range []netlog.Attempt{
		{AppID: i.blog, Host: "one.example.com", Status: 200}, {AppID: i.blog, Host: "two.example.com", Code: "NET_BLOCKED"},
		{AppID: i.blog, Host: "three.example.org", Status: 404}, {AppID: i.shop, Host: "four.example.com", Status: 500},
	} {
		a.Method, a.Scheme, a.Path, a.RequestID = "GET", "https", "/", "req_1"
		i.NetLog.Record(a)
	}
	if err := i.NetLog.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return i
}

func TestWhichAttemptsAreListed(t *testing.T) {
	t.Parallel()
	i := logged(t)
	owner := apitest.Owner(t.Context())
	logs := func(apps ...string) context.Context {
		var scopes []auth.Scope
		for _, app := range apps {
			scopes = append(scopes, auth.Scope{Verb: auth.ScopeLogs, App: app})
		}
		return apitest.Key(t.Context(), scopes...)
	}
	for name, tt := range map[string]struct {
		ctx  context.Context
		f    op.NetFilter
		code string
		want string
	}{
		"all":                        {owner, op.NetFilter{}, "", "shop/four blog/three blog/two blog/one"},
		"one app":                    {owner, op.NetFilter{App: "blog"}, "", "blog/three blog/two blog/one"},
		"failed ones":                {owner, op.NetFilter{Errors: true}, "", "shop/four blog/two"},
		"one host":                   {owner, op.NetFilter{Domain: "two.example.com"}, "", "blog/two"},
		"names below a domain":       {owner, op.NetFilter{Domain: "*.example.com"}, "", "shop/four blog/two blog/one"},
		"a host as people write it":  {owner, op.NetFilter{Domain: " Two.Example.com. "}, "", "blog/two"},
		"of this hour":               {owner, op.NetFilter{Since: "1h"}, "", "shop/four blog/three blog/two blog/one"},
		"since tomorrow":             {owner, op.NetFilter{Since: "2999-01-01"}, "", ""},
		"an invalid time":            {owner, op.NetFilter{Since: "yesterday"}, "INVALID", ""},
		"an unknown app":             {owner, op.NetFilter{App: "none"}, "NOT_FOUND", ""},
		"a key for all":              {logs(""), op.NetFilter{App: "shop"}, "", "shop/four"},
		"a key for all, unknown app": {logs(""), op.NetFilter{App: "none"}, "NOT_FOUND", ""},
		"a key for one app":          {logs(i.blog), op.NetFilter{}, "", "blog/three blog/two blog/one"},
		"a key for one app, its own": {logs(i.blog), op.NetFilter{App: "blog", Errors: true}, "", "blog/two"},
		"a key for one app, another": {logs(i.blog), op.NetFilter{App: "shop"}, "FORBIDDEN", ""},
		"a key for one app, unknown": {logs(i.blog), op.NetFilter{App: "none"}, "FORBIDDEN", ""},
		"a key for two, none named":  {logs(i.blog, i.shop), op.NetFilter{}, "FORBIDDEN", ""},
		"a key for two, one named":   {logs(i.blog, i.shop), op.NetFilter{App: "shop"}, "", "shop/four"},
	} {
		for _, limit := range []int{0, 1, 2} {
			var got []string
			req, err := op.NetLogPage{NetFilter: tt.f, List: op.List{Limit: limit}}, error(nil)
			for {
				var page op.Page[op.NetAttempt]
				if page, err = i.api.Logs(tt.ctx, req); err != nil {
					break
				}
				if len(page.Items) == 0 && tt.want != "" {
					t.Errorf("%s, %d at a time: an empty page", name, limit)
				}
				for _, a := range page.Items {
					host, _, _ := strings.Cut(a.Host, ".")
					got = append(got, a.App+"/"+host)
				}
				if req.Cursor = page.Next; req.Cursor == "" {
					break
				}
			}
			if text := strings.Join(got, " "); code(err) != tt.code || text != tt.want {
				t.Errorf("%s, %d at a time: %q, %v", name, limit, text, err)
			}
		}
		sums, err := i.api.Stats(tt.ctx, tt.f)
		if n := len(strings.Fields(tt.want)); code(err) != tt.code || sums.Total.Calls != n || err == nil && (sums.Domains == nil || len(sums.Domains) != n) {
			t.Errorf("%s: %+v %v", name, sums, err)
		}
		for _, d := range sums.Domains {
			if host, _, _ := strings.Cut(d.Domain, "."); !strings.Contains(tt.want, d.App+"/"+host) {
				t.Errorf("%s: %+v", name, d)
			}
		}
		if _, err := i.api.LogsFollow(tt.ctx, op.NetTail{NetFilter: tt.f}); code(err) != tt.code {
			t.Errorf("%s: follow: %v", name, err)
		}
	}
	for name, req := range map[string]op.NetLogPage{"a negative limit": {List: op.List{Limit: -1}}, "a large limit": {List: op.List{Limit: 1001}}, "a cursor of another list": {List: op.List{Cursor: "x"}}, "a zero cursor": {List: op.List{Cursor: "0"}}} {
		if _, err := i.api.Logs(owner, req); !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, req := range map[string]op.NetTail{"a negative limit": {Limit: -1}, "a large limit": {Limit: 1001}, "another event": {After: "x"}, "a zero event": {After: "0"}} {
		if _, err := i.api.LogsFollow(owner, req); !errs.Is(err, errs.Invalid) {
			t.Errorf("follow: %s: %v", name, err)
		}
	}
	if _, err := i.api.LogsFollow(owner, op.NetTail{Limit: 1000}); err != nil {
		t.Error(err)
	}
}

func TestAttemptsAreFollowedFromWhereTheStreamBroke(t *testing.T) {
	t.Parallel()
	i := logged(t)
	ctx, cancel := context.WithCancel(apitest.Owner(t.Context()))
	defer cancel()
	follow := func(req op.NetTail) (next func() op.NetAttempt) {
		t.Helper()
		s, err := i.api.LogsFollow(ctx, req)
		if err != nil || !s.Live || s.Size != -1 {
			t.Fatalf("%+v %v", s, err)
		}
		r, w := io.Pipe()
		go func() { w.CloseWithError(s.Write(w)) }()
		t.Cleanup(func() { r.Close() })
		lines := bufio.NewScanner(r)
		return func() (a op.NetAttempt) {
			t.Helper()
			for lines.Scan() {
				if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
					if err := json.Unmarshal([]byte(data), &a); err != nil {
						t.Fatal(err)
					}
					return a
				}
			}
			t.Fatalf("the stream ended: %v", lines.Err())
			return a
		}
	}
	next := follow(op.NetTail{NetFilter: op.NetFilter{App: "blog"}, Limit: 2})
	two, three := next(), next()
	if two.Host != "two.example.com" || three.Host != "three.example.org" || three.App != "blog" || three.Missed != 0 {
		t.Errorf("%+v %+v", two, three)
	}
	i.NetLog.Record(netlog.Attempt{AppID: i.shop, Host: "other.example.com"})
	i.NetLog.Record(netlog.Attempt{AppID: i.blog, Host: "five.example.com"})
	if a := next(); a.Host != "five.example.com" || a.App != "blog" {
		t.Errorf("%+v", a)
	}
	next = follow(op.NetTail{NetFilter: op.NetFilter{App: "blog"}, Limit: 1, After: fmt.Sprint(two.ID)})
	if a, b := next(), next(); a.Host != "three.example.org" || b.Host != "five.example.com" {
		t.Errorf("%+v %+v", a, b)
	}
}
