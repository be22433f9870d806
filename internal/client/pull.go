package client

import (
	"archive/tar"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"fazt/internal/api/op"
	"fazt/internal/content"
	"fazt/internal/errs"
	"fazt/internal/limitio"
)

const (
	// maxFiles bounds the file list of an instance: ten times the largest configurable limit.
	maxFiles = 10_000_000
	// maxWindow bounds the memory a stream can make the decoder use.
	maxWindow = 8 << 20
)

// Pulled is the outcome of a pull.
type Pulled struct {
	Deployment op.Deployment
	Files      int   // files of the deployment
	Fetched    int   // files written
	Bytes      int64 // size of the fetched content
}

// Pull writes the files of a deployment into the folder dir, which is created if missing. Files that already have the
// right content are left alone, so an interrupted pull resumes where it stopped; other existing files are overwritten
// only with force. Nothing except the deployment's files is touched.
//
// The instance is not trusted: its data is checked before anything is written, every file is opened below dir without
// following links out of it, and files appear complete or not at all.
func Pull(ctx context.Context, c *Client, ref op.DeploymentRef, dir string, force bool, progress Progress) (p Pulled, err error) {
	if p.Deployment, err = Call(ctx, c, op.DeploymentGet, ref); err != nil {
		return p, err
	}
	ref.Deployment = fmt.Sprint(p.Deployment.Number) // the live deployment may change meanwhile
	files, err := list(ctx, c, ref)
	if err != nil {
		return p, err
	}
	p.Files = len(files)
	if err := checkNames(files); err != nil {
		return p, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return p, cannotWrite(dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return p, cannotWrite(dir, err)
	}
	defer root.Close()
	t := &tree{root: root, dir: dir, wanted: map[content.Hash]*wanted{}, made: map[string]bool{}}
	if err := t.compare(ctx, files, force); err != nil || len(t.order) == 0 {
		return p, err
	}
	p.Fetched, p.Bytes = t.paths, t.bytes
	fetch := op.FilePull{App: ref.App, Deployment: ref.Deployment, Hashes: t.order}
	stream, err := Call(ctx, c, op.FileFetch, fetch)
	if err != nil {
		return p, err
	}
	err = errors.Join(t.unpack(ctx, stream.Body, progress), stream.Body.Close())
	if errs.Is(err, errs.Unavailable) {
		fetch.Hashes = slices.DeleteFunc(fetch.Hashes, func(h content.Hash) bool { return t.wanted[h] == nil })
		err = cmp.Or(reason(ctx, c, fetch), err)
	}
	return p, err
}

// reason asks again for content that did not arrive, because a stream cannot report an error once it has begun: if all
// of the content is damaged, the instance refuses the request.
func reason(ctx context.Context, c *Client, fetch op.FilePull) error {
	if len(fetch.Hashes) == 0 {
		return nil
	}
	stream, err := Call(ctx, c, op.FileFetch, fetch)
	if err == nil {
		err = stream.Body.Close()
	}
	if !errs.Is(err, errs.Unprocessable) {
		return nil
	}
	return errs.Wrap(errs.Unprocessable, err, "%s; the other files were pulled", errs.Sentence(err))
}

// list returns all files of a deployment.
func list(ctx context.Context, c *Client, ref op.DeploymentRef) (files []op.File, err error) {
	req := op.FilePage{DeploymentRef: ref, List: op.List{Limit: 1000}}
	for {
		page, err := Call(ctx, c, op.FileList, req)
		if err != nil {
			return nil, err
		}
		files = append(files, page.Items...)
		switch {
		case page.Next == "":
			return files, nil
		case page.Next <= req.Cursor || len(files) > maxFiles:
			return nil, errs.New(errs.Unsupported, "the instance's list of files does not end; nothing was written")
		}
		req.Cursor = page.Next
	}
}

// wanted is content to fetch, and its destinations.
type wanted struct {
	size  int64
	paths []string
}

// tree is the folder that a deployment is pulled into.
type tree struct {
	root   *os.Root
	dir    string
	wanted map[content.Hash]*wanted
	order  []content.Hash // the wanted hashes, in request order
	paths  int            // number of files to write
	bytes  int64          // size of the wanted content
	made   map[string]bool
}

// compare determines what to fetch.
func (t *tree) compare(ctx context.Context, files []op.File, force bool) error {
	var changed []string
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		state, err := t.look(f)
		if err != nil {
			return err
		}
		switch {
		case state == same:
			continue
		case state == different && !force:
			changed = append(changed, f.Path)
		}
		w := t.wanted[f.Hash]
		if w == nil {
			w = &wanted{size: f.Size}
			t.wanted[f.Hash] = w
			t.order = append(t.order, f.Hash)
			t.bytes += f.Size
		}
		if w.size != f.Size || f.Size < 0 {
			return errs.New(errs.Unsupported, "the instance reports an impossible size for %s; nothing was written", f.Path)
		}
		w.paths = append(w.paths, f.Path)
		t.paths++
	}
	if len(changed) == 0 {
		return nil
	}
	shown := changed[:min(len(changed), 5)]
	more := ""
	if n := len(changed) - len(shown); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return errs.New(errs.Conflict, "%s has different content in %s%s; nothing was written. --force overwrites it, --to DIR chooses another folder",
		t.dir, strings.Join(shown, ", "), more)
}

