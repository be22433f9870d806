package cli

import (
	"context"
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

	"fazt/internal/fazttest"
	"fazt/internal/listener"
)

// TestMain makes this binary the command fazt for the scripts, and looks for goroutines that were left behind.
func TestMain(m *testing.M) {
	testscript.Main(noLeaks{m}, map[string]func(){"fazt": func() {
		os.Exit(Main(context.Background(), Env{
			Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Home: os.UserHomeDir,
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

// Every script of testdata/script runs twice: in-process, and against a server through its socket. What it expects is
// the same both times.
func TestScriptsWithoutAServer(t *testing.T) { runScripts(t, "testdata/script", false) }

func TestScriptsThroughTheSocket(t *testing.T) { runScripts(t, "testdata/script", true) }

// Scripts that start and stop servers themselves.
func TestScriptsOfTheServer(t *testing.T) { runScripts(t, "testdata/server", false) }

func runScripts(t *testing.T, dir string, server bool) {
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
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
			if server {
				i := fazttest.New(e.T().(testing.TB), fazttest.At(database))
				e.Setenv("ADDRESS", i.Address)
			}
			return nil
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "server":
				return server, nil
			case "root":
				return os.Geteuid() == 0, nil
			}
			return false, errors.New("there is no condition " + name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"run": run, "get": get, "ready": ready, "free": free, "gitserve": gitServe,
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
