package compile

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"fazt/internal/errs"
)

type files map[string]string

func (f files) ReadFile(_ context.Context, path string) ([]byte, error) {
	s, ok := f[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(s), nil
}

func (f files) Exists(path string) bool { _, ok := f[path]; return ok }

func TestErrorsInTheSourceHavePositions(t *testing.T) {
	for name, tt := range map[string]struct {
		files files
		want  string
	}{
		"syntax":            {files{"api/main.ts": "export default {\n\tfetch() { return new Response(; }\n};"}, "api/main.ts:2:32: Unexpected"},
		"missing file":      {files{"api/main.ts": "import x from './nothing';\nexport default x;"}, `api/main.ts:1:15: there is no file "api/nothing" in the deployment`},
		"missing module":    {files{"api/main.ts": "import x from 'left-pad';\nexport default x;"}, `api/main.ts:1:15: there is no package "left-pad" in node_modules; ` + "`npm install left-pad` installs it"},
		"out of the folder": {files{"api/main.ts": "import x from '../../etc/passwd';\nexport default x;"}, "is outside the deployment"},
		"absolute":          {files{"api/main.ts": "import x from '/etc/passwd';\nexport default x;"}, `there is no file "/etc/passwd"`},
		"error in another":  {files{"api/main.ts": "import './b';\nexport default () => {};", "api/b.ts": "let 1;"}, "api/b.ts:1:5: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile(t.Context(), tt.files)
			if !errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v", err)
			}
			list, ok := errs.Details(err).([]Diagnostic)
			if !ok || len(list) == 0 || list[0].Line == 0 || !strings.Contains(list[0].Frame, "^") {
				t.Fatalf("details %+v", list)
			}
		})
	}
	if p, err := Compile(t.Context(), files{"index.html": "x"}); p != nil || err != nil {
		t.Fatalf("no function: %v %v", p, err)
	}
}

// BenchmarkCompile measures compiling a small TypeScript function.
func BenchmarkCompile(b *testing.B) {
	src := files{"api/main.ts": `interface X { a: number } export default { async fetch(request: Request): Promise<Response> { const x: X = { a: 1 }; return Response.json(x); } };`}
	for b.Loop() {
		if _, err := Compile(b.Context(), src); err != nil {
			b.Fatal(err)
		}
	}
}

// esbuild writes its description of a bundle without spaces once that has more than 256 files.
func TestAFunctionMayHaveManyFiles(t *testing.T) {
	for _, n := range []int{2, 300, 1000} {
		src, imports := files{}, ""
		for i := range n {
			src[fmt.Sprintf("api/f%d.js", i)] = fmt.Sprintf("export const f%d = %d;", i, i)
			imports += fmt.Sprintf("import { f%d } from './f%d';\n", i, i)
		}
		src["api/main.js"] = imports + "export default () => new Response(String(f1));"
		p, err := Compile(t.Context(), src)
		if err != nil || p.Style != StyleModule {
			t.Errorf("%d files: %v", n, err)
		}
	}
}

func TestAHandlerThatIsNotExportedIsExplained(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		`addEventListener("fetch", (e) => e.respondWith(new Response("x")));`:    "api/main.js:1:1: a handler is not registered but exported",
		"const x = 1;\n  self.addEventListener('fetch', f);":                     "api/main.js:2:8: a handler",
		`Deno.serve(() => new Response("x"));`:                                   "api/main.js:1:1: a handler",
		`const server = Bun.serve({ fetch: f });`:                                "api/main.js:1:1: a handler",
		`export function GET() { return new Response("x"); }`:                    "api/main.js:1:1: a module needs a default export, such as `export default { fetch(request) { … } }`",
		`export const onRequest = () => new Response("x");`:                      "a module needs a default export",
		`addEventListener("error", () => {}); respond("Deno.serve() was here");`: "",
		`addEventListener("fetch", f); export default () => new Response("x");`:  "",
		`import e from "express"; export default e`:                              "api/main.js:1:15: express listens for connections, which a function cannot: Fazt receives the requests; use a framework with a fetch handler, such as hono",
		`import { createTransport } from "nodemailer"; createTransport()`:        "nodemailer needs a TCP connection, which a function cannot open; send mail through the HTTP API",
		`import { env } from "cloudflare:workers"; respond(env.A)`:               "",
	} {
		_, err := Compile(t.Context(), files{"api/main.js": code})
		if want == "" && err != nil || want != "" && (!errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %s", code, err, want)
		}
	}
}
