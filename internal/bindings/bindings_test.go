package bindings

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/runtime/bind"
	"fazt/internal/runtime/compile"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestTypesAndReferenceMatchTheGoldenFiles(t *testing.T) {
	all := All(Deps{})
	for name, got := range map[string][]byte{
		filepath.Join("sdk", "fazt.d.ts"):           bind.TypeScript(all),
		filepath.Join("docs", "reference", "js.md"): bind.Markdown(all, bind.Modules{Node: compile.NodeModules(), Standard: compile.StandardModules()}),
	} {
		golden := filepath.Join("..", "..", name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is stale; if the change is meant, run the test with -update:\n%s", name, diff)
		}
	}
}
