package cli

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
)

func TestLogsFollowUntilTheyAreInterrupted(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", "-- api/main.js --\nconsole.log('said ' + request.query.say);\nrespond('ok');\n")
	i.Get("app", "/api/x?say=before")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out, problems screen
	ended := make(chan int, 1)
	go func() {
		ended <- Main(ctx, Env{
			Args: []string{"app", "logs", "app", "-f", "--db", i.Path}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &problems,
			Getenv: func(string) string { return "" }, Home: func() (string, error) { return t.TempDir(), nil },
		})
	}()
	waitFor(t, &out, "said before")
	i.Get("app", "/api/x?say=while+it+goes+on")
	waitFor(t, &out, "said while it goes on")
	interrupt()
	if code := <-ended; code != exitOK || problems.String() != "" {
		t.Fatalf("exit code %d: %s", code, problems.String())
	}
}

func waitFor(t *testing.T, s *screen, text string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !strings.Contains(s.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%q did not come; there is\n%s", text, s.String())
		}
	}
}

func TestAStreamOfLinesFromAStrangerIsReadWithCare(t *testing.T) {
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
		err := eachLine(strings.NewReader(tt.text), func(op.LogLine) error {
			n++
			return nil
		})
		if n != tt.want || (err == nil) != tt.ok || err != nil && !errs.Is(err, errs.Unsupported) {
			t.Errorf("%s: %d lines, %v", name, n, err)
		}
	}
	stop := errors.New("stop")
	if err := eachLine(strings.NewReader("{}\n{}\n"), func(op.LogLine) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}
