package main

import (
	"bytes"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the output on the pages of docs/guide")

// TestGuide runs every page of docs/guide as a reader would: each page gets its own home folder and instance.
//
//	```console          commands after "$ ", with the output they must have (`make golden` rewrites it);
//	                    "home$ " is a second machine, which the first one reaches at http://192.0.2.7
//	```sh               commands that must succeed; their output is not shown
//	```sh elsewhere     commands that need other machines; their names and flags are checked
//	```ts file=PATH     a file (of any language), written before the next command
func TestGuide(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the pages are for a Unix shell")
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "guide", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, path := range pages {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".md"), func(t *testing.T) {
			t.Parallel()
			testPage(t, path)
		})
	}
}

func testPage(t *testing.T, path string) {
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(t)
	if !bytes.Contains(want, []byte("fazt server start &")) {
		r.serve(r.near, "fazt server start &")
	}
	got := fence().ReplaceAllFunc(want, r.block)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs from the program's output; if the change is intended, run `make golden`\n%s", filepath.Base(path), diff)
	}
}

// fence matches a fenced block: its info string and its text.
func fence() *regexp.Regexp { return regexp.MustCompile("(?ms)^```(\\S[^\n]*)\n(.*?)^```$") }

// reader follows a page.
type reader struct {
	t         *testing.T
	binary    string
	near, far machine
	token     string // of the latest key
}

// machine is a home folder and the address its instance listens on.
type machine struct{ home, address string }

