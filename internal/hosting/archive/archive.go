// Package archive reads zip and tar.gz archives from untrusted sources and verifies every claim that they make.
//
// The whole archive is checked before any of it is used: a single bad name, link or wrong size, and all of it is
// rejected. Content is streamed; only the list of files is held in memory.
package archive

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/system"
)

const (
	// An archive that unpacks to more than maxRatio times its size and to more than freeBytes is rejected as a bomb.
	// Text packs to a tenth, logs and generated data to a fiftieth; deflate at its best reaches a thousandth.
	maxRatio  = 200
	freeBytes = 16 << 20
)

// entry is one file or folder, under the name that the archive gives it.
type entry struct {
	name   string
	folder bool
	size   int64
}

// format walks through the entries of one kind of archive, always in the same order. content has exactly the announced
// number of bytes, or fails; it need not be read.
type format interface {
	each(ctx context.Context, visit func(e entry, content io.Reader) error) error
}

// Archive is an archive that passed all checks.
type Archive struct {
	Files   []hosting.Announced // to be deployed, in the order of their paths
	LeftOut int                 // files excluded from every deployment: version control, dependencies, dotfiles

	format format
	top    string // the folder that contains everything, with a slash; "" = none
}

// Open reads the whole archive in r and checks it. It fails unless the archive can become a deployment within the
// limits.
func Open(ctx context.Context, r io.ReaderAt, size int64, limits system.Storage) (*Archive, error) {
	f, err := detect(r, size, limits)
	if err != nil {
		return nil, err
	}
	s := &survey{limits: limits}
	if err := f.each(ctx, func(e entry, content io.Reader) error { return s.add(ctx, e, content) }); err != nil {
		return nil, err
	}
	a := &Archive{format: f}
	return a, a.choose(s.files)
}

