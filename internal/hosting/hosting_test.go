package hosting

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
	"fazt/internal/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a store on its own database file, with what a test needs to use it like the control API.
type bench struct {
	testing.TB
	*Store
	limits atomic.Pointer[system.Storage]
}

const (
	testApp  = "app_blog"
	otherApp = "app_shop"
)

func open(t testing.TB) *bench { return openWith(t, database.Config{}) }

func openWith(t testing.TB, c database.Config) *bench {
	t.Helper()
	c.Path = databasetest.Path(t)
	db, err := database.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{TB: t}
	b.change(func(l *system.Storage) { *l = system.Defaults().Storage })
	b.Store = New(Config{DB: db, Content: content.New(content.Config{DB: db}), Limits: func(string) system.Storage { return *b.limits.Load() }})
	t.Cleanup(func() { db.Close() })
	b.write(func(tx *database.Tx) error {
		return tx.Exec(`INSERT INTO apps (id, name, created_at, updated_at) VALUES (?, 'blog', 1, 1), (?, 'shop', 1, 1)`, testApp, otherApp)
	})
	return b
}

// restart simulates another process on the same database.
func (b *bench) restart() {
	b.Store = New(Config{DB: b.db, Content: content.New(content.Config{DB: b.db}), Limits: b.Store.limits})
}

// change puts other limits in force.
func (b *bench) change(fn func(l *system.Storage)) {
	var l system.Storage
	if now := b.limits.Load(); now != nil {
		l = *now
	}
	fn(&l)
	b.limits.Store(&l)
}

func (b *bench) write(fn func(tx *database.Tx) error) {
	b.Helper()
	if err := b.db.Write(context.Background(), fn); err != nil {
		b.Fatal(err)
	}
}

