package hosting

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"fazt/internal/errs"
	"fazt/internal/system"
)

// Spool is a stream kept in a file, so that it can be read anywhere and more than once. Close removes the file.
type Spool struct {
	*os.File
	Size int64
}

// Spool keeps a stream, which may be as large as an upload for the app may be, in a file of its own beside the database:
// there the space is that a deployment needs anyway, and a system's temporary directory is often in memory.
func (s *Store) Spool(appID string, r io.Reader) (*Spool, error) {
	f, err := os.CreateTemp(s.temp, "fazt-upload-*")
	if err != nil {
		return nil, errs.Wrap(errs.StorageFull, err, "there is no place to keep the upload while it is read")
	}
	// Where a file can lose its name while it is open, nothing is left of it even when the process is killed.
	_ = os.Remove(f.Name())
	spool := &Spool{File: f}
	most := s.limits(appID).MaxUpload
	if spool.Size, err = io.Copy(f, io.LimitReader(r, most+1)); err != nil {
		return nil, errors.Join(spoolFailed(err), spool.Close())
	}
	if spool.Size > most {
		return nil, errors.Join(errs.New(errs.TooLarge, "the upload has more than %d bytes, which is the limit (storage.max_upload); nothing was kept", most), spool.Close())
	}
	return spool, nil
}

func spoolFailed(err error) error {
	var disk *fs.PathError
	if errors.As(err, &disk) {
		return errs.Wrap(errs.StorageFull, err, "the upload cannot be kept while it is read: %v", disk.Err)
	}
	return cutOff(err)
}

// Close removes the file.
func (s *Spool) Close() error {
	err := s.File.Close()
	if gone := os.Remove(s.File.Name()); err == nil && !errors.Is(gone, fs.ErrNotExist) {
		err = gone
	}
	return err
}

// Limits are those in force for an app; "" is one that is not made yet.
func (s *Store) Limits(appID string) system.Storage { return s.limits(appID) }
