package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"fazt/internal/fazttest"
	"fazt/internal/server"
	"fazt/internal/system"
)

func TestChangedLimitsKeepConnectionsInUse(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", limitsApp)
	stop := make(chan struct{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			c, err := net.Dial("tcp", i.Address)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			in := bufio.NewReader(c)
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				_, _ = io.WriteString(c, page)
				resp, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Errorf("request %d of a connection: %v", n, err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	for n := range 50 {
		l := *i.Limits.Load()
		l.HTTP.MaxHeaderBytes, l.HTTP.IdleTimeout, l.HTTP.ReadHeaderTimeout = 4096+n, 1000+n, 1000+n
		i.Limits.Store(l, nil)
		if got := i.Get("app", "/"); got.Text != "hello\n" {
			t.Fatalf("change %d: %d %s", n, got.StatusCode, got.Text)
		}
	}
	close(stop)
	group.Wait()
}

func TestAStoppingServerLetsRequestsUnderEarlierLimitsFinish(t *testing.T) {
	i := fazttest.New(t)
	x := &trial{T: t, Instance: i, id: i.Deploy("app", limitsApp).App.ID}
	c := x.connect("GET /api/spin?n=500 HTTP/1.1\r\nHost: app.localhost\r\n\r\n")
	x.await("the function", func() bool { return x.vms() == 1 })
	l := *i.Limits.Load()
	l.HTTP.IdleTimeout = 500
	i.Limits.Store(l, nil)
	i.Get("app", "/")
	i.Stop()
	if got := x.fate(c, 20*time.Second); got != "answered" {
		t.Error(got)
	}
}

// net/http closes a connection without a response when it reads the request after the stop has begun.
func TestAStoppingServerAnswersARequestThatIsArriving(t *testing.T) {
	i := fazttest.New(t)
	x := &trial{T: t, Instance: i, id: i.Deploy("app", "-- index.html --\nhello\n").App.ID}
	begun, rest := page[:20], page[20:]
	c := x.connect(begun)
	i.Get("app", "/") // the server accepted the connection before the one of this request
	ended := make(chan struct{})
	go func() { i.Stop(); close(ended) }()
	x.await("the stop", func() bool {
		other, err := net.Dial("tcp", i.Address)
		if err == nil {
			other.Close()
		}
		return err != nil
	})
	_, _ = io.WriteString(c, rest)
	if got := x.fate(c, 20*time.Second); got != "answered" {
		t.Error(got)
	}
	<-ended
}

func TestADownloadThatMakesProgressOutlivesTheRequestTimeout(t *testing.T) {
	t.Parallel() // it mostly waits
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Capacity.TimeoutMS = 1000 }))
	const size = 8 << 20
	i.Deploy("app", file("big.bin", size))
	c, err := net.Dial("tcp", i.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.(*net.TCPConn).SetReadBuffer(64 << 10)
	fmt.Fprint(c, strings.Replace(page, "/ ", "/big.bin ", 1))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	total, buffer := 0, make([]byte, 512<<10)
	for total < size {
		n, err := io.ReadFull(resp.Body, buffer)
		total += n
		if err != nil {
			break
		}
		time.Sleep(100 * time.Millisecond) // in total much longer than the request timeout
	}
	if total != size {
		t.Errorf("got %d bytes", total)
	}
}

func TestABodyOfUnknownSizeIsRefusedOnceItPassesTheLimit(t *testing.T) {
	for name, change := range map[string]func(l *system.Limits){
		"of an upload":  func(l *system.Limits) { l.Storage.MaxUpload = 1000 },
		"of a function": func(l *system.Limits) { l.Runtime.MaxRequestBody = 1000 },
		"of zero":       func(l *system.Limits) { l.Storage.MaxUpload = 0 },
	} {
		i := fazttest.New(t, fazttest.Limit(change))
		x := &trial{T: t, Instance: i, id: i.Deploy("app", limitsApp).App.ID}
		// The body has no end: still the response comes, and then the end of the connection.
		c := x.connect("POST /api/echo HTTP/1.1\r\nHost: app.localhost\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + strings.Repeat("x", 2000) + "\r\n")
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		answer, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 413 ") || !strings.Contains(string(answer), "Connection: close") {
			t.Errorf("the limit %s: %q %v", name, answer, err)
		}
	}
}

func TestAnAppThatTakesAllItCanLeavesRoomForOthers(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Capacity.MaxRequests = 4 }))
	x := &trial{T: t, Instance: i, id: i.Deploy("app", limitsApp).App.ID}
	i.Deploy("other", limitsApp)
	got := x.hold(5, func() {
		if answer := said(i.Do(i.Request(http.MethodPost, "other", "/api/echo", "four"))); answer != "4" {
			t.Errorf("the other app: %s", answer)
		}
	})
	if got != "2" {
		t.Errorf("the app had %s at once", got)
	}
}

func TestAFunctionSeesTheClientThatATrustedProxyReports(t *testing.T) {
	for _, trusted := range []bool{false, true} {
		i := fazttest.New(t, func(c *server.Config) {
			if trusted {
				c.Flags = map[string]string{"trusted_proxies": `["127.0.0.0/8"]`}
			}
		})
		i.Deploy("app", "-- api/main.js --\nrespond(request.ip + ' ' + request.url);\n")
		r := i.Request(http.MethodGet, "app", "/api/x", "")
		r.Header.Set("X-Forwarded-For", "1.1.1.1, 203.0.113.7")
		r.Header.Set("X-Forwarded-Proto", "https")
		want := "127.0.0.1 http://app.localhost/api/x"
		if trusted {
			want = "203.0.113.7 https://app.localhost/api/x"
		}
		if got := i.Do(r); !strings.Contains(got.Text, want) {
			t.Errorf("trusted %v: %d %s", trusted, got.StatusCode, got.Text)
		}
	}
}