// state is what the folder holds under the name of a file.
type state int

const (
	absent state = iota
	same
	different
)

func (t *tree) look(f op.File) (state, error) {
	info, err := t.root.Lstat(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return absent, nil
	case err != nil:
		return absent, cannotWrite(path.Join(t.dir, f.Path), err)
	case info.IsDir():
		return absent, errs.New(errs.Conflict, "%s is a folder, but the deployment has a file of that name; nothing was written", path.Join(t.dir, f.Path))
	case !info.Mode().IsRegular() || info.Size() != f.Size:
		return different, nil
	}
	file, err := t.root.Open(f.Path)
	if err != nil {
		return different, nil // it exists but is unreadable: not ours to judge
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil || content.Hash(h.Sum(nil)) != f.Hash {
		return different, nil
	}
	return same, nil
}

// unpack writes the received files.
func (t *tree) unpack(ctx context.Context, body io.Reader, progress Progress) error {
	z, err := zstd.NewReader(body, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer z.Close()
	var done int64
	for archive := tar.NewReader(z); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return broken(err)
		}
		n, err := t.entry(header, archive)
		if err != nil {
			return err
		}
		if done += n; progress != nil {
			progress(done, t.bytes)
		}
	}
	if len(t.wanted) > 0 {
		return errs.New(errs.Unavailable, "the instance did not send everything; pull again to fetch only what is missing")
	}
	return nil
}

// broken describes a stream that ended too early or is invalid.
func broken(err error) error {
	if kind := errs.KindOf(err); kind != errs.Internal && kind != errs.Unavailable {
		return err
	}
	return errs.Wrap(errs.Unavailable, err, "the response was cut off or is invalid; pull again to fetch only what is missing")
}

// entry takes one piece of content: its name must be a wanted hash, with the listed size.
func (t *tree) entry(header *tar.Header, body io.Reader) (int64, error) {
	var hash content.Hash
	if err := hash.UnmarshalText([]byte(header.Name)); err != nil || header.Typeflag != tar.TypeReg {
		return 0, errs.New(errs.Unsupported, "the instance sent %q, which is not content; complete files were written", header.Name)
	}
	w, ok := t.wanted[hash]
	if !ok || header.Size != w.size {
		return 0, errs.New(errs.Unsupported, "the instance sent content that was not requested; complete files were written")
	}
	first := w.paths[0]
	if err := t.place(first, hash, body); err != nil {
		return 0, err
	}
	for _, other := range w.paths[1:] {
		if err := t.copy(first, other, hash); err != nil {
			return 0, err
		}
	}
	delete(t.wanted, hash)
	return w.size, nil
}

// copy writes a received file under another name too.
func (t *tree) copy(from, to string, hash content.Hash) error {
	file, err := t.root.Open(from)
	if err != nil {
		return cannotWrite(path.Join(t.dir, to), err)
	}
	defer file.Close()
	return t.place(to, hash, file)
}

// place writes a temporary file next to the destination and renames it once its hash is verified.
func (t *tree) place(name string, hash content.Hash, body io.Reader) error {
	fail := func(err error) error { return cannotWrite(path.Join(t.dir, name), err) }
	if folder := path.Dir(name); folder != "." && !t.made[folder] {
		if err := t.root.MkdirAll(folder, 0o755); err != nil {
			return fail(err)
		}
		t.made[folder] = true
	}
	// Names that begin with a dot are never part of a deployment, in case the file is left behind.
	temporary := ".fazt-pull-" + rand.Text()
	file, err := t.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fail(err)
	}
	sum := sha256.New()
	source := &limitio.Source{R: body} // distinguishes a broken stream from a full disk
	_, err = io.Copy(io.MultiWriter(file, sum), source)
	switch closed := file.Close(); {
	case source.Err != nil:
		err = broken(source.Err)
	case err != nil || closed != nil:
		err = fail(errors.Join(err, closed))
	case content.Hash(sum.Sum(nil)) != hash:
		err = errs.New(errs.Unsupported, "the instance sent different content for %s than it announced; the file was not written", name)
	default:
		if err = t.root.Rename(temporary, name); err == nil {
			return nil
		}
		err = fail(err)
	}
	_ = t.root.Remove(temporary)
	return err
}

func cannotWrite(name string, err error) error {
	reason := err
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &pathErr):
		reason = pathErr.Err
	case errors.As(err, &linkErr):
		reason = linkErr.Err
	}
	return errs.Wrap(errs.Invalid, err, "%s cannot be written: %v", name, reason)
}
