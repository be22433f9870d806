package runtime

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkHello is one warm request in each style.
func BenchmarkHello(b *testing.B) {
	for name, code := range map[string]string{
		"module": `export default { fetch(request) { return Response.json({ hello: "world" }); } };`,
		"async":  `export default { async fetch(request) { return Response.json({ hello: "world" }); } };`,
		"script": `respond({ hello: "world" });`,
	} {
		b.Run(name, func(b *testing.B) { serve(b, newHost(b, code), "") })
	}
}

// BenchmarkFetch is a request that calls another server, which answers at once: what the machine adds to a call.
func BenchmarkFetch(b *testing.B) {
	for name, code := range map[string]string{
		"module, fetch":          `export default async () => new Response(await (await fetch("https://api.example.com/")).text());`,
		"module, fazt.net.fetch": `export default () => new Response(fazt.net.fetch("https://api.example.com/").text());`,
		"script, fazt.net.fetch": `respond(fazt.net.fetch("https://api.example.com/").text());`,
	} {
		b.Run(name, func(b *testing.B) {
			h := newHost(b, code)
			h.config.Network = instant{}
			serve(b, h, "")
		})
	}
}

type instant struct{}

func (instant) Begin(string, string) Account { return instant{} }

func (instant) Refuse(Outgoing, error) {}

func (instant) Do(context.Context, Outgoing) (*Reply, error) {
	return &Reply{Status: 200, StatusText: "OK", URL: "https://api.example.com/", Headers: http.Header{"Content-Type": {"text/plain"}}, Body: io.NopCloser(strings.NewReader("hello")), Size: 5}, nil
}

// BenchmarkEcho parses and writes 10 KB of JSON.
func BenchmarkEcho(b *testing.B) {
	h := newHost(b, `export default async (request) => Response.json(await request.json());`)
	serve(b, h, `{"list":[`+strings.Repeat(`{"name":"abc","n":12345},`, 400)+`0]}`)
}

// BenchmarkFirstRequest makes a VM for every request.
func BenchmarkFirstRequest(b *testing.B) {
	h := newHost(b, `export default { fetch(request) { return Response.json({ hello: "world" }); } };`)
	for b.Loop() {
		r := httptest.NewRequest("GET", "http://a.localhost/api/x", nil)
		h.Serve(httptest.NewRecorder(), r, h.fn)
		h.Drop(h.fn.Deployment)
	}
}

func serve(b *testing.B, h *host, body string) {
	b.Helper()
	b.ReportAllocs()
	h.ask(b, "GET", "/", "") // makes the VM
	for b.Loop() {
		method := "GET"
		if body != "" {
			method = "POST"
		}
		r := httptest.NewRequest(method, "http://a.localhost/api/x", strings.NewReader(body))
		w := httptest.NewRecorder()
		h.Serve(w, r, h.fn)
		if w.Code != 200 {
			b.Fatal(w.Code, w.Body, h.log)
		}
	}
}

// An app that was asked once keeps about half a megabyte. Twice that would halve the apps that fit.
func TestAnIdleVMHoldsLessThanAMegabyte(t *testing.T) {
	h := newHost(t, `export default { fetch(request) { return Response.json({ hello: "world" }); } };`)
	h.ask(t, "GET", "/", "")
	h.mu.Lock()
	defer h.mu.Unlock()
	idle := 0
	for _, p := range h.pools {
		for _, vm := range p.idle {
			idle++
			if held := vm.Memory(); held <= 0 || held > 1<<20 {
				t.Errorf("an idle VM holds %d KB", held>>10)
			}
		}
	}
	if idle != 1 {
		t.Errorf("%d VMs are idle, want 1", idle)
	}
}
