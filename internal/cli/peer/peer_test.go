package peer

import (
	"strings"
	"testing"

	"fazt/internal/cli/kit"
	"fazt/internal/errs"
)

func TestAKeyFromALongLineIsRefusedAndNotCut(t *testing.T) {
	token := "fazt_" + strings.Repeat("a", 12) + "_" + strings.Repeat("b", 52)
	for name, tt := range map[string]struct{ input, want string }{
		"a line":               {token + "\n", ""},
		"without a line end":   {token, ""},
		"nothing":              {"", "standard input holds no key"},
		"a line that is long":  {token + strings.Repeat(" ", maxToken) + "rest\n", "the first line of standard input is longer than 4096 bytes; no key is that long"},
		"lines after the key":  {token + "\n" + strings.Repeat("x", maxToken), ""},
		"a line of many bytes": {strings.Repeat("x", 2*maxToken), "the first line of standard input is longer than 4096 bytes; no key is that long"},
	} {
		c := commands{&kit.CLI{Env: kit.Env{Stdin: strings.NewReader(tt.input)}}}
		got, err := c.token(true)
		switch {
		case tt.want == "" && (err != nil || string(got) != token):
			t.Errorf("%s: %q, %v", name, got, err)
		case tt.want != "" && errs.Sentence(err) != tt.want:
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}
