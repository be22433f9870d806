package folder

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/config"
)

// personal returns the rules that are not part of a repository: those of the user for all repositories, then those of
// .git/info/exclude.
func (o Options) personal(repository string) []pattern {
	common := gitFolder(repository)
	var list []pattern
	if file := o.excludesFile(filepath.Join(common, "config")); file != "" {
		list = parse(string(textOf(file)), "")
	}
	return append(list, parse(string(textOf(filepath.Join(common, "info", "exclude"))), "")...)
}

// gitFolder returns the folder with the settings of a repository.
func gitFolder(repository string) string {
	common := filepath.Join(repository, ".git")
	if dir, ok := strings.CutPrefix(line(common), "gitdir: "); ok { // a worktree: the file names the directory
		common = from(repository, dir)
		if dir := line(filepath.Join(common, "commondir")); dir != "" {
			common = from(common, dir)
		}
	}
	return common
}

// excludesFile returns the file that core.excludesFile names in the configuration of the repository or of the user, or git's
// default; "" if the user has no home.
func (o Options) excludesFile(ofRepository string) string {
	if o.Home == nil {
		return ""
	}
	home, err := o.Home()
	if err != nil {
		return ""
	}
	shared := o.Getenv("XDG_CONFIG_HOME")
	if shared == "" {
		shared = filepath.Join(home, ".config")
	}
	file := filepath.Join(shared, "git", "ignore")
	for _, settings := range []string{filepath.Join(shared, "git", "config"), filepath.Join(home, ".gitconfig"), ofRepository} {
		value, ok := setting(settings, "core", "excludesFile")
		if !ok {
			continue
		}
		if below, ok := strings.CutPrefix(value, "~/"); ok {
			value = filepath.Join(home, below)
		}
		file = value
	}
	return file
}

// setting reads a value of a file with git's settings.
func setting(file, section, key string) (value string, ok bool) {
	c := config.New()
	if config.NewDecoder(bytes.NewReader(textOf(file))).Decode(c) != nil || !c.HasSection(section) || !c.Section(section).HasOption(key) {
		return "", false
	}
	return c.Section(section).Option(key), true
}

// maxRules bounds a file with rules or settings of git, in bytes. A folder from elsewhere may name any file as one.
const maxRules = 1 << 20

// textOf returns what is in a regular file of this machine; nothing if it cannot be read, as for git.
func textOf(name string) []byte {
	if strings.HasPrefix(filepath.ToSlash(name), "//") { // on Windows, a file of another machine
		return nil
	}
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() { // reading a pipe would block
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, maxRules))
	return text
}

// line returns the only line of a file.
func line(file string) string { return strings.TrimSpace(string(textOf(file))) }

// from returns a path as seen from dir.
func from(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}
