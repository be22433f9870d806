package repo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/output"
)

const (
	maxFiles = 200_000 // of a commit
	maxBytes = 8 << 30 // of all its files
	maxPath  = 4096
	maxDepth = 100 // nesting of folders
	maxTree  = 64 << 20
	maxTags  = 10 // tags of tags
)

// Files is a commit whose files were written to a folder.
type Files struct {
	Dir      string   // the requested folder of the repository
	Subject  string   // the first line of the commit's message
	Warnings []string // what was left out
}

// Checkout writes the files of a commit below dir, which must be empty, and finds the folder path in it; "" is the whole
// repository. Links and submodules are left out.
func (r *Repository) Checkout(ctx context.Context, c Commit, path, dir string) (Files, error) {
	store, err := r.fetch(ctx, c.want, dir)
	if err != nil {
		return Files{}, err
	}
	var f Files
	hash, err := commitOf(store, c.want)
	if err != nil {
		return f, err
	}
	if hash.String() != c.Hash {
		return f, errs.New(errs.Conflict, "%s is at a different commit than the host announced", c.Ref)
	}
	tree, subject, err := readCommit(store, hash)
	if err != nil {
		return f, err
	}
	f.Subject = subject
	top := filepath.Join(dir, r.folderName())
	if err := os.Mkdir(top, 0o700); err != nil {
		return f, err
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		return f, err
	}
	w := &checkout{store: store, root: root}
	err = errors.Join(w.tree(ctx, tree, ".", 0), root.Close())
	f.Warnings = w.warnings
	if err != nil {
		return f, err
	}
	f.Dir, err = below(top, path, c)
	return f, err
}

// folderName returns the name of the folder with the files, which is the default name of the app.
func (r *Repository) folderName() string {
	if name := r.Address.Name(); hosting.CheckPath(name, 200) == nil && !strings.Contains(name, "/") && name != "objects.git" {
		return name
	}
	return "repository"
}

// CleanPath returns a folder of a repository in the form that is stored; "" is the whole repository.
func CleanPath(text string) (string, error) {
	clean := path.Clean(filepath.ToSlash(text))
	if clean == "." || text == "" {
		return "", nil
	}
	return clean, hosting.CheckPath(clean, maxPath)
}

// below returns the folder path of the files in top.
func below(top, path string, c Commit) (string, error) {
	dir := filepath.Join(top, filepath.FromSlash(path))
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() {
		return "", errs.New(errs.NotFound, "the repository has no folder %s at %s", path, c.Short())
	}
	return dir, nil
}

