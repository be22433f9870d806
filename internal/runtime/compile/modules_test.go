package compile

import (
	"os"
	"slices"
	"strings"
	"testing"

	"fazt/internal/errs"
)

func TestUnresolvableImportsAreExplained(t *testing.T) {
	for name, tt := range map[string]struct {
		files files
		want  string
	}{
		"unknown with node:":      {files{"api/main.ts": "import 'node:nonsense';\nexport default 1;"}, `"node:nonsense" is not available in functions`},
		"part of a package":       {files{"api/main.ts": "import '@scope/name/part';\nexport default 1;"}, "there is no package \"@scope/name/part\" in node_modules; `npm install @scope/name` installs it"},
		"address":                 {files{"api/main.ts": "import x from 'https://esm.sh/x';\nexport default x;"}, "a function can import files of its folder and packages, not URLs"},
		"data":                    {files{"api/main.ts": "import x from 'data:text/javascript,1';\nexport default x;"}, "not URLs"},
		"the map leads elsewhere": {files{"api/main.ts": "import x from 'p';\nexport default x;", ImportsFile: `{"import":{"api/main.ts":{"p":"../../etc/passwd"}}}`}, `there is no package "p"`},
		"the map is damaged":      {files{"api/main.ts": "import x from 'p';\nexport default x;", ImportsFile: `{"import":[`}, `there is no package "p"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile(t.Context(), tt.files)
			if !errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func FuzzImports(f *testing.F) {
	f.Add([]byte(`{"import":{"api/main.js":{"p":"node_modules/p/x.js"}},"pure":["a"]}`))
	f.Add([]byte(`{"import":{"api/main.js":{"p":"../../x"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := Compile(t.Context(), files{"api/main.js": "import p from 'p'; export default p;", "node_modules/p/x.js": "export default () => {};", ImportsFile: string(data)})
		if err != nil && !errs.Is(err, errs.Unprocessable) {
			t.Fatal(err)
		}
	})
}

func TestEveryNodeModuleIsBundled(t *testing.T) {
	if _, err := os.Stat("../web/dist/node-util.js"); err != nil {
		t.Skip("make web bundles the packages")
	}
	for _, name := range NodeModules() {
		name, _, _ = strings.Cut(name, "/")
		if _, err := os.Stat("../web/dist/node-" + name + ".js"); err != nil {
			t.Error(err)
		}
		if slices.Contains(otherNodeModules(), name) {
			t.Errorf("%s is listed both as available and as missing", name)
		}
	}
}
