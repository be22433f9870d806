package server_test

import (
	"strings"
	"testing"

	"fazt/internal/fazttest"
)

const secretive = `
-- index.html --
hello
-- private/prices.json --
{"a":1}
-- private/deep/note.txt --
café
-- private/broken.json --
{
-- api/main.js --
const show = (fn) => { try { const v = fn(); return v === undefined ? "undefined" : JSON.stringify(v); } catch (e) { return e.code; } };
respond([
	show(() => fazt.private.readJSON("prices.json").a), show(() => fazt.private.read("deep/note.txt").trim()), show(() => fazt.private.read("none")),
	show(() => fazt.private.exists("prices.json")), show(() => fazt.private.exists("index.html")), show(() => fazt.private.list()),
	show(() => fazt.private.readJSON("broken.json")), show(() => fazt.private.read("../index.html")), show(() => fazt.private.read("deep/../prices.json")),
	show(() => fazt.private.read("/prices.json").trim()),
].join(" "));
`

func TestOnlyFunctionsCanReadPrivateFiles(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", secretive)
	want := `1 "café" undefined true false ["broken.json","deep/note.txt","prices.json"] INVALID undefined undefined "{\"a\":1}"`
	if got := i.Get("app", "/api/x"); got.Text != want {
		t.Errorf("got\n%s, want\n%s", got.Text, want)
	}
	for _, path := range []string{"/private/prices.json", "//private/prices.json", "/./private/prices.json", "/x/../private/prices.json", "/PRIVATE/prices.json", "/%70rivate/prices.json", "/private%2fprices.json", "/private/", "/private"} {
		if got := i.Get("app", path); got.StatusCode < 400 || strings.Contains(got.Text, `"a":1`) {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.Text)
		}
	}
}

// macOS stores names in another Unicode form than people type.
func TestAPrivateFileIsFoundInBothUnicodeForms(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", "-- private/caf\u00e9.txt --\ncomposed\n-- private/re\u0301sume\u0301/a.txt --\ndecomposed\n-- api/main.js --\n"+
		`const { read, exists } = fazt.private;
respond([read("caf\u00e9.txt"), read("cafe\u0301.txt"), read("r\u00e9sum\u00e9/a.txt"), exists("re\u0301sume\u0301/a.txt"), exists("r\u00e9sum\u00e9/a.txt"), exists("cafe.txt")].join("|"));
`)
	if got, want := i.Get("app", "/api/x").Text, "composed\n|composed\n|decomposed\n|true|true|false"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
