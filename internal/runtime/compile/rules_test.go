package compile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
)

// have returns a deployment with these files.
func have(names ...string) files {
	f := files{}
	for _, name := range names {
		f[name] = "export default () => {};"
	}
	return f
}

func TestWhereAFunctionBegins(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		files  []string
		entry  string // "" = no function
		unused string
	}{
		{nil, "", ""},
		{[]string{"index.html", "main.ts", "api/index.ts", "api/main", "api/main.jsx", "api/main.cjs", "API/main.ts"}, "", ""},
		{[]string{"api/main.ts"}, "api/main.ts", ""},
		{[]string{"api/main.mjs"}, "api/main.mjs", ""},
		{[]string{"api/main.mjs", "api/main.js"}, "api/main.js", "the function begins with api/main.js; not used: api/main.mjs"},
		{[]string{"api/main.tsx", "api/main.js"}, "api/main.tsx", "the function begins with api/main.tsx; not used: api/main.js"},
		{[]string{"api/main.mjs", "api/main.js", "api/main.tsx", "api/main.ts"}, "api/main.ts", "the function begins with api/main.ts; not used: api/main.tsx, api/main.js, api/main.mjs"},
	} {
		src := have(tt.files...)
		p, err := Compile(t.Context(), src)
		if err != nil || (p == nil) != (tt.entry == "") || p != nil && p.Entry != tt.entry {
			t.Errorf("%v: %+v %v, want %q", tt.files, p, err, tt.entry)
		}
		if got := HasFunction(src); got != (tt.entry != "") {
			t.Errorf("%v: has a function: %v", tt.files, got)
		}
		if got := UnusedEntries(src.Exists); got != tt.unused {
			t.Errorf("%v: %q, want %q", tt.files, got, tt.unused)
		}
	}
}

func TestTheStyleFollowsFromTheDefaultExport(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`respond(1)`: StyleScript,
		``:           StyleScript,
		`import { a } from './other'; respond(a)`:          StyleScript,
		`const s = "export default 1"; respond("default")`: StyleScript,
		`// export default 1`:                              StyleScript,
		`export default { fetch() {} }`:                    StyleModule,
		`export default () => 1`:                           StyleModule,
		`const f = () => 1; export { f as default }`:       StyleModule,
		`export { default } from './other'`:                StyleModule,
		`export const a = 1; export default () => a`:       StyleModule,
	} {
		p, err := Compile(t.Context(), files{"api/main.js": source, "api/other.js": `export const a = 1; export default () => a`})
		if err != nil || p.Style != want || p.Engine != EngineVersion || len(p.Bytecode) == 0 || len(p.SourceMap) == 0 {
			t.Errorf("%s: %+v %v, want %s", source, p, err, want)
		}
	}
}

// The engine said "unsupported keyword: export".
func TestAModuleWithoutADefaultExportIsExplained(t *testing.T) {
	t.Parallel()
	for _, source := range []string{`export const a = 1`, `export function GET() {}`, `export * from './other'`, `export { a } from './other'`} {
		p, err := Compile(t.Context(), files{"api/main.js": source, "api/other.js": `export const a = 1`})
		if p != nil || !errs.Is(err, errs.Unprocessable) || !strings.HasPrefix(err.Error(), "api/main.js:1:1: a module needs a default export, such as `export default ") {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func TestHowAFileIsRead(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]api.Loader{
		"a.ts": api.LoaderTS, "a.mts": api.LoaderTS, "a.cts": api.LoaderTS, "a.d.ts": api.LoaderTS, "a.tsx": api.LoaderTSX, "a.jsx": api.LoaderJSX,
		"a.json": api.LoaderJSON, "a.txt": api.LoaderText, "a.html": api.LoaderText, "a.md": api.LoaderText, "a.css": api.LoaderText, "a.sql": api.LoaderText,
		"a.wasm": api.LoaderBinary, "a.bin": api.LoaderBinary, "a.png": api.LoaderBinary, "a.jpg": api.LoaderBinary, "a.ico": api.LoaderBinary,
		"a.js": api.LoaderJS, "a.mjs": api.LoaderJS, "a.cjs": api.LoaderJS, "a": api.LoaderJS, "a.json/b": api.LoaderJS, "a.TS": api.LoaderJS,
	} {
		if got := loader(name); got != want {
			t.Errorf("%s is read by %v, want %v", name, got, want)
		}
	}
}

func TestWhichFileAnImportMeans(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		files      []string
		path, want string // "" = none
	}{
		{[]string{"a.ts", "a.js"}, "a", "a.ts"},
		{[]string{"a.js", "a.mjs"}, "a", "a.js"},
		{[]string{"a", "a.ts"}, "a", "a"},
		{[]string{"a.json"}, "a", "a.json"},
		{[]string{"a.ts"}, "a.js", "a.ts"}, // TypeScript names the file that would be compiled
		{[]string{"a.tsx"}, "a.js", "a.tsx"},
		{[]string{"a.js", "a.ts"}, "a.js", "a.js"},
		{[]string{"a.js.ts", "a.ts"}, "a.js", "a.js.ts"},
		{[]string{"a.ts"}, "a.mjs", ""},
		{[]string{"a/index.ts", "a.js"}, "a", "a.js"},
		{[]string{"a/index.ts"}, "a", "a/index.ts"},
		{[]string{"a/index.js", "a/index.json"}, "a", "a/index.js"},
		{[]string{"a/index"}, "a", ""},
		{[]string{"a.css"}, "a", ""},
		{nil, "a", ""},
	} {
		got, ok := probe(have(tt.files...), tt.path)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s among %v is %q (%v), want %q", tt.path, tt.files, got, ok, tt.want)
		}
	}
}

