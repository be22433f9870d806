package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestAFolderIsPolledIfTheSystemDoesNotReportChanges(t *testing.T) {
	dir := t.TempDir()
	w := &watcher{dir: dir, without: []string{"dist"}, changed: make(chan struct{}, 1)}
	before := w.snapshot()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"dist/x", "node_modules/x/y", ".git/x"} {
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
