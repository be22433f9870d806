package upstreamtest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
)

// drip is the pause of slow servers between two bytes.
const drip = 20 * time.Millisecond

// wait returns when the client has closed the connection.
func wait(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// flood repeats data until the client has closed the connection.
func flood(c net.Conn, data []byte) {
	many := bytes.Repeat(data, max(1, 16<<10/len(data)))
	for {
		if _, err := c.Write(many); err != nil {
			return
		}
	}
}

func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	c.Close()
}

// record returns a TLS record.
func record(kind byte, payload ...byte) []byte {
	return append([]byte{kind, 3, 3, byte(len(payload) >> 8), byte(len(payload))}, payload...)
}

// overTLS returns the behaviors below HTTP.
func overTLS() []Behavior {
	return []Behavior{
		{Name: "tls-silent", hello: wait},
		{Name: "tls-reset", hello: reset},
		{Name: "tls-garbage", hello: func(c net.Conn) { flood(c, []byte("HTTP/1.1 400 Bad Request\r\n")) }},
		{Name: "tls-empty-records", hello: func(c net.Conn) { flood(c, record(22)) }},
		{Name: "tls-alerts", hello: func(c net.Conn) { flood(c, record(21, 1, 90)) }},
		{Name: "tls-change-cipher", hello: func(c net.Conn) { flood(c, record(20, 1)) }},
		{Name: "tls-endless-hello", hello: func(c net.Conn) {
			_, _ = c.Write(record(22, 2, 0xff, 0xff, 0xff))
			flood(c, record(22, make([]byte, 16000)...))
		}},
		{Name: "tls-drip", hello: func(c net.Conn) {
			for _, b := range bytes.Repeat(record(22, 2, 0, 0xff, 0xff, 3, 3), 1000) {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(drip)
			}
		}},
		{Name: "tls-then-silent", talk: wait},
		{Name: "tls-then-closed", talk: func(c net.Conn) {}},
	}
}

// after reads the header of a request and sends a response.
func after(send ...string) func(net.Conn) {
	return func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
			return
		}
		_, _ = io.WriteString(c, strings.Join(send, ""))
		wait(c)
	}
}

// afterFlood reads the header of a request, sends first, and then repeats then forever.
func afterFlood(first, then string) func(net.Conn) {
	return func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
			return
		}
		_, _ = io.WriteString(c, first)
		flood(c, []byte(then))
	}
}

func afterDrip(first, then string) func(net.Conn) {
	return func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
			return
		}
		_, err := io.WriteString(c, first)
		for err == nil {
			time.Sleep(drip)
			_, err = io.WriteString(c, then)
		}
	}
}

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

// overHTTP1 returns the behaviors in HTTP/1.
func overHTTP1() []Behavior {
	return []Behavior{
		{Name: "h1-100-flood", talk: afterFlood("", "HTTP/1.1 100 Continue\r\n\r\n")},
		{Name: "h1-103-flood", talk: afterFlood("", "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")},
		{Name: "h1-103-large", talk: afterFlood("", "HTTP/1.1 103 Early Hints\r\nX: "+strings.Repeat("x", 30_000)+"\r\n\r\n")},
		{Name: "h1-endless-status", talk: afterFlood("HTTP/1.1 200 ", "x")},
		{Name: "h1-endless-header", talk: afterFlood("HTTP/1.1 200 OK\r\nX: ", "x")},
		{Name: "h1-endless-headers", talk: afterFlood("HTTP/1.1 200 OK\r\n", "X: y\r\n")},
		{Name: "h1-drip-header", talk: afterDrip("HTTP/1.1 200 OK\r\nX: ", "x")},
		{Name: "h1-drip-body", talk: afterDrip("HTTP/1.1 200 OK\r\n\r\n", "x")},
		{Name: "h1-garbage", talk: afterFlood("", "\x00\xff")},
		{Name: "h1-line-breaks", talk: afterFlood("", "\r\n")},
		{Name: "h1-no-body", talk: after("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")},
		{Name: "h1-endless-body", talk: afterFlood("HTTP/1.1 200 OK\r\n\r\n", "x")},
		{Name: "h1-tiny-chunks", talk: afterFlood(chunked, "1\r\nx\r\n")},
		{Name: "h1-chunk-extension", talk: afterFlood(chunked+"1;", "x")},
		{Name: "h1-chunk-extensions", talk: afterFlood(chunked, "1;"+strings.Repeat("x", 1000)+"\r\nx\r\n")},
		{Name: "h1-chunk-zeros", talk: afterFlood(chunked, "0")},
		{Name: "h1-chunk-overflow", talk: after(chunked, "ffffffffffffffffff\r\n")},
		{Name: "h1-endless-trailer", talk: afterFlood(chunked+"0\r\n", "X: y\r\n")},
		{Name: "h1-lengths", talk: after("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx")},
		{Name: "h1-negative-length", talk: after("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")},
		{Name: "h1-switch", talk: afterFlood("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "x")},
		{Name: "h1-two-responses", OK: true, talk: after("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")},
		{Name: "h1-then-flood", OK: true, talk: afterFlood("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "evil")},
		{Name: "h1-early", Body: true, OK: true, talk: after("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")},
		{Name: "h1-early-reset", Body: true, OK: true, talk: func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			c.Close()
		}},
		{Name: "h1-before-request", OK: true, talk: func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			wait(c)
		}},
		{Name: "h1-gzip-bomb", talk: encoded("gzip", 1)},
		{Name: "h1-gzip-bomb-in-gzip", OK: true, talk: encoded("gzip", 2)},
		{Name: "h1-gzip-members", talk: afterFlood("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", "\x1f\x8b\b\x00\x00\x00\x00\x00\x00\xff\x01\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00")},
		{Name: "h1-brotli-bomb", talk: encoded("br", 1)},
	}
}

// encoded sends 16 MiB of zeros, encoded so many times.
func encoded(how string, times int) func(net.Conn) {
	response := sync.OnceValue(func() string {
		body := make([]byte, 16<<20)
		for range times {
			var b bytes.Buffer
			var w io.WriteCloser = brotli.NewWriterLevel(&b, 1)
			if how == "gzip" {
				w = gzip.NewWriter(&b)
			}
			_, _ = w.Write(body)
			_ = w.Close()
			body = b.Bytes()
		}
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", how, len(body), body)
	})
	return func(c net.Conn) { after(response())(c) }
}
