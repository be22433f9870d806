package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"fazt/internal/cli/kit"
	"fazt/internal/cli/template"
	"fazt/internal/hosting"
)

func TestANewAppIsWrittenToAnEmptyFolderOnly(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(os.Mkdir(at("empty"), 0o755), os.Mkdir(at("full"), 0o755), os.WriteFile(at("full/x"), nil, 0o600), os.WriteFile(at("file"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ app, template, to, err string }{
		"an unknown template": {"blog", "statik", at("a"), `unknown template "statik"; use static, api, spa, hono, react, vue, svelte, astro, guestbook`},
		"a bad name":          {"My Blog", "static", at("b"), `"My Blog" cannot be the name of an app: only a-z, 0-9 and - are allowed`},
		"a reserved name":     {"admin", "static", at("c"), `the name "admin" is reserved`},
		"a full folder":       {"blog", "static", at("full"), "is not empty; nothing was written. --to DIR chooses another folder"},
		"a file":              {"blog", "static", at("file"), "cannot be created: "},
		"below a file":        {"blog", "static", at("file/x"), "not a directory"},
		"an empty folder":     {"blog", "static", at("empty"), ""},
		"a new folder":        {"blog", "api", at("new/deep"), ""},
	} {
		if runtime.GOOS == "windows" && name == "below a file" {
			continue
		}
		c, out, _ := printer("table")
		err := c.create(tt.app, tt.template, tt.to)
		text := said(err)
		if usage := (*kit.Usage)(nil); errors.As(err, &usage) {
			text = err.Error()
		}
		if !strings.Contains(text, tt.err) || (err == nil) != (tt.err == "") {
			t.Errorf("%s: %v, want %q", name, err, tt.err)
		}
		if err == nil && (!strings.Contains(out.String(), "app        blog\n") || !strings.Contains(out.String(), "deploy it  fazt app deploy "+tt.to+"\n")) {
			t.Errorf("%s: %s", name, out)
		}
		if _, missing := os.Stat(tt.to); err != nil && strings.HasPrefix(tt.to, at("")) && len(filepath.Base(tt.to)) == 1 && name != "below a file" && missing == nil {
			t.Errorf("%s: a folder was left", name)
		}
	}
}

func TestEveryTemplateBecomesAFolderThatIsNamedAfterItsApp(t *testing.T) {
	for _, tmpl := range template.All() {
		dir := filepath.Join(t.TempDir(), "x")
		c, out, _ := printer("json")
		if err := c.create("my-app", tmpl.Name, dir); err != nil {
			t.Fatal(err)
		}
		files := 0
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files++
			}
			return err
		})
		if err != nil || !strings.Contains(out.String(), fmt.Sprintf(`"files": %d`, files)) || !strings.Contains(out.String(), `"template": "`+tmpl.Name+`"`) {
			t.Errorf("%s: %d files: %s %v", tmpl.Name, files, out, err)
		}
		data, err := os.ReadFile(filepath.Join(dir, hosting.ManifestFile))
		if err != nil {
			t.Fatal(err)
		}
		if m, err := hosting.ParseManifest(data, hosting.ManifestFile); err != nil || m.Name != "my-app" || m.Title == "" || data[len(data)-1] != '\n' {
			t.Errorf("%s: %s %v", tmpl.Name, data, err)
		}
		_, hasFunction := os.Stat(filepath.Join(dir, "api"))
		_, hasTypes := os.Stat(filepath.Join(dir, "api", "fazt.d.ts"))
		if (hasFunction == nil) != (hasTypes == nil) {
			t.Errorf("%s: function %v, types %v", tmpl.Name, hasFunction, hasTypes)
		}
	}
	if _, err := renamed([]byte("{"), "x"); err == nil {
		t.Error("a broken manifest was renamed")
	}
}

func TestDevelopmentHasADatabaseOfItsOwnForEveryFolder(t *testing.T) {
	home := t.TempDir()
	open := func(dir, flag, variable string) string {
		t.Helper()
		c, _, _ := printer("table")
		c.Database = flag
		c.Getenv = func(name string) string { return map[string]string{"FAZT_DB": variable}[name] }
		c.Env.Home = func() (string, error) { return home, nil }
		path, err := c.devDatabase(dir)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	one, other := filepath.Join(t.TempDir(), "My Site"), filepath.Join(t.TempDir(), "My Site")
	path := open(one, "", "")
	if rest, ok := strings.CutPrefix(path, filepath.Join(home, ".fazt", "dev", "my-site-")); !ok || len(rest) != len("01234567.db") {
		t.Error(path)
	}
	if again := open(one+string(filepath.Separator), "", ""); again != path {
		t.Errorf("the same folder has another database: %s, %s", path, again)
	}
	if open(other, "", "") == path {
		t.Error("two folders of the same name share a database")
	}
	t.Chdir(home)
	if open("x", "", "") != open(filepath.Join(home, "x"), "", "") {
		t.Error("a relative path has another database than the absolute one")
	}
	for _, given := range []string{open(one, filepath.Join(home, "own.db"), ""), open(one, "", filepath.Join(home, "own.db"))} {
		if filepath.Base(given) != "own.db" {
			t.Error(given)
		}
	}
	c, _, _ := printer("table")
	c.Getenv = func(string) string { return "" }
	c.Env.Home = func() (string, error) { return "", errors.New("none") }
	if _, err := c.devDatabase(one); said(err) != "the home directory is unknown; name a database with --db" {
		t.Error(err)
	}
}

func TestAnAddressIsOnlyPrintedWithoutAScreen(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux runs without a screen")
	}
	dir := t.TempDir()
	opened := filepath.Join(dir, "opened")
	script := "#!/bin/sh\nprintf %s \"$1\" > " + opened + "\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/bin:/usr/bin")
	for display, want := range map[string]string{"": "", ":0": "http://blog.localhost/"} {
		os.Remove(opened)
		c, _, _ := printer("table")
		c.Ctx = t.Context()
		c.Getenv = func(name string) string { return map[string]string{"DISPLAY": display}[name] }
		err := c.browse("http://blog.localhost/")
		got, _ := os.ReadFile(opened)
		if err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", display, got, err)
		}
	}
	c, _, _ := printer("table")
	c.Ctx = t.Context()
	c.Getenv = func(string) string { return ":0" }
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte("#!/bin/sh\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := c.browse("x"); said(err) != "xdg-open could not open the browser: exit status 3" {
		t.Error(err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := c.browse("x"); err != nil {
		t.Errorf("without a browser: %v", err)
	}
}
