package webapi_test

import (
	"net/http"
	"strings"
	"testing"

	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// What has no room gives the error of the engine, never nothing: encode returned no bytes, and a Response of them was an empty
// 200. The memory of the host counts, too.
func TestWithoutMemoryAHostFunctionFailsAndReturnsNothingLess(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"TextEncoder":        `new TextEncoder().encode("€".repeat(1.5e7)).length`,
		"encode all of it":   `new Response(new TextEncoder().encode("€".repeat(1.5e7)))`,
		"a text in response": `new Response("€".repeat(1.5e7))`,
		"TextDecoder":        `new TextDecoder().decode(new Uint8Array(4e7)).length`,
		"a legacy encoding":  `new TextDecoder("gbk").decode(new Uint8Array(1e7)).length`,
		"UTF-16":             `new TextDecoder("utf-16le").decode(new Uint8Array(1e7)).length`,
		"btoa":               `btoa("x".repeat(5e7)).length`,
		"btoa of the issue":  `btoa("x".repeat(6e7)).length`,
		"atob":               `atob("eHh4".repeat(1e7)).length`,
		"Buffer.from":        `Buffer.from("x".repeat(4e7)).length`,
		"Buffer.from hex":    `Buffer.from("ab".repeat(2.5e7), "hex").length`,
		"Buffer toString":    `Buffer.alloc(2.4e7).toString("hex").length`,
		"Buffer base64":      `Buffer.alloc(3e7).toString("base64url").length`,
		"Buffer wide":        `Buffer.alloc(4e7, "€").toString("ucs2").length`,
		"Buffer.concat":      `Buffer.concat([Buffer.alloc(2.5e7), Buffer.alloc(2.5e7)]).length`,
		"Blob":               `new Blob(["x".repeat(4e7)]).size`,
		"structuredClone":    `structuredClone(new Uint8Array(4e7)).length`,
		"JSON.stringify":     `JSON.stringify("x".repeat(4e7)).length`,
		"JSON.parse":         `JSON.parse('"' + "x".repeat(4e7) + '"').length`,
		"a regexp":           `"x".repeat(2e7).replace(/x/g, "yyyy").length`,
		"URL":                `new URL("http://a.example/" + "x".repeat(2.5e7)).href.length`,
		"percent encoding":   `new URLSearchParams("a=%ff" + "x".repeat(2e7)).get("a").length`,
		"console":            `console.log("x".repeat(3e7))`,
		"digest":             `await crypto.subtle.digest("SHA-256", new Uint8Array(4e7))`,
		"encrypt":            `await crypto.subtle.encrypt({ name: "AES-CTR", counter: new Uint8Array(16), length: 64 }, await crypto.subtle.importKey("raw", new Uint8Array(16), "AES-CTR", false, ["encrypt"]), new Uint8Array(2.5e7))`,
		"scrypt":             `(globalThis.kept = new Uint8Array(4e7), require("node:crypto").scryptSync("a", "saltsalt", 32, { N: 32768, r: 8, p: 1, maxmem: 64e6 }).length)`,
		"many compressors":   `[1, 2, 3, 4].map(() => new CompressionStream("gzip"), globalThis.kept = new Uint8Array(6.4e7)).length`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := runtimetest.New(t, `export default async (request) => {
  if (new URL(request.url).pathname.endsWith("/small")) return new Response("fine");
  try {
    const r = `+code+`;
    return r instanceof Response ? r : new Response("got " + r);
  } catch (e) {
    if (e === null) throw e; // there was no memory for the error either
    return new Response("caught " + e);
  }
};`, func(l *system.Runtime) { l.MaxMemory = 64 << 20 })
			if got := h.Ask(t, "GET", "/small", ""); got.Body.String() != "fine" {
				t.Fatalf("%d %s", got.Code, got.Body)
			}
			if got := h.Ask(t, "GET", "/", ""); got.Code != http.StatusInternalServerError || !strings.Contains(h.Log.String(), "out of memory") && name != "a regexp" {
				t.Errorf("%d with %d bytes %.100s %s", got.Code, got.Body.Len(), got.Body, h.Log)
			}
			if got := h.Ask(t, "GET", "/small", ""); got.Body.String() != "fine" {
				t.Errorf("afterwards: %d %s", got.Code, got.Body)
			}
		})
	}
}
