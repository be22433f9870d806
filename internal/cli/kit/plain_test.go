package kit

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fazt/internal/api/op"
	"fazt/internal/output"
)

func TestAPlainCommandFollowsFromItsOperation(t *testing.T) {
	for name, tt := range map[string]struct {
		plain               Plain
		use, short, example string
		flags               []string
		missing             string // the message for a call without arguments
	}{
		"a list": {
			plain: Derive(op.KeyList, "key list", "name, begins=prefix"), use: "list",
			short: "List the active API keys, without their tokens", example: "  fazt key list",
		},
		"an argument": {
			plain: Derive(op.NetRemove, "net remove DOMAIN", "domain, app"), use: "remove DOMAIN",
			short: "Stop allowing a domain", example: "  fazt net remove api.stripe.com", flags: []string{"app"}, missing: "the domain of the entry is missing",
		},
		"renamed arguments": {
			plain: Derive(op.AliasSwap, "alias swap A=alias B=with", "name"), use: "swap A B",
			short: "Swap the targets of two aliases in one step", example: "  fazt alias swap blog blog-next", missing: "the name of an alias is missing",
		},
		"a list of arguments": {
			plain: Derive(op.EnvUnset, "env unset APP NAME", "app=APP, removed=NAME"), use: "unset APP NAME…",
			short: "Remove environment variables of an app", example: "  fazt env unset blog API_KEY", missing: "the name or id of the app is missing",
		},
		"a flag that must be given": {
			plain: Derive(op.DomainAdd, "domain add HOST --app APP", "host"), use: "add HOST --app APP",
			short: "Point a whole host name to an app", example: "  fazt domain add example.com --app blog", flags: []string{"app"}, missing: "the host name is missing",
		},
		"many flags": {
			plain: Derive(op.LogStats, "logs stats", "entries"), use: "stats",
			short: "Count the entries of the activity log by weight and result", example: "  fazt logs stats",
			flags: []string{"action", "actor-type", "app", "max-weight", "min-weight", "resource", "result", "since", "type", "until", "url", "user"},
		},
		"a question": {
			plain: Derive(op.KeyRevoke, "key revoke KEY", "name", Ask("revoking %s", "it ends")), use: "revoke KEY",
			short: "Revoke an API key and the keys created with it", example: "  fazt key revoke laptop", flags: []string{"yes"}, missing: "the name or id of the key is missing",
		},
	} {
		cmd := tt.plain.command(&CLI{})
		if cmd.Use != tt.use || cmd.Short != tt.short || cmd.Example != tt.example {
			t.Errorf("%s: %q, %q, %q", name, cmd.Use, cmd.Short, cmd.Example)
		}
		var flags []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
		if diff := cmp.Diff(tt.flags, flags); diff != "" {
			t.Errorf("%s: flags %s", name, diff)
		}
		said := ""
		if err := cmd.Args(cmd, nil); err != nil {
			said = err.Error()
		}
		if said != tt.missing {
			t.Errorf("%s without arguments: %q, want %q", name, said, tt.missing)
		}
	}
}

