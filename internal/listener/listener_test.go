package listener

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fazt/internal/errs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestUnavailableAddressesGiveReadableErrors(t *testing.T) {
	taken, err := TCP("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]string{
		taken.Addr().String(): "is in use by another program",
		"4698":                "is not a listen address",
		"127.0.0.1:99999":     "is not a listen address",
		"203.0.113.7:0":       "is not an address of this machine",
	} {
		l, err := TCP(address, nil)
		if err == nil {
			l.Close()
			t.Errorf("%s was opened", address)
			continue
		}
		if !strings.Contains(errs.Sentence(err), want) {
			t.Errorf("%s: %v", address, errs.Sentence(err))
		}
	}
}

// door is a listener that accepts connections as they arrive.
type door struct {
	*testing.T
	net.Listener
	limit    *Limit
	accepted chan *Conn
}

func open(t *testing.T, c LimitConfig) *door {
	t.Helper()
	d := &door{T: t, limit: NewLimit(c), accepted: make(chan *Conn)}
	l, err := TCP("127.0.0.1:0", d.limit)
	if err != nil {
		t.Fatal(err)
	}
	d.Listener = l
	go func() {
		defer close(d.accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			d.accepted <- c.(*Conn)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		for c := range d.accepted {
			c.Close()
		}
	})
	return d
}

// dial connects from an address of this machine.
func (d *door) dial(from string) net.Conn {
	d.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).Dial("tcp", d.Addr().String())
	if err != nil {
		d.Skip(err) // a system with only one loopback address
	}
	d.Cleanup(func() { c.Close() })
	return c
}

// request starts a request on the next connection, whose response is in progress.
func (d *door) request(from string) (client net.Conn, server *Conn) {
	d.Helper()
	client = d.dial(from)
	server = <-d.accepted
	d.ask(client, server)
	return client, server
}

const plain = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

func (d *door) ask(client net.Conn, server *Conn) {
	d.Helper()
	_, _ = io.WriteString(client, plain)
	if _, err := io.ReadFull(server, make([]byte, len(plain))); err != nil {
		d.Fatal(err)
	}
}

// gone waits until the server has closed the client's connection.
func (d *door) gone(client net.Conn) {
	d.Helper()
	_ = client.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := client.Read(make([]byte, 1)); n > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		d.Fatal("it was not closed")
	}
}

const here = "127.0.0.1"

func TestConnectionsOverTheLimitWaitAndTheLimitIsLive(t *testing.T) {
	var most atomic.Int64
	most.Store(1)
	d := open(t, LimitConfig{Max: func() int { return int(most.Load()) }})
	_, first := d.request(here)
	d.dial(here)
	select {
	case <-d.accepted:
		t.Fatal("two connections over a limit of one")
	case <-time.After(50 * time.Millisecond):
	}
	most.Store(2)
	second := <-d.accepted
	if d.limit.Open() != 2 {
		t.Fatalf("%d are open", d.limit.Open())
	}
	first.Close()
	first.Close() // counts once
	d.dial(here)
	third := <-d.accepted
	second.Close()
	third.Close()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, more := <-d.accepted; more {
		t.Fatal("a connection after the end")
	}
	if d.limit.Open() != 0 || len(d.limit.by) != 0 || d.limit.idle.oldest() != nil {
		t.Fatalf("%d are open, of %d addresses", d.limit.Open(), len(d.limit.by))
	}
}

func TestIdleConnectionsDoNotKeepNewOnesOut(t *testing.T) {
	d := open(t, LimitConfig{Max: func() int { return 3 }})
	busy, answering := d.request(here)
	second, answered := d.request(here)
	answered.Answered()
	silent := d.dial(here) // like a browser that connects ahead of time
	<-d.accepted

	d.dial(here)
	<-d.accepted
	d.gone(second) // the oldest
	d.request(here)
	d.gone(silent)
	answering.Answered()
	d.ask(busy, answering) // it was not idle, so it stays
	if open := d.limit.Open(); open != 3 {
		t.Fatalf("%d are open", open)
	}
}

