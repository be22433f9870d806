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
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fazt/internal/activity"
	"fazt/internal/api/op"
	"fazt/internal/applog"
	"fazt/internal/client"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
	"fazt/internal/fazttest/await"
	"fazt/internal/schema"
	"fazt/internal/storage"
	"fazt/internal/system"
)

// limitsApp does what its path says.
const limitsApp = `
-- index.html --
hello
-- api/main.js --
const vm = crypto.randomUUID();
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const depth = (n) => n === 0 ? 0 : 1 + depth(n - 1);
export default { async fetch(request) {
  const url = new URL(request.url), n = Number(url.searchParams.get("n"));
  switch (url.pathname) {
  case "/api/vm": return new Response(vm);
  case "/api/echo": return new Response(String((await request.text()).length));
  case "/api/big": return new Response("x".repeat(n));
  case "/api/spin": { const end = Date.now() + n; while (Date.now() < end); return new Response("done"); }
  case "/api/memory": { const keep = []; for (let i = 0; i < n; i++) keep.push(new Uint8Array(1 << 20)); return new Response("done"); }
  case "/api/depth": return new Response(String(depth(n)));
  case "/api/timers": await Promise.all(Array.from({ length: n }, () => sleep(1))); return new Response("done");
  case "/api/cached": await caches.default.put("https://x.example/", new Response("x")); return new Response(String(await caches.default.match("https://x.example/") !== undefined));
  case "/api/print": for (let i = 0; i < n; i++) console.log(url.searchParams.get("text")); return new Response("done");
  case "/api/set":
    try { fazt.app.kv.set("k".repeat(n), "v".repeat(Number(url.searchParams.get("v")))); return new Response("done"); }
    catch (e) { return new Response(e.code); }
  case "/api/trickle":
    return new Response((async function* () { for (let i = 0; i < n; i++) { await sleep(500); yield "x"; } })());
  case "/api/hold": {
    fazt.app.kv.set("in:" + crypto.randomUUID(), 1);
    while (!fazt.app.kv.get("go")) await sleep(10);
    return new Response(vm);
  }
  }
  return new Response("what?", { status: 404 });
} };
`

// trial is an instance that shows the change of one limit.
type trial struct {
	*testing.T
	*fazttest.Instance
	id      string // of the app
	changed bool   // whether the limit was changed
}

// patience returns how long a trial waits: long for something that must happen; no longer than a test may take for
// something that must not.
func (x *trial) patience() time.Duration {
	if x.changed {
		return 20 * time.Second
	}
	return 200 * time.Millisecond
}

var unique atomic.Int64

// deploy deploys files, plus one that is new each time, to the app and returns the result.
func (x *trial) deploy(files ...string) string {
	x.Helper()
	text := fmt.Sprintf("-- new.txt --\n%d\n", unique.Add(1)) + strings.Join(files, "")
	if _, err := x.TryDeploy("app", text); err != nil {
		x.Logf("%v", err)
		return errs.Code(err)
	}
	return "done"
}

func file(name string, size int) string {
	return "-- " + name + " --\n" + strings.Repeat("x", size-1) + "\n"
}

// ask calls the function and returns its text, or its status if that is not 200.
func (x *trial) ask(method, target, body string) string {
	x.Helper()
	return said(x.Do(x.Request(method, "app", target, body)))
}

func said(got fazttest.Response) string {
	if got.StatusCode != http.StatusOK {
		if got.StatusCode == http.StatusServiceUnavailable && got.Header.Get("Retry-After") == "" {
			return "503 without Retry-After"
		}
		return fmt.Sprint(got.StatusCode)
	}
	return got.Text
}

func (x *trial) printed() []string {
	x.Helper()
	if err := x.AppLog.Flush(context.Background()); err != nil {
		x.Fatal(err)
	}
	lines, err := x.AppLog.Lines(context.Background(), applog.Query{AppID: x.id, Limit: 1000})
	if err != nil {
		x.Fatal(err)
	}
	var list []string
	for _, l := range lines {
		list = append(list, l.Message)
	}
	return list
}

