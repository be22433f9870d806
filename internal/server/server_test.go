package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
	"fazt/internal/listener"
	"fazt/internal/server"
	"fazt/internal/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestASecondServerOnOneDatabaseIsRefused(t *testing.T) {
	i := fazttest.New(t)
	_, err := server.Open(t.Context(), server.Config{Database: i.Path, Listen: []string{"127.0.0.1:0"}})
	if !errs.Is(err, errs.Conflict) || !strings.Contains(errs.Sentence(err), "a server is running on "+i.Path+" already") {
		t.Fatalf("got %v", err)
	}
}

func TestTheSocketGivesTheOwnersRightsAndStopsTheServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	inner, err := server.Open(t.Context(), server.Config{Database: path, Listen: []string{"127.0.0.1:0", "[::1]:0"}})
	if err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan []net.Addr, 1), make(chan error, 1)
	go func() { ended <- inner.Run(context.WithoutCancel(t.Context()), func(a []net.Addr) { ready <- a }) }()
	addresses := <-ready
	for _, name := range []string{path, path + "-wal", listener.SocketPath(path), path + ".lock"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", filepath.Base(name), info, err)
		}
	}
	c, err := client.Open(t.Context(), client.Config{Database: path})
	if err != nil {
		t.Fatal(err)
	}
	s, err := client.Call(t.Context(), c, op.ServerStatus, op.None{})
	if err != nil || !s.Running || s.PID != os.Getpid() || len(s.Listen) != 2 || s.Owner {
		t.Fatalf("%+v %v", s, err)
	}
	for _, a := range addresses { // visitors have no rights
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r, _ := http.NewRequest(method, "http://"+a.String()+"/api/server", nil)
			r.Host = "admin.localhost"
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				t.Errorf("%s %s was answered with %d", method, a, resp.StatusCode)
			}
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if _, err := client.Call(t.Context(), c, op.ServerStop, op.None{}); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if err := inner.Close(); err != nil {
		t.Fatal(err)
	}
	c.Close()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 2 { // the database and its lock file
		t.Fatalf("left behind: %v %v", entries, err)
	}
}

func TestTheSameCallsWorkWithoutAServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	open := func() *client.Client {
		c, err := client.Open(t.Context(), client.Config{Database: path, Compose: server.InProcess(nil, nil)})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := open()
	if !c.InProcess() {
		t.Fatal("it found a server")
	}
	files := fazttest.Parse("-- index.html --\nhello\n")
	d, err := client.Deploy(t.Context(), c, "app", files.Plan(), files, false, nil)
	if err != nil || d.Deployed.Deployment.Number != 1 {
		t.Fatalf("%+v %v", d, err)
	}
	if s, err := client.Call(t.Context(), c, op.ServerStatus, op.None{}); err != nil || s.Running || s.Apps != 1 {
		t.Fatalf("%+v %v", s, err)
	}
	if _, err := client.Call(t.Context(), c, op.ServerStop, op.None{}); !errs.Is(err, errs.Conflict) {
		t.Fatalf("stopping a server that is not running: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	i := fazttest.New(t, fazttest.At(path))
	if got := i.Get("app", "/"); got.Text != "hello\n" {
		t.Fatalf("%d %s", got.StatusCode, got.Text)
	}
	viaSocket := open()
	defer viaSocket.Close()
	if viaSocket.InProcess() {
		t.Fatal("it did not find the server")
	}
	if page, err := client.Call(t.Context(), viaSocket, op.AppList, op.List{}); err != nil || len(page.Items) != 1 || page.Items[0].Live == nil {
		t.Fatalf("%+v %v", page, err)
	}
}

func TestTwoCommandsTakeTurnsOnADatabaseWithoutAServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	lock, err := database.Acquire(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan error)
	go func() {
		c, err := client.Open(t.Context(), client.Config{Database: path, Compose: server.InProcess(nil, nil)})
		if err == nil {
			err = c.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(60 * time.Millisecond): // it waits, and continues once it can
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
}

// raw sends text to the front door and returns everything that comes back until the connection ends.
func raw(t *testing.T, address, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection was kept: %q", text[:min(len(text), 60)])
	}
	return string(answer)
}

func TestClientsThatSendNothingLoseTheirConnection(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) {
		l.HTTP.ReadHeaderTimeout, l.HTTP.ReadTimeout, l.HTTP.IdleTimeout = 100, 100, 100
	}))
	i.Deploy("app", "-- api/main.js --\nrespond(request.body);\n-- index.html --\nhello\n")
	for name, text := range map[string]string{
		"half a head": "GET / HTTP/1.1\r\nHost: app.localhost\r\n",
		"nothing":     "",
		"half a body": "POST /api/x HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 100\r\n\r\nabc",
		"idle":        "GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n",
	} {
		answer := raw(t, i.Address, text)
		if name == "half a body" && strings.Contains(answer, "200 OK") {
			t.Errorf("%s was answered: %s", name, answer)
		}
	}
	l := *i.Limits.Load()
	l.HTTP.ReadHeaderTimeout = 60_000 // otherwise a slow machine has no time to send a request
	i.Limits.Store(l, nil)
	if got := i.Get("app", "/"); got.Text != "hello\n" {
		t.Fatalf("%d %s", got.StatusCode, got.Text)
	}
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", "-- index.html --\nhello\n")
	for name, text := range map[string]string{
		"no host":           "GET / HTTP/1.1\r\n\r\n",
		"two hosts":         "GET / HTTP/1.1\r\nHost: app.localhost\r\nHost: b.localhost\r\n\r\n",
		"host with a space": "GET / HTTP/1.1\r\nHost: app localhost\r\n\r\n",
		"not HTTP":          "hello\r\n\r\n",
		"a huge head":       "GET / HTTP/1.1\r\nHost: app.localhost\r\nX: " + strings.Repeat("x", 100_000) + "\r\n\r\n",
		"a bad length":      "POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: -1\r\n\r\n",
		"two lengths":       "POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"a NUL in a header": "GET / HTTP/1.1\r\nHost: app.localhost\r\nX: a\x00b\r\n\r\n",
	} {
		answer := raw(t, i.Address, text)
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
		if err != nil {
			continue // the connection was closed
		}
		resp.Body.Close()
		if resp.StatusCode < 400 || resp.StatusCode >= 500 {
			t.Errorf("%s: %s", name, answer)
		}
	}
}

func TestALargeTransferThatMakesProgressIsNotCut(t *testing.T) {
	t.Parallel() // it mostly waits
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.HTTP.WriteTimeout = 3000 }))
	i.Deploy("app", "-- big.bin --\n"+strings.Repeat("0123456789abcdef", 1<<18)+"\n") // 4 MiB
	c, err := net.Dial("tcp", i.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.(*net.TCPConn).SetReadBuffer(64 << 10)
	fmt.Fprintf(c, "GET /big.bin HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var total int
	buf := make([]byte, 128<<10)
	for {
		n, err := io.ReadFull(resp.Body, buf)
		total += n
		if err != nil {
			break
		}
		time.Sleep(130 * time.Millisecond) // in total much longer than the timeout without progress
	}
	if total != 4<<20+1 {
		t.Fatalf("got %d bytes", total)
	}
}

func TestAnAddressThatIsTakenLeavesNothingRunning(t *testing.T) {
	i := fazttest.New(t)
	path := filepath.Join(t.TempDir(), "data.db")
	second, err := server.Open(t.Context(), server.Config{Database: path, Listen: []string{"127.0.0.1:0", i.Address}})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Run(t.Context(), nil); !errs.Is(err, errs.Conflict) || !strings.Contains(errs.Sentence(err), "is in use by another program") {
		t.Errorf("got %v", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(listener.SocketPath(path)); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
}
