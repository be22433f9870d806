package runtime_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"fazt/internal/runtime"
	"fazt/internal/runtime/runtimetest"
)

// scriptVM returns the only VM of a host, which must be idle.
func scriptVM(t *testing.T, h *runtimetest.Host) *runtime.VM {
	t.Helper()
	idle := h.IdleVMs(h.Fn.Deployment)
	if len(idle) != 1 {
		t.Fatal("there is not exactly one idle VM")
	}
	return idle[0]
}

// Whatever a script does to its VM, the VM is restored byte for byte to its state before the first request, so the next request
// finds no trace of it.
func TestAScriptsVMIsRestoredByteForByte(t *testing.T) {
	for name, code := range map[string]string{
		"globals":     `globalThis.left = "behind"; var x = new Map([[1, 2]]); respond("done");`,
		"prototypes":  `Object.prototype.left = 1; Array.prototype.push = null; delete globalThis.Response; Object.freeze(Promise.prototype); respond("done");`,
		"atoms":       `const o = {}; for (let i = 0; i < 20000; i++) o["name" + i] = Symbol("s" + i); globalThis.o = o; respond("done");`,
		"memory":      `globalThis.big = []; for (let i = 0; i < 200; i++) big.push(new Uint8Array(50000), "text".repeat(i)); respond("done");`,
		"promises":    `for (let i = 0; i < 100; i++) { Promise.reject(new Error("nobody listens")); new Promise(() => {}); } respond("done");`,
		"timers":      `setTimeout(() => { globalThis.late = true; }, 60000); setInterval(() => {}, 1); respond("done");`,
		"parts":       `new Blob(["x"]); new ReadableStream(); Buffer.from("x"); require("lodash").left = 1; respond("done");`,
		"exception":   `respond("done"); globalThis.f = () => f(); try { f(); } catch {}`,
		"generators":  `globalThis.g = (function* () { try { yield 1; } finally { left(); } })(); g.next(); respond("done");`,
		"collector":   `for (let i = 0; i < 50000; i++) { const a = {}, b = { a }; a.b = b; } respond("done");`,
		"await":       `await new Promise((r) => setTimeout(r, 5)); globalThis.after = 1; respond("done");`,
		"error":       `globalThis.x = 1; throw new Error("thrown");`,
		"no body":     `globalThis.respond = null; ({ status: 200, body: "done" })`,
		"definitions": `Object.defineProperty(globalThis, "request", { get() { throw 1; } }); ({ status: 200, body: "done" })`,
	} {
		if testing.Short() && name != "globals" && name != "promises" { // the others do not differ in races
			continue
		}
		t.Run(name, func(t *testing.T) {
			h := runtimetest.New(t, code)
			for range 3 {
				got := h.Ask(t, "POST", "/a?b=c", `{"some":"body"}`, "Content-Type", "application/json")
				if want := map[bool]int{true: 500, false: 200}[name == "error"]; got.Code != want && name != "prototypes" {
					t.Fatalf("%d %s\n%s", got.Code, got.Body, h.Log)
				}
				vm := scriptVM(t, h)
				different, err := vm.Realm().Difference(vm.Saved())
				if err != nil {
					t.Error(err)
				}
				if different > 8 { // the state of Math.random has advanced
					t.Errorf("%d bytes were not restored", different)
				}
			}
		})
	}
}

// A VM restored completely would draw the same random numbers again.
func TestMathRandomDoesNotRepeatInTheNextRequestOfAScript(t *testing.T) {
	h := runtimetest.New(t, `respond([Math.random(), Math.random()]);`)
	seen := map[string]bool{}
	for range 5 {
		got := h.Ask(t, "GET", "/", "").Body.String()
		if seen[got] {
			t.Fatalf("%s came twice", got)
		}
		seen[got] = true
	}
}

// After a script used much memory, its VM is as small as before, and can be reused any number of times.
func TestARestoredVMHasAllItsMemoryAgain(t *testing.T) {
	h := runtimetest.New(t, `const a = []; for (let i = 0; i < 100; i++) a.push(new Uint8Array(100_000).fill(i)); respond(String(a.length));`)
	requests := 60
	if testing.Short() {
		requests = 20
	}
	for i := range requests {
		if got := h.Ask(t, "GET", "/", ""); got.Code != http.StatusOK || got.Body.String() != "100" {
			t.Fatalf("request %d: %d %s\n%s", i, got.Code, got.Body, h.Log)
		}
	}
	vm := scriptVM(t, h)
	if vm.Served() != requests {
		t.Errorf("the VM served %d of %d requests", vm.Served(), requests)
	}
}

// The environment may change between two requests, or disappear.
func TestAScriptSeesTheNewestEnvironment(t *testing.T) {
	h := runtimetest.New(t, `respond(fazt.env.get("A") ?? "none");`)
	for i := range 4 {
		h.Fn.Env = &runtime.Env{Values: map[string]string{"A": fmt.Sprint(i)}}
		for range 2 {
			if got := h.Ask(t, "GET", "/", ""); got.Body.String() != fmt.Sprint(i) {
				t.Errorf("%s, want %d", got.Body, i)
			}
		}
	}
	h.Fn.Env = nil
	if got := h.Ask(t, "GET", "/", ""); got.Body.String() != "none" {
		t.Errorf("%s without an environment", got.Body)
	}
}

// Results that a script was still waiting for when it responded must not arrive in the next request.
func TestCallsThatAScriptDidNotWaitForAreDropped(t *testing.T) {
	h := runtimetest.New(t, `if (request.path === "/first") setTimeout(() => { globalThis.late = true; }, 1); else await new Promise((r) => setTimeout(r, 20)); respond(String(globalThis.late ?? "clean"));`)
	for range 3 {
		h.Ask(t, "GET", "/first", "")
		if got := h.Ask(t, "GET", "/second", ""); got.Body.String() != "clean" || strings.Contains(h.Log.String(), "error") {
			t.Errorf("%s\n%s", got.Body, h.Log)
		}
	}
}
