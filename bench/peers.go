package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// nginx serves files as fast as it can: one worker per core, sendfile, cached open files, no access log, and the
// compressed files Fazt made next to the plain one.
const nginxConf = `
daemon off;
worker_processes auto;
%s
pid %[2]s/nginx.pid;
error_log %[2]s/nginx-error.log;
events { worker_connections 4096; }
http {
	types { text/css css; }
	charset utf-8;
	access_log off;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 1000000000;
	open_file_cache max=1000;
	gzip_static on;
	client_body_temp_path %[2]s; proxy_temp_path %[2]s; fastcgi_temp_path %[2]s;
	uwsgi_temp_path %[2]s; scgi_temp_path %[2]s;
	server { listen %[3]s; root %[4]s; }
}
`

// Caddy likewise: its file server with the compressed files next to the plain one, no access log, no admin port.
const caddyfile = `
{
	admin off
	auto_https off
}
http://:%s {
	bind 127.0.0.1
	root * %s
	file_server {
		precompressed zstd gzip
	}
}
`

func (b *bench) startNginx(ctx context.Context, root string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // only the owner can read the folder
	}
	conf := filepath.Join(b.work, "nginx.conf")
	text := fmt.Sprintf(nginxConf, user, b.work, addr, root)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // not in an ordinary user's PATH on Debian
	}
	return b.start(ctx, "nginx", addr, program, "-c", conf, "-p", b.work, "-e", filepath.Join(b.work, "nginx-error.log"))
}

func (b *bench) startCaddy(ctx context.Context, root string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addr) // a site with a host would refuse the apps' host names
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(b.work, "Caddyfile")
	if err := os.WriteFile(conf, []byte(fmt.Sprintf(caddyfile, port, root)), 0o600); err != nil {
		return nil, err
	}
	return b.start(ctx, "caddy", addr, "caddy", "run", "--config", conf, "--adapter", "caddyfile")
}

func (b *bench) startBare(ctx context.Context, root string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return b.start(ctx, "bare", addr, self, "-bare", root, "-listen", addr)
}

// startFazt starts an instance on a database.
func (b *bench) startFazt(ctx context.Context, db string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	return b.start(ctx, "fazt", addr, b.Fazt, "server", "start", "--db", db, "--listen", addr)
}
