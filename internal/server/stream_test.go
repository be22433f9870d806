package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fazt/internal/fazttest"
	"fazt/internal/system"
)

// streamApp sends back what it gets and reports what it saw, or sends without end.
const streamApp = `
-- api/main.js --
const stride = 1021;
let seen = "nothing";
export default { fetch(request) {
  let size = 0, sum = 0;
  switch (new URL(request.url).pathname) {
  case "/api/seen": return new Response(seen);
  case "/api/echo":
    seen = "begun";
    return new Response(request.body.pipeThrough(new TransformStream({
      transform(piece, out) {
        for (let i = (stride - size % stride) % stride; i < piece.length; i += stride) sum = (sum * 31 + piece[i]) % 1000003;
        size += piece.length;
        out.enqueue(piece);
      },
      flush() { seen = size + " " + sum; },
    })));
  case "/api/ticks":
    return new Response(new ReadableStream({
      async pull(c) { await new Promise((done) => setTimeout(done, 10)); c.enqueue(new TextEncoder().encode("data: tick\n\n")); },
      cancel() { console.log("canceled"); },
    }), { headers: { "content-type": "text/event-stream" } });
  }
} };
`

// tape is an endless reader whose bytes depend only on their position.
type tape struct{ at int64 }

func (t *tape) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte((t.at + int64(i)) * 2654435761 >> 13)
	}
	t.at += int64(len(p))
	return len(p), nil
}

// sums returns what streamApp reports for the first bytes of a tape.
func sums(size int64) string {
	sum := 0
	for at := int64(0); at < size; at += 1021 {
		sum = (sum*31 + int(byte(at*2654435761>>13))) % 1000003
	}
	return fmt.Sprint(size, " ", sum)
}

// resident returns how much memory the process holds.
func resident() int64 {
	data, err := os.ReadFile("/proc/self/statm")
	var all, pages int64
	if _, scanned := fmt.Sscan(string(data), &all, &pages); err == nil && scanned == nil {
		return pages * int64(os.Getpagesize())
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}

func TestAHundredMegabytesGoThroughAFunctionInConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds, and the race detector holds memory of its own")
	}
	const size = 100_000_000
	x := &trial{T: t, Instance: fazttest.New(t, fazttest.Limit(func(l *system.Limits) {
		l.Runtime.MaxResponseBody, l.Runtime.VMsPerApp, l.Runtime.ExecTimeout = 1<<30, 1, 60000
	}))}
	x.Deploy("app", streamApp)
	for _, length := range []int64{size, -1} {
		x.ask(http.MethodGet, "/api/seen", "")
		runtime.GC()
		before, peak := resident(), int64(0)
		r, err := http.NewRequest(http.MethodPost, "http://"+x.Address+"/api/echo", io.LimitReader(&tape{}, size))
		if err != nil {
			t.Fatal(err)
		}
		r.Host, r.ContentLength = "app."+x.Settings().Domain, length
		resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		want, got, expected, total := &tape{}, make([]byte, 64<<10), make([]byte, 64<<10), 0
		for {
			n, err := io.ReadFull(resp.Body, got)
			_, _ = want.Read(expected[:n])
			if string(got[:n]) != string(expected[:n]) {
				t.Fatalf("the content differs after %d bytes", total)
			}
			total += n
			peak = max(peak, resident())
			if err == io.EOF || err == io.ErrUnexpectedEOF && total == size {
				break
			}
			if err != nil {
				t.Fatalf("after %d bytes: %v\n%s", total, err, x.printed())
			}
		}
		if total != size {
			t.Errorf("%d bytes came back", total)
		}
		if seen := x.ask(http.MethodGet, "/api/seen", ""); seen != sums(size) {
			t.Errorf("the function saw %s, want %s", seen, sums(size))
		}
		t.Logf("memory grew by %d MB", (peak-before)>>20)
		if peak-before > 64<<20 {
			t.Errorf("memory grew by %d MB", (peak-before)>>20)
		}
	}
}

// ends waits until no function is running.
func (x *trial) ends() {
	x.Helper()
	x.await("the end of the run", func() bool {
		buffer := make([]byte, 1<<20)
		return !strings.Contains(string(buffer[:runtime.Stack(buffer, true)]), "runtime.(*Engine).Serve")
	})
}

