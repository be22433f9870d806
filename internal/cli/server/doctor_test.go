package server

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/database"
	"fazt/internal/system"
)

func TestNamesThatDoNotLeadHereAreFound(t *testing.T) {
	own := func() ([]net.Addr, error) {
		_, n, _ := net.ParseCIDR("203.0.113.7/32")
		return []net.Addr{n}, nil
	}
	for name, c := range map[string]struct {
		domain string
		zone   map[string]string
		want   string
	}{
		"localhost needs no lookup":   {"localhost", nil, fine},
		"own address":                 {"example.com", map[string]string{"example.com": "203.0.113.7", "fazt-doctor.example.com": "127.0.0.1"}, fine},
		"no wildcard":                 {"example.com", map[string]string{"example.com": "203.0.113.7"}, problem},
		"nothing":                     {"example.com", nil, problem},
		"wildcard leads to elsewhere": {"example.com", map[string]string{"example.com": "203.0.113.7", "fazt-doctor.example.com": "198.51.100.1"}, warning},
	} {
		lookup := func(_ context.Context, _, host string) ([]netip.Addr, error) {
			if a, ok := c.zone[host]; ok {
				return []netip.Addr{netip.MustParseAddr(a)}, nil
			}
			return nil, errors.New("no such host")
		}
		if got := checkNames(t.Context(), c.domain, lookup, own); got.State != c.want || got.State != fine && got.Advice == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAClockBehindTheDatabaseIsWrong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for ahead, want := range map[time.Duration]string{-time.Hour: problem, 0: fine, time.Hour: fine} {
		if got := checkClock(path, time.Now().Add(ahead)); got.State != want {
			t.Errorf("%v: %+v", ahead, got)
		}
	}
}

func TestADiskThatIsNearlyFullIsFound(t *testing.T) {
	for free, want := range map[int64]string{0: problem, 63 << 20: problem, 65 << 20: warning, 511 << 20: warning, 1 << 40: fine} {
		got := checkDisk(filepath.Join(t.TempDir(), "not", "made", "data.db"), system.Defaults().Storage, func(string) (int64, int64, error) { return free, 1 << 41, nil })
		if got.State != want {
			t.Errorf("%d: %+v", free, got)
		}
	}
	// On a disk of 10 MB the reserve is small, but the message must not say 0 MiB.
	got := checkDisk(filepath.Join(t.TempDir(), "data.db"), system.Defaults().Storage, func(string) (int64, int64, error) { return 150_000, 10_000_000, nil })
	if got.Found != "150.0 kB of space are left, less than the 200.0 kB kept for the owner (storage.reserve)" {
		t.Error(got.Found)
	}
	if free, total, err := database.Space(t.TempDir()); free == 0 || total < free || err != nil {
		t.Errorf("%d of %d: %v", free, total, err)
	}
}

func TestFilesThatOthersCanReadAreFound(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "data.db")
	for _, c := range []struct {
		file, dir os.FileMode
		want      string
	}{{0o600, 0o755, fine}, {0o644, 0o700, problem}, {0o600, 0o777, problem}, {0o600, 0o777 | os.ModeSticky, fine}} {
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, c.file), os.Chmod(dir, c.dir)); err != nil {
			t.Fatal(err)
		}
		if got := checkModes(path); got.State != c.want {
			t.Errorf("%o in %o: %+v", c.file, c.dir, got)
		}
	}
}

func TestAServerOfAnotherVersionIsFound(t *testing.T) {
	if got := checkVersion(op.ServerState{Version: "v0"}); got.State != warning {
		t.Errorf("%+v", got)
	}
	if got := checkVersion(op.ServerState{Version: system.Version}); got.State != fine {
		t.Errorf("%+v", got)
	}
}

func TestAnotherProgramAtThePortIsFound(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
			conn.Close()
		}
	}()
	c := commands{&kit.CLI{Ctx: t.Context()}}
	got := c.checkPorts(op.ServerState{Running: true, Listen: []string{l.Addr().String()}, Domain: "localhost"}, nil)
	if len(got) != 1 || got[0].State != problem {
		t.Errorf("%+v", got)
	}
	for address, want := range map[string]string{"0.0.0.0:80": "127.0.0.1:80", "[::]:80": "[::1]:80", "10.0.0.1:80": "10.0.0.1:80"} {
		if got := reachable(address); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}
