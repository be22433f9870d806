package output

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/lipgloss"
)

func printed(t *testing.T, f Format, width int, v View) string {
	t.Helper()
	var b strings.Builder
	if err := (Printer{&b, f, width}).Print(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func list(rows ...[]string) View {
	return View{Value: rows, Columns: []string{"name", "address"}, Rows: rows, Empty: "nothing here"}
}

func TestFormats(t *testing.T) {
	var none []string
	for name, c := range map[string]struct {
		format Format
		view   View
		want   string
	}{
		"table":             {Table, list([]string{"a", "http://a"}, []string{"longer", "b"}), "NAME    ADDRESS\na       http://a\nlonger  b\n"},
		"table, empty":      {Table, list(), "nothing here\n"},
		"one thing":         {Table, View{Rows: [][]string{{"name", "a"}, {"title", ""}}}, "name   a\ntitle  \n"},
		"wide characters":   {Table, list([]string{"日本", "x"}, []string{"abcd", "y"}), "NAME  ADDRESS\n日本  x\nabcd  y\n"},
		"a heading":         {Table, list([]string{"a heading wider than all of it"}, []string{"a", "b"}), "NAME  ADDRESS\na heading wider than all of it\na     b\n"},
		"escape sequences":  {Table, list([]string{"a\x1b[2Jb\nc", "x"}), "NAME     ADDRESS\na[2Jb c  x\n"},
		"json":              {JSON, View{Value: map[string]string{"a": "<b>"}}, "{\n  \"a\": \"<b>\"\n}\n"},
		"json, no members":  {JSON, View{Value: none}, "[]\n"},
		"markdown":          {Markdown, list([]string{"a|b", "c\nd\\"}), "| name | address |\n|---|---|\n| a\\|b | c d\\\\ |\n"},
		"markdown, empty":   {Markdown, list(), "nothing here\n"},
		"markdown, a thing": {Markdown, View{Rows: [][]string{{"name", "a"}}}, "|  |  |\n|---|---|\n| name | a |\n"},
	} {
		if got := printed(t, c.format, 0, c.view); got != c.want {
			t.Errorf("%s:\n%q\nwant\n%q", name, got, c.want)
		}
	}
}

func TestATableFitsTheTerminal(t *testing.T) {
	v := list([]string{"short", strings.Repeat("日本語", 60)}, []string{strings.Repeat("n", 50), "x"})
	for _, width := range []int{20, 40, 80, 200} {
		for line := range strings.Lines(printed(t, Table, width, v)) {
			if w := lipgloss.Width(strings.TrimSuffix(line, "\n")); w > width {
				t.Errorf("at %d: %d columns: %s", width, w, line)
			}
		}
	}
	if got := printed(t, Table, 0, v); !strings.Contains(got, strings.Repeat("日本語", 60)) {
		t.Error("a pipe gets everything")
	}
}

func TestWords(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 12345: "12.3 kB", 999_949: "999.9 kB", 999_951: "1.0 MB", 5e9: "5.0 GB", 1 << 62: "4611.7 PB"} {
		if got := Size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.Local)
	for before, want := range map[time.Duration]string{
		-time.Second: "just now", -3 * time.Minute: "in 3 minutes", -26 * time.Hour: "in 1 day", -8 * 24 * time.Hour: "2026-03-18 12:00",
		0: "just now", time.Minute: "1 minute ago", 59 * time.Minute: "59 minutes ago",
		2 * time.Hour: "2 hours ago", 50 * time.Hour: "2 days ago", 8 * 24 * time.Hour: "2026-03-02 12:00",
	} {
		if got := relative(now.Add(-before), now); got != want {
			t.Errorf("%v: %s, want %s", before, got, want)
		}
	}
	if got := relative(time.Time{}, now); got != "never" {
		t.Error(got)
	}
	for d, want := range map[time.Duration]string{1234567: "1ms", 12345: "12µs", 3*time.Second + 456*time.Millisecond: "3.46s"} {
		if got := Took(d); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
	if _, err := ParseFormat("yaml"); err == nil {
		t.Error("yaml is not a format")
	}
}

func TestImportantTextIsNotCutOnANarrowTerminal(t *testing.T) {
	sentence := "the server is reached, and the name leads to 192.0.2.1, which is not an address of this machine"
	doctor := View{Columns: []string{"check", "state", "found"}, Rows: [][]string{{"names", "warning", sentence}}, Wraps: true}
	want := "CHECK  STATE    FOUND\nnames  warning  the server is reached,\n                and the name leads to\n                192.0.2.1, which is not\n                an address of this\n                machine\n"
	if got := printed(t, Table, 40, doctor); got != want {
		t.Errorf("%q", got)
	}
	one := View{Rows: [][]string{{"limit", "x"}, {"value", strings.Repeat("v", 50)}}}
	if got := printed(t, Table, 40, one); got != "limit  x\nvalue  "+strings.Repeat("v", 33)+"\n       "+strings.Repeat("v", 17)+"\n" {
		t.Errorf("%q", got)
	}
	yields := View{Columns: []string{"time", "what"}, Rows: [][]string{{"2026-01-31 15:04:05", strings.Repeat("w", 20)}}, Yields: []string{"time"}}
	if got := printed(t, Table, 32, yields); got != "TIME        WHAT\n2026-01-3…  "+strings.Repeat("w", 20)+"\n" {
		t.Errorf("%q", got)
	}
}