// hold sends n requests that stay in the function, waits until each of them is in or has ended, runs meanwhile if it is
// set, and lets them go. It returns how many got in.
func (x *trial) hold(n int, meanwhile func()) string {
	x.Helper()
	scope, ctx := storage.Scope{App: x.id}, context.Background()
	var answered atomic.Int64
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			x.ask(http.MethodGet, "/api/hold", "")
			answered.Add(1)
		})
	}
	in := func() []storage.Entry {
		page, err := x.KV.List(ctx, scope, storage.ListOptions{Prefix: "in:"})
		if err != nil {
			x.Fatal(err)
		}
		return page.Entries
	}
	x.await("the requests", func() bool { return len(in())+int(answered.Load()) == n })
	got := in()
	if meanwhile != nil {
		meanwhile()
	}
	if err := x.KV.Set(ctx, scope, "go", []byte("true"), 0); err != nil {
		x.Fatal(err)
	}
	group.Wait()
	for _, e := range append(got, storage.Entry{Key: "go"}) {
		if _, err := x.KV.Delete(ctx, scope, e.Key); err != nil {
			x.Fatal(err)
		}
	}
	return fmt.Sprint(len(got))
}

// trickle returns how a response ends that pauses between its pieces.
func (x *trial) trickle() string {
	x.Helper()
	c := x.connect("GET /api/trickle?n=7 HTTP/1.1\r\nHost: app.localhost\r\n\r\n")
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || string(text) != "xxxxxxx" {
		return "cut"
	}
	return "whole"
}

// await waits until is returns true.
func (x *trial) await(what string, is func() bool) {
	x.Helper()
	await.Until(x.T, what, is)
}

// connect opens a connection and sends text.
func (x *trial) connect(text string) net.Conn {
	x.Helper()
	c, err := net.Dial("tcp", x.Address)
	if err != nil {
		x.Fatal(err)
	}
	x.Cleanup(func() { c.Close() })
	_, _ = io.WriteString(c, text)
	return c
}

// busy opens a connection with a request in progress.
func (x *trial) busy() (c net.Conn) {
	x.Helper()
	x.await("a request", func() bool { // earlier connections may still be ending
		c = x.connect("POST /api/echo HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		_, err := io.ReadFull(c, make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n")))
		return err == nil
	})
	return c
}

// fate returns what becomes of a connection: the status of a response, "closed", or "nothing".
func (x *trial) fate(c net.Conn, within time.Duration) string {
	x.Helper()
	_ = c.SetReadDeadline(time.Now().Add(within))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "nothing"
	case err != nil:
		return "closed"
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return said(fazttest.Response{Response: resp, Text: "answered"})
}

const page = "GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n"

func (x *trial) vms() int {
	x.Helper()
	s, err := client.Call(context.Background(), x.Client, op.ServerStatus, op.None{})
	if err != nil {
		x.Fatal(err)
	}
	return s.VMs
}

func (x *trial) sql(statement string, limit int) (op.Rows, string) {
	x.Helper()
	rows, err := client.Call(context.Background(), x.Client, op.SQLQuery, op.Statement{SQL: statement, Limit: limit})
	if err != nil {
		x.Logf("%v", err)
		return rows, errs.Code(err)
	}
	return rows, "done"
}

// disk returns the state of the disk in health: want, or the last state when patience is over.
func (x *trial) disk(want string) (state string) {
	x.Helper()
	x.await("a look at the disk", func() bool { return x.DB.Disk().Total > 0 })
	for end := time.Now().Add(x.patience()); state != want && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		h, err := client.Call(context.Background(), x.Client, op.SystemHealth, op.None{})
		if err != nil {
			x.Fatal(err)
		}
		state = h.Disk.State
	}
	return state
}

// store returns the result of a function that stores something: "done", or another result if there is one before
// patience is over.
func (x *trial) store() (got string) {
	x.Helper()
	x.await("a look at the disk", func() bool { return x.DB.Disk().Total > 0 })
	for end := time.Now().Add(x.patience()); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if got = x.ask(http.MethodGet, "/api/set?n=1&v=1", ""); got != "done" {
			break
		}
	}
	return got
}

// function returns an app whose function prints a new text each time.
func function() string {
	return fmt.Sprintf("-- api/main.js --\nexport default () => new Response(\"%d\");\n", unique.Add(1))
}

// heldUp is the source of a function whose reads wait until release is closed.
type heldUp struct{ wanted, release chan struct{} }

func (heldUp) Exists(path string) bool { return path == "api/main.js" }

func (h heldUp) ReadFile(ctx context.Context, _ string) ([]byte, error) {
	h.wanted <- struct{}{}
	select {
	case <-h.release:
	case <-ctx.Done():
	}
	return []byte("respond(1)"), ctx.Err()
}

