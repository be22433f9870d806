package kit

import (
	"errors"
	"strings"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/errs"
)

func TestAnUntrustedStreamOfLinesIsReadWithinLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want int
		ok   bool
	}{
		"lines":              {"{\"message\":\"a\"}\n{\"message\":\"b\"}\n", 2, true},
		"no JSON":            {"<p>\n", 0, false},
		"a line without end": {strings.Repeat("x", maxLine+1), 0, false},
		"half a line":        {"{\"message\":", 0, false},
	} {
		n := 0
		err := EachLine(strings.NewReader(tt.text), func(op.LogLine) error {
			n++
			return nil
		})
		if n != tt.want || (err == nil) != tt.ok || err != nil && !errs.Is(err, errs.Unsupported) {
			t.Errorf("%s: %d lines, %v", name, n, err)
		}
	}
	stop := errors.New("stop")
	if err := EachLine(strings.NewReader("{}\n{}\n"), func(op.LogLine) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}
