package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"fazt/internal/cli/kit"
	"fazt/internal/fazttest"
	"fazt/internal/listener"
)

// TestMain makes this binary the command fazt for the scripts, and looks for goroutines that were left behind.
func TestMain(m *testing.M) {
	testscript.Main(noLeaks{m}, map[string]func(){"fazt": func() {
		os.Exit(Main(context.Background(), kit.Env{
			Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Home: os.UserHomeDir,
			Replace: func(kept *listener.Kept) error {
				program, err := os.Executable()
				return errors.Join(err, kept.Replace(program, os.Args, os.Environ()))
			},
		}))
	}})
}

type noLeaks struct{ m *testing.M }

func (n noLeaks) Run() int {
	code := n.m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		os.Stderr.WriteString(err.Error())
		return 1
	}
	return code
}

// Every script of testdata/script runs three times: in-process, against a server through its socket, and against a peer
// in another process over HTTP. What it expects is the same each time. The command `here` marks what works on this
// machine only; everything that `run` runs goes to the peer.
func TestScriptsWithoutAServer(t *testing.T) {
	onlyAgainstAPeerInShort(t)
	runScripts(t, "testdata/script", inProcess)
}

func TestScriptsThroughTheSocket(t *testing.T) {
	onlyAgainstAPeerInShort(t)
	runScripts(t, "testdata/script", bySocket)
}

// onlyAgainstAPeerInShort leaves one way of three for the race detector, under which each of the thousand processes of
// the scripts takes its time: the longest way, which has the code of the others in it. And of the scripts it leaves those
// in which something goes on beside the command.
func onlyAgainstAPeerInShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("short: the scripts run against a peer only")
	}
}

func TestScriptsAgainstAPeer(t *testing.T) { runScripts(t, "testdata/script", byPeer) }

// Scripts that start and stop servers themselves.
func TestScriptsOfTheServer(t *testing.T) { runScripts(t, "testdata/server", inProcess) }

// way is how a script reaches the instance.
type way int

const (
	inProcess way = iota
	bySocket
	byPeer // another process, over HTTP with a key; its database lies where the client does not look
)

func runScripts(t *testing.T, dir string, by way) {
	var files []string
	if testing.Short() && by == byPeer {
		for _, name := range []string{"env", "files", "function", "health", "logs"} {
			files = append(files, filepath.Join(dir, name+".txtar"))
		}
		dir = ""
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// The home is not below the script's own folder, and its path is short: a socket lies in it.
			home, err := os.MkdirTemp("", "fazt")
			if err != nil {
				return err
			}
			e.Defer(func() { os.RemoveAll(home) })
			database := filepath.Join(home, ".fazt", "data.db")
			e.Setenv("HOME", home)
			e.Setenv("USERPROFILE", home)
			e.Setenv("DATABASE", database)
			e.Setenv("TOOLS", filepath.SplitList(os.Getenv("PATH"))[0]) // where fazt itself is
			if by == byPeer {
				return startPeer(e)
			}
			if by == bySocket {
				options := []fazttest.Option{fazttest.At(database)}
				if filepath.Base(e.WorkDir) == "script-limits" { // it asks for the defaults
					options = append(options, fazttest.Shipped)
				}
				i := fazttest.New(e.T().(testing.TB), options...)
				e.Setenv("ADDRESS", i.Address)
			}
			return nil
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "server":
				return by != inProcess, nil
			case "peer":
				return by == byPeer, nil
			case "root":
				return os.Geteuid() == 0, nil
			}
			return false, errors.New("there is no condition " + name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"run": run, "here": here, "token": keepToken, "get": get, "ready": ready, "free": free, "gitserve": gitServe,
		},
	})
}

