package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

// idle fills all connection slots with connections that send no request, and then new clients connect.
func idle(ctx context.Context, l *lab) error {
	i, err := l.start(ctx, "")
	if err != nil {
		return err
	}
	if err := l.deploy(ctx, i, "app", "index.html", "hello"); err != nil {
		return err
	}
	const places = 300
	if _, err := l.cli(ctx, i.db, "limits", "set", "http.max_connections", fmt.Sprint(places)); err != nil {
		return err
	}
	const request = "GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n"
	for what, text := range map[string]string{"keep-alive": request, "silent": ""} {
		for range places {
			c, err := net.Dial("tcp", i.addr)
			if err != nil {
				return err
			}
			defer c.Close()
			_, _ = io.WriteString(c, text)
			if text != "" {
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				if _, err := c.Read(make([]byte, 1)); err != nil {
					return fmt.Errorf("an earlier connection: %w", err)
				}
			}
		}
		worst := time.Duration(0)
		for range 50 {
			begun := time.Now()
			if !answered(i.addr, request) {
				return fmt.Errorf("a newcomer was not served behind %d connections (%s)", places, what)
			}
			worst = max(worst, time.Since(begun))
		}
		l.note(fmt.Sprintf("newcomers behind %d idle connections (%s)", places, what), "50 of 50 served, slowest %.1f ms", float64(worst.Microseconds())/1000)
	}
	return slowHead(l, i)
}

func answered(address, request string) bool {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(c, request)
	answer := make([]byte, len("HTTP/1.1 200"))
	_, err = io.ReadFull(c, answer)
	return err == nil && string(answer) == "HTTP/1.1 200"
}

// slowHead sends a request header at one byte per second.
func slowHead(l *lab, i *instance) error {
	c, err := net.Dial("tcp", i.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	begun := time.Now()
	done := make(chan struct{})
	defer func() { <-done }()
	go func() {
		defer close(done)
		for _, b := range []byte("GET / HTTP/1.1\r\n") {
			if _, err := c.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	answer := make([]byte, len("HTTP/1.1 408"))
	if _, err := io.ReadFull(c, answer); err != nil || string(answer) != "HTTP/1.1 408" {
		return fmt.Errorf("a slow header: %q %w", answer, err)
	}
	l.note("a header at one byte per second", "408 after %.1f s", time.Since(begun).Seconds())
	return c.SetWriteDeadline(time.Now())
}
