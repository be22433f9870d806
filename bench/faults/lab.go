package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// errSkipped means that the machine lacks what an attack needs.
var errSkipped = errors.New("skipped")

func skip(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errSkipped, fmt.Sprintf(format, args...))
}

// lab is where one attack takes place: a folder, the instances started in it, and the recorded figures.
type lab struct {
	options
	name      string
	dir       string
	as        func(cmd *exec.Cmd) // makes a command run as another user; nil = the current user
	instances []*instance
	figures   []figure
}

type figure struct{ what, value string }

func newLab(o options, name string) (*lab, error) {
	dir, err := os.MkdirTemp("", "fazt-faults-")
	if err != nil {
		return nil, err
	}
	return &lab{options: o, name: name, dir: dir}, nil
}

// note records a figure for the report.
func (l *lab) note(what, format string, args ...any) {
	l.figures = append(l.figures, figure{what, fmt.Sprintf(format, args...)})
}

func (l *lab) close() {
	for _, i := range l.instances {
		i.kill()
	}
	os.RemoveAll(l.dir)
}

// env returns the environment for everything that runs in the lab, with its own home folders.
func (l *lab) env() []string {
	return append(os.Environ(), "HOME="+l.dir, "XDG_DATA_HOME="+l.dir, "XDG_CONFIG_HOME="+l.dir, "XDG_CACHE_HOME="+l.dir, "XDG_RUNTIME_DIR="+l.dir)
}

// cli runs a command of the binary on a database and returns its output.
func (l *lab) cli(ctx context.Context, db string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, l.fazt, args...)
	cmd.Env, cmd.Dir = append(l.env(), "FAZT_DB="+db), l.dir
	if l.as != nil {
		l.as(cmd)
	}
	var out, fail bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &fail
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("fazt %s: %w: %s", strings.Join(args, " "), err, fail.String())
	}
	return out.String(), nil
}

// folder writes files into a new folder and returns it; paths and contents alternate.
func (l *lab) folder(name string, files ...string) (string, error) {
	dir := filepath.Join(l.dir, name)
	for i := 0; i+1 < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// deploy creates an app from files and puts it live.
func (l *lab) deploy(ctx context.Context, i *instance, app string, files ...string) error {
	dir, err := l.folder("app-"+app, files...)
	if err != nil {
		return err
	}
	_, err = l.cli(ctx, i.db, "app", "deploy", dir, "--name", app)
	return err
}

// instance is a running server.
type instance struct {
	db   string
	addr string // 127.0.0.1:port
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{} // closed when the process has ended
}

// start runs a server on db (in the lab's folder if empty) and waits until it responds.
func (l *lab) start(ctx context.Context, db string, args ...string) (*instance, error) {
	if db == "" {
		db = filepath.Join(l.dir, "data.db")
	}
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := listen.Addr().String()
	listen.Close()
	log, err := os.OpenFile(filepath.Join(l.out, "faults-"+l.name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(l.fazt, append([]string{"server", "start", "--db", db, "--listen", addr}, args...)...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = l.env(), l.dir, log, log
	if l.as != nil {
		l.as(cmd)
	}
	if err := cmd.Start(); err != nil {
		log.Close()
		return nil, err
	}
	i := &instance{db: db, addr: addr, cmd: cmd, log: log, done: make(chan struct{})}
	go func() { _ = cmd.Wait(); close(i.done) }()
	l.instances = append(l.instances, i)
	return i, i.wait(ctx)
}

// wait returns when the server responds.
func (i *instance) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		if conn, err := net.Dial("tcp", i.addr); err == nil {
			conn.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server did not start; its log is %s", i.log.Name())
		case <-i.done:
			return fmt.Errorf("the server ended at start; its log is %s", i.log.Name())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// alive reports whether the process still runs.
func (i *instance) alive() bool {
	select {
	case <-i.done:
		return false
	default:
		return true
	}
}

// stop asks the server to stop and reports whether it did so in time.
func (i *instance) stop(within time.Duration) bool {
	_ = i.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-i.done:
		return true
	case <-time.After(within):
		return false
	}
}

func (i *instance) kill() {
	_ = i.cmd.Process.Kill()
	<-i.done
	i.log.Close()
}

// request makes a request to an app of the instance: the host is <app>.localhost.
func (i *instance) request(ctx context.Context, method, app, path string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+i.addr+path, nil)
	if err == nil {
		req.Host = app + ".localhost"
	}
	return req, err
}

// rss returns the resident memory of the process in bytes, as Linux counts it; 0 elsewhere.
func (i *instance) rss() int64 {
	var kb int64
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.cmd.Process.Pid))
	if _, rest, found := bytes.Cut(status, []byte("VmRSS:")); found {
		_, _ = fmt.Sscan(string(rest), &kb)
	}
	return kb << 10
}
