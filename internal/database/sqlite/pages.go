package sqlite

import (
	"errors"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Pages are the first page of a database and the last pages written, as this process wrote or found them. No other
// program may write the file, so a page that differs means that another program did: a copy of another database
// overwrote this one while it was in use. SQLite does not notice, and would continue to write its pages into the other
// database.
//
// The file is read through a descriptor that stays open as long as the database: closing one ends all locks that the
// process has on the file.
type Pages struct {
	file *os.File
	uses int // number of open databases; guarded by opened

	mu      sync.Mutex
	sums    map[int64]pageSum // by offset
	recent  []int64           // offsets in sums except 0, oldest first
	buffer  []byte
	foreign bool // never reset: what connections have read since may come from either file
}

type pageSum struct {
	size int
	sum  uint32
}

// maxRecent is how many of the last written pages are compared.
const maxRecent = 15

var castagnoli = crc32.MakeTable(crc32.Castagnoli) //nolint:gochecknoglobals // a constant

// opened contains the pages of the open databases, by path, and by each file that SQLite has open for one.
var opened struct { //nolint:gochecknoglobals // SQLite has one list of file systems for the process
	mu    sync.Mutex
	paths map[string]*Pages
	files sync.Map // address of a file -> *Pages
}

// OpenPages starts to watch the database at path.
func OpenPages(path string) (*Pages, error) {
	opened.mu.Lock()
	defer opened.mu.Unlock()
	if p := opened.paths[path]; p != nil {
		p.uses++
		return p, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	p := &Pages{file: file, uses: 1, sums: map[int64]pageSum{}}
	first := make([]byte, 100) // the header; bytes 24 to 27 count the changes
	if _, err := file.ReadAt(first, 0); err == nil {
		p.note(0, first)
	}
	if opened.paths == nil {
		opened.paths = map[string]*Pages{}
	}
	opened.paths[path] = p
	return p, nil
}

// Close ends the watch. All connections to the database must be closed.
func (p *Pages) Close(path string) error {
	opened.mu.Lock()
	defer opened.mu.Unlock()
	if p.uses--; p.uses > 0 {
		return nil
	}
	delete(opened.paths, path)
	return p.file.Close()
}

// note records a page. The caller holds p.mu, or p is not shared yet.
func (p *Pages) note(offset int64, data []byte) {
	if _, known := p.sums[offset]; !known && offset > 0 {
		if len(p.recent) == maxRecent {
			delete(p.sums, p.recent[0])
			p.recent = slices.Delete(p.recent, 0, 1)
		}
		p.recent = append(p.recent, offset)
	}
	p.sums[offset] = pageSum{len(data), crc32.Checksum(data, castagnoli)}
}

// forget removes a page whose state on the disk is unknown.
func (p *Pages) forget(offset int64) {
	delete(p.sums, offset)
	p.recent = slices.DeleteFunc(p.recent, func(o int64) bool { return o == offset })
}

// Overwritten reports whether another program wrote the file. It compares the first page or, if all is true, every
// known page.
func (p *Pages) Overwritten(all bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.compare(0)
	if all {
		for _, offset := range p.recent {
			p.compare(offset)
		}
	}
	return p.foreign
}

// compare checks a page. A page that the disk cannot read proves nothing; neither does one beyond the end of the file,
// because SQLite may shorten it.
func (p *Pages) compare(offset int64) {
	want, known := p.sums[offset]
	if !known || p.foreign {
		return
	}
	p.buffer = slices.Grow(p.buffer[:0], want.size)
	data := p.buffer[:want.size]
	switch _, err := p.file.ReadAt(data, offset); {
	case errors.Is(err, io.EOF):
		p.foreign = offset == 0
	case err == nil:
		p.foreign = crc32.Checksum(data, castagnoli) != want.sum
	}
}

// write lets SQLite write a page, unless another program has written the file.
func (p *Pages) write(offset int64, data []byte, write func() int32) int32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.compare(0)
	p.compare(offset)
	if p.foreign {
		return lib.SQLITE_IOERR_WRITE
	}
	code := write()
	if code != lib.SQLITE_OK {
		p.forget(offset)
		return code
	}
	p.note(offset, data)
	return code
}

// watchPages routes SQLite's writes to an open file through the Pages of its database.
func watchPages(tls *libc.TLS, name, file uintptr) {
	if name == 0 {
		return
	}
	opened.mu.Lock()
	p := opened.paths[libc.GoString(name)]
	opened.mu.Unlock()
	if _, done := opened.files.Load(file); done || p == nil { // done: by a file system below this one
		return
	}
	f := at[lib.Tsqlite3_file](file)
	opened.files.Store(file, p)
	spills.plain.Store(file, at[lib.Tsqlite3_io_methods](f.FpMethods))
	f.FpMethods = standIn(tls, &spills.watched, f.FpMethods, pointer(watchedWrite), pointer(watchedClose))
}

func watchedWrite(tls *libc.TLS, file, from uintptr, n int32, offset int64) int32 {
	write := function[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](plainMethods(file).FxWrite)
	p, _ := opened.files.Load(file)
	return p.(*Pages).write(offset, unsafe.Slice(at[byte](from), n), func() int32 { return write(tls, file, from, n, offset) })
}

func watchedClose(tls *libc.TLS, file uintptr) int32 {
	end := function[func(*libc.TLS, uintptr) int32](plainMethods(file).FxClose)
	opened.files.Delete(file)
	spills.plain.Delete(file)
	return end(tls, file)
}