func newReader(t *testing.T) *reader {
	home, err := os.MkdirTemp("", "fazt") // a short path, because it contains a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	far := filepath.Join(home, "far")
	if err := os.Mkdir(far, 0o700); err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Abs(filepath.Join("..", "..", "examples"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{home, far} {
		if err := os.CopyFS(filepath.Join(dir, "examples"), os.DirFS(examples)); err != nil {
			t.Fatal(err)
		}
	}
	return &reader{t: t, binary: program(t), near: machine{home, freeAddress(t)}, far: machine{far, freeAddress(t)}}
}

// block runs one fenced block and returns it with its actual output.
func (r *reader) block(block []byte) []byte {
	m := fence().FindSubmatch(block)
	info, text := string(m[1]), string(m[2])
	language, detail, _ := strings.Cut(info, " ")
	switch {
	case strings.HasPrefix(detail, "file="):
		r.write(strings.TrimPrefix(detail, "file="), text)
	case language == "console":
		text = r.session(text)
	case info == "sh elsewhere":
		r.checkCommands(text)
	case info == "sh":
		if out, err := r.run(r.near, "set -e\n"+text); err != nil {
			r.t.Fatalf("%s\n%s%v", text, out, err)
		}
	}
	return []byte("```" + info + "\n" + text + "```")
}

func (r *reader) write(path, text string) {
	path = filepath.Join(r.near.home, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// session runs the commands of a console block and returns the block with their output. A command that fails is marked
// with a comment, "# exit 1".
func (r *reader) session(text string) string {
	var out strings.Builder
	for _, line := range strings.Split(text, "\n") {
		prompt, command, ok := strings.Cut(line, "$ ")
		if !ok || prompt != "" && prompt != "home" {
			continue // output, which is replaced
		}
		on := r.near
		if prompt != "" {
			on = r.far
		}
		fmt.Fprintln(&out, line)
		said := ""
		if strings.HasSuffix(command, "&") {
			said = r.serve(on, command)
		} else {
			said = r.expect(on, command)
		}
		if said = strings.TrimRight(r.plain(said), "\n"); said != "" {
			fmt.Fprintln(&out, said)
		}
	}
	return out.String()
}

func (r *reader) expect(on machine, command string) string {
	out, err := r.run(on, command)
	code := 0
	if exit := (*exec.ExitError)(nil); err != nil && !asExit(err, &exit) {
		r.t.Fatalf("%s: %v", command, err)
	} else if err != nil {
		code = exit.ExitCode()
	}
	if said := strings.Contains(command, fmt.Sprintf("# exit %d", code)); code != 0 && !said {
		r.t.Fatalf("%s: exit code %d\n%s", command, code, out)
	}
	if token := tokenShape().FindString(out); token != "" {
		r.token = token
	}
	return out
}

func asExit(err error, exit **exec.ExitError) (ok bool) {
	*exit, ok = err.(*exec.ExitError) //nolint:errorlint // exec returns it unwrapped
	return ok
}

func tokenShape() *regexp.Regexp { return regexp.MustCompile(`fazt_[0-9a-z]+_[0-9a-z]+`) }

// run runs shell commands from a page. Addresses on the page are replaced by those of this run.
func (r *reader) run(on machine, script string) (string, error) {
	cmd := r.shell(on, script)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (r *reader) shell(on machine, script string) *exec.Cmd {
	script = strings.ReplaceAll(script, "http://192.0.2.7", "http://"+r.far.address)
	_, port, _ := strings.Cut(on.address, ":")
	script = strings.ReplaceAll(script, ":4698", ":"+port)
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir = on.home
	cmd.Env = append(os.Environ(), "HOME="+on.home, "FAZT_DB=", "FAZT_CONFIG=", "FAZT_LISTEN="+on.address, "TOKEN="+r.token,
		"PATH="+filepath.Dir(r.binary)+string(os.PathListSeparator)+os.Getenv("PATH"), "COLUMNS=80")
	return cmd
}

// serve starts a command in the background and returns its output until it is ready.
func (r *reader) serve(on machine, command string) string {
	cmd := r.shell(on, "exec "+strings.TrimSuffix(command, "&"))
	file, err := os.Create(filepath.Join(on.home, "server.log"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer file.Close()
	cmd.Stdout, cmd.Stderr = file, file
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	r.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	})
	for {
		said, err := os.ReadFile(file.Name())
		if err != nil {
			r.t.Fatal(err)
		}
		if strings.Contains(string(said), "Listening on") && strings.HasSuffix(string(said), "\n") {
			if _, err := r.run(on, "fazt server status"); err == nil {
				said, _ = os.ReadFile(file.Name())
				return string(said)
			}
		}
		select {
		case err := <-ended:
			ended <- err
			r.t.Fatalf("%s ended: %v\n%s", command, err, said)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// checkCommands runs each fazt command of a block with --help, which fails if the command or a flag does not exist.
func (r *reader) checkCommands(text string) {
	for _, line := range strings.Split(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		line, _, _ = strings.Cut(line, " #")
		for _, part := range regexp.MustCompile(`&&|\|`).Split(line, -1) {
			part, _, _ = strings.Cut(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(part), "&")), " <")
			command, ok := strings.CutPrefix(part, "fazt ")
			if !ok {
				continue
			}
			command = regexp.MustCompile(`^@\S+ `).ReplaceAllString(command, "")
			if out, err := r.run(r.near, "fazt "+command+" --help"); err != nil {
				r.t.Errorf("%s\n%s", part, out)
			}
		}
	}
}

// plain replaces everything that differs between two runs by a fixed value.
func (r *reader) plain(text string) string {
	_, port, _ := strings.Cut(r.near.address, ":")
	_, far, _ := strings.Cut(r.far.address, ":")
	text = strings.NewReplacer(r.far.home, "~", r.near.home, "~", "http://"+r.far.address, "http://192.0.2.7", ":"+port, ":4698", ":"+far, ":4698").Replace(text)
	text = tokenShape().ReplaceAllString(text, "fazt_0123456789ab_…")
	for _, p := range []struct{ pattern, with string }{
		{`\b\d+(\.\d+)?(µs|ms|s)\b`, "12ms"},
		{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`, "2026-01-02T03:04:05Z"},
		{`\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d+)?)?`, "2026-01-02 03:04:05"},
		{`process \d+`, "process 4242"},
		{`(?m)^(size +)\d+(\.\d+)? [kM]B$`, "${1}8.5 kB"}, // of a database
		{`\b(just now|\d+ (second|minute)s? ago)\b`, "just now"},
		{`\bin 1[12] hours\b`, "in 12 hours"},
		{`\d{13}[-_:][0-9A-Za-z]+`, "1767322800000-x"},
		{`\b(app|dep|key|req|net)_[0-9a-z]{10,}\b`, "${1}_01kdyn…"},
	} {
		text = regexp.MustCompile(p.pattern).ReplaceAllString(text, p.with)
	}
	return text
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
