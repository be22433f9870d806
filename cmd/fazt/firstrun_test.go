package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite docs/FIRST-RUN.md")

// step is one thing of the first run: a command of fazt, or a look at what it made.
type step struct {
	say   string // before it, for the reader
	fazt  string // arguments
	serve bool   // it goes on in the background; its first lines are shown
	get   string // or: host and path that are asked for, as curl would
	post  string // what is sent there
}

// section is a heading with its steps.
type section struct {
	title string
	steps []step
}

// firstRun is the story of docs/FIRST-RUN.md. Every line of its output comes from the real binary.
//
// A section about a second machine belongs after the first: it adds a peer and deploys to it, in two commands.
func firstRun() []section {
	return []section{
		{"From nothing to an app with an API", []step{
			{say: "Two commands. The first makes the database and serves it; the second puts a folder live.", fazt: "server start", serve: true},
			{fazt: "app deploy examples/guestbook"},
			{say: "That is all. The page is at that address; this is its API, which keeps what it is given.",
				get: "guestbook.localhost:4698/api/entries", post: `{"name":"Ada","message":"I was here."}`},
			{get: "guestbook.localhost:4698/api/entries"},
		}},
		{"And then", []step{
			{say: "The first deploy was kept whole, as every later one will be.", fazt: "app deployments guestbook"},
			{say: "What a function should know and nobody else goes into its environment, and is there at once.", fazt: "env set guestbook GREETING=hello"},
			{fazt: "env list guestbook"},
			{say: "The database answers questions; it cannot be changed by them.", fazt: `sql "SELECT name, created_at > 0 AS made FROM apps"`},
			{fazt: "server stop"},
		}},
	}
}

// The transcript people read first is made by the program they will run, so that it cannot tell of another.
func TestTheFirstRunIsAsItsTranscriptTells(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the transcript is one of a Unix shell")
	}
	home, err := os.MkdirTemp("", "fazt") // short: a socket lies in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	r := &recorder{t: t, binary: build(t), home: home, address: freeAddress(t)}
	r.text.WriteString("# The first run\n\nThis page is written by a test that runs the real program; `make golden` writes it anew.\n")
	for _, s := range firstRun() {
		fmt.Fprintf(&r.text, "\n## %s\n", s.title)
		for _, st := range s.steps {
			r.play(st)
		}
	}
	path := filepath.Join("..", "..", "docs", "FIRST-RUN.md")
	if *update {
		if err := os.WriteFile(path, r.text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), r.text.String()); diff != "" {
		t.Errorf("docs/FIRST-RUN.md is stale; `make golden` writes it anew\n%s", diff)
	}
}

// recorder plays steps and writes down what a person would see.
type recorder struct {
	t                     *testing.T
	binary, home, address string
	text                  bytes.Buffer
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (r *recorder) play(s step) {
	r.t.Helper()
	if s.say != "" {
		fmt.Fprintf(&r.text, "\n%s\n", s.say)
	}
	shown, out := "fazt "+s.fazt, ""
	switch {
	case s.get != "":
		shown, out = r.ask(s)
	case s.serve:
		shown += " &"
		out = r.serve(s)
	default:
		got, err := r.command(s.fazt).CombinedOutput()
		if err != nil {
			r.t.Fatalf("fazt %s: %v\n%s", s.fazt, err, got)
		}
		out = string(got)
	}
	fmt.Fprintf(&r.text, "\n```console\n$ %s\n%s\n```\n", shown, strings.TrimRight(r.plain(out), "\n"))
}

func (r *recorder) command(line string, more ...string) *exec.Cmd {
	var args []string
	for _, m := range regexp.MustCompile(`"([^"]*)"|(\S+)`).FindAllStringSubmatch(line, -1) {
		args = append(args, m[1]+m[2])
	}
	cmd := exec.Command(r.binary, append(args, more...)...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "HOME="+r.home, "FAZT_DB=")
	return cmd
}

// serve starts a server and reads what it says until it is ready. It takes a free port; the transcript shows the usual
// one.
func (r *recorder) serve(s step) string {
	cmd := r.command(s.fazt, "--listen", r.address)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	var said strings.Builder
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "server init") { // the last of its hints
			return said.String()
		}
	}
	r.t.Fatalf("the server ended: %s", said.String())
	return ""
}

func (r *recorder) ask(s step) (shown, out string) {
	host, path, _ := strings.Cut(s.get, "/")
	method, shown := http.MethodGet, "curl http://"+s.get
	if s.post != "" {
		method, shown = http.MethodPost, "curl --json '"+s.post+"' http://"+s.get
	}
	req, err := http.NewRequest(method, "http://"+r.address+"/"+path, strings.NewReader(s.post))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Host, req.Close = host, true
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		r.t.Fatalf("%s: %d %s %v", s.get, resp.StatusCode, body, err)
	}
	return shown, string(body)
}

// plain puts one value for everything that differs between two runs.
func (r *recorder) plain(text string) string {
	_, port, _ := strings.Cut(r.address, ":")
	text = strings.NewReplacer(r.home, "~", ":"+port, ":4698").Replace(text)
	for _, p := range []struct{ pattern, with string }{
		{`\b\d+(\.\d+)?(µs|ms|s)\b`, "12ms"},
		{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`, "2026-01-02T03:04:05Z"},
		{`process \d+`, "process 4242"},
		{`\b\d+(\.\d+)? (B|kB|MB)\b`, "8.5 kB"},
		{`\b(just now|\d+ minutes? ago)\b`, "just now"},
		{`\d{13}[-_:][0-9A-Za-z]+`, "1767322800000-x"},
	} {
		text = regexp.MustCompile(p.pattern).ReplaceAllString(text, p.with)
	}
	return text
}
