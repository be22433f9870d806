package runtime

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"fazt/internal/system"
)

// Each machine kept to its own limit, and all of them together took what the container did not have.
func TestMachinesTogetherHoldNoMoreThanTheyMay(t *testing.T) {
	f := newFleet(t)
	const most = 64 << 20
	f.change(func(l *system.Runtime) { l.VMMemory, l.MaxMemory, l.QueueWait = most, 48<<20, 200 })
	f.budget()
	p, err := Compile(t.Context(), files{"api/main.js": `export default async () => {
		const kept = [];
		for (let i = 0; i < 30; i++) { kept.push(new Uint8Array(1 << 20).fill(i)); await new Promise((r) => setTimeout(r, 2)); }
		return new Response("x" + kept.length);
	};`})
	if err != nil {
		t.Fatal(err)
	}
	load := func(context.Context) (*Program, error) { return p, nil }
	stop, peak := make(chan struct{}), make(chan int64)
	go func() {
		top := int64(0)
		for {
			top = max(top, f.memory.held.Load())
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
			f.Serve(w, httptest.NewRequest("GET", "http://a.localhost/api/x", nil), Function{AppID: app, Deployment: app, Load: load})
			if w.Code == 503 && w.Header().Get("Retry-After") == "" {
				t.Errorf("a refusal does not say when to try again: %s", w.Body)
			}
			mu.Lock()
			defer mu.Unlock()
			codes[w.Code]++
		})
	}
	group.Wait()
	close(stop)
	if top := <-peak; top > most || top < 20<<20 {
		t.Errorf("the machines held %d MB together, and may %d", top>>20, most>>20)
	}
	if codes[200] == 0 || codes[200]+codes[503] != 24 {
		t.Errorf("answers: %v", codes)
	}
	f.dropIdle(time.Now().Add(time.Hour))
	if held := f.memory.held.Load(); held != 0 {
		t.Errorf("%d bytes are counted for machines that are gone", held)
	}
}

// The machines that a burst had made held their memory for five minutes.
func TestMachinesThatABurstMadeGoSoonAfterIt(t *testing.T) {
	f := newFleet(t)
	for _, app := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		f.ask(t, app, app, 3)
	}
	if n := f.Stats().VMs; n < 20 {
		t.Fatalf("the burst made %d machines", n)
	}
	f.dropSpare(time.Now().Add(time.Second))
	if s := f.Stats(); s.VMs != warmMost || s.Memory > warmMost*warmBytes || s.Memory <= 0 {
		t.Errorf("%d machines with %d bytes are left, should be %d", s.VMs, s.Memory, warmMost)
	}
	f.ask(t, "a", "a", 1) // those that are gone come back
}

// A script's machine is put back to what it was; so is what is counted for it.
func TestWhatIsCountedForAScriptIsWhatItsMachineHolds(t *testing.T) {
	f := newFleet(t)
	p, err := Compile(t.Context(), files{"api/main.js": `let s = "x".repeat(1 << 20); for (let i = 0; i < 3; i++) s += s; respond("x" + s.length);`})
	if err != nil {
		t.Fatal(err)
	}
	held := int64(0)
	for n := range 20 {
		w := httptest.NewRecorder()
		f.Serve(w, httptest.NewRequest("GET", "http://a.localhost/api/x", nil), Function{AppID: "a", Deployment: "a", Load: func(context.Context) (*Program, error) { return p, nil }})
		if w.Code != 200 {
			t.Fatal(w.Code, w.Body)
		}
		if n == 0 {
			held = f.Stats().Memory
		}
	}
	if now := f.Stats().Memory; now != held || held <= 0 || held > 4<<20 {
		t.Errorf("%d bytes are counted, after the first request %d", now, held)
	}
}