// compiles returns how many of two apps are compiled at once.
func (x *trial) compiles() string {
	x.Helper()
	src := heldUp{make(chan struct{}, 100), make(chan struct{})} // each compile reads the entry more than once
	var group sync.WaitGroup
	for _, app := range []string{"one", "two"} {
		group.Go(func() {
			if _, err := x.Compile(context.Background(), app, src); err != nil {
				x.Error(err)
			}
		})
	}
	x.await("a process that compiles", func() bool { return len(src.wanted) > 0 })
	for end := time.Now().Add(x.patience()); len(src.wanted) < 2 && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}
	n := len(src.wanted)
	close(src.release)
	group.Wait()
	return fmt.Sprint(n)
}

// check goes through all content like the background check, and returns whether it got to the end.
func (x *trial) check() string {
	x.Helper()
	if err := x.DB.Write(context.Background(), func(tx *database.Tx) error { return tx.Exec("DELETE FROM content_check") }); err != nil {
		x.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), x.patience())
	defer cancel()
	switch err := x.Hosting.WatchOnce(ctx); {
	case errors.Is(err, context.DeadlineExceeded):
		return "slow"
	case err != nil:
		return err.Error()
	}
	return "done"
}

// beyond is more bytes than any disk has.
const beyond = 1 << 60

const numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT %d) SELECT %s FROM c"

// change describes how to show that a limit is live: show returns before, then set changes the limit, then show returns
// after.
type change struct {
	start func(l *system.Limits) // limits from the start that make the change visible; nil = the defaults
	set   func(l *system.Limits)
	show  func(x *trial) string

	before, after string
}

