//go:build unix

// Package diskfault breaks the disk below SQLite, for tests: it sits between SQLite and the files, and makes the
// operations fail that a test names.
package diskfault

import (
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Op is an operation of SQLite on a file.
type Op struct {
	Kind   Kind
	File   string
	Offset int64 // of a read or a write
	Size   int
}

// Kind is the kind of an operation.
type Kind int

// The kinds that can fail.
const (
	Open Kind = iota
	Read
	Write
	Sync
	Map // a part of the file is mapped into memory, where a fault is not an error: reading it ends the process
)

// Fault is how an operation fails: a result code of SQLite, as an error of the system causes it.
type Fault int32

// The faults.
const (
	None       Fault = lib.SQLITE_OK
	Unreadable Fault = lib.SQLITE_IOERR_READ  // EIO
	Unwritable Fault = lib.SQLITE_IOERR_WRITE // EIO, EROFS, EDQUOT
	Unsynced   Fault = lib.SQLITE_IOERR_FSYNC
	Full       Fault = lib.SQLITE_FULL // ENOSPC
	CannotOpen Fault = lib.SQLITE_CANTOPEN
)

// Inject makes operations fail as the function decides, for every database of the process, until the test ends. The
// function must be safe for concurrent use.
func Inject(t testing.TB, fault func(Op) Fault) {
	t.Helper()
	s := shim()
	s.fault.Store(&fault)
	t.Cleanup(func() { s.fault.Store(nil) })
}

// layer is a VFS of SQLite above the one that the product uses.
type layer struct {
	fault atomic.Pointer[func(Op) Fault]
	names sync.Map // file -> its name
	kept  sync.Map // address -> what only C code refers to: Go would free it
	below uintptr
	open  func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32
}

// shim registers the layer under the name of the VFS below it; SQLite finds the layer first.
var shim = sync.OnceValue(func() *layer { //nolint:gochecknoglobals // SQLite has one list of file systems for the process
	tls := libc.NewTLS()
	name, err := libc.CString("unix-excl")
	if err != nil {
		panic(err)
	}
	lib.Xsqlite3_initialize(tls)
	below := lib.Xsqlite3_vfs_find(tls, name)
	if below == 0 {
		panic("SQLite has no VFS unix-excl")
	}
	s := &layer{below: below}
	vfs := clone[lib.Tsqlite3_vfs](tls, below)
	s.open = function[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](vfs.FxOpen)
	vfs.FxOpen = keep(s, s.opened)
	lib.Xsqlite3_vfs_register(tls, uintptr(unsafe.Pointer(vfs)), 0)
	return s
})

// clone returns a copy in memory that Go does not move or free.
func clone[T any](tls *libc.TLS, from uintptr) *T {
	var zero T
	to := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(zero)))
	c := at[T](to)
	*c = *at[T](from)
	return c
}

func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// function returns the Go function behind a C function pointer.
func function[F any](address uintptr) F {
	return *(*F)(unsafe.Pointer(&struct{ uintptr }{address}))
}

// keep returns a C function pointer for a Go function.
func keep[F any](s *layer, f F) uintptr {
	address := *(*uintptr)(unsafe.Pointer(&struct{ f F }{f}))
	s.kept.Store(address, f)
	return address
}

// judge returns how an operation must fail.
func (s *layer) judge(op Op) Fault {
	if f := s.fault.Load(); f != nil {
		return (*f)(op)
	}
	return None
}

func (s *layer) opened(tls *libc.TLS, _, name, file uintptr, flags int32, out uintptr) int32 {
	path := ""
	if name != 0 {
		path = libc.GoString(name)
	}
	if f := s.judge(Op{Kind: Open, File: path}); f != None {
		at[lib.Tsqlite3_file](file).FpMethods = 0
		return int32(f)
	}
	rc := s.open(tls, s.below, name, file, flags, out)
	f := at[lib.Tsqlite3_file](file)
	if rc != lib.SQLITE_OK || f.FpMethods == 0 {
		return rc
	}
	s.names.Store(file, path)
	methods := clone[lib.Tsqlite3_io_methods](tls, f.FpMethods)
	s.wrap(methods)
	s.wrapFetch(methods)
	f.FpMethods = uintptr(unsafe.Pointer(methods))
	return rc
}

type transfer = func(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32

func (s *layer) wrap(m *lib.Tsqlite3_io_methods) {
	read, write := function[transfer](m.FxRead), function[transfer](m.FxWrite)
	sync := function[func(*libc.TLS, uintptr, int32) int32](m.FxSync)
	m.FxRead = keep[transfer](s, func(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
		if f := s.judge(Op{Read, s.name(file), offset, int(n)}); f != None {
			return int32(f)
		}
		return read(tls, file, data, n, offset)
	})
	m.FxWrite = keep[transfer](s, func(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
		if f := s.judge(Op{Write, s.name(file), offset, int(n)}); f != None {
			return int32(f)
		}
		return write(tls, file, data, n, offset)
	})
	m.FxSync = keep(s, func(tls *libc.TLS, file uintptr, flags int32) int32 {
		if f := s.judge(Op{Kind: Sync, File: s.name(file)}); f != None {
			return int32(f)
		}
		return sync(tls, file, flags)
	})
}

func (s *layer) wrapFetch(m *lib.Tsqlite3_io_methods) {
	fetch := function[func(*libc.TLS, uintptr, int64, int32, uintptr) int32](m.FxFetch)
	m.FxFetch = keep(s, func(tls *libc.TLS, file uintptr, offset int64, n int32, out uintptr) int32 {
		if f := s.judge(Op{Map, s.name(file), offset, int(n)}); f != None {
			return int32(f)
		}
		return fetch(tls, file, offset, n, out)
	})
}

func (s *layer) name(file uintptr) string {
	name, _ := s.names.Load(file)
	text, _ := name.(string)
	return text
}
