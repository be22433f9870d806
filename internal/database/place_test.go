package database

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"

	"fazt/internal/errs"
)

func TestTheNameOfACopyContainsItsMaker(t *testing.T) {
	for name, want := range map[string]maker{
		"/b/copy.db.123-MARK-x" + partial: {123, "MARK"},
		"/b/copy.db.123-MARK" + partial:   {},
		"/b/copy.db.123-M-x-y" + partial:  {},
		"/b/copy.db.0-MARK-x" + partial:   {},
		"/b/copy.db.-1-MARK-x" + partial:  {},
		"/b/copy.db.abc-MARK-x" + partial: {},
		"/b/copy.db." + partial:           {},
	} {
		if got := makerOf("/b/copy.db", name); got != want {
			t.Errorf("%s is made by %+v, want %+v", name, got, want)
		}
	}
}

func TestCopyErrorsSayWhatToDo(t *testing.T) {
	if err := CannotCopy("copy.db", nil); err != nil {
		t.Errorf("without an error: %v", err)
	}
	of := func(err error) error { return &fs.PathError{Op: "write", Path: "/tmp/secret", Err: err} }
	for _, c := range []struct {
		err  error
		kind errs.Kind
		want string
	}{
		{of(syscall.ENOSPC), errs.StorageFull, "the disk that copy.db goes to is full; nothing was kept"},
		{errs.New(errs.StorageFull, "x"), errs.StorageFull, "the disk that copy.db goes to is full; nothing was kept"},
		{of(fs.ErrPermission), errs.Forbidden, "copy.db cannot be written: the user that runs fazt has no permission"},
		{of(syscall.EROFS), errs.Forbidden, "copy.db cannot be written: its disk is read-only"},
		{of(errors.New("broken")), errs.Invalid, "copy.db cannot be written: broken"},
	} {
		got := CannotCopy("copy.db", c.err)
		if errs.KindOf(got) != c.kind || errs.Sentence(got) != c.want {
			t.Errorf("%v: %v %q", c.err, errs.KindOf(got), errs.Sentence(got))
		}
	}
}
