package quickjs

import (
	"bytes"
	"strings"
	"testing"
)

// Texts of every form that the engine has go to the host and come back the same: also as keys, which the engine finds by hash.
func TestTextsGoToTheHostAndBackWithoutChange(t *testing.T) {
	t.Parallel()
	i, err := New(64<<20, 256<<10)
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	r, err := i.NewRealm()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	echo := r.NewFunction("echo", func(args []Value) (Value, error) {
		text, ok := r.OpenText(args[0])
		defer text.Close()
		if !ok {
			return Undefined(), nil
		}
		v, to := r.NewChars(text.Len(), text.Wide)
		copy(to, text.Data)
		return v, nil
	})
	defer r.Free(echo)
	script, err := r.eval(`(function (echo) {
		let wide = "";
		for (let c = 0; c < 0x300; c++) wide += String.fromCharCode(c * 97 & 0xffff);
		const rope = "abcdefghijklmnop".repeat(600) + wide, list = ["", "a", "ab", "\xe9", "\u20ac", "\ud83d", "a\0b", wide, rope, rope + rope, "x".repeat(1e5), "x".repeat(1e5).slice(3, 99), rope.slice(7, 9000), wide.slice(0, 200), "12", "length"];
		for (const text of list) {
			const got = echo(text), object = { [text]: 1 };
			if (got !== text || got.length !== text.length || object[got] !== 1 || new Map([[text, 1]]).get(got) !== 1 || got + "x" !== text + "x") return "changed: " + JSON.stringify(text.slice(0, 50));
		}
		for (const other of [1, null, undefined, {}, []]) if (echo(other) !== undefined) return "not a text: " + other;
		return "";
	})`, "text.js", evalGlobal)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Free(script)
	v, err := r.Call(script, echo)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Free(v)
	if got, _ := r.Text(v); got != "" {
		t.Error(got)
	}
}

func TestDataThatIsShorterThanItsRoom(t *testing.T) {
	t.Parallel()
	i, err := New(16<<20, 256<<10)
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	r, err := i.NewRealm()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, n := range []int{0, 1, 1000, 100_000} {
		v := r.NewDataUpTo(100_000, func(to []byte) int { return copy(to, bytes.Repeat([]byte("x"), n)) })
		if got, ok := r.Data(v); !ok || len(got) != n || bytes.Count(got, []byte("x")) != n {
			t.Errorf("%d bytes instead of %d", len(got), n)
		}
		r.Free(v)
	}
	before := i.Memory()
	if v := r.NewDataUpTo(1<<31, func([]byte) int { t.Error("there was memory"); return 0 }); !IsException(v) {
		t.Error("there was memory for 2 GiB")
	}
	if v, to := r.NewChars(60<<20, false); !IsException(v) || to != nil {
		t.Error("there was memory for a text")
	}
	r.DropException()
	if after := i.Memory(); after > before+1000 {
		t.Errorf("%d bytes are left", after-before)
	}
}

// A property for which there is no memory makes the whole value fail, and what is made afterwards is not affected.
func TestAValueWithoutMemoryForAPartOfItIsAnException(t *testing.T) {
	t.Parallel()
	i, err := New(8<<20, 256<<10)
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	r, err := i.NewRealm()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	made := func(text string) Value {
		return r.Make(func(r *Realm) Value {
			v := r.NewObject()
			r.Set(v, "headers", r.NewString(text))
			return v
		})
	}
	for range 3 {
		v := made(strings.Repeat("x", 9<<20))
		if !IsException(v) {
			t.Fatal("the value was made")
		}
		if err := r.Exception(); !IsOutOfMemory(err) {
			t.Fatalf("thrown: %v", err)
		}
		if v = made("fine"); IsException(v) || r.property(v, "headers") != "fine" {
			t.Fatal("a small value was not made")
		}
		r.Free(v)
	}
}
