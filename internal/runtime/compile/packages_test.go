package compile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fazt/internal/errs"
)

// write writes files to a folder.
func write(t *testing.T, dir string, list files) {
	t.Helper()
	for name, text := range list {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPackagesThatAreNotImportedAreNotSent(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, files{"node_modules/old/package.json": `{"name":"old","main":"lib"}`, "node_modules/old/lib/index.js": ""})
	p, err := Gather(t.Context(), dir, files{"api/main.ts": `export default () => new Response("hi");`})
	if err != nil || p.Imports != nil || len(p.Files) > 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	if p, err := Gather(t.Context(), dir, files{"index.html": "hi"}); err != nil || p.Imports != nil {
		t.Fatalf("%+v, %v", p, err)
	}
}

// Any link in a folder used to be followed.
func TestALinkInNodeModulesThatLeadsOutOfTheFolderIsRefused(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	write(t, outside, files{"index.js": `module.exports = "secret";`})
	write(t, dir, files{"node_modules/x/index.js": ""})
	if err := os.Symlink(outside, filepath.Join(dir, "node_modules", "out")); err != nil {
		t.Skip(err)
	}
	own := files{"api/main.js": "import x from 'out'; export default x;"}
	write(t, dir, own)
	_, err := Gather(t.Context(), dir, own)
	if !errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), `api/main.js:1:15: the import resolves to`) || !strings.Contains(err.Error(), "outside the deployed folder") {
		t.Fatalf("got %v", err)
	}
}