// read returns the content of an object of a kind that is small by nature.
func read(store storer.EncodedObjectStorer, kind plumbing.ObjectType, hash plumbing.Hash) ([]byte, error) {
	object, err := store.EncodedObject(kind, hash)
	if err != nil {
		return nil, incomplete(err)
	}
	if object.Size() > maxTree {
		return nil, errs.New(errs.TooLarge, "the repository has a folder or a message of %d bytes", object.Size())
	}
	r, err := object.Reader()
	if err != nil {
		return nil, incomplete(err)
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

func incomplete(err error) error {
	return errs.Wrap(errs.Invalid, err, "the repository is damaged or incomplete: %v", err)
}

// commitOf returns the commit that a hash leads to: itself, or the target of a tag.
func commitOf(store storer.EncodedObjectStorer, hash plumbing.Hash) (plumbing.Hash, error) {
	for range maxTags {
		object, err := store.EncodedObject(plumbing.AnyObject, hash)
		if err != nil {
			return hash, incomplete(err)
		}
		switch object.Type() {
		case plumbing.CommitObject:
			return hash, nil
		case plumbing.TagObject:
			data, err := read(store, plumbing.TagObject, hash)
			if err != nil {
				return hash, err
			}
			line, _, _ := strings.Cut(string(data), "\n")
			target, ok := strings.CutPrefix(line, "object ")
			if !ok || !isHash(target) {
				return hash, incomplete(errors.New("a tag without an object"))
			}
			hash = plumbing.NewHash(target)
		default:
			return hash, errs.New(errs.Invalid, "it is a file or folder, not a commit")
		}
	}
	return hash, incomplete(errors.New("a tag of tags"))
}

// readCommit returns the tree of a commit and the first line of its message.
func readCommit(store storer.EncodedObjectStorer, hash plumbing.Hash) (tree plumbing.Hash, subject string, err error) {
	data, err := read(store, plumbing.CommitObject, hash)
	if err != nil {
		return tree, "", err
	}
	head, message, _ := strings.Cut(string(data), "\n\n")
	line, _, _ := strings.Cut(head, "\n")
	text, ok := strings.CutPrefix(line, "tree ")
	if !ok || !isHash(text) {
		return tree, "", incomplete(errors.New("a commit without a tree"))
	}
	subject, _, _ = strings.Cut(strings.TrimSpace(message), "\n")
	return plumbing.NewHash(text), output.Line(subject), nil
}

// checkout is a commit while its files are written to a folder.
type checkout struct {
	store    storer.EncodedObjectStorer
	root     *os.Root
	files    int
	bytes    int64
	warnings []string
}

// entry is one line of a tree.
type entry struct {
	mode int64
	name string
	hash plumbing.Hash
}

// The modes of entries in a git tree.
const (
	modeFolder = 0o040000
	modeFile   = 0o100644
	modeRun    = 0o100755
	modeGroup  = 0o100664 // written by early versions
	modeLink   = 0o120000
	modeModule = 0o160000
)

// parseTree reads a tree: lines of mode, space, name, NUL, and the 20 bytes of a hash.
func parseTree(data []byte) ([]entry, error) {
	var list []entry
	for r := bufio.NewReader(bytes.NewReader(data)); ; {
		mode, err := r.ReadString(' ')
		if errors.Is(err, io.EOF) && mode == "" {
			return list, nil
		}
		if err != nil {
			return nil, incomplete(err)
		}
		var e entry
		if e.mode, err = strconv.ParseInt(strings.TrimSuffix(mode, " "), 8, 32); err != nil {
			return nil, incomplete(err)
		}
		name, err := r.ReadString(0)
		if err != nil {
			return nil, incomplete(err)
		}
		e.name = strings.TrimSuffix(name, "\x00")
		if _, err := io.ReadFull(r, e.hash[:]); err != nil {
			return nil, incomplete(err)
		}
		list = append(list, e)
	}
}

func (w *checkout) tree(ctx context.Context, hash plumbing.Hash, at string, depth int) error {
	if depth > maxDepth {
		return errs.New(errs.TooLarge, "the repository has more than %d nested folders", maxDepth)
	}
	data, err := read(w.store, plumbing.TreeObject, hash)
	if err != nil {
		return err
	}
	entries, err := parseTree(data)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if w.files++; w.files > maxFiles {
			return errs.New(errs.TooLarge, "the repository has more than %d files", maxFiles)
		}
		if err := w.entry(ctx, e, at, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *checkout) entry(ctx context.Context, e entry, at string, depth int) error {
	name := path.Join(at, e.name)
	switch err := hosting.CheckPath(e.name, maxPath); {
	case err != nil:
		return err
	case strings.Contains(e.name, "/"), strings.EqualFold(e.name, ".git"), strings.EqualFold(e.name, "git~1"):
		return errs.New(errs.Invalid, "unsafe file name %q in the repository", e.name)
	}
	switch e.mode {
	case modeFolder:
		if err := w.root.Mkdir(name, 0o755); err != nil {
			return notWritten(name, err)
		}
		return w.tree(ctx, e.hash, name, depth+1)
	case modeFile, modeGroup:
		return w.file(e.hash, name, 0o644)
	case modeRun:
		return w.file(e.hash, name, 0o755)
	case modeLink:
		w.warnings = append(w.warnings, fmt.Sprintf("%s is a link and was left out; links are not followed", name))
		return nil
	case modeModule:
		w.warnings = append(w.warnings, fmt.Sprintf("%s is a submodule and was left out", name))
		return nil
	}
	return errs.New(errs.Invalid, "%s is neither a file nor a folder", name)
}

func (w *checkout) file(hash plumbing.Hash, name string, mode os.FileMode) (err error) {
	object, err := w.store.EncodedObject(plumbing.BlobObject, hash)
	if err != nil {
		return incomplete(err)
	}
	if w.bytes += object.Size(); w.bytes > maxBytes {
		return errs.New(errs.TooLarge, "the files of the repository are larger than %d bytes in total", int64(maxBytes))
	}
	r, err := object.Reader()
	if err != nil {
		return incomplete(err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	f, err := w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return notWritten(name, err)
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

// notWritten explains a file that cannot be created, such as the second of two whose names differ only in case.
func notWritten(name string, err error) error {
	return errs.Wrap(errs.Invalid, err, "%s of the repository cannot be written: %v", name, err)
}
