package server_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"

	"fazt/internal/fazttest"
)

// BenchmarkServed sends one request after another over a kept connection to a whole instance, for a static file and for
// a function.
func BenchmarkServed(b *testing.B) {
	i := fazttest.New(b)
	i.Deploy("app", "-- index.html --\nhello\n-- api/main.js --\nexport default { fetch() { return new Response('hello\\n'); } };\n")
	for name, path := range map[string]string{"static": "/", "function": "/api/x"} {
		b.Run(name, func(b *testing.B) {
			c, err := net.Dial("tcp", i.Address)
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			in := bufio.NewReader(c)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: app.localhost\r\n\r\n")
				resp, err := http.ReadResponse(in, nil)
				if err != nil || resp.StatusCode != http.StatusOK {
					b.Fatal(resp, err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
			}
		})
	}
}
