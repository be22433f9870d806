package kit

import (
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{"mesage": "message", "formt": "format", "nam": "name", "x": "", "nothing": "", "": ""} {
		if got := Nearest(word, []string{"message", "format", "name", "db"}); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestDistanceCountsTheLettersToChange(t *testing.T) {
	for words, want := range map[[2]string]int{
		{"", ""}: 0, {"a", ""}: 1, {"", "abc"}: 3, {"main", "main"}: 0, {"main", "mian"}: 2, {"main", "maint"}: 1, {"kitten", "sitting"}: 3,
	} {
		if got := Distance(words[0], words[1]); got != want {
			t.Errorf("%q: %d, want %d", words, got, want)
		}
		if got := Distance(words[1], words[0]); got != want {
			t.Errorf("%q, reversed: %d, want %d", words, got, want)
		}
	}
}

func TestArgumentsNamesWhatIsMissingOrTooMuch(t *testing.T) {
	for line, want := range map[string]string{
		"":        "the name of the app is missing",
		"a":       "the path of the file is missing",
		"a b":     "",
		"a b c":   `"c" is one argument too many`,
		"a b c d": `"c" is one argument too many`,
	} {
		err := Arguments("the name of the app", "the path of the file")(nil, strings.Fields(line))
		got := ""
		var usage *Usage
		if errors.As(err, &usage) {
			got = usage.Error()
		}
		if got != want || (err != nil) != (want != "") {
			t.Errorf("%q: %v, want %q", line, err, want)
		}
	}
	if err := Arguments()(nil, nil); err != nil {
		t.Error(err)
	}
}

func TestAGroupShowsItsHelpAndRefusesUnknownCommands(t *testing.T) {
	root := &cobra.Command{Use: "fazt", SilenceErrors: true, SilenceUsage: true}
	var help strings.Builder
	root.SetOut(&help)
	run := func(*cobra.Command, []string) error { return nil }
	root.AddCommand(Group("app", "Manage apps", &cobra.Command{Use: "list", Run: func(*cobra.Command, []string) {}}, &cobra.Command{Use: "remove", RunE: run}))
	for line, want := range map[string]string{
		"app":              "",
		"app list":         "",
		"app lst":          `unknown command "app lst"; did you mean "list"?`,
		"app remvoe":       `unknown command "app remvoe"; did you mean "remove"?`,
		"app frobnicate x": `unknown command "app frobnicate"`,
	} {
		root.SetArgs(strings.Fields(line))
		err := root.Execute()
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	for _, word := range []string{"Manage apps", "list", "remove"} {
		if !strings.Contains(help.String(), word) {
			t.Errorf("the help of the group does not contain %q: %s", word, help.String())
		}
	}
}
