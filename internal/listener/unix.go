package listener

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
)

// maxSocketPath is how long the path of a unix socket may be: sun_path has 108 bytes on Linux, 104 elsewhere, with
// the terminating NUL.
const maxSocketPath = 103

// shorten gives the socket at path a name short enough for the system, through the descriptor of its directory where
// the system has names for those. The directory must stay open as long as the name is used.
func shorten(path string) (short string, dir *os.File, err error) {
	if len(path) <= maxSocketPath {
		return path, nil, nil
	}
	if runtime.GOOS != "linux" {
		return "", nil, fmt.Errorf("its path has %d bytes and the system allows %d; choose a shorter --db", len(path), maxSocketPath)
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
