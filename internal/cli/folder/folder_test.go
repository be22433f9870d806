package folder

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"fazt/internal/api/op"
	"fazt/internal/api/show"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/system"
)

// write makes a folder from a txtar text and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(text)).Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, dir string, o Options) (*Folder, []string) {
	t.Helper()
	f, err := Read(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	paths := []string{}
	for _, a := range f.Files {
		paths = append(paths, a.Path)
	}
	return f, paths
}

const tree = `
-- .gitignore --
*.log
/build
!keep.log
secret.txt
private/
-- .faztignore --
drafts/
-- index.html --
a
-- a.log --
x
-- keep.log --
x
-- build/x.js --
x
-- sub/build/x.js --
x
-- sub/.gitignore --
*.tmp
!../a.log
-- sub/x.tmp --
x
-- sub/y.txt --
x
-- x.tmp --
x
-- drafts/d.html --
x
-- private/p.txt --
x
-- .env --
KEY=1
-- .env.local --
KEY=1
-- sub/.env --
KEY=1
-- .git/config --
x
-- node_modules/m/index.js --
x
-- sub/node_modules/m/index.js --
x
-- .well-known/security.txt --
x
-- .well-known/.hidden --
x
-- .DS_Store --
x
`

func TestOnlyTheFilesOfTheAppAreSent(t *testing.T) {
	dir := write(t, tree)
	f, got := read(t, dir, Options{})
	want := []string{".well-known/security.txt", "index.html", "keep.log", "sub/build/x.js", "sub/y.txt", "x.tmp"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	if len(f.Warnings) != 1 || !strings.Contains(f.Warnings[0], "--include-private") {
		t.Errorf("warnings: %q", f.Warnings)
	}
	if f.Files[1].Size != 2 || f.Files[1].Hash.String() != "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7" {
		t.Errorf("%+v", f.Files[1])
	}
	if _, got := read(t, dir, Options{IncludePrivate: true}); !cmp.Equal(got, append(append([]string{}, want[:3]...), "private/p.txt", "sub/build/x.js", "sub/y.txt", "x.tmp")) {
		t.Errorf("with private: %v", got)
	}
}

func TestRulesOfTheRepositoryAboveAreRespected(t *testing.T) {
	dir := write(t, `
-- .git/config --
x
-- .gitignore --
*.log
/apps/site/out
/other
apps/site/raw/*.psd
-- apps/site/index.html --
x
-- apps/site/a.log --
x
-- apps/site/out/x --
x
-- apps/site/sub/out/x --
x
-- apps/site/other --
x
-- apps/site/raw/a.psd --
x
`)
	_, got := read(t, filepath.Join(dir, "apps", "site"), Options{})
	if diff := cmp.Diff([]string{"index.html", "other", "sub/out/x"}, got); diff != "" {
		t.Fatal(diff)
	}
}

func TestLinksAndSpecialFilesAreNotSent(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	dir := write(t, "-- index.html --\nx\n")
	for name, target := range map[string]string{"passwd": "/etc/passwd", "etc": "/etc", "up": "..", "self": "index.html", "gone": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	f, got := read(t, dir, Options{})
	if !cmp.Equal(got, []string{"index.html"}) || len(f.Warnings) != 5 {
		t.Fatalf("%v %v", got, f.Warnings)
	}
}

func TestAFileThatBecomesALinkOutOfTheFolderIsNotRead(t *testing.T) {
	dir := write(t, "-- index.html --\nx\n")
	f, _ := read(t, dir, Options{})
	name := filepath.Join(dir, "index.html")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", name); err != nil {
		t.Skip(err)
	}
	if r, err := f.Open("index.html"); err == nil {
		data, _ := io.ReadAll(r)
		t.Fatalf("read %q", data)
	}
}

func TestAFileThatChangesWhileItIsSentIsNoticed(t *testing.T) {
	dir := write(t, "-- a.txt --\nsame length\n")
	for name, content := range map[string]string{"other content": "SAME LENGTH\n", "longer": "same length, and more\n", "shorter": "same\n"} {
		f, _ := read(t, dir, Options{})
		if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := f.Open("a.txt")
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		r.Close()
		if err == nil && len(data) == 12 {
			t.Errorf("%s was not noticed", name)
		}
		if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("same length\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFoldersThatCannotBeDeployed(t *testing.T) {
	empty := t.TempDir()
	ignored := write(t, "-- .faztignore --\n*\n-- a.txt --\nx\n")
	file := filepath.Join(write(t, "-- a.txt --\nx\n"), "a.txt")
	locked := write(t, "-- index.html --\nx\n-- secret.html --\nx\n")
	if err := os.Chmod(filepath.Join(locked, "secret.html"), 0); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ dir, want string }{
		"missing":    {filepath.Join(empty, "none"), "no folder "},
		"empty":      {empty, "nothing to deploy"},
		"ignored":    {ignored, "nothing to deploy"},
		"a file":     {file, "is a file; name its folder"},
		"unreadable": {locked, "secret.html cannot be read: permission denied; nothing was sent"},
	} {
		if name == "unreadable" && os.Geteuid() == 0 {
			continue // root reads everything
		}
		_, err := Read(t.Context(), tt.dir, Options{})
		if err == nil || !strings.Contains(errs.Sentence(err), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRules(f *testing.F) {
	for _, seed := range []string{"*.log\n!keep.log\n/build/\n", "**/a/**/b\r\n# comment\n\\#x\n", "[a-\n[[:alpha:]]*\n***\n", "\xef\xbb\xbf!\n/\n//\n\\\n", "a\\ \n\x00\xff"} {
		f.Add([]byte(seed), "a/b/keep.log")
	}
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		if len(text) > 1<<10 || len(name) > 200 {
			return
		}
		r := rules{all: parse(string(text), ""), own: parse(string(text), "")}
		if r.ignored(name, false) != r.ignoredByOwn(name, false) {
			t.Fatalf("the same rules say two things of %q", name)
		}
		if lines := bytes.Count(text, []byte("\n")) + 1; len(r.all) > lines {
			t.Fatalf("%d rules in %d lines", len(r.all), lines)
		}
		// A last rule that excludes everything wins.
		last := rules{all: append(r.all, parse("*\n", "")...)}
		if name != "" && name != "." && !strings.Contains(name, "/") && !last.ignored(name, false) {
			t.Fatalf("%q is taken although the last rule leaves out everything", name)
		}
	})
}

// A file of 2 GB was read completely before it was refused, although its size was known.
func TestFilesThatAreTooLargeAreRefusedBeforeAnyIsRead(t *testing.T) {
	dir := write(t, "-- index.html --\nhi\n")
	large := filepath.Join(dir, "film.mp4")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 1<<40); err != nil { // reading it would take hours
		t.Skip(err)
	}
	_, err := Read(t.Context(), dir, Options{Check: func(files []op.Announced) error {
		return hosting.CheckSizes(show.Announced(files), system.Defaults().Storage)
	}})
	if !errs.Is(err, errs.TooLarge) || !strings.Contains(errs.Sentence(err), "film.mp4") {
		t.Error(err)
	}
}
