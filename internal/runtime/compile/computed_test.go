package compile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

func FuzzComputedImports(f *testing.F) {
	for _, s := range []string{"require(`./${x}`)", "import(`../${x}/${y}.js`)", "require('./' + x)", "\r\n\u2028import(y)", "r\\u0065quire(x)", "import('x');", "`${import(a+'b')}`", "//# sourceMappingURL=file:///x"} {
		f.Add(s)
	}
	dir := f.TempDir()
	f.Chdir(dir)
	if err := os.WriteFile(filepath.Join(dir, "secret.js"), []byte(`"the machine's secret"`), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, code string) {
		source := files{"api/main.js": "const read = (x) => require(`./${x}.js`);\n" + code}
		result, err := bundle(t.Context(), &modules{src: source}, "api/main.js", api.FormatESModule)
		_ = err
		for _, out := range result.OutputFiles {
			if strings.Contains(string(out.Contents), "machine's") {
				t.Fatalf("%q", code)
			}
		}
	})
}
