package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"fazt/internal/database/sqlite"
	"fazt/internal/errs"
)

// DiskState is what the disk allows the database to do. Greater states are worse.
type DiskState int32

// The states.
const (
	DiskSound       DiskState = iota // everything works
	DiskLow                          // everything works, but space is running out
	DiskScarce                       // writes of visitors are refused: the remaining space is reserved for the owner
	DiskFull                         // the last write found no space
	DiskFailing                      // the last write failed for another reason: the disk is broken or read-only
	DiskLost                         // the file was deleted, moved or replaced: nothing is written
	DiskOverwritten                  // another program wrote the file: nothing is written until the next start
)

var diskStates = []string{"sound", "low", "scarce", "full", "failing", "lost", "overwritten"}

func (s DiskState) String() string { return diskStates[s] }

// DiskStateOf returns the state with the given name, or DiskFailing if the name is unknown.
func DiskStateOf(name string) DiskState {
	if i := slices.Index(diskStates, name); i >= 0 {
		return DiskState(i)
	}
	return DiskFailing
}

// Disk describes the condition of the disk below the database.
type Disk struct {
	State       DiskState
	Reason      string // a sentence for the owner; "" = sound
	Since       time.Time
	Free, Total int64  // bytes; 0 = not known yet
	Failed      uint64 // writes that the disk failed, since Open
	Unreadable  uint64 // reads of unreadable or damaged parts of the disk, since Open
}

// disk watches the file from outside: SQLite continues with a file that has lost its name, and notices problems of the
// disk only when an operation fails.
type disk struct {
	config   Config
	path     string
	pages    *sqlite.Pages
	files    atomic.Pointer[[2]known]
	aside    atomic.Bool // the -wal file was moved away because the file was overwritten
	readOnly atomic.Bool // there is no writer: the database could not be opened for writing

	state      atomic.Int32 // now.State, read by each write
	unreadable atomic.Uint64

	mu    sync.Mutex
	now   Disk
	space verdict // low or scarce
	write verdict // the outcome of the last write: full or failing
	lost  verdict
}

type verdict struct {
	state  DiskState
	reason string
}

// known is an open file with its name; without info, the file did not exist.
type known struct {
	name string
	info fs.FileInfo
}

func newDisk(c Config) (*disk, error) {
	p, err := sqlite.OpenPages(c.Path)
	if err != nil {
		return nil, sqlite.CannotOpen(c.Path, err)
	}
	d := &disk{config: c, path: c.Path, pages: p, now: Disk{Since: time.Now()}}
	d.files.Store(&[2]known{})
	return d, nil
}

// close is called after the last connection was closed.
func (d *disk) close() error {
	if d.pages.Overwritten(false) {
		d.setAside()
	}
	return d.pages.Close(d.path)
}

// setAside moves away the last writes before the file was overwritten; otherwise the next start would write them into
// the other database.
func (d *disk) setAside() {
	wal := d.path + "-wal"
	if now, err := os.Stat(wal); err != nil || d.files.Load()[1].info == nil || !os.SameFile(now, d.files.Load()[1].info) {
		return
	}
	if err := os.Rename(wal, wal+".overwritten"); err != nil {
		d.config.Log.Error("remove this file before the next start: it belongs to the database that was overwritten", "file", wal, "error", err)
	}
}

// identify records which files are open.
func (d *disk) identify() {
	files := [2]known{{name: d.path}, {name: d.path + "-wal"}}
	for i := range files {
		files[i].info, _ = os.Stat(files[i].name)
	}
	d.files.Store(&files)
}

type growing struct{}

// Growing marks writes with the returned context as requests of visitors to store more. When space runs out, they are
// refused first, so that the owner can still remove, deploy and change settings.
func Growing(ctx context.Context) context.Context { return context.WithValue(ctx, growing{}, true) }

// admit refuses writes that must not be attempted.
func (d *disk) admit(ctx context.Context) error {
	switch state := DiskState(d.state.Load()); {
	case state >= DiskLost:
		return errLost()
	case state == DiskFailing && (d.readOnly.Load() || ctx.Value(growing{}) != nil):
		return errs.New(errs.Unavailable, "the disk cannot be written; nothing was changed")
	case d.readOnly.Load():
		return errs.New(errs.StorageFull, "the disk is full; nothing was changed")
	case state >= DiskScarce && ctx.Value(growing{}) != nil:
		return errs.New(errs.StorageFull, "the disk is nearly full, and the rest is reserved for the owner; nothing was changed")
	}
	return nil
}

func errLost() error {
	return errs.New(errs.Unavailable, "the database file was deleted, moved, replaced or overwritten while the server was running; nothing is written")
}

