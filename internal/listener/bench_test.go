package listener

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
)

// ordinary is the header that a browser sends.
const ordinary = "GET /blog/2026/a-title-of-some-length HTTP/1.1\r\nHost: app.example.com\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n" +
	"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n" +
	"Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\nConnection: keep-alive\r\n\r\n"

// BenchmarkFraming measures the cost of following one header.
func BenchmarkFraming(b *testing.B) {
	var f framing
	head := []byte(ordinary)
	b.SetBytes(int64(len(head)))
	for b.Loop() {
		if _, err := f.pass(head); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRequest measures a request on a connection of net/http alone, and on one that is followed.
func BenchmarkRequest(b *testing.B) {
	for name, wrap := range map[string]func(net.Listener) net.Listener{
		"net/http": func(l net.Listener) net.Listener { return l },
		"followed": func(l net.Listener) net.Listener {
			return &bounded{Listener: l, limit: NewLimit(LimitConfig{Max: func() int { return 100 }, PerIP: func() int { return 100 }}), ended: make(chan struct{})}
		},
	} {
		b.Run(name, func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			server := &http.Server{
				Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }),
				ConnState: func(c net.Conn, s http.ConnState) {
					if c, ok := c.(*Conn); ok && s == http.StateIdle {
						c.Answered()
					}
				},
			}
			go func() { _ = server.Serve(wrap(l)) }()
			defer server.Close()
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			in := bufio.NewReader(c)
			for b.Loop() {
				_, _ = io.WriteString(c, ordinary)
				for line := ""; line != "\r\n"; {
					if line, err = in.ReadString('\n'); err != nil {
						b.Fatal(err)
					}
				}
				_, _ = in.Discard(len("hello"))
			}
		})
	}
}
