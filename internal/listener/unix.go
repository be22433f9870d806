package listener

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
)

// maxSocketPath is the maximum length of the path of a unix socket: sun_path has 108 bytes on Linux, 104 elsewhere, including
// the terminating NUL.
const maxSocketPath = 103

// shorten returns a path to the socket that is short enough, through the descriptor of its directory if the system has paths for
// descriptors. The directory must stay open while the path is used.
func shorten(path string) (short string, dir *os.File, err error) {
	if len(path) <= maxSocketPath {
		return path, nil, nil
	}
	if runtime.GOOS != "linux" {
		return "", nil, fmt.Errorf("its path has %d bytes and the system allows %d; use a shorter --db", len(path), maxSocketPath)
	}
	if dir, err = os.Open(filepath.Dir(path)); err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), dir, nil
}

func listenUnix(path string) (*net.UnixListener, error) {
	short, dir, err := shorten(path)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
}

// Dial connects to the control socket at path.
func Dial(ctx context.Context, path string) (net.Conn, error) {
	short, dir, err := shorten(path)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	var d net.Dialer
	return d.DialContext(ctx, "unix", short)
}
