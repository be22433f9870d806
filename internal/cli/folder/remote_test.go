package folder

import (
	"os"
	"path/filepath"
	"testing"
)

func TestClonesOfARepositoryHaveOneName(t *testing.T) {
	for remote, want := range map[string]string{
		"https://github.com/someone/blog.git":        "github.com/someone/blog",
		"https://github.com/someone/blog":            "github.com/someone/blog",
		"https://github.com/someone/blog/":           "github.com/someone/blog",
		"https://user:token@GitHub.com/someone/blog": "github.com/someone/blog",
		"git@github.com:someone/blog.git":            "github.com/someone/blog",
		"github.com:someone/blog.git":                "github.com/someone/blog",
		"ssh://git@github.com:22/someone/blog.git":   "github.com/someone/blog",
		"git://github.com/someone/blog":              "github.com/someone/blog",
		"https://git.example.com:8443/a/b/c.git":     "git.example.com/a/b/c",
		"https://github.com/Someone/Blog":            "github.com/Someone/Blog",
		"/srv/git/blog.git":                          "",
		"../blog":                                    "",
		"file:///srv/git/blog.git":                   "",
		`C:\git\blog`:                                "",
		"https://github.com":                         "",
		"git@github.com:":                            "",
		"https://github.com/a@b/c":                   "",
		"":                                           "",
		"://":                                        "",
	} {
		if got := canonicalRemote(remote); got != want {
			t.Errorf("%q: %q, want %q", remote, got, want)
		}
	}
}

func TestTheRemoteOfAFolder(t *testing.T) {
	top := t.TempDir()
	for name, text := range map[string]string{
		".git/config":                "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = git@git.example.com:a/b.git\n[remote \"other\"]\n\turl = https://git.example.com/c\n",
		".git/worktrees/w/commondir": "../..\n",
		"apps/blog/index.html":       "",
		"w/.git":                     "gitdir: ../.git/worktrees/w\n",
		"nested/.git/config":         "[remote \"upstream\"]\n\turl = https://git.example.com/c\n",
		"broken/.git/config":         "[remote",
	} {
		at := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string][2]string{
		".": {"git.example.com/a/b", ""}, "apps/blog": {"git.example.com/a/b", "apps/blog"}, "w": {"git.example.com/a/b", ""},
		"nested": {"", ""}, "broken": {"", ""},
	} {
		repository, path := Remote(filepath.Join(top, dir))
		if got := [2]string{repository, path}; got != want {
			t.Errorf("%s: %q, want %q", dir, got, want)
		}
	}
	if repository, path := Remote(t.TempDir()); repository != "" || path != "" {
		t.Errorf("outside of a repository: %q %q", repository, path)
	}
}
