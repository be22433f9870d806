package folder

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ruleFiles is how many files with random rules are compared with git, others each time: -count=4 compares 10,000.
const ruleFiles = 2500

// random makes rules and paths that meet often: all of them are made of the same few parts.
type random struct{ *rand.Rand }

func (r random) of(list ...string) string { return list[r.IntN(len(list))] }

func (r random) part() string {
	var b strings.Builder
	for range 1 + r.IntN(3) {
		b.WriteString(r.of("a", "b", "ab", "A", "x", "-", "]", "é", ".", "1", " ", "*", "?", "**", `\*`, `\a`, "[ab]", "[!a]", "[^b-z]", "[a-", "[]a]", "[[:alpha:]]",
			"[[:nope:]]", `[\]b]`, "[a-c-x]", "[b-a]", "[!-b]", "[[:x]", `\`, "[", "!", "#", "*a", "a*", "[/]", "[[:upper:][:digit:]]", `[a\-z]`, "[]-a]"))
	}
	return b.String()
}

func (r random) rule() string {
	var b strings.Builder
	b.WriteString(r.of("", "", "", "!", "!", "/", "!/", "#", `\!`, `\#`, " ", "**/", "/**/"))
	parts := 1 + r.IntN(3)
	for i := range parts {
		if i > 0 {
			b.WriteString(r.of("/", "/", "/", "/**/", "//", "/*/", "**/", `\/`, `/**\/`))
		}
		b.WriteString(r.of(r.part(), r.part(), "*", "**", "dir", "file.key", "*.key"))
	}
	b.WriteString(r.of("", "", "", "/", "/", "/**", "/*", " ", "  ", `\ `, "\t", `\`, "/ ", "//", "\r"))
	return b.String()
}

func (r random) rules() string {
	var b strings.Builder
	b.WriteString(r.of("", "", "", "\xef\xbb\xbf"))
	for range 1 + r.IntN(6) {
		b.WriteString(r.rule())
		b.WriteString(r.of("\n", "\n", "\n", "\r\n", "\n\n", "\n\r\n"))
	}
	return strings.TrimSuffix(b.String(), r.of("\n", ""))
}

func (r random) path() string {
	names := []string{}
	for range 1 + r.IntN(4) {
		name := ""
		for range 1 + r.IntN(3) {
			name += r.of("a", "b", "ab", "A", "x", "-", "]", "é", ".b", "1", " ", "*", "!", "#", `\`, "[", "?", "z")
		}
		names = append(names, r.of(name, name, name, "dir", "file.key", "a", "b"))
	}
	return path.Join(names...)
}

// gitIgnored asks git which paths of a repository it ignores.
func gitIgnored(t *testing.T, repository string, paths []string) map[string]bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "check-ignore", "--no-index", "--stdin", "-z", "-v", "-n")
	cmd.Dir, cmd.Stdin = repository, strings.NewReader(strings.Join(paths, "\x00"))
	var failure bytes.Buffer
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) { // 1: none is ignored
		t.Fatalf("git check-ignore: %v: %s", err, failure.Bytes())
	}
	ignored := map[string]bool{}
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") // source, line, rule, path
	for f := range slices.Chunk(fields, 4) {
		ignored[f[3]] = f[2] != "" && !strings.HasPrefix(f[2], "!")
	}
	return ignored
}

// ignoredByUs walks down to a path as a deploy does.
func ignoredByUs(byDir map[string]string, name string) bool {
	var r rules
	at := ""
	for i, part := range strings.Split(name, "/") {
		r.all = append(r.all, parse(byDir[at], at)...)
		at = path.Join(at, part)
		_, isDir := byDir[at]
		if r.ignored(at, isDir || i < strings.Count(name, "/")) {
			return true
		}
	}
	return false
}

// Rules with "**", sets and directories that are included again meant something else than to git: "*.key" followed by
// "!public/" published the keys in public.
func TestRulesMeanWhatTheyMeanToGit(t *testing.T) {
	t.Parallel()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed")
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r, n := random{rand.New(rand.NewPCG(seed, 0))}, ruleFiles
	if testing.Short() {
		n = 500
	}
	repository := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), git, "init", "-q", repository).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	byDir, paths := map[string]string{}, []string{}
	put := func(dir, text string) {
		byDir[dir] = text
		if err := os.MkdirAll(filepath.Join(repository, dir), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(repository, dir, gitRules), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	named := []string{"*.key\n!public/\n", "/**\n", "x/**\n!x/b\n", "[!a-z]\n", "dir/\n!dir/a\n", "dir/*\n!dir/a\n", "**/a\n", "a/**/b\n", "a**/b\n", "\\!a\n\\#\n", "*\n!*/\n!a\n"}
	for i := range n {
		dir := fmt.Sprintf("t%d", i)
		text := r.rules()
		if i < len(named) {
			text = named[i]
		}
		put(dir, text)
		if r.IntN(10) == 0 {
			put(dir+"/dir", r.rules())
		}
		for range 20 {
			paths = append(paths, dir+"/"+r.path())
		}
		paths = append(paths, dir+"/dir/a", dir+"/dir/b", dir+"/public/a.key", dir+"/x/a/b", dir+"/a", dir+"/a/b")
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	want, ignored, shown := gitIgnored(t, repository, paths), 0, 0
	if len(want) != len(paths) {
		t.Fatalf("git answered for %d of %d paths", len(want), len(paths))
	}
	for _, name := range paths {
		if want[name] {
			ignored++
		}
		if got := ignoredByUs(byDir, name); got != want[name] && shown < 20 {
			shown++
			dir, _, _ := strings.Cut(name, "/")
			t.Errorf("%q is ignored: %v, for git %v\nrules %q\nbelow %q", name, got, want[name], byDir[dir], byDir[dir+"/dir"])
		}
	}
	t.Logf("%d paths, %d of them ignored", len(paths), ignored)
	if ignored < len(paths)/20 || ignored > len(paths)*19/20 {
		t.Errorf("git ignores %d of %d paths, which proves little", ignored, len(paths))
	}
}

func TestDirectoriesAreIncludedAgainAsInGit(t *testing.T) {
	t.Parallel()
	_, got := read(t, write(t, `
-- .gitignore --
*.key
!public/
/secret/**
[!a-z]*
out/
!out/keep.txt
kept/*
!kept/keep.txt
-- index.html --
x
-- public/a.key --
x
-- public/a.txt --
x
-- secret/a/b.txt --
x
-- 1.txt --
x
-- out/keep.txt --
x
-- kept/keep.txt --
x
-- kept/other.txt --
x
`), Options{})
	if diff := cmp.Diff([]string{"index.html", "kept/keep.txt", "public/a.txt"}, got); diff != "" {
		t.Fatal(diff)
	}
}

// The rules that git has besides those in the repository apply, too, and come before them.
func TestRulesOutsideTheRepositoryAreRespected(t *testing.T) {
	t.Parallel()
	files := `
-- home/.config/git/ignore --
*.swp
-- repo/.git/info/exclude --
*.secret
*.log
-- repo/.gitignore --
!keep.log
-- repo/site/index.html --
x
-- repo/site/a.swp --
x
-- repo/site/a.secret --
x
-- repo/site/a.log --
x
-- repo/site/keep.log --
x
-- repo/site/b.tmp --
x
`
	for name, tt := range map[string]struct {
		more string
		want []string
	}{
		"the default file":             {"", []string{"b.tmp", "index.html", "keep.log"}},
		"a file that is named":         {"-- home/.gitconfig --\n[core]\n\texcludesfile = ~/mine\n-- home/mine --\n*.tmp\n", []string{"a.swp", "index.html", "keep.log"}},
		"a file of the repository":     {"-- repo/.git/config --\n[core]\n\texcludesFile = ~/mine\n-- home/mine --\n*.tmp\n", []string{"a.swp", "index.html", "keep.log"}},
		"no file":                      {"-- home/.gitconfig --\n[core]\n\texcludesfile = ~/none\n", []string{"a.swp", "b.tmp", "index.html", "keep.log"}},
		"a directory":                  {"-- home/.gitconfig --\n[core]\n\texcludesfile = ~/.config\n", []string{"a.swp", "b.tmp", "index.html", "keep.log"}},
		"settings that are not valid":  {"-- home/.gitconfig --\n[core\n", []string{"b.tmp", "index.html", "keep.log"}},
		"a folder that is not in it":   {"-- repo/site/.git/HEAD --\nx\n", []string{"a.log", "a.secret", "b.tmp", "index.html", "keep.log"}},
		"a worktree of the repository": {"-- repo/site/.git --\ngitdir: ../.git/worktrees/site\n-- repo/.git/worktrees/site/commondir --\n../..\n", []string{"b.tmp", "index.html"}},
	} {
		dir := write(t, files+tt.more)
		home := func() (string, error) { return filepath.Join(dir, "home"), nil }
		_, got := read(t, filepath.Join(dir, "repo", "site"), Options{Home: home, Getenv: func(string) string { return "" }})
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Each further "**/" doubled the time.
func TestARuleCannotTakeForever(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("a/", 200) + "b"
	for _, rule := range []string{strings.Repeat("**/", 1000) + "x", strings.Repeat("**/a/", 300) + "x", "/" + strings.Repeat("*", 2000) + "/x", strings.Repeat("*a", 300) + "x", strings.Repeat("x", maxLine+1)} {
		for _, p := range parse(rule, "") {
			if p.matches(deep, false) || p.matches(strings.Repeat("a", 4000), false) {
				t.Errorf("%.40s… matches", rule)
			}
		}
	}
}
