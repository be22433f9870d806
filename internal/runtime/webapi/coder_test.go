package webapi_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/http"
	"testing"

	"fazt/internal/runtime/runtimetest"
	"fazt/internal/runtime/webapi"
	"fazt/internal/system"
)

// A few bytes that stand for very many end at the memory limit of the function, not at that of the server.
func TestAFewBytesThatStandForManyEndAtTheMemoryLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("under the race detector it takes longer than any limit")
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	for range 200 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	api, coders := webapi.Counted()
	h := runtimetest.NewWith(t, `export default async (request) => {
  if (request.method === "GET") return new Response("fine");
  const bomb = Uint8Array.from(atob(await request.text()), (c) => c.charCodeAt(0));
  const d = new DecompressionStream("gzip"), w = d.writable.getWriter();
  w.write(bomb).catch(() => {});
  w.close().catch(() => {});
  const pieces = [];
  for await (const piece of d.readable) pieces.push(piece);
  return new Response(String(pieces.length));
};`, runtimetest.Options{Limits: runtimetest.Fixed(func(l *system.Runtime) { l.MaxMemory = 64 << 20 }), Tables: append(runtimetest.Tables(nil), api)})
	if got := h.Ask(t, "POST", "/", base64.StdEncoding.EncodeToString(packed.Bytes())); got.Code != http.StatusInternalServerError {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if got := h.Ask(t, "GET", "/", ""); got.Code != http.StatusOK {
		t.Errorf("the next request: %d %s", got.Code, got.Body)
	}
	if n := coders(); n != 0 {
		t.Errorf("%d coders are still open", n)
	}
}

func TestStreamsThatAreNotReadToTheirEndLeaveNothingBehind(t *testing.T) {
	h := runtimetest.New(t, `export default async () => {
  for (let i = 0; i < 4; i++) {
    new CompressionStream("gzip");
    const w = new DecompressionStream("deflate").writable.getWriter();
    w.write(new Uint8Array([120, 156])).catch(() => {});
  }
  return new Response("fine");
};`)
	for range 40 { // more than may be open in all
		if got := h.Ask(t, "GET", "/", ""); got.Code != http.StatusOK {
			t.Fatalf("%d %s %s", got.Code, got.Body, h.Log)
		}
	}
}
