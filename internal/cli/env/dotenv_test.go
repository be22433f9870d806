package env

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvFiles(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want map[string]string
	}{
		"nothing":            {"", map[string]string{}},
		"comments":           {"# a\n\n  # b\nA=1 # c\nB=x#y\n", map[string]string{"A": "1", "B": "x#y"}},
		"export, no newline": {"export A = 1", map[string]string{"A": "1"}},
		"empty values":       {"A=\nB=''\nC=\"\"\n", map[string]string{"A": "", "B": "", "C": ""}},
		"an = in the value":  {"A=b=c==\n", map[string]string{"A": "b=c=="}},
		"single quotes":      {`A='a "b" \n $C' # x`, map[string]string{"A": `a "b" \n $C`}},
		"double quotes":      {`A="a\n\t\"b\" \\ \$C \q $D"`, map[string]string{"A": "a\n\t\"b\" \\ $C \\q $D"}},
		"over lines":         {"A=\"one\ntwo\"\nB=3\n", map[string]string{"A": "one\ntwo", "B": "3"}},
		"windows":            {"\ufeffA=1\r\nB='x\r\ny'\r\n", map[string]string{"A": "1", "B": "x\ny"}},
		"nothing expanded":   {"A=$HOME/${B}", map[string]string{"A": "$HOME/${B}"}},
	} {
		got, err := parseEnv(c.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for text, want := range map[string]string{
		"A=1\nB\n":                `line 2: there is no = after "B"`,
		"A=\"x\ny\"\nC='z":        "line 3: the value of C has no closing quote",
		"A='x' y":                 "line 1: the value of A goes on after its closing quote",
		"A=1\n\nA=2":              "line 3: A is set twice",
		strings.Repeat("x", 1000): "line 1: there is no = after",
	} {
		if _, err := parseEnv(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// Any file is parsed without an endless loop or a panic, and text in single quotes is returned unchanged.
func FuzzEnvFile(f *testing.F) {
	for _, seed := range []string{"A=1\n", "export A='x\ny' # z", `A="\n\"`, "=\n", "A==\r\n#", "\ufeff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = parseEnv(text)
		if strings.ContainsAny(text, "'\r") {
			return
		}
		got, err := parseEnv("A='" + text + "'\nB=1\n")
		if err != nil || got["A"] != text || got["B"] != "1" {
			t.Fatalf("%q %v", got, err)
		}
	})
}
