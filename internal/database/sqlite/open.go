// Package sqlite is the engine below package database: connections to one SQLite file, their cached statements, and the
// limits of statements written by people. It is the only package that uses the driver.
package sqlite

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"fazt/internal/errs"
)

// File is a database file and how to open it.
type File struct {
	Path      string
	ReadOnly  bool
	Immutable bool // nothing changes the file, and there is no -wal file
	Unlocked  bool // locks are not available
}

// uri returns the file as a URI for SQLite (https://www.sqlite.org/uri.html).
func (f File) uri() string {
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(f.Path)}
	if filepath.VolumeName(f.Path) != "" {
		u.Path = "/" + u.Path
	}
	query := url.Values{"vfs": {vfs}}
	if f.Unlocked {
		query.Set("vfs", vfsUnlocked)
	}
	if f.Immutable {
		query.Set("immutable", "1")
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// Open opens one connection to an existing file, sets the pragmas and reads each of them back: a setting that had no
// effect is an error here, not a silent loss later.
func Open(f File, pragmas []Pragma) (*Conn, error) {
	if err := checkDriver(privateFields()); err != nil {
		return nil, errs.Wrap(errs.Internal, err, "the database %s cannot be opened: %v", f.Path, err)
	}
	meterMemory()
	flags := sqlite.OpenReadWrite
	if f.ReadOnly {
		flags = sqlite.OpenReadOnly
	}
	raw, err := sqlite.OpenConn(f.uri(), flags|sqlite.OpenURI)
	if err != nil {
		return nil, CannotOpen(f.Path, err)
	}
	c := &Conn{raw: raw}
	c.watchProgress()
	if err := c.keepPlans(); err != nil {
		_ = c.Close()
		return nil, CannotOpen(f.Path, err)
	}
	for _, p := range pragmas {
		if err := c.setPragma(p); err != nil {
			_ = c.Close()
			if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultNotADB {
				return nil, errs.Wrap(errs.Invalid, err, "%s is not a database", f.Path)
			}
			return nil, CannotOpen(f.Path, err)
		}
	}
	return c, nil
}

// Pragma is a setting of a connection and the value it must read back; "" = any.
type Pragma struct{ Name, Set, Want string }

// BasePragmas returns the settings of every connection to the database of an instance. busy_timeout comes first, so
// that the others wait for a lock instead of failing.
func BasePragmas() []Pragma {
	return []Pragma{
		{"busy_timeout", strconv.FormatInt(busyTimeout.Milliseconds(), 10), strconv.FormatInt(busyTimeout.Milliseconds(), 10)},
		{"foreign_keys", "ON", "1"},
		{"synchronous", "FULL", "2"},
		{"recursive_triggers", "ON", "1"}, // otherwise REPLACE removes rows without running the triggers that maintain the sums
		{"trusted_schema", "OFF", "0"},
		{"cell_size_check", "ON", "1"},
		{"temp_store", "MEMORY", "2"},
		// A page of a mapped file that the disk cannot read ends the process (SIGBUS); a read that fails is an error.
		// With a mapped file, reads of single rows are not faster, but reads of files of many megabytes are up to five
		// times faster.
		{"mmap_size", "0", "0"},
	}
}

// ReaderPragmas returns the settings of a read-only connection.
func ReaderPragmas() []Pragma { return append(BasePragmas(), Pragma{"query_only", "ON", "1"}) }

// foldByWriter is how many pages the -wal file has before the writer itself folds it into the database: if writes never
// pause, the connection that folds alongside it cannot restart the -wal file. Little is left to fold by then.
const foldByWriter = 16_000

// WriterPragmas returns the settings of the writing connection. auto_vacuum takes effect only in a new file, before the
// first table exists; setting it later has no effect but still writes a page, which a full disk refuses. maxPages
// bounds the file; 0 = unbounded.
func WriterPragmas(fresh bool, maxPages int64) []Pragma {
	list := BasePragmas()
	if fresh {
		list = append(list, Pragma{"auto_vacuum", "INCREMENTAL", "2"})
	}
	list = append(list, Pragma{"journal_mode", "WAL", "wal"}, Pragma{"journal_size_limit", "67108864", "67108864"},
		Pragma{"wal_autocheckpoint", strconv.Itoa(foldByWriter), strconv.Itoa(foldByWriter)})
	if maxPages > 0 {
		n := strconv.FormatInt(maxPages, 10)
		list = append(list, Pragma{"max_page_count", n, n})
	}
	return list
}

// CopyPragmas returns the settings of a connection that only reads a copy.
func CopyPragmas() []Pragma {
	return []Pragma{{"query_only", "ON", "1"}, {"trusted_schema", "OFF", "0"}, {"cell_size_check", "ON", "1"}, {"temp_store", "MEMORY", "2"}}
}

// busyTimeout is how long a connection waits for the lock of another process.
const busyTimeout = 10 * time.Second

func (c *Conn) setPragma(p Pragma) error {
	err := c.once("PRAGMA "+p.Name+" = "+p.Set, nil)
	// Switching to the WAL needs the file exclusively, and SQLite fails there at once instead of waiting for
	// busy_timeout.
	for start := time.Now(); sqlite.ErrCode(err).ToPrimary() == sqlite.ResultBusy && time.Since(start) < busyTimeout; {
		time.Sleep(5 * time.Millisecond)
		err = c.once("PRAGMA "+p.Name+" = "+p.Set, nil)
	}
	if err != nil || p.Want == "" {
		return err
	}
	got := ""
	if err := c.once("PRAGMA "+p.Name, func(s *Statement) { got = s.Text(0) }); err != nil {
		return err
	}
	if !strings.EqualFold(got, p.Want) {
		return fmt.Errorf("PRAGMA %s is %q and should be %q", p.Name, got, p.Want)
	}
	return nil
}

// EndJournal switches the file to a mode without a -wal file.
func (c *Conn) EndJournal() error { return c.setPragma(Pragma{"journal_mode", "DELETE", "delete"}) }
