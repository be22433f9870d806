package listener

import (
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"fazt/internal/errs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAddressesThatCannotBeHadAreSentences(t *testing.T) {
	taken, err := TCP("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]string{
		taken.Addr().String(): "is in use by another program",
		"4698":                "is not an address to listen on",
		"127.0.0.1:99999":     "is not an address to listen on",
		"203.0.113.7:0":       "is not an address of this machine",
	} {
		l, err := TCP(address, nil)
		if err == nil {
			l.Close()
			t.Errorf("%s was taken", address)
			continue
		}
		if !strings.Contains(errs.Sentence(err), want) {
			t.Errorf("%s: %v", address, errs.Sentence(err))
		}
	}
}

func TestConnectionsOverTheLimitWaitAndTheLimitIsLive(t *testing.T) {
	var most atomic.Int64
	most.Store(1)
	limit := NewLimit(LimitConfig{Most: func() int { return int(most.Load()) }})
	l, err := TCP("127.0.0.1:0", limit)
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	defer dial().Close()
	first := <-accepted
	defer dial().Close()
	select {
	case <-accepted:
		t.Fatal("two connections over a limit of one")
	default:
	}
	most.Store(2)
	second := <-accepted
	if limit.Open() != 2 {
		t.Fatalf("%d are open", limit.Open())
	}
	first.Close()
	first.Close() // counts once
	defer dial().Close()
	third := <-accepted
	second.Close()
	third.Close()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, more := <-accepted; more {
		t.Fatal("a connection after the end")
	}
	if limit.Open() != 0 {
		t.Fatalf("%d are open", limit.Open())
	}
}

func TestOneAddressCannotTakeAllConnectionsUnlessItIsATrustedProxy(t *testing.T) {
	var trusted atomic.Bool
	limit := NewLimit(LimitConfig{
		Most: func() int { return 100 }, PerIP: func() int { return 2 },
		Trusted: func(ip netip.Addr) bool { return trusted.Load() && ip == netip.MustParseAddr("127.0.0.1") },
	})
	l, err := TCP("127.0.0.1:0", limit)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func(from string) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		c, err := d.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Skip(err) // a system on which only one address leads back
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	dial("127.0.0.1")
	first := <-accepted
	dial("127.0.0.1")
	<-accepted
	third := dial("127.0.0.1")
	if _, err := third.Read(make([]byte, 1)); err == nil {
		t.Fatal("it was not closed")
	}
	dial("127.0.0.2") // another address is not touched by it
	if c := <-accepted; !strings.HasPrefix(c.RemoteAddr().String(), "127.0.0.2:") {
		t.Fatal(c.RemoteAddr())
	}
	first.Close()
	dial("127.0.0.1")
	<-accepted
	trusted.Store(true)
	for range 5 {
		dial("127.0.0.1")
		<-accepted
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
			t.Errorf("the socket stayed: %v", err)
		}
	})
}

func TestSocketIsForItsOwnerAndReplacesADeadOne(t *testing.T) {
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
