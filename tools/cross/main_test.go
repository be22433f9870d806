package main

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestErrorsOfASingleTargetAreFound(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":        "module m\n\ngo 1.26\n\nrequire lib v1.0.0\n\nreplace lib => ./lib\n",
		"all.go":        "package m\n\nfunc F() int { return onLinux() }\n",
		"m_linux.go":    "package m\n\nfunc onLinux() int { return 1 }\n",
		"m_windows.go":  "package m\n\nfunc onLinux() int { return 1 }\n",
		"m_test.go":     "package m\n\nfunc test() { _ = F() }\n",
		"arm64_test.go": "//go:build windows && arm64\n\npackage m\n\nvar _ int = \"text\"\n",
		"sub/sub.go":    "package sub\n\nconst big int = 1 << 40\n",
		"asm/asm.go":    "package asm\n\nfunc F() int\n",
		"asm/a_amd64.s": "TEXT ·F(SB), 4, $0\n\tRET\n",
		"asm/a_arm64.s": "TEXT ·F(SB), 4, $0\n\tRET\n",
		"asm/a_386.s":   "TEXT ·F(SB), 4, $0\n\tRET\n",
		"asm/uses.go":   "package asm\n\nimport _ \"lib\"\n",
		"lib/go.mod":    "module lib\n",
		"lib/lib.go":    "package lib\n",
		"lib/a_ios.go":  "package lib\n\nfunc F() int { return missing }\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := newChecker(dir)
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{
		"linux/amd64":   "",
		"darwin/arm64":  "undefined: onLinux",
		"windows/arm64": `cannot use "text"`,
		"linux/386":     "overflows",
		"linux/riscv64": "function F has no body",
		"ios/arm64":     "undefined: missing",
	} {
		problems, err := c.check(target)
		got := strings.Join(problems, "\n")
		if err != nil || want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %v, %q; want %q", target, err, got, want)
		}
	}
	if _, err := c.check("linux"); err == nil {
		t.Error("a target without an architecture was taken")
	}
}

func TestFunctionsOfTheStandardLibraryHaveNoBodies(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"a function":          {"func f(a int) int {\n\treturn a\n}\n\nconst a = 1\n", "func f(a int) int\n\nconst a = 1\n"},
		"the last function":   {"func f() {\n\tif true {\n\t}\n}\n", "func f()\n"},
		"on one line":         {"func f() {}\n\nfunc g() {\n}\n", "func f() {}\n\nfunc g()\n"},
		"a long head":         {"func f(\n\ta int,\n) {\n\tg()\n}\n", "func f(\n\ta int,\n) {\n\tg()\n}\n"},
		"a variable":          {"var f = func() {\n\tg()\n}\n", "var f = func() {\n\tg()\n}\n"},
		"without an end":      {"func f() {\n\tg()", "func f() {\n\tg()"},
		"without a last line": {"const a = 1", "const a = 1"},
	} {
		if got := string(withoutBodies([]byte(tt.text))); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	for name, text := range map[string]string{
		"a structure as result": "package m\n\nfunc f() struct {\n\ta int\n} {\n\tpanic(1)\n}\n\nconst after = 1\n",
		"a brace in a text":     "package m\n\nfunc f() string {\n\treturn `\n}\n`\n}\n\nconst after = 1\n",
	} {
		file, err := parse("std", token.NewFileSet(), filepath.Join("std", "m.go"), []byte(text))
		if err != nil || file.Decls[0].(*ast.FuncDecl).Body != nil || len(file.Decls) != 2 {
			t.Errorf("%s: %d declarations, %v", name, len(file.Decls), err)
		}
	}
}
