package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fazt/internal/fazttest"
)

// The code on the pages of the guide and in the README has no faults that `tsc --strict` finds, with the types that `fazt types`
// writes. JavaScript has no annotations, so parameters may be of any type there.
func TestTheCodeInTheDocumentationPassesTheTypeChecker(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("short: nothing of it is ours to race")
	}
	pages, err := filepath.Glob(filepath.Join("..", "..", "docs", "guide", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	fence := regexp.MustCompile("(?ms)^```(\\w+)[^\n]*\n(.*?)^```$")
	snippets := map[string]string{
		"api/strict.json": `{ "extends": "./tsconfig.json", "compilerOptions": { "checkJs": true, "noImplicitAny": false }, "include": ["*.js", "*.jsx", "*.d.ts"] }`,
	}
	for _, page := range append(pages, filepath.Join("..", "..", "README.md")) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for n, block := range fence.FindAllStringSubmatch(string(text), -1) {
			language := strings.NewReplacer("typescript", "ts", "javascript", "js").Replace(block[1])
			switch language {
			case "ts", "tsx", "js", "jsx":
				snippets[fmt.Sprintf("api/%s-%d.%s", strings.TrimSuffix(filepath.Base(page), ".md"), n, language)] = block[2]
			}
		}
	}
	if len(snippets) < 6 {
		t.Fatalf("only %d snippets were found", len(snippets))
	}
	dir := typed(t, fazttest.New(t), snippets)
	for _, config := range []string{"api", "api/strict.json"} {
		if faults := typeCheckWith(t, dir, config); faults != "" {
			t.Errorf("%s\n%v", faults, snippets)
		}
	}
}