func TestTheNameOfAnImport(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"a": "a", "a/b": "a", "a/b/c": "a", "@s/a": "@s/a", "@s/a/b": "@s/a", "@s/a/b/c": "@s/a", "@s": "@s", "a@1": "a@1"} {
		if got := packageName(name); got != want {
			t.Errorf("%s is in %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]bool{
		"./a": true, "../a": true, ".": true, "..": true, "/a": true, "./": true,
		"a": false, ".a": false, "..a": false, "@s/a": false, "#a": false, "a/./b": false, "": false,
	} {
		if got := isRelative(name); got != want {
			t.Errorf("%q is relative: %v", name, got)
		}
	}
	for name, want := range map[string]bool{
		"node_modules/a/b.js": true, "x/node_modules/a/b.js": true, "api/main.ts": false, "node_modules": false, "node_modulesx/a": false, "x/node_modules": false, "my_node_modules/a": false,
	} {
		if got := InPackage(name); got != want {
			t.Errorf("%s is in a package: %v", name, got)
		}
	}
	for name, want := range map[string][2]string{
		"lodash": {"std-lodash", ""}, "dayjs": {"std-dayjs", ""}, "dayjs/plugin/utc": {"std-dayjs-plugins", "utc"}, "dayjs/plugin/utc.js": {"std-dayjs-plugins", "utc"},
		"lodash/get": {}, "dayjs/plugin/nothing": {}, "dayjs/plugin/": {}, "dayjs/locale/de": {}, "Lodash": {}, "": {}, "react": {},
	} {
		part, member, ok := standardModule(name)
		if ok != (want[0] != "") || ok && (part != want[0] || member != want[1]) {
			t.Errorf("%q is %q of %q (%v), want %q", name, member, part, ok, want)
		}
	}
}

func TestImportsOfTheDeploymentAreBundled(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		files    files
		contains string
		standard []string
	}{
		"a file":                {files{"api/main.ts": `import a from './a'; respond(a)`, "api/a.ts": `const x: string = "marker"; export default x`}, "marker", nil},
		"a file above":          {files{"api/main.ts": `import a from '../a'; respond(a)`, "a.js": `export default "marker"`}, "marker", nil},
		"a folder":              {files{"api/main.ts": `import a from './a'; respond(a)`, "api/a/index.js": `export default "marker"`}, "marker", nil},
		"JSON":                  {files{"api/main.ts": `import a from './a.json'; respond(a.b)`, "api/a.json": `{"b":"marker"}`}, "marker", nil},
		"text":                  {files{"api/main.ts": `import a from './a.sql'; respond(a)`, "api/a.sql": "SELECT 'marker'"}, "marker", nil},
		"a package by its path": {files{"api/main.ts": `import a from 'p'; respond(a)`, "node_modules/p/index.js": `export default "marker"`}, "marker", nil},
		"of a folder above":     {files{"api/main.ts": `import './x/y'`, "api/x/y.js": `import a from 'p'; respond(a)`, "api/node_modules/p.js": `export default "marker"`}, "marker", nil},
		"by the map": {files{"api/main.ts": `import a from 'p'; respond(a)`, "node_modules/p/esm.js": `export default "marker"`, "node_modules/p/index.js": `export default "other"`,
			ImportsFile: `{"import":{"api/main.ts":{"p":"node_modules/p/esm.js"}}}`}, "marker", nil},
		"required by the map": {files{"api/main.ts": `respond(require('p'))`, "node_modules/p/cjs.js": `module.exports = "marker"`, "node_modules/p/esm.js": `export default "other"`,
			ImportsFile: `{"import":{"api/main.ts":{"p":"node_modules/p/esm.js"}},"require":{"api/main.ts":{"p":"node_modules/p/cjs.js"}}}`}, "marker", nil},
		"a module of Node.js":      {files{"api/main.ts": `import { join } from 'node:path'; respond(join("a"))`}, `__fazt_node("path")`, nil},
		"without its prefix":       {files{"api/main.ts": `import { join } from 'path'; respond(join("a"))`}, `__fazt_node("path")`, nil},
		"a part of one":            {files{"api/main.ts": `import { join } from 'path/posix'; respond(join("a"))`}, `__fazt_node("path").posix`, nil},
		"a package of that name":   {files{"api/main.ts": `import e from 'events/'; respond(e)`, "node_modules/events/index.js": `export default "marker"`}, "marker", nil},
		"standard modules, sorted": {files{"api/main.ts": `import _ from 'lodash'; import d from 'dayjs'; import utc from 'dayjs/plugin/utc'; import l from 'lodash'; respond([_, d, utc, l])`}, `__fazt_part("std-dayjs-plugins").utc`, []string{"std-dayjs", "std-dayjs-plugins", "std-lodash"}},
		"an installed copy":        {files{"api/main.ts": `import _ from 'lodash'; respond(_)`, "node_modules/lodash/index.js": `export default "marker"`}, "marker", nil},
		"what may be missing":      {files{"api/main.ts": `let x; try { x = require('left-pad') } catch { x = "marker" } respond(x)`}, "marker", nil},
		"the environment":          {files{"api/main.ts": `respond(process.env.NODE_ENV)`}, `"production"`, nil},
		"the global object":        {files{"api/main.ts": `global.x = 1; respond(x)`}, "globalThis.x", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := Compile(t.Context(), tt.files)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(p.Script), tt.contains) || strings.Contains(string(p.Script), `"other"`) || !slices.Equal(p.Standard, tt.standard) {
				t.Errorf("standard %v in\n%s", p.Standard, p.Script)
			}
		})
	}
}

