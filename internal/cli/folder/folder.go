// Package folder determines what a deploy takes from a folder: which files, their content, and what is left out and why.
//
// Nothing outside the folder can be reached: every file is opened through an os.Root, and links are not followed.
package folder

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"fazt/internal/api/op"
	"fazt/internal/errs"
	"fazt/internal/hosting"
)

// maxPath bounds the length of paths; the instance may allow less.
const maxPath = 4096

// Options control what is taken.
type Options struct {
	// IncludePrivate takes private/ even if a .gitignore excludes it.
	IncludePrivate bool
	// Built means that the folder is the output of a build. Build outputs are usually in .gitignore, so the rules above
	// the folder do not apply.
	Built bool
	// Check gets the files with their sizes before any of them is read, and may refuse them; nil = no check.
	Check func(files []op.Announced) error
	// Home and Getenv find the rules that the user has for all git repositories; nil = there are none.
	Home   func() (string, error)
	Getenv func(string) string
}

// Folder is the files of a folder. Content that changes afterwards is detected when it is read.
type Folder struct {
	Files    []op.Announced // by path
	Warnings []string       // files that were left out and may be missed

	dir    string
	root   *os.Root
	o      Options
	prefix string // of the paths of its files
}

// Check returns an error if dir is not a folder.
func Check(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errs.Wrap(errs.NotFound, err, "no folder %s", dir)
	case err != nil:
		return explain(dir, err)
	case !info.IsDir():
		return errs.New(errs.Invalid, "%s is a file; name its folder", dir)
	}
	return nil
}

// Read reads everything that is deployed of the folder dir.
func Read(ctx context.Context, dir string, o Options) (*Folder, error) {
	if err := Check(dir); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, explain(dir, err)
	}
	f := &Folder{dir: dir, root: root, o: o}
	if err := f.read(ctx); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return f, nil
}

func (f *Folder) read(ctx context.Context) error {
	var r rules
	if !f.o.Built {
		r = above(f.dir, f.o)
	}
	if err := f.directory(".", r); err != nil {
		return err
	}
	if len(f.Files) == 0 {
		return errs.New(errs.Invalid, "nothing to deploy in %s: it is empty, or everything in it is excluded", f.dir)
	}
	slices.SortFunc(f.Files, func(a, b op.Announced) int { return strings.Compare(a.Path, b.Path) })
	if f.o.Check != nil {
		if err := f.o.Check(f.Files); err != nil {
			return err
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	for i := range f.Files {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f.hash(&f.Files[i])
		})
	}
	return g.Wait()
}

// Open returns a folder of which nothing is deployed but what Take adds. Its files have paths below prefix.
func Open(dir, prefix string) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, explain(dir, err)
	}
	return &Folder{dir: dir, root: root, prefix: prefix}, nil
}

// Take adds files that are not deployed by default, by their paths without links, and returns them.
func (f *Folder) Take(ctx context.Context, paths []string) ([]op.Announced, error) {
	var added []op.Announced
	for _, name := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := hosting.CheckPath(name, maxPath); err != nil {
			return nil, err
		}
		a := op.Announced{Path: name}
		if err := f.hash(&a); err != nil {
			return nil, err
		}
		added = append(added, a)
	}
	f.Files = slices.Concat(f.Files, added) // callers may hold the previous slice
	slices.SortFunc(f.Files, func(a, b op.Announced) int { return strings.Compare(a.Path, b.Path) })
	return added, nil
}

// Close releases the folder.
func (f *Folder) Close() error { return f.root.Close() }

func explain(name string, err error) error {
	var pathErr *fs.PathError
	reason := err
	if errors.As(err, &pathErr) {
		reason = pathErr.Err
	}
	return errs.Wrap(errs.Invalid, err, "%s cannot be read: %v; nothing was sent", name, reason)
}

