package kit

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/errs"
	"fazt/internal/output"
	"fazt/internal/runtime/compile"
)

func TestAllPagesAreRead(t *testing.T) {
	pages := map[string]op.Page[int]{"": {Items: []int{1, 2}, Next: "a"}, "a": {Next: "b"}, "b": {Items: []int{3}}}
	var asked []string
	all, err := Pages(func(cursor string) (op.Page[int], error) {
		asked = append(asked, cursor)
		return pages[cursor], nil
	})
	if err != nil || !slices.Equal(all, []int{1, 2, 3}) || !slices.Equal(asked, []string{"", "a", "b"}) {
		t.Errorf("%v of %q, %v", all, asked, err)
	}
	none, err := Pages(func(string) (op.Page[int], error) { return op.Page[int]{}, nil })
	if err != nil || none == nil || len(none) != 0 {
		t.Errorf("no items: %#v, %v", none, err)
	}
	broken := errors.New("broken")
	some, err := Pages(func(cursor string) (op.Page[int], error) {
		if cursor == "a" {
			return op.Page[int]{}, broken
		}
		return pages[cursor], nil
	})
	if some != nil || !errors.Is(err, broken) {
		t.Errorf("half a list: %v, %v", some, err)
	}
}

func TestAResultHasTheChosenFormat(t *testing.T) {
	list := output.View{Value: []string{"<ü>"}, Columns: []string{"name"}, Rows: [][]string{{"<ü>"}}}
	thing := output.View{Value: map[string]int{"n": 1}, Rows: [][]string{{"n", "1"}}}
	empty := output.View{Value: []string(nil), Columns: []string{"name"}, Empty: "There are none."}
	for name, tt := range map[string]struct {
		format string
		view   output.View
		want   string
	}{
		"a list as a table":     {"table", list, "NAME\n<ü>\n"},
		"a list as JSON":        {"json", list, "[\n  \"<ü>\"\n]\n"},
		"a list as Markdown":    {"markdown", list, "| name |\n|---|\n| <ü> |\n"},
		"a thing as a table":    {"table", thing, "n  1\n"},
		"a thing as JSON":       {"json", thing, "{\n  \"n\": 1\n}\n"},
		"no thing as a table":   {"table", empty, "There are none.\n"},
		"no thing as JSON":      {"json", empty, "[]\n"},
		"long lines in a pipe":  {"table", output.View{Columns: []string{"a"}, Rows: [][]string{{strings.Repeat("x", 300)}}}, "A\n" + strings.Repeat("x", 300) + "\n"},
		"control characters":    {"table", output.View{Rows: [][]string{{"a", "\x1b[2Jb\nc"}}}, "a  [2Jb c\n"},
		"columns of wide runes": {"table", output.View{Columns: []string{"a", "b"}, Rows: [][]string{{"日本", "1"}, {"x", "2"}}}, "A     B\n日本  1\nx     2\n"},
	} {
		var out bytes.Buffer
		c := &CLI{Format: tt.format, Env: Env{Stdout: output.NewScreen(&out)}}
		if err := c.Print(tt.view); err != nil || out.String() != tt.want {
			t.Errorf("%s: %q, %v, want %q", name, out.String(), err, tt.want)
		}
	}
}

func TestNotesAreSilentWhenQuietIsAsked(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		var out bytes.Buffer
		c := &CLI{Quiet: quiet, Env: Env{Stderr: &out}}
		_, err := c.Notes().Write([]byte("note"))
		if (out.Len() == 0) != quiet || err != nil {
			t.Errorf("quiet %t: %q, %v", quiet, out.String(), err)
		}
	}
}

func TestProgressIsShownOnATerminalOnly(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var pipe bytes.Buffer
	if Width(&pipe) != 0 || Width(output.NewScreen(&pipe)) != 0 || Width(file) != 0 {
		t.Error("a pipe or a file has the width of a terminal")
	}
	b := NewBar(output.NewScreen(&pipe))
	b.Verb = "fetching"
	b.Show(1, 2)
	b.Received(3)
	b.Clear()
	if pipe.Len() > 0 {
		t.Errorf("%q", pipe.String())
	}
	shown := &Bar{w: &pipe, Verb: "sending"}
	shown.Show(0, 0) // nothing to send
	if pipe.Len() > 0 {
		t.Errorf("a bar without a total: %q", pipe.String())
	}
	shown.Show(500, 1000)
	shown.Show(600, 1000) // too soon after the last
	if got := pipe.String(); got != "\rsending  50 %  500 B of 1.0 kB " {
		t.Errorf("%q", got)
	}
	shown.last = time.Time{}
	shown.Received(2000)
	shown.Received(3000)
	if got := pipe.String(); !strings.HasSuffix(got, "\rfetching 2.0 kB ") {
		t.Errorf("%q", got)
	}
	shown.Clear()
	if got := pipe.String(); !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("%q", got)
	}
}

