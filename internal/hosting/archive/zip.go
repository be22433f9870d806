package archive

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"

	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/system"
)

// A zip states everything twice: in the directory at its end, and in a header before each content; the place and length
// of the directory are stated again, too. Programs differ in which they trust. This reader accepts only archives in
// which all of it agrees, contents do not overlap, and only features that deployments need are used: stored and
// deflated files, with zip64 sizes. The constants below are from APPNOTE.TXT.
const (
	endSize     = 22
	end64Size   = 56
	locatorSize = 20
	centralSize = 46
	localSize   = 30

	descriptorSize = 12 // without its signature, and with four-byte sizes

	endMark     = 0x06054b50
	end64Mark   = 0x06064b50
	locatorMark = 0x07064b50
	centralMark = 0x02014b50
	localMark   = 0x04034b50

	descriptorMark = 0x08074b50

	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3 // sizes follow the content; the header before it may contain zeros
	flagPatch      = 1 << 5
	flagStrong     = 1 << 6
	flagMasked     = 1 << 13

	methodStore   = 0
	methodDeflate = 8

	extraZip64 = 0x0001
	extraName  = 0x7075 // another name for the entry, which some programs use

	full16 = 0xffff // the value is in zip64 fields
	full32 = 0xffffffff
)

// zipFile is a zip whose directory agrees with its headers.
type zipFile struct {
	r       io.ReaderAt
	entries []zipEntry
}

// zipEntry is an entry of the directory.
type zipEntry struct {
	entry
	flags, method uint16
	crc           uint32
	packed        int64
	header        int64 // where the header before its content starts
	data          int64 // where its content starts
	late          bool  // a descriptor follows the content
}

// directory is the position of the directory and the number of its entries.
type directory struct{ offset, size, count int64 }

func openZip(r io.ReaderAt, size int64, limits system.Storage) (*zipFile, error) {
	d, err := findDirectory(r, size)
	if err != nil {
		return nil, zipDamaged(err)
	}
	if limit := 2 * int64(limits.MaxSiteFiles); d.count > limit { // files and folders
		return nil, errs.New(errs.TooLarge, "the archive has %d entries; the limit for files is %d", d.count, limits.MaxSiteFiles)
	}
	z := &zipFile{r: r}
	if err := z.readDirectory(d, limits.MaxPathLength); err != nil {
		return nil, zipDamaged(err)
	}
	if err := z.readHeaders(d); err != nil {
		return nil, zipDamaged(err)
	}
	var announced []hosting.Announced // the directory states all sizes before anything is unpacked
	for _, e := range z.entries {
		if !e.folder {
			announced = append(announced, hosting.Announced{Path: e.name, Size: e.size})
		}
	}
	if err := hosting.CheckSizes(announced, limits); err != nil {
		return nil, err
	}
	return z, z.checkRatio()
}

// readAt reads exactly n bytes.
func readAt(r io.ReaderAt, offset, n int64) ([]byte, error) {
	if offset < 0 {
		return nil, io.ErrUnexpectedEOF
	}
	data := make([]byte, n)
	_, err := io.ReadFull(io.NewSectionReader(r, offset, n), data)
	return data, err
}

// findDirectory parses the end of the archive. There must be exactly one place where it can be.
func findDirectory(r io.ReaderAt, size int64) (directory, error) {
	tail, err := readAt(r, max(0, size-endSize-full16), min(size, endSize+full16))
	if err != nil {
		return directory{}, err
	}
	at := -1
	for i := 0; i+endSize <= len(tail); i++ {
		if binary.LittleEndian.Uint32(tail[i:]) != endMark || i+endSize+int(binary.LittleEndian.Uint16(tail[i+20:])) != len(tail) {
			continue
		}
		if at >= 0 {
			return directory{}, refuse("the zip has two end records")
		}
		at = i
	}
	if at < 0 {
		return directory{}, io.ErrUnexpectedEOF
	}
	end := tail[at:]
	le := binary.LittleEndian
	if le.Uint16(end[4:]) != 0 && le.Uint16(end[4:]) != full16 || le.Uint16(end[6:]) != 0 && le.Uint16(end[6:]) != full16 {
		return directory{}, refuse("the zip is one part of a multi-part archive")
	}
	d := directory{offset: int64(le.Uint32(end[16:])), size: int64(le.Uint32(end[12:])), count: int64(le.Uint16(end[10:]))}
	if le.Uint16(end[8:]) != le.Uint16(end[10:]) {
		return directory{}, refuse("the zip gives wrong sizes or counts for its directory")
	}
	position := size - int64(len(tail)) + int64(at)
	if d, position, err = findDirectory64(r, d, position); err != nil {
		return d, err
	}
	if d.offset < 0 || d.size < 0 || d.size > position || d.offset != position-d.size {
		return d, refuse("the zip gives wrong sizes or counts for its directory")
	}
	return d, nil
}

