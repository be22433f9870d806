package hosting

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/limitio"
)

const (
	// batchBytes and batchBlobs bound how much small content waits in memory to be stored together.
	batchBytes = 4 << 20
	batchBlobs = 512

	// maxWindow is the largest zstd window accepted, and so what a stream can make the decoder hold. RFC 8878
	// recommends that decoders support 8 MiB and that encoders stay below.
	maxWindow = 8 << 20

	// entryOverhead and streamOverhead bound what a tar stream may contain besides content: headers, padding, the end.
	entryOverhead  = 4096
	streamOverhead = 64 << 10
)

// Received counts what one stream contained.
type Received struct {
	Files   int   `json:"files"`   // contents stored
	Bytes   int64 `json:"bytes"`   // of those
	Skipped int   `json:"skipped"` // contents that were stored already
	Missing int   `json:"missing"` // contents of the upload that are still missing
}

// Receive stores content of an upload from a zstd-compressed tar stream whose entries are regular files named by their
// SHA-256 in hexadecimal. Only announced content is accepted, and its hash and size are checked before anything can
// refer to it. If the stream fails, the contents that arrived completely stay, so that the upload can continue: Begin
// returns what is still missing.
func (s *Store) Receive(ctx context.Context, uploadID string, body io.Reader) (Received, error) {
	in := &intake{store: s, upload: uploadID}
	if err := in.load(ctx); err != nil {
		return in.got, err
	}
	source := &limitio.Source{R: body}
	err := in.read(ctx, source)
	if source.Err != nil {
		err = cutOff(source.Err)
	}
	if stored := in.end(ctx); err == nil {
		err = stored
	}
	in.countMissing()
	return in.got, err
}

func (in *intake) countMissing() {
	for _, w := range in.wanted {
		if !w.stored {
			in.got.Missing++
		}
	}
}

// Fill is like Receive for content that is available locally: read returns each content that is needed, possibly more
// than once.
func (s *Store) Fill(ctx context.Context, uploadID string, read func(take func(hash content.Hash, content io.Reader) error) error) (Received, error) {
	in := &intake{store: s, upload: uploadID}
	if err := in.load(ctx); err != nil {
		return in.got, err
	}
	err := read(func(hash content.Hash, content io.Reader) error {
		w := in.wanted[hash]
		if w == nil {
			return errs.New(errs.Invalid, "the content %s was not announced", hash)
		}
		return in.take(ctx, hash, w, content)
	})
	if stored := in.end(ctx); err == nil {
		err = stored
	}
	in.countMissing()
	return in.got, err
}

func cutOff(cause error) error {
	if errs.KindOf(cause) != errs.Internal {
		return cause // the cause says more: canceled, too late, too large
	}
	return errs.Wrap(errs.Invalid, cause, "the upload was cut off; deploy again, and only what is still missing is sent")
}

// intake is one stream that is being received.
type intake struct {
	store  *Store
	upload string
	wanted map[content.Hash]*wanted
	batch  []whole // small content that is checked but not stored yet
	bytes  int     // of batch
	buffer []byte  // for chunks of large content
	got    Received
}

// wanted is announced content.
type wanted struct {
	path   string // one of its paths, for messages
	size   int64
	stored bool
}

// whole is content of one chunk.
type whole struct {
	hash content.Hash
	data []byte
}

func (in *intake) load(ctx context.Context) error {
	in.wanted = map[content.Hash]*wanted{}
	return in.store.db.Read(ctx, func(c *database.Conn) error {
		u, err := findUpload(c, in.upload)
		if err != nil {
			return err
		}
		if u.deployment != "" {
			return errs.New(errs.Conflict, "the upload %q was committed; it accepts no more content", in.upload)
		}
		return c.Each(`SELECT f.hash, min(f.path), max(f.size), max(b.id) IS NOT NULL FROM upload_files f LEFT JOIN blobs b ON b.hash = f.hash AND `+content.Sound+`
			WHERE f.upload_id = ? GROUP BY f.hash`, func(r *database.Row) error {
			var h content.Hash
			r.ReadBytes(0, h[:])
			in.wanted[h] = &wanted{path: r.Text(1), size: r.Int64(2), stored: r.Bool(3)}
			return nil
		}, in.upload)
	})
}

// bound returns the largest number of bytes that a stream of this upload can have when it is unpacked.
func (in *intake) bound() int64 {
	n := int64(streamOverhead)
	for _, w := range in.wanted {
		n += w.size + entryOverhead
	}
	return n
}

func (in *intake) read(ctx context.Context, body io.Reader) error {
	// Without concurrency the decoder works in this goroutine and starts no others.
	z, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return malformed(err)
	}
	defer z.Close()
	unpacked := limitio.Max(z, in.bound(), errs.New(errs.Invalid, "the upload contains more than was announced")) // a small stream can unpack to any size
	archive := tar.NewReader(unpacked)
	for entries := 0; ; entries++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			if entries == 0 && len(in.wanted) > 0 {
				return errs.New(errs.Invalid, "the upload is empty")
			}
			return ended(unpacked)
		}
		if err != nil {
			return malformed(err)
		}
		if err := in.entry(ctx, header, archive); err != nil {
			return err
		}
	}
}

// ended checks that only the padding of the archive follows its end.
func ended(r io.Reader) error {
	if _, err := io.Copy(padding{}, r); err != nil {
		return malformed(err)
	}
	return nil
}