func TestAnErrorIsOneSentenceWithThePlacesItIsAbout(t *testing.T) {
	places := []compile.Diagnostic{
		{File: "api/main.ts", Line: 1, Column: 2, Text: "no", Frame: "1 | x\n     ^", Notes: []string{"see \x1b[2J"}},
		{File: "api/b.ts", Line: 3, Column: 4, Text: "never", Frame: "3 | y"},
		{File: "api/c.ts", Text: "without a frame"},
	}
	data, err := json.Marshal(places)
	if err != nil {
		t.Fatal(err)
	}
	const sentence = "api/main.ts:1:2: no"
	const told = "fazt: " + sentence + "\n1 | x\n     ^\n  note: see \ufffd[2J\n\napi/b.ts:3:4: never\n3 | y\n"
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"a sentence":               {errs.New(errs.NotFound, "no app named %q", "x"), "fazt: no app named \"x\"\n"},
		"the cause is for the log": {errs.Wrap(errs.Invalid, errors.New("stat /secret"), "it cannot be read"), "fazt: it cannot be read\n"},
		"a failure without a kind": {errors.New("disk on fire"), "fazt: disk on fire\n"},
		"control characters":       {errs.New(errs.Invalid, "a\x1b[2Jb"), "fazt: a\ufffd[2Jb\n"},
		"places":                   {errs.New(errs.Unprocessable, sentence).WithDetails(places), told},
		"places from a peer":       {errs.New(errs.Unprocessable, sentence).WithDetails(json.RawMessage(data)), told},
		"other details":            {errs.New(errs.Invalid, "no").WithDetails(json.RawMessage(`{"a":1}`)), "fazt: no\n"},
	} {
		var out bytes.Buffer
		(&CLI{Env: Env{Stderr: &out}}).Explain(tt.err)
		if out.String() != tt.want {
			t.Errorf("%s: %q, want %q", name, out.String(), tt.want)
		}
	}
	if Diagnostics(nil) != nil || Diagnostics(errors.New("x")) != nil {
		t.Error("an error without places has places")
	}
}

func TestNothingIsRemovedWithoutATerminalOrYes(t *testing.T) {
	var out bytes.Buffer
	c := &CLI{Env: Env{Stdin: strings.NewReader("blog\n"), Stderr: &out}}
	err := c.Sure(false, "removing blog", "it has 2 aliases", "blog")
	var usage *Usage
	if !errors.As(err, &usage) || err.Error() != "removing blog: it has 2 aliases; without a terminal it needs --yes" {
		t.Error(err)
	}
	if err := c.Sure(true, "removing blog", "", "blog"); err != nil {
		t.Error(err)
	}
	file, err := os.Open(os.DevNull) // a file, but not a terminal
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c.Stdin = file
	if err := c.Sure(false, "removing blog", "it is", "blog"); !errors.As(err, &usage) {
		t.Error(err)
	}
	if out.Len() > 0 {
		t.Errorf("a question that cannot be answered: %q", out.String())
	}
}

func TestTimesForTheWire(t *testing.T) {
	zone := time.FixedZone("east", 2*60*60)
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, zone)
	for text, want := range map[string]string{
		"": "", "30m": "30m", "24h": "24h", "7d": "7d", "2w": "2w", "0s": "0s",
		"2026-01-31":           "2026-01-31T00:00:00+02:00",
		"2026-01-31T12:00:00Z": "2026-01-31T12:00:00Z",
	} {
		if got, err := WireTime("since", text, now); got != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"x", "5", "h", "-5h", "+5h", "5x", "yesterday", "2026-02-30", "1000001d", "2026-01-31 12:00"} {
		var usage *Usage
		if got, err := WireTime("until", text, now); got != "" || !errors.As(err, &usage) || !strings.HasPrefix(err.Error(), "--until: ") || !strings.Contains(err.Error(), "is not a time; use 30m") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if got := OptionalTime(nil); got != "never" {
		t.Error(got)
	}
	hourAgo := time.Now().Add(-90 * time.Minute)
	if got := OptionalTime(&hourAgo); got != "1 hour ago" {
		t.Error(got)
	}
}