// count returns the number that a query gives.
func (b *bench) count(sql string, args ...any) (n int) {
	b.Helper()
	err := b.db.Read(context.Background(), func(c *database.Conn) error {
		_, err := c.First(sql, func(r *database.Row) { n = r.Int(0) }, args...)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// folder holds the files of a test deployment.
type folder map[string][]byte

func texts(pairs ...string) folder {
	f := folder{}
	for i := 0; i < len(pairs); i += 2 {
		f[pairs[i]] = []byte(pairs[i+1])
	}
	return f
}

func (f folder) plan() Plan {
	var p Plan
	for path, data := range f {
		p.Files = append(p.Files, Announced{Path: path, Hash: sha256.Sum256(data), Size: int64(len(data))})
	}
	return p
}

// entry is one entry of a tar stream.
type entry struct {
	name string
	data []byte
}

// stream packs the missing content of a folder.
func (f folder) stream(missing []content.Hash) []byte {
	var entries []entry
	left := slices.Clone(missing)
	for _, data := range f {
		if i := slices.Index(left, content.Hash(sha256.Sum256(data))); i >= 0 {
			entries = append(entries, entry{left[i].String(), data})
			left = slices.Delete(left, i, i+1)
		}
	}
	return pack(entries...)
}

func pack(entries ...entry) []byte {
	return compressBytes(packTar(entries...))
}

func packTar(entries ...entry) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		err := w.WriteHeader(&tar.Header{Name: e.name, Size: int64(len(e.data)), Mode: 0o600, Typeflag: tar.TypeReg, Format: tar.FormatPAX})
		if err == nil {
			_, err = w.Write(e.data)
		}
		if err != nil {
			panic(err)
		}
	}
	w.Close()
	return b.Bytes()
}

func compressBytes(data []byte) []byte {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	defer z.Close()
	return z.EncodeAll(data, nil)
}

// begin announces a plan.
func (b *bench) begin(app string, p Plan) Upload {
	b.Helper()
	u, err := b.Begin(context.Background(), "blog", app, p)
	if err != nil {
		b.Fatal(err)
	}
	return u
}

// commit does what the control API does once everything has arrived.
func (b *bench) commit(app, upload string, program []byte) (Deployment, error) {
	ctx := context.Background()
	ready, err := b.Ready(ctx, upload)
	if err != nil {
		return Deployment{}, err
	}
	if ready.Committed == nil {
		if err := b.Compress(ctx, ready.Files); err != nil {
			return Deployment{}, err
		}
	}
	var d Deployment
	err = b.db.Write(ctx, func(tx *database.Tx) (err error) {
		d, err = b.CommitTx(tx, upload, app, program)
		return err
	})
	return d, err
}

// tryDeploy does a whole deploy.
func (b *bench) tryDeploy(app string, f folder, p Plan) (Deployment, error) {
	ctx := context.Background()
	u, err := b.Begin(ctx, "blog", app, p)
	if err != nil {
		return Deployment{}, err
	}
	if u.Same != nil {
		return *u.Same, nil
	}
	if len(u.Missing) > 0 {
		if _, err := b.Receive(ctx, u.ID, bytes.NewReader(f.stream(u.Missing))); err != nil {
			return Deployment{}, err
		}
	}
	return b.commit(app, u.ID, nil)
}

func (b *bench) deploy(app string, f folder) Deployment {
	b.Helper()
	d, err := b.tryDeploy(app, f, f.plan())
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// content reads all files of a deployment.
func (b *bench) content(d Deployment) folder {
	b.Helper()
	files, err := b.Files(context.Background(), d.ID)
	if err != nil {
		b.Fatal(err)
	}
	f := folder{}
	for _, file := range files {
		data, err := io.ReadAll(b.blobs.Open(context.Background(), file.Blob, file.Size))
		if err != nil {
			b.Fatal(err)
		}
		f[file.Path] = data
	}
	return f
}

// sound fails the test if the database is damaged or inconsistent.
func (b *bench) sound() {
	b.Helper()
	faults, err := b.db.CheckIntegrity(context.Background())
	if err != nil || len(faults) > 0 {
		b.Errorf("the database is not sound: %v %v", faults, err)
	}
	for what, sql := range map[string]string{
		"blobs whose chunks do not add up to their size": `SELECT count(*) FROM blobs b WHERE hash IS NOT NULL
			AND size <> (SELECT coalesce(sum(length(data)), 0) FROM chunks WHERE blob_id = b.id)`,
		"deployments whose counts are wrong": `SELECT count(*) FROM deployments d WHERE
			files <> (SELECT count(*) FROM deployment_files WHERE deployment_id = d.id) OR
			bytes <> (SELECT sum(b.size) FROM deployment_files f JOIN blobs b ON b.id = f.blob_id WHERE f.deployment_id = d.id)`,
		"files of deployments without a hash": `SELECT count(*) FROM deployment_files f JOIN blobs b ON b.id = f.blob_id WHERE b.hash IS NULL`,
	} {
		if n := b.count(sql); n > 0 {
			b.Errorf("%d %s", n, what)
		}
	}
}

// wantError fails the test unless err has the kind and its sentence contains text.
func wantError(t testing.TB, err error, kind errs.Kind, text string) {
	t.Helper()
	if err == nil || errs.KindOf(err) != kind || !strings.Contains(errs.Sentence(err), text) {
		t.Errorf("got %v (%v), want %v with %q", err, errs.KindOf(err), kind, text)
	}
}

// noise returns content that cannot be compressed, the same for the same seed.
func noise(seed string, size int) []byte {
	data := make([]byte, size)
	rand.NewChaCha8(sha256.Sum256([]byte(seed))).Read(data)
	return data
}

// thousand returns a thousand small files, like the folder of a site.
func thousand(size int) folder {
	f := folder{}
	for i := range 1000 {
		text := strings.Repeat(fmt.Sprintf("<p>%d and something that repeats</p>\n", i), size/20)
		f[fmt.Sprintf("pages/%03d/index.html", i)] = []byte(text[:size])
	}
	return f
}

var errBroken = errors.New("connection reset by peer")

// broken returns data and then fails, like a lost connection.
func broken(data []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(data), failing{})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }
