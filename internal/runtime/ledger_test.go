package runtime_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"fazt/internal/runtime"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// Each VM kept to its limit, but all of them together exceeded the memory of the container.
func TestAllVMsTogetherStayWithinTheirMemoryLimit(t *testing.T) {
	f := newFleet(t)
	const limit = 64 << 20
	f.change(func(l *system.Runtime) { l.VMMemory, l.MaxMemory, l.QueueWait = limit, 48<<20, 200 })
	f.Budget()
	p, err := compile.Compile(t.Context(), runtimetest.Files{"api/main.js": `export default async () => {
		const kept = [];
		for (let i = 0; i < 30; i++) { kept.push(new Uint8Array(1 << 20).fill(i)); await new Promise((r) => setTimeout(r, 2)); }
		return new Response("x" + kept.length);
	};`})
	if err != nil {
		t.Fatal(err)
	}
	load := func(context.Context) (*compile.Program, error) { return p, nil }
	stop, peak := make(chan struct{}), make(chan int64)
	go func() {
		top := int64(0)
		for {
			top = max(top, f.HeldMemory())
			select {
			case <-stop:
				peak <- top
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	codes := map[int]int{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for n := range 24 {
		group.Go(func() {
			app := string(rune('a' + n%6))
			w := httptest.NewRecorder()
			f.Serve(w, httptest.NewRequest("GET", "http://a.localhost/api/x", nil), runtime.Function{AppID: app, Deployment: app, Load: load})
			if w.Code == 503 && w.Header().Get("Retry-After") == "" {
				t.Errorf("a refusal without Retry-After: %s", w.Body)
			}
			mu.Lock()
			defer mu.Unlock()
			codes[w.Code]++
		})
	}
	group.Wait()
	close(stop)
	if top := <-peak; top > limit || top < 20<<20 {
		t.Errorf("the VMs held %d MB together, at most %d are allowed", top>>20, limit>>20)
	}
	if codes[200] == 0 || codes[200]+codes[503] != 24 {
		t.Errorf("responses: %v", codes)
	}
	f.DropIdle(time.Now().Add(time.Hour))
	if held := f.HeldMemory(); held != 0 {
		t.Errorf("%d bytes are still counted for closed VMs", held)
	}
}

// A script that fills its memory with small values leaves no room for the error: the engine then throws null, and visitors used
// to get 500 instead of the error for lack of memory.
func TestLackOfMemoryIsRetryableWhateverTheScriptThrew(t *testing.T) {
	for name, grow := range map[string]string{
		"small values":   `kept.push({ i });`,
		"caught at once": `try { kept.push(new Uint8Array(1 << 20)); } catch { undefined.missing; }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			f.change(func(l *system.Runtime) { l.VMMemory, l.MaxMemory = 16<<20, 24<<20 })
			f.Budget()
			p, err := compile.Compile(t.Context(), runtimetest.Files{"api/main.js": `export default () => { const kept = []; for (let i = 0; ; i++) { ` + grow + ` } };`})
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			f.Serve(w, httptest.NewRequest("GET", "http://a.localhost/api/x", nil),
				runtime.Function{AppID: "a", Deployment: "a", Load: func(context.Context) (*compile.Program, error) { return p, nil }})
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
				t.Errorf("%d, Retry-After %q: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
			}
		})
	}
}

// VMs created for a burst used to hold their memory for five minutes.
func TestVMsCreatedForABurstAreClosedSoonAfterIt(t *testing.T) {
	f := newFleet(t)
	for _, app := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		f.ask(t, app, app, 3)
	}
	if n := f.Stats().VMs; n < 20 {
		t.Fatalf("the burst made %d VMs", n)
	}
	f.DropSpare(time.Now().Add(time.Second))
	if s := f.Stats(); s.VMs != runtime.MaxWarm || s.Memory > runtime.MaxWarm*runtime.WarmBytes || s.Memory <= 0 {
		t.Errorf("%d VMs with %d bytes are left, should be %d", s.VMs, s.Memory, runtime.MaxWarm)
	}
	f.ask(t, "a", "a", 1) // closed VMs are created again
}

// A script's VM is restored after a request, and so is the memory counted for it.
func TestTheMemoryCountedForAScriptIsWhatItsVMHolds(t *testing.T) {
	f := newFleet(t)
	p, err := compile.Compile(t.Context(), runtimetest.Files{"api/main.js": `let s = "x".repeat(1 << 20); for (let i = 0; i < 3; i++) s += s; respond("x" + s.length);`})
	if err != nil {
		t.Fatal(err)
	}
	held := int64(0)
	for n := range 20 {
		w := httptest.NewRecorder()
		f.Serve(w, httptest.NewRequest("GET", "http://a.localhost/api/x", nil), runtime.Function{AppID: "a", Deployment: "a", Load: func(context.Context) (*compile.Program, error) { return p, nil }})
		if w.Code != 200 {
			t.Fatal(w.Code, w.Body)
		}
		if n == 0 {
			held = f.Stats().Memory
		}
	}
	if now := f.Stats().Memory; now != held || held <= 0 || held > 4<<20 {
		t.Errorf("%d bytes are counted, but %d after the first request", now, held)
	}
}

// 96 concurrent bodies of 7 MB killed a process in a container of 256 MB: they were copied three times in Go's memory, which was
// not counted. Now they are copied directly into the memory of VMs, which is reserved first.
func TestBodiesAreHeldOnlyByVMs(t *testing.T) {
	const size, limit = 6 << 20, 64 << 20
	body := bytes.Repeat([]byte("b"), size)
	for name, code := range map[string]string{
		"module": `export default async (request) => new Response(String((await request.arrayBuffer()).byteLength));`,
		"script": `respond(String(request.body.length));`,
	} {
		f := newFleet(t)
		f.change(func(l *system.Runtime) { l.VMMemory, l.MaxMemory, l.CPUTime = limit, 48<<20, 20000 })
		f.Budget()
		p, err := compile.Compile(t.Context(), runtimetest.Files{"api/main.js": code})
		if err != nil {
			t.Fatal(err)
		}
		load := func(context.Context) (*compile.Program, error) { return p, nil }
		var before, after goruntime.MemStats
		goruntime.ReadMemStats(&before)
		const n = 6
		var group sync.WaitGroup
		top := int64(0)
		var mu sync.Mutex
		for i := range n {
			group.Go(func() {
				app := string(rune('a' + i%3))
				w := httptest.NewRecorder()
				r := httptest.NewRequest("POST", "http://a.localhost/api/x", bytes.NewReader(body))
				r.Header.Set("Content-Type", "text/plain")
				f.Serve(w, r, runtime.Function{AppID: app, Deployment: app, Load: load})
				if w.Code != 200 || w.Body.String() != "6291456" {
					t.Errorf("%s: %d %.100s", name, w.Code, w.Body)
				}
				mu.Lock()
				defer mu.Unlock()
				top = max(top, f.Stats().Promised)
			})
		}
		group.Wait()
		goruntime.ReadMemStats(&after)
		if each := int64(after.TotalAlloc-before.TotalAlloc) / n; each > size/2 {
			t.Errorf("%s: Go allocated %d KB for a body of %d KB", name, each>>10, size>>10)
		}
		if top > limit {
			t.Errorf("%s: %d MB were promised, at most %d are allowed", name, top>>20, limit>>20)
		}
		f.nothingCounts(t)
	}
}

// nothingCounts closes all VMs and checks that no memory is still counted.
func (f *fleet) nothingCounts(t *testing.T) {
	t.Helper()
	f.DropIdle(time.Now().Add(time.Hour))
	if s := f.Stats(); s.Promised != 0 || s.Memory != 0 || s.Charged != 0 || f.server.Stats().Buffers != 0 {
		t.Errorf("memory is still counted: %+v", s)
	}
}

// Responses used to be copied before checking for room, and were refused even if there would have been room a moment later.
func TestResponsesWaitForRoomBeforeTheyAreCopied(t *testing.T) {
	const size = 1 << 20
	f := newFleet(t)
	f.change(func(l *system.Runtime) { l.BufferMemory, l.CPUTime = size*3/2, 20000 })
	p, err := compile.Compile(t.Context(), runtimetest.Files{"api/main.js": `export default () => new Response("x".repeat(1 << 20));`})
	if err != nil {
		t.Fatal(err)
	}
	for range 4 { // rounds of two: with more at once, the last one would wait too long on a slow machine
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				w := httptest.NewRecorder()
				f.Serve(w, httptest.NewRequest("GET", "http://a.localhost/api/x", nil), runtime.Function{AppID: "a", Deployment: "a", Load: func(context.Context) (*compile.Program, error) { return p, nil }})
				if w.Code != 200 || w.Body.Len() != size {
					t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
				}
			})
		}
		group.Wait()
	}
	f.nothingCounts(t)
}

// Copies for host functions, and arguments and results of pending calls, are in Go's memory and used to be uncounted.
func TestMemoryOfGoForAnInvocationIsCounted(t *testing.T) {
	f := newFleet(t)
	f.change(func(l *system.Runtime) { l.VMMemory, l.MaxMemory, l.CPUTime = 24<<20, 40<<20, 20000 })
	f.Budget()
	for name, code := range map[string]string{
		"a copy": `export default () => { console.log("x".repeat(8 << 20)); return new Response("fine"); };`,
	} {
		p, err := compile.Compile(t.Context(), runtimetest.Files{"api/main.js": code})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		f.Serve(w, httptest.NewRequest("GET", "http://a.localhost/api/x", nil), runtime.Function{AppID: name, Deployment: name, Load: func(context.Context) (*compile.Program, error) { return p, nil }})
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "not enough memory") || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	f.nothingCounts(t)
}

// An invocation of a deployment that is known to need much memory waits for it; others do not wait behind it.
func TestInvocationsNeedingMuchMemoryDoNotBlockOthers(t *testing.T) {
	f := newFleet(t)
	f.change(func(l *system.Runtime) { l.VMMemory, l.MaxMemory, l.VMsPerApp, l.CPUTime = 64<<20, 48<<20, 16, 20000 })
	f.Budget()
	load := func(code string) func(context.Context) (*compile.Program, error) {
		p, err := compile.Compile(t.Context(), runtimetest.Files{"api/main.js": code})
		if err != nil {
			t.Fatal(err)
		}
		return func(context.Context) (*compile.Program, error) { return p, nil }
	}
	greedy := load(`export default async () => {
		const kept = [];
		for (let i = 0; i < 20; i++) { kept.push(new Uint8Array(1 << 20).fill(i)); await new Promise((r) => setTimeout(r, 1)); }
		return new Response("x" + kept.length);
	};`)
	small := load(`export default () => new Response("x20");`)
	ask := func(deployment string, load func(context.Context) (*compile.Program, error)) {
		w := httptest.NewRecorder()
		f.Serve(w, httptest.NewRequest("GET", "http://a.localhost/api/x", nil), runtime.Function{AppID: deployment, Deployment: deployment, Load: load})
		if w.Code != 200 || w.Body.String() != "x20" {
			t.Errorf("%s: %d %s", deployment, w.Code, w.Body)
		}
	}
	ask("greedy", greedy) // from now on its need is known
	ask("small", small)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { ask("greedy", greedy) })
		group.Go(func() { ask("small", small) })
	}
	group.Wait()
	f.nothingCounts(t)
}