var changes = map[string]change{
	"storage.max_file_size": {
		set: func(l *system.Limits) { l.Storage.MaxFileSize = 1024 }, before: "done", after: "TOO_LARGE",
		show: func(x *trial) string { return x.deploy(file("a.txt", 2000)) },
	},
	"storage.max_site_size": {
		set: func(l *system.Limits) { l.Storage.MaxSiteSize = 1024 }, before: "done", after: "TOO_LARGE",
		show: func(x *trial) string { return x.deploy(file("a.txt", 700), file("b.txt", 701)) },
	},
	"storage.max_site_files": {
		set: func(l *system.Limits) { l.Storage.MaxSiteFiles = 2 }, before: "done", after: "TOO_LARGE",
		show: func(x *trial) string { return x.deploy(file("a.txt", 10), file("b.txt", 10)) },
	},
	"storage.max_path_length": {
		set: func(l *system.Limits) { l.Storage.MaxPathLength = 64 }, before: "done", after: "TOO_LARGE",
		show: func(x *trial) string { return x.deploy(file(strings.Repeat("a", 100), 10)) },
	},
	"storage.keep_deployments": {
		set: func(l *system.Limits) { l.Storage.KeepDeployments = 2 }, before: "4", after: "3", // two, and the live one
		show: func(x *trial) string {
			for range 3 {
				files := fazttest.Parse(fmt.Sprintf("-- new.txt --\n%d\n", unique.Add(1)))
				plan := files.Plan()
				plan.Preview = true
				if _, err := client.Deploy(context.Background(), x.Client, "app", plan, files, false, nil); err != nil {
					return err.Error()
				}
			}
			if _, err := x.Hosting.Collect(context.Background()); err != nil {
				return err.Error()
			}
			list, err := client.Call(context.Background(), x.Client, op.DeploymentList, op.AppPage{App: "app"})
			if err != nil {
				return err.Error()
			}
			return fmt.Sprint(len(list.Items))
		},
	},
	"storage.upload_lifetime": {
		set: func(l *system.Limits) { l.Storage.UploadLifetime = 60 }, before: "3600", after: "60",
		show: func(x *trial) string {
			files := fazttest.Parse(fmt.Sprintf("-- new.txt --\n%d\n", unique.Add(1)))
			u, err := client.Call(context.Background(), x.Client, op.UploadBegin, op.UploadPlan{App: "app", Plan: files.Plan()})
			if err != nil {
				return err.Error()
			}
			rows, _ := x.sql("SELECT round((expires_at - created_at) / 1000.0) / 1 FROM uploads WHERE id = '"+u.ID+"'", 0)
			return strings.TrimSuffix(string(rows.Rows[0][0]), ".0")
		},
	},
	"storage.write_queue": {
		set: func(l *system.Limits) { l.Storage.WriteQueue = 1 }, before: "done", after: "UNAVAILABLE",
		show: func(x *trial) string {
			begun, end := make(chan struct{}), make(chan struct{})
			var group sync.WaitGroup
			write := func(fn func(*database.Tx) error) { _ = x.DB.Write(context.Background(), fn) }
			group.Go(func() { write(func(*database.Tx) error { close(begun); <-end; return nil }) })
			<-begun
			group.Go(func() { write(func(*database.Tx) error { return nil }) })
			x.await("a write in the queue", func() bool { return x.DB.Stats().Queued == 1 })
			answer := make(chan string, 1)
			group.Go(func() { answer <- x.ask(http.MethodGet, "/api/set?n=1&v=1", "") })
			x.await("the request", func() bool { return x.DB.Stats().Queued == 2 || len(answer) == 1 })
			close(end)
			group.Wait()
			return <-answer
		},
	},
	"storage.max_vfs": {
		set: func(l *system.Limits) { l.Storage.MaxVFS = 0 }, before: "memory", after: "database",
		show: func(x *trial) string {
			x.deploy(file("a.bin", 5000))
			x.Get("app", "/a.bin")
			err := x.DB.Write(context.Background(), func(tx *database.Tx) error {
				return tx.Exec("UPDATE chunks SET data = CAST(replace(CAST(data AS TEXT), 'x', 'y') AS BLOB)")
			})
			if err != nil {
				return err.Error()
			}
			if strings.HasPrefix(x.Get("app", "/a.bin").Text, "xxx") {
				return "memory"
			}
			return "database"
		},
	},
	"storage.max_app_data": {
		set: func(l *system.Limits) { l.Storage.MaxAppData = 1000 }, before: "done", after: "APP_DATA_FULL",
		show: func(x *trial) string {
			return x.ask(http.MethodGet, fmt.Sprintf("/api/set?n=%d&v=2000", unique.Add(1)), "") // a new key each time
		},
	},
	"storage.max_log_rows": {
		set: func(l *system.Limits) { l.Storage.MaxLogRows = 100 }, before: "more", after: "100",
		show: func(x *trial) string {
			for range 150 {
				x.Activity.Record(activity.Entry{Action: "test", Actor: activity.Actor{Kind: activity.ItSelf}})
			}
			if err := x.Activity.Flush(context.Background()); err != nil {
				return err.Error()
			}
			rows, _ := x.sql("SELECT iif(count(*) > 100, 'more', count(*)) FROM activity", 0)
			return strings.Trim(string(rows.Rows[0][0]), `"`)
		},
	},
	"storage.max_upload": {
		set: func(l *system.Limits) { l.Storage.MaxUpload = 1000 }, before: "2000", after: "413",
		show: func(x *trial) string { return x.ask(http.MethodPost, "/api/echo", strings.Repeat("x", 2000)) },
	},
	"storage.max_key": {
		set: func(l *system.Limits) { l.Storage.MaxKey = 16 }, before: "done", after: "TOO_LARGE",
		show: func(x *trial) string { return x.ask(http.MethodGet, "/api/set?n=17&v=1", "") },
	},
	"storage.max_value": {
		set: func(l *system.Limits) { l.Storage.MaxValue = 1024 }, before: "done", after: "TOO_LARGE",
		show: func(x *trial) string { return x.ask(http.MethodGet, "/api/set?n=1&v=1025", "") },
	},
	"storage.check_rate": {
		start: func(l *system.Limits) { l.Storage.CheckRate = 1 },
		set:   func(l *system.Limits) { l.Storage.CheckRate = 1 << 30 }, before: "slow", after: "done",
		show: (*trial).check,
	},
	"storage.low_space": {
		start: func(l *system.Limits) { l.Storage.LowSpace, l.Storage.LowSpacePercent, l.Storage.Reserve = 0, 100, 0 },
		set:   func(l *system.Limits) { l.Storage.LowSpace = beyond }, before: "sound", after: "low",
		show: func(x *trial) string { return x.disk("low") },
	},
	"storage.low_space_percent": {
		start: func(l *system.Limits) {
			l.Storage.LowSpace, l.Storage.LowSpacePercent, l.Storage.Reserve = beyond, 0, 0
		},
		set: func(l *system.Limits) { l.Storage.LowSpacePercent = 100 }, before: "sound", after: "low",
		show: func(x *trial) string { return x.disk("low") },
	},
	"storage.reserve": {
		start: func(l *system.Limits) { l.Storage.Reserve, l.Storage.ReservePercent = 0, 100 },
		set:   func(l *system.Limits) { l.Storage.Reserve = beyond }, before: "done", after: "STORAGE_FULL",
		show: (*trial).store,
	},
	"storage.reserve_percent": {
		start: func(l *system.Limits) { l.Storage.Reserve, l.Storage.ReservePercent = beyond, 0 },
		set:   func(l *system.Limits) { l.Storage.ReservePercent = 100 }, before: "done", after: "STORAGE_FULL",
		show: (*trial).store,
	},
	"storage.app_log_rows": {
		set: func(l *system.Limits) { l.Storage.AppLogRows = 100 }, before: "many", after: "few",
		show: func(x *trial) string {
			for range 3 {
				x.ask(http.MethodGet, "/api/print?n=200&text=x", "")
			}
			if len(x.printed()) < 600 {
				return "few"
			}
			return "many"
		},
	},

	"runtime.exec_timeout": {
		set: func(l *system.Limits) { l.Runtime.ExecTimeout = 20 }, before: "done", after: "504",
		show: func(x *trial) string { return x.ask(http.MethodGet, "/api/spin?n=100", "") },
	},
	"runtime.cpu_time": {
		set: func(l *system.Limits) { l.Runtime.CPUTime = 20 }, before: "done", after: "504",
		show: func(x *trial) string {
			if x.changed { // on a busy machine, 20 ms of processor time take long
				return x.ask(http.MethodGet, "/api/spin?n=20000", "")
			}
			return x.ask(http.MethodGet, "/api/spin?n=100", "")
		},
	},
	"runtime.max_memory": {
		set: func(l *system.Limits) { l.Runtime.MaxMemory = 4 << 20 }, before: "done", after: "500",
		show: func(x *trial) string { return x.ask(http.MethodGet, "/api/memory?n=8", "") },
	},
	"runtime.max_stack": {
		set: func(l *system.Limits) { l.Runtime.MaxStack = 65536 }, before: "1000", after: "500",
		show: func(x *trial) string { return x.ask(http.MethodGet, "/api/depth?n=1000", "") },
	},
	"runtime.max_request_body": {
		set: func(l *system.Limits) { l.Runtime.MaxRequestBody = 1000 }, before: "2000", after: "413",
		show: func(x *trial) string { return x.ask(http.MethodPost, "/api/echo", strings.Repeat("x", 2000)) },
	},
	"runtime.max_response_body": {
		set: func(l *system.Limits) { l.Runtime.MaxResponseBody = 1024 }, before: strings.Repeat("x", 1025), after: "500",
		show: func(x *trial) string { return x.ask(http.MethodGet, "/api/big?n=1025", "") },
	},
	"runtime.max_pending": {
		set: func(l *system.Limits) { l.Runtime.MaxPending = 5 }, before: "done", after: "503",
		show: func(x *trial) string { return x.ask(http.MethodGet, "/api/timers?n=20", "") },
	},
	"runtime.console_lines": {
		set: func(l *system.Limits) { l.Runtime.ConsoleLines = 3 }, before: "10", after: "4", // the last one reports that there were more
		show: func(x *trial) string {
			had := len(x.printed())
			x.ask(http.MethodGet, "/api/print?n=10&text=x", "")
			return fmt.Sprint(len(x.printed()) - had)
		},
	},
	"runtime.console_bytes": {
		set: func(l *system.Limits) { l.Runtime.ConsoleBytes = 10 }, before: strings.Repeat("a", 20), after: strings.Repeat("a", 10) + "… (cut)",
		show: func(x *trial) string {
			had := len(x.printed())
			x.ask(http.MethodGet, "/api/print?n=1&text="+strings.Repeat("a", 20), "")
			return strings.Join(x.printed()[had:], "|")
		},
	},
	"runtime.console_rate": {
		set: func(l *system.Limits) { l.Runtime.ConsoleRate = 3 }, before: "10", after: "3",
		show: func(x *trial) string {
			had := len(x.printed())
			time.Sleep(1100 * time.Millisecond) // the second in which the earlier lines were printed is over
			x.ask(http.MethodGet, "/api/print?n=10&text=flood", "")
			return fmt.Sprint(strings.Count(strings.Join(x.printed()[had:], "|"), "flood"))
		},
	},
	"runtime.vms": {
		start: func(l *system.Limits) { l.Runtime.QueueWait = 60_000 },
		set:   func(l *system.Limits) { l.Runtime.VMs, l.Runtime.QueueWait = 1, 500 }, before: "3", after: "1",
		show: func(x *trial) string { return x.hold(3, nil) },
	},
	"runtime.vms_per_app": {
		start: func(l *system.Limits) { l.Runtime.QueueWait = 60_000 },
		set:   func(l *system.Limits) { l.Runtime.VMsPerApp, l.Runtime.QueueWait = 1, 500 }, before: "3", after: "1",
		show: func(x *trial) string { return x.hold(3, nil) },
	},
	"runtime.queue_wait": {
		start: func(l *system.Limits) { l.Runtime.VMsPerApp, l.Runtime.QueueWait = 1, 60000 },
		set:   func(l *system.Limits) { l.Runtime.QueueWait = 1 }, before: "waited", after: "503",
		show: func(x *trial) string {
			answer := make(chan string, 1)
			x.hold(1, func() {
				go func() { answer <- x.ask(http.MethodGet, "/api/vm", "") }()
				for end := time.Now().Add(x.patience()); len(answer) == 0 && time.Now().Before(end); time.Sleep(time.Millisecond) {
				}
			})
			if got := <-answer; len(got) == 3 {
				return got
			}
			return "waited"
		},
	},
	"runtime.requests_per_vm": {
		set: func(l *system.Limits) { l.Runtime.RequestsPerVM = 1 }, before: "1", after: "3",
		show: func(x *trial) string {
			met := map[string]bool{}
			for range 3 {
				met[x.ask(http.MethodGet, "/api/vm", "")] = true
			}
			return fmt.Sprint(len(met))
		},
	},
	"runtime.idle_vm": {
		set: func(l *system.Limits) { l.Runtime.IdleVM = 1 }, before: "kept", after: "ended",
		show: func(x *trial) string {
			x.ask(http.MethodGet, "/api/vm", "")
			for end := time.Now().Add(x.patience()); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
				if x.vms() == 0 {
					return "ended"
				}
			}
			return "kept"
		},
	},

	"runtime.vm_memory": {
		set: func(l *system.Limits) { l.Runtime.VMMemory = 16 << 20 }, before: "done", after: "503",
		show: func(x *trial) (got string) {
			for end := time.Now().Add(x.patience()); time.Now().Before(end); {
				if got = x.ask(http.MethodGet, "/api/memory?n=32", ""); got != "done" {
					break
				}
			}
			return got
		},
	},
	"runtime.compile_memory": {
		start: func(l *system.Limits) { l.Runtime.CompileMemory = 1 << 30 },
		set:   func(l *system.Limits) { l.Runtime.CompileMemory = 64 << 20 }, before: "done", after: "UNPROCESSABLE",
		show: func(x *trial) string {
			return x.deploy(function(), "const long = \""+strings.Repeat("x", 5<<20)+"\";\nlong.length;\n")
		},
	},
	"runtime.max_program": {
		set: func(l *system.Limits) { l.Runtime.MaxProgram = 1 << 20 }, before: "done", after: "UNPROCESSABLE",
		show: func(x *trial) string {
			return x.deploy(function(), "const long = \""+strings.Repeat("x", 1<<20)+"\";\nlong.length;\n")
		},
	},
	"runtime.compile_timeout": {
		set: func(l *system.Limits) { l.Runtime.CompileTimeout = 1 }, before: "done", after: "UNPROCESSABLE",
		show: func(x *trial) string { return x.deploy(function()) },
	},
	"runtime.compiles": {
		start: func(l *system.Limits) { l.Runtime.Compiles = 1 },
		set:   func(l *system.Limits) { l.Runtime.Compiles = 2 }, before: "1", after: "2",
		show: (*trial).compiles,
	},

	"runtime.stream_timeout": {
		start: func(l *system.Limits) { l.Runtime.ExecTimeout = 2500 },
		set:   func(l *system.Limits) { l.Runtime.StreamTimeout = 2500 }, before: "whole", after: "cut",
		show: (*trial).trickle,
	},
	"runtime.stream_memory": {
		set: func(l *system.Limits) { l.Runtime.StreamMemory = 0 }, before: "whole", after: "cut",
		show: (*trial).trickle,
	},
	"runtime.cache_memory": {
		set: func(l *system.Limits) { l.Runtime.CacheMemory = 0 }, before: "true", after: "false",
		show: func(x *trial) string { return x.ask(http.MethodGet, "/api/cached", "") },
	},
	"runtime.buffer_memory": {
		set: func(l *system.Limits) { l.Runtime.BufferMemory = 0 }, before: "5000", after: "503",
		show: func(x *trial) string { return x.ask(http.MethodPost, "/api/echo", strings.Repeat("x", 5000)) },
	},
	"runtime.buffer_disk": {
		set: func(l *system.Limits) { l.Runtime.BufferDisk = 0 }, before: "300000", after: "503",
		show: func(x *trial) string { return x.ask(http.MethodPost, "/api/echo", strings.Repeat("x", 300000)) },
	},

	"http.max_connections": {
		start: func(l *system.Limits) { l.Capacity.TimeoutMS = 60000 },
		set:   func(l *system.Limits) { l.HTTP.MaxConnections = 10 }, before: "answered", after: "nothing",
		show: func(x *trial) string {
			for range 10 {
				defer x.busy().Close()
			}
			last := x.connect(page)
			defer last.Close()
			if x.changed {
				return x.fate(last, time.Second)
			}
			return x.fate(last, 20*time.Second)
		},
	},
	"http.max_connections_per_ip": {
		set: func(l *system.Limits) { l.HTTP.MaxPerIP = 1 }, before: "answered", after: "closed",
		show: func(x *trial) string {
			defer x.busy().Close()
			second := x.connect(page)
			defer second.Close()
			return x.fate(second, 20*time.Second)
		},
	},
	"http.max_header_bytes": {
		set: func(l *system.Limits) { l.HTTP.MaxHeaderBytes = 4096 }, before: "answered", after: "431",
		show: func(x *trial) string {
			return x.fate(x.connect(strings.TrimSuffix(page, "\r\n")+"X: "+strings.Repeat("x", 20000)+"\r\n\r\n"), 20*time.Second)
		},
	},
	"http.read_header_timeout": {
		set: func(l *system.Limits) { l.HTTP.ReadHeaderTimeout = 100 }, before: "nothing", after: "408",
		show: func(x *trial) string { return x.fate(x.connect(strings.TrimSuffix(page, "\r\n")), x.patience()) },
	},
	"http.read_timeout": {
		start: func(l *system.Limits) { l.Capacity.TimeoutMS = 60000 },
		set:   func(l *system.Limits) { l.HTTP.ReadTimeout = 100 }, before: "nothing", after: "400",
		show: func(x *trial) string { return x.fate(x.connect(halfABody), x.patience()) },
	},
	"http.write_timeout": {
		set: func(l *system.Limits) { l.HTTP.WriteTimeout = 100 }, before: "whole", after: "cut",
		show: func(x *trial) string {
			const size = 24 << 20
			x.deploy(file("big.bin", size))
			c, err := net.Dial("tcp", x.Address)
			if err != nil {
				return err.Error()
			}
			defer c.Close()
			_ = c.(*net.TCPConn).SetReadBuffer(16 << 10)
			fmt.Fprint(c, strings.Replace(page, "/ ", "/big.bin ", 1))
			if x.changed { // long enough for the server to notice that nothing is read
				time.Sleep(3 * time.Second)
			}
			_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
			if n, _ := io.Copy(io.Discard, io.LimitReader(c, size)); n < size {
				return "cut"
			}
			return "whole"
		},
	},
	"http.idle_timeout": {
		set: func(l *system.Limits) { l.HTTP.IdleTimeout = 100 }, before: "nothing", after: "closed",
		show: func(x *trial) string {
			c := x.connect(page)
			if got := x.fate(c, 20*time.Second); got != "answered" {
				return got
			}
			return x.fate(c, x.patience())
		},
	},

	"sql.statement_timeout": {
		start: func(l *system.Limits) { l.SQL.StatementTimeout = 60000 },
		set:   func(l *system.Limits) { l.SQL.StatementTimeout = 10 }, before: "done", after: "TIMEOUT",
		show: func(x *trial) string {
			_, got := x.sql(fmt.Sprintf(numbers, 500000, "count(*)"), 0)
			return got
		},
	},
	"sql.max_rows": {
		set: func(l *system.Limits) { l.SQL.MaxRows = 5 }, before: "done", after: "INVALID",
		show: func(x *trial) string { _, got := x.sql(fmt.Sprintf(numbers, 10, "x"), 10); return got },
	},
	"sql.max_result": {
		set: func(l *system.Limits) { l.SQL.MaxResult = 65536 }, before: "", after: "bytes",
		show: func(x *trial) string {
			rows, _ := x.sql(fmt.Sprintf(numbers, 20, "printf('%5000s', x)"), 0)
			return rows.Truncated
		},
	},
	"sql.max_memory": {
		start: func(l *system.Limits) { l.SQL.StatementTimeout, l.SQL.MaxMemory = 60000, 64<<20 },
		set:   func(l *system.Limits) { l.SQL.MaxMemory = 8 << 20 }, before: "done", after: "TOO_LARGE",
		show: func(x *trial) string {
			var columns []string
			for n := range 16 { // of almost 1 MiB each
				columns = append(columns, fmt.Sprintf("length(group_concat(printf('%%1000s', x + %d)))", n))
			}
			_, got := x.sql(fmt.Sprintf(numbers, 1000, strings.Join(columns, ", ")), 0)
			return got
		},
	},
	"sql.max_spill": {
		start: func(l *system.Limits) { l.SQL.StatementTimeout = 60000 },
		set:   func(l *system.Limits) { l.SQL.MaxSpill = 8 << 20 }, before: "done", after: "TOO_LARGE",
		show: func(x *trial) string {
			_, got := x.sql(fmt.Sprintf(numbers, 12000, "count(DISTINCT printf('%1000s', x))"), 0)
			return got
		},
	},

	"capacity.max_requests": {
		set: func(l *system.Limits) { l.Capacity.MaxRequests = 1 }, before: "2", after: "1",
		show: func(x *trial) string { return x.hold(2, nil) },
	},
	"capacity.max_requests_per_ip": {
		set: func(l *system.Limits) { l.Capacity.MaxPerIP = 1 }, before: "2", after: "1",
		show: func(x *trial) string { return x.hold(2, nil) },
	},
	"capacity.timeout_ms": {
		start: func(l *system.Limits) { l.Capacity.TimeoutMS = 60000 },
		set:   func(l *system.Limits) { l.Capacity.TimeoutMS = 100 }, before: "nothing", after: "503",
		show: func(x *trial) string { return x.fate(x.connect(halfABody), x.patience()) },
	},
}

