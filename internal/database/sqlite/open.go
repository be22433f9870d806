// Package sqlite is the engine that stands behind package database: connections to one SQLite file, the statements they
// keep, and the bounds of statements that a person wrote. It is the only package that uses the driver.
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

// File is a database file and how it is opened.
type File struct {
	Path      string
	ReadOnly  bool
	Immutable bool // nothing changes the file, and there is no -wal file to look for
	Unlocked  bool // no locks can be taken
}

// uri returns the file as SQLite takes it (https://www.sqlite.org/uri.html).
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

// Open opens one connection to a file that exists, sets the pragmas and reads each of them back: a setting that did not
// take is an error here and not a silent loss later.
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

// BasePragmas returns what every connection to the database of an instance is set to. busy_timeout comes first, so that
// the others wait for a lock instead of failing.
func BasePragmas() []Pragma {
	return []Pragma{
		{"busy_timeout", strconv.FormatInt(busyTimeout.Milliseconds(), 10), strconv.FormatInt(busyTimeout.Milliseconds(), 10)},
		{"foreign_keys", "ON", "1"},
		{"synchronous", "FULL", "2"},
		{"recursive_triggers", "ON", "1"}, // else REPLACE removes rows without running the triggers that keep the sums
		{"trusted_schema", "OFF", "0"},
		{"cell_size_check", "ON", "1"},
		{"temp_store", "MEMORY", "2"},
		// A page of a mapped file that the disk cannot read ends the process (SIGBUS); a read that fails is an error. With the
		// file mapped, single rows are read no faster, and files of many megabytes up to five times.
		{"mmap_size", "0", "0"},
	}
}

// ReaderPragmas returns the settings of a connection that only reads.
func ReaderPragmas() []Pragma { return append(BasePragmas(), Pragma{"query_only", "ON", "1"}) }

// foldByWriter is how many pages the -wal file has before the writer folds it into the database itself: the connection
// that does so alongside it gets no pause that is long enough to restart the -wal file. Little is left to fold by then.
const foldByWriter = 16_000

// WriterPragmas returns the settings of the connection that writes. auto_vacuum takes effect only in a fresh file, before
// the first table exists, and setting it later writes a page all the same, which a full disk refuses. maxPages bounds the
// file; 0 = no bound.
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

// CopyPragmas returns the settings of a connection that looks at a copy and changes nothing.
func CopyPragmas() []Pragma {
	return []Pragma{{"query_only", "ON", "1"}, {"trusted_schema", "OFF", "0"}, {"cell_size_check", "ON", "1"}, {"temp_store", "MEMORY", "2"}}
}

// busyTimeout is how long a connection waits for the lock of another process.
const busyTimeout = 10 * time.Second

func (c *Conn) setPragma(p Pragma) error {
	err := c.once("PRAGMA "+p.Name+" = "+p.Set, nil)
	// Turning the WAL on needs the file alone, and SQLite fails there at once instead of waiting as busy_timeout says.
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

// EndJournal makes the file one that needs no -wal file alongside it.
func (c *Conn) EndJournal() error { return c.setPragma(Pragma{"journal_mode", "DELETE", "delete"}) }
