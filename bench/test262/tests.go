package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// job is one test in one mode.
type job struct {
	Path   string `json:"path"` // below the folder of the tests
	Strict bool   `json:"strict"`
}

func (j job) String() string {
	if j.Strict {
		return j.Path + " (strict)"
	}
	return j.Path
}

// meta is the part of a test's head that says how to run it.
type meta struct {
	flags, includes, features []string
	negative                  string // the type of the error that it must end with
}

var (
	head     = regexp.MustCompile(`(?s)/\*---\r?\n?(.*?)---\*/`)
	negative = regexp.MustCompile(`(?m)^negative:\s*\n(?:\s+phase:.*\n)?\s+type:\s*(\w+)`)
)

func parseMeta(text string) (m meta) {
	found := head.FindStringSubmatch(text)
	if found == nil {
		return m
	}
	yaml := strings.ReplaceAll(strings.ReplaceAll(found[1], "\r\n", "\n"), "\r", "\n")
	m.flags, m.includes, m.features = list(yaml, "flags"), list(yaml, "includes"), list(yaml, "features")
	if n := negative.FindStringSubmatch(yaml); n != nil {
		m.negative = n[1]
	}
	return m
}

// list reads a list of words, which is written on one line or one word a line.
func list(yaml, name string) (words []string) {
	_, rest, ok := strings.Cut("\n"+yaml, "\n"+name+":")
	if !ok {
		return nil
	}
	line, below, _ := strings.Cut(rest, "\n")
	if line = strings.TrimSpace(line); line != "" {
		return strings.FieldsFunc(strings.Trim(line, "[]"), func(c rune) bool { return c == ',' || c == ' ' })
	}
	for item := range strings.Lines(below) {
		word, ok := strings.CutPrefix(strings.TrimSpace(item), "- ")
		if !ok {
			break
		}
		words = append(words, strings.TrimSpace(word))
	}
	return words
}

// leftOut are folders without tests of the engine: those of Intl, of the harness, and of changes that were not accepted yet.
var leftOut = []string{"intl402/", "harness/", "prs/", "staging/Intl402/"}

// root is the folder below which tests have their paths.
func root(folder string) string {
	if dir := filepath.Join(folder, "test"); exists(dir) {
		return dir
	}
	return folder
}

// findTests returns every test in every mode that it is to be run in.
func findTests(folder, only string) (jobs []job, err error) {
	folder = root(folder)
	err = filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".js") || strings.Contains(d.Name(), "_FIXTURE") {
			return err
		}
		path, err := filepath.Rel(folder, file)
		path = filepath.ToSlash(path)
		if err != nil || d.Name() == "shell.js" || d.Name() == "browser.js" || !strings.HasPrefix(path, only) ||
			slices.ContainsFunc(leftOut, func(dir string) bool { return strings.HasPrefix(path, dir) }) {
			return err
		}
		text, err := os.ReadFile(file)
		jobs = append(jobs, modes(path, string(text))...)
		return err
	})
	return jobs, err
}

// modes returns how a test is to be run.
func modes(path, text string) (jobs []job) {
	m := parseMeta(text)
	has := func(flag string) bool { return slices.Contains(m.flags, flag) }
	if has("module") || has("CanBlockIsFalse") || has("CanBlockIsTrue") || slices.Contains(m.features, "IsHTMLDDA") ||
		strings.Contains(text, "$262.agent") || strings.Contains(text, "-- not a test file") {
		return nil
	}
	if !has("onlyStrict") {
		jobs = append(jobs, job{Path: path})
	}
	if !has("noStrict") && !has("raw") {
		jobs = append(jobs, job{path, true})
	}
	return jobs
}
