package sqlite

import (
	"errors"
	"io/fs"

	"zombiezen.com/go/sqlite"

	"fazt/internal/errs"
)

// classify gives an error of SQLite its kind. Other errors are unchanged.
func classify(err error) error {
	if err == nil {
		return nil
	}
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull:
		return errs.Wrap(errs.StorageFull, err, "the disk is full; nothing was changed")
	case sqlite.ResultBusy, sqlite.ResultLocked:
		return errs.Wrap(errs.Unavailable, err, "the database is busy; try again")
	case sqlite.ResultNotADB, sqlite.ResultCorrupt:
		return errs.Wrap(errs.Internal, err, "the database file is damaged")
	case sqlite.ResultInterrupt:
		return errs.Wrap(errs.Timeout, err, "the query took too long")
	case sqlite.ResultIOErr:
		return errs.Wrap(errs.Internal, err, "the disk failed; nothing was changed")
	}
	return err
}

// CannotOpen explains why the database at path cannot be opened.
func CannotOpen(path string, err error) error {
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultBusy {
		return errs.Wrap(errs.Conflict, err, "another program has the database %s open: a fazt that runs on it under another name, or sqlite3; stop it first", path)
	}
	reason := err
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		reason = pathErr.Err
	}
	return errs.Wrap(errs.Invalid, err, "the database %s cannot be opened: %v", path, reason)
}

// IsUnique reports whether err is a violation of a UNIQUE or PRIMARY KEY constraint: the row exists already.
func IsUnique(err error) bool {
	switch sqlite.ErrCode(err) {
	case sqlite.ResultConstraintUnique, sqlite.ResultConstraintPrimaryKey, sqlite.ResultConstraintRowID:
		return true
	}
	return false
}

// IsForeignKey reports whether err is a violation of a foreign key: the referenced row does not exist.
func IsForeignKey(err error) bool { return sqlite.ErrCode(err) == sqlite.ResultConstraintForeignKey }

// IsUnreadable reports whether the disk could not read a part of the file, or read damaged data.
func IsUnreadable(err error) bool {
	switch code := sqlite.ErrCode(err); code {
	case sqlite.ResultIOErrRead, sqlite.ResultIOErrShortRead:
		return true
	default:
		return code.ToPrimary() == sqlite.ResultCorrupt || code.ToPrimary() == sqlite.ResultNotADB
	}
}

// IsDamage reports whether err comes from a failed disk or a damaged file.
func IsDamage(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultIOErr, sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return true
	}
	return false
}

// IsFull reports whether the disk has no space left.
func IsFull(err error) bool { return sqlite.ErrCode(err).ToPrimary() == sqlite.ResultFull }

// IsDisk reports whether err is about the disk, not about the statement.
func IsDisk(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull, sqlite.ResultIOErr, sqlite.ResultReadOnly, sqlite.ResultCantOpen:
		return true
	}
	return false
}