// run CODE ARGUMENTS… runs a command that must end with an exit code.
func run(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("usage: run CODE ARGUMENTS…")
	}
	code := 0
	if peer := ts.Getenv("PEER"); peer != "" {
		args = append([]string{args[0], peer}, args[1:]...)
	}
	if err := ts.Exec("fazt", args[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// here CODE ARGUMENTS… is run for what works on this machine only. Where the script runs against a peer, it is carried
// out on the machine of the peer.
func here(ts *testscript.TestScript, neg bool, args []string) {
	if peer := ts.Getenv("PEER"); peer != "" {
		ts.Setenv("PEER", "")
		defer ts.Setenv("PEER", peer)
		ts.Setenv("FAZT_DB", ts.Getenv("DATABASE"))
		defer ts.Setenv("FAZT_DB", "")
	}
	run(ts, neg, args)
}

// keepToken MADE FILE takes the token out of the JSON answer to the making of a key.
func keepToken(ts *testscript.TestScript, _ bool, args []string) {
	var key struct{ Token string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &key))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(key.Token+"\n"), 0o600))
}

// startPeer starts an instance in another process, and makes it known to the client of a script under the name PEER.
func startPeer(e *testscript.Env) error {
	machine, err := os.MkdirTemp("", "fazt")
	if err != nil {
		return err
	}
	e.Defer(func() { os.RemoveAll(machine) })
	database, fazt := filepath.Join(machine, "data.db"), filepath.Join(e.Getenv("TOOLS"), "fazt")
	command := func(stdin string, args ...string) (string, error) {
		cmd := exec.Command(fazt, args...)
		cmd.Env = append(os.Environ(), "HOME="+e.Getenv("HOME"))
		cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), os.Stderr
		out, err := cmd.Output()
		return string(out), err
	}
	server := exec.Command(fazt, "server", "start", "--db", database, "--listen", "127.0.0.1:0")
	out, err := server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	e.Defer(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	lines, address := bufio.NewReader(out), ""
	for address == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		if after, ok := strings.CutPrefix(line, "Listening on "); ok {
			address, _, _ = strings.Cut(after, ";")
		}
	}
	made, err := command("", "key", "create", "--db", database, "--name", "scripts", "--scope", "admin", "--format", "json")
	if err != nil {
		return err
	}
	var key struct{ Token string }
	if err := json.Unmarshal([]byte(made), &key); err != nil {
		return err
	}
	if _, err := command(key.Token, "peer", "add", "elsewhere", "--url", "http://"+address, "--token-stdin"); err != nil {
		return err
	}
	e.Setenv("DATABASE", database)
	e.Setenv("ADDRESS", address)
	e.Setenv("PEER", "@elsewhere")
	return nil
}

// get LABEL TARGET asks the server for a page and prints status and body.
func get(ts *testscript.TestScript, _ bool, args []string) {
	r, err := http.NewRequest(http.MethodGet, "http://"+ts.Getenv("ADDRESS")+args[1], nil)
	ts.Check(err)
	r.Host, r.Close = args[0]+".localhost", true
	resp, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	_, err = io.WriteString(ts.Stdout(), strconv.Itoa(resp.StatusCode)+" "+string(body))
	ts.Check(err)
}

// free NAME sets a variable to a free address.
func free(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], l.Addr().String())
	ts.Check(l.Close())
}

// ready waits until a server has opened the socket of a database.
func ready(ts *testscript.TestScript, _ bool, args []string) {
	for {
		c, err := listener.Dial(context.Background(), listener.SocketPath(ts.MkAbs(args[0])))
		if err == nil {
			ts.Check(c.Close())
			return
		}
		if !errors.Is(err, os.ErrNotExist) && !strings.Contains(err.Error(), "refused") {
			ts.Fatalf("%v", err)
		}
	}
}

// A script that calls fazt by itself would stay on this machine, and show nothing of peers.
func TestScriptsRunFaztThroughTheWayTheyAreTestedWith(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatal(err)
	}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "exec fazt") {
			t.Errorf("%s: `exec fazt` must be `run`, or `here` for what works on this machine only", path)
		}
	}
}
