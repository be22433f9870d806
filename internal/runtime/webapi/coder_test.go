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

// Input that decompresses to very much hits the function's memory limit, not the server's.
func TestADecompressionBombHitsTheMemoryLimitOfItsFunction(t *testing.T) {
	if testing.Short() {
		t.Skip("too slow under the race detector")
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

func TestAbandonedStreamsLeaveNothingBehind(t *testing.T) {
	h := runtimetest.New(t, `export default async () => {
  for (let i = 0; i < 4; i++) {
    new CompressionStream("gzip");
    const w = new DecompressionStream("deflate").writable.getWriter();
    w.write(new Uint8Array([120, 156])).catch(() => {});
  }
  return new Response("fine");
};`)
	for range 40 { // more than may be open in total
		if got := h.Ask(t, "GET", "/", ""); got.Code != http.StatusOK {
			t.Fatalf("%d %s %s", got.Code, got.Body, h.Log)
		}
	}
}
