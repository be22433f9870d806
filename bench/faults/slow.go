package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// slowApp is the app under attack. Its neighbor has the same code and is not attacked.
const slowApp = `const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const large = "x".repeat(4 << 20);
export default async (request) => {
  switch (new URL(request.url).pathname) {
  case "/api/whole": return new Response(String((await request.text()).length));
  case "/api/pieces": { let n = 0; for await (const piece of request.body) n += piece.length; return new Response(String(n)); }
  case "/api/endless": return new Response(new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(65536)); } }));
  case "/api/events": return new Response((async function* () { for (;;) { yield "data: x\n\n"; await sleep(1000); } })(), { headers: { "content-type": "text/event-stream" } });
  case "/api/large": return new Response(large);
  }
  return new Response("ok");
};
`

// assault is one way to be slow.
type assault struct {
	name  string
	host  string // host label; "" = that of the attacked app
	text  string // what a connection sends first; it reads nothing
	drip  string // sent every half second after that
	conns int    // from each address
	from  int    // addresses
	reads bool   // it reads what it receives
}

// assaults lists all assaults; KEY stands for a key with every scope.
func assaults() []assault {
	post := func(path string, size int) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: HOST\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", path, size)
	}
	get := func(path string) string {
		return "GET " + path + " HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer KEY\r\n\r\n"
	}
	form := "POST /api/deploy HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer KEY\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 90000000\r\n\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"app\"\r\n\r\nvictim\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n\r\n"
	return []assault{
		{name: "headers that never end", text: "GET / HTTP/1.1\r\nHost: HOST\r\n", drip: "X: y\r\n", conns: 900, from: 3},
		{name: "16 bodies that never arrive", text: post("/api/whole", 100000), conns: 16, from: 1},
		{name: "64 bodies that never arrive", text: post("/api/whole", 100000), conns: 64, from: 1},
		{name: "1000 bodies that never arrive", text: post("/api/whole", 100000), conns: 1000, from: 1},
		{name: "small bodies, one byte at a time", text: post("/api/whole", 1000), drip: "x", conns: 500, from: 4},
		{name: "bodies of 8 MB, one piece at a time", text: post("/api/whole", 8<<20) + strings.Repeat("x", 200<<10), drip: strings.Repeat("x", 1000), conns: 300, from: 4},
		{name: "streamed bodies of 50 MB that never arrive", text: post("/api/pieces", 50<<20), conns: 300, from: 4},
		{name: "chunked bodies, one byte at a time", text: "POST /api/pieces HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n", drip: "1\r\nx\r\n", conns: 300, from: 4},
		{name: "streamed bodies of 50 MB that stop after 70 KB", text: post("/api/pieces", 50<<20) + strings.Repeat("x", 70<<10), drip: "x", conns: 300, from: 4},
		{name: "16 clients that do not read a stream", text: get("/api/endless"), drip: "x", conns: 16, from: 1},
		{name: "1200 clients that do not read a stream", text: get("/api/endless"), drip: "x", conns: 300, from: 4},
		{name: "1200 clients reading events", text: get("/api/events"), conns: 300, from: 4, reads: true},
		{name: "400 clients that do not read 4 MB", text: get("/api/large"), drip: "x", conns: 100, from: 4},
		{name: "400 clients that do not read a file", text: get("/film.bin"), drip: "x", conns: 100, from: 4},
		{name: "uploads to /api/deploy, one byte at a time", host: "admin", text: form, drip: "x", conns: 100, from: 2},
		{name: "log followers that do not read", host: "admin", text: get("/api/apps/victim/logs/follow"), drip: "x", conns: 200, from: 2},
	}
}

const (
	assaultLasts = 4 * time.Second
	noiseFloor   = 25 * time.Millisecond // delays up to this occur on a shared machine without an attack
)

// slowVisitors attacks an app with thousands of slow connections and measures it and its neighbor in the meantime.
func slowVisitors(ctx context.Context, l *lab) error {
	i, err := l.start(ctx, "")
	if err != nil {
		return err
	}
	for _, app := range []string{"victim", "neighbor"} {
		if err := l.deploy(ctx, i, app, "api/main.js", slowApp, "index.html", "hello", "film.bin", strings.Repeat("0123456789abcdef", 50<<20/16)); err != nil {
			return err
		}
	}
	key, err := l.key(ctx, i)
	if err != nil {
		return err
	}
	var bad []string
	for _, a := range assaults() {
		before, _, _ := i.ask(ctx, "neighbor", "127.0.0.1", assaultLasts/2)
		found := i.suffer(ctx, a, key)
		after, _, _ := i.ask(ctx, "neighbor", "127.0.0.1", assaultLasts/2)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		idle := max(before, after) // a shared machine is slow at times
		l.note(a.name, "p99 %s (idle %s), attacked app %s; %d and %d of %d failed; %d connections, %d in total, %d MB",
			round(found.p99), round(idle), round(found.own), found.failed, found.ownFailed, found.asked, found.open, found.opened, found.rss>>20)
		if found.failed+found.ownFailed > 0 || found.p99 > max(3*idle, noiseFloor) {
			bad = append(bad, a.name)
		}
	}
	if !i.alive() {
		return fmt.Errorf("the server ended")
	}
	if len(bad) > 0 {
		return fmt.Errorf("others were delayed by: %s", strings.Join(bad, "; "))
	}
	return nil
}