func TestAPlainCommandShowsTheFieldsOfTheResponse(t *testing.T) {
	stopped, now := time.Now().Add(-time.Hour), time.Now()
	for name, tt := range map[string]struct {
		plain    Plain
		req, res any
		want     output.View
	}{
		"a list": {
			plain: Derive(op.AppList, "app list", "name, live, files=live.files, size=live.bytes, updated_at", Empty("none")),
			req:   op.List{},
			res: []op.AppItem{
				{AppFacts: op.AppFacts{AppRecord: op.AppRecord{Name: "blog", UpdatedAt: now}}, Live: &op.DeploymentBrief{Number: 3, Files: 2, Bytes: 1500, StoppedAt: &stopped}},
				{AppFacts: op.AppFacts{AppRecord: op.AppRecord{Name: "new", UpdatedAt: now}}},
			},
			want: output.View{Columns: []string{"name", "live", "files", "size", "updated"}, Empty: "none", Rows: [][]string{
				{"blog", "3 (stopped)", "2", "1.5 kB", "just now"}, {"new", "-", "-", "-", "just now"},
			}},
		},
		"times, lists and what is absent": {
			plain: Derive(op.KeyList, "key list", "scopes, last_used_at, expires_at"),
			req:   op.List{}, res: []op.Key{{Scopes: []string{"read", "logs"}, ExpiresAt: &stopped}},
			want: output.View{Columns: []string{"scopes", "last used", "expires"}, Rows: [][]string{{"read, logs", "never", "1 hour ago"}}},
		},
		"a text that stands for the empty one": {
			plain: Derive(op.NetList, "net list", "domain, app"),
			req:   op.NetOf{}, res: []op.NetEntry{{NetRecord: op.NetRecord{Domain: "a.example"}}},
			want: output.View{Columns: []string{"domain", "app"}, Rows: [][]string{{"a.example", "(every app)"}}},
		},
		"a computed column": {
			plain: Derive(op.EnvList, "env list APP", "name, value", Cell("value", func(v op.EnvVariable) string { return output.Count(v.Length, "byte") })),
			req:   op.AppPage{}, res: []op.EnvVariable{{Name: "A", Length: 2}},
			want: output.View{Columns: []string{"name", "value"}, Rows: [][]string{{"A", "2 bytes"}}},
		},
		"a single thing, with an argument": {
			plain: Derive(op.AppRollback, "app rollback APP", "app=APP, live=number"),
			req:   op.Rollback{App: "blog"}, res: op.Deployment{DeploymentRecord: op.DeploymentRecord{Number: 2}},
			want: output.View{Rows: [][]string{{"app", "blog"}, {"live", "2"}}},
		},
		"arguments alone": {
			plain: Derive(op.EnvUnset, "env unset APP NAME", "app=APP, removed=NAME"),
			req:   op.EnvNames{App: "blog", Names: []string{"A", "B"}}, res: []op.EnvVariable{{Name: "C"}},
			want: output.View{Rows: [][]string{{"app", "blog"}, {"removed", "A, B"}}},
		},
		"a row that is left out": {
			plain: Derive(op.DomainCheck, "domain check HOST", "points here=here, to do?=do"),
			req:   op.DomainRef{}, res: op.DomainState{Here: true},
			want: output.View{Rows: [][]string{{"points here", "yes"}}},
		},
		"a row that is not": {
			plain: Derive(op.DomainCheck, "domain check HOST", "points here=here, to do?=do"),
			req:   op.DomainRef{}, res: op.DomainState{Do: "set A"},
			want: output.View{Rows: [][]string{{"points here", "no"}, {"to do", "set A"}}},
		},
		"a mark": {
			plain: Derive(op.DeploymentList, "app deployments APP", "number, =live"),
			req:   op.AppPage{}, res: []op.Deployment{{DeploymentRecord: op.DeploymentRecord{Number: 2, Live: true}}, {DeploymentRecord: op.DeploymentRecord{Number: 1}}},
			want: output.View{Columns: []string{"number", ""}, Rows: [][]string{{"2", "live"}, {"1", ""}}},
		},
	} {
		if diff := cmp.Diff(tt.want, tt.plain.view(reflect.ValueOf(tt.req), reflect.ValueOf(tt.res))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestFlagsFillARequestAndAreChecked(t *testing.T) {
	for name, tt := range map[string]struct {
		line []string
		want op.ActivityFilter
		err  string
	}{
		"nothing":       {want: op.ActivityFilter{}},
		"a text":        {line: []string{"--actor-type", "key"}, want: op.ActivityFilter{Actor: "key"}},
		"a zero":        {line: []string{"--min-weight", "0"}, want: op.ActivityFilter{MinWeight: new(int)}},
		"not a number":  {line: []string{"--min-weight", "x"}, err: `invalid argument "x" for "--min-weight" flag: "x" is not a whole number`},
		"too heavy":     {line: []string{"--max-weight", "10"}, err: "--max-weight must be from 0 to 9"},
		"a span":        {line: []string{"--since", "24h"}, want: op.ActivityFilter{Since: "24h"}},
		"not a moment":  {line: []string{"--since", "soon"}, err: "--since: "},
		"an own flag":   {line: []string{"--url", "x"}, err: "unknown flag: --url"},
		"a day is here": {line: []string{"--until", "2026-01-31"}, want: op.ActivityFilter{Until: time.Date(2026, 1, 31, 0, 0, 0, 0, time.Local).Format(time.RFC3339)}},
	} {
		var got op.ActivityFilter
		cmd := &cobra.Command{}
		check := Flags(cmd, &got, "url")
		err := cmd.ParseFlags(tt.line)
		if err == nil {
			err = check()
		}
		switch {
		case tt.err == "" && err != nil, tt.err != "" && (err == nil || len(err.Error()) < len(tt.err) || err.Error()[:len(tt.err)] != tt.err):
			t.Errorf("%s: %v, want %q", name, err, tt.err)
		case tt.err == "":
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}

func TestAMistakeInTheTablePanics(t *testing.T) {
	for name, derive := range map[string]func(){
		"an unknown column":   func() { Derive(op.KeyList, "key list", "colour") },
		"an unknown argument": func() { Derive(op.KeyRevoke, "key revoke KYE", "name") },
		"an unknown group":    func() { Add(&CLI{}, &cobra.Command{}, []Plain{Derive(op.KeyList, "kye list", "name")}) },
		"an unknown kind of flag": func() {
			Derive(op.KeyCreate, "key create", "name").command(&CLI{})
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			derive()
		}()
	}
}

func TestTheHelpOfAPlainCommandIsTheDoc(t *testing.T) {
	for doc, want := range map[string][2]string{
		"Show one app.":              {"Show one app", ""},
		"Read fazt.json. All of it.": {"Read fazt.json", "Read fazt.json. All of it."},
	} {
		if short, long := help(doc); short != want[0] || long != want[1] {
			t.Errorf("%q: %q, %q", doc, short, long)
		}
	}
	if got, want := wrap("aa bb  cccc d", 5), "aa bb\ncccc\nd"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
