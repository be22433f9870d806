package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// hostWork is a function whose requests make the host work on much data.
const hostWork = `import { Buffer } from "node:buffer";
import { scryptSync, createHash, createCipheriv } from "node:crypto";
const piped = async (bytes, stream) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
const work = {
	"btoa of 60 MB": () => btoa("x".repeat(6e7)).length,
	"btoa of 20 MB": () => btoa("x".repeat(2e7)).length,
	"atob to 20 MB": () => atob("eHh4".repeat(7e6)).length,
	"text to 30 MB of UTF-8": () => new TextEncoder().encode("\u20ac".repeat(1e7)).length,
	"text from UTF-16": () => new TextDecoder("utf-16le").decode(new Uint8Array(4e6)).length,
	"text from GBK": () => new TextDecoder("gbk").decode(new Uint8Array(4e6)).length,
	"a Blob of 20 MB": () => new Blob(["x".repeat(2e7)]).size,
	"Buffer to hex": () => Buffer.alloc(1.5e7, 1).toString("hex").length,
	"Buffer from base64": () => Buffer.from("QUJD".repeat(6e6), "base64").length,
	"gzip of 20 MB": async () => (await piped(new Uint8Array(2e7), new CompressionStream("gzip"))).length,
	"SHA-256 of 20 MB": async () => (await crypto.subtle.digest("SHA-256", new Uint8Array(2e7))).byteLength,
	"createHash of 20 MB": () => createHash("sha256").update(new Uint8Array(2e7)).digest("hex").length,
	"AES of 15 MB": async () => (await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt"]), new Uint8Array(1.5e7))).byteLength,
	"createCipheriv of 10 MB": () => createCipheriv("aes-256-cbc", new Uint8Array(32), new Uint8Array(16)).update(new Uint8Array(1e7)).length,
	"scrypt of 16 MB": () => scryptSync("password", "saltsalt", 32, { N: 16384, r: 8, p: 1, maxmem: 64e6 }).length,
	"Argon2id of 64 MB": () => fazt.password.verify("x", "$argon2id$v=19$m=65536,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$pyiDXhp8EZDeh5xVw092nA"),
	"a regexp": () => "ab".repeat(1e5).replace(/b/g, "cd").length,
	"JSON": () => JSON.stringify({ a: "x".repeat(1e7) }).length,
	"structuredClone": () => structuredClone(new Uint8Array(2.5e7)).length,
	"a URL of 10 MB": () => new URL("http://a.example/" + "x".repeat(1e7)).href.length,
	"console.log of 15 MB": () => { console.log("x".repeat(1.5e7)); return 1; },
};
export default async (request) => {
	const name = decodeURIComponent(new URL(request.url).searchParams.get("work") ?? "");
	return new Response(String(name === "" ? 0 : await work[name]()));
};`

const hostWorkContainer = 512 << 20

// attackHostWork sends requests for each kind of work, 16 at a time over four apps, to an instance in a 512 MB container. Every
// request is served, or refused for lack of memory or, on a busy machine, of time; the work that needs more than a VM may have always fails.
func attackHostWork(ctx context.Context, l *lab) error {
	i, group, err := l.contain(ctx, hostWorkContainer)
	if err != nil {
		return err
	}
	defer group.remove()
	defer i.kill()
	for _, app := range []string{"a", "b", "c", "d"} {
		if err := l.deploy(ctx, i, app, "api/main.js", hostWork); err != nil {
			return err
		}
		_ = i.statusOf(ctx, "GET", app, "/api/x", nil)
	}
	var faults []error
	for line := range strings.Lines(hostWork) {
		name, _, found := strings.Cut(strings.TrimPrefix(line, "\t\""), `": `)
		if !found {
			continue
		}
		peak, stop := i.watchMemory()
		codes, wait := map[int]int{}, sync.WaitGroup{}
		var mu sync.Mutex
		for n := range 16 {
			wait.Go(func() {
				code := i.statusOf(ctx, "GET", string(rune('a'+n%4)), "/api/x?work="+strings.ReplaceAll(name, " ", "%20"), nil)
				mu.Lock()
				defer mu.Unlock()
				codes[code]++
			})
		}
		wait.Wait()
		stop()
		l.note(name, "peak %d MB; responses %v", *peak>>20, codes)
		if !i.alive() {
			return fmt.Errorf("%s: the server is dead", name)
		}
		tooMuch := strings.Contains(name, "60 MB")
		for _, code := range slices.Sorted(maps.Keys(codes)) {
			if code != 200 && code != 503 && code != 504 && !(code == 500 && tooMuch) || code == 200 && tooMuch {
				faults = append(faults, fmt.Errorf("%s: responses %v\n%s", name, codes, l.errorsOf(ctx, i, "a")))
				break
			}
		}
		if codes[200] == 0 && !tooMuch {
			faults = append(faults, fmt.Errorf("%s: nothing was served: %v\n%s", name, codes, l.errorsOf(ctx, i, "a")))
		}
	}
	l.note("control group", "limit %d MB; peak %d MB with the file cache; %s", hostWorkContainer>>20, group.peak()>>20, group.kills())
	return errors.Join(faults...)
}
