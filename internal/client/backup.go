package client

import (
	"context"
	"errors"
	"io"
	"os"

	"fazt/internal/api/backup"
	"fazt/internal/api/op"
	"fazt/internal/database"
	"fazt/internal/errs"
)

// FetchBackup copies the database of an instance, which may be on another machine, to a local file. The received data
// is checked before the file gets its name.
func FetchBackup(ctx context.Context, c *Client, target database.Target, damaged bool, progress Progress) (done op.BackedUp, err error) {
	done.Path, done.Faults = target.Path, []string{}
	if err := target.Check(target.Path + ".none"); err != nil {
		return done, err
	}
	err = target.Place(func(temp string) error {
		stream, err := Call(ctx, c, op.DatabaseFetch, op.None{})
		if err != nil {
			return err
		}
		done.Bytes, err = receive(stream, temp, progress)
		if err != nil {
			return err
		}
		found, err := backup.Verify(ctx, temp)
		if err != nil {
			return err
		}
		done.Faults, done.Contents = found.Faults, found.Contents
		if !damaged {
			return backup.Unsound(found)
		}
		return nil
	})
	return done, err
}

// receive writes a stream of a known size to a new file.
func receive(stream op.Stream, path string, progress Progress) (n int64, err error) {
	defer func() { err = errors.Join(err, stream.Body.Close()) }()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, database.CannotCopy(path, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	n, err = io.Copy(file, io.TeeReader(stream.Body, &arrived{total: stream.Size, progress: progress}))
	switch known := (*errs.Error)(nil); {
	case errors.As(err, &known):
		return n, err
	case err != nil:
		return n, database.CannotCopy(path, err)
	case n != stream.Size:
		return n, errs.New(errs.Unavailable, "only %d of %d bytes arrived; nothing was kept; try again", n, stream.Size)
	}
	return n, nil
}

// arrived is a writer that reports how much was written to it.
type arrived struct {
	n, total int64
	progress Progress
}

func (a *arrived) Write(p []byte) (int, error) {
	if a.n += int64(len(p)); a.progress != nil {
		a.progress(a.n, a.total)
	}
	return len(p), nil
}
