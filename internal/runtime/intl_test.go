package runtime_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fazt/internal/runtime/runtimetest"
)

// intlFile returns a file of the table of results.
func intlFile(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "intl", name))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(name, ".gz") {
		return string(data)
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// intlResult is a result that is not that of Node.js.
type intlResult struct{ call, got, want string }

// The guide explains each class of these.
func (r intlResult) explained() bool {
	switch {
	case strings.Contains(r.call, `"hour12"`) && strings.Contains(r.call, "resolvedOptions"):
		return strings.NewReplacer(`"h12"`, `"h11"`, `"h23"`, `"h24"`).Replace(r.got) == r.want
	case strings.Contains(r.call, "resolvedOptions"):
		return r.got == strings.Replace(r.want, `,"day":"numeric"`, "", 1) || r.got == strings.Replace(r.want, `,"second":"numeric"`, "", 1)
	case strings.HasPrefix(r.call, "Locale und"):
		return r.got == strings.Replace(r.want, ",null,", `,"und",`, 1)
	}
	return strings.HasPrefix(r.call, "NumberFormat es-MX ") && strings.Contains(r.call, "formatRangeToParts")
}

func TestIntlIsThatOfNode(t *testing.T) {
	t.Parallel()
	want := strings.Split(strings.TrimSuffix(intlFile(t, "node.txt.gz"), "\n"), "\n")[1:] // the first line names the version
	h := runtimetest.New(t, intlFile(t, "cases.js")+`
let all;
export default async (request) => {
	const from = Number(await request.text());
	all ??= cases();
	return Response.json(all.slice(from, from + 500).map((c) => [JSON.stringify(run(c)) ?? "undefined", show(c)]));
};`)
	same := 0
	for from := 0; from < len(want); from += 500 {
		var got [][2]string
		if body := h.Ask(t, "POST", "/", fmt.Sprint(from)).Body; json.Unmarshal(body.Bytes(), &got) != nil || len(got) != min(500, len(want)-from) {
			t.Fatalf("from %d on: %s", from, body.String())
		}
		for i, g := range got {
			r := intlResult{g[1], g[0], want[from+i]}
			if r.got == r.want {
				same++
			} else if !r.explained() {
				t.Errorf("%s\n\t%s\nwant\t%s", r.call, r.got, r.want)
			}
		}
	}
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "guide", "functions.md"))
	if err != nil {
		t.Fatal(err)
	}
	if says := fmt.Sprintf("%d of %d results", same, len(want)); !strings.Contains(string(guide), says) {
		t.Errorf("%s are those of Node.js; the guide (docs/guide/functions.md) says something else", says)
	}
}

// BenchmarkIntl measures formatting in a warm VM, 100 values for each request, and making formatters.
func BenchmarkIntl(b *testing.B) {
	b.Run("loading", func(b *testing.B) { // a script begins anew for each request
		runtimetest.Bench(b, runtimetest.New(b, `(1).toLocaleString("en-US"); respond("")`), "")
	})
	for name, code := range map[string]string{
		"request":        `for (let i = 0; i < 100; i++) String(i)`,
		"NumberFormat":   `const f = new Intl.NumberFormat("en-US"); for (let i = 0; i < 100; i++) f.format(i + 1234.5)`,
		"currency":       `const f = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" }); for (let i = 0; i < 100; i++) f.format(i + 1234.5)`,
		"DateTimeFormat": `const f = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" }); for (let i = 0; i < 100; i++) f.format(i * 1e9)`,
		"toLocaleString": `for (let i = 0; i < 100; i++) (i + 1234.5).toLocaleString("en-US")`,
		"dates":          `for (let i = 0; i < 100; i++) new Date(i * 1e9).toLocaleDateString("en-US")`,
		"new":            `for (let i = 0; i < 100; i++) new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 })`,
		"localeCompare":  `for (let i = 0; i < 100; i++) ("a" + i).localeCompare("b" + i)`,
	} {
		b.Run(name, func(b *testing.B) {
			runtimetest.Bench(b, runtimetest.New(b, "export default () => { "+code+"; return new Response(''); }"), "")
		})
	}
}
