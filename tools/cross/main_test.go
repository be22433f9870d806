package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestErrorsOfASingleTargetAreFound(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":        "module m\n\ngo 1.26\n",
		"all.go":        "package m\n\nfunc F() int { return onLinux() }\n",
		"m_linux.go":    "package m\n\nfunc onLinux() int { return 1 }\n",
		"m_windows.go":  "package m\n\nfunc onLinux() int { return 1 }\n",
		"m_test.go":     "package m\n\nfunc test() { _ = F() }\n",
		"arm64_test.go": "//go:build windows && arm64\n\npackage m\n\nvar _ int = \"text\"\n",
		"sub/sub.go":    "package sub\n\nconst big int = 1 << 40\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for target, want := range map[string]string{
		"linux/amd64":   "",
		"darwin/arm64":  "undefined: onLinux",
		"windows/arm64": `cannot use "text"`,
		"linux/386":     "overflows",
	} {
		problems, err := check(target)
		got := strings.Join(problems, "\n")
		if err != nil || want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %v, %q; want %q", target, err, got, want)
		}
	}
	if _, err := check("linux"); err == nil {
		t.Error("a target without an architecture was taken")
	}
}
