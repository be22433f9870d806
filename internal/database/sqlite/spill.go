package sqlite

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// What SQLite cannot sort or hold in memory, it writes to unnamed files. A statement from outside must not fill the
// disk with them. They are opened through the functions here, and files of a connection with an allowance get their own
// table of methods.

// spills contains the functions with which SQLite opens files, the metered method tables by the plain ones they
// replace, and the plain tables of metered files. The table of a file does not lead back to the plain one, because
// another layer may have replaced it.
var spills struct { //nolint:gochecknoglobals // SQLite has one list of file systems for the process
	open    map[uintptr]opener // by file system; never changed once it is filled
	tables  sync.Map           // address of a plain table -> address of the metered one
	watched sync.Map           // the same for those of databases
	plain   sync.Map           // address of a file -> *lib.Tsqlite3_io_methods
}

type opener func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32

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
	switch f := at[lib.Tsqlite3_file](file); {
	case code != lib.SQLITE_OK || f.FpMethods == 0:
	case flags&lib.SQLITE_OPEN_MAIN_DB != 0:
		watchPages(tls, name, file)
	case flags&spillFiles != 0 && allowanceOf(tls) != nil:
		spills.plain.Store(file, at[lib.Tsqlite3_io_methods](f.FpMethods))
		f.FpMethods = standIn(tls, &spills.tables, f.FpMethods, pointer(meteredWrite), pointer(meteredClose))
	}
	return code
}

// standIn returns the table that replaces a plain one, with other functions for write and close. SQLite accesses it by
// address, so it is in SQLite's memory, not in Go's. There is one for each kind of file, for the life of the process.
func standIn(tls *libc.TLS, tables *sync.Map, plain, write, end uintptr) uintptr {
	if kept, ok := tables.Load(plain); ok {
		return kept.(uintptr)
	}
	table := libc.Xmalloc(tls, lib.Tsize_t(unsafe.Sizeof(lib.Tsqlite3_io_methods{})))
	if table == 0 {
		return plain
	}
	m := at[lib.Tsqlite3_io_methods](table)
	*m = *at[lib.Tsqlite3_io_methods](plain)
	m.FxWrite, m.FxClose = write, end
	kept, loaded := tables.LoadOrStore(plain, table)
	if loaded {
		libc.Xfree(tls, table)
	}
	return kept.(uintptr)
}

func plainMethods(file uintptr) *lib.Tsqlite3_io_methods {
	m, _ := spills.plain.Load(file)
	return m.(*lib.Tsqlite3_io_methods)
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
	spills.plain.Delete(file)
	return end(tls, file)
}

// spills reports whether a file may grow to that size.
func (a *allowance) spills(file uintptr, size int64) bool {
	more := size - a.files[file]
	switch {
	case more <= 0 || a.ended:
		return true
	case a.over.Load():
		return false
	case a.spilled+more > a.maxSpill:
		a.full = true
		return false
	}
	a.files[file] = size
	a.spilled += more
	return true
}
