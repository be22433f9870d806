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
	far   bool   // it happens on the second machine
	key   bool   // the key that was made there is given to it
}

// section is a heading with its steps.
type section struct {
	title string
	steps []step
}

// firstRun is the story of docs/FIRST-RUN.md. Every line of its output comes from the real binary.
func firstRun() []section {
	return []section{
		{"From nothing to an app with an API", []step{
			{say: "Two commands. The first makes the database and serves it; the second puts a folder live.", fazt: "server start", serve: true},
			{fazt: "app deploy examples/guestbook"},
			{say: "That is all. The page is at that address; this is its API, which keeps what it is given.",
				get: "guestbook.localhost:4698/api/entries", post: `{"name":"Ada","message":"I was here."}`},
			{get: "guestbook.localhost:4698/api/entries"},
		}},
		{"To the same app on a second machine", []step{
			{say: "The other machine runs fazt too, and has made a key for this one. (Here both are one machine, and every port is shown as\nthe usual one; over a network the address begins with https.)", fazt: "server start", serve: true, far: true},
			{fazt: "key create --name laptop --scope deploy --scope read", far: true},
			{say: "Two commands here. The first keeps the key, the second deploys with it; every command takes a peer in front.",
				fazt: "peer add home --url http://127.0.0.1:4698 --token-stdin", key: true},
			{fazt: "@home deploy examples/guestbook"},
			{fazt: "@home list"},
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
	far := filepath.Join(home, "far")
	if err := os.Mkdir(far, 0o700); err != nil {
		t.Fatal(err)
	}
	r := &recorder{t: t, binary: build(t), near: machine{home, freeAddress(t)}, far: machine{far, freeAddress(t)}}
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
	t         *testing.T
	binary    string
	near, far machine
	key       string // what the last `key create` printed
	text      bytes.Buffer
}

type machine struct{ home, address string }

func (r *recorder) machine(s step) machine {
	if s.far {
		return r.far
	}
	return r.near
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
	shown, out, prompt := "fazt "+s.fazt, "", "$"
	if s.far {
		prompt = "home$"
	}
	switch {
	case s.get != "":
		shown, out = r.ask(s)
	case s.serve:
		shown += " &"
		out = r.serve(s)
	default:
		cmd := r.command(s)
		if s.key {
			cmd.Stdin = strings.NewReader(r.key)
			shown += " < key.txt"
		}
		got, err := cmd.CombinedOutput()
		if err != nil {
			r.t.Fatalf("fazt %s: %v\n%s", s.fazt, err, got)
		}
		out = string(got)
		if key := tokenShape().FindString(out); key != "" {
			r.key = key
		}
	}
	fmt.Fprintf(&r.text, "\n```console\n%s %s\n%s\n```\n", prompt, shown, strings.TrimRight(r.plain(out), "\n"))
}

func tokenShape() *regexp.Regexp { return regexp.MustCompile(`fazt_[0-9a-z]+_[0-9a-z]+`) }

func (r *recorder) command(s step, more ...string) *exec.Cmd {
	var args []string
	line := s.fazt
	if s.key { // the transcript shows the usual port
		line = strings.ReplaceAll(line, "127.0.0.1:4698", r.far.address)
	}
	for _, m := range regexp.MustCompile(`"([^"]*)"|(\S+)`).FindAllStringSubmatch(line, -1) {
		args = append(args, m[1]+m[2])
	}
	cmd := exec.Command(r.binary, append(args, more...)...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "HOME="+r.machine(s).home, "FAZT_DB=", "FAZT_CONFIG=")
	return cmd
}

// serve starts a server and reads what it says until it is ready. It takes a free port; the transcript shows the usual
// one.
func (r *recorder) serve(s step) string {
	cmd := r.command(s, "--listen", r.machine(s).address)
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
	req, err := http.NewRequest(method, "http://"+r.machine(s).address+"/"+path, strings.NewReader(s.post))
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
	for _, m := range []machine{r.far, r.near} { // the home of the far one lies in that of the near one
		_, port, _ := strings.Cut(m.address, ":")
		text = strings.NewReplacer(m.home, "~", ":"+port, ":4698").Replace(text)
	}
	text = tokenShape().ReplaceAllString(text, "fazt_0123456789ab_…")
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