// directory takes the files in a directory and below it.
func (f *Folder) directory(name string, r rules) error {
	d, err := f.root.Open(name)
	if err != nil {
		return explain(path.Join(f.dir, name), err)
	}
	entries, err := d.ReadDir(-1)
	d.Close()
	if err != nil {
		return explain(path.Join(f.dir, name), err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	if r, err = r.with(f.root, name, entries); err != nil {
		return err
	}
	for _, e := range entries {
		if err := f.entry(e, path.Join(name, e.Name()), r); err != nil {
			return err
		}
	}
	return nil
}

func (f *Folder) entry(e fs.DirEntry, name string, r rules) error {
	if hosting.LeftOut(name) || f.leftOut(name, e.IsDir(), r) {
		return nil
	}
	switch {
	case e.IsDir():
		return f.directory(name, r)
	case e.Type()&fs.ModeSymlink != 0:
		f.warn("%s is a link and was left out; links are not followed", name)
		return nil
	case !e.Type().IsRegular():
		f.warn("%s is neither a file nor a folder and was left out", name)
		return nil
	}
	if err := hosting.CheckPath(name, maxPath); err != nil {
		return err
	}
	info, err := e.Info()
	if err != nil {
		return changed(name, err)
	}
	f.Files = append(f.Files, op.Announced{Path: name, Size: info.Size()})
	return nil
}

// leftOut reports whether the rules exclude name, and warns if that is easily overlooked.
func (f *Folder) leftOut(name string, dir bool, r rules) bool {
	private := name == "private" || strings.HasPrefix(name, "private/")
	if private && f.o.IncludePrivate {
		return r.ignoredByOwn(name, dir)
	}
	if !r.ignored(name, dir) {
		return false
	}
	if private && !r.ignoredByOwn(name, dir) {
		f.warn("%s is in .gitignore and was left out; --include-private sends it", name)
	}
	return true
}

func (f *Folder) warn(format string, args ...any) {
	f.Warnings = append(f.Warnings, fmt.Sprintf(format, args...))
}

func (f *Folder) hash(a *op.Announced) error {
	r, err := f.open(a.Path)
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	if a.Size, err = io.Copy(h, r); err != nil {
		return explain(path.Join(f.dir, a.Path), err)
	}
	h.Sum(a.Hash[:0])
	return nil
}

// open opens a file of the folder, and fails if it is not a regular file any more.
func (f *Folder) open(name string) (*os.File, error) {
	at := strings.TrimPrefix(name, f.prefix)
	before, err := f.root.Lstat(at)
	if err != nil {
		return nil, changed(name, err)
	}
	if !before.Mode().IsRegular() { // opening a pipe would block forever
		return nil, changed(name, nil)
	}
	file, err := f.root.Open(at)
	if err != nil {
		return nil, explain(path.Join(f.dir, at), err)
	}
	if now, err := file.Stat(); err != nil || !os.SameFile(before, now) {
		file.Close()
		return nil, changed(name, err)
	}
	return file, nil
}

func changed(name string, cause error) error {
	return &errs.Error{Kind: errs.Conflict, Message: fmt.Sprintf("%s changed while it was being read; nothing was deployed; try again", name), Err: cause}
}

// Has reports whether the folder has a file, announced or not.
func (f *Folder) Has(name string) bool {
	at, below := strings.CutPrefix(name, f.prefix)
	info, err := f.root.Lstat(at)
	return below && err == nil && info.Mode().IsRegular()
}

// Look returns the content of a file, announced or not.
func (f *Folder) Look(name string) ([]byte, error) {
	r, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// find returns the announced entry of a file.
func (f *Folder) find(name string) (op.Announced, bool) {
	i, ok := slices.BinarySearchFunc(f.Files, name, func(a op.Announced, name string) int { return strings.Compare(a.Path, name) })
	if !ok {
		return op.Announced{}, false
	}
	return f.Files[i], true
}

// Open opens an announced file. Reading fails if its content has changed.
func (f *Folder) Open(name string) (io.ReadCloser, error) {
	want, ok := f.find(name)
	if !ok {
		return nil, fs.ErrNotExist
	}
	file, err := f.open(name)
	if err != nil {
		return nil, err
	}
	return &checked{file: file, sum: sha256.New(), want: want}, nil
}

// ReadFile returns the content of an announced file; the error for others is fs.ErrNotExist.
func (f *Folder) ReadFile(name string) ([]byte, error) {
	r, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