func TestTheMapOfImports(t *testing.T) {
	t.Parallel()
	i := Imports{
		Import:  map[string]map[string]string{"a.js": {"p": "node_modules/p/esm.js", "up": "../x", "abs": "/etc/passwd", "dot": "a/./b", "none": ""}},
		Require: map[string]map[string]string{"a.js": {"p": "node_modules/p/cjs.js", "q": "node_modules/q.js"}},
	}
	for _, tt := range []struct {
		kind           api.ResolveKind
		importer, path string
		want           string
	}{
		{api.ResolveJSImportStatement, "a.js", "p", "node_modules/p/esm.js"},
		{api.ResolveJSDynamicImport, "a.js", "p", "node_modules/p/esm.js"},
		{api.ResolveJSRequireCall, "a.js", "p", "node_modules/p/cjs.js"},
		{api.ResolveJSRequireResolve, "a.js", "p", "node_modules/p/cjs.js"},
		{api.ResolveJSImportStatement, "a.js", "q", ""},
		{api.ResolveJSImportStatement, "b.js", "p", ""},
		{api.ResolveJSImportStatement, "a.js", "up", ""},
		{api.ResolveJSImportStatement, "a.js", "abs", ""},
		{api.ResolveJSImportStatement, "a.js", "dot", ""},
		{api.ResolveJSImportStatement, "a.js", "none", ""}, // an empty module
	} {
		if got, ok := i.find(api.OnResolveArgs{Kind: tt.kind, Importer: tt.importer, Path: tt.path}); ok != (tt.want != "" || tt.path == "none") || ok && got != tt.want {
			t.Errorf("%s from %s (%v) is %q (%v), want %q", tt.path, tt.importer, tt.kind, got, ok, tt.want)
		}
	}
}

