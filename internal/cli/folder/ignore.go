package folder

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
)

// The files with rules. Both have the syntax of gitignore(5) and apply in every directory. The second comes after the
// first, so that "!dist" in it includes what git excludes.
const (
	gitRules = ".gitignore"
	ownRules = ".faztignore"
)

// rules are the rules that apply in one directory.
type rules struct {
	prefix []string // path of the folder in its repository
	all    []gitignore.Pattern
	own    []gitignore.Pattern // only those of .faztignore
}

// ignored reports whether the rules exclude the name in the folder.
func (r rules) ignored(name string, dir bool) bool {
	return match(r.all, r.at(name), dir)
}

// ignoredByOwn is like ignored, for the rules of .faztignore only.
func (r rules) ignoredByOwn(name string, dir bool) bool {
	return match(r.own, r.at(name), dir)
}

func match(patterns []gitignore.Pattern, at []string, dir bool) bool {
	return len(patterns) > 0 && gitignore.NewMatcher(patterns).Match(at, dir)
}

// at returns the path of a name of the folder in the repository.
func (r rules) at(name string) []string {
	if name == "." {
		return slices.Clone(r.prefix)
	}
	return append(slices.Clone(r.prefix), strings.Split(name, "/")...)
}

// with adds the rules of the directory name of the root.
func (r rules) with(root *os.Root, name string, entries []fs.DirEntry) (rules, error) {
	for _, file := range []string{gitRules, ownRules} {
		if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == file && e.Type().IsRegular() }) {
			continue
		}
		f, err := root.Open(path.Join(name, file))
		if err != nil {
			return r, explain(path.Join(name, file), err)
		}
		text, err := io.ReadAll(f)
		f.Close()
		if err != nil {
			return r, explain(path.Join(name, file), err)
		}
		patterns := parse(text, r.at(name))
		r.all = append(slices.Clip(r.all), patterns...)
		if file == ownRules {
			r.own = append(slices.Clip(r.own), patterns...)
		}
	}
	return r, nil
}

// parse reads a file with rules, which is at domain in the repository.
func parse(text []byte, domain []string) []gitignore.Pattern {
	var list []gitignore.Pattern
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		list = append(list, gitignore.ParsePattern(line, domain))
	}
	return list
}

// above returns the rules of the directories above dir, up to the root of its git repository. They do not apply if they
// exclude dir itself, because it was named explicitly.
func above(dir string) rules {
	full, err := filepath.Abs(dir)
	if err != nil {
		return rules{}
	}
	if real, err := filepath.EvalSymlinks(full); err == nil {
		full = real
	}
	var up []string // from dir to the root of the repository
	for at := full; ; {
		up = append(up, at)
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			break
		}
		next := filepath.Dir(at)
		if next == at {
			return rules{} // no repository
		}
		at = next
	}
	slices.Reverse(up)
	var r rules
	for i, at := range up[:len(up)-1] {
		if info, err := os.Stat(filepath.Join(at, gitRules)); err == nil && !info.Mode().IsRegular() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(at, gitRules))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			continue // git cannot read it either
		}
		r.all = append(r.all, parse(text, names(up[0], at))...)
		if match(r.all, names(up[0], up[i+1]), true) {
			return rules{prefix: names(up[0], full)}
		}
	}
	r.prefix = names(up[0], full)
	return r
}

// names returns the segments of the path from top to at.
func names(top, at string) []string {
	rel, err := filepath.Rel(top, at)
	if err != nil || rel == "." {
		return nil
	}
	return strings.Split(filepath.ToSlash(rel), "/")
}
