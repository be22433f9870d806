package archive

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"

	"fazt/internal/errs"
	"fazt/internal/limitio"
	"fazt/internal/system"
)

const (
	// entryOverhead and streamOverhead bound what a tar may contain besides content: headers, long names, padding, the
	// end.
	entryOverhead  = 4096
	streamOverhead = 64 << 10
)

// tarGzip is a tar archive in one gzip member.
type tarGzip struct {
	r      io.ReaderAt
	size   int64
	limits system.Storage
}

func (t tarGzip) each(ctx context.Context, visit func(entry, io.Reader) error) error {
	var packed atomic.Int64
	source := bufio.NewReader(limitio.Counter{R: io.NewSectionReader(t.r, 0, t.size), N: &packed})
	z, err := gzip.NewReader(source)
	if err != nil {
		return damaged(err)
	}
	// Of several members in a row, some programs read only the first and some read all.
	z.Multistream(false)
	limit := t.limits.MaxSiteSize + 2*int64(t.limits.MaxSiteFiles)*entryOverhead + streamOverhead
	plain := &unpacked{
		r:      limitio.Max(z, limit, errs.New(errs.TooLarge, "the archive unpacks to more than a deployment may contain")),
		packed: &packed,
	}
	archive := tar.NewReader(&tarHeaders{r: plain})
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return endOf(plain, source)
		}
		if err != nil {
			return damaged(err)
		}
		if err := visitTar(header, archive, visit); err != nil {
			return damaged(err)
		}
	}
}

func visitTar(header *tar.Header, content io.Reader, visit func(entry, io.Reader) error) error {
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") { // a few bytes that claim to be a file of any size
			return refuse("%q is a sparse file", header.Name)
		}
	}
	if err := checkRecords(header); err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeReg:
		return visit(entry{name: header.Name, size: header.Size}, content)
	case tar.TypeDir:
		return visit(entry{name: header.Name, folder: true}, nil)
	case tar.TypeXGlobalHeader:
		return nil // a comment; git archive stores the commit in one
	case tar.TypeSymlink, tar.TypeLink:
		return refuse("%q is a link, to %q; links are not followed", header.Name, header.Linkname)
	}
	return refuse("%q is neither a file nor a folder", header.Name)
}

// checkRecords rejects headers that some programs read and others ignore: a size in an extended header although the
// plain one can hold it, records for all following files, and content of entries that have none. After any of them,
// programs disagree about where the next header is.
func checkRecords(header *tar.Header) error {
	const plainSize = 8 << 30 // the plain header cannot hold this
	switch _, wide := header.PAXRecords["size"]; {
	case header.Typeflag == tar.TypeXGlobalHeader:
		for key := range header.PAXRecords {
			if key != "comment" {
				return refuse("the tar has a global record %q", key)
			}
		}
	case wide && header.Size < plainSize:
		return refuse("the tar gives the size of %q twice", header.Name)
	case header.Typeflag != tar.TypeReg && header.Size != 0:
		return refuse("%q is not a file but has content", header.Name)
	}
	return nil
}

// endOf makes sure that nothing follows the end of the archive, neither in the gzip member nor after it.
func endOf(plain io.Reader, source *bufio.Reader) error {
	if _, err := io.Copy(padding{}, plain); err != nil {
		return damaged(err)
	}
	if _, err := source.Peek(1); !errors.Is(err, io.EOF) {
		return refuse("unexpected data after the end of the gzip stream")
	}
	return nil
}

// padding reads the zeros that fill up the last record of a tar.
type padding struct{}

func (padding) Write(p []byte) (int, error) {
	for _, b := range p {
		if b != 0 {
			return 0, refuse("unexpected data after the end of the tar")
		}
	}
	return len(p), nil
}

// unpacked fails when a stream unpacks to an implausible size.
type unpacked struct {
	r      io.Reader
	n      int64
	packed *atomic.Int64
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	u.n += int64(n)
	if bomb(u.n, u.packed.Load()) {
		return 0, refuse("it unpacks to more than %d times its size", maxRatio)
	}
	return n, err
}

func bomb(plain, packed int64) bool { return plain > freeBytes && plain/maxRatio > packed }

// damaged describes what is wrong with an archive that cannot be read.
func damaged(err error) error {
	var known *errs.Error
	switch {
	case errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errs.Wrap(errs.Invalid, err, "the archive is cut off")
	}
	return errs.Wrap(errs.Invalid, err, "the archive is damaged, or not a tar.gz: %v", err)
}