// findDirectory64 parses the zip64 end, if there is one before the plain end at position. Values that both contain must
// agree.
func findDirectory64(r io.ReaderAt, d directory, position int64) (directory, int64, error) {
	if position < locatorSize {
		return d, position, nil
	}
	le := binary.LittleEndian
	locator, err := readAt(r, position-locatorSize, locatorSize)
	if err != nil || le.Uint32(locator) != locatorMark {
		return d, position, err
	}
	start := position - locatorSize - end64Size
	end, err := readAt(r, start, end64Size)
	if err != nil {
		return d, position, err
	}
	wide := directory{offset: int64(le.Uint64(end[48:])), size: int64(le.Uint64(end[40:])), count: int64(le.Uint64(end[32:]))}
	switch {
	case le.Uint64(locator[8:]) != uint64(start), le.Uint32(end) != end64Mark, le.Uint64(end[4:]) != end64Size-12,
		le.Uint64(end[24:]) != le.Uint64(end[32:]), le.Uint32(end[16:]) != 0, le.Uint32(end[20:]) != 0,
		d.offset != full32 && d.offset != wide.offset, d.size != full32 && d.size != wide.size, d.count != full16 && d.count != wide.count,
		wide.offset < 0, wide.size < 0, wide.count < 0:
		return d, position, refuse("the zip gives wrong sizes or counts for its directory")
	}
	return wide, start, nil
}

// readDirectory parses the directory, which must contain exactly the stated number of entries and nothing else.
func (z *zipFile) readDirectory(d directory, maxPath int) error {
	r := bufio.NewReader(io.NewSectionReader(z.r, d.offset, d.size))
	for range d.count {
		e, err := readCentral(r, maxPath)
		if err != nil {
			return err
		}
		z.entries = append(z.entries, e)
	}
	if _, err := r.Peek(1); !errors.Is(err, io.EOF) {
		return refuse("the directory of the zip has extra data after its entries")
	}
	return nil
}

func readCentral(r *bufio.Reader, maxPath int) (e zipEntry, err error) {
	var h [centralSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return e, err
	}
	le := binary.LittleEndian
	if le.Uint32(h[:]) != centralMark {
		return e, refuse("the directory of the zip is damaged")
	}
	names := make([]byte, int(le.Uint16(h[28:]))+int(le.Uint16(h[30:])))
	if _, err := io.ReadFull(r, names); err != nil {
		return e, err
	}
	if _, err := r.Discard(int(le.Uint16(h[32:]))); err != nil { // a comment
		return e, err
	}
	name, extra := names[:le.Uint16(h[28:])], names[le.Uint16(h[28:]):]
	if len(name) > maxPath+1 { // with the slash of a folder
		return e, errs.New(errs.TooLarge, "the path %.100q… has %d bytes; the limit is %d", name, len(name), maxPath)
	}
	e = zipEntry{flags: le.Uint16(h[8:]), method: le.Uint16(h[10:]), crc: le.Uint32(h[16:]), packed: int64(le.Uint32(h[20:])), header: int64(le.Uint32(h[42:]))}
	e.name, e.size = string(name), int64(le.Uint32(h[24:]))
	e.folder = bytes.HasSuffix(name, []byte("/"))
	if disk := le.Uint16(h[34:]); disk != 0 && disk != full16 {
		return e, refuse("the zip is one part of a multi-part archive")
	}
	if err := e.readExtra(extra, &e.size, &e.packed, &e.header); err != nil {
		return e, err
	}
	return e, e.check(h[5], le.Uint32(h[38:])>>16)
}

