package wire

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Nginx starts nginx in dir with its default configuration plus the given server directives, and returns its address
// and a function that stops it. The error is exec.ErrNotFound if nginx is not installed.
func Nginx(ctx context.Context, dir, directives string) (address string, stop func(), err error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program = "/usr/sbin/nginx"; !exists(program) { // not in every user's path
			return "", nil, exec.ErrNotFound
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = l.Addr().String()
	l.Close()
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off; worker_processes 1; pid %[1]s/nginx.pid; error_log %[1]s/nginx-error.log;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	server { listen %[2]s; %[3]s }
}
`, dir, address, directives)
	if os.Getuid() == 0 {
		text = "user root;\n" + text // nginx's own user cannot enter dir
	}
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, program, "-c", conf, "-p", dir, "-e", filepath.Join(dir, "nginx-error.log"))
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // SIGKILL would leave its workers running
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	stop = func() { _ = cmd.Process.Signal(syscall.SIGTERM); <-ended }
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address, stop, nil
		}
	}
	stop()
	said, _ := os.ReadFile(filepath.Join(dir, "nginx-error.log"))
	return "", nil, fmt.Errorf("nginx did not start: %s", said)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
