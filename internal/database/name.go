package database

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"fazt/internal/database/sqlite"
	"fazt/internal/errs"
)

// Canonical returns the canonical name of the database at path, with all links resolved: the files next to it (the
// lock, the control socket, the key, the -wal file) are found by that name. The file, and folders above it, need not
// exist.
func Canonical(path string) (string, error) {
	if path == "" {
		return "", errs.New(errs.Invalid, "no database file given")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", sqlite.CannotOpen(path, err)
	}
	name, err := canonical(abs, maxLinks)
	if err != nil {
		return "", sqlite.CannotOpen(path, err)
	}
	return name, nil
}

// maxLinks is how many links a path may contain, as on Linux.
const maxLinks = 40

func canonical(path string, links int) (string, error) {
	name, err := filepath.EvalSymlinks(path)
	if err == nil {
		return name, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	folder := filepath.Dir(path)
	if folder == path || links == 0 {
		return path, nil
	}
	if folder, err = canonical(folder, links); err != nil {
		return "", err
	}
	path = filepath.Join(folder, filepath.Base(path))
	target, err := os.Readlink(path)
	if err != nil { // not a link: the file will be created here
		return path, nil
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(folder, target)
	}
	return canonical(target, links-1)
}

// checkName rejects a file that has several names. SQLite keeps the latest writes in a -wal file next to the name by
// which it was opened: under another name those writes are missing, and the next ones corrupt the file. See "How To
// Corrupt An SQLite Database File", 2.4 and 2.5, in SQLite's documentation.
func checkName(path string, info fs.FileInfo) error {
	if n := links(path, info); n > 1 {
		return errs.New(errs.Conflict, "%s has %d names (hard links), and a database must have one: what is written under one name is missing under the others; remove the others, which `find / -samefile %s` shows, or make a copy instead", path, n, path)
	}
	if mounted(path) {
		return errs.New(errs.Conflict, "%s is mounted by itself, without the files next to it that hold its last writes: mount its folder instead", path)
	}
	return nil
}
