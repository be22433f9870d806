package quickjs

import (
	"errors"
	"math/rand/v2"
	"runtime/debug"
	"testing"
	"time"
)

// use makes the engine do a bit of everything.
const use = `
	const list = Array.from({ length: 200 }, (_, i) => ({ i, text: "n" + i, nested: [i, { i }] }));
	const map = new Map(list.map((o) => [o.text, o]));
	class A { #x = 1; get x() { return this.#x } set x(v) { this.#x = v } static of() { return new this() } }
	function* numbers() { for (let i = 0; i < 50; i++) yield i }
	for (let round = 0; round < 3; round++) {
		JSON.parse(JSON.stringify(list)); list.sort((a, b) => b.i - a.i); [...numbers()];
		"the quick brown fox".replace(/(\w+) (\w+)/g, (m, a, b) => b + a); map.get("n7"); A.of().x++;
		new Uint8Array(1000).fill(7); (2n ** 100n).toString(); eval("1 + 1"); try { null.x } catch (e) { String(e.stack) }
	}
	spoil(); list.length`

// A bug in the engine is as bad as any write to its memory. Here a host function scribbles over it, again and again: that ends
// the script in one way or another, but reaches neither another VM nor the process, and the VM can be restored.
func TestACorruptedEngineHarmsNothingButItself(t *testing.T) {
	before := debug.SetMaxStack(256 << 20)
	t.Cleanup(func() { debug.SetMaxStack(before) })
	random := rand.New(rand.NewPCG(1, 2))
	var victim *Realm
	spoil := func([]Value) (Value, error) {
		memory := victim.m.Bytes()[dataStart:]
		for range 1 << random.IntN(8) {
			at := random.IntN(len(memory) - 8)
			switch random.IntN(3) {
			case 0:
				memory[at] = byte(random.Uint32())
			case 1:
				copy(memory[at:], memory[random.IntN(len(memory)-8):][:8])
			case 2: // addresses far outside
				copy(memory[at&^3:], []byte{0xff, 0xff, 0xff, 0x7f, 0xf0, 0xff, 0xff, 0xff})
			}
		}
		return Undefined(), nil
	}
	i, err := New(16<<20, 256<<10)
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	if victim, err = i.NewRealm(); err != nil {
		t.Fatal(err)
	}
	global, err := victim.eval("globalThis", "x.js", evalGlobal)
	if err != nil {
		t.Fatal(err)
	}
	victim.Set(global, "spoil", victim.NewFunction("spoil", spoil))
	victim.Free(global)
	saved := victim.Save()
	other, err := saved.New(16<<20, 256<<10, []HostFunc{spoil})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Isolate.Close()
	neighbor := other.m.Image(dataStart)

	rounds := 500
	if testing.Short() {
		rounds = 50
	}
	ends := map[string]int{}
	for range rounds {
		ends[corruptOnce(victim)]++
		if !victim.Restore(saved) {
			t.Fatal("the VM cannot be restored")
		}
		if v, err := victim.eval("[1, 2, 3].map((x) => x * 2).join()", "x.js", evalGlobal); err != nil {
			t.Fatalf("the restored VM: %v", err)
		} else if s, _ := victim.Text(v); s != "2,4,6" {
			t.Fatalf("the restored VM computes %s", s)
		}
		victim.Restore(saved)
	}
	t.Log(ends)
	for at, b := range other.m.Bytes()[dataStart:] {
		if b != neighbor.Data()[at] {
			t.Fatalf("byte %d of another VM has changed", at)
		}
	}
	if ends["trap"] == 0 || ends["error"]+ends["done"] == 0 {
		t.Errorf("%v: not every way to end was seen", ends)
	}
}

// corruptOnce runs the script twice and returns how it ended.
func corruptOnce(r *Realm) (end string) {
	stop := time.AfterFunc(300*time.Millisecond, func() { r.Kill() })
	defer stop.Stop()
	defer func() {
		if recover() != nil {
			if end = "trap"; !r.Trapped() {
				end = "a panic outside of the engine"
			}
		}
	}()
	r.Arm(time.Now().Add(200 * time.Millisecond))
	end = "done"
	for range 2 {
		if _, err := r.eval("{"+use+"}", "corrupt.js", evalGlobal); errors.Is(err, ErrDeadline) {
			return "deadline"
		} else if err != nil {
			end = "error"
		}
	}
	r.inside++
	r.m.XJS_RunGC(r.rt)
	r.inside--
	return end
}