const halfABody = "POST /api/echo HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 100\r\n\r\nabc"

func TestEveryLimitTakesEffectWithoutARestart(t *testing.T) {
	for _, f := range schema.Of[system.Limits]().Fields() {
		if f.ReadOnly || strings.HasPrefix(f.Path, "net.") {
			continue
		}
		c, ok := changes[f.Path]
		if !ok {
			t.Errorf("%s: no change here shows that it takes effect", f.Path)
			continue
		}
		if testing.Short() && !strings.HasPrefix(f.Path, "capacity.") { // all limits are changed the same way, so a few are enough for the race detector
			continue
		}
		t.Run(f.Path, func(t *testing.T) { c.try(t, false) })
		if f.PerApp {
			t.Run(f.Path+" of one app", func(t *testing.T) { c.try(t, true) })
		}
	}
	for path := range changes {
		if f, ok := schema.Of[system.Limits]().Field(path); !ok || f.ReadOnly {
			t.Errorf("%s is not a limit that can be set", path)
		}
	}
}

// try shows the change, for all apps or as an override of one app.
func (c change) try(t *testing.T, ofOneApp bool) {
	t.Parallel() // it mostly waits
	var l system.Limits
	x := &trial{T: t, Instance: fazttest.New(t, fazttest.Limit(func(patient *system.Limits) {
		patient.Runtime.QueueWait = 2000 // for some limits, show sends a request that is never let in
		if c.start != nil {
			c.start(patient)
		}
		l = *patient
	}))}
	x.id = x.Deploy("app", limitsApp).App.ID
	if got := c.show(x); got != c.before {
		t.Fatalf("before the change: %s, want %s", short(got), short(c.before))
	}
	changed := l
	c.set(&changed)
	if ofOneApp {
		x.Limits.Store(l, map[string]*system.Limits{x.id: &changed})
	} else {
		x.Limits.Store(changed, nil)
	}
	x.changed = true
	if got := c.show(x); got != c.after {
		t.Fatalf("after the change: %s, want %s", short(got), short(c.after))
	}
}

func short(s string) string { return fmt.Sprintf("%.100q", s) }
