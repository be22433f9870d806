package server_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"

	"fazt/internal/fazttest"
)

// BenchmarkServed sends one request after another over a kept connection to a whole instance, for a static file, for a
// function, and for functions that read and store a value.
func BenchmarkServed(b *testing.B) {
	i := fazttest.New(b)
	i.Deploy("app", "-- index.html --\nhello\n-- api/main.js --\nexport default { fetch() { return new Response('hello\\n'); } };\n")
	i.Deploy("kv", `-- api/main.js --
export default {
  async fetch(request) {
    if (request.url.endsWith("/get")) return Response.json((await fazt.app.kv.get("key")) ?? null);
    await fazt.app.kv.set("key", { count: 1, at: Date.now() });
    return new Response("stored");
  },
};
`)
	for _, x := range []struct{ name, app, path string }{
		{"static", "app", "/"}, {"function", "app", "/api/x"}, {"store", "kv", "/api/set"}, {"read", "kv", "/api/get"},
	} {
		b.Run(x.name, func(b *testing.B) {
			c, err := net.Dial("tcp", i.Address)
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			in := bufio.NewReader(c)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = io.WriteString(c, "GET "+x.path+" HTTP/1.1\r\nHost: "+x.app+".localhost\r\n\r\n")
				resp, err := http.ReadResponse(in, nil)
				if err != nil || resp.StatusCode != http.StatusOK {
					b.Fatal(resp, err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
			}
		})
	}
}
