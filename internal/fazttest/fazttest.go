// Package fazttest gives tests a whole instance in a temporary directory and deploys apps written as txtar archives.
package fazttest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"fazt/internal/api/op"
	"fazt/internal/applog"
	"fazt/internal/client"
	"fazt/internal/database/databasetest"
	_ "fazt/internal/fazttest/child"
	"fazt/internal/server"
	"fazt/internal/system"
)

// Instance is a running Fazt. It stops, and its files are removed, when the test ends.
type Instance struct {
	*server.Instance
	Client  *client.Client // as the owner
	Address string         // host:port of the front door
	Path    string         // the database file

	t    testing.TB
	stop func() error
}

// Option changes the Config before the instance is built.
type Option func(*server.Config)

// Limit changes limits.
func Limit(change func(*system.Limits)) Option {
	return func(c *server.Config) {
		change(c.Limits)
	}
}

// Shipped restores the limits that New changes to their shipped values.
func Shipped(c *server.Config) { *c.Limits = system.Defaults() }

// patient sets the limits of an instance under test: functions get enough time that none times out on a busy machine. A
// test of one of these limits sets it itself.
func patient() *system.Limits {
	l := system.Defaults()
	l.Runtime.ExecTimeout, l.Runtime.CPUTime, l.Runtime.QueueWait, l.Capacity.TimeoutMS = 60_000, 60_000, 60_000, 120_000
	l.Net.CallTimeout, l.Net.Budget, l.SQL.StatementTimeout, l.HTTP.ReadHeaderTimeout = 60_000, 60_000, 60_000, 60_000
	return &l
}

// At uses the database at path, so that a test can start an instance again on the same file.
func At(path string) Option { return func(c *server.Config) { c.Database = path } }

// New starts an instance on a free loopback port.
func New(t testing.TB, options ...Option) *Instance {
	t.Helper()
	c := server.Config{
		Database: filepath.Join(t.TempDir(), "data.db"),
		Listen:   []string{"127.0.0.1:0"},
		Limits:   patient(),
		Log:      slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	for _, o := range options {
		o(&c)
	}
	if _, err := os.Lstat(c.Database); errors.Is(err, fs.ErrNotExist) {
		if err := databasetest.Write(c.Database); err != nil {
			t.Fatal(err)
		}
	}
	inner, err := server.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- inner.Run(ctx, func(addresses []net.Addr) { ready <- addresses[0].String() })
	}()
	i := &Instance{Instance: inner, Client: client.NewInProcess(inner.API()), Path: c.Database, t: t}
	stopped := false
	i.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		err := <-ended
		if closed := inner.Close(); err == nil {
			err = closed
		}
		return err
	}
	t.Cleanup(i.Stop)
	select {
	case i.Address = <-ready:
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	return i
}

// Stop stops the instance; the end of the test does so too.
func (i *Instance) Stop() {
	i.t.Helper()
	if err := i.stop(); err != nil {
		i.t.Error(err)
	}
}

// Folder holds the files of an app.
type Folder map[string][]byte

// Parse reads a txtar archive.
func Parse(text string) Folder {
	f := Folder{}
	for _, file := range txtar.Parse([]byte(text)).Files {
		f[file.Name] = file.Data
	}
	return f
}

// Open returns the content of a file for the upload.
func (f Folder) Open(path string) (io.ReadCloser, error) {
	data, ok := f[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// Plan announces the files.
func (f Folder) Plan() op.Plan {
	var p op.Plan
	for path, data := range f {
		p.Files = append(p.Files, op.Announced{Path: path, Hash: sha256.Sum256(data), Size: int64(len(data))})
	}
	return p
}

// Deploy deploys the files of a txtar archive and returns the outcome; it fails the test if the deploy fails.
func (i *Instance) Deploy(app, text string) op.Deployed {
	i.t.Helper()
	d, err := i.TryDeploy(app, text)
	if err != nil {
		i.t.Fatalf("deploy %s: %v", app, err)
	}
	return d
}

// TryDeploy is like Deploy, for deploys that fail.
func (i *Instance) TryDeploy(app, text string) (op.Deployed, error) {
	i.t.Helper()
	files := Parse(text)
	d, err := client.Deploy(context.Background(), i.Client, app, files.Plan(), files, false, nil)
	if err != nil {
		return op.Deployed{}, err
	}
	if d.Deployed == nil {
		return op.Deployed{Deployment: op.Deployment{DeploymentRecord: *d.Upload.Same}}, nil
	}
	return *d.Deployed, nil
}

// Response is a response with its whole body.
type Response struct {
	*http.Response
	Text string
}

// Get requests a page of the app behind a host label from the front door.
func (i *Instance) Get(label, path string) Response {
	i.t.Helper()
	return i.Do(i.Request(http.MethodGet, label, path, ""))
}

// Request sends a request to the front door for the app behind a host label. The target is sent exactly as given,
// however unusual it is.
func (i *Instance) Request(method, label, target, body string) *http.Request {
	i.t.Helper()
	r, err := http.NewRequest(method, "http://"+i.Address, strings.NewReader(body))
	if err != nil {
		i.t.Fatal(err)
	}
	r.Host = label + "." + i.Settings().Domain
	r.RequestURI = target
	return r
}

// Do sends a request on a new connection without following redirects, and reads the response.
func (i *Instance) Do(r *http.Request) Response {
	i.t.Helper()
	conn, err := net.Dial("tcp", i.Address)
	if err != nil {
		i.t.Fatal(err)
	}
	defer conn.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", r.Method, r.RequestURI, r.Host)
	if len(body) > 0 {
		fmt.Fprintf(&out, "Content-Length: %d\r\n", len(body))
	}
	_ = r.Header.Write(&out)
	out.WriteString("\r\n")
	out.Write(body)
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Write(out.Bytes()); err != nil {
		i.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		i.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	return Response{resp, string(text)}
}

// Log returns what an app's functions printed.
func (i *Instance) Log(appID string) string {
	i.t.Helper()
	lines, err := i.AppLog.Lines(context.Background(), applog.Query{AppID: appID, Limit: 1000})
	if err != nil {
		i.t.Fatal(err)
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.Level + " " + l.Message + "\n")
	}
	return b.String()
}

// Changed tells the instance that something was changed without using its control API.
func (i *Instance) Changed(t testing.TB) {
	t.Helper()
	if err := i.Refresh(t.Context(), op.Anything); err != nil {
		t.Fatal(err)
	}
}
