package static

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"fazt/internal/content"
	"fazt/internal/database"
	"fazt/internal/database/databasetest"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testApp  = "app_blog"
	otherApp = "app_shop"
)

// folder holds the files of a test deployment.
type folder map[string][]byte

func texts(pairs ...string) folder {
	f := folder{}
	for i := 0; i < len(pairs); i += 2 {
		f[pairs[i]] = []byte(pairs[i+1])
	}
	return f
}

// noise returns content that cannot be compressed, the same for the same seed.
func noise(seed string, size int) []byte {
	data := make([]byte, size)
	rand.NewChaCha8(sha256.Sum256([]byte(seed))).Read(data)
	return data
}

func (f folder) plan() hosting.Plan {
	var p hosting.Plan
	for path, data := range f {
		p.Files = append(p.Files, hosting.Announced{Path: path, Hash: sha256.Sum256(data), Size: int64(len(data))})
	}
	return p
}

// bench is a store of deployments on its own database.
type bench struct {
	testing.TB
	*hosting.Store
	db      *database.DB
	content *content.Store
	damaged []hosting.Damage
}

func open(t testing.TB) *bench {
	t.Helper()
	db, err := database.Open(context.Background(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	b := &bench{TB: t, db: db, content: content.New(content.Config{DB: db})}
	limits := system.Defaults().Storage
	b.Store = hosting.New(hosting.Config{DB: db, Content: b.content, Limits: func(string) system.Storage { return limits },
		Damaged: func(d hosting.Damage) { b.damaged = append(b.damaged, d) }})
	b.write(func(tx *database.Tx) error {
		return tx.Exec(`INSERT INTO apps (id, name, created_at, updated_at) VALUES (?, 'blog', 1, 1), (?, 'shop', 1, 1)`, testApp, otherApp)
	})
	return b
}

func (b *bench) write(fn func(tx *database.Tx) error) {
	b.Helper()
	if err := b.db.Write(context.Background(), fn); err != nil {
		b.Fatal(err)
	}
}

// send sends the missing content of an upload.
func (b *bench) send(u hosting.Upload, f folder) {
	b.Helper()
	_, err := b.Fill(context.Background(), u.ID, func(take func(hash content.Hash, content io.Reader) error) error {
		contents := map[content.Hash][]byte{}
		for _, data := range f {
			contents[sha256.Sum256(data)] = data
		}
		for _, hash := range u.Missing {
			if err := take(hash, bytes.NewReader(contents[hash])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) deploy(app string, f folder) (d hosting.Deployment) {
	b.Helper()
	ctx := context.Background()
	u, err := b.Begin(ctx, "blog", app, f.plan())
	if err != nil {
		b.Fatal(err)
	}
	b.send(u, f)
	ready, err := b.Ready(ctx, u.ID)
	if err == nil {
		err = b.Compress(ctx, ready.Files)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.write(func(tx *database.Tx) (err error) {
		d, err = b.CommitTx(tx, u.ID, app, nil)
		return err
	})
	return d
}

// rot changes one bit of a chunk unnoticed, like a failing disk.
func (b *bench) rot(blob int64, n, at int) {
	b.Helper()
	b.write(func(tx *database.Tx) error {
		var data []byte
		if _, err := tx.First("SELECT data FROM chunks WHERE blob_id = ? AND n = ?", func(r *database.Row) { data = r.Bytes(0) }, blob, n); err != nil {
			return err
		}
		data[at] ^= 4
		return tx.Exec("UPDATE chunks SET data = ? WHERE blob_id = ? AND n = ?", data, blob, n)
	})
}

// site is a deployment behind an HTTP server on the loopback interface.
type site struct {
	testing.TB
	*bench
	static *Server
	view   View // Path comes from the request
	cache  atomic.Int64
	url    string
	client *http.Client
}

func serve(t testing.TB, f folder) *site {
	t.Helper()
	b := open(t)
	s := &site{TB: t, bench: b, view: View{Deployment: b.deploy(testApp, f).ID}}
	s.cache.Store(64 << 20)
	s.static = New(Config{Deployments: b.Store, Content: b.content, CacheBytes: s.cache.Load})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.view
		v.Path = r.URL.Path
		if err := s.static.Serve(w, r, v); err != nil {
			http.Error(w, errs.Sentence(err), errs.KindOf(err).HTTPStatus())
		}
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	s.client = server.Client()
	s.client.Transport.(*http.Transport).DisableCompression = true
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s
}

// response is a response that has been read.
type response struct {
	*http.Response
	text string
}

// ask sends a request; headers are pairs of name and value.
func (s *site) ask(method, path string, headers ...string) response {
	s.TB.Helper()
	r, err := http.NewRequest(method, s.url+path, nil)
	if err != nil {
		s.TB.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	resp, err := s.client.Do(r)
	if err != nil {
		s.TB.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.TB.Fatal(err)
	}
	return response{resp, string(text)}
}

// find returns a file of the deployment that the site serves.
func (s *site) find(path string) hosting.File {
	s.TB.Helper()
	files, err := s.Files(context.Background(), s.view.Deployment)
	if err != nil {
		s.TB.Fatal(err)
	}
	for _, f := range files {
		if f.Path == path {
			return f
		}
	}
	s.TB.Fatalf("no file %s", path)
	return hosting.File{}
}

// fetch makes a request and returns the status and the part of the body that arrived.
func (s *site) fetch(path, byteRange, encoding string) (status int, body []byte, err error) {
	s.TB.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.TB.Fatal(err)
	}
	if byteRange != "" {
		r.Header.Set("Range", byteRange)
	}
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		s.TB.Fatal(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// discard is a response writer that drops the body.
type discard struct {
	header http.Header
	wrote  func(p []byte)
}

func (d *discard) Header() http.Header { return d.header }
func (d *discard) WriteHeader(int)     {}
func (d *discard) Write(p []byte) (int, error) {
	if d.wrote != nil {
		d.wrote(p)
	}
	return len(p), nil
}

// slowUnderRace skips a test of large contents under the race detector (-short); tests of small ones race the same code.
func slowUnderRace(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("short: large contents")
	}
}