// detect recognizes the kind of archive by its first bytes, because names and media types cannot be trusted.
func detect(r io.ReaderAt, size int64, limits system.Storage) (format, error) {
	var magic [4]byte
	n, err := r.ReadAt(magic[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch first := string(magic[:n]); {
	case n == 0:
		return nil, errs.New(errs.Invalid, "the archive is empty")
	case strings.HasPrefix(first, "\x1f\x8b"):
		return tarGzip{r, size, limits}, nil
	case first == "PK\x03\x04":
		return openZip(r, size, limits)
	case first == "PK\x05\x06":
		return nil, nothing()
	}
	return nil, errs.New(errs.Invalid, "the file is neither a zip nor a tar.gz")
}

func refuse(format string, args ...any) error {
	return errs.New(errs.Invalid, "the archive is refused: "+format, args...)
}

func nothing() error { return errs.New(errs.Invalid, "the archive contains nothing to deploy") }

// cleanName returns the path of an entry, without the "./" that tar puts in front and without the slash at the end of a
// folder. It is "" for the folder that contains everything.
func cleanName(e entry, max int) (string, error) {
	name := e.name
	for strings.HasPrefix(name, "./") {
		name = name[2:]
	}
	if e.folder {
		name = strings.TrimSuffix(name, "/")
		if name == "" && e.name != "/" || name == "." {
			return "", nil
		}
	}
	return name, hosting.CheckPath(name, max)
}

// survey collects what Open learns about an archive.
type survey struct {
	limits  system.Storage
	files   []hosting.Announced // without a hash if the file is left out in any case
	folders int
	bytes   int64
}

// add checks one entry and reads its content.
func (s *survey) add(ctx context.Context, e entry, content io.Reader) error {
	name, err := cleanName(e, s.limits.MaxPathLength)
	if err != nil {
		return err
	}
	if e.folder {
		if s.folders++; s.folders > s.limits.MaxSiteFiles {
			return errs.New(errs.TooLarge, "the archive has more than %d folders", s.limits.MaxSiteFiles)
		}
		return nil
	}
	if len(s.files) == s.limits.MaxSiteFiles {
		return errs.New(errs.TooLarge, "the archive has more than %d files, which is the limit (storage.max_site_files); are the dependencies in it?", s.limits.MaxSiteFiles)
	}
	if e.size > s.limits.MaxFileSize {
		return errs.TooBig(name, e.size, s.limits.MaxFileSize, "storage.max_file_size")
	}
	if s.bytes += e.size; s.bytes > s.limits.MaxSiteSize {
		return errs.New(errs.TooLarge, "the archive unpacks to more than %s, which is the limit (storage.max_site_size)", errs.Bound(s.limits.MaxSiteSize))
	}
	f := hosting.Announced{Path: name, Size: e.size}
	if !junk(name) {
		sum := sha256.New()
		if _, err := io.Copy(sum, &canceled{ctx, content}); err != nil {
			return err
		}
		sum.Sum(f.Hash[:0])
	}
	s.files = append(s.files, f)
	return nil
}

// canceled ends long reads after the caller has gone.
type canceled struct {
	ctx context.Context
	r   io.Reader
}

func (c *canceled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// junk reports whether a file is left out no matter which folder becomes the root of the deployment.
func junk(name string) bool {
	for segment := range strings.SplitSeq(name, "/") {
		if segment != ".well-known" && hosting.LeftOut(segment) {
			return true
		}
	}
	return strings.HasPrefix(name, "__MACOSX/") // added to a zip by the Finder
}

// choose lists what is deployed, relative to the folder that contains everything, and without files that are left out.
func (a *Archive) choose(files []hosting.Announced) error {
	if err := checkClashes(files); err != nil {
		return err
	}
	a.top = topFolder(files)
	for _, f := range files {
		path, ok := a.path(f.Path)
		if !ok {
			a.LeftOut++
			continue
		}
		f.Path = path
		a.Files = append(a.Files, f)
	}
	if len(a.Files) == 0 {
		return nothing()
	}
	slices.SortFunc(a.Files, func(a, b hosting.Announced) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// path returns where a file of the archive lies in the deployment; ok is false if it is left out.
func (a *Archive) path(name string) (string, bool) {
	path := strings.TrimPrefix(name, a.top)
	return path, !junk(name) && !hosting.LeftOut(path)
}

// topFolder returns the folder that contains all files, if there is one, as in the archives of code hosts and file
// managers. Folders that have a meaning in an app do not count.
func topFolder(files []hosting.Announced) string {
	top := ""
	for _, f := range files {
		first, _, below := strings.Cut(f.Path, "/")
		switch {
		case junk(f.Path):
			continue
		case !below, top != "" && top != first+"/", first == ".well-known" || hosting.Hidden(first):
			return ""
		}
		top = first + "/"
	}
	return top
}

// checkClashes rejects duplicate names, and names that are the same on a disk where letter case or the form of accents
// makes no difference. Programs disagree about such archives.
func checkClashes(files []hosting.Announced) error {
	if err := hosting.CheckTwins(files); err != nil {
		return err
	}
	known := make(map[string]string, len(files))
	for _, f := range files {
		key := hosting.Fold(f.Path)
		if other, taken := known[key]; taken {
			if other == f.Path {
				return refuse("%q appears twice", f.Path)
			}
			return refuse("%+q and %+q are the same file on systems that ignore letter case or the form of accents", other, f.Path)
		}
		known[key] = f.Path
	}
	for _, f := range files {
		key := hosting.Fold(f.Path)
		for i, c := range key {
			if other, taken := known[key[:i]]; c == '/' && taken {
				return refuse("%q is a file, but %q is in a folder of that name", other, f.Path)
			}
		}
	}
	return nil
}

// Each reads the files to be deployed again, in the order of the archive.
func (a *Archive) Each(ctx context.Context, visit func(f hosting.Announced, content io.Reader) error) error {
	return a.format.each(ctx, func(e entry, content io.Reader) error {
		if e.folder {
			return nil
		}
		name, err := cleanName(e, len(e.name))
		if err != nil {
			return err
		}
		path, ok := a.path(name)
		if !ok {
			return nil
		}
		i, found := slices.BinarySearchFunc(a.Files, path, func(f hosting.Announced, path string) int { return strings.Compare(f.Path, path) })
		if !found {
			return errs.New(errs.Conflict, "the archive changed while it was being read")
		}
		return visit(a.Files[i], &canceled{ctx, content})
	})
}
