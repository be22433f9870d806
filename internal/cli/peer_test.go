package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
)

// outcome is what a command wrote, and its exit code.
type outcome struct {
	code       int
	out, notes string
}

// user is someone whose only peer is @home.
type user struct {
	t    *testing.T
	home string
}

// newUser adds the instance at a URL to the peers of a new user, without testing the key.
func newUser(t *testing.T, url string) user {
	t.Helper()
	u := user{t, t.TempDir()}
	token := "fazt_" + strings.Repeat("a", 12) + "_" + strings.Repeat("a", 52)
	if got := u.run(token, "peer", "add", "home", "--url", url, "--token-stdin", "--no-check"); got.code != exitOK {
		t.Fatal(got.notes)
	}
	return u
}

func (u user) run(stdin string, args ...string) outcome {
	return u.runUntil(u.t.Context(), stdin, args...)
}

// runUntil interrupts the command when ctx ends.
func (u user) runUntil(ctx context.Context, stdin string, args ...string) outcome {
	var out, notes strings.Builder
	code := Main(ctx, kit.Env{Args: args, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &notes,
		Getenv: func(string) string { return "" }, Home: func() (string, error) { return u.home, nil }})
	return outcome{code, out.String(), notes.String()}
}

// everyCommand calls each command that uses an instance and ends on its own, with --yes where there is such a flag.
func (u user) everyCommand(check func(line string, got outcome)) {
	u.t.Helper()
	u.t.Chdir(u.t.TempDir())
	if err := os.WriteFile("index.html", []byte("hi"), 0o600); err != nil {
		u.t.Fatal(err)
	}
	for _, cmd := range endings(commands{&kit.CLI{}}.root()) {
		args := append([]string{"@home"}, words(cmd)...)
		check("fazt "+strings.Join(args, " "), u.run("x\n", args...))
	}
}

// instance starts a server that responds to every operation in the same way.
func instance(t *testing.T, respond func(w http.ResponseWriter, s op.Spec)) (url string, asked func() int) {
	t.Helper()
	var mu sync.Mutex
	n := 0
	mux := http.NewServeMux()
	for _, s := range op.All() {
		mux.HandleFunc(s.Method+" "+s.Path, func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			n++
			mu.Unlock()
			respond(w, s)
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

func TestARefusedKeyFailsEveryCommandWithTheSentenceOfTheInstance(t *testing.T) {
	const sentence = `the key "reader" does not allow this; it needs the scope admin`
	url, asked := instance(t, func(w http.ResponseWriter, _ op.Spec) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		text, _ := json.Marshal(sentence)
		fmt.Fprintf(w, `{"error":{"code":"FORBIDDEN","message":%s}}`, text)
	})
	u := newUser(t, url)
	reached := 0
	u.everyCommand(func(line string, got outcome) {
		if strings.HasPrefix(line, "fazt @home app create") || strings.HasPrefix(line, "fazt @home app validate") { // they work on folders
			return
		}
		reached++
		if got.code != exitFailed || got.notes != "fazt: "+sentence+"\n" || got.out != "" {
			t.Errorf("%s: %+v", line, got)
		}
	})
	if reached < 60 || asked() < reached {
		t.Errorf("%d commands reached the instance with %d requests", reached, asked())
	}
}

// An instance of another version may leave out what this one expects.
func TestAResponseWithoutContentCrashesNoCommand(t *testing.T) {
	url, asked := instance(t, func(w http.ResponseWriter, s op.Spec) {
		switch {
		case s.Media != "":
			w.Header().Set("Content-Type", s.Media)
		case s.Res.Kind() == reflect.Slice, strings.HasPrefix(s.Res.Name(), "Page["):
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"data":[]}`)
		default:
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"data":{"entries":1}}`)
		}
	})
	u := newUser(t, url)
	u.everyCommand(func(line string, got outcome) {
		if got.code == exitFailed && !strings.HasPrefix(got.notes, "fazt: ") && !strings.Contains(got.notes, "\nfazt: ") {
			t.Errorf("%s: %+v", line, got)
		}
	})
	if asked() < 60 {
		t.Errorf("only %d requests", asked())
	}
}

func TestAServerThatIsNotFaztIsNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		respond func(w http.ResponseWriter)
		want    string
	}{
		"a web page": {func(w http.ResponseWriter) { fmt.Fprint(w, "<!doctype html><p>hello") }, "no Fazt API at that address, or another version of it (HTTP 200)"},
		"nothing":    {func(http.ResponseWriter) {}, "no Fazt API at that address, or another version of it (HTTP 200)"},
		"no data": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"data":null}`)
		}, "the response cannot be read; the server may be another version of Fazt"},
		"a redirect": {func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://elsewhere.example/")
			w.WriteHeader(http.StatusFound)
		}, `redirects to "https://elsewhere.example/"; the key is not sent there`},
		"a newer instance": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, `{"error":{"code":%q,"message":"x"}}`, op.UnknownOperation)
		}, "the instance does not know the operation app.list"},
		"a fault of the instance": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, `{"error":{"code":"INTERNAL","message":"something went wrong","request_id":"req_1"}}`)
		}, "something went wrong (request req_1; the server's log says more)"},
		"an unknown code": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"error":{"code":"TOO_PURPLE","message":"it is too purple"}}`)
		}, "it is too purple"},
	} {
		url, _ := instance(t, func(w http.ResponseWriter, _ op.Spec) { tt.respond(w) })
		got := newUser(t, url).run("", "@home", "app", "list")
		if got.code != exitFailed || got.out != "" || !strings.HasPrefix(got.notes, "fazt: ") || !strings.Contains(got.notes, tt.want) || strings.Count(got.notes, "\n") != 1 {
			t.Errorf("%s: %+v, want %q", name, got, tt.want)
		}
	}
}

func TestAPeerThatCannotBeReachedIsNamed(t *testing.T) {
	t.Parallel() // it mostly waits between attempts
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	l.Close()
	u := newUser(t, url)
	var wait sync.WaitGroup
	began := time.Now()
	for _, line := range []string{"app list", "app remove blog --yes", "env set blog A=1", "sql SELECT", "logs list", "key create --name x --scope read", "limits list", "domain add a.example --app blog", "backup copy.db"} {
		wait.Go(func() {
			got := u.run("", append([]string{"@home"}, strings.Fields(line)...)...)
			if got.code != exitFailed || got.out != "" || got.notes != "fazt: @home does not respond at "+url+"\n" {
				t.Errorf("%s: %+v", line, got)
			}
		})
	}
	wait.Wait()
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("giving up took %v", took)
	}
	if got := u.run("", "peer", "status", "home"); got.code != exitFailed || !strings.HasPrefix(got.notes, "fazt: @home does not respond at ") {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat("copy.db"); err == nil {
		t.Error("a backup that failed left a file")
	}
}

