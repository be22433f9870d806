package hosting

import (
	"errors"
	"io"
	"io/fs"

	"fazt/internal/errs"
	"fazt/internal/scratch"
	"fazt/internal/system"
)

// Spool is a stream kept in a file, so that it can be read anywhere and more than once. Close removes the file.
type Spool struct {
	*scratch.File
	Size int64
}

// Spool keeps a stream, which may be as large as an upload for the app may be, in a file of its own beside the database:
// there the space is that a deployment needs anyway, and a system's temporary directory is often in memory.
func (s *Store) Spool(appID string, r io.Reader) (*Spool, error) {
	f, err := scratch.Create(s.temp)
	if err != nil {
		return nil, errs.Wrap(errs.StorageFull, err, "there is no place to keep the upload while it is read")
	}
	spool := &Spool{File: f}
	most := s.limits(appID).MaxUpload
	if spool.Size, err = io.Copy(f, io.LimitReader(r, most+1)); err != nil {
		return nil, errors.Join(spoolFailed(err), spool.Close())
	}
	if spool.Size > most {
		return nil, errors.Join(errs.New(errs.TooLarge, "the upload has more than %s, which is the limit (storage.max_upload); nothing was kept", errs.Bound(most)), spool.Close())
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

// Limits are those in force for an app; "" is one that is not made yet.
func (s *Store) Limits(appID string) system.Storage { return s.limits(appID) }
