package app

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/api/op"
	"fazt/internal/applog"
	"fazt/internal/cli/kit"
	"fazt/internal/cli/project"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
	"fazt/internal/runtime/compile"
)

// printer returns commands whose output and notes are recorded.
func printer(format string) (c commands, out, notes *bytes.Buffer) {
	out, notes = &bytes.Buffer{}, &bytes.Buffer{}
	return commands{&kit.CLI{Format: format, Env: kit.Env{Stdin: strings.NewReader(""), Stdout: out, Stderr: notes}}}, out, notes
}

// said returns the sentence of an error; "" = no error.
func said(err error) string {
	if err == nil {
		return ""
	}
	return errs.Sentence(err)
}

func TestTheStateOfADeployment(t *testing.T) {
	at := time.Now()
	for want, d := range map[string]op.DeploymentRecord{
		"live":     {Live: true, LiveAt: &at},
		"previous": {Previous: true, LiveAt: &at},
		"preview":  {},
		"":         {LiveAt: &at},
	} {
		if got := State(op.Deployment{DeploymentRecord: d}); got != want {
			t.Errorf("%+v: %q, want %q", d, got, want)
		}
	}
}

func TestARemovalNamesEverythingThatGoes(t *testing.T) {
	for name, tt := range map[string]struct {
		removal op.Removal
		want    string
	}{
		"nothing": {op.Removal{}, "0 deployments (0 B), 0 values in the store and no alias"},
		"one of each": {
			op.Removal{Deployments: 1, Stats: op.AppStats{Stored: 1500}, Keys: 1, Addresses: op.Addresses{Aliases: []string{"blog"}, Domains: []string{"a.example"}}, Secrets: []string{"KEY"}, Net: []string{"b.example"}},
			"1 deployment (1.5 kB), 1 value in the store and the alias blog and the domain a.example, the secret KEY, and what it may reach: b.example",
		},
		"several": {
			op.Removal{Deployments: 3, Keys: 20, Addresses: op.Addresses{Aliases: []string{"a", "b"}, Domains: []string{"a.example", "b.example"}}, Secrets: []string{"K", "L"}, Net: []string{"c", "d"}},
			"3 deployments (0 B), 20 values in the store and the aliases a, b and the domains a.example, b.example, the secrets K, L, and what it may reach: c, d",
		},
		"a split with one app left": {
			op.Removal{SplitLosses: []op.SplitLoss{{Alias: "both", After: []op.SplitTarget{{App: "next", Weight: 100}}}}},
			"0 deployments (0 B), 0 values in the store and no alias; the split both then points to the app next",
		},
		"a split with several left": {
			op.Removal{SplitLosses: []op.SplitLoss{{Alias: "all", After: []op.SplitTarget{{App: "a", Weight: 60}, {App: "b", Weight: 40}}}}},
			"0 deployments (0 B), 0 values in the store and no alias; the split all then points to a split, a:60,b:40",
		},
	} {
		if got := removalText(tt.removal); got != tt.want {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
	c, _, notes := printer("table")
	err := c.confirm(op.Removal{App: op.AppRecord{Name: "blog"}})
	if err == nil || err.Error() != "removing blog also removes 0 deployments (0 B), 0 values in the store and no alias; without a terminal it needs --yes" || notes.Len() > 0 {
		t.Errorf("%v, %q", err, notes)
	}
}

func TestTheViewOfAnApp(t *testing.T) {
	longAgo := time.Date(2020, 1, 2, 3, 4, 0, 0, time.Local)
	fresh := op.App{AppFacts: op.AppFacts{AppRecord: op.AppRecord{ID: "app_1", Name: "new", CreatedAt: longAgo, UpdatedAt: longAgo}, URL: "http://new.localhost"}}
	want := [][]string{
		{"name", "new"}, {"title", ""}, {"id", "app_1"}, {"url", "http://new.localhost"}, {"live", "-"}, {"files", "0, 0 B"}, {"deployments", "0 kept, 0 B stored"},
		{"store", "0 values, 0 B"}, {"environment", "0 variables"}, {"aliases", ""}, {"domains", ""}, {"splits", ""}, {"created", "2020-01-02 03:04"}, {"updated", "2020-01-02 03:04"},
	}
	if diff := cmp.Diff(want, Info(fresh).Rows); diff != "" {
		t.Error(diff)
	}
	row := func(a op.App, label string) string {
		var found []string
		for _, r := range Info(a).Rows {
			if r[0] == label {
				found = append(found, r[1])
			}
		}
		return strings.Join(found, " | ")
	}
	full := op.App{
		AppFacts: op.AppFacts{
			AppRecord: op.AppRecord{Name: "blog", Title: "Ein Blög"}, ForkedFrom: &op.Origin{AppID: "app_2", Name: "old", Deployment: 4},
			Addresses: op.Addresses{Aliases: []string{"blog", "www"}, Domains: []string{"a.example"}, Splits: []string{"both"}},
		},
		Live:      &op.DeploymentRecord{Number: 7, Function: true, CreatedAt: longAgo, Message: "New header", StoppedAt: &longAgo, Source: &op.GitSource{URL: "https://a.example/b", Ref: "main", Commit: "0123456789"}},
		Stats:     op.AppStats{Files: 2, Bytes: 1500, Deployments: 3, Stored: 2500},
		Usage:     op.Usage{Keys: 1, KeyBytes: 10},
		Variables: 1,
		Needs:     []op.Need{{Kind: "net", Name: "api.example"}, {Kind: "secret", Name: "KEY"}},
	}
	for label, want := range map[string]string{
		"name": "blog", "title": "Ein Blög", "live": "7", "files": "2, 1.5 kB", "deployments": "3 kept, 2.5 kB stored", "store": "1 value, 10 B", "environment": "1 variable",
		"source": "https://a.example/b, main at 0123456", "deployed": "2020-01-02 03:04", "message": "New header",
		"function": "api/main, stopped 2020-01-02 03:04; `fazt app resume blog` lets it run again", "not granted": "net api.example | secret KEY",
		"aliases": "blog, www", "domains": "a.example", "splits": "both", "fork of": "old, deployment 4", "created": "never",
	} {
		if got := row(full, label); got != want {
			t.Errorf("%s: %q, want %q", label, got, want)
		}
	}
	full.ForkedFrom.AppID, full.Live.StoppedAt, full.Live.Source = "", nil, nil
	if got := row(full, "fork of"); got != "old, deployment 4, which was removed" {
		t.Error(got)
	}
	if got := row(full, "function"); got != "api/main" {
		t.Error(got)
	}
	if got := row(full, "source"); got != "" {
		t.Error(got)
	}
	full.Live.Function = false
	if got := row(full, "function"); got != "none" {
		t.Error(got)
	}
}

func TestWordsForRenamesAndForks(t *testing.T) {
	if got := Kept(op.Renamed{}); got != "free" {
		t.Error(got)
	}
	if got := Kept(op.Renamed{Kept: "the app journal"}); got != "points to the app journal" {
		t.Error(got)
	}
	a := op.App{Usage: op.Usage{Keys: 2}, Variables: 1}
	a.ForkedFrom = &op.Origin{Name: "blog", Deployment: 3}
	if got := ForkOf(a); got != "blog, deployment 3" {
		t.Error(got)
	}
	if got := Copied(op.Fork{}, a); got != "not copied; --with-data copies them" {
		t.Error(got)
	}
	if got := Copied(op.Fork{WithData: true}, a); got != "2 values and 1 variable" {
		t.Error(got)
	}
}

func TestTheSourceOfADeployment(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for want, s := range map[string]*op.GitSource{
		"":                                     nil,
		"https://a.example/b, HEAD at 0123456": {URL: "https://a.example/b", Commit: commit},
		"https://a.example/b, v1 at 0123456":   {URL: "https://a.example/b", Ref: "v1", Commit: commit},
		"https://a.example/b at 0123456":       {URL: "https://a.example/b", Ref: commit, Commit: commit},
		"https://a.example/b, folder apps/x, v1 at 0123456": {URL: "https://a.example/b", Ref: "v1", Path: "apps/x", Commit: commit},
		"file:///tmp/b, HEAD at 012":                        {URL: "file:///tmp/b", Commit: "012"}, // an instance may send anything
		"file:///tmp/b at ":                                 {URL: "file:///tmp/b"},
	} {
		if got := sourceText(s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAnUnknownRefSuggestsTheNearest(t *testing.T) {
	const url = "https://a.example/b"
	const head = url + ` has no branch, tag or full commit hash `
	for name, tt := range map[string]struct {
		ref   string
		names []string
		want  string
	}{
		"no names":  {"main", nil, head + `"main"`},
		"a typo":    {"mian", []string{"dev", "main", "v1"}, head + `"mian"; it has main, dev, v1`},
		"one typo":  {"develp", []string{"main", "develop"}, head + `"develp"; did you mean one of these: develop`},
		"a part":    {"1.2", []string{"main", "v1.2", "v1.2.3", "v2"}, head + `"1.2"; did you mean one of these: v1.2, v1.2.3`},
		"too many":  {"x", []string{"aa", "bb", "cc", "dd", "ee", "ff"}, head + `"x"; it has aa, bb, cc, dd, ee, …`},
		"five":      {"x", []string{"aa", "bb", "cc", "dd", "ee"}, head + `"x"; it has aa, bb, cc, dd, ee`},
		"the first": {"releese", []string{"main", "releases", "release"}, head + `"releese"; did you mean one of these: release, releases`},
	} {
		err := noRef(url, tt.ref, tt.names)
		if said(err) != tt.want || !errs.Is(err, errs.NotFound) {
			t.Errorf("%s: %v\nwant %s", name, err, tt.want)
		}
	}
}

func TestAGrantIsACommandThatCanBePasted(t *testing.T) {
	for name, tt := range map[string]struct {
		peer    string
		need    op.Need
		domains []string
		want    string
	}{
		"a domain":                  {"", op.Need{Kind: "net", Name: "api.example.com"}, nil, "fazt net allow api.example.com --app shop"},
		"a star":                    {"", op.Need{Kind: "net", Name: "*.example.com"}, nil, "fazt net allow '*.example.com' --app shop"},
		"on a peer":                 {"@home", op.Need{Kind: "net", Name: "api.example.com"}, nil, "fazt @home net allow api.example.com --app shop"},
		"a secret":                  {"", op.Need{Kind: "secret", Name: "KEY"}, nil, "fazt secret set KEY --domain DOMAIN --app shop"},
		"a secret of one domain":    {"@home", op.Need{Kind: "secret", Name: "KEY"}, []string{"*.a.example"}, "fazt @home secret set KEY --domain '*.a.example' --app shop"},
		"a secret of other domains": {"", op.Need{Kind: "secret", Name: "KEY"}, []string{"a.example", "b.example"}, "fazt secret set KEY --domain DOMAIN --app shop"},
	} {
		c, _, _ := printer("table")
		c.Peer = tt.peer
		if got := c.grant(tt.need, "shop", tt.domains); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	c, out, notes := printer("table")
	c.sayNeeds([]op.Need{{Kind: "net", Name: "api.example.com"}, {Kind: "net", Name: "a.example; rm -rf ~"}, {Kind: "secret", Name: "KEY"}, {Kind: "secret", Name: "$(reboot)"}}, "shop", nil)
	const want = "note: the domain api.example.com is not allowed yet:\n  fazt net allow api.example.com --app shop\nnote: the secret KEY is not set yet:\n  fazt secret set KEY --domain DOMAIN --app shop\n"
	if notes.String() != want || out.Len() > 0 {
		t.Errorf("%q, %q", notes, out)
	}
}

func TestTheResultOfADeploy(t *testing.T) {
	record := op.DeploymentRecord{Number: 3, Live: true}
	for name, tt := range map[string]struct {
		done      client.Deployment
		inProcess bool
		want      [][]string
		value     deployed
	}{
		"a dry run": {
			done:  client.Deployment{Upload: op.Upload{New: 1, Changed: 2, Unchanged: 3, Removed: 4, MissingBytes: 1500}},
			want:  [][]string{{"app", "blog"}, {"deployment", "none: this was a dry run"}, {"files", "1 new, 2 changed, 3 unchanged, 4 removed"}, {"would send", "1.5 kB"}, {"time", "0s"}},
			value: deployed{App: "blog", New: 1, Changed: 2, Unchanged: 3, Removed: 4, Missing: 1500},
		},
		"the same again": {
			done:  client.Deployment{Upload: op.Upload{Same: &record, Unchanged: 3}},
			want:  [][]string{{"app", "blog"}, {"deployment", "3, which already has exactly this content"}, {"time", "0s"}},
			value: deployed{App: "blog", Deployment: 3, Live: true, Unchanged: 3},
		},
		"live, without a server": {
			done:      client.Deployment{Sent: 900, Upload: op.Upload{New: 1}, Deployed: &op.Deployed{Deployment: op.Deployment{DeploymentRecord: record, URL: "http://blog.localhost"}}},
			inProcess: true,
			want: [][]string{
				{"app", "blog"}, {"deployment", "3"}, {"files", "1 new, 0 changed, 0 unchanged, 0 removed"}, {"sent", "900 B"}, {"url", "http://blog.localhost"}, {"time", "0s"},
				{"server", "not running; `fazt server start` starts it"},
			},
			value: deployed{App: "blog", Deployment: 3, Live: true, New: 1, Sent: 900, URL: "http://blog.localhost"},
		},
		"a preview": {
			done:  client.Deployment{Deployed: &op.Deployed{Preview: true, Deployment: op.Deployment{DeploymentRecord: op.DeploymentRecord{Number: 4}, URL: "http://4--blog.localhost"}}},
			want:  [][]string{{"app", "blog"}, {"deployment", "4 (a preview, not live)"}, {"files", "0 new, 0 changed, 0 unchanged, 0 removed"}, {"sent", "0 B"}, {"url", "http://4--blog.localhost"}, {"time", "0s"}},
			value: deployed{App: "blog", Deployment: 4, URL: "http://4--blog.localhost"},
		},
	} {
		r := outcome(&project.Project{Name: "blog"}, tt.done)
		if diff := cmp.Diff(tt.value, r); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		v := deployView(r, tt.done, tt.inProcess)
		if diff := cmp.Diff(tt.want, v.Rows); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if v.Value != any(r) {
			t.Errorf("%s: JSON shows %v", name, v.Value)
		}
	}
}

func TestFaultsOfAFolderAreListedWithTheirPlaces(t *testing.T) {
	sound := project.Validity{Valid: true, App: "blog", Files: 2, Bytes: 1500, Net: []string{"a.example"}, Secrets: []string{"KEY"}, Faults: []compile.Diagnostic{}, Warnings: []string{"x is a link"}}
	c, out, notes := printer("table")
	if err := c.printValidity(sound); err != nil || out.String() != "app       blog\nfiles     2, 1.5 kB\nfunction  none\nfaults    0\nasks for  a.example, KEY\n" || notes.String() != "note: x is a link\n" {
		t.Errorf("%q, %q, %v", out, notes, err)
	}
	broken := project.Validity{Function: "api/main.ts", Faults: []compile.Diagnostic{
		{File: "api/main.ts", Line: 2, Column: 5, Text: "no such \x1b[2Jmodule", Frame: "2 | import x\n         ^"}, {File: "fazt.json", Text: "unknown member"}, {Text: "there is no name"},
	}}
	c, out, _ = printer("table")
	if err := c.printValidity(broken); err != nil || out.String() != "api/main.ts:2:5: no such \ufffd[2Jmodule\n2 | import x\n         ^\nfazt.json: unknown member\nthere is no name\n" {
		t.Errorf("%q, %v", out, err)
	}
	c, out, _ = printer("json")
	var back project.Validity
	if err := c.printValidity(broken); err != nil || json.Unmarshal(out.Bytes(), &back) != nil || len(back.Faults) != 3 || back.Faults[0].Line != 2 {
		t.Errorf("%q, %v", out, err)
	}
}

func TestLinesOfALog(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	for name, tt := range map[string]struct {
		format     string
		line       op.LogLine
		out, notes string
	}{
		"information": {"table", op.LogLine{Time: at, Level: "info", Message: "hello"}, "2026-01-02 03:04:05  | hello\n", ""},
		"an error":    {"table", op.LogLine{Time: at, Level: "error", Message: "ü\n"}, "2026-01-02 03:04:05  | ERROR ü\n", ""},
		"two lines":   {"table", op.LogLine{Time: at, Level: "warn", Message: "a\nb"}, "2026-01-02 03:04:05  | WARN a\n                       b\n", ""},
		"hostile":     {"table", op.LogLine{Time: at, Level: "info", Message: "\x1b[2J\u202e"}, "2026-01-02 03:04:05  | \ufffd[2J\ufffd\n", ""},
		"missed":      {"table", op.LogLine{Time: at, Level: "info", Message: "a", Missed: 2}, "2026-01-02 03:04:05  | a\n", "note: 2 lines came too fast to be shown; `fazt app logs` without -f has them\n"},
		"JSON":        {"json", op.LogLine{Time: at.UTC(), Level: "info", Message: "<a>\x1b", Missed: 1}, `{"id":0,"time":"` + at.UTC().Format(time.RFC3339) + `","level":"info","deployment":0,"message":"<a>\u001b","missed":1}` + "\n", ""},
	} {
		c, out, notes := printer(tt.format)
		if err := c.showLine(tt.line); err != nil || out.String() != tt.out || notes.String() != tt.notes {
			t.Errorf("%s: %q, %q, %v\nwant %q, %q", name, out, notes, err, tt.out, tt.notes)
		}
	}
	c, out, _ := printer("table")
	(&developer{commands: c}).printLine(applog.Line{Time: at, Level: "debug", Message: "x"})
	if out.String() != "03:04:05  | DEBUG x\n" {
		t.Errorf("%q", out)
	}
}

func TestAnUpgradeShowsWhatChangesAndAsks(t *testing.T) {
	u := upgraded{App: "blog", URL: "https://a.example/b", Live: "0123456789", Newest: "abcdef0123", Newer: true}
	c, _, notes := printer("table")
	err := c.confirmUpgrade(u)
	if err == nil || err.Error() != "upgrading blog deploys https://a.example/b at HEAD, commit abcdef0 (now 0123456); without a terminal it needs --yes" || notes.Len() > 0 {
		t.Errorf("%v, %q", err, notes)
	}
	if output.Format(c.Format) != output.Table {
		t.Error("the format changed")
	}
}
