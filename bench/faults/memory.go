package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// greedy responds after holding a number of MB for a while, and accepts any body.
const greedy = `export default async (request) => {
	const url = new URL(request.url), kept = [];
	if (request.method === "POST") return new Response(String((await request.arrayBuffer()).byteLength));
	for (let i = 0; i < Number(url.searchParams.get("mb")); i++) {
		kept.push(new Uint8Array(1 << 20).fill(i));
		await new Promise((r) => setTimeout(r, 5));
	}
	return new Response("x".repeat(Number(url.searchParams.get("kb") ?? 0) * 1024 + kept.length));
};`

const containerBytes = 256 << 20

// attackMemory runs an instance in a 256 MB control group and sends bursts that together would take gigabytes.
func attackMemory(ctx context.Context, l *lab) error {
	i, group, err := l.contain(ctx, containerBytes)
	if err != nil {
		return err
	}
	defer group.remove()
	defer i.kill()
	large := strings.Repeat("0123456789abcdef", 60_000)
	files := []string{"index.html", "hello", "api/main.js", greedy}
	for n := range 60 {
		files = append(files, fmt.Sprintf("large/%d.bin", n), fmt.Sprint(n)+large)
	}
	for _, app := range []string{"a", "b", "c", "d"} {
		if err := l.deploy(ctx, i, app, files...); err != nil {
			return err
		}
		_ = i.statusOf(ctx, "GET", app, "/api/x?mb=0", nil)
	}
	// First every app serves several visitors at once, because the memory that the instance holds after that is not left
	// over from a burst.
	var warm sync.WaitGroup
	for n := range 64 {
		warm.Go(func() { _ = i.statusOf(ctx, "GET", string(rune('a'+n%4)), "/api/x?mb=1", nil) })
	}
	warm.Wait()
	time.Sleep(12 * time.Second) // deploys are a burst, too
	var faults []error
	for _, burst := range []struct {
		name   string
		n      int
		method string
		path   func(n int) string
		body   string
	}{
		{"VMs of 40 MB", 96, "GET", func(int) string { return "/api/x?mb=40" }, ""},
		{"responses of 8 MB", 96, "GET", func(int) string { return "/api/x?kb=8192" }, ""},
		{"bodies of 7 MB", 96, "POST", func(int) string { return "/api/x" }, strings.Repeat("b", 7<<20)},
		{"large files", 240, "GET", func(n int) string { return fmt.Sprintf("/large/%d.bin", n%60) }, ""},
	} {
		before := i.anonymous()
		peak, stop := i.watchMemory()
		codes, wait := map[int]int{}, sync.WaitGroup{}
		var mu sync.Mutex
		for n := range burst.n {
			wait.Go(func() {
				code := i.statusOf(ctx, burst.method, string(rune('a'+n%4)), burst.path(n), strings.NewReader(burst.body))
				mu.Lock()
				defer mu.Unlock()
				codes[code]++
			})
		}
		wait.Wait()
		stop()
		back := i.backWithin(15*time.Second, before+before/5)
		l.note(burst.name, "peak %d MB; before %d MB, back after %.0f s at %d MB; responses %v", *peak>>20, before>>20, back.Seconds(), i.anonymous()>>20, codes)
		if !i.alive() {
			return fmt.Errorf("%s: the server is dead", burst.name)
		}
		if codes[200] == 0 || codes[0] > 0 || codes[500] > 0 {
			faults = append(faults, fmt.Errorf("%s: responses %v\n%s", burst.name, codes, l.errorsOf(ctx, i, "a", "b", "c", "d")))
		}
		if back > 12*time.Second {
			faults = append(faults, fmt.Errorf("%s: memory was not freed: %d MB, %d MB before", burst.name, i.anonymous()>>20, before>>20))
		}
	}
	l.note("control group", "limit %d MB; %s", containerBytes>>20, group.kills())
	return errors.Join(faults...)
}

// errorsOf returns the latest log lines of some apps.
func (l *lab) errorsOf(ctx context.Context, i *instance, apps ...string) string {
	var all strings.Builder
	for _, app := range apps {
		out, err := l.cli(ctx, i.db, "app", "logs", app, "--level", "error", "-n", "3")
		fmt.Fprintln(&all, out, err)
	}
	return all.String()
}

// statusOf makes a request and returns its status; 0 if there was none.
func (i *instance) statusOf(ctx context.Context, method, app, path string, body io.Reader) int {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+i.addr+path, body)
	if err != nil {
		return 0
	}
	req.Host = app + ".localhost"
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// anonymous returns the process's resident memory that does not belong to files, in bytes.
func (i *instance) anonymous() int64 {
	var size, resident, shared int64
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", i.cmd.Process.Pid))
	_, _ = fmt.Sscan(string(data), &size, &resident, &shared)
	return (resident - shared) * int64(os.Getpagesize())
}

// backWithin returns how long it takes until the process's memory is down to a value, or most if it does not get there.
func (i *instance) backWithin(most time.Duration, bytes int64) time.Duration {
	begun := time.Now()
	for time.Since(begun) < most && i.anonymous() > bytes {
		time.Sleep(50 * time.Millisecond)
	}
	return time.Since(begun)
}

// attackSoak sends mixed load and checks that memory in the second half is like that in the first. It takes a minute,
// or the time in FAZT_SOAK (10m).
func attackSoak(ctx context.Context, l *lab) error {
	length := time.Minute
	if text := os.Getenv("FAZT_SOAK"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			return err
		}
		length = d
	}
	i, err := l.start(ctx, "")
	if err != nil {
		return err
	}
	const store = `export default async (request) => {
		const n = Math.floor(Math.random() * 2000);
		await fazt.app.kv.set("k" + n, "v".repeat(n * 10));
		return Response.json(await fazt.app.kv.get("k" + Math.floor(Math.random() * 2000)));
	};`
	apps := []string{"a", "b", "c", "d"}
	for _, app := range apps {
		if err := l.deploy(ctx, i, app, "index.html", strings.Repeat("page ", 2000), "api/main.js", store); err != nil {
			return err
		}
	}
	ends := time.Now().Add(length)
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			for time.Now().Before(ends) && ctx.Err() == nil {
				_ = i.statusOf(ctx, "GET", apps[n%4], []string{"/", "/api/x", "/absent"}[n%3], nil)
			}
		})
	}
	half := length / 2
	first, second := int64(0), int64(0)
	for begun := time.Now(); time.Now().Before(ends); time.Sleep(200 * time.Millisecond) {
		if since := time.Since(begun); since < half && since > length/10 {
			first = max(first, i.anonymous())
		} else if since >= half {
			second = max(second, i.anonymous())
		}
	}
	group.Wait()
	l.note("largest of the first and the second half", "%d MB, %d MB of its own; %d MB resident, after %v", first>>20, second>>20, i.rss()>>20, length)
	if second > first+first/5+8<<20 {
		return fmt.Errorf("the memory grew from %d to %d MB", first>>20, second>>20)
	}
	return nil
}
