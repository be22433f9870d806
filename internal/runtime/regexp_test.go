package runtime_test

import (
	"testing"

	"fazt/internal/runtime/runtimetest"
)

// The values are those of Node.js.
func TestRegExpTellsOfTheLastMatch(t *testing.T) {
	h := runtimetest.New(t, `
const out = [RegExp.$1, RegExp.lastMatch];
const told = () => out.push([RegExp.$1, RegExp.$2, RegExp.$9, RegExp.lastMatch, RegExp["$&"], RegExp.lastParen, RegExp.leftContext, RegExp["$'"], RegExp.input]);
/(\d)(x)?/.test("ab1cd"); told();
"2024-05".replace(/(\d+)-(\d+)/, "$2"); told();
/nothing/.exec("else"); told();
"a1b2".match(/([a-z])(\d)/g); told();
"k: v".split(/(:) /); told();
RegExp.$1 = "ignored"; RegExp.input = 7; told();
class Sub extends RegExp {}
try { Sub.$1; } catch (e) { out.push(e.name); }
const d = Object.getOwnPropertyDescriptor(RegExp, "$1");
out.push([d.enumerable, d.configurable, Object.keys(RegExp), RegExp.prototype.exec.name, RegExp.prototype.exec.length]);
export default () => Response.json(out);`)
	const want = `["","",` +
		`["1","","","1","1","","ab","cd","ab1cd"],` +
		`["2024","05","","2024-05","2024-05","05","","","2024-05"],` +
		`["2024","05","","2024-05","2024-05","05","","","2024-05"],` +
		`["b","2","","b2","b2","2","a1","","a1b2"],` +
		`[":","","",": ",": ",":","k","v","k: v"],` +
		`[":","","",": ",": ",":","k","v","7"],` +
		`"TypeError",[false,true,[],"exec",1]]`
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != want {
		t.Fatalf("%d %s\nwant %s\n%s", w.Code, w.Body, want, h.Log)
	}
	// Where the code names none of them, matches are not recorded.
	h = runtimetest.New(t, `export default () => Response.json(["$" + 1 in RegExp, /x/.exec === RegExp.prototype.exec])`)
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != "[false,true]" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}

func TestCharactersOfTheFlagVAreReservedOnlyInClasses(t *testing.T) {
	h := runtimetest.New(t, `
const made = (source) => { try { return new RegExp(source, "v").test("a/b-c&&d"); } catch (e) { return e.name; } };
export default () => Response.json([made("a/b"), made("b-c"), made("c&&d"), made("[\\/]b"), made("[a/]"), made("[(]"), made("[a&&&b]"), made("[a-c]"), made("[a|b]"), made("a|b"), made("\\p{L}/"), made("{"), made("(")]);`)
	const want = `[true,true,true,true,"SyntaxError","SyntaxError","SyntaxError",true,"SyntaxError",true,true,"SyntaxError","SyntaxError"]`
	if w := h.Ask(t, "GET", "/", ""); w.Body.String() != want {
		t.Fatalf("%d %s\nwant %s\n%s", w.Code, w.Body, want, h.Log)
	}
}