type padding struct{}

func (padding) Write(p []byte) (int, error) {
	for _, b := range p {
		if b != 0 {
			return 0, errs.New(errs.Invalid, "there is data after the end of the upload")
		}
	}
	return len(p), nil
}

// malformed describes what is wrong with a stream.
func malformed(err error) error {
	var known *errs.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return cutOff(err)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return errs.Wrap(errs.Invalid, err, "the upload uses a compression window larger than %d bytes", maxWindow)
	}
	return errs.Wrap(errs.Invalid, err, "the upload is not a zstd-compressed tar stream, or it was damaged in transit")
}

// entry reads one content from the stream.
func (in *intake) entry(ctx context.Context, header *tar.Header, r io.Reader) error {
	var hash content.Hash
	if header.Typeflag != tar.TypeReg || hash.UnmarshalText([]byte(header.Name)) != nil {
		return errs.New(errs.Invalid, "the upload has an entry %.100q; entries are files named by their SHA-256", header.Name)
	}
	w := in.wanted[hash]
	switch {
	case w == nil:
		return errs.New(errs.Invalid, "the content %s was not announced", hash)
	case w.size != header.Size:
		return errs.New(errs.Invalid, "%s was announced with %d bytes and sent with %d", w.path, w.size, header.Size)
	}
	return in.take(ctx, hash, w, r)
}

// take stores announced content unless it is stored already.
func (in *intake) take(ctx context.Context, hash content.Hash, w *wanted, r io.Reader) error {
	switch {
	case w.stored:
		in.got.Skipped++
		return nil
	case w.size <= content.ChunkSize:
		return in.small(ctx, hash, w, r)
	}
	return in.large(ctx, hash, w, r)
}

// small adds content of one chunk to the batch.
func (in *intake) small(ctx context.Context, hash content.Hash, w *wanted, r io.Reader) error {
	data := make([]byte, w.size)
	if _, err := io.ReadFull(r, data); err != nil {
		return malformed(err)
	}
	if sha256.Sum256(data) != hash {
		return w.mismatch()
	}
	w.stored = true
	in.batch = append(in.batch, whole{hash, data})
	in.bytes += len(data)
	if in.bytes < batchBytes && len(in.batch) < batchBlobs {
		return nil
	}
	return in.flush(ctx)
}

func (w *wanted) mismatch() error {
	return errs.New(errs.Invalid, "%s arrived with different content than announced: it changed while it was being sent, or was damaged in transit; deploy again", w.path)
}

// flush stores the batch. It continues after the client has left: what has arrived stays.
func (in *intake) flush(ctx context.Context) error {
	if len(in.batch) == 0 {
		return nil
	}
	batch := in.batch
	in.batch, in.bytes = nil, 0
	got := in.got
	err := in.write(ctx, func(*database.Tx) error { return nil })
	if err == nil {
		err = database.StepsOver(context.WithoutCancel(ctx), in.store.db, batch, func(tx *database.Tx, c whole) error {
			_, added, err := content.Put(tx, c.hash, c.data)
			got.count(added, int64(len(c.data)))
			return err
		})
	}
	if err == nil {
		in.got = got
		return nil
	}
	for _, c := range batch {
		if in.store.blobs.Has(ctx, c.hash) { // stored by a step before the one that failed
			in.got.count(true, int64(len(c.data)))
		} else {
			in.wanted[c.hash].stored = false
		}
	}
	return err
}

// end stores what is left, and replaces damaged content that was sent again.
func (in *intake) end(ctx context.Context) error {
	if err := in.flush(ctx); err != nil {
		return err
	}
	return in.store.blobs.Mend(context.WithoutCancel(ctx))
}

func (r *Received) count(added bool, size int64) {
	if added {
		r.Files++
		r.Bytes += size
	} else {
		r.Skipped++
	}
}

// write writes for the upload and renews its lifetime.
func (in *intake) write(ctx context.Context, fn func(tx *database.Tx) error) error {
	lifetime := seconds(in.store.limits("").UploadLifetime)
	return in.store.db.Write(context.WithoutCancel(ctx), func(tx *database.Tx) error {
		if err := progress(tx, in.upload, lifetime); err != nil {
			return err
		}
		return fn(tx)
	})
}

// large stores content of several chunks, one chunk per write.
func (in *intake) large(ctx context.Context, hash content.Hash, w *wanted, r io.Reader) error {
	if in.buffer == nil {
		in.buffer = make([]byte, content.ChunkSize)
	}
	a := in.store.blobs.Arrive()
	defer a.Close(ctx)
	write := func(fn func(tx *database.Tx) error) error { return in.write(ctx, fn) }
	added := false
	sum := sha256.New()
	for left := w.size; left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk := in.buffer[:min(left, content.ChunkSize)]
		if _, err := io.ReadFull(r, chunk); err != nil {
			return malformed(err)
		}
		sum.Write(chunk)
		left -= int64(len(chunk))
		var whole *content.Hash // with the last chunk
		if left == 0 {
			if content.Hash(sum.Sum(nil)) != hash {
				return w.mismatch()
			}
			whole = &hash
		}
		var err error
		if added, err = a.Add(write, chunk, whole); err != nil {
			return err
		}
	}
	w.stored = true
	in.got.count(added, w.size)
	return nil
}
