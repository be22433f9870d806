package quickjs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// evaluate runs a script and returns its value as text.
func evaluate(t *testing.T, r *Realm, script string) string {
	t.Helper()
	v, err := r.eval(script, "test.js", evalGlobal)
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	defer r.Free(v)
	s, _ := r.Text(v)
	return s
}

func newTestRealm(t *testing.T) *Realm {
	t.Helper()
	i, err := New(32<<20, 256<<10)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	r, err := i.NewRealm()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// give makes a value a global variable of the realm.
func give(t *testing.T, r *Realm, name string, v Value) {
	t.Helper()
	global, err := r.eval("globalThis", "test.js", evalGlobal)
	if err != nil {
		t.Fatal(err)
	}
	r.Set(global, name, v)
	r.Free(global)
}

func TestABlockIsThereAsLongAsAnybodyUsesIt(t *testing.T) {
	r := newTestRealm(t)
	b := r.NewBlock(1000)
	give(t, r, "b", r.Show(b))
	evaluate(t, r, "new Uint8Array(b).fill(7)")
	if got := b.Bytes(); len(got) != 1000 || got[0] != 7 || got[999] != 7 {
		t.Errorf("the block has %v", got[:8])
	}
	b.Release()
	if len(r.blocks) != 1 || evaluate(t, r, "new Uint8Array(b)[999]") != "7" {
		t.Error("a block was freed that an ArrayBuffer shows")
	}
	evaluate(t, r, "b = undefined")
	if len(r.blocks) != 0 {
		t.Error("a block was not freed with its ArrayBuffer")
	}
	b.Release() // again: nothing happens

	b = r.NewBlock(0)
	give(t, r, "b", r.Show(b))
	evaluate(t, r, "b = undefined")
	if len(r.blocks) != 1 {
		t.Error("a block was freed that Go owns")
	}
	b.Release()
	if len(r.blocks) != 0 {
		t.Error("a block was not freed")
	}
}

func TestABlockGrowsAndItsArrayBufferBecomesEmpty(t *testing.T) {
	for _, away := range []bool{false, true} { // whether the script has taken the ArrayBuffer away
		r := newTestRealm(t)
		b := r.NewBlock(100)
		shown := r.Show(b)
		give(t, r, "b", r.Dup(shown))
		evaluate(t, r, "new Uint8Array(b).fill(7); var other = new ArrayBuffer(200)")
		if away {
			evaluate(t, r, "var moved = b.transfer()")
		}
		if !b.Resize(r, 100_000, shown) {
			t.Fatal("there is no memory")
		}
		r.Free(shown)
		want := append(bytes.Repeat([]byte{7}, 100), make([]byte, 99_900)...)
		if !bytes.Equal(b.Bytes(), want) {
			t.Error("the block has other bytes than before")
		}
		if got := evaluate(t, r, "b.byteLength + ' ' + b.detached"); got != "0 true" {
			t.Errorf("the ArrayBuffer is %s", got)
		}
		if away {
			copy(b.Bytes(), bytes.Repeat([]byte{9}, 100))
			if got := evaluate(t, r, "new Uint8Array(moved).every((v) => v === 7)"); got != "true" || len(r.blocks) != 2 {
				t.Errorf("%s, %d blocks: the script's part is not its own", got, len(r.blocks))
			}
			evaluate(t, r, "moved = undefined")
		}
		b.Release()
		if len(r.blocks) != 0 {
			t.Errorf("%d blocks are left", len(r.blocks))
		}
		if b := r.NewBlock(1 << 30); b != nil {
			t.Error("there is a block larger than the memory")
		}
	}
}

// Blocks come, grow and go in any order, between objects and collections of garbage, and each keeps its own bytes.
func TestBlocksDoNotTouchEachOther(t *testing.T) {
	r := newTestRealm(t)
	evaluate(t, r, "var all = {}, junk = []")
	type held struct {
		*Block
		mark   byte
		buffer Value
	}
	blocks := map[int]*held{}
	random := rand.New(rand.NewPCG(1, 2))
	steps := 20_000
	if testing.Short() {
		steps = 2_000
	}
	for n := range steps {
		name := random.IntN(20)
		h := blocks[name]
		switch {
		case h == nil:
			b := r.NewBlock(random.IntN(20_000))
			if b == nil {
				t.Fatal("there is no memory")
			}
			h = &held{b, byte(n), r.Show(b)}
			give(t, r, fmt.Sprintf("b%d", name), r.Dup(h.buffer))
			fillWith(h.Bytes(), h.mark)
			blocks[name] = h
		case random.IntN(3) == 0:
			if !h.Resize(r, h.size+random.IntN(5_000), h.buffer) {
				t.Fatal("there is no memory")
			}
			r.Free(h.buffer)
			h.buffer = r.Show(h.Block)
			fillWith(h.Bytes(), h.mark)
		case random.IntN(2) == 0:
			evaluate(t, r, fmt.Sprintf("globalThis.b%d = undefined; junk.push({ a: 'text %d' }); if (junk.length > 100) junk = []", name, n))
			r.Free(h.buffer)
			h.Release()
			delete(blocks, name)
			continue
		case random.IntN(10) == 0:
			r.Collect()
		}
		for _, c := range h.Bytes() {
			if c != h.mark {
				t.Fatalf("step %d: a block is damaged", n)
			}
		}
	}
	for _, h := range blocks {
		r.Free(h.buffer)
		h.Release()
	}
	for n := range 20 {
		give(t, r, fmt.Sprintf("b%d", n), Undefined())
	}
	if len(r.blocks) != 0 {
		t.Errorf("%d blocks are left", len(r.blocks))
	}
}

func fillWith(b []byte, mark byte) {
	for i := range b {
		b[i] = mark
	}
}

func TestTokensTellWhenNothingHoldsThem(t *testing.T) {
	r := newTestRealm(t)
	freed := 0
	give(t, r, "a", r.NewToken(func() { freed++ }))
	evaluate(t, r, "var one = { a }, two = { one, a }; one.two = two; a = undefined; one = two")
	if evaluate(t, r, "two = undefined"); freed != 0 {
		t.Error("a token was freed too early")
	}
	evaluate(t, r, "one = undefined")
	if r.Collect(); freed != 1 {
		t.Errorf("freed %d times", freed)
	}
}

// A restored realm has nothing of what Go kept for the one before.
func TestRestoringForgets(t *testing.T) {
	r := newTestRealm(t)
	saved := r.Save()
	b := r.NewBlock(100)
	give(t, r, "b", r.Show(b))
	r.Keep("key", 1)
	if !r.Spend(1 << 20) {
		t.Fatal("there is no room")
	}
	if r.Spend(31 << 20) {
		t.Error("more was spent than there is")
	}
	if !r.Restore(saved) {
		t.Fatal("the realm was not restored")
	}
	b.Release()
	if r.Kept("key") != nil || len(r.blocks) != 0 || r.outside != 0 || evaluate(t, r, "typeof b") != "undefined" {
		t.Error("something is left")
	}
	if different, err := r.Difference(saved); err != nil {
		t.Error(different, err)
	}
	if b := r.NewBlock(100); b == nil || evaluate(t, r, "'x'.repeat(10)") != "xxxxxxxxxx" {
		t.Error("the realm does not work")
	}
}
