package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"fazt/internal/fazttest/wire"
)

// halfApp starts a response and then fails, ends, or continues.
const halfApp = `const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
export default async (request) => {
	const path = new URL(request.url).pathname;
	return new Response((async function* () {
		yield new TextEncoder().encode("half");
		await sleep(50);
		if (path === "/api/whole") return;
		if (path === "/api/late") await sleep(30_000);
		throw new Error("it failed");
	})());
};
`

// half requests responses that fail midway, delimited in every way a client can, directly and through nginx, and kills
// the server in the middle of others.
func half(ctx context.Context, l *lab) error {
	i, err := l.start(ctx, "")
	if err != nil {
		return err
	}
	if err := l.deploy(ctx, i, "app", "api/main.js", halfApp); err != nil {
		return err
	}
	doors := map[string]string{"direct": i.addr}
	proxy, stop, err := wire.Nginx(ctx, l.dir, "location / { proxy_pass http://"+i.addr+"; proxy_set_header Host $host; }")
	switch {
	case err == nil:
		defer stop()
		doors["nginx"] = proxy
	case !errors.Is(err, exec.ErrNotFound):
		return err
	}
	wrong := []string{}
	for door, address := range doors {
		for _, version := range []string{"HTTP/1.0", "HTTP/1.1"} {
			if door == "nginx" && version == "HTTP/1.0" {
				continue // nginx itself ends a broken HTTP/1.0 response like a complete one
			}
			halves := countWhole(address, "/api/half", version, 100)
			if halves > 0 {
				wrong = append(wrong, fmt.Sprintf("%d of 100 halves look whole to %s, %s", halves, version, door))
			}
			if whole := countWhole(address, "/api/whole", version, 100); whole < 100 {
				wrong = append(wrong, fmt.Sprintf("%d of 100 whole answers look broken to %s, %s", 100-whole, version, door))
			}
			l.note("failing responses, "+door+", "+version, "%d of 100 look complete", halves)
		}
	}
	late := make(chan int)
	go func() { late <- countWhole(i.addr, "/api/late", "HTTP/1.0", 10) }()
	time.Sleep(2 * time.Second) // they have started
	_ = i.cmd.Process.Kill()
	cut := <-late
	if cut > 0 {
		wrong = append(wrong, fmt.Sprintf("%d of 10 answers that kill -9 cut off look whole", cut))
	}
	l.note("responses cut off by kill -9, HTTP/1.0", "%d of 10 look complete", cut)
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}

// countWhole makes n requests, ten at a time, and counts the responses that end properly.
func countWhole(address, path, version string, n int) (whole int) {
	results, turns := make(chan bool, n), make(chan struct{}, 10)
	for range n {
		go func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			results <- endsWell(address, "GET "+path+" "+version+"\r\nHost: app.localhost\r\n\r\n")
		}()
	}
	for range n {
		if <-results {
			whole++
		}
	}
	return whole
}

func endsWell(address, request string) bool {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(c, request)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return err == nil && resp.StatusCode == http.StatusOK && string(body) == "half"
}
