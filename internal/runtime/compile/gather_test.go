package compile

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/errs"
)

// gather writes a folder and gathers what its function needs. Files below node_modules are on the disk only.
func gather(t *testing.T, all files) (*Packages, Imports, error) {
	t.Helper()
	dir, own := t.TempDir(), files{}
	write(t, dir, all)
	for name, text := range all {
		if !InPackage(name) {
			own[name] = text
		}
	}
	p, err := Gather(t.Context(), dir, false, own)
	var i Imports
	if err == nil && p.Imports != nil {
		if err := json.Unmarshal(p.Imports, &i); err != nil {
			t.Fatal(err)
		}
	}
	return p, i, err
}

func TestWhatAFunctionNeedsOfItsPackages(t *testing.T) {
	t.Parallel()
	const manifest = `{"name":"p","main":"./cjs.js","module":"./esm.js","sideEffects":false}`
	for name, tt := range map[string]struct {
		all     files
		files   []string
		imports Imports
	}{
		"imported": {
			files{"api/main.js": `import p from 'p'; export default p`, "node_modules/p/package.json": manifest, "node_modules/p/esm.js": "export default 1", "node_modules/p/cjs.js": "", "node_modules/p/README.md": ""},
			[]string{"node_modules/p/esm.js", "node_modules/p/package.json"},
			Imports{Import: map[string]map[string]string{"api/main.js": {"p": "node_modules/p/esm.js"}}, Pure: []string{"node_modules/p/esm.js"}},
		},
		"required by another": {
			files{"api/main.js": `import p from 'p'; export default p`, "node_modules/p/package.json": `{"name":"p","main":"./a.js"}`, "node_modules/p/a.js": "module.exports = require('q')",
				"node_modules/q/package.json": `{"name":"q","main":"./b.js"}`, "node_modules/q/b.js": "module.exports = 1", "node_modules/q/c.js": ""},
			[]string{"node_modules/p/a.js", "node_modules/p/package.json", "node_modules/q/b.js", "node_modules/q/package.json"},
			Imports{Import: map[string]map[string]string{"api/main.js": {"p": "node_modules/p/a.js"}}, Require: map[string]map[string]string{"node_modules/p/a.js": {"q": "node_modules/q/b.js"}}},
		},
		"a file in a scope": {
			files{"api/main.js": `import p from '@s/p/lib/x.js'; export default p`, "node_modules/@s/p/package.json": `{"name":"@s/p"}`, "node_modules/@s/p/lib/x.js": "export default 1"},
			[]string{"node_modules/@s/p/lib/x.js", "node_modules/@s/p/package.json"},
			Imports{Import: map[string]map[string]string{"api/main.js": {"@s/p/lib/x.js": "node_modules/@s/p/lib/x.js"}}},
		},
		"files of a package that import each other": {
			files{"api/main.js": `import p from 'p'; export default p`, "node_modules/p/package.json": `{"name":"p","main":"./a"}`, "node_modules/p/a.js": "export { default } from './b'", "node_modules/p/b.js": "export default 1"},
			[]string{"node_modules/p/a.js", "node_modules/p/b.js", "node_modules/p/package.json"},
			Imports{Import: map[string]map[string]string{"api/main.js": {"p": "node_modules/p/a.js"}, "node_modules/p/a.js": {"./b": "node_modules/p/b.js"}}},
		},
		"for a browser": {
			files{"api/main.js": `import p from 'p'; export default p`, "node_modules/p/package.json": `{"main":"./node.js","browser":{"./node.js":"./web.js","./color":false,"fs":false,"http2":false,"stream":"tiny"}}`, "node_modules/p/node.js": "",
				"node_modules/p/web.js": "require('fs'); require('http2'); require('./color'); exports.s = require('stream')", "node_modules/tiny/index.js": ""},
			[]string{"node_modules/p/package.json", "node_modules/p/web.js", "node_modules/tiny/index.js"},
			Imports{Import: map[string]map[string]string{"api/main.js": {"p": "node_modules/p/web.js"}}, Require: map[string]map[string]string{"node_modules/p/web.js": {"http2": "", "./color": "", "stream": "node_modules/tiny/index.js"}}},
		},
		"CommonJS in a module": {
			files{"api/main.js": `import p from 'p'; export default p`, "package.json": `{"type":"module"}`, "node_modules/p/index.js": "exports.__esModule = true; exports.default = 1", "node_modules/p/package.json": "{}"},
			[]string{"node_modules/p/index.js", "node_modules/p/package.json"},
			Imports{Import: map[string]map[string]string{"api/main.js": {"p": "node_modules/p/index.js"}}, Node: []string{"api/main.js"}, CommonJS: []string{"node_modules/p/index.js"}},
		},
		"by condition": {
			files{"api/main.js": `import a from 'a'; import b from 'b'; import c from 'c'; export default [a, b, c]`,
				"node_modules/a/package.json": `{"exports":{"node":"./n.js","deno":"./d.js","browser":"./b.js","workerd":"./w.js","default":"./x.js"}}`, "node_modules/a/b.js": "export default 1", "node_modules/a/n.js": "", "node_modules/a/d.js": "", "node_modules/a/x.js": "",
				"node_modules/a/w.js":         "export default 1",
				"node_modules/b/package.json": `{"exports":{"node":"./n.js","workerd":"./w.js","default":"./x.js"}}`, "node_modules/b/w.js": "export default 1", "node_modules/b/n.js": "", "node_modules/b/x.js": "",
				"node_modules/c/package.json": `{"exports":{"require":"./r.js","module":"./m.js","import":"./i.js"}}`, "node_modules/c/m.js": "export default 1", "node_modules/c/r.js": "", "node_modules/c/i.js": ""},
			[]string{"node_modules/a/b.js", "node_modules/a/package.json", "node_modules/b/package.json", "node_modules/b/w.js", "node_modules/c/m.js", "node_modules/c/package.json"},
			Imports{Import: map[string]map[string]string{"api/main.js": {"a": "node_modules/a/b.js", "b": "node_modules/b/w.js", "c": "node_modules/c/m.js"}}},
		},
		"only Node.js modules": {files{"api/main.js": `import fs from 'fs'; import { connect } from 'node:net'; import 'fs/promises'; export default [fs, connect]`}, nil, Imports{}},
		"with the settings of TypeScript": {
			files{"api/main.tsx": `import p from '@/lib/p'; export default () => <a>{p}</a>`, "tsconfig.json": `{"compilerOptions":{"jsx":"react-jsx","jsxImportSource":"j","paths":{"@/*":["./src/*"]}}}`, "src/lib/p.ts": "export default 1",
				"node_modules/j/package.json": `{"exports":{"./jsx-runtime":"./r.js"}}`, "node_modules/j/r.js": "export const jsx = 1, jsxs = 1, Fragment = 1"},
			[]string{"node_modules/j/package.json", "node_modules/j/r.js"},
			Imports{Import: map[string]map[string]string{"api/main.tsx": {"@/lib/p": "src/lib/p.ts", "j/jsx-runtime": "node_modules/j/r.js"}}, TSConfig: []byte(`{"compilerOptions":{"jsx":"react-jsx","jsxImportSource":"j","paths":{"@/*":["./src/*"]}}}`)},
		},
		"with a pragma": {
			files{"api/main.tsx": "/** @jsxImportSource j */\nexport default () => <a/>", "node_modules/j/jsx-runtime.js": "export const jsx = 1, jsxs = 1, Fragment = 1"},
			[]string{"node_modules/j/jsx-runtime.js"},
			Imports{Import: map[string]map[string]string{"api/main.tsx": {"j/jsx-runtime": "node_modules/j/jsx-runtime.js"}}},
		},
		"only modules of the product": {files{"api/main.js": `import _ from 'lodash'; import 'node:path'; export default _`}, nil, Imports{}},
		"only files of the folder":    {files{"api/main.js": `import a from './a'; export default a`, "api/a.js": "export default 1"}, nil, Imports{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, imports, err := gather(t, tt.all)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(p.Files, tt.files) || (p.Imports == nil) != (tt.files == nil) {
				t.Errorf("files %q, want %q", p.Files, tt.files)
			}
			if diff := cmp.Diff(tt.imports, imports); diff != "" {
				t.Error(diff)
			}
			// What was gathered is enough to compile it on a server, where nothing else is.
			sent := files{}
			for name, text := range tt.all {
				if !InPackage(name) || slices.Contains(p.Files, name) {
					sent[name] = text
				}
			}
			if p.Imports != nil {
				sent[ImportsFile] = string(p.Imports)
			}
			if _, err := Compile(t.Context(), sent); err != nil {
				t.Errorf("the deployment does not compile: %v", err)
			}
		})
	}
}

func TestPackagesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		all  files
		want string
	}{
		"not installed":     {files{"api/main.js": `import 'p'`}, "there is no package \"p\" in node_modules; `npm install p` installs it"},
		"without that file": {files{"api/main.js": `import 'p/x'`, "node_modules/p/package.json": `{"name":"p","exports":"./a.js"}`, "node_modules/p/a.js": ""}, `there is no package "p/x" in node_modules`},
		"with an error":     {files{"api/main.js": `import 'p'`, "node_modules/p/index.js": "let 1"}, "node_modules/p/index.js:1:5: "},
		"an internal name":  {files{"api/main.js": `import '#x'`}, `"#x" is not among the "imports" of package.json`},
	} {
		_, _, err := gather(t, tt.all)
		if !errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	// A file that .faztignore leaves out is on the disk, but the deployment will not have it.
	dir := t.TempDir()
	write(t, dir, files{"api/main.js": `import '#x'`, "package.json": `{"imports":{"#x":"./left-out.js"}}`, "left-out.js": "export default 1"})
	if _, err := Gather(t.Context(), dir, false, files{"api/main.js": `import '#x'`}); !errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), "the import resolves to left-out.js, which is not part of the deployment") {
		t.Error(err)
	}
	if _, err := Gather(t.Context(), dir+"/missing", false, have("api/main.js")); err == nil {
		t.Error("a folder that does not exist was read")
	}
}

// A pulled folder has the files of its packages and the map of the imports, but not the links between the packages.
func TestAPulledFolderCanBeDeployedAgain(t *testing.T) {
	t.Parallel()
	p, imports, err := gather(t, files{
		"api/main.js": `import p from 'p'; export default p`, "node_modules/.store/p/main.js": "export default 1",
		ImportsFile: `{"import":{"api/main.js":{"p":"node_modules/.store/p/main.js","gone":"node_modules/gone.js"}}}`,
	})
	if err != nil || !slices.Equal(p.Files, []string{"node_modules/.store/p/main.js"}) || imports.Import["api/main.js"]["p"] != "node_modules/.store/p/main.js" || len(imports.Import["api/main.js"]) != 1 {
		t.Errorf("%+v %+v %v", p, imports, err)
	}
	if _, _, err := gather(t, files{"api/main.js": `import p from 'gone'`, ImportsFile: `{"import":{"api/main.js":{"gone":"node_modules/gone.js"}}}`}); !errs.Is(err, errs.Unprocessable) {
		t.Errorf("a file that is only in the map: %v", err)
	}
}
