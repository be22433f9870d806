package cli

import (
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
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/fazttest"
	"fazt/internal/listener"
)

// TestMain lets this binary be the command fazt for scripts that start processes, and looks for leaked goroutines.
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

// Every script of testdata/script runs three times: without a server, against a server through its socket, and against a
// peer over HTTP. The expected output is the same each time. `run` runs a command, which goes to the peer if there is
// one; `here` runs a command that works on this machine only.
//
// Both call Main in this process. `env PROCESS=yes` makes them start a process, for commands that use a terminal, PATH or
// the environment. Only in a process is `stdin FILE` read; otherwise the input is written `run 0 env set app KEY <FILE`.
func TestScriptsWithoutAServer(t *testing.T) {
	onlyAgainstAPeerInShort(t)
	runScripts(t, "testdata/script", withoutServer)
}

func TestScriptsThroughTheSocket(t *testing.T) {
	onlyAgainstAPeerInShort(t)
	runScripts(t, "testdata/script", bySocket)
}

func TestScriptsAgainstAPeer(t *testing.T) { runScripts(t, "testdata/script", byPeer) }

// Scripts that start and stop servers themselves. They run every command in a process.
func TestScriptsOfTheServer(t *testing.T) { runScripts(t, "testdata/server", inProcesses) }

// onlyAgainstAPeerInShort skips two of the three ways with -short, as under the race detector. The remaining one is the
// longest and contains the code of the others. Of its scripts, runScripts then runs only those in which something runs at
// the same time as the command.
func onlyAgainstAPeerInShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("short: the scripts run against a peer only")
	}
}

// way is how a script reaches the instance.
type way int

const (
	withoutServer way = iota
	bySocket
	byPeer // over HTTP with a key; the client does not know where its database is
	inProcesses
)

func runScripts(t *testing.T, dir string, by way) {
	dir, err := filepath.Abs(dir) // commands change the working directory
	if err != nil {
		t.Fatal(err)
	}
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
			// The home is outside the script's own folder, and its path is short, because it contains a socket.
			home, err := tempDir(e)
			if err != nil {
				return err
			}
			database := filepath.Join(home, ".fazt", "data.db")
			e.Setenv("HOME", home)
			e.Setenv("USERPROFILE", home)
			e.Setenv("DATABASE", database)
			e.Setenv("TOOLS", filepath.SplitList(os.Getenv("PATH"))[0]) // where fazt itself is
			switch by {
			case bySocket:
				e.Setenv("ADDRESS", startServer(e, database).Address)
			case byPeer:
				return startPeer(e)
			case inProcesses:
				e.Setenv("PROCESS", "yes")
			}
			return nil
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "server":
				return by == bySocket || by == byPeer, nil
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

// tempDir makes a folder that is removed after the instances started later have stopped.
func tempDir(e *testscript.Env) (string, error) {
	dir, err := os.MkdirTemp("", "fazt")
	e.T().(testing.TB).Cleanup(func() { os.RemoveAll(dir) })
	return dir, err
}

// run CODE ARGUMENTS… [<FILE] runs a command that must end with an exit code.
func run(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: run CODE ARGUMENTS… [<FILE]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	args = args[1:]
	if peer := ts.Getenv("PEER"); peer != "" {
		args = append([]string{peer}, args...)
	}
	var code int
	if ts.Getenv("PROCESS") != "" {
		code = runProcess(ts, args)
	} else {
		stdin := ""
		if last := len(args) - 1; last >= 0 && strings.HasPrefix(args[last], "<") {
			stdin, args = ts.ReadFile(args[last][1:]), args[:last]
		}
		code = runMain(ts, stdin, args)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// runProcess runs a command in a process and returns its exit code.
func runProcess(ts *testscript.TestScript, args []string) int {
	err := ts.Exec("fazt", args...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// workingDir is locked while the process is in the folder of a script.
var workingDir sync.Mutex

// runMain runs a command in this process, in the folder of the script, and returns its exit code.
func runMain(ts *testscript.TestScript, stdin string, args []string) int {
	workingDir.Lock()
	defer workingDir.Unlock()
	back, err := os.Getwd()
	ts.Check(err)
	ts.Check(os.Chdir(ts.MkAbs(".")))
	defer func() { ts.Check(os.Chdir(back)) }()
	return Main(context.Background(), kit.Env{
		Args: args, Stdin: strings.NewReader(stdin), Stdout: ts.Stdout(), Stderr: ts.Stderr(), Getenv: ts.Getenv,
		Home: func() (string, error) { return ts.Getenv("HOME"), nil },
	})
}

// here CODE ARGUMENTS… is like run, for commands that work on this machine only. In a script that runs against a peer, the
// command uses the database of the peer.
func here(ts *testscript.TestScript, neg bool, args []string) {
	if peer := ts.Getenv("PEER"); peer != "" {
		ts.Setenv("PEER", "")
		defer ts.Setenv("PEER", peer)
		ts.Setenv("FAZT_DB", ts.Getenv("DATABASE"))
		defer ts.Setenv("FAZT_DB", "")
	}
	run(ts, neg, args)
}

// keepToken MADE FILE reads the token from the JSON response of `key create`.
func keepToken(ts *testscript.TestScript, _ bool, args []string) {
	var key struct{ Token string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &key))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(key.Token+"\n"), 0o600))
}

// startServer starts an instance on a database.
func startServer(e *testscript.Env, database string) *fazttest.Instance {
	options := []fazttest.Option{fazttest.At(database)}
	if filepath.Base(e.WorkDir) == "script-limits" { // it shows the defaults
		options = append(options, fazttest.Shipped)
	}
	return fazttest.New(e.T().(testing.TB), options...)
}

// startPeer starts an instance and adds it to the peers of the script under the name PEER.
func startPeer(e *testscript.Env) error {
	machine, err := tempDir(e)
	if err != nil {
		return err
	}
	i := startServer(e, filepath.Join(machine, "data.db"))
	key, err := client.Call(context.Background(), i.Client, op.KeyCreate, op.KeyNew{Name: "scripts", Scopes: []string{"admin"}})
	if err != nil {
		return err
	}
	var out strings.Builder
	code := Main(context.Background(), kit.Env{
		Args: []string{"peer", "add", "elsewhere", "--url", "http://" + i.Address, "--token-stdin"}, Stdin: strings.NewReader(key.Token),
		Stdout: &out, Stderr: &out, Getenv: e.Getenv, Home: func() (string, error) { return e.Getenv("HOME"), nil },
	})
	if code != exitOK {
		return errors.New(out.String())
	}
	e.Setenv("DATABASE", i.Path)
	e.Setenv("ADDRESS", i.Address)
	e.Setenv("PEER", "@elsewhere")
	return nil
}

// get LABEL TARGET requests a page from the server and prints status and body.
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

// A script that calls fazt directly would not test peers.
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
