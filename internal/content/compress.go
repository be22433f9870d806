package content

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"runtime"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"

	"fazt/internal/database"
)

const (
	// compressFrom is the size below which a response fits into one packet anyway, and the header that names the
	// encoding costs more than compression saves.
	compressFrom = 256
	// compressTo bounds the memory and time for one file. Larger text is data, and is sent uncompressed.
	compressTo = 8 << 20

	// Levels at the knee of the curve, measured on source code of 2 to 60 KB: brotli 5 is within 1 % of the size of
	// brotli 9 in a third of the time, and brotli 11 would take 70 times as long for another 9 %.
	brotliLevel = 5
	gzipLevel   = 6
	zstdLevel   = zstd.SpeedBetterCompression

	// batchBytes and batchBlobs bound how much content waits in memory to be stored together.
	batchBytes = 4 << 20
	batchBlobs = 512

	untouched = "none" // the encoding that records that compressing gained nothing
)

// Compress makes variants of content that has none yet, on all cores but one, which is left for visitors. Each content
// is tried only once: the result is also stored if compression gained nothing.
func (s *Store) Compress(ctx context.Context, blobs []Blob) error {
	todo, err := s.uncompressed(ctx, blobs)
	if err != nil || len(todo) == 0 {
		return err
	}
	g, working := errgroup.WithContext(ctx)
	work := make(chan Blob)
	g.Go(func() error {
		defer close(work)
		for _, f := range todo {
			select {
			case work <- f:
			case <-working.Done():
				return working.Err()
			}
		}
		return nil
	})
	out := &pressed{store: s}
	for range min(max(1, runtime.GOMAXPROCS(0)-1), len(todo)) {
		g.Go(func() error { return s.press(working, work, out) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return out.flush(ctx)
}

// uncompressed returns the files worth trying, one for each content.
func (s *Store) uncompressed(ctx context.Context, blobs []Blob) (todo []Blob, err error) {
	seen := map[int64]bool{}
	err = s.db.Read(ctx, func(c *database.Conn) error {
		for _, f := range blobs {
			if f.Size < compressFrom || f.Size > compressTo || seen[f.ID] {
				continue
			}
			seen[f.ID] = true
			tried, err := c.First("SELECT 1 FROM variants WHERE blob_id = ?", func(*database.Row) {}, f.ID)
			if err != nil {
				return err
			}
			if !tried {
				todo = append(todo, f)
			}
		}
		return nil
	})
	return todo, err
}

// press compresses files until none are left.
func (s *Store) press(ctx context.Context, work <-chan Blob, out *pressed) error {
	p, ok := presses.Get().(*press)
	if !ok {
		var err error
		if p, err = newPress(); err != nil {
			return err
		}
	}
	for f := range work {
		data, err := s.ReadAll(ctx, f.ID, f.Size)
		if err != nil {
			return err
		}
		forms, err := p.forms(data)
		if err != nil {
			return err
		}
		if err := out.add(ctx, compressed{f.ID, forms}); err != nil {
			return err
		}
	}
	p.forget()
	presses.Put(p)
	return nil
}

// form is content in one encoding.
type form struct {
	encoding string
	hash     Hash
	data     []byte
}

// presses are idle. Making a press allocates 24 MB, which takes longer than a deploy of a few small files.
var presses sync.Pool //nolint:gochecknoglobals // a press keeps nothing of what it compressed

// press holds the encoders of one goroutine, because creating them costs more than compressing most files.
type press struct {
	zstd   *zstd.Encoder
	brotli *brotli.Writer
	gzip   *gzip.Writer
}

func newPress() (*press, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstdLevel), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(8<<20))
	if err != nil {
		return nil, err
	}
	g, err := gzip.NewWriterLevel(io.Discard, gzipLevel)
	return &press{z, brotli.NewWriterLevel(io.Discard, brotliLevel), g}, err
}

// forget lets go of the last output.
func (p *press) forget() {
	p.brotli.Reset(io.Discard)
	p.gzip.Reset(io.Discard)
}

// forms returns the encodings that make data smaller by at least a tenth; none for images and the like.
func (p *press) forms(data []byte) ([]form, error) {
	small := p.zstd.EncodeAll(data, nil)
	if !worth(small, data) {
		return nil, nil // if zstd cannot make it smaller, the others cannot either
	}
	list := []form{{"zstd", sha256.Sum256(small), small}}
	for _, e := range []struct {
		encoding string
		writer   interface {
			io.WriteCloser
			Reset(w io.Writer)
		}
	}{{"br", p.brotli}, {"gzip", p.gzip}} {
		var b bytes.Buffer
		e.writer.Reset(&b)
		if _, err := e.writer.Write(data); err != nil {
			return nil, err
		}
		if err := e.writer.Close(); err != nil {
			return nil, err
		}
		if worth(b.Bytes(), data) {
			list = append(list, form{e.encoding, sha256.Sum256(b.Bytes()), b.Bytes()})
		}
	}
	return list, nil
}

func worth(small, data []byte) bool { return len(small) <= len(data)-len(data)/10 }

// compressed is a blob with its compressed forms.
type compressed struct {
	blob  int64
	forms []form
}

// pressed collects the results of the goroutines, to store them in few writes.
type pressed struct {
	store *Store
	mu    sync.Mutex
	list  []compressed
	bytes int
}

func (p *pressed) add(ctx context.Context, c compressed) error {
	p.mu.Lock()
	p.list = append(p.list, c)
	for _, f := range c.forms {
		p.bytes += len(f.data)
	}
	full := p.bytes >= batchBytes || len(p.list) >= batchBlobs
	p.mu.Unlock()
	if !full {
		return nil
	}
	return p.flush(ctx)
}

func (p *pressed) flush(ctx context.Context) error {
	p.mu.Lock()
	list := p.list
	p.list, p.bytes = nil, 0
	p.mu.Unlock()
	if len(list) == 0 {
		return nil
	}
	return database.StepsOver(ctx, p.store.db, list, func(tx *database.Tx, c compressed) error { return c.put(tx) })
}

const putVariant = "INSERT INTO variants (blob_id, encoding, variant_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"

func (c compressed) put(tx *database.Tx) error {
	if len(c.forms) == 0 {
		return tx.Exec(putVariant, c.blob, untouched, nil)
	}
	for _, f := range c.forms {
		blob, _, err := Put(tx, f.hash, f.data)
		if err != nil {
			return err
		}
		if err := tx.Exec(putVariant, c.blob, f.encoding, blob); err != nil {
			return err
		}
	}
	return nil
}
