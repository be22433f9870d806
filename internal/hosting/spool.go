package hosting

import (
	"errors"
	"io"
	"io/fs"

	"fazt/internal/errs"
	"fazt/internal/scratch"
	"fazt/internal/system"
)

// Spool is a stream kept in a file, so that it can be read at any offset and more than once. Close removes the file.
type Spool struct {
	*scratch.File
	Size int64
}

// Spool stores a stream, up to the size limit of an upload for the app, in a file next to the database: the space there
// is needed for the deployment anyway, and a system's temporary directory is often in memory.
func (s *Store) Spool(appID string, r io.Reader) (*Spool, error) {
	f, err := scratch.Create(s.temp)
	if err != nil {
		return nil, errs.Wrap(errs.StorageFull, err, "there is no space to store the upload")
	}
	spool := &Spool{File: f}
	limit := s.limits(appID).MaxUpload
	if spool.Size, err = io.Copy(f, io.LimitReader(r, limit+1)); err != nil {
		return nil, errors.Join(spoolFailed(err), spool.Close())
	}
	if spool.Size > limit {
		return nil, errors.Join(errs.New(errs.TooLarge, "the upload has more than %s, which is the limit (storage.max_upload); nothing was kept", errs.Bound(limit)), spool.Close())
	}
	return spool, nil
}

func spoolFailed(err error) error {
	var disk *fs.PathError
	if errors.As(err, &disk) {
		return errs.Wrap(errs.StorageFull, err, "the upload cannot be stored: %v", disk.Err)
	}
	return cutOff(err)
}

// Limits returns the limits in force for an app; "" is an app that does not exist yet.
func (s *Store) Limits(appID string) system.Storage { return s.limits(appID) }
