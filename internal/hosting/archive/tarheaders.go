package archive

import (
	"archive/tar"
	"encoding/binary"
	"io"
	"strconv"
	"strings"
)

const tarBlock = 512

// tarHeaders passes a tar through and parses its headers, to reject files with several extended headers: for some
// programs the first path counts, for others the last, or GNU's before that of POSIX. archive/tar merges them silently.
type tarHeaders struct {
	r       io.Reader
	block   [tarBlock]byte
	n       int    // how much of the block has arrived
	content int64  // still to come before the next header
	before  []byte // the kinds of extended headers seen for the next file
	over    bool   // the archive ended, or cannot be parsed: then archive/tar cannot read it either
}

func (h *tarHeaders) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	for b := p[:n]; len(b) > 0 && !h.over; {
		if h.content > 0 {
			skip := min(h.content, int64(len(b)))
			h.content -= skip
			b = b[skip:]
			continue
		}
		took := copy(h.block[h.n:], b)
		h.n, b = h.n+took, b[took:]
		if h.n == tarBlock {
			h.n = 0
			if err := h.header(); err != nil {
				return 0, err
			}
		}
	}
	return n, err
}

// header parses the header in the block.
func (h *tarHeaders) header() error {
	size, ok := tarSize(h.block[124:136])
	if h.over = !ok || h.block == [tarBlock]byte{}; h.over {
		return nil
	}
	h.content = (size + tarBlock - 1) / tarBlock * tarBlock
	kind := h.block[156]
	switch kind {
	case tar.TypeXHeader, tar.TypeGNULongName, tar.TypeGNULongLink:
		for _, other := range h.before {
			if other == kind || other == tar.TypeXHeader || kind == tar.TypeXHeader {
				return refuse("the tar has several extended headers for one file")
			}
		}
		h.before = append(h.before, kind)
	case tar.TypeXGlobalHeader:
		if len(h.before) > 0 {
			return refuse("the tar has a global header between a file and its extended header")
		}
	default:
		h.before = h.before[:0]
	}
	return nil
}

// tarSize parses a size: in octal digits, or in binary if the first bit is set.
func tarSize(field []byte) (int64, bool) {
	if field[0]&0x80 != 0 {
		size := binary.BigEndian.Uint64(field[4:])
		return int64(size), size < 1<<62
	}
	digits := strings.Trim(string(field), " \x00")
	if digits == "" {
		return 0, true
	}
	size, err := strconv.ParseInt(digits, 8, 64)
	return size, err == nil && size >= 0
}
