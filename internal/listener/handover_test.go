//go:build !windows

package listener

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"fazt/internal/errs"
)

// Clients that connect while no process accepts wait for the next listener on the same socket.
func TestAKeptSocketServesClientsThatWaited(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for name, open := range map[string]func(h *Handed) (net.Listener, error){
		"127.0.0.1:0": func(h *Handed) (net.Listener, error) {
			return h.TCP("127.0.0.1:0", NewLimit(LimitConfig{Max: func() int { return 9 }}))
		},
		path: func(h *Handed) (net.Listener, error) { return h.Socket(path) },
	} {
		t.Run(name, func(t *testing.T) {
			first, err := open(nil)
			if err != nil {
				t.Fatal(err)
			}
			var kept Kept
			if err := kept.Keep(name, first); err != nil {
				t.Fatal(err)
			}
			address := first.Addr().String()
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			if first.Addr().Network() == "unix" {
				address = path
			}
			client, err := net.Dial(first.Addr().Network(), address)
			if err != nil {
				t.Fatalf("refused: %v", err)
			}
			defer client.Close()
			env := kept.environ([]string{"A=b", HandedVariable + "=old"})
			if len(env) != 2 || env[0] != "A=b" {
				t.Fatal(env)
			}
			handed, err := ReadHanded(strings.TrimPrefix(env[1], HandedVariable+"="))
			if err != nil {
				t.Fatal(err)
			}
			second, err := open(handed)
			if err != nil {
				t.Fatal(err)
			}
			defer second.Close()
			handed.Close()
			conn, err := second.Accept()
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, "hello")
			conn.Close()
			if got, err := io.ReadAll(client); string(got) != "hello" || err != nil {
				t.Fatalf("%q %v", got, err)
			}
		})
	}
}

func TestAnInvalidListOfSocketsIsRefused(t *testing.T) {
	for _, value := range []string{"x", "=", "a=b", "a=-1", "a=2", "a=99999999"} {
		if _, err := ReadHanded(value); !errs.Is(err, errs.Invalid) {
			t.Errorf("%q: %v", value, err)
		}
	}
	h, err := ReadHanded("")
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
}
