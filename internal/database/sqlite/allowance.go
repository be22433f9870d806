package sqlite

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// allowance is the memory SQLite may take for one connection. SQLite's own bound holds for the whole process, where a
// statement from outside would make writes of apps fail; but it says with every allocation which connection asks. So its
// allocator goes through here, and one that has spent its allowance, or its time, gets no more: its statement ends as
// if memory had run out, and no other notices. That also ends work in which SQLite does not look whether it was
// interrupted, which it does in loops alone: a row of 500 large columns has none.
//
// Only the goroutine that uses the connection touches it, except for over.
type allowance struct {
	stop       func() // interrupts the statement
	most, used int64
	blocks     map[uintptr]int64
	over       atomic.Bool // its time is over

	mostSpilled, spilled int64             // of temporary files
	files                map[uintptr]int64 // how large each is
	full                 bool              // something was refused for want of room in them

	spent bool // something was refused for want of memory
	ended bool // the statement is: what cleans up after it gets what it needs
}

// allowances are those in force by connection. They are few, and none most of the time: what SQLite allocates for
// others costs one look at their number.
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

// meterMemory puts the allowances between SQLite and its allocator. It has to come before anything else is asked of SQLite.
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

// function is the Go function behind a pointer as C has it, and pointer the other way.
func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&struct{ uintptr }{p})) }

func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// allow bounds what SQLite may take for the connection from here on, until the function it returns is called.
func (c *Conn) allow(most, spilled int64) (*allowance, func()) {
	tls := threadOf(c.raw)
	a := &allowance{stop: func() { lib.Xsqlite3_interrupt(tls, handleOf(c.raw)) }, most: most, blocks: map[uintptr]int64{}, mostSpilled: spilled, files: map[uintptr]int64{}}
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

// grants says whether so much more may be taken. A connection without an allowance may take what it likes.
func (a *allowance) grants(more int64) bool {
	switch {
	case a == nil || a.ended || more <= 0:
		return true
	case a.over.Load():
		return false
	case a.used+more > a.most:
		a.spent = true
		a.stop() // json_group_array forgets that it got nothing, and goes on
		return false
	}
	return true
}

func (a *allowance) took(p uintptr, size int32) {
	if a == nil || p == 0 {
		return
	}
	a.gave(p) // pages are passed between connections: another may have given back what was there
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

// Shrink makes SQLite give back what it keeps of its files in memory; the next statements that need it read it again.
func Shrink() {
	tls := libc.NewTLS()
	defer tls.Close()
	lib.Xsqlite3_release_memory(tls, 1<<30)
}

// at is what lies at an address in C memory. It never moves, so the conversion that go vet warns of is sound here.
func at[T any](address uintptr) *T { return (*T)(unsafe.Add(unsafe.Pointer(nil), address)) }