func TestPeersAreKeptUnderNamesAndURLsThatWork(t *testing.T) {
	token := "fazt_" + strings.Repeat("b", 12) + "_" + strings.Repeat("c", 52) + "\n"
	for line, want := range map[string]string{
		"x --url https://admin.example.com":                  "",
		"x --url https://example.com:8443/":                  "",
		"x --url http://127.0.0.1:4698":                      "",
		"x --url http://[::1]:4698":                          "",
		"x --url http://admin.localhost:4698":                "",
		"x --url https://192.0.2.1 --host admin.example.com": "",
		"x --url http://192.0.2.1 --host a.b --plain-http":   "",
		"x --url https://192.0.2.1":                          "192.0.2.1 is an IP address; also name the admin host of the instance with --host admin.example.com",
		"x --url http://example.com":                         "http://example.com is not encrypted: anyone on the network path could read the key; use https, or --plain-http to accept that",
		"x --url example.com":                                `"example.com" is not an instance URL; use one like https://admin.example.com`,
		"x --url ftp://example.com":                          `"ftp://example.com" is not an instance URL; use one like https://admin.example.com`,
		"x --url https://":                                   `"https://" is not an instance URL; use one like https://admin.example.com`,
		"x --url https://a.example/path":                     "an instance URL has a scheme and a host and nothing else: https://a.example",
		"x --url https://me@a.example":                       "an instance URL has a scheme and a host and nothing else: https://a.example",
		"x --url https://a.example?q":                        "an instance URL has a scheme and a host and nothing else: https://a.example",
		"X --url https://a.example":                          `invalid peer name "X": use 1 to 63 of a-z, 0-9 and -`,
		"-- -x":                                              "--url is missing",
		"ü --url https://a.example":                          `invalid peer name "ü": use 1 to 63 of a-z, 0-9 and -`,
		"local --url https://a.example":                      "local means this machine; choose another name",
		"x":                                                  "--url is missing",
		"--url https://a.example":                            "the name of the peer is missing",
		"x y --url https://a.example":                        `"y" is one argument too many`,
	} {
		u := user{t, t.TempDir()}
		args := append([]string{"peer", "add", "--token-stdin", "--no-check"}, strings.Fields(line)...)
		got := u.run(token, args...)
		_, missing := os.Stat(filepath.Join(u.home, ".fazt", "peers.json"))
		if want == "" {
			if got.code != exitOK || missing != nil || strings.Contains(got.out+got.notes, "fazt_") {
				t.Errorf("%s: %+v, %v", line, got, missing)
			}
			list := u.run("", "peer", "list")
			if !strings.HasPrefix(list.out, "NAME    URL\nx       ") || strings.Contains(list.out, "fazt_") {
				t.Errorf("%s: %q", line, list.out)
			}
			continue
		}
		if first, _, _ := strings.Cut(got.notes, "\n"); got.code == exitOK || first != "fazt: "+want || got.out != "" || missing == nil {
			t.Errorf("%s: %+v, want %q", line, got, want)
		}
	}
	u := newUser(t, "http://127.0.0.1:1")
	for _, tt := range []struct {
		line, stdin string
		code        int
		want        string
	}{
		{"peer add home --url http://127.0.0.1:2 --token-stdin", token, exitFailed, `a peer named "home" already exists; remove it first, or choose another name`},
		{"peer add other --url http://127.0.0.1:2", token, exitUsage, "--token-stdin is missing, and there is no terminal to ask for the key"},
		{"peer add other --url http://127.0.0.1:2 --token-stdin", "secret\n", exitFailed, "token"},
		{"peer default hmoe", "", exitFailed, `no peer is called "hmoe"; did you mean @home?`},
		{"peer default @home", "", exitOK, "default  home"},
		{"peer list --format json", "", exitOK, `"default": true`},
		{"peer list --format markdown", "", exitOK, "| home | default | http://127.0.0.1:1 |"},
		{"peer remove home", "home\n", exitUsage, "removing the peer home: its key is deleted here, but stays valid there; without a terminal it needs --yes"},
		{"peer list", "", exitOK, "home"},
		{"peer remove @home --yes", "", exitOK, "removed  home"},
		{"peer list", "", exitOK, "There are no peers. `fazt peer add NAME --url URL` adds one."},
		{"peer list --format json", "", exitOK, "[]"},
		{"peer remove home --yes", "", exitFailed, "no peer is called \"home\"; `fazt peer add` adds one"},
		{"app list", "", exitFailed, "there is no database"}, // the default went with its peer
		{"peer default local", "", exitOK, "default  local"},
	} {
		if got := u.run(tt.stdin, strings.Fields(tt.line)...); got.code != tt.code || !strings.Contains(got.out+got.notes, tt.want) {
			t.Errorf("%s: %+v, want %d, %q", tt.line, got, tt.code, tt.want)
		}
	}
}
