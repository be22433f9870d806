package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"fazt/internal/fazttest/wire"
)

// shapes sends unusual requests to the server, to nginx and to the parser of Node.js (llhttp).
func shapes(ctx context.Context, l *lab) error {
	i, err := l.start(ctx, "")
	if err != nil {
		return err
	}
	if err := l.deploy(ctx, i, "app", "api/main.js", wire.EchoScript); err != nil {
		return err
	}
	echo := httptest.NewServer(http.HandlerFunc(wire.Echo))
	defer echo.Close()
	nginx, stop, err := wire.Nginx(ctx, l.dir, "location / { proxy_pass "+echo.URL+"; }")
	if errors.Is(err, exec.ErrNotFound) {
		return skip("nginx is not installed")
	}
	if err != nil {
		return err
	}
	defer stop()
	node, stopNode, err := startNode(ctx, l.dir)
	if err != nil {
		return err
	}
	defer stopNode()
	return compareShapes(l, i.addr, nginx, node)
}

func compareShapes(l *lab, fazt, nginx, node string) error {
	const patience = 10 * time.Second
	all, likeNginx, likeNode := wire.Shapes(), 0, 0
	wrong := []string{}
	for _, s := range all {
		here, status, err := s.Send(fazt, patience)
		if err != nil {
			return err
		}
		there, peer, err := s.Send(nginx, patience)
		if err != nil {
			return err
		}
		parser, theirs := wire.Fate("not asked"), []int{}
		if node != "" {
			if parser, theirs, err = s.Send(node, patience); err != nil {
				return err
			}
		}
		if here != s.Want {
			wrong = append(wrong, s.Name)
		}
		if here == there {
			likeNginx++
		}
		if here == parser {
			likeNode++
		}
		if here != there || here != parser {
			l.note(s.Name, "%s %v, nginx %s %v, llhttp %s %v: %s", here, status, there, peer, parser, theirs, s.Why)
		}
	}
	l.note("shapes", "%d", len(all))
	l.note("treated the same by nginx", "%d", likeNginx)
	if node != "" {
		l.note("treated the same by llhttp", "%d", likeNode)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("handled wrongly: %q", wrong)
	}
	return nil
}

// nodeServer responds like wire.Echo.
const nodeServer = `const server = require("http").createServer((request, response) => {
	let size = 0;
	request.on("data", (piece) => size += piece.length);
	request.on("error", () => {});
	request.on("end", () => response.end("path=" + new URL(request.url, "http://x").pathname + " body=" + size + "\n"));
});
server.listen(Number(process.argv[2]), "127.0.0.1");
`

// startNode starts it if Node.js is installed; otherwise the address is "".
func startNode(ctx context.Context, dir string) (address string, stop func(), err error) {
	program, err := exec.LookPath("node")
	if err != nil {
		return "", func() {}, nil
	}
	script := filepath.Join(dir, "echo.js")
	if err := os.WriteFile(script, []byte(nodeServer), 0o600); err != nil {
		return "", nil, err
	}
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = listen.Addr().String()
	listen.Close()
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.CommandContext(ctx, program, script, port)
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address, stop, nil
		}
	}
	stop()
	return "", nil, errors.New("node did not start")
}