func TestOnlySourcesThatMayComputeAnImportAreTransformed(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]bool{
		"": false, "respond(1)": false, "import a from 'a'": false, "import 'a'": false, `import "a"`: false, "import {a} from 'a'": false, "import * as a from 'a'": false,
		"import $ from 'a'": false, "import _ from 'a'": false, "important": false, "import\ta from 'a'": false,
		"require('a')": false, `x(require("a"),require( "b" ))`: false, "my_require": true, "require(a)": true, "require('a' + b)": true, "require(`a${b}`)": true, "require('a'); require(b)": true,
		"typeof require": true, "(require)(a)": true, "require/**/('a')": true, `require("a\x62")`: true, "'require(\"a\")' + require(b)": true, `r\u0065quire`: true, "import('a')": true, "import(a)": true, "import (a)": true, "import\n(a)": true, "import/**/(a)": true, "import": true,
		"import a from 'a'; import(b)": true, "import.meta": true,
	} {
		if got := mayCompute(source); got != want {
			t.Errorf("%q may compute an import: %v", source, got)
		}
	}
	for _, tt := range []struct {
		source string
		loader api.Loader
		want   string
	}{
		{"const a = require('./a')", api.LoaderJS, "const a = require('./a')"},
		{"require('./' + x)", api.LoaderJS, "__fazt_require('./' + x)"},
		{"import('./' + x)", api.LoaderJS, "__fazt_import('./' + x)"},
		{"import('./a')", api.LoaderJS, "import('./a')"},
		{"new URL('x', import.meta.url)\n/* import.meta */ import . meta", api.LoaderTS, "new URL('x', __fazt_meta(\"lib/a.js\").url)\n/* import.meta */ __fazt_meta(\"lib/a.js\")"},
		{"const x: any = require(`./${x}`)", api.LoaderTS, "const x: any = __fazt_require(`./${x}`)"},
		{"a();\r\n  require(x); import(y)", api.LoaderJS, "a();\r\n  __fazt_require(x); __fazt_import(y)"},
		{"/* \u2028 */ require(x)", api.LoaderJS, "/* \u2028 */ __fazt_require(x)"},
		{"/* \u00fc */ require(x)", api.LoaderJS, "/* \u00fc */ __fazt_require(x)"},
		{"require('./' + x)", api.LoaderText, "require('./' + x)"},
		{`{"a": "import(x)"}`, api.LoaderJSON, `{"a": "import(x)"}`},
		{"function f(require) { require(x) }", api.LoaderJS, "function f(require) { require(x) }"},
		{"// require(x)", api.LoaderJS, "// require(x)"},
		{"//# sourceMappingURL=/etc/passwd", api.LoaderJS, "//  sourceMappingURL=/etc/passwd"},
		{"/*@ sourceMappingURL=x */ a()", api.LoaderTSX, "/*  sourceMappingURL=x */ a()"},
		{"a { } /*# sourceMappingURL=x */", api.LoaderText, "a { } /*# sourceMappingURL=x */"},
		{"require(x", api.LoaderJS, "require(x"}, // the bundler reports the error
	} {
		if got := withoutReading("lib/a.js", tt.source, tt.loader, ""); got != tt.want {
			t.Errorf("%q becomes %q, want %q", tt.source, got, tt.want)
		}
	}
	for source, want := range map[string][]int{
		"": {0}, "a": {0}, "a\nb": {0, 2}, "\n": {0, 1}, "a\r\nb": {0, 3}, "a\rb": {0, 2}, "a\r": {0, 2}, "\n\n": {0, 1, 2}, "\u2028a\u2029": {0, 3, 7}, "\u00fc\n": {0, 3},
	} {
		if got := lineStarts(source); !slices.Equal(got, want) {
			t.Errorf("the lines of %q start at %v, want %v", source, got, want)
		}
	}
}

