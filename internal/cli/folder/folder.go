// Package folder finds what a deploy takes from a folder: which files, what they hold, and what was left out and why.
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

// maxPath is the longest path that is looked at; the instance may allow less.
const maxPath = 4096

// Options say what to take.
type Options struct {
	// IncludePrivate takes private/ even where a .gitignore leaves it out.
	IncludePrivate bool
	// Built says that a build made the folder. What a build makes is usually in .gitignore: then the rules above the
	// folder say nothing about it.
	Built bool
	// Check is given the files with their sizes before any of them is read, and may refuse them; nil = all may be.
	Check func(files []op.Announced) error
}

// Folder is what was found. Content that changes afterwards is noticed when it is read.
type Folder struct {
	Files    []op.Announced // in the order of their paths
	Warnings []string       // what was left out that a person may miss

	dir  string
	root *os.Root
	o    Options
}

// Check says whether dir is a folder.
func Check(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errs.Wrap(errs.NotFound, err, "there is no folder %s", dir)
	case err != nil:
		return explain(dir, err)
	case !info.IsDir():
		return errs.New(errs.Invalid, "%s is a file; name the folder it lies in", dir)
	}
	return nil
}

// Read looks through the folder dir and reads all that is to be deployed.
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
		r = above(f.dir)
	}
	if err := f.directory(".", r); err != nil {
		return err
	}
	if len(f.Files) == 0 {
		return errs.New(errs.Invalid, "there is nothing to deploy in %s: it is empty, or everything in it is left out", f.dir)
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

// Take adds files that are part of no deployment by themselves, by their paths without links, and returns them.
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
	f.Files = slices.Concat(f.Files, added) // whoever has the files so far keeps them as they are
	slices.SortFunc(f.Files, func(a, b op.Announced) int { return strings.Compare(a.Path, b.Path) })
	return added, nil
}

// Close ends the use of the folder.
func (f *Folder) Close() error { return f.root.Close() }

func explain(name string, err error) error {
	var pathErr *fs.PathError
	reason := err
	if errors.As(err, &pathErr) {
		reason = pathErr.Err
	}
	return errs.Wrap(errs.Invalid, err, "%s cannot be read: %v; nothing was sent", name, reason)
}

// directory takes what lies in a directory and below it.
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

// leftOut says whether the rules leave out name, and warns where that is easily overlooked.
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

// open opens a file of the folder, and refuses what has become of it if that is no file any more.
func (f *Folder) open(name string) (*os.File, error) {
	before, err := f.root.Lstat(name)
	if err != nil {
		return nil, changed(name, err)
	}
	if !before.Mode().IsRegular() { // opening a pipe would wait for ever
		return nil, changed(name, nil)
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, explain(path.Join(f.dir, name), err)
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

// find is what was announced of a file.
func (f *Folder) find(name string) (op.Announced, bool) {
	i, ok := slices.BinarySearchFunc(f.Files, name, func(a op.Announced, name string) int { return strings.Compare(a.Path, name) })
	if !ok {
		return op.Announced{}, false
	}
	return f.Files[i], true
}

// Open opens a file that was announced. Reading fails when the content is no longer the announced one.
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

// ReadFile is the content of a file that was announced, or an error that is fs.ErrNotExist.
func (f *Folder) ReadFile(name string) ([]byte, error) {
	r, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
