package hosting

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/content"
	"fazt/internal/errs"
	"fazt/internal/system"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

func TestADeploymentStoresItsSource(t *testing.T) {
	b := open(t)
	f := texts("index.html", "hi")
	p := f.plan()
	p.Source = &GitSource{URL: "https://example.com/a/b", Ref: "main", Path: "web", Commit: commit}
	d, err := b.tryDeploy(testApp, f, p)
	if diff := cmp.Diff(p.Source, d.Source); diff != "" || err != nil {
		t.Fatal(err, diff)
	}
	if u := b.begin(testApp, p); u.Same == nil || u.Same.Source == nil || u.Same.Source.Commit != commit {
		t.Errorf("the same again: %+v", u)
	}
	next := f.plan()
	next.Source = &GitSource{URL: "https://example.com/a/b", Ref: "main", Path: "web", Commit: strings.Repeat("f", 40)}
	if u := b.begin(testApp, next); u.Same != nil || u.Unchanged != 1 {
		t.Errorf("another commit with the same files is the same deployment: %+v", u)
	}
	if plain := b.deploy(testApp, f); plain.Source != nil || plain.Number != 2 {
		t.Errorf("a folder over it: %+v", plain)
	}
}

func TestInvalidSourcesAreRefused(t *testing.T) {
	b := open(t)
	for name, change := range map[string]func(*GitSource){
		"a password":          func(s *GitSource) { s.URL = "https://me:secret@example.com/a" },
		"a name":              func(s *GitSource) { s.URL = "https://me@example.com/a" },
		"no URL":              func(s *GitSource) { s.URL = "" },
		"no scheme":           func(s *GitSource) { s.URL = "example.com/a" },
		"no commit":           func(s *GitSource) { s.Commit = "" },
		"half a commit":       func(s *GitSource) { s.Commit = "0123456" },
		"no hash":             func(s *GitSource) { s.Commit = strings.Repeat("x", 40) },
		"a ref without end":   func(s *GitSource) { s.Ref = strings.Repeat("x", maxSource+1) },
		"a ref with a colour": func(s *GitSource) { s.Ref = "\x1b[31mred" },
		"a path that is not":  func(s *GitSource) { s.Path = "\xff" },
	} {
		p := texts("index.html", "hi").plan()
		p.Source = &GitSource{URL: "https://example.com/a/b", Commit: commit}
		change(p.Source)
		if _, err := b.Begin(t.Context(), "blog", testApp, p); !errs.Is(err, errs.Invalid) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASourceOfTheMaximumLengthIsAccepted(t *testing.T) {
	b := open(t)
	p := texts("index.html", "hi").plan()
	p.Source = &GitSource{URL: "https://example.com/a/b", Commit: commit, Ref: strings.Repeat("x", maxSource)}
	if _, err := b.Begin(t.Context(), "blog", testApp, p); err != nil {
		t.Error(err)
	}
}

func TestADeploymentStoresTheFolderItCameFrom(t *testing.T) {
	b := open(t)
	f := texts("index.html", "hi")
	p := f.plan()
	p.Origin = &Origin{Host: "laptop", Folder: "/home/a/blog", Repository: "example.com/a/b", Path: "blog"}
	d, err := b.tryDeploy(testApp, f, p)
	if diff := cmp.Diff(p.Origin, d.Origin); diff != "" || err != nil {
		t.Fatal(err, diff)
	}
	if live, err := b.Live(t.Context(), testApp); err != nil || live.Origin == nil || *live.Origin != *p.Origin || !live.Live || live.Previous {
		t.Errorf("%+v %v", live, err)
	}
	p.Origin = &Origin{Host: "desktop", Folder: "/srv/blog"}
	if u := b.begin(testApp, p); u.Same == nil || u.Same.ID != d.ID {
		t.Errorf("the same files from elsewhere are another deployment: %+v", u)
	}
	if plain := b.deploy(testApp, texts("index.html", "new")); plain.Origin != nil {
		t.Errorf("an unknown origin: %+v", plain.Origin)
	}
	for name, bad := range map[string]Origin{
		"too long":     {Folder: strings.Repeat("x", maxSource+1)},
		"a new line":   {Folder: "/a\nb"},
		"an escape":    {Host: "\x1b[31m"},
		"no UTF-8":     {Path: "\xff"},
		"a credential": {Repository: "me:secret@example.com/a"},
	} {
		p := texts("index.html", name).plan()
		p.Origin = &bad
		if _, err := b.Begin(t.Context(), "blog", testApp, p); !errs.Is(err, errs.Invalid) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFillStoresOnlyMissingContent(t *testing.T) {
	b := open(t)
	b.deploy(testApp, texts("a", "one"))
	f := texts("a", "one", "b", "two", "c", "three", "again", "two")
	f["big"] = noise("big", 2<<20+5)
	p := f.plan()
	u := b.begin(testApp, p)
	fill := func(files folder) (Received, error) {
		return b.Fill(t.Context(), u.ID, func(take func(content.Hash, io.Reader) error) error {
			for path, data := range files {
				if err := take(p.hash(path), bytes.NewReader(data)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if got, err := fill(folder{"b": []byte("two"), "again": []byte("two")}); err != nil || got.Files != 1 || got.Skipped != 1 || got.Missing != 2 {
		t.Fatalf("%+v %v", got, err)
	}
	for name, files := range map[string]folder{
		"other content": {"c": []byte("THREE")}, "shorter": {"c": []byte("th")}, "other large content": {"big": noise("other", 2<<20+5)}, "shorter large content": {"big": f["big"][:2<<20]},
	} {
		if got, err := fill(files); !errs.Is(err, errs.Invalid) || got.Files != 0 {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	_, err := b.Fill(t.Context(), u.ID, func(take func(content.Hash, io.Reader) error) error {
		return take(content.Hash{1}, strings.NewReader("x"))
	})
	if !errs.Is(err, errs.Invalid) {
		t.Errorf("content that was not announced: %v", err)
	}
	if got, err := fill(f); err != nil || got.Missing != 0 {
		t.Fatalf("%+v %v", got, err)
	}
	d, err := b.commit(testApp, u.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.wantContent(d, f)
	b.sound()
}

func TestASpoolIsBoundedAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	limits := system.Defaults().Storage
	limits.MaxUpload = 2000
	s := New(Config{Content: content.New(content.Config{}), Limits: func(string) system.Storage { return limits }, Temp: dir})
	spool, err := s.Spool("", strings.NewReader(strings.Repeat("x", 2000)))
	if err != nil || spool.Size != 2000 {
		t.Fatal(spool, err)
	}
	data := make([]byte, 3)
	if _, err := spool.ReadAt(data, 1997); err != nil || string(data) != "xxx" {
		t.Error(data, err)
	}
	if err := spool.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Spool("", strings.NewReader(strings.Repeat("x", 2001))); !errs.Is(err, errs.TooLarge) {
		t.Error(err)
	}
	if _, err := s.Spool("", broken([]byte("x"))); !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Error(left, err)
	}
	none := New(Config{Content: content.New(content.Config{}), Limits: func(string) system.Storage { return limits }, Temp: filepath.Join(dir, "none")})
	if _, err := none.Spool("", strings.NewReader("x")); !errs.Is(err, errs.StorageFull) {
		t.Error(err)
	}
}