// check rejects entries that are neither file nor folder, and features that this reader does not support. mode is that
// of Unix, if the entry was created there.
func (e *zipEntry) check(system byte, mode uint32) error {
	const unix, mac = 3, 19
	if system == unix || system == mac {
		switch kind := mode & 0o170000; {
		case kind == 0o120000:
			return refuse("%q is a link; links are not followed", e.name)
		case kind == 0, kind == 0o100000 && !e.folder, kind == 0o040000 && e.folder:
		default:
			return refuse("%q is neither a file nor a folder", e.name)
		}
	}
	switch {
	case e.flags&(flagEncrypted|flagStrong|flagMasked) != 0:
		return refuse("%q is encrypted", e.name)
	case e.flags&flagPatch != 0, e.method != methodStore && e.method != methodDeflate:
		return refuse("%q is packed with a method (%d) other than store and deflate", e.name, e.method)
	case e.size < 0, e.packed < 0, e.header < 0, e.folder && e.size != 0:
		return e.untrue()
	}
	return nil
}

func (e *zipEntry) untrue() error {
	return refuse("the zip contradicts itself about %q", e.name)
}

// readExtra parses the extra fields of an entry: values that are too large for their own field, and a name that must
// not differ.
func (e *zipEntry) readExtra(extra []byte, values ...*int64) error {
	le := binary.LittleEndian
	wide := false
	for len(extra) >= 4 {
		id, length := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if length > len(extra)-4 {
			return refuse("the zip's metadata for %q is damaged", e.name)
		}
		field := extra[4 : 4+length]
		extra = extra[4+length:]
		switch id {
		case extraName:
			if len(field) < 5 || string(field[5:]) != e.name {
				return refuse("%q has a second name", e.name)
			}
		case extraZip64:
			if wide {
				return e.untrue()
			}
			wide = true
			for _, v := range values {
				if *v != full32 {
					continue
				}
				if len(field) < 8 {
					return e.untrue()
				}
				*v, field = int64(le.Uint64(field)), field[8:]
			}
		}
	}
	return nil
}

// readHeaders compares each entry with the header before its content, and makes sure that entries follow each other
// without gaps or overlaps: with overlapping contents, a few megabytes can unpack to any size, and a gap may contain an
// entry that only programs find that read from the front.
func (z *zipFile) readHeaders(d directory) error {
	for i := range z.entries {
		if err := z.entries[i].readLocal(z.r); err != nil {
			return err
		}
	}
	order := make([]*zipEntry, len(z.entries))
	for i := range z.entries {
		order[i] = &z.entries[i]
	}
	slices.SortFunc(order, func(a, b *zipEntry) int { return cmp.Compare(a.header, b.header) })
	for i, e := range order {
		end := d.offset
		if i+1 < len(order) {
			end = order[i+1].header
		}
		if e.packed > end-e.data || i == 0 && e.header != 0 {
			return refuse("the content of %q overlaps something else", e.name)
		}
		if err := e.checkEnd(z.r, end); err != nil {
			return err
		}
	}
	return nil
}

// checkEnd checks the bytes between the content and the next header: nothing, or a correct descriptor. A descriptor may
// begin with a signature, and its sizes have four bytes, or eight in zip64.
func (e *zipEntry) checkEnd(r io.ReaderAt, end int64) error {
	rest := end - e.data - e.packed
	if !e.late {
		if rest != 0 {
			return refuse("there is unexpected data after the content of %q", e.name)
		}
		return nil
	}
	if rest > descriptorSize+4+8 {
		return refuse("there is unexpected data after the content of %q", e.name)
	}
	d, err := readAt(r, e.data+e.packed, rest)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	if rest == descriptorSize+4 || rest == descriptorSize+4+8 {
		if le.Uint32(d) != descriptorMark {
			return e.untrue()
		}
		d = d[4:]
	}
	var packed, size int64
	switch len(d) {
	case descriptorSize:
		packed, size = int64(le.Uint32(d[4:])), int64(le.Uint32(d[8:]))
	case descriptorSize + 8:
		packed, size = int64(le.Uint64(d[4:])), int64(le.Uint64(d[12:]))
	default:
		return e.untrue()
	}
	if le.Uint32(d) != e.crc || packed != e.packed || size != e.size {
		return e.untrue()
	}
	return nil
}

