package runtime_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"fazt/internal/runtime/fetch"
	"fazt/internal/runtime/runtimetest"
)

// BenchmarkHello measures a warm request in each style.
func BenchmarkHello(b *testing.B) {
	for name, code := range map[string]string{
		"module": `export default { fetch(request) { return Response.json({ hello: "world" }); } };`,
		"async":  `export default { async fetch(request) { return Response.json({ hello: "world" }); } };`,
		"script": `respond({ hello: "world" });`,
	} {
		b.Run(name, func(b *testing.B) { runtimetest.Bench(b, runtimetest.New(b, code), "") })
	}
}

// BenchmarkFetch measures a request that calls another server, which responds at once: the overhead of a call.
func BenchmarkFetch(b *testing.B) {
	for name, code := range map[string]string{
		"module, fetch":          `export default async () => new Response(await (await fetch("https://api.example.com/")).text());`,
		"module, fazt.net.fetch": `export default () => new Response(fazt.net.fetch("https://api.example.com/").text());`,
		"script, fazt.net.fetch": `respond(fazt.net.fetch("https://api.example.com/").text());`,
	} {
		b.Run(name, func(b *testing.B) {
			h := runtimetest.NewWith(b, code, runtimetest.Options{Network: instant{}})
			runtimetest.Bench(b, h, "")
		})
	}
}

type instant struct{}

func (instant) Begin(string, string) fetch.Account { return instant{} }

func (instant) Refuse(fetch.Outgoing, error) {}

func (instant) Do(context.Context, fetch.Outgoing) (*fetch.Reply, error) {
	return &fetch.Reply{Status: 200, StatusText: "OK", URL: "https://api.example.com/", Headers: http.Header{"Content-Type": {"text/plain"}}, Body: io.NopCloser(strings.NewReader("hello")), Size: 5}, nil
}

// BenchmarkEcho measures parsing and writing 10 KB of JSON.
func BenchmarkEcho(b *testing.B) {
	h := runtimetest.New(b, `export default async (request) => Response.json(await request.json());`)
	runtimetest.Bench(b, h, `{"list":[`+strings.Repeat(`{"name":"abc","n":12345},`, 400)+`0]}`)
}

// BenchmarkFirstRequest measures a request that needs a new VM.
func BenchmarkFirstRequest(b *testing.B) {
	h := runtimetest.New(b, `export default { fetch(request) { return Response.json({ hello: "world" }); } };`)
	for b.Loop() {
		r := httptest.NewRequest("GET", "http://a.localhost/api/x", nil)
		h.Serve(httptest.NewRecorder(), r, h.Fn)
		h.Drop(h.Fn.Deployment)
	}
}

// After a request, an app keeps about half a megabyte. With twice that, only half as many apps would fit.
func TestAnIdleVMHoldsLessThanAMegabyte(t *testing.T) {
	h := runtimetest.New(t, `export default { fetch(request) { return Response.json({ hello: "world" }); } };`)
	h.Ask(t, "GET", "/", "")
	idle := h.IdleVMs(h.Fn.Deployment)
	for _, vm := range idle {
		if held := vm.Memory(); held <= 0 || held > 1<<20 {
			t.Errorf("an idle VM holds %d KB", held>>10)
		}
	}
	if len(idle) != 1 {
		t.Errorf("%d VMs are idle, want 1", len(idle))
	}
}
