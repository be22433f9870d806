package hosting

import (
	"archive/tar"
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/hosting/mediatype"
)

// Listed is a file of a deployment in a list.
type Listed struct {
	Path string       `json:"path"`
	Size int64        `json:"size"`
	Hash content.Hash `json:"sha256"`
	Type string       `json:"type"` // media type
}

// FilePage returns a page of the files of a deployment in the byte order of their paths, starting after the path in
// cursor; next is the cursor of the following page, "" on the last one.
func (s *Store) FilePage(ctx context.Context, deployment, cursor string, limit int) (page []Listed, next string, err error) {
	page = []Listed{}
	err = s.db.Read(ctx, func(c *database.Conn) error {
		return c.Each(`SELECT f.path, b.hash, b.size FROM deployment_files f JOIN blobs b ON b.id = f.blob_id
			WHERE f.deployment_id = ? AND f.path > ? AND `+exists+` ORDER BY f.path LIMIT ?`, func(r *database.Row) error {
			f := Listed{Path: r.Text(0), Size: r.Int64(2)}
			r.ReadBytes(1, f.Hash[:])
			f.Type = mediatype.Of(f.Path)[0]
			page = append(page, f)
			return nil
		}, deployment, cursor, limit+1)
	})
	if len(page) > limit {
		page = page[:limit]
		next = page[limit-1].Path
	}
	return page, next, err
}

// ReadFile returns the content of one file of a deployment for display: at most the first 512 KiB.
func (s *Store) ReadFile(ctx context.Context, deployment, path string) ([]byte, error) {
	f, err := s.File(ctx, deployment, path)
	if err != nil {
		return nil, err
	}
	r := s.blobs.Open(ctx, f.Blob, f.Size)
	return io.ReadAll(io.LimitReader(r, 512<<10))
}

// File returns one file of a deployment, without its compressed forms.
func (s *Store) File(ctx context.Context, deployment, path string) (f File, err error) {
	f.Path = path
	err = s.db.Read(ctx, func(c *database.Conn) error {
		found, err := c.First(`SELECT b.id, b.hash, b.size FROM deployment_files f JOIN blobs b ON b.id = f.blob_id
			WHERE f.deployment_id = ? AND f.path = ? AND `+exists, func(r *database.Row) {
			f.Blob, f.Size = r.Int64(0), r.Int64(2)
			r.ReadBytes(1, f.Hash[:])
		}, deployment, path)
		if err == nil && !found {
			err = errs.New(errs.NotFound, "the deployment has no file %q", path)
		}
		return err
	})
	return f, err
}

// WriteFile writes the content of a file to w. If the content is damaged, the error is a sentence for the owner.
func (s *Store) WriteFile(ctx context.Context, w io.Writer, f File) error {
	_, err := s.blobs.Open(ctx, f.Blob, f.Size).WriteTo(w)
	return ofDamage(f.Path, err)
}

// Pack finds content of a deployment by its hashes and returns a function that writes it as a zstd-compressed tar
// stream whose entries are named by their hashes, as Receive expects it. Content that is not in the deployment is
// NotFound.
func (s *Store) Pack(ctx context.Context, deployment string, hashes []content.Hash) (write func(io.Writer) error, err error) {
	files, err := s.Files(ctx, deployment)
	if err != nil {
		return nil, err
	}
	held := make(map[content.Hash]File, len(files))
	for _, f := range files {
		held[f.Hash] = f
	}
	wanted := make([]File, 0, len(hashes))
	for _, h := range hashes {
		f, ok := held[h]
		if !ok {
			return nil, errs.New(errs.NotFound, "the deployment has no content with the hash %s, or it was requested twice", h)
		}
		delete(held, h)
		wanted = append(wanted, f)
	}
	return func(w io.Writer) error { return s.pack(ctx, w, wanted) }, nil
}

func (s *Store) pack(ctx context.Context, w io.Writer, files []File) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(maxWindow/2))
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	var damage error
	written := false
	for _, f := range files {
		r := s.blobs.Open(ctx, f.Blob, f.Size)
		if err = r.Begin(); content.IsDamaged(err) { // send the rest
			damage = cmp.Or(damage, ofDamage(f.Path, err))
			err = nil
			continue
		}
		if err != nil {
			break
		}
		written = true
		if err = t.WriteHeader(&tar.Header{Name: f.Hash.String(), Size: f.Size, Mode: 0o600, Typeflag: tar.TypeReg, Format: tar.FormatPAX}); err != nil {
			break
		}
		if _, err = r.WriteTo(t); err != nil {
			err = ofDamage(f.Path, err)
			break
		}
	}
	if err == nil && damage != nil {
		if err = damage; written {
			err = errors.Join(err, t.Flush(), z.Flush())
		}
	}
	if err != nil {
		return err // closing would make half a stream look complete
	}
	return errors.Join(t.Close(), z.Close())
}
