package database

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// What SQLite cannot sort or keep in memory it puts into files that have no name, which for a statement from outside
// must not fill the disk. They are opened through here, and those of a connection with an allowance are told by a table
// of methods of their own.

// spills is what SQLite opens files with, and the tables of methods by those they stand for.
var spills struct {
	open   map[uintptr]opener // by the file system; not changed once it is filled
	tables sync.Map
}

type opener func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32

// spillMethods is the table of methods of a file that is metered.
type spillMethods struct {
	lib.Tsqlite3_io_methods
	plain *lib.Tsqlite3_io_methods
}

const spillFiles = lib.SQLITE_OPEN_TEMP_DB | lib.SQLITE_OPEN_TRANSIENT_DB | lib.SQLITE_OPEN_TEMP_JOURNAL | lib.SQLITE_OPEN_SUBJOURNAL

func meterSpills(tls *libc.TLS) {
	spills.open = map[uintptr]opener{}
	for p := lib.Xsqlite3_vfs_find(tls, 0); p != 0; {
		vfs := at[lib.Tsqlite3_vfs](p)
		spills.open[p] = function[opener](vfs.FxOpen)
		vfs.FxOpen = pointer(meteredOpen)
		p = vfs.FpNext
	}
}

func meteredOpen(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
	code := spills.open[vfs](tls, vfs, name, file, flags, out)
	if f := at[lib.Tsqlite3_file](file); code == lib.SQLITE_OK && flags&spillFiles != 0 && f.FpMethods != 0 && allowanceOf(tls) != nil {
		f.FpMethods = meteredMethods(f.FpMethods)
	}
	return code
}

func meteredMethods(plain uintptr) uintptr {
	m := &spillMethods{*at[lib.Tsqlite3_io_methods](plain), at[lib.Tsqlite3_io_methods](plain)}
	m.FxWrite, m.FxClose = pointer(meteredWrite), pointer(meteredClose)
	kept, _ := spills.tables.LoadOrStore(plain, m)
	return uintptr(unsafe.Pointer(kept.(*spillMethods)))
}

func plainMethods(file uintptr) *lib.Tsqlite3_io_methods {
	return at[spillMethods](at[lib.Tsqlite3_file](file).FpMethods).plain
}

func meteredWrite(tls *libc.TLS, file, from uintptr, n int32, offset int64) int32 {
	if a := allowanceOf(tls); a != nil && !a.spills(file, offset+int64(n)) {
		return lib.SQLITE_FULL
	}
	write := function[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](plainMethods(file).FxWrite)
	return write(tls, file, from, n, offset)
}

func meteredClose(tls *libc.TLS, file uintptr) int32 {
	if a := allowanceOf(tls); a != nil {
		a.spilled -= a.files[file]
		delete(a.files, file)
	}
	end := function[func(*libc.TLS, uintptr) int32](plainMethods(file).FxClose)
	return end(tls, file)
}

// spills says whether a file may be so large.
func (a *allowance) spills(file uintptr, size int64) bool {
	more := size - a.files[file]
	switch {
	case more <= 0 || a.ended:
		return true
	case a.over.Load():
		return false
	case a.spilled+more > a.mostSpilled:
		a.full = true
		return false
	}
	a.files[file] = size
	a.spilled += more
	return true
}