// A waiting connection replaces the next one that becomes idle.
func TestAWaitingConnectionReplacesOneThatBecomesIdle(t *testing.T) {
	d := open(t, LimitConfig{Max: func() int { return 1 }})
	client, server := d.request(here)
	d.dial(here)
	select {
	case <-d.accepted:
		t.Fatal("it replaced a connection with a request")
	case <-time.After(50 * time.Millisecond):
	}
	server.Answered()
	<-d.accepted
	d.gone(client)
	if n, err := server.Read(make([]byte, 1)); err == nil {
		t.Fatalf("%d bytes after it was closed", n)
	}
}

// With pipelined requests, the connection is not idle after the first response. The first bytes of a request do not
// make it busy either: otherwise a client could hold its place with them.
func TestAConnectionIsIdleOnlyBetweenRequests(t *testing.T) {
	d := open(t, LimitConfig{Max: func() int { return 9 }})
	idle := func() bool {
		d.limit.mu.Lock()
		defer d.limit.mu.Unlock()
		return d.limit.idle.oldest() != nil
	}
	client := d.dial(here)
	server := <-d.accepted
	for _, step := range []struct {
		send     string
		answered bool
		idle     bool
	}{
		{"", false, true},
		{"GE", false, true},
		{"T ", false, false},
		{plain[4:] + plain, false, false},
		{"", true, false},
		{"", true, true},
		{plain[:10], false, false},
		{plain[10:], false, false},
		{"", true, true},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", false, false},
		{"abc", false, false},
		{"", true, true},
		{"\r\n", false, true},
	} {
		_, _ = io.WriteString(client, step.send)
		if _, err := io.ReadFull(server, make([]byte, len(step.send))); err != nil {
			t.Fatal(err)
		}
		if step.answered {
			server.Answered()
		}
		if idle() != step.idle {
			t.Fatalf("%+v: idle %v", step, idle())
		}
	}
}

func TestOneAddressCannotTakeAllConnectionsUnlessItIsATrustedProxy(t *testing.T) {
	var trusted atomic.Bool
	d := open(t, LimitConfig{
		Max: func() int { return 100 }, PerIP: func() int { return 2 },
		Trusted: func(ip netip.Addr) bool { return trusted.Load() && ip == netip.MustParseAddr(here) },
	})
	_, first := d.request(here)
	d.request(here)
	d.gone(d.dial(here))
	// Other addresses are not affected.
	if _, c := d.request("127.0.0.2"); !strings.HasPrefix(c.RemoteAddr().String(), "127.0.0.2:") {
		t.Fatal(c.RemoteAddr())
	}
	first.Close()
	third, server := d.request(here)
	server.Answered()
	d.request(here) // replaces an idle one
	d.gone(third)
	d.gone(d.dial(here))
	trusted.Store(true)
	for range 5 {
		d.request(here)
	}
}

func echo(t *testing.T, path string) {
	t.Helper()
	l, err := Socket(path)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(c, c)
			c.Close()
		}
	}()
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		<-ended
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("the socket is still there: %v", err)
		}
	})
}

func TestTheSocketIsPrivateAndReplacesADeadOne(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("long-name-", 12))
	for name, dir := range map[string]string{"short": t.TempDir(), "longer than the system's names": long} {
		t.Run(name, func(t *testing.T) {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "data.db.sock")
			if err := os.WriteFile(path, nil, 0o644); err != nil { // a leftover
				t.Fatal(err)
			}
			echo(t, path)
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != 0o600 || info.Mode().Type() != os.ModeSocket {
				t.Fatalf("mode %v, %v", info.Mode(), err)
			}
			c, err := Dial(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := c.Write([]byte("hi")); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 2)
			if _, err := io.ReadFull(c, buf); err != nil || string(buf) != "hi" {
				t.Fatalf("%q %v", buf, err)
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) != 1 {
				t.Fatalf("left behind: %v %v", entries, err)
			}
		})
	}
}
