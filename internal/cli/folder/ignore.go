package folder

import (
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// The files with rules. Both have the syntax of gitignore(5) and apply in every directory. The second comes after the
// first, so that "!dist" in it includes what git excludes.
const (
	gitRules = ".gitignore"
	ownRules = ".faztignore"
)

// rules are the rules that apply in one directory.
type rules struct {
	prefix string // path of the folder in its repository; "" = its root
	all    []pattern
	own    []pattern // only those of .faztignore
}

// ignored reports whether the rules exclude the name in the folder. A directory above it is asked about first: what is in an
// excluded one cannot be included again.
func (r rules) ignored(name string, dir bool) bool { return match(r.all, r.at(name), dir) }

// ignoredByOwn is like ignored, for the rules of .faztignore only.
func (r rules) ignoredByOwn(name string, dir bool) bool { return match(r.own, r.at(name), dir) }

// match reports whether the last rule about a path excludes it.
func match(patterns []pattern, name string, dir bool) bool {
	for i := range slices.Backward(patterns) {
		if p := &patterns[i]; p.matches(name, dir) {
			return !p.include
		}
	}
	return false
}

// at returns the path of a name of the folder in the repository; "" for its root.
func (r rules) at(name string) string {
	if full := path.Join(r.prefix, name); full != "." {
		return full
	}
	return ""
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
		patterns := parse(string(text), r.at(name))
		r.all = append(slices.Clip(r.all), patterns...)
		if file == ownRules {
			r.own = append(slices.Clip(r.own), patterns...)
		}
	}
	return r, nil
}

// above returns the rules of the directories above dir, up to the root of its git repository. They do not apply if they
// exclude dir itself, because it was named explicitly.
func above(dir string, o Options) rules {
	up := repositoryAround(dir)
	if len(up) == 0 {
		return rules{}
	}
	full := up[len(up)-1]
	r := rules{all: o.personal(up[0])}
	for i, at := range up[:len(up)-1] {
		file := filepath.Join(at, gitRules)
		if info, err := os.Lstat(file); err == nil && info.Mode().IsRegular() { // git does not follow links there
			r.all = append(r.all, parse(string(textOf(file)), below(up[0], at))...)
		}
		if match(r.all, below(up[0], up[i+1]), true) {
			return rules{prefix: below(up[0], full)}
		}
	}
	r.prefix = below(up[0], full)
	return r
}

// repositoryAround returns the directories from the root of the git repository around dir to dir itself; none = there is no
// repository.
func repositoryAround(dir string) []string {
	full, err := filepath.Abs(dir)
	if err != nil {
		return nil
	}
	if real, err := filepath.EvalSymlinks(full); err == nil {
		full = real
	}
	var up []string
	for at := full; ; {
		up = append(up, at)
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			slices.Reverse(up)
			return up
		}
		next := filepath.Dir(at)
		if next == at {
			return nil
		}
		at = next
	}
}

// below returns the path of at below top, with slashes; "" for top itself.
func below(top, at string) string {
	rel, err := filepath.Rel(top, at)
	if err != nil || rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}
