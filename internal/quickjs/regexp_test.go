package quickjs

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// randomPattern returns a regular expression of few parts, with everything that decides what a match can begin with.
func randomPattern(random *rand.Rand, depth int) string {
	atoms := []string{
		"a", "b", "z", "é", "Ω", "ſ", "K", "1", `\d`, `\w`, `\s`, `\S`, `\W`, ".", "[a-c]", "[^a]", "[^\\u0100-\\uffff]", "[é-ü]", "[\\u0390-\\u03ff]", `\b`, `\B`, "^", "$",
		"(?=a)", "(?!b)", "(?<=a)", "(?<!a)", `\1`, "", "[]", "[^]", `\u{1F600}`, "\U0001F600", `\uD83D`, `\uDE00`, "😀",
	}
	if depth == 0 {
		return atoms[random.IntN(len(atoms))]
	}
	part := func() string { return randomPattern(random, depth-1) }
	switch random.IntN(9) {
	case 0:
		return part() + "|" + part()
	case 1:
		return "(" + part() + ")"
	case 2:
		return "(?:" + part() + ")" + []string{"*", "+", "?", "*?", "+?", "{2}", "{0,2}", "{2,}?"}[random.IntN(8)]
	case 3:
		return "(?" + []string{"=", "!", "<=", "<!"}[random.IntN(4)] + part() + ")" + part()
	case 4:
		return "^" + part()
	}
	return part() + part()
}

func randomText(random *rand.Rand) string {
	var b strings.Builder
	alphabet := []rune("aabbcz1 \n_-AÉé")
	if random.IntN(3) == 0 {
		alphabet = append(alphabet, []rune("ΩſK😀")...)
	}
	for range random.IntN(45) {
		b.WriteRune(alphabet[random.IntN(len(alphabet))])
	}
	return b.String()
}

// What passes over positions must not change a result: every expression finds the same with it and without it.
func TestRegularExpressionsFindTheSameWithoutTheFilter(t *testing.T) {
	t.Parallel()
	i, err := New(256<<20, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	r, err := i.NewRealm()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	code, err := r.Compile(`(function (pattern, flags, texts, sticky) {
	let re;
	try { re = new RegExp(pattern, flags); } catch { return ""; }
	return JSON.stringify(JSON.parse(texts).map((text) => {
		const out = [];
		re.lastIndex = sticky;
		for (let m, n = 0; n < 9 && (m = re.exec(text)); n++) {
			out.push([m.index, re.lastIndex, ...m]);
			if (!re.global && !re.sticky) break;
			if (m[0] === "") re.lastIndex++;
		}
		return [out, text.replace(re, "<$&>"), text.search(re)];
	}));
})`, "regexp.js", false)
	if err != nil {
		t.Fatal(err)
	}
	fn, err := r.Run(code)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Free(fn)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	patterns := 25_000
	if testing.Short() {
		patterns = 800
	}
	results := 0
	for range patterns {
		pattern, flags := randomPattern(random, 1+random.IntN(3)), ""
		for _, flag := range "gimsuy" {
			if random.IntN(4) == 0 {
				flags += string(flag)
			}
		}
		var list []string
		for range 12 {
			list = append(list, randomText(random))
		}
		texts, _ := json.Marshal(list)
		index := int32(random.IntN(4))
		find := func(unfiltered bool) string {
			i.m.Unfiltered = unfiltered
			args := []Value{r.NewString(pattern), r.NewString(flags), r.NewString(string(texts)), Int(index)}
			i.Arm(time.Now().Add(100 * time.Millisecond)) // some go through exponentially many ways
			v, err := r.Call(fn, args...)
			i.Disarm()
			if err != nil {
				return ""
			}
			for _, arg := range args {
				r.Free(arg)
			}
			defer r.Free(v)
			text, _ := r.Text(v)
			return text
		}
		with, without := find(false), find(true)
		if with != without && with != "" && without != "" {
			t.Fatalf("seed %d: /%s/%s on %s\nwith    %s\nwithout %s", seed, pattern, flags, texts, with, without)
		}
		results += len(list)
	}
	t.Log(results, "texts")
}