func TestTheFrameOfAnError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		at   api.Location
		want string
	}{
		{api.Location{Line: 1, Column: 0, Length: 1, LineText: "let"}, "    1 | let\n      | ^"},
		{api.Location{Line: 12, Column: 4, Length: 3, LineText: "let x;"}, "   12 | let x;\n      |     ^^^"},
		{api.Location{Line: 1, Column: 2, Length: 1, LineText: "\tab"}, "    1 | \tab\n      | \t ^"},
		{api.Location{Line: 1, Column: 3, Length: 0, LineText: "abc"}, "    1 | abc\n      |    ^"},
		{api.Location{Line: 1, Column: 9, Length: 1, LineText: "abc"}, "    1 | abc\n      |    ^"},
		{api.Location{Line: 1, Column: 0, Length: 60, LineText: "x"}, "    1 | x\n      | " + strings.Repeat("^", 60)},
		{api.Location{Line: 1, Column: 0, Length: 61, LineText: "x"}, "    1 | x\n      | " + strings.Repeat("^", 60)},
	} {
		if got := frame(&tt.at); got != tt.want {
			t.Errorf("%+v:\n%s\nwant\n%s", tt.at, got, tt.want)
		}
	}
	for want, list := range map[string][]Diagnostic{
		"a.ts:2:3: bad":              {{File: "a.ts", Line: 2, Column: 3, Text: "bad"}},
		"bad":                        {{Text: "bad"}},
		"a.ts:2:3: bad (and 1 more)": {{File: "a.ts", Line: 2, Column: 3, Text: "bad"}, {Text: "worse"}},
	} {
		err := unprocessable(list)
		if got, _ := errs.Details(err).([]Diagnostic); !errs.Is(err, errs.Unprocessable) || err.Error() != want || len(got) != len(list) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestATraceNamesTheAuthorsFiles(t *testing.T) {
	t.Parallel()
	p, err := Compile(t.Context(), files{
		"api/main.ts":  "import { fail } from './other';\n\nexport default () => {\n\tfail();\n};",
		"api/other.ts": "interface Unused { a: string }\n\nexport function fail(): never {\n\tthrow new Error('no');\n}",
	})
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) string {
		for i, line := range strings.Split(string(p.Script), "\n") {
			if column := strings.Index(line, text); column >= 0 {
				return fmt.Sprintf("%s:%d:%d", scriptName, i+1, column+1)
			}
		}
		t.Fatalf("%q is not in\n%s", text, p.Script)
		return ""
	}
	thrown := func(lines ...string) error {
		return &quickjs.Thrown{Message: "Error: no", Stack: strings.Join(lines, "\n")}
	}
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"two positions":    {thrown("    at fail ("+at("throw")+")", "    at <anonymous> ("+at("fail();")+")"), "Error: no\n    at fail (api/other.ts:4:2)\n    at <anonymous> (api/main.ts:4:2)"},
		"of the product":   {thrown("    at run (prelude.js:1:2)", "    at fail ("+at("throw")+")"), "Error: no\n    at fail (api/other.ts:4:2)"},
		"an unknown place": {thrown("    at x (" + scriptName + ":99999:1)"), "Error: no\n    at x (" + scriptName + ":99999:1)"},
		"no stack":         {thrown(), "Error: no"},
		"wrapped":          {errs.Wrap(errs.Internal, thrown("    at fail ("+at("throw")+")"), "it failed"), "Error: no\n    at fail (api/other.ts:4:2)"},
		"another error":    {io.ErrUnexpectedEOF, "unexpected EOF"},
	} {
		if got := p.Trace(tt.err); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, tt.want)
		}
	}
	without := Program{SourceMap: []byte("damaged")}
	if got, want := without.Trace(thrown("    at fail (function.js:1:2)")), "Error: no\n    at fail (function.js:1:2)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestCodeThatCannotBeCompiledIsExplained(t *testing.T) {
	t.Parallel()
	if _, err := Embedded("broken", func() ([]byte, error) { return []byte("export default ("), nil })(); err == nil {
		t.Error("a module that cannot be parsed was compiled")
	}
	if code, err := Embedded("whole", func() ([]byte, error) { return []byte("globalThis.x = 1"), nil })(); err != nil || len(code) == 0 {
		t.Errorf("%d bytes, %v", len(code), err)
	}
	_, err := Assemble(&Program{Entry: "api/main.js", Style: StyleScript, Script: []byte("let let = 1")})
	if list, _ := errs.Details(err).([]Diagnostic); !errs.Is(err, errs.Unprocessable) || len(list) != 1 || list[0].File != "api/main.js" {
		t.Errorf("%v %+v", err, list)
	}
	_, err = Assemble(&Program{Entry: "api/main.js", Style: StyleScript, Script: []byte(strings.Repeat("(", 200_000))})
	if !errs.Is(err, errs.Unprocessable) || !strings.HasSuffix(err.Error(), "the code nests too deeply to be compiled") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p, err := Compile(ctx, have("api/main.js")); p != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("after its context ended: %+v %v", p, err)
	}
}
