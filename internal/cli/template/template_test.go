package template

import (
	"io/fs"
	"strings"
	"testing"

	"fazt/internal/errs"
	"fazt/internal/hosting"
)

func TestEveryTemplateIsASmallCompleteApp(t *testing.T) {
	seen := map[string]bool{}
	for _, tmpl := range All() {
		if seen[tmpl.Name] || tmpl.About == "" || strings.HasSuffix(tmpl.About, ".") || len(tmpl.Name) > 10 {
			t.Errorf("%+v does not fit the list of templates", tmpl)
		}
		seen[tmpl.Name] = true
		found, err := Find(tmpl.Name)
		if err != nil || found.Name != tmpl.Name {
			t.Errorf("%s: %+v, %v", tmpl.Name, found, err)
		}
		data, err := fs.ReadFile(tmpl.Files, hosting.ManifestFile)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := hosting.ParseManifest(data, hosting.ManifestFile); err != nil {
			t.Errorf("%s: %v", tmpl.Name, err)
		}
		_, page := fs.Stat(tmpl.Files, "index.html")
		functions, err := fs.Glob(tmpl.Files, "api/main.*")
		if err != nil || page != nil && len(functions) == 0 {
			t.Errorf("%s has neither a page nor a function: %v", tmpl.Name, err)
		}
		_, packages := fs.Stat(tmpl.Files, "package.json")
		if (packages == nil) != (tmpl.Needs != "") {
			t.Errorf("%s needs %q, package.json: %v", tmpl.Name, tmpl.Needs, packages)
		}
		err = fs.WalkDir(tmpl.Files, ".", func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && path != ".gitignore" && hosting.LeftOut(path) {
				t.Errorf("%s: %s would not be deployed", tmpl.Name, path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", "Static", "../static", "none"} {
		if _, err := Find(name); !errs.Is(err, errs.Invalid) || !strings.HasSuffix(errs.Sentence(err), "; use static, api, spa, hono, react, vue, svelte, astro, guestbook") {
			t.Errorf("%q: %v", name, err)
		}
	}
}
