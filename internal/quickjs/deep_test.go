package quickjs_test

import (
	"runtime/debug"
	"testing"
	"time"

	"fazt/internal/quickjs"
)

// bottomless nests deeper than any stack, each in a way of its own: the engine has a check in each of these places.
var bottomless = map[string]string{
	"calls":              `function f(n) { return 1 + f(n + 1) } f(0)`,
	"apply":              `function f() { return f.apply(null, [1,2,3]) } f()`,
	"reflect":            `function f() { return Reflect.apply(f, null, []) } f()`,
	"sort":               `function f() { return [1,2,3].sort(f) } f()`,
	"replace":            `function f() { return "a".replace(/a/, f) } f()`,
	"json parse":         `JSON.parse("[".repeat(3e5))`,
	"json parse objects": `JSON.parse('{"a":'.repeat(3e5))`,
	"json reviver":       `const f = () => JSON.parse("[1]", f); f()`,
	"json stringify":     `let a = []; for (let i = 0; i < 2e5; i++) a = [a]; JSON.stringify(a)`,
	"json toJSON":        `const o = { toJSON() { return JSON.stringify(o) } }; JSON.stringify(o)`,
	"free chain":         `let a = null; for (let i = 0; i < 2e5; i++) a = { a }; a = null; 1`,
	"free closures":      `let a = null; for (let i = 0; i < 1e5; i++) { const b = a; a = () => b } a = null; 1`,
	"join":               `let a = []; for (let i = 0; i < 2e5; i++) a = [a]; String(a)`,
	"flat":               `let a = []; for (let i = 0; i < 2e5; i++) a = [a]; a.flat(Infinity)`,
	"proxy chain":        `let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x`,
	"proxy proto":        `let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); Object.getPrototypeOf(p)`,
	"proxy isArray":      `let p = []; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); Array.isArray(p)`,
	"proxy call":         `let p = () => 1; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p()`,
	"proxy keys":         `let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); Reflect.ownKeys(p)`,
	"bound":              `let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(null); f()`,
	"bound instanceof":   `let f = function() {}; for (let i = 0; i < 1e5; i++) f = f.bind(null); ({}) instanceof f`,
	"proto chain":        `let o = {}; for (let i = 0; i < 3e5; i++) o = Object.create(o); o.x`,
	"rope":               `let s = ""; for (let i = 0; i < 3e5; i++) s = s + "ab"; s.charCodeAt(5)`,
	"regexp groups":      `new RegExp("(".repeat(2e5) + ")".repeat(2e5))`,
	"regexp lookahead":   `new RegExp("(?=".repeat(2e5) + ")".repeat(2e5))`,
	"regexp classes":     `new RegExp("[".repeat(2e5) + "]".repeat(2e5), "v")`,
	"parens":             `eval("(".repeat(2e5))`,
	"arrays":             `eval("[".repeat(2e5))`,
	"arrows":             `eval("()=>".repeat(2e5) + "1")`,
	"unary":              `eval("!".repeat(2e5) + "1")`,
	"new":                `eval("new ".repeat(2e5) + "x")`,
	"templates":          "eval('`${'.repeat(1e5))",
	"powers":             `eval("1" + "**1".repeat(2e5))`,
	"nested ternaries":   `eval("1?".repeat(2e5) + "1")`,
	"classes":            `eval("class A extends ".repeat(1e5) + "B {}")`,
	"labels":             `eval(Array.from({length: 1e5}, (_, i) => "a" + i + ":").join("") + ";")`,
	"eval eval":          `function f() { return eval("f()") } f()`,
	"generators":         `function* g() { yield* g() } g().next()`,
	"generator chain":    `function* g(n) { if (n) yield* g(n - 1); yield 1 } const it = g(3e5); it.next()`,
	"toString":           `const o = { toString() { return "" + o } }; "" + o`,
	"toPrimitive":        `const o = { [Symbol.toPrimitive]() { return o + 1 } }; o + 1`,
	"iterator":           `const o = { [Symbol.iterator]() { return [...o] } }; [...o]`,
	"class fields":       `class A { x = new A() } new A()`,
	"super":              `class A { constructor() { new B() } } class B extends A {} new B()`,
	"map free":           `let m = null; for (let i = 0; i < 3e5; i++) { const n = new Map(); n.set(1, m); m = n } m = null; 1`,
	"cycle gc":           `let a = {}; const first = a; for (let i = 0; i < 2e5; i++) { a.next = {}; a.next.prev = a; a = a.next } a = null; 1`,
	"switch":             `eval("switch(1){case 1:".repeat(2e5))`,
}

// The stack of Go has no limit that a program survives: the engine's own must come first, whatever recurses. At the largest
// stack that it can have, none of these needs 20 MB.
func TestNothingThatNestsUsesUpTheStackOfGo(t *testing.T) {
	before := debug.SetMaxStack(64 << 20)
	t.Cleanup(func() { debug.SetMaxStack(before) })
	i, err := quickjs.New(128<<20, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	r, err := i.NewRealm()
	if err != nil {
		t.Fatal(err)
	}
	saved := r.Save()
	for name, code := range bottomless {
		t.Run(name, func(t *testing.T) {
			i.Arm(time.Now().Add(500 * time.Millisecond))
			script, err := r.Compile(code, "deep.js", false)
			if err == nil {
				_, err = r.Run(script)
			}
			t.Logf("%.80v", err)
			if !r.Restore(saved) {
				t.Fatal("there is no memory")
			}
		})
	}
}
