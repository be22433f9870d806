package database

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"fazt/internal/errs"
)

// Target is the name that a copy of a database gets.
type Target struct {
	Path    string
	Replace bool // an existing file may be replaced
}

// partial is the end of the names of unfinished copies. Before it come the id of the process that makes the copy, a
// mark that distinguishes the process from earlier ones with that id, and one for each copy.
const partial = ".partial"

// thisProcess is random, because in a container every server has the same id.
var thisProcess = sync.OnceValue(func() string { return rand.Text()[:8] }) //nolint:gochecknoglobals // a constant of the process

// Check returns an error if a copy of the database at path cannot have the name. It changes nothing.
func (t Target) Check(path string) error {
	if t.Path == "" || !filepath.IsAbs(t.Path) {
		return errs.New(errs.Invalid, "the copy needs the absolute path of a file, not %q", t.Path)
	}
	folder, err := os.Stat(filepath.Dir(t.Path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errs.Wrap(errs.NotFound, err, "there is no folder %s; create it first", filepath.Dir(t.Path))
	case err != nil:
		return CannotCopy(t.Path, err)
	case !folder.IsDir():
		return errs.New(errs.Invalid, "%s is not a folder", filepath.Dir(t.Path))
	}
	if err := t.CheckName(path); err != nil {
		return err
	}
	return t.free()
}

// CheckName rejects names that have a meaning for SQLite, or for the instance whose database is at path, whether such a
// file exists or not.
func (t Target) CheckName(path string) error {
	own, err := t.belongs(path)
	if err != nil {
		return CannotCopy(t.Path, err)
	}
	if own {
		return errs.New(errs.Invalid, "%s is the database itself, or a name that belongs to it; give the copy another name", t.Path)
	}
	for _, suffix := range sqliteSuffixes {
		if stem, found := strings.CutSuffix(strings.ToLower(t.Path), suffix); found {
			return errs.New(errs.Invalid, "SQLite treats a file whose name ends in %s as part of the database %s; give the copy another name", suffix, filepath.Base(t.Path)[:len(filepath.Base(stem))])
		}
	}
	return nil
}

// sqliteSuffixes are the ends of names of files that SQLite looks for next to any database, and trusts.
var sqliteSuffixes = []string{"-wal", "-shm", "-journal"}

// ownSuffixes are the ends of names of files of an instance, whether they exist yet or not: the database itself,
// SQLite's files next to it, its lock, the key of its secrets, and its socket.
var ownSuffixes = []string{"", "-wal", "-shm", "-journal", ".lock", ".key", ".sock", ".sock.new", "-wal.overwritten"}

// belongs reports whether the name is that of a file of the instance whose database is at path. It compares the names,
// because the file may not exist yet, and the files.
func (t Target) belongs(path string) (bool, error) {
	path, err := Canonical(path)
	if err != nil {
		return false, err
	}
	for _, suffix := range ownSuffixes {
		if t.Is(path + suffix) {
			return true, nil
		}
	}
	return false, nil
}

// Is reports whether the name and path are the same file. Case is ignored, as on some systems.
func (t Target) Is(path string) bool {
	wanted, err := Canonical(t.Path)
	if err != nil {
		return false
	}
	known, err := Canonical(path)
	if err != nil {
		return false
	}
	if strings.EqualFold(wanted, known) {
		return true
	}
	a, errA := os.Stat(wanted)
	b, errB := os.Stat(known)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// free returns an error if the name is not available.
func (t Target) free() error {
	info, err := os.Lstat(t.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return CannotCopy(t.Path, err)
	case info.IsDir():
		return errs.New(errs.Invalid, "%s is a folder; name a file in it", t.Path)
	case !info.Mode().IsRegular():
		return errs.New(errs.Invalid, "%s already exists and is not a file; give the copy another name", t.Path)
	case !t.Replace:
		return errs.New(errs.Conflict, "%s already exists; --force replaces it", t.Path)
	}
	// When the copy is opened, SQLite would read the content of such a file into it.
	for _, rest := range []string{t.Path + "-wal", t.Path + "-journal"} {
		if _, err := os.Lstat(rest); err == nil {
			return errs.New(errs.Conflict, "%s exists: a database with this name is in use, or its server was killed; give the copy another name", rest)
		}
	}
	return nil
}

// Place makes the copy: fill writes it under a temporary name in the same folder, and it is renamed after all of it is
// on the disk. A failure leaves nothing.
func (t Target) Place(fill func(temp string) error) (err error) {
	sweepPartials(t.Path)
	temp := fmt.Sprintf("%s.%d-%s-%s%s", t.Path, os.Getpid(), thisProcess(), rand.Text()[:8], partial)
	defer func() {
		if gone := os.Remove(temp); err == nil && !errors.Is(gone, fs.ErrNotExist) {
			err = CannotCopy(temp, gone)
		}
	}()
	if err := fill(temp); err != nil {
		return err
	}
	if err := syncFile(temp); err != nil {
		return CannotCopy(t.Path, err)
	}
	if err := t.rename(temp); err != nil {
		return err
	}
	return CannotCopy(t.Path, syncFolder(filepath.Dir(t.Path)))
}

// rename gives the copy its name. A hard link cannot replace a file that was created in the meantime; on a disk without
// links, the check before must suffice.
func (t Target) rename(temp string) error {
	if err := t.free(); err != nil {
		return err
	}
	if !t.Replace {
		err := os.Link(temp, t.Path)
		if err == nil {
			return nil // Place removes the other name
		}
		if errors.Is(err, fs.ErrExist) {
			return errs.Wrap(errs.Conflict, err, "%s already exists; --force replaces it", t.Path)
		}
	}
	return CannotCopy(t.Path, os.Rename(temp, t.Path))
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Partial returns the unfinished copies for path, so that a caller can see their progress.
func Partial(path string) []string {
	names, err := filepath.Glob(escapeGlob(path) + ".*-????????-????????" + partial)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(names, func(name string) bool { return makerOf(path, name).id == 0 })
}

// maker is the process that makes a copy.
type maker struct {
	id   int
	mark string
}

// makerOf parses the name of an unfinished copy; without an id it is not such a name.
func makerOf(path, name string) (m maker) {
	parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(name, path+"."), partial), "-")
	if id, err := strconv.Atoi(parts[0]); err == nil && id > 0 && len(parts) == 3 {
		m = maker{id, parts[1]}
	}
	return m
}

// sweepPartials removes unfinished copies with this name whose processes have ended.
func sweepPartials(path string) {
	for _, name := range Partial(path) {
		m := makerOf(path, name)
		if m.id == os.Getpid() && m.mark != thisProcess() || m.id != os.Getpid() && !alive(m.id) {
			_ = os.Remove(name) // if this fails, so does the copy, with an error
		}
	}
}

// escapeGlob makes a path match itself alone.
func escapeGlob(path string) string {
	var b []rune
	for _, r := range path {
		switch r {
		case '*', '?', '[':
			b = append(b, '[', r, ']')
		default:
			b = append(b, r)
		}
	}
	return string(b)
}

// CannotCopy explains why a copy cannot be written; nil for nil.
func CannotCopy(path string, err error) error {
	if err == nil {
		return nil
	}
	reason := err
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		reason = pathErr.Err
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errs.Is(err, errs.StorageFull):
		return errs.Wrap(errs.StorageFull, err, "the disk that %s goes to is full; nothing was kept", path)
	case errors.Is(err, fs.ErrPermission):
		return errs.Wrap(errs.Forbidden, err, "%s cannot be written: the user that runs fazt has no permission", path)
	case errors.Is(err, syscall.EROFS):
		return errs.Wrap(errs.Forbidden, err, "%s cannot be written: its disk is read-only", path)
	}
	return errs.Wrap(errs.Invalid, err, "%s cannot be written: %v", path, reason)
}
