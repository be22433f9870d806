package hosting

import (
	"context"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/system"
)

// Config configures a Store.
type Config struct {
	DB      *database.DB
	Content *content.Store                    // in DB
	Limits  func(appID string) system.Storage // in force for an app, "" = one that does not exist yet; called for every decision
	Log     *slog.Logger                      // nil = silent
	Damaged func(d Damage)                    // called once for each damaged content that is found; may be nil
	Program func(program []byte) error        // returns what is wrong with a compiled function; nil = they are not checked
	Temp    string                            // directory for files that last as long as a request; "" = the system's
}

// Store holds the deployments of one instance and their content. It is safe for concurrent use. A database must have
// only one Store, because the record of recently replaced deployments is in memory.
type Store struct {
	db     *database.DB
	limits func(appID string) system.Storage
	log    *slog.Logger
	temp   string

	tellDamage   func(d Damage)
	checkProgram func(program []byte) error
	checked      atomic.Int64 // bytes compared with their hashes in the background

	blobs      *content.Store
	collecting sync.Mutex // held by Collect: two at once would do the same work twice

	mu       sync.Mutex
	staging  map[string]bool      // deployments that a Fork is copying
	replaced map[string]time.Time // when deployments stopped being live; requests may still be reading them
}

// New returns the Store for the deployments in c.DB. It starts nothing.
func New(c Config) *Store {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Damaged == nil {
		c.Damaged = func(Damage) {}
	}
	s := &Store{
		db: c.DB, blobs: c.Content, limits: c.Limits, log: c.Log, temp: c.Temp, tellDamage: c.Damaged, checkProgram: c.Program,
		staging: map[string]bool{}, replaced: map[string]time.Time{},
	}
	c.Content.Register(content.Owner{
		Holds: []string{
			"EXISTS (SELECT 1 FROM deployment_files WHERE blob_id = b.id)",
			"EXISTS (SELECT 1 FROM upload_files WHERE hash = b.hash)",
		},
		Replace: []string{
			"UPDATE deployment_files SET blob_id = ?1 WHERE (deployment_id, path) IN (SELECT deployment_id, path FROM deployment_files WHERE blob_id = ?2 LIMIT ?3)",
		},
		Damaged: s.contentDamaged,
	})
	return s
}

// contentDamaged reports damage that content has found.
func (s *Store) contentDamaged(ctx context.Context, blob int64, cause string) {
	var d Damage
	err := s.db.Read(ctx, func(c *database.Conn) (err error) {
		d, err = locate(c, blob)
		return err
	})
	if err != nil {
		s.log.Warn("finding where damaged content is used failed", "error", err)
	}
	d.Cause = cause
	s.tellDamage(d)
}

// Files returns the files of a deployment in the byte order of their paths. A deployment that does not exist is
// NotFound.
func (s *Store) Files(ctx context.Context, deployment string) ([]File, error) {
	var files []File
	err := s.db.Read(ctx, func(c *database.Conn) (err error) {
		files, err = readFiles(c, `SELECT f.path, b.id, b.hash, b.size, v.encoding, v.variant_id, c.size
			FROM deployment_files f JOIN blobs b ON b.id = f.blob_id`+joinVariants+`
			WHERE f.deployment_id = ? AND `+exists+` ORDER BY f.path, c.size`, deployment)
		return err
	})
	if err == nil && len(files) == 0 { // an empty deployment cannot be made
		err = errs.New(errs.NotFound, "no such deployment")
	}
	return files, err
}

// joinVariants adds the compressed forms of blob b, one row each.
const joinVariants = `
	LEFT JOIN variants v ON v.blob_id = b.id
	LEFT JOIN blobs c ON c.id = v.variant_id`

// exists is a condition on rows f of deployment_files: their deployment exists. The other rows are still being stored,
// or removed.
const exists = "EXISTS (SELECT 1 FROM deployments WHERE id = f.deployment_id)"

// stepRows is how many rows of a deployment one step stores or removes.
const stepRows = 50

// readFiles reads rows of path, blob, hash, size, and encoding, blob and size of a variant; the rows of one path are
// consecutive.
func readFiles(c *database.Conn, sql string, args ...any) ([]File, error) {
	var files []File
	err := c.Each(sql, func(r *database.Row) error {
		path := r.Text(0)
		if n := len(files); n == 0 || files[n-1].Path != path {
			f := File{Path: path, Blob: r.Int64(1), Size: r.Int64(3)}
			r.ReadBytes(2, f.Hash[:])
			files = append(files, f)
		}
		if !r.IsNull(5) {
			f := &files[len(files)-1]
			f.Variants = append(f.Variants, content.Variant{Encoding: r.Text(4), Blob: r.Int64(5), Size: r.Int64(6)})
		}
		return nil
	}, args...)
	return files, err
}

// Program returns the compiled function of a deployment; NotFound if it has none.
func (s *Store) Program(ctx context.Context, deployment string) ([]byte, error) {
	var program []byte
	err := s.db.Read(ctx, func(c *database.Conn) error {
		found, err := c.First("SELECT program FROM programs WHERE deployment_id = ?", func(r *database.Row) { program = r.Bytes(0) }, deployment)
		if err == nil && !found {
			err = errs.New(errs.NotFound, "the deployment has no function")
		}
		return err
	})
	return program, err
}

// maxSourceFile is the largest file that Source reads into memory: source code, not media.
const maxSourceFile = 32 << 20

// Source reads whole files of a deployment, for the compiler.
type Source struct {
	store *Store
	files map[string]File
}

// Source returns a Source for the given files.
func (s *Store) Source(files []File) *Source {
	m := make(map[string]File, len(files))
	for _, f := range files {
		m[f.Path] = f
	}
	return &Source{s, m}
}

// Exists reports whether there is a file with this path.
func (s *Source) Exists(path string) bool {
	_, ok := s.files[path]
	return ok
}

// ReadFile returns the content of a file. An unknown path is fs.ErrNotExist.
func (s *Source) ReadFile(ctx context.Context, path string) ([]byte, error) {
	f, ok := s.files[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	if f.Size > maxSourceFile {
		return nil, errs.New(errs.TooLarge, "%s has %d bytes, and source code may have %d", path, f.Size, maxSourceFile)
	}
	return s.store.blobs.ReadAll(ctx, f.Blob, f.Size)
}
