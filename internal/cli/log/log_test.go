package log

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"fazt/internal/activity"
	"fazt/internal/cli/kit"
	"fazt/internal/errs"
)

func TestAnActorInAFewWords(t *testing.T) {
	for want, a := range map[string]activity.Actor{
		"ana":           {Kind: activity.Owner, Name: "ana"},
		"owner":         {Kind: activity.Owner},
		"key ci":        {Kind: activity.Key, Name: "ci"},
		"? 192.0.2.1":   {Kind: activity.Anonymous, Name: "somebody", Address: "192.0.2.1"},
		"?":             {Kind: activity.Anonymous},
		"of the future": {Kind: "of the future"},
	} {
		if got := who(a); got != want {
			t.Errorf("%+v: %q, want %q", a, got, want)
		}
	}
	if got := howItWent(activity.Entry{Result: activity.Failed, Code: "NOT_FOUND"}); got != "failed NOT_FOUND" {
		t.Error(got)
	}
	if got := howItWent(activity.Entry{Result: activity.OK}); got != "ok" {
		t.Error(got)
	}
	for details, want := range map[string]string{"": "", "null": "", `{"a":1}`: `{"a":1}`} {
		if got := facts(activity.Entry{Details: json.RawMessage(details)}); got != want {
			t.Errorf("%q: %q", details, got)
		}
	}
}

func TestTheAppOfAFilterIsNamedOnce(t *testing.T) {
	const twice = "the app is named twice; use one of: an address, --app, --alias, --url, --link"
	for line, want := range map[string]struct{ url, err string }{
		"":                              {"", ""},
		"https://blog.example.com/x":    {"https://blog.example.com/x", ""},
		"--url blog":                    {"blog", ""},
		"--alias blog":                  {"blog", ""},
		"--link blog":                   {"blog", ""},
		"--app blog":                    {"", ""},
		"a --url b":                     {"", twice},
		"a --alias b":                   {"", twice},
		"--alias a --link b":            {"", twice},
		"--link a --url b":              {"", twice},
		"a --app b":                     {"", twice},
		"--alias a --app b":             {"", twice},
		"--min-weight 3 --max-weight 3": {"", ""},
		"--min-weight 4 --max-weight 3": {"", "--min-weight is greater than --max-weight: no entry matches"},
		"--min-weight -1":               {"", "--min-weight must be from 0 to 9"},
		"--max-weight 10":               {"", "--max-weight must be from 0 to 9"},
		"--since tomorrow":              {"", `--since: "tomorrow" is not a time`},
	} {
		var f logFilter
		cmd := &cobra.Command{}
		f.flags(cmd)
		if err := cmd.ParseFlags(strings.Fields(line)); err != nil {
			t.Fatal(err)
		}
		err := f.read(cmd.Flags().Args())
		var usage *kit.Usage
		switch {
		case want.err == "" && (err != nil || f.URL != want.url):
			t.Errorf("%q: %q, %v", line, f.URL, err)
		case want.err != "" && (!errors.As(err, &usage) || !strings.HasPrefix(err.Error(), want.err)):
			t.Errorf("%q: %v, want %q", line, err, want.err)
		}
	}
	if err := pasted(nil, []string{"a", "b"}); err == nil || err.Error() != `"b" is one argument too many` {
		t.Error(err)
	}
	if err := errors.Join(pasted(nil, nil), pasted(nil, []string{"a"})); err != nil {
		t.Error(err)
	}
}

