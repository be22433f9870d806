package gateway

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkStatic compares a 10 KB file served through the whole chain with a bare net/http handler that writes the
// same bytes, over keep-alive connections.
func BenchmarkStatic(b *testing.B) {
	page := strings.Repeat("<p>something that repeats</p>\n", 10*1024/30)
	d := open(b, "localhost")
	d.deploy(map[string]string{"index.html": page}, Target{AppID: "app_blog", AppName: "blog"}, "blog")
	body := []byte(page)
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	}))
	defer bare.Close()
	for _, c := range []struct{ name, address string }{{"bare", bare.Listener.Addr().String()}, {"fazt", d.address}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				conn, err := net.Dial("tcp", c.address)
				if err != nil {
					b.Error(err)
					return
				}
				defer conn.Close()
				in := bufio.NewReaderSize(conn, 32<<10)
				for pb.Next() {
					if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: blog.localhost\r\n\r\n"); err != nil {
						b.Error(err)
						return
					}
					if err := skipResponse(in, len(page)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// skipResponse reads a response head and n bytes of body as cheaply as possible.
func skipResponse(in *bufio.Reader, n int) error {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
	}
	_, err := in.Discard(n)
	return err
}

// BenchmarkFind measures finding the app for a host among a thousand.
func BenchmarkFind(b *testing.B) {
	labels := map[string]*Target{}
	for i := range 1000 {
		labels["app"+strconv.Itoa(i)] = &Target{AppID: strconv.Itoa(i)}
	}
	routes := NewRoutes(Table{Domain: "example.com", Labels: labels})
	g := &gateway{Config: Config{Routes: func() *Routes { return routes }}}
	r := httptest.NewRequest(http.MethodGet, "http://app500.example.com/", nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.find(r); err != nil {
			b.Fatal(err)
		}
	}
}
