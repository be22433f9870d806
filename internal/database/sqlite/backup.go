package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"fazt/internal/errs"
)

// backupPages are copied between two checks whether to continue: 4 MiB.
const backupPages = 1024

// OpenTarget opens the empty file at path to copy a database into it. There is no journal and nothing is synced: the
// caller must check that the copy is complete.
func OpenTarget(path string) (*Conn, error) {
	return Open(File{Path: path}, []Pragma{{"journal_mode", "OFF", "off"}, {"synchronous", "OFF", "0"}, {"locking_mode", "EXCLUSIVE", "exclusive"}})
}

// CopyTo copies all pages into target, as they are at one moment, and calls progress after each part with the bytes
// copied and their total. It reads in one transaction, so that writers need not wait. With several transactions, each
// write would make the copy start again.
func (c *Conn) CopyTo(ctx context.Context, target *Conn, progress func(done, total int64) error) (err error) {
	if err := c.BeginRead(); err != nil {
		return err
	}
	defer func() {
		if end := c.Rollback(); err == nil {
			err = end
		}
	}()
	var pageSize int64
	for _, sql := range []string{"SELECT count(*) FROM sqlite_schema", "PRAGMA page_size"} { // the first read fixes the moment
		if err := c.once(sql, func(s *Statement) { pageSize = s.Int64(0) }); err != nil {
			return classify(err)
		}
	}
	copying, err := sqlite.NewBackup(target.raw, "main", c.raw, "main")
	if err != nil {
		return classify(err)
	}
	defer copying.Close()
	for more := true; more; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if more, err = copying.Step(backupPages); err != nil {
			return copyFailed(err)
		}
		total := int64(copying.PageCount())
		if err := progress((total-int64(copying.Remaining()))*pageSize, total*pageSize); err != nil {
			return err
		}
	}
	return nil
}

// copyFailed explains why the copy failed: a full disk of the copy must not be reported as that of the database.
func copyFailed(err error) error {
	if IsFull(err) {
		return errs.Wrap(errs.StorageFull, err, "the disk that the copy goes to is full; nothing was kept")
	}
	return classify(err)
}
