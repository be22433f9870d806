package cli

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
	"fazt/internal/output"
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

func TestWhatIsShownCannotSteerTheTerminal(t *testing.T) {
	const text = "a\x1b[2Jb\x07 日本 \u009b31m é\n\tx"
	want := output.Visible(text)
	if strings.ContainsAny(want, "\x1b\x07\u009b") || !strings.Contains(want, "日本") || !strings.Contains(want, "\n\t") {
		t.Fatalf("%q", want)
	}
	for size := 1; size <= len(text); size++ { // characters cut in two
		var b bytes.Buffer
		w := &terminal{w: &b}
		for rest := []byte(text); len(rest) > 0; rest = rest[min(size, len(rest)):] {
			if n, err := w.Write(rest[:min(size, len(rest))]); n != min(size, len(rest)) || err != nil {
				t.Fatal(n, err)
			}
		}
		w.end()
		if b.String() != want {
			t.Errorf("in pieces of %d: %q", size, b.String())
		}
	}
	var b bytes.Buffer
	w := &terminal{w: &b}
	_, _ = w.Write([]byte("half \xe6\x97"))
	w.end()
	if strings.Contains(b.String(), "\xe6\x97") || !strings.HasPrefix(b.String(), "half ") {
		t.Errorf("%q", b.String())
	}
}
