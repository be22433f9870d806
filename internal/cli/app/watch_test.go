package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAFolderIsPolledIfTheSystemDoesNotReportChanges(t *testing.T) {
	dir := t.TempDir()
	w := &watcher{dir: dir, changed: make(chan struct{}, 1)}
	before := w.snapshot()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"node_modules/x/y", ".git/x"} {
		write(name, "x")
	}
	if w.snapshot() != before {
		t.Error("what is not deployed counts")
	}
	for name, text := range map[string]string{"a": "x", "sub/dist/x": "x", ".well-known/x": "x"} {
		write(name, text)
		now := w.snapshot()
		if now == before {
			t.Errorf("%s does not count", name)
		}
		before = now
	}
}

// change is something that happens in a watched folder, and whether it is reported.
type change struct {
	name     string
	do       func() error
	reported bool
}

func TestChangesAreReportedUnlessTheyAreNotDeployed(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(os.MkdirAll(at("sub"), 0o755), os.MkdirAll(at("node_modules"), 0o755), os.MkdirAll(at(".git"), 0o755), os.WriteFile(at("a"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	w := watch(t.Context(), dir)
	defer w.close()
	write := func(name string) func() error {
		return func() error { return os.WriteFile(at(name), []byte(name), 0o600) }
	}
	for _, c := range []change{
		{"a package", write("node_modules/x"), false},
		{"a file of git", write(".git/x"), false},
		{"other modes", func() error { return os.Chmod(at("a"), 0o644) }, false},
		{"a file", write("a"), true},
		{"a file in a folder", write("sub/b"), true},
		{"a new folder", func() error { return os.Mkdir(at("later"), 0o755) }, true},
		{"a file in the new folder", write("later/c"), true},
		{"a removed file", func() error { return os.Remove(at("sub/b")) }, true},
		{"a renamed file", func() error { return os.Rename(at("a"), at("b")) }, true},
	} {
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		if !c.reported {
			continue // the next change that is reported shows that this one was not: there is one token for each
		}
		select {
		case <-w.changed:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s was not reported", c.name)
		}
		select {
		case <-w.changed:
			t.Errorf("%s was reported twice", c.name)
		case <-time.After(2 * settle):
		}
	}
}
