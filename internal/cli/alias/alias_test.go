package alias

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
)

func TestWhereAnAliasLeads(t *testing.T) {
	for want, a := range map[string]op.AliasRecord{
		"blog":                                   {Kind: "app", App: "blog"},
		"-":                                      {Kind: "reserved"},
		"blog:90,next:10":                        {Kind: "split", Targets: []op.SplitTarget{{App: "blog", Weight: 90}, {App: "next", Weight: 10}}},
		"https://a.example (301)":                {Kind: "redirect", URL: "https://a.example", Status: 301},
		"https://a.example (308, with the path)": {Kind: "redirect", URL: "https://a.example", Status: 308, KeepPath: true},
	} {
		if got := Leads(op.Alias{AliasRecord: a}); got != want {
			t.Errorf("%s: %q, want %q", a.Kind, got, want)
		}
	}
}

func TestAnAliasHasExactlyOneTarget(t *testing.T) {
	const one, combined, empty, alone = "choose a target for x: --app, --redirect, --split or --reserve", "--app, --redirect, --split and --reserve cannot be combined", "the target of x is empty", "--status and --keep-path need --redirect"
	for line, want := range map[string]struct {
		err string
		req op.AliasTarget
	}{
		"":                             {err: one},
		"--yes":                        {err: one},
		"--status 302":                 {err: one},
		"--app blog":                   {req: op.AliasTarget{App: "blog"}},
		"--redirect https://a.example": {req: op.AliasTarget{Redirect: "https://a.example"}}, // the server knows the default status
		"--redirect https://a.example --status 308 --keep-path": {req: op.AliasTarget{Redirect: "https://a.example", Status: 308, KeepPath: true}},
		"--redirect https://a.example --status 301":             {req: op.AliasTarget{Redirect: "https://a.example", Status: 301}},
		"--split blog:90,next:10":                               {req: op.AliasTarget{Split: []op.Share{{App: "blog", Weight: 90}, {App: "next", Weight: 10}}}},
		"--reserve":                                             {req: op.AliasTarget{Reserve: true}},
		"--app blog --reserve":                                  {err: combined},
		"--app blog --redirect x":                               {err: combined},
		"--split a:1,b:99 --app blog":                           {err: combined},
		"--app= --reserve":                                      {err: combined},
		"--app=":                                                {err: empty},
		"--redirect=":                                           {err: empty},
		"--app blog --status 302":                               {err: alone},
		"--reserve --keep-path":                                 {err: alone},
		"--split=":                                              {err: `invalid part of a split "": use app:weight, such as blog:90,next:10`},
		"--split a:90,b":                                        {err: `invalid part of a split "b": use app:weight, such as blog:90,next:10`},
		"--split a:90,b:+10":                                    {err: `the weight of b must be a whole number from 1 to 100, not "+10"`},
		"--split a:100,b:0":                                     {err: "the weight of b must be a whole number from 1 to 100, not 0"},
		"--split a:50,b:49":                                     {err: "the weights of a split must add up to 100, not 99"},
	} {
		cmd := commands{&kit.CLI{}}.aliasSet()
		if err := cmd.ParseFlags(strings.Fields(line)); err != nil {
			t.Fatal(err)
		}
		value := func(name string) string { return cmd.Flags().Lookup(name).Value.String() }
		req := op.AliasTarget{Alias: "x", App: value("app"), Redirect: value("redirect"), KeepPath: value("keep-path") == "true", Reserve: value("reserve") == "true"}
		if cmd.Flags().Changed("status") {
			req.Status, _ = cmd.Flags().GetInt("status")
		} else {
			req.Status = 301
		}
		err := aliasFlags(cmd, &req, value("split"))
		var usage *kit.Usage
		switch {
		case want.err != "" && (!errors.As(err, &usage) || err.Error() != want.err):
			t.Errorf("%q: %v, want %q", line, err, want.err)
		case want.err == "" && err != nil:
			t.Errorf("%q: %v", line, err)
		case want.err == "":
			want.req.Alias = "x"
			if diff := cmp.Diff(want.req, req); diff != "" {
				t.Errorf("%q: %s", line, diff)
			}
		}
	}
}

func TestAppsThatBecomeUnreachableAreNamed(t *testing.T) {
	if got := lostRows(op.Lost{}); got != nil {
		t.Errorf("%q", got)
	}
	if diff := cmp.Diff([][]string{{"unreachable", "a, b, except at their previews"}}, lostRows(op.Lost{Unreachable: []string{"a", "b"}})); diff != "" {
		t.Error(diff)
	}
	if got := onlyText(nil); got != "" {
		t.Error(got)
	}
	if got := onlyText([]string{"a", "b"}); got != ", and nothing else points to a, b: visitors could reach it only through its previews" {
		t.Error(got)
	}
}