func (e *zipEntry) readLocal(r io.ReaderAt) error {
	h, err := readAt(r, e.header, localSize)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	names, err := readAt(r, e.header+localSize, int64(le.Uint16(h[26:]))+int64(le.Uint16(h[28:])))
	if err != nil {
		return err
	}
	e.data = e.header + localSize + int64(len(names))
	name, extra := names[:le.Uint16(h[26:])], names[le.Uint16(h[26:]):]
	crc, packed, size := le.Uint32(h[14:]), int64(le.Uint32(h[18:])), int64(le.Uint32(h[22:]))
	if err := e.readExtra(extra, &size, &packed); err != nil {
		return err
	}
	late := le.Uint16(h[6:])&flagDescriptor != 0
	e.late = late
	same := func(a, b int64) bool { return a == b || late && a == 0 }
	switch {
	case le.Uint32(h) != localMark, string(name) != e.name, le.Uint16(h[8:]) != e.method, (le.Uint16(h[6:])^e.flags)&(flagEncrypted|flagDescriptor) != 0,
		!same(int64(crc), int64(e.crc)), !same(packed, e.packed), !same(size, e.size):
		return e.untrue()
	}
	return nil
}

// checkRatio rejects a bomb before anything is unpacked.
func (z *zipFile) checkRatio() error {
	var plain, packed int64
	for _, e := range z.entries {
		if plain += e.size; plain < 0 { // overflow
			return errs.New(errs.TooLarge, "the archive unpacks to more than a deployment may contain")
		}
		packed += e.packed
	}
	if bomb(plain, packed) {
		return refuse("it unpacks to more than %d times its size", maxRatio)
	}
	return nil
}

func (z *zipFile) each(ctx context.Context, visit func(entry, io.Reader) error) error {
	c := &zipContent{source: bufio.NewReader(nil), inflate: flate.NewReader(nil)}
	for i := range z.entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		e := &z.entries[i]
		c.reset(z.r, e)
		if err := visit(e.entry, c); err != nil {
			return zipDamaged(err)
		}
	}
	return nil
}

// zipContent reads the content of one entry after another, with exactly the stated length and checksum.
type zipContent struct {
	source  *bufio.Reader
	inflate io.ReadCloser
	plain   io.Reader
	entry   *zipEntry
	left    int64
	crc     uint32
}

func (c *zipContent) reset(r io.ReaderAt, e *zipEntry) {
	c.entry, c.left, c.crc = e, e.size, 0
	c.source.Reset(io.NewSectionReader(r, e.data, e.packed))
	c.plain = c.source
	if e.method == methodDeflate {
		_ = c.inflate.(flate.Resetter).Reset(c.source, nil) // never fails
		c.plain = c.inflate
	}
}

func (c *zipContent) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, c.end()
	}
	n, err := c.plain.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	c.crc = crc32.Update(c.crc, crc32.IEEETable, p[:n])
	if errors.Is(err, io.EOF) {
		err = nil
		if c.left > 0 {
			err = c.entry.untrue()
		}
	}
	return n, err
}

// end returns io.EOF if the content ends where it should.
func (c *zipContent) end() error {
	var one [1]byte
	if n, err := io.ReadFull(c.plain, one[:]); n > 0 || !errors.Is(err, io.EOF) {
		if n == 0 {
			return err
		}
		return c.entry.untrue()
	}
	if _, err := c.source.Peek(1); !errors.Is(err, io.EOF) || c.crc != c.entry.crc {
		return refuse("the content of %q is damaged", c.entry.name)
	}
	return io.EOF
}

// zipDamaged describes what is wrong with a zip that cannot be read.
func zipDamaged(err error) error {
	var known *errs.Error
	switch {
	case errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errs.Wrap(errs.Invalid, err, "the zip is cut off or damaged")
	}
	return errs.Wrap(errs.Invalid, err, "the zip is damaged: %v", err)
}
