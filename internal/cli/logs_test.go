package cli

import (
	"context"
	"strings"
	"testing"
	"time"

	"fazt/internal/cli/kit"
	"fazt/internal/fazttest"
)

func TestLogsFollowUntilTheyAreInterrupted(t *testing.T) {
	t.Parallel()
	i := fazttest.New(t)
	i.Deploy("app", "-- api/main.js --\nconsole.log('said ' + request.query.say);\nrespond('ok');\n")
	i.Get("app", "/api/x?say=before")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out, problems screen
	ended := make(chan int, 1)
	go func() {
		ended <- Main(ctx, kit.Env{
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