func TestAnAbortedUploadLeavesNothingRunning(t *testing.T) {
	x := &trial{T: t, Instance: fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Runtime.VMsPerApp = 1 }))}
	x.id = x.Deploy("app", streamApp).App.ID
	for _, head := range []string{"Content-Length: 50000000", "Transfer-Encoding: chunked"} {
		c := x.connect("POST /api/echo HTTP/1.1\r\nHost: app.localhost\r\n" + head + "\r\n\r\nfff\r\n")
		_, _ = io.CopyN(c, &tape{}, 1000)
		if resp, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
		c.Close()
		x.ends()
		if seen := x.ask(http.MethodGet, "/api/seen", ""); strings.Contains(seen, " ") {
			t.Errorf("%s: the function thought it was complete: %s", head, seen)
		}
	}
}

// An upload is refused by its announced size before a byte of it is read; one of unknown size as soon as it exceeds the
// limit, even if the response has begun.
func TestAnUploadOverTheLimitIsRefused(t *testing.T) {
	x := &trial{T: t, Instance: fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Storage.MaxUpload = 1 << 20 }))}
	x.id = x.Deploy("app", streamApp+"-- x.txt --\nx\n").App.ID
	c := x.connect("POST /api/echo HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 1048577\r\n\r\n")
	if got := x.fate(c, 20*time.Second); got != "413" {
		t.Error("announced:", got)
	}
	if got := x.ask(http.MethodGet, "/api/seen", ""); got != "nothing" {
		t.Error("the function ran:", got)
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+x.Address+"/api/echo", io.LimitReader(&tape{}, 2<<20))
	r.Host = "app.localhost"
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); err == nil || n > 1<<20 {
		t.Errorf("%d bytes came back: %v", n, err)
	}
}

func TestAStoppingServerEndsEventStreams(t *testing.T) {
	x := &trial{T: t, Instance: fazttest.New(t)}
	x.id = x.Deploy("app", streamApp).App.ID
	var streams []net.Conn
	var got atomic.Int64
	for range 3 {
		c := x.connect("GET /api/ticks HTTP/1.1\r\nHost: app.localhost\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || resp.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatal(resp, err)
		}
		if line, err := bufio.NewReader(resp.Body).ReadString('\n'); line != "data: tick\n" {
			t.Fatalf("%q %v", line, err)
		}
		streams = append(streams, c)
	}
	ended := make(chan struct{})
	go func() {
		for _, c := range streams {
			_, _ = io.Copy(io.Discard, c)
			got.Add(1)
		}
		close(ended)
	}()
	began := time.Now()
	x.Stop()
	if time.Since(began) >= 10*time.Second { // the time for running requests: streams without end would use it up
		t.Error("the server waited for streams that have no end")
	}
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatalf("%d ended", got.Load())
	}
}

func TestAnUploadThatMakesProgressOutlivesTheRequestTimeout(t *testing.T) {
	t.Parallel() // it mostly waits
	x := &trial{T: t, Instance: fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Capacity.TimeoutMS = 4000 }))}
	x.id = x.Deploy("app", streamApp).App.ID
	x.ask(http.MethodGet, "/api/seen", "")
	const size, pieces = 100_000, 6
	upload := func(length int64) {
		body, w := io.Pipe()
		go func() {
			for tape := (&tape{}); tape.at < size*pieces; time.Sleep(time.Second) { // in total longer than the request timeout
				_, _ = io.CopyN(w, tape, size)
			}
			w.Close()
		}()
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+x.Address+"/api/echo", body)
		r.Host, r.ContentLength = "app.localhost", length
		resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
		if err != nil {
			t.Error(err)
			return
		}
		if n, err := io.Copy(io.Discard, resp.Body); n != size*pieces || err != nil {
			t.Errorf("announced %d: %d bytes came back: %v", length, n, err)
		}
		resp.Body.Close()
	}
	var both sync.WaitGroup
	for _, length := range []int64{size * pieces, -1} {
		both.Go(func() { upload(length) })
	}
	both.Wait()
}
