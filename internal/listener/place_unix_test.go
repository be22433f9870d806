//go:build unix

package listener

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Anyone can create a directory where temporary files are, and listen there for commands.
func TestTheSocketIsNeverInADirectoryThatOthersCanUse(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(dir string) error
		want bool
	}{
		{"none yet", func(string) error { return nil }, true},
		{"its own", func(dir string) error { return os.Mkdir(dir, 0o700) }, true},
		{"others may enter", func(dir string) error { return errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o711)) }, false},
		{"others may write", func(dir string) error { return errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o722)) }, false},
		{"a link", func(dir string) error { return os.Symlink(t.TempDir(), dir) }, false},
		{"a file", func(dir string) error { return os.WriteFile(dir, nil, 0o600) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			if err := tt.make(runtimeDir(os.Geteuid())); err != nil {
				t.Fatal(err)
			}
			database := filepath.Join(t.TempDir(), "data.db")
			path, err := RuntimeSocketPath(database)
			if tt.want != (err == nil) {
				t.Fatalf("the socket may be at %q: %v", path, err)
			}
			if known := SocketPaths(database); slices.Contains(known, path) != tt.want || len(known) > 1 != tt.want {
				t.Errorf("commands look at %q", known)
			}
		})
	}
}

func TestASocketInTheDirectoryOfAnotherUserIsNotTrusted(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make a folder of another user")
	}
	t.Setenv("TMPDIR", t.TempDir())
	dir := runtimeDir(0)
	if err := errors.Join(os.Mkdir(dir, 0o700), os.Chown(dir, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	database := filepath.Join(t.TempDir(), "data.db")
	if path, err := RuntimeSocketPath(database); err == nil {
		t.Errorf("the socket may be at %s", path)
	}
	if known := SocketPaths(database); len(known) > 1 {
		t.Errorf("commands look at %q", known)
	}
}
