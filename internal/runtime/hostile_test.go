package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	goruntime "runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestALongLogIsCutButStillShowsTheFailure(t *testing.T) {
	h := runtimetest.New(t, `for (let i = 0; i < 1000; i++) console.log("line", i); throw new Error("the reason");`, func(l *system.Runtime) { l.ConsoleLines = 10 })
	h.Ask(t, "GET", "/", "")
	log := h.Log.String()
	if n := strings.Count(log, "\n"); n > 20 || !strings.Contains(log, "more lines") || !strings.Contains(log, "error Error: the reason") {
		t.Fatalf("%d lines:\n%s", n, log)
	}
}

func TestPositionsAreInTheAuthorsFiles(t *testing.T) {
	p, err := compile.Compile(t.Context(), runtimetest.Files{
		"api/main.ts": "import { fail } from \"../lib/deep\";\n\ninterface X { a: number }\nexport default (request: Request) => {\n\tconst x: X = { a: 1 };\n\treturn fail(x.a);\n};\n",
		"lib/deep.ts": "// a comment\nexport function fail(n: number): Response {\n\tthrow new TypeError(\"broken \" + n);\n}\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	h := runtimetest.New(t, "respond()")
	h.Fn.Load = func(context.Context) (*compile.Program, error) { return p, nil }
	h.Fn.Deployment = "dep_other"
	w := h.Ask(t, "GET", "/", "")
	log := h.Log.String()
	if w.Code != 500 || !strings.Contains(log, "error TypeError: broken 1") || !strings.Contains(log, "lib/deep.ts:3:") || !strings.Contains(log, "api/main.ts:6:") {
		t.Fatalf("%d\n%s", w.Code, log)
	}
	if strings.Contains(w.Body.String(), "broken") {
		t.Fatalf("the visitor sees %s", w.Body)
	}
}

func TestImportsOfFilesOfTheDeployment(t *testing.T) {
	p, err := compile.Compile(t.Context(), runtimetest.Files{
		"api/main.js": `import a from "./a.js"; import data from "../data.json"; import { b } from "../lib"; import m from "mod"; const c = require("./c"); export default () => Response.json([a, data.x, b, c.c, m]);`,
		"api/a.ts":    `export default "a" as string;`, "data.json": `{"x":"data"}`, "lib/index.ts": `export const b = "b";`, "api/c.js": `exports.c = "c";`,
		"node_modules/mod/package.json": `{"main":"lib/x.js"}`, "node_modules/mod/lib/x.js": `module.exports = "m";`, "node_modules/mod/index.js": `module.exports = "m";`,
	})
	if err != nil {
		t.Fatal(err)
	}
	h := runtimetest.New(t, "respond()")
	h.Fn.Load = func(context.Context) (*compile.Program, error) { return p, nil }
	h.Fn.Deployment = "dep_other"
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != `["a","data","b","c","m"]` {
		t.Fatalf("%d %s\n%s", w.Code, w.Body, h.Log)
	}
}

func TestBytecodeOfAnotherEngineIsRecompiled(t *testing.T) {
	p, err := compile.Compile(t.Context(), runtimetest.Files{"api/main.js": `export default () => new Response("fresh");`})
	if err != nil {
		t.Fatal(err)
	}
	p.Engine, p.Bytecode = "quickjs-1970", []byte("garbage")
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var q compile.Program
	if err := q.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	h := runtimetest.New(t, "respond()")
	h.Fn.Load = func(context.Context) (*compile.Program, error) { return &q, nil }
	h.Fn.Deployment = "dep_other"
	if w := h.Ask(t, "GET", "/", ""); w.Code != http.StatusInternalServerError {
		t.Fatalf("with nothing to compile it: %d %s\n%s", w.Code, w.Body, h.Log)
	}
	made := 0
	h.Config().Assemble = func(_ context.Context, _ string, p *compile.Program) ([]byte, error) {
		made++
		return compile.Assemble(p)
	}
	for range 2 {
		if w := h.Ask(t, "GET", "/", ""); w.Body.String() != "fresh" {
			t.Fatalf("%d %s\n%s", w.Code, w.Body, h.Log)
		}
	}
	if made != 1 || string(q.Bytecode) != "garbage" {
		t.Errorf("it was compiled %d times; the loaded program now has %d bytes of bytecode", made, len(q.Bytecode))
	}
}

func TestRequestsToABusyAppAreRefusedInTime(t *testing.T) {
	h := runtimetest.New(t, `export default () => new Promise((r) => setTimeout(() => r(new Response("late")), 400));`, func(l *system.Runtime) {
		l.VMsPerApp, l.QueueWait = 1, 20
	})
	var all sync.WaitGroup
	codes := make([]int, 4)
	for i := range codes {
		all.Go(func() { codes[i] = h.Ask(t, "GET", "/", "").Code })
	}
	all.Wait()
	served := 0
	for _, c := range codes {
		switch c {
		case http.StatusOK:
			served++
		case http.StatusServiceUnavailable:
		default:
			t.Errorf("code %d", c)
		}
	}
	if served != 1 || h.Stats().Refused != 3 {
		t.Fatalf("%v %+v", codes, h.Stats())
	}
}

func TestVMsAreReusedWithinTheLimitAndDroppedWithTheirDeployment(t *testing.T) {
	h := runtimetest.New(t, `let n = 0; export default () => new Response(String(++n));`, func(l *system.Runtime) { l.VMs, l.VMsPerApp = 1, 1 })
	for i := range 3 {
		if w := h.Ask(t, "GET", "/", ""); w.Body.String() != strconv.Itoa(i+1) { // module state lives as long as its VM
			t.Fatal(w.Body)
		}
	}
	other := *h
	other.Fn.Deployment = "dep_2"
	if w := other.Ask(t, "GET", "/", ""); w.Body.String() != "1" { // took the place of the idle VM
		t.Fatal(w.Body)
	}
	if s := h.Stats(); s.VMs != 1 {
		t.Fatalf("%+v", s)
	}
	h.Drop("dep_2")
	if s := h.Stats(); s.VMs != 0 {
		t.Fatalf("%+v", s)
	}
}

func TestReadingAProgramIsRetried(t *testing.T) {
	h := runtimetest.New(t, `export default () => new Response("x");`)
	load, tries := h.Fn.Load, 0
	h.Fn.Load = func(ctx context.Context) (*compile.Program, error) {
		if tries++; tries == 1 {
			return nil, errors.Join(errors.New("disk"), fs.ErrPermission)
		}
		return load(ctx)
	}
	if w := h.Ask(t, "GET", "/", ""); w.Code != 500 {
		t.Fatal(w.Code)
	}
	if w := h.Ask(t, "GET", "/", ""); w.Code != 200 {
		t.Fatal(w.Code)
	}
}

func TestWaitUntilGoesOnAfterTheResponse(t *testing.T) {
	h := runtimetest.New(t, `export default (request, env, ctx) => { ctx.waitUntil(new Promise((r) => setTimeout(() => { console.log("later"); r(); }, 30))); return new Response("now"); };`)
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != "now" || !w.Flushed || h.Log.String() != "info later\n" {
		t.Fatalf("%s %v %s", w.Body, w.Flushed, h.Log)
	}
}

func TestFunctionsCannotSetConnectionHeaders(t *testing.T) {
	h := runtimetest.New(t, `export default () => new Response("x", { headers: { "Content-Length": "99", "Transfer-Encoding": "chunked", Connection: "close", "X-Request-Id": "forged", "X-Own": "y", "Set-Cookie": "a=1" } });`)
	w := h.Ask(t, "GET", "/", "")
	if g := w.Header(); g.Get("Content-Length") != "1" || g.Get("Transfer-Encoding") != "" || g.Get("Connection") != "" || g.Get("X-Request-Id") == "forged" || g.Get("X-Own") != "y" || g.Get("Set-Cookie") != "a=1" {
		t.Fatal(g)
	}
}

func TestAResponseOverTheLimitFails(t *testing.T) {
	h := runtimetest.New(t, `export default () => new Response("x".repeat(2000));`, func(l *system.Runtime) { l.MaxResponseBody = 1024 })
	if w := h.Ask(t, "GET", "/", ""); w.Code != 500 || !strings.Contains(h.Log.String(), "has 2.0 kB; the limit is 1 KiB (runtime.max_response_body)") {
		t.Fatalf("%d %s", w.Code, h.Log)
	}
}

// A value that is not freed keeps its whole VM: about 150 KB each.
func TestClosedVMsReleaseTheirMemory(t *testing.T) {
	if goruntime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	cycle := func(n int) {
		for _, code := range []string{
			`export default async (request) => { await new Promise((r) => setTimeout(r, 0)); new URL(request.url).searchParams.get("a"); return Response.json({ a: [...request.headers], b: await request.text() }); };`,
			`console.log({ a: 1 }); Promise.reject(new Error("nobody listens")); respond({ q: request.query });`,
			`export default () => { throw new TypeError("x"); };`,
		} {
			h := runtimetest.New(t, code, func(l *system.Runtime) { l.RequestsPerVM = 1 })
			for range n {
				r := httptest.NewRequest("POST", "http://a.localhost/x?a=b", strings.NewReader("body"))
				h.Serve(httptest.NewRecorder(), r, h.Fn)
			}
		}
	}
	if testing.Short() {
		t.Skip("the race detector keeps memory of its own")
	}
	cycle(30)
	before := resident(t)
	cycle(100)
	if grown := resident(t) - before; grown > 20<<20 {
		t.Fatalf("300 VMs left %d MB behind", grown>>20)
	}
}

func resident(t *testing.T) int64 {
	t.Helper()
	goruntime.GC()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(data), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

func TestAThousandRequestsLeaveNoGoroutinesBehind(t *testing.T) {
	h := runtimetest.New(t, `export default async () => { await new Promise((r) => setTimeout(r, 0)); return new Response("x"); };`)
	h.Ask(t, "GET", "/", "")
	before := goruntime.NumGoroutine()
	n := 1000
	if testing.Short() {
		n = 100
	}
	for range n {
		h.Ask(t, "GET", "/", "")
	}
	if after := goruntime.NumGoroutine(); after > before+2 {
		t.Fatalf("%d, then %d", before, after)
	}
}

func TestTheDeadlineAppliesToWaitingFunctions(t *testing.T) {
	h := runtimetest.New(t, `export default () => new Promise((r) => setTimeout(() => r(new Response("never")), 60000));`, func(l *system.Runtime) { l.ExecTimeout = 500 })
	h.Ask(t, "GET", "/", "") // on a slow machine, making the first VM would take up all the time
	began, interrupted := time.Now(), h.Stats().Interrupted
	w := h.Ask(t, "GET", "/", "")
	if w.Code != http.StatusGatewayTimeout || h.Stats().Interrupted != interrupted+1 {
		t.Fatalf("%d %v %+v", w.Code, time.Since(began), h.Stats())
	}
}

func TestWaitingRequestsAreServedAcrossADeploymentChange(t *testing.T) {
	h := runtimetest.New(t, `export default () => new Promise((r) => setTimeout(() => r(new Response("x")), 20));`, func(l *system.Runtime) {
		l.VMs, l.VMsPerApp, l.QueueWait, l.ExecTimeout = 2, 1, 60_000, 60_000
	})
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			mine := *h
			mine.Fn.Deployment = fmt.Sprint("dep_", i%4)
			if w := mine.Ask(t, "GET", "/", ""); w.Code != http.StatusOK {
				t.Errorf("request %d: %d %s", i, w.Code, w.Body)
			}
		})
		if i%10 == 9 {
			time.Sleep(10 * time.Millisecond) // some run, others wait
			h.Drop(fmt.Sprint("dep_", i%4))
		}
	}
	all.Wait()
	if s := h.Stats(); s.Busy != 0 || s.VMs > 2 || s.Runs != 40 {
		t.Fatalf("%+v", s)
	}
}