func TestAFollowedEntryIsOneLine(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	line := func(e activity.Entry) []byte {
		e.Time = at
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for name, tt := range map[string]struct {
		entry activity.Entry
		want  string
	}{
		"a success": {activity.Entry{Weight: 7, Action: "env.set", Result: activity.OK, Resource: "blog", Actor: activity.Actor{Kind: activity.Owner}}, "2026-01-02 03:04:05  7  owner  env.set blog\n"},
		"a failure": {activity.Entry{Weight: 9, Action: "key.check", Result: activity.Denied, Code: "UNAUTHORIZED", Actor: activity.Actor{Kind: activity.Anonymous, Address: "192.0.2.1"}}, "2026-01-02 03:04:05  9  ? 192.0.2.1  key.check  denied UNAUTHORIZED\n"},
		"details":   {activity.Entry{Action: "a.b", Result: activity.OK, Details: json.RawMessage(`{"n":1}`), Actor: activity.Actor{Kind: activity.Key, Name: "ci"}}, "2026-01-02 03:04:05  0  key ci  a.b  {\"n\":1}\n"},
		"an attack": {activity.Entry{Action: "a.b", Result: activity.OK, Resource: "x\x1b[2J\ny", Actor: activity.Actor{Kind: activity.Owner}}, "2026-01-02 03:04:05  0  owner  a.b x[2J y\n"},
	} {
		var out bytes.Buffer
		c := commands{&kit.CLI{Format: "table", Env: kit.Env{Stdout: &out}}}
		if err := c.showEntry(line(tt.entry)); err != nil || out.String() != tt.want {
			t.Errorf("%s: %q, %v, want %q", name, out.String(), err, tt.want)
		}
	}
	var out bytes.Buffer
	c := commands{&kit.CLI{Format: "json", Env: kit.Env{Stdout: &out}}}
	if err := c.showEntry([]byte(`{"id":1}`)); err != nil || out.String() != "{\"id\":1}\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	c.Format = "table"
	if err := c.showEntry([]byte(`<html>`)); !errs.Is(err, errs.Unsupported) {
		t.Error(err)
	}
}

func TestAnExportEndsAtTheLimit(t *testing.T) {
	const three = "{\"id\":3}\n{\"id\":2}\n{\"id\":1}\n"
	for limit, want := range map[int]int{0: 3, 1: 1, 2: 2, 3: 3, 4: 3} {
		n := 0
		err := firstEntries(strings.NewReader(three), limit)(func(json.RawMessage) error {
			n++
			return nil
		})
		if n != want || err != nil {
			t.Errorf("limit %d: %d entries, %v", limit, n, err)
		}
	}
	full := errors.New("disk full")
	if err := firstEntries(strings.NewReader(three), 0)(func(json.RawMessage) error { return full }); !errors.Is(err, full) {
		t.Error(err)
	}
	if err := firstEntries(strings.NewReader("{\"id\":1}\n<html>"), 0)(func(json.RawMessage) error { return nil }); !errs.Is(err, errs.Unsupported) {
		t.Error(err)
	}
	for form, known := range map[string]bool{"json": true, "lines": true, "csv": true, "xml": false, "JSON": false, "": false} {
		if (exporter(form) != nil) != known {
			t.Errorf("%q: known must be %t", form, known)
		}
	}
	broken := entries(func(func(json.RawMessage) error) error { return full })
	for _, form := range []string{"json", "lines", "csv"} {
		if err := exporter(form)(io.Discard, broken); !errors.Is(err, full) {
			t.Errorf("%s: %v", form, err)
		}
	}
}

func TestAnIncompleteExportLeavesNoFile(t *testing.T) {
	var out bytes.Buffer
	c := commands{&kit.CLI{Env: kit.Env{Stdout: &out}}}
	hello := func(w io.Writer) error {
		_, err := io.WriteString(w, "hello")
		return err
	}
	if err := c.toFile("", hello); err != nil || out.String() != "hello" {
		t.Errorf("%q, %v", out.String(), err)
	}
	path := filepath.Join(t.TempDir(), "log.json")
	stop := errors.New("stop")
	if err := c.toFile(path, func(w io.Writer) error { return errors.Join(hello(w), stop) }); !errors.Is(err, stop) {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half an export was left: %v", err)
	}
	if err := c.toFile(path, hello); err != nil {
		t.Error(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || string(data) != "hello" {
		t.Errorf("%q, %v", data, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("other users can read the log: %v, %v", info.Mode(), err)
	}
	// An existing file is neither changed nor removed.
	if err := c.toFile(path, func(io.Writer) error { return stop }); !errs.Is(err, errs.Conflict) {
		t.Error(err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "hello" {
		t.Errorf("%q, %v", data, err)
	}
}