// key creates a key with every scope.
func (l *lab) key(ctx context.Context, i *instance) (string, error) {
	out, err := l.cli(ctx, i.db, "key", "create", "--name", "bench", "--scope", "admin", "--format", "json")
	if err != nil {
		return "", err
	}
	var made map[string]any
	if err := json.Unmarshal([]byte(out), &made); err != nil {
		return "", err
	}
	for _, v := range made {
		if s, ok := v.(string); ok && strings.HasPrefix(s, "fazt_") {
			return s, nil
		}
	}
	return "", fmt.Errorf("no key in %q", out)
}

// suffered is the effect of an assault.
type suffered struct {
	p99, own                 time.Duration // of the neighbor, and of the attacked app
	failed, ownFailed, asked int           // requests to them
	open, opened             int64         // connections of the assault at its end, and in total
	rss                      int64
}

// suffer keeps the connections of an assault open, reopens those that are closed, and measures the neighbor from the
// attacker's address and the attacked app from another address.
func (i *instance) suffer(ctx context.Context, a assault, key string) (found suffered) {
	ctx, cancel := context.WithCancel(ctx)
	host := a.host
	if host == "" {
		host = "victim"
	}
	text := strings.NewReplacer("HOST", host+".localhost", "KEY", key).Replace(a.text)
	var open, opened atomic.Int64
	var group sync.WaitGroup
	for n := range a.conns * a.from {
		from := fmt.Sprintf("127.1.0.%d", 1+n%a.from)
		group.Go(func() {
			pause(ctx, 2*time.Second*time.Duration(n)/time.Duration(a.conns*a.from))
			for ctx.Err() == nil {
				i.beSlow(ctx, from, text, a, &open, &opened)
				pause(ctx, 100*time.Millisecond)
			}
		})
	}
	pause(ctx, 4*time.Second) // all are open, and the socket buffers are full
	var both sync.WaitGroup
	both.Go(func() { found.own, found.ownFailed, found.asked = i.ask(ctx, "victim", "127.2.0.1", assaultLasts) })
	var asked int
	found.p99, found.failed, asked = i.ask(ctx, "neighbor", "127.3.0.1", assaultLasts)
	both.Wait()
	found.asked += asked
	found.rss, found.open, found.opened = i.rss(), open.Load(), opened.Load()
	cancel()
	group.Wait()
	return found
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// beSlow holds one connection from an address until the server closes it.
func (i *instance) beSlow(ctx context.Context, from, text string, a assault, open, opened *atomic.Int64) {
	c, err := dialFrom(ctx, i.addr, from)
	if err != nil {
		return
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	_ = c.(*net.TCPConn).SetReadBuffer(4 << 10)
	open.Add(1)
	opened.Add(1)
	defer open.Add(-1)
	if _, err := io.WriteString(c, text); err != nil {
		return
	}
	if a.reads {
		_, _ = io.Copy(io.Discard, c)
		return
	}
	for ctx.Err() == nil {
		pause(ctx, 500*time.Millisecond)
		if a.drip != "" {
			_, err = io.WriteString(c, a.drip)
		} else {
			err = closed(c)
		}
		if err != nil {
			return
		}
	}
}

// closed reports whether a server has closed a connection or responded.
func closed(c net.Conn) error {
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	return gone(raw)
}

func dialFrom(ctx context.Context, addr, from string) (net.Conn, error) {
	d := net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	return d.DialContext(ctx, "tcp", addr)
}

// ask sends an app one request after another for a while, five per connection, and returns the 99th percentile, the
// number of failures and the number of requests.
func (i *instance) ask(ctx context.Context, app, from string, length time.Duration) (p99 time.Duration, failed, asked int) {
	var took []time.Duration
	var c net.Conn
	var in *bufio.Reader
	for end := time.Now().Add(length); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, 2*time.Millisecond) {
		begun := time.Now()
		err := error(nil)
		if c == nil {
			if c, err = dialFrom(ctx, i.addr, from); err != nil {
				failed++
				continue
			}
			in = bufio.NewReader(c)
		}
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		fmt.Fprintf(c, "POST /api/hello HTTP/1.1\r\nHost: %s.localhost\r\nContent-Length: 2\r\n\r\nhi", app)
		resp, err := http.ReadResponse(in, nil) //nolint:bodyclose // endless; closing the connection ends it
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
		}
		took = append(took, time.Since(begun))
		if err != nil || resp.StatusCode != http.StatusOK {
			failed++
		}
		if err != nil || len(took)%5 == 0 {
			c.Close()
			c = nil
		}
	}
	if c != nil {
		c.Close()
	}
	if len(took) == 0 {
		return 0, failed, failed
	}
	slices.Sort(took)
	return took[len(took)*99/100], failed, len(took)
}
