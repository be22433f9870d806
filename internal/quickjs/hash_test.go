package quickjs

import (
	"testing"
	"time"
)

// compareMaps does random things to a Map and a Set, and the same to a list that is searched from the start; it returns the
// number of results that were compared, or the first difference.
const compareMaps = `(function (seed, steps) {
	const random = (n) => { seed ^= seed << 13; seed ^= seed >>> 17; seed ^= seed << 5; return (seed >>> 0) % n; };
	const objects = Array.from({ length: 40 }, () => ({})), symbols = Array.from({ length: 9 }, () => Symbol());
	const key = () => {
		switch (random(12)) {
		case 0: return random(50);
		case 1: return -random(50);
		case 2: return random(50) * 65536;
		case 3: return random(50) / 2;
		case 4: return random(50) * 2 ** 40;
		case 5: return [NaN, -0, 0, Infinity, -Infinity, 2 ** 31, -(2 ** 31), 2 ** 32, 5e-324][random(9)];
		case 6: return "k" + random(50);
		case 7: return String.fromCharCode(0x3b1 + random(20)) + "x".repeat(random(3));
		case 8: return objects[random(objects.length)];
		case 9: return symbols[random(symbols.length)];
		case 10: return BigInt(random(20)) << BigInt(random(3) * 40);
		}
		return [true, false, null, undefined, "", "1", 1, 1n][random(8)];
	};
	const map = new Map(), set = new Set(), list = [];
	const same = (a, b) => a === b || a !== a && b !== b;
	const show = (k) => typeof k + " " + String(typeof k === "object" ? objects.indexOf(k) : k);
	for (let n = 0; n < steps; n++) {
		const k = key(), at = list.findIndex(([other]) => same(k, other));
		switch (random(4)) {
		case 0: case 1:
			map.set(k, n); set.add(k);
			if (at < 0) list.push([k === 0 ? 0 : k, n]); else list[at][1] = n;
			break;
		case 2:
			if (map.delete(k) !== at >= 0 || set.delete(k) !== at >= 0) return "deleted " + show(k);
			if (at >= 0) list.splice(at, 1);
			break;
		default:
			if (map.has(k) !== at >= 0 || set.has(k) !== at >= 0 || map.get(k) !== list[at]?.[1]) return "looked for " + show(k);
		}
		if (map.size !== list.length || set.size !== list.length) return "size after " + show(k);
		if (n % 500 === 0 && ![...map].every(([k, v], i) => Object.is(k, list[i][0]) && v === list[i][1])) return "order after " + show(k);
	}
	return steps;
})`

// The hash of keys is ours, not that of the engine. It must be the same for keys that are equal, whatever they are.
func TestMapsFindWhatAListFinds(t *testing.T) {
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
	fn, err := r.eval(compareMaps, "maps.js", evalGlobal)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Free(fn)
	const steps = 5_000
	rounds := 12
	if testing.Short() {
		rounds = 5
	}
	seed := int32(time.Now().UnixNano()) | 1
	for n := range rounds {
		v, err := r.Call(fn, Int(seed+int32(2*n)), Int(steps))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := ToNumber(v); !ok || got != steps {
			text, _ := r.Text(v)
			t.Fatalf("seed %d: the Map or the Set differs from the list: %s", seed+int32(2*n), text)
		}
		r.Free(v)
	}
}
