package repo

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"fazt/internal/errs"
)

// Repository is a repository whose branches and tags are known.
type Repository struct {
	Address Address

	head   string                   // branch of HEAD; "" = detached
	refs   map[string]plumbing.Hash // refs/heads/…, refs/tags/…; and HEAD
	peeled map[string]plumbing.Hash // the commits of annotated tags
	fetch  func(ctx context.Context, want plumbing.Hash, dir string) (storer.EncodedObjectStorer, error)
	exact  bool // any commit can be fetched, not only those of branches and tags
}

// Commit is the target of a ref.
type Commit struct {
	Ref  string // the branch, tag or commit to fetch again; "" = a detached HEAD
	Hash string

	want plumbing.Hash // the object to fetch: the tag, if there is one
}

// Short returns the abbreviated hash.
func (c Commit) Short() string { return c.Hash[:7] }

// Pinned reports whether the ref is a commit, and so will never lead to another one.
func (c Commit) Pinned() bool { return c.Ref == c.Hash }

// Progress gets the number of bytes received.
type Progress func(received int64)

// Open asks a repository for its branches and tags.
func Open(ctx context.Context, a Address, progress Progress) (*Repository, error) {
	if dir, ok := a.local(); ok {
		return openLocal(a, dir)
	}
	return openRemote(ctx, a, progress)
}

// openLocal opens a repository on this machine: a work tree with its .git, or a bare one.
func openLocal(a Address, dir string) (*Repository, error) {
	git := filepath.Join(dir, ".git")
	info, err := os.Stat(git)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		git = dir
	case err == nil && !info.IsDir():
		return nil, errs.New(errs.Unsupported, "%s is a linked work tree; use the repository it belongs to", dir)
	}
	if _, err := os.Stat(filepath.Join(git, "objects")); err != nil {
		return nil, errs.Wrap(errs.NotFound, err, "no git repository at %s", dir)
	}
	store := openStore(git)
	r := &Repository{Address: a, refs: map[string]plumbing.Hash{}, peeled: map[string]plumbing.Hash{}, exact: true}
	r.fetch = func(context.Context, plumbing.Hash, string) (storer.EncodedObjectStorer, error) { return store, nil }
	list, err := store.IterReferences()
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "the repository at %s cannot be read", dir)
	}
	err = list.ForEach(func(ref *plumbing.Reference) error {
		if ref.Type() == plumbing.HashReference {
			r.refs[ref.Name().String()] = ref.Hash()
			if commit, err := commitOf(store, ref.Hash()); err == nil {
				r.peeled[ref.Name().String()] = commit
			}
		} else if ref.Name() == plumbing.HEAD {
			r.head = ref.Target().String()
		}
		return nil
	})
	if hash, ok := r.refs[r.head]; ok {
		r.refs["HEAD"] = hash
	}
	return r, errs.Wrap(errs.Invalid, err, "the repository at %s cannot be read", dir)
}

// openStore opens the objects of a repository; large ones are read as streams.
func openStore(dir string) *filesystem.Storage {
	return filesystem.NewStorageWithOptions(osfs.New(dir), cache.NewObjectLRUDefault(), filesystem.Options{LargeObjectThreshold: 1 << 20})
}

const (
	branches = "refs/heads/"
	tags     = "refs/tags/"
)

// Names returns the branches and tags, in order.
func (r *Repository) Names() []string {
	var names []string
	for ref := range r.refs {
		for _, kind := range []string{branches, tags} {
			if name, ok := strings.CutPrefix(ref, kind); ok {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Find returns the commit of a branch, a tag or a full hash; "" is the default branch. It reports false if there is none
// with exactly that name.
func (r *Repository) Find(ref string) (Commit, bool, error) {
	switch {
	case ref == "":
		if hash, ok := r.refs["HEAD"]; ok {
			return Commit{strings.TrimPrefix(r.head, branches), r.commit("HEAD").String(), hash}, true, nil
		}
		return Commit{}, false, errs.New(errs.NotFound, "the repository has no default branch; name one: %s@BRANCH", r.Address.URL)
	case strings.HasPrefix(ref, "refs/"):
		c, ok := r.at(ref, ref)
		return c, ok, nil
	}
	branch, isBranch := r.at(branches+ref, ref)
	tag, isTag := r.at(tags+ref, ref)
	if isBranch && isTag && branch.Hash != tag.Hash {
		return Commit{}, false, errs.New(errs.Invalid, "both a branch and a tag are named %s; use refs/heads/%s or refs/tags/%s", ref, ref, ref)
	}
	if isBranch || isTag {
		if isBranch {
			return branch, true, nil
		}
		return tag, true, nil
	}
	if !isHash(ref) {
		return Commit{}, false, nil
	}
	for name := range r.refs {
		if r.commit(name).String() == ref {
			return Commit{ref, ref, r.refs[name]}, true, nil
		}
	}
	if !r.exact {
		return Commit{}, false, errs.New(errs.Unsupported, "the host serves only commits of branches and tags, and %s is not one of them", ref)
	}
	return Commit{ref, ref, plumbing.NewHash(ref)}, true, nil
}

func isHash(ref string) bool { return len(ref) == 40 && strings.Trim(ref, "0123456789abcdef") == "" }

// at returns the commit of the reference name; ref is its short name.
func (r *Repository) at(name, ref string) (Commit, bool) {
	hash, ok := r.refs[name]
	return Commit{ref, r.commit(name).String(), hash}, ok
}

func (r *Repository) commit(name string) plumbing.Hash {
	if commit, ok := r.peeled[name]; ok {
		return commit
	}
	return r.refs[name]
}
