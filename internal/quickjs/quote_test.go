package quickjs

import (
	"testing"
	"time"
)

// compareQuotes writes random strings as JSON, alone and inside objects, and compares them with what a loop over their
// characters writes. It returns how many strings it compared, or the first difference.
const compareQuotes = `(function (seed, rounds) {
	const random = (n) => { seed ^= seed << 13; seed ^= seed >>> 17; seed ^= seed << 5; return (seed >>> 0) % n; };
	const short = { 8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: "\\\"", 92: "\\\\" };
	const hex = (c) => "\\u" + c.toString(16).padStart(4, "0");
	const model = (s) => {
		let out = "\"";
		for (let i = 0; i < s.length; i++) {
			const c = s.charCodeAt(i), next = s.charCodeAt(i + 1);
			if (c >= 0xd800 && c < 0xdc00 && next >= 0xdc00 && next < 0xe000) out += s[i] + s[++i];
			else if (c >= 0xd800 && c < 0xe000) out += hex(c);
			else out += short[c] ?? (c < 32 ? hex(c) : s[i]);
		}
		return out + "\"";
	};
	const character = [
		() => 97 + random(26), () => 97 + random(26), () => 32 + random(95), () => random(256), () => random(32), () => [34, 92, 47, 127, 0x2028][random(5)],
		() => 0xd7f0 + random(0x830), () => random(65536),
	];
	const text = () => {
		let s = "";
		const kinds = 1 + random(character.length), plain = random(2);
		for (let parts = random(5); parts > 0; parts--) {
			if (plain) s += "abcdefghij".repeat(random(8));
			for (let n = random(6); n > 0; n--) s += String.fromCharCode(character[random(kinds)]());
		}
		switch (random(6)) {
		case 0: return s.slice(random(s.length + 1)); // a part of another string
		case 1: return s + s; // joined only when it is read
		case 2: return s.repeat(random(30));
		}
		return s;
	};
	for (let n = 0; n < rounds; n++) {
		const a = text(), b = text(), c = text();
		for (const [value, want] of [[a, model(a)], [{ [b]: c }, "{" + model(b) + ":" + model(c) + "}"]]) {
			if (JSON.stringify(value) !== want) return "different for " + want;
			if (JSON.stringify(JSON.parse(want)) !== want) return "different when parsed: " + want;
		}
	}
	return 3 * rounds;
})`

// What copies runs of characters must not change a result: JSON.stringify writes what a loop over the characters writes.
func TestStringsAreWrittenAsJSONLikeOneCharacterAtATime(t *testing.T) {
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
	fn, err := r.eval(compareQuotes, "quotes.js", evalGlobal)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Free(fn)
	const perCall = 2_000
	calls := 50
	if testing.Short() {
		calls = 5
	}
	seed := int32(time.Now().UnixNano()) | 1
	for n := range calls {
		v, err := r.Call(fn, Int(seed+int32(2*n)), Int(perCall))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := ToNumber(v); !ok || got != 3*perCall {
			text, _ := r.Text(v)
			t.Fatalf("seed %d: %s", seed+int32(2*n), text)
		}
		r.Free(v)
	}
}
