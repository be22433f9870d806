package cli

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	"fazt/internal/activity"
	"fazt/internal/cli/kit"
	"fazt/internal/fazttest"
)

// stopWriter ends a command once it has shown a text.
type stopWriter struct {
	bytes.Buffer
	until string
	stop  func()
}

func (w *stopWriter) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Contains(w.String(), w.until) {
		w.stop()
	}
	return n, err
}

// -f was accepted but showed nothing, and a visitor's User-Agent reached the terminal unescaped.
func TestTailsShowNewEntriesUntilTheyAreInterrupted(t *testing.T) {
	t.Parallel()
	i := fazttest.New(t)
	i.Deploy("app", "-- api/main.js --\nconsole.log('hello \\x1b[2J world');\nrespond('ok');\n")
	follow := func(until string, happen func(), args ...string) string {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		out, errors := &stopWriter{until: until, stop: cancel}, &bytes.Buffer{}
		done := make(chan int)
		go func() {
			done <- Main(ctx, kit.Env{Args: append(args, "--db", i.Path), Stdin: strings.NewReader(""), Stdout: out, Stderr: errors,
				Getenv: func(string) string { return "" }, Home: func() (string, error) { return t.TempDir(), nil }})
		}()
		happen()
		if code := <-done; code != exitOK {
			t.Errorf("exit code %d: %s", code, errors)
		}
		if strings.Contains(out.String(), "\x1b") {
			t.Errorf("%q steers the terminal", out.String())
		}
		return out.String()
	}
	follow("hello", func() { i.Get("app", "/api/x") }, "app", "logs", "app", "-f")
	got := follow("key.check", func() {
		r := i.Request(http.MethodGet, "admin", "/api/apps", "")
		r.Header.Set("Authorization", "Bearer wrong")
		i.Activity.Record(activity.Entry{Action: "test.do", Resource: "evil \x1b[2J"})
		i.Do(r)
	}, "logs", "tail")
	if !strings.Contains(got, "? 127.0.0.1  key.check  denied UNAUTHORIZED") {
		t.Error(got)
	}
	follow(`"action":"upload.commit"`, func() {}, "logs", "tail", "--format", "json", "--action", "upload")
}
