package sqlite

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// allowance bounds the memory that SQLite allocates for one connection. SQLite's own limit is for the whole process, so
// that an owner's statement could make the writes of apps fail. But each allocation names its connection, so the
// functions here replace the allocator, and a connection that has used up its allowance, or its time, gets no more: its
// statement fails as if memory had run out, and no other is affected. This also ends work during which SQLite does not
// check for interrupts: it checks only in loops, and a row of 500 large columns has none.
//
// Only the goroutine that uses the connection accesses it, except for over.
type allowance struct {
	stop            func() // interrupts the statement
	maxMemory, used int64
	blocks          map[uintptr]int64
	over            atomic.Bool // its time is over

	maxSpill, spilled int64             // of temporary files
	files             map[uintptr]int64 // size of each
	full              bool              // a write to one was refused

	spent bool // an allocation was refused because the allowance was used up
	ended bool // the statement has ended: cleanup is not bounded
}

// allowances are those in force, by connection. Usually there are none, and an allocation only reads their number.
var allowances struct { //nolint:gochecknoglobals // SQLite has one allocator for the process
	once  sync.Once
	n     atomic.Int32
	by    sync.Map // *libc.TLS -> *allowance
	plain plainMemory
}

// plainMemory is SQLite's own allocator.
type plainMemory struct {
	malloc  func(tls *libc.TLS, size int32) uintptr
	realloc func(tls *libc.TLS, p uintptr, size int32) uintptr
	free    func(tls *libc.TLS, p uintptr)
}

// meterMemory puts the allowances between SQLite and its allocator. It must run before any other call of SQLite.
func meterMemory() {
	allowances.once.Do(func() {
		tls := libc.NewTLS()
		defer tls.Close()
		var m lib.Tsqlite3_mem_methods
		configure(tls, lib.SQLITE_CONFIG_GETMALLOC, &m)
		allowances.plain = plainMemory{
			malloc:  function[func(*libc.TLS, int32) uintptr](m.FxMalloc),
			realloc: function[func(*libc.TLS, uintptr, int32) uintptr](m.FxRealloc),
			free:    function[func(*libc.TLS, uintptr)](m.FxFree),
		}
		m.FxMalloc, m.FxRealloc, m.FxFree = pointer(meteredMalloc), pointer(meteredRealloc), pointer(meteredFree)
		configure(tls, lib.SQLITE_CONFIG_MALLOC, &m)
		meterSpills(tls)
	})
}

func configure(tls *libc.TLS, option int32, m *lib.Tsqlite3_mem_methods) {
	list := libc.NewVaList(uintptr(unsafe.Pointer(m)))
	defer libc.Xfree(tls, list)
	lib.Xsqlite3_config(tls, option, list)
}

// function converts a C function pointer to the Go function behind it; pointer is the reverse.
func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&struct{ uintptr }{p})) }

func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// allow bounds what SQLite may allocate for the connection until the returned function is called.
func (c *Conn) allow(maxMemory, maxSpill int64) (*allowance, func()) {
	tls := threadOf(c.raw)
	a := &allowance{stop: func() { lib.Xsqlite3_interrupt(tls, handleOf(c.raw)) }, maxMemory: maxMemory, blocks: map[uintptr]int64{}, maxSpill: maxSpill, files: map[uintptr]int64{}}
	allowances.by.Store(tls, a)
	allowances.n.Add(1)
	return a, func() {
		allowances.by.Delete(tls)
		allowances.n.Add(-1)
	}
}

func allowanceOf(tls *libc.TLS) *allowance {
	if allowances.n.Load() == 0 {
		return nil
	}
	if a, ok := allowances.by.Load(tls); ok {
		return a.(*allowance)
	}
	return nil
}

func meteredMalloc(tls *libc.TLS, size int32) uintptr {
	a := allowanceOf(tls)
	if !a.grants(int64(size)) {
		return 0
	}
	p := allowances.plain.malloc(tls, size)
	a.took(p, size)
	return p
}

func meteredRealloc(tls *libc.TLS, p uintptr, size int32) uintptr {
	a := allowanceOf(tls)
	if a != nil && !a.grants(int64(size)-a.blocks[p]) {
		return 0
	}
	fresh := allowances.plain.realloc(tls, p, size)
	if fresh != 0 {
		a.gave(p)
		a.took(fresh, size)
	}
	return fresh
}

func meteredFree(tls *libc.TLS, p uintptr) {
	allowanceOf(tls).gave(p)
	allowances.plain.free(tls, p)
}

// grants reports whether that much more may be allocated. A connection without an allowance is not bounded.
func (a *allowance) grants(more int64) bool {
	switch {
	case a == nil || a.ended || more <= 0:
		return true
	case a.over.Load():
		return false
	case a.used+more > a.maxMemory:
		a.spent = true
		a.stop() // json_group_array ignores the failure and continues
		return false
	}
	return true
}

func (a *allowance) took(p uintptr, size int32) {
	if a == nil || p == 0 {
		return
	}
	a.gave(p) // pages move between connections: another may have freed what was there
	a.blocks[p] = int64(size)
	a.used += int64(size)
}

func (a *allowance) gave(p uintptr) {
	if a == nil {
		return
	}
	if size, ok := a.blocks[p]; ok {
		delete(a.blocks, p)
		a.used -= size
	}
}

// Shrink makes SQLite free what it caches of its files; later statements read it again.
func Shrink() {
	tls := libc.NewTLS()
	defer tls.Close()
	lib.Xsqlite3_release_memory(tls, 1<<30)
}

// at returns the value at an address in C memory. It never moves, so the conversion that go vet warns about is safe
// here.
func at[T any](address uintptr) *T { return (*T)(unsafe.Add(unsafe.Pointer(nil), address)) }
