package hosting

import (
	"io/fs"
	"path"
	"strings"
	"testing"
	"unicode/utf8"

	"fazt/internal/content"
	"fazt/internal/errs"
	"fazt/internal/system"
)

func TestPaths(t *testing.T) {
	for name, want := range map[string]string{
		"index.html": "", "a/b/c.txt": "", "ünïcode/日本.html": "", "with space.txt": "", "a..b": "", "...": "", ".well-known/x": "",
		"ab:c": "", "%2e%2e/x": "", "api/main.ts": "", "CON": "", "a/.": "segment .", "x/c:": "", strings.Repeat("a", 100): "",
		"":                       "no path",
		strings.Repeat("a", 101): "has 101 bytes; the limit is 100",
		"/etc/passwd":            "begins with /",
		"..":                     "segment ..",
		"../x":                   "segment ..",
		"a/../../x":              "segment ..",
		"./a":                    "segment .",
		"a//b":                   "empty segment",
		"a/":                     "empty segment",
		`a\b`:                    "backslash",
		`..\x`:                   "backslash",
		"C:/x":                   "drive letter",
		"c:x":                    "drive letter",
		"a:b":                    "drive letter",
		"a\x00b":                 "control characters",
		"a\nb":                   "control characters",
		"a\u0085b":               "control characters",
		"a\xff":                  "not UTF-8",
	} {
		err := CheckPath(name, 100)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
		if err != nil && !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.TooLarge) {
			t.Errorf("%q: kind %v", name, errs.KindOf(err))
		}
	}
}

func TestHiddenFiles(t *testing.T) {
	for name, want := range map[string]bool{
		"api/main.js": true, "API/main.js": true, "Api": true, "private/x": true, "PRIVATE/x": true, "workers/a.js": true,
		"fazt.json": true, "FAZT.JSON": true, ".env": true, ".git/config": true, "a/.env": true, "a/b/.x/c": true,
		"node_modules/x/y.js": true, "vendor/node_modules/x.js": true, ".well-known/.env": true, "x/.well-known/y": true,
		".Well-Known/x": true, "/api/x": true, "/.env": true, "/fazt.json": true,
		"index.html": false, "apix/y": false, "docs/api/index.html": false, "docs/fazt.json": false, "privately": false,
		".well-known/security.txt": false, ".well-known/acme/x": false, "/.well-known/x": false, "api.html": false,
		"": false, "/": false, "a.b/c": false, "manifest.json": false,
	} {
		if got := Hidden(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { Hidden("assets/pictures/of/the/sea.jpg") }); n != 0 {
		t.Errorf("%v allocations per request", n)
	}
}

func TestWhatIsNeverDeployed(t *testing.T) {
	for name, want := range map[string]bool{
		".env": true, ".git/config": true, "a/.env": true, "a/b/.x/c": true, "node_modules/x/y.js": true, "vendor/node_modules/x.js": true, "a/node_modules": true,
		".well-known/.env": true, "x/.well-known/y": true, ".well-known/node_modules/x": true, ".well-known2/x": true, ".Well-Known/x": true, ".": true, "..": true,
		".well-known": false, ".well-known/security.txt": false, ".well-known/acme/x": false,
		"index.html": false, "a.b/c.d": false, "node_modules2/x": false, "my_node_modules/x": false, "api/main.js": false, "private/x": false, "fazt.json": false, "": false,
	} {
		if got := LeftOut(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

func TestPrivateFiles(t *testing.T) {
	for name, want := range map[string]bool{
		"private/x": true, "private/a/b.html": true, "private/private/x": true,
		"private/.env": false, "private/a/.x/b": false, "private/node_modules/x": false, "private": false, "privately/x": false, "a/private/x": false, "index.html": false, "": false,
	} {
		if got := Private(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

// FuzzPath checks that every accepted path is one clean relative path, and that its spelling does not affect whether it
// is hidden.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"a/b", "../x", "/x", `\x`, "C:x", "a\x00", "api/x", ".env", "a//b", "a/./b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if CheckPath(name, 200) != nil {
			return
		}
		if !fs.ValidPath(name) || name == "." || path.Clean(name) != name || !utf8.ValidString(name) || strings.ContainsAny(name, "\\\x00\n\r") {
			t.Errorf("%q was accepted", name)
		}
		if Hidden(name) != Hidden("/"+name) {
			t.Errorf("%q: a leading slash makes a difference", name)
		}
		if hidden := Hidden(name); !hidden && !strings.HasPrefix(name, ".well-known/") && Hidden(strings.ToUpper(name)) {
			t.Errorf("%q: letter case makes a difference", name)
		}
	})
}

// One name in two Unicode forms is two files on Linux and one on macOS. Every deployment has a plan, however it is
// sent.
func TestPlansWithTwinsAreRefused(t *testing.T) {
	for what, names := range map[string][2]string{
		"files": {"caf\u00e9.html", "cafe\u0301.html"}, "folders": {"caf\u00e9/a", "cafe\u0301/b"}, "a file and a folder": {"caf\u00e9", "cafe\u0301/b"},
	} {
		p := Plan{Files: []Announced{{Path: names[0], Hash: content.Hash{1}}, {Path: names[1], Hash: content.Hash{2}}}}
		if _, err := p.check(system.Defaults().Storage); !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), `\u0301`) {
			t.Errorf("%s: %v", what, err)
		}
		if len(p.Faults(system.Defaults().Storage)) != 1 {
			t.Errorf("%s: %v", what, p.Faults(system.Defaults().Storage))
		}
	}
	for _, name := range []string{"caf\u00e9.html", "cafe\u0301.html", "\U0001F469\u200d\U0001F4BB.png"} {
		if _, err := (Plan{Files: []Announced{{Path: name}, {Path: "caf\u00e8.html"}}}).check(system.Defaults().Storage); err != nil {
			t.Errorf("%+q: %v", name, err)
		}
	}
}

func TestPathsWithCharactersThatHideAreRefused(t *testing.T) {
	for _, r := range "\u200b\u200e\u200f\u061c\u2028\u2029\u202a\u202e\u2060\u2066\u2069\ufeff\u0085\u009b" {
		if err := CheckPath("a"+string(r)+".html", 100); !errs.Is(err, errs.Invalid) {
			t.Errorf("%+q: %v", r, err)
		}
	}
}
