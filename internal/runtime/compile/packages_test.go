package compile

import (
	"os"
	"path/filepath"
	"slices"
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
	p, err := Gather(t.Context(), dir, false, files{"api/main.ts": `export default () => new Response("hi");`})
	if err != nil || p.Imports != nil || len(p.Files) > 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	if p, err := Gather(t.Context(), dir, false, files{"index.html": "hi"}); err != nil || p.Imports != nil {
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
	_, err := Gather(t.Context(), dir, false, own)
	if !errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), `api/main.js:1:15: the import resolves to`) || !strings.Contains(err.Error(), "outside the deployed folder") {
		t.Fatalf("got %v", err)
	}
}

// npm, pnpm, yarn and bun install the packages of a workspace at its root.
func TestPackagesOfAWorkspaceAreDeployed(t *testing.T) {
	top := t.TempDir()
	own := files{"api/main.ts": "import x from 'x'; import shared from '@w/shared'; export default () => new Response(x + shared);"}
	write(t, filepath.Join(top, "apps", "site"), own)
	write(t, top, files{"package.json": `{"workspaces":["apps/*","libs/*"]}`, "node_modules/x/index.js": "export default 'x'", "node_modules/x/package.json": "{}",
		"libs/shared/package.json": `{"name":"@w/shared","main":"src/index.ts"}`, "libs/shared/src/index.ts": "export { default } from './other';", "libs/shared/src/other.ts": "export default 1 as number", "node_modules/@w/keep": ""})
	if err := os.Symlink(filepath.Join(top, "libs", "shared"), filepath.Join(top, "node_modules", "@w", "shared")); err != nil {
		t.Skip(err)
	}
	p, err := Gather(t.Context(), filepath.Join(top, "apps", "site"), false, own)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"libs/shared/package.json", "libs/shared/src/index.ts", "libs/shared/src/other.ts", "node_modules/x/index.js", "node_modules/x/package.json"}
	sent := files{"api/main.ts": own["api/main.ts"], ImportsFile: string(p.Imports)}
	for n, name := range want {
		data, err := os.ReadFile(filepath.Join(top, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		want[n] = WorkspaceFolder + name
		sent[want[n]] = string(data)
	}
	if root, _ := filepath.EvalSymlinks(top); p.Workspace != root || !slices.Equal(p.Files, want) {
		t.Errorf("%q of %s, want %q", p.Files, p.Workspace, want)
	}
	if _, err := Compile(t.Context(), sent); err != nil {
		t.Error(err)
	}
}
