package hosting

import (
	"context"
	"strings"

	"golang.org/x/text/unicode/norm"

	"fazt/internal/database"
	"fazt/internal/errs"
)

const (
	privateFolder   = "private/"
	maxPrivateSize  = 8 << 20 // of one file that a function reads, in bytes
	maxPrivateFiles = 10_000  // in a listing
)

// PrivateFile returns the content of a file below private/ of a deployment; nil if there is none. Only the canonical
// path of a file finds it.
func (s *Store) PrivateFile(ctx context.Context, deployment, path string) ([]byte, error) {
	f, err := s.privateFile(ctx, deployment, path)
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if f.Size > maxPrivateSize {
		return nil, errs.New(errs.TooLarge, "private/%s has %d bytes, and a function may read %d", path, f.Size, maxPrivateSize)
	}
	data, err := s.blobs.ReadAll(ctx, f.Blob, f.Size)
	if data == nil && err == nil {
		data = []byte{}
	}
	return data, err
}

// HasPrivateFile reports whether there is a file below private/.
func (s *Store) HasPrivateFile(ctx context.Context, deployment, path string) (bool, error) {
	_, err := s.privateFile(ctx, deployment, path)
	if errs.Is(err, errs.NotFound) {
		return false, nil
	}
	return err == nil, err
}

func (s *Store) privateFile(ctx context.Context, deployment, path string) (File, error) {
	path = privateFolder + strings.TrimPrefix(strings.TrimPrefix(path, "/"), privateFolder)
	f, err := s.File(ctx, deployment, path)
	for _, form := range []norm.Form{norm.NFC, norm.NFD} { // the code may spell an accent in another way than the system that stored the file
		if other := form.String(path); other != path && errs.Is(err, errs.NotFound) {
			f, err = s.File(ctx, deployment, other)
		}
	}
	return f, err
}

// PrivateFiles returns the paths below private/, without that prefix, sorted.
func (s *Store) PrivateFiles(ctx context.Context, deployment string) ([]string, error) {
	list := []string{}
	err := s.db.Read(ctx, func(c *database.Conn) error {
		return c.Each("SELECT f.path FROM deployment_files f WHERE f.deployment_id = ? AND f.path > ? AND f.path < ? AND "+exists+" ORDER BY f.path LIMIT ?", func(r *database.Row) error {
			list = append(list, strings.TrimPrefix(r.Text(0), privateFolder))
			return nil
		}, deployment, privateFolder, "private0", maxPrivateFiles)
	})
	return list, err
}
