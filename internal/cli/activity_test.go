package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"fazt/internal/activity"
	"fazt/internal/fazttest"
)

func TestNoCellOfAnExportIsAFormulaOrSteersATerminal(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "  =x": "'  =x", "\t=x": "' =x", "\r\n=x": "'  =x", "＝x": "'＝x", "|cmd": "'|cmd",
		"a=b": "a=b", "": "", "\x1b[2Jx": "[2Jx", "\x1b=1": "'=1", "a\nb": "a b", "\u00a0=x": "'\u00a0=x", "\ufeff=x": "'=x",
	} {
		if got := harmless(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzHarmless(f *testing.F) {
	f.Add("=x")
	f.Fuzz(func(t *testing.T, text string) {
		got := strings.TrimSpace(harmless(text))
		if got != "" && strings.ContainsRune("=+-@|%", rune(got[0])) || strings.ContainsAny(got, "\x1b\n\r") {
			t.Errorf("%q", got)
		}
	})
}

func TestExportsAreWhatTheyAreCalled(t *testing.T) {
	list := func(yield func(json.RawMessage) error) error {
		for _, e := range []activity.Entry{{ID: 1, Action: "a", Actor: activity.Actor{Agent: "=evil()"}}, {ID: 2, Action: `b,"c"`}} {
			data, _ := json.Marshal(e)
			if err := yield(data); err != nil {
				return err
			}
		}
		return nil
	}
	var out bytes.Buffer
	var all []activity.Entry
	if err := exportJSON(&out, list); err != nil || json.Unmarshal(out.Bytes(), &all) != nil || len(all) != 2 {
		t.Errorf("%s %v", out.String(), err)
	}
	out.Reset()
	if err := exportLines(&out, list); err != nil || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("%s %v", out.String(), err)
	}
	out.Reset()
	err := exportCSV(&out, list)
	rows, bad := csv.NewReader(&out).ReadAll()
	if err != nil || bad != nil || len(rows) != 3 || rows[1][10] != "'=evil()" || rows[2][3] != `b,"c"` {
		t.Errorf("%q %v %v", rows, err, bad)
	}
	out.Reset()
	if err := exportJSON(&out, func(func(json.RawMessage) error) error { return nil }); err != nil || out.String() != "[]\n" {
		t.Errorf("%q %v", out.String(), err)
	}
}

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

// -f was accepted and showed nothing; and what a visitor's program calls itself reached the terminal as it was.
func TestTailsShowWhatHappensUntilTheyAreEnded(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", "-- api/main.js --\nconsole.log('hello \\x1b[2J world');\nrespond('ok');\n")
	follow := func(until string, happen func(), args ...string) string {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		out, errors := &stopWriter{until: until, stop: cancel}, &bytes.Buffer{}
		done := make(chan int)
		go func() {
			done <- Main(ctx, Env{Args: append(args, "--db", i.Path), Stdin: strings.NewReader(""), Stdout: out, Stderr: errors,
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