// stored returns an error unless the last commit is in the file that has the name: a write into a deleted file must not
// be acknowledged.
func (d *disk) stored() error {
	v := d.judgeFile(false)
	if v.state == DiskSound {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lost = v
	d.settle()
	return errLost()
}

// judgeFile checks that the file is still the one that was opened, and that no other program changed it. It compares
// the first page or, if all is true, every known page.
func (d *disk) judgeFile(all bool) verdict {
	if d.pages.Overwritten(all) {
		if !d.aside.Swap(true) {
			d.setAside()
		}
		return verdict{DiskOverwritten, d.path + " was overwritten by another program while the server used it"}
	}
	if reason := d.missing(); reason != "" {
		return verdict{DiskLost, reason}
	}
	return verdict{}
}

// missing explains why the open file no longer has the name, or returns "".
func (d *disk) missing() string {
	if runtime.GOOS == "windows" { // an open file keeps its name there
		return ""
	}
	for _, f := range d.files.Load() {
		if f.info == nil {
			continue
		}
		now, err := os.Stat(f.name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return f.name + " was deleted or moved away"
		case err != nil:
			return fmt.Sprintf("%s cannot be reached: %v", f.name, err)
		case !os.SameFile(now, f.info):
			return f.name + " was replaced by another file"
		}
	}
	return ""
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// judge records what the error of a write says about the disk, and returns the error for the caller.
func (d *disk) judge(err error) error {
	switch {
	case sqlite.IsFull(err):
		d.failed(DiskFull, "no space is left on the disk")
	case IsUnreadable(err):
		d.unreadable.Add(1)
	case sqlite.IsDisk(err):
		state, reason := d.probe()
		if reason == nil {
			reason = errors.New("a write to the database failed")
		}
		d.failed(state, reason.Error())
		if state == DiskFull {
			return errs.Wrap(errs.StorageFull, err, "the disk is full; nothing was changed")
		}
		return errs.Wrap(errs.Unavailable, err, "the disk cannot be written; nothing was changed")
	}
	return err
}

// probeSize is what a probe writes: more than the rest of an exhausted quota.
const probeSize = 64 << 10

// probe asks the system why the folder of the database cannot be written: SQLite reports a quota (EDQUOT), a read-only
// disk (EROFS) and a broken one (EIO) as the same error. It returns nil if the folder can be written.
func (d *disk) probe() (DiskState, error) {
	err := probeFolder(filepath.Dir(d.path))
	switch {
	case err == nil:
		return DiskFailing, nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return DiskFull, fmt.Errorf("no space is left: %w", err)
	}
	return DiskFailing, fmt.Errorf("the folder of the database cannot be written: %w", err)
}

// probeFolder returns the error of writing to a folder, or nil.
func probeFolder(folder string) error {
	f, err := os.CreateTemp(folder, ".fazt-probe-*")
	if err != nil {
		return err
	}
	if _, err = f.Write(make([]byte, probeSize)); err == nil {
		err = f.Sync()
	}
	_ = f.Close()
	_ = os.Remove(f.Name())
	return err
}

func (d *disk) failed(state DiskState, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now.Failed++
	d.write = verdict{state, reason}
	d.settle()
}

// settle puts the worst verdict in force and reports each change once. The caller must hold d.mu.
func (d *disk) settle() {
	worst := d.space
	for _, v := range []verdict{d.write, d.lost} {
		if v.state > worst.state {
			worst = v
		}
	}
	before := d.now.State
	d.now.Reason = worst.reason
	if worst.state == before {
		return
	}
	d.now.State, d.now.Since = worst.state, time.Now()
	d.state.Store(int32(worst.state))
	level, message := slog.LevelError, "the database cannot be written; reads continue"
	switch {
	case worst.state == DiskSound:
		level, message = slog.LevelInfo, "the disk works again"
	case worst.state < DiskFull:
		level, message = slog.LevelWarn, "the disk of the database is filling up"
	}
	d.config.Log.Log(context.Background(), level, message, "state", worst.state.String(), "reason", worst.reason, "before", before.String(), "database", d.path)
	if d.config.DiskChanged != nil {
		d.config.DiskChanged(d.now)
	}
}

// look checks the space on the disk and the name of the file.
func (d *disk) look() {
	lost := d.judgeFile(true)
	free, total, err := Space(filepath.Dir(d.path))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lost = lost
	if err == nil {
		d.now.Free, d.now.Total = free, total
		d.space = d.judgeSpace(free, total)
	}
	d.settle()
}

func (d *disk) judgeSpace(free, total int64) verdict {
	if d.config.Space == nil {
		return verdict{}
	}
	low, reserve := d.config.Space(total)
	state, reason := JudgeSpace(free, low, reserve)
	return verdict{state, reason}
}

// JudgeSpace returns the state of a disk with that many free bytes: below low it warns, below reserve only the owner
// may write.
func JudgeSpace(free, low, reserve int64) (DiskState, string) {
	switch {
	case free < reserve:
		return DiskScarce, fmt.Sprintf("%s of space are left, less than the %s kept for the owner (storage.reserve)", errs.Size(free), errs.Size(reserve))
	case free < low:
		return DiskLow, fmt.Sprintf("%s of space are left, less than %s (storage.low_space)", errs.Size(free), errs.Size(low))
	}
	return DiskSound, ""
}

func (d *disk) succeeded() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.write = verdict{}
	d.settle()
}
