package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const handoverApp = `
export default async (request) => {
	const key = new URL(request.url).searchParams.get("key");
	if (request.method === "GET") return new Response(String(fazt.app.kv.get(key)));
	if (key.endsWith("7")) await new Promise((done) => setTimeout(done, 200)); // in progress when the server hands over
	fazt.app.kv.set(key, "kept");
	return new Response("stored");
};
`

// TestRestartRefusesNoConnection restarts a server twice during a flood of writes over new and persistent
// connections. None may fail, the process must stay the same, and every acknowledged write must be there.
func TestRestartRefusesNoConnection(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot replace itself")
	}
	t.Parallel()
	binary, dir := program(t), t.TempDir()
	db := filepath.Join(dir, "data.db")
	if err := os.MkdirAll(filepath.Join(dir, "app", "api"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "app", "api", "main.js"), []byte(handoverApp), 0o600); err != nil {
		t.Fatal(err)
	}
	fazt := func(args ...string) string {
		cmd := exec.Command(binary, append(args, "--db", db)...)
		cmd.Env = append(os.Environ(), "HOME="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("fazt %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	server := exec.Command(binary, "server", "start", "--db", db, "--listen", "127.0.0.1:0")
	server.Env = append(os.Environ(), "HOME="+dir)
	server.Stderr = os.Stderr
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	var address string
	lines := bufio.NewScanner(out)
	for address == "" && lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "Listening on "); ok {
			address, _, _ = strings.Cut(rest, ";")
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	fazt("app", "deploy", filepath.Join(dir, "app"), "--name", "app")
	// A busy machine may take long to serve a request. What counts here is that it is served.
	fazt("limits", "set", "runtime.queue_wait", "30000")

	f := &flood{address: address, end: make(chan struct{})}
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() { f.write(n, n%2 == 0) })
	}
	for range 2 {
		f.waitFor(t, 50)
		if got := fazt("server", "restart"); !strings.Contains(got, fmt.Sprint("process ", server.Process.Pid)) {
			t.Errorf("the process changed: %s", got)
		}
	}
	f.waitFor(t, 50)
	close(f.end)
	all.Wait()
	for _, err := range f.failed {
		t.Error(err)
	}
	if len(f.stored) < 100 {
		t.Errorf("only %d writes were acknowledged", len(f.stored))
	}
	for _, key := range f.stored {
		if got, err := ask(nil, f.address, "GET", key); err != nil || got != "kept" {
			t.Errorf("%s is %q %v", key, got, err)
			break
		}
	}
	var entries []struct{ Action string }
	if err := json.Unmarshal([]byte(fazt("logs", "list", "--action", "server.handover", "--format", "json")), &entries); err != nil || len(entries) != 2 {
		t.Errorf("%v %v", entries, err)
	}
	t.Logf("two restarts under %d writes, none failed; the slowest took %v", len(f.stored), f.slowest)
}

// flood runs clients that write until it ends.
type flood struct {
	address string
	end     chan struct{}

	mu      sync.Mutex
	stored  []string
	failed  []error
	slowest time.Duration
}

// waitFor waits until n more writes were acknowledged.
func (f *flood) waitFor(t *testing.T, n int) {
	t.Helper()
	count := func() (stored, failed int) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return len(f.stored), len(f.failed)
	}
	before, _ := count()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if stored, failed := count(); stored >= before+n || failed > 0 {
			return
		}
	}
	t.Errorf("no %d writes in a minute", n)
}

// write sends one request after another, over one connection for as long as the server keeps it, or over a new one
// each.
func (f *flood) write(n int, stay bool) {
	var conn *connection
	for i := 0; ; i++ {
		select {
		case <-f.end:
			return
		default:
		}
		key, began := fmt.Sprintf("%d-%d", n, i), time.Now()
		if !stay {
			conn = nil
		} else if conn == nil || conn.last {
			conn = &connection{}
		}
		got, err := ask(conn, f.address, "POST", key)
		f.mu.Lock()
		if err != nil || got != "stored" {
			f.failed = append(f.failed, fmt.Errorf("%s (stays: %v): %q %w", key, stay, got, err))
			f.mu.Unlock()
			return
		}
		f.stored = append(f.stored, key)
		f.slowest = max(f.slowest, time.Since(began))
		f.mu.Unlock()
	}
}

// connection is a persistent one. Unlike http.Transport, it never retries a failed request.
type connection struct {
	net.Conn
	read *bufio.Reader
	last bool // the server announced that it closes it
}

func ask(c *connection, address, method, key string) (string, error) {
	once := c == nil
	if once {
		c = &connection{}
	}
	if c.Conn == nil {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return "", err
		}
		c.Conn, c.read = conn, bufio.NewReader(conn)
	}
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	_, port, _ := net.SplitHostPort(address)
	if _, err := fmt.Fprintf(c, "%s /api/?key=%s HTTP/1.1\r\nHost: app.localhost:%s\r\nContent-Length: 0\r\n\r\n", method, key, port); err != nil {
		return "", err
	}
	resp, err := http.ReadResponse(c.read, nil)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(resp.Body)
	if c.last = resp.Close; once || c.last {
		c.Close()
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%d %s", resp.StatusCode, body)
	}
	return string(body), err
}
