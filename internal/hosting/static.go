package hosting

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"sync/atomic"

	"fazt/internal/content"
	"fazt/internal/errs"
	"fazt/internal/limitio"
)

// StaticConfig is what a Static is made of.
type StaticConfig struct {
	Store      *Store
	CacheBytes func() int64 // memory for content that is served often; read anew for every request; 0 = none
	Log        *slog.Logger // nil = silent
}

// Static serves the files of deployments from bounded memory, and what does not fit there in constant memory from the
// database. It is safe for use by any number of goroutines.
type Static struct {
	store  *Store
	cache  *cache
	shared *content.Shared // chunks of files that are too large for the cache
	unread unread
	log    *slog.Logger

	hits, misses atomic.Uint64
}

// StaticStats are the counters of a Static.
type StaticStats struct {
	Hits, Misses uint64 // contents found in memory, and not
	Bytes        int64  // of memory in use
}

// Stats are the counters since NewStatic.
func (s *Static) Stats() StaticStats {
	return StaticStats{s.hits.Load(), s.misses.Load(), int64(s.cache.bodies.WeightedSize())}
}

// Memory is what the cache holds, in bytes, with the lists of paths and the chunks of large files.
func (s *Static) Memory() int64 {
	return int64(s.cache.bodies.WeightedSize()+s.cache.indexes.WeightedSize()) + s.shared.Memory()
}

// Resize puts a change of CacheBytes in force, where no request does.
func (s *Static) Resize() { s.cache.resize() }

// NewStatic serves the files in c.Store. It starts nothing.
func NewStatic(c StaticConfig) *Static {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Static{store: c.Store, cache: newCache(c.CacheBytes), log: c.Log}
	s.shared = content.NewShared(func() int { return int(s.cache.now.Load() / (bodyShare * content.ChunkSize)) })
	return s
}

// View is what of a deployment a request may see.
type View struct {
	Deployment string // dep_…
	Path       string // canonical: decoded and clean, begins with one slash
	Private    bool   // what lies below private/ is seen, and nothing else; the caller asked who is there
	SPA        bool   // paths that lead nowhere and have no extension are answered with index.html
	Inject     []byte // put before </body> of every HTML page, which then is never cached; nil = nothing
}

// Forget drops what is kept in memory for a deployment that is no longer served. Its content stays as long as it is
// asked for: the next deployment shares most of it.
func (s *Static) Forget(deployment string) { s.cache.indexes.Invalidate(deployment) }

// Header values that never change. Nobody may change them.
var (
	nosniff        = []string{"nosniff"}
	acceptRanges   = []string{"bytes"}
	varyEncoding   = []string{"Accept-Encoding"}
	sameOrigin     = []string{"same-origin"}
	noEtag         = []string{""}
	encodingHeader = map[string][]string{"zstd": {"zstd"}, "br": {"br"}, "gzip": {"gzip"}}
)

// allowed are the methods static files have.
const allowed = "GET, HEAD, OPTIONS"

// Serve answers a request from the files of v.Deployment. When there is nothing to answer with, it has written nothing
// (but perhaps the header Allow) and returns why: NotFound when nothing is there and the app has no 404.html,
// MethodNotAllowed, or what the database says.
func (s *Static) Serve(w http.ResponseWriter, r *http.Request, v View) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusNoContent)
		return nil
	default:
		w.Header().Set("Allow", allowed)
		return errs.New(errs.MethodNotAllowed, "files can be read, and nothing else: the methods are %s", allowed)
	}
	err := s.answer(w, r, v)
	s.unread.note(r, err)
	if err != nil && !errs.Is(err, errs.NotFound) || errors.Is(err, content.ErrGone) {
		s.Forget(v.Deployment) // what it knows of the content may be out of date: damaged content is replaced
	}
	return err
}

func (s *Static) answer(w http.ResponseWriter, r *http.Request, v View) error {
	s.cache.resize()
	x, err := s.index(r.Context(), v.Deployment)
	if err != nil {
		return err
	}
	files := x.files
	if v.Private {
		files = x.private
	}
	p, location := files.resolve(v.Path)
	if location != "" {
		redirect(w, r, location, v.Private)
		return nil
	}
	if p == nil && v.SPA {
		p = files.fallback(v.Path)
	}
	status := http.StatusOK
	if p == nil {
		if p = files[notFoundFile]; p == nil {
			return errs.New(errs.NotFound, "there is nothing at this address")
		}
		status = http.StatusNotFound
	}
	if v.Inject != nil && isHTML(p.contentType) {
		return s.serveInjected(w, r, p, status, v.Inject)
	}
	return s.serve(w, r, p, status)
}

// Has says whether there is a file, or a redirect to one, at the path of v.
func (s *Static) Has(ctx context.Context, v View) (bool, error) {
	x, err := s.index(ctx, v.Deployment)
	if err != nil {
		return false, err
	}
	p, location := x.files.resolve(v.Path)
	return p != nil || location != "", nil
}

// index is the files of a deployment.
func (s *Static) index(ctx context.Context, deployment string) (*index, error) {
	if x, ok := s.cache.indexes.GetIfPresent(deployment); ok {
		return x, nil
	}
	return s.cache.loadIndex(ctx, deployment, s.store.Files)
}

// redirect sends the client to another path of the same host, with the query it has. The path is canonical, so that it
// begins with one slash and cannot name a host. The answer is not kept: the next deployment may have its files the
// other way round, and a remembered redirect would then go in circles.
func redirect(w http.ResponseWriter, r *http.Request, path string, private bool) {
	location := (&url.URL{Path: path, RawQuery: r.URL.RawQuery}).String()
	h := w.Header()
	h["Cache-Control"] = revalidate
	if private {
		h["Cache-Control"] = noStore
	}
	h["Location"] = []string{location}
	w.WriteHeader(http.StatusMovedPermanently)
}

// serve sends a file. An error page (status 404) knows neither conditions nor ranges.
func (s *Static) serve(w http.ResponseWriter, r *http.Request, p *page, status int) error {
	f := file{page: p}
	if asked := r.Header["Range"]; len(asked) == 0 || r.Method != http.MethodGet {
		f.variant = negotiate(r.Header["Accept-Encoding"], p.Variants)
	}
	if err := s.openSound(r, &f); err != nil {
		return err
	}
	h := w.Header()
	h["Content-Type"] = p.contentType
	h["Cache-Control"] = p.cacheControl
	h["X-Content-Type-Options"] = nosniff
	if len(p.Variants) > 0 {
		h["Vary"] = varyEncoding
	}
	if p.private {
		// Nothing is remembered of it, so there is nothing to compare; and no page of a neighbour may show it by its address.
		f.etag = noEtag
		h["Cross-Origin-Resource-Policy"] = sameOrigin
	}
	if status == http.StatusOK {
		if !p.private {
			h["Etag"] = f.etag
		}
		if done, err := s.conditional(w, r, &f); done || err != nil {
			return err
		}
	}
	if f.variant != nil {
		h["Content-Encoding"] = encodingHeader[f.variant.Encoding]
	} else if status == http.StatusOK {
		h["Accept-Ranges"] = acceptRanges
	}
	h["Content-Length"] = f.length
	if status != http.StatusOK {
		w.WriteHeader(status)
	}
	if r.Method != http.MethodHead {
		s.sent(r, f.writeTo(w))
	}
	return nil
}

// conditional answers what is decided by the entity tag or asks for parts. The headers that every answer carries are
// set already.
func (s *Static) conditional(w http.ResponseWriter, r *http.Request, f *file) (done bool, err error) {
	h := w.Header()
	switch precondition(r.Header, f.etag[0]) {
	case http.StatusNotModified:
		delete(h, "Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return true, nil
	case http.StatusPreconditionFailed:
		delete(h, "Content-Type")
		h["Content-Length"] = []string{"0"}
		w.WriteHeader(http.StatusPreconditionFailed)
		return true, nil
	}
	if r.Method != http.MethodGet || len(r.Header["Range"]) == 0 {
		return false, nil
	}
	ranges, possible := requestedRanges(r.Header, f.etag[0], f.size())
	switch {
	case !possible:
		delete(h, "Content-Type")
		h["Content-Range"] = []string{"bytes */" + strconv.FormatInt(f.size(), 10)}
		h["Content-Length"] = []string{"0"}
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
	case len(ranges) > 0 && f.begin(ranges[0].start) != nil:
		clear(h)
		return false, f.begin(ranges[0].start)
	case len(ranges) == 1:
		h["Accept-Ranges"] = acceptRanges
		h["Content-Range"] = []string{ranges[0].contentRange(f.size())}
		h["Content-Length"] = []string{strconv.FormatInt(ranges[0].length, 10)}
		w.WriteHeader(http.StatusPartialContent)
		s.sent(r, f.writeRange(w, ranges[0]))
	case len(ranges) > 1:
		h["Accept-Ranges"] = acceptRanges
		s.sent(r, f.writeRanges(w, ranges))
	default:
		return false, nil
	}
	return true, nil
}

// serveInjected sends a page with a script added, for `fazt dev`. It is made anew for every request.
func (s *Static) serveInjected(w http.ResponseWriter, r *http.Request, p *page, status int, script []byte) error {
	data, err := s.store.blobs.ReadAll(r.Context(), p.Blob, p.Size)
	if err != nil {
		return err
	}
	at := bytes.LastIndex(data, []byte("</body>"))
	if at < 0 {
		at = len(data)
	}
	h := w.Header()
	h["Content-Type"] = p.contentType
	h["Cache-Control"] = []string{"no-store"}
	h["X-Content-Type-Options"] = nosniff
	h["Content-Length"] = []string{strconv.Itoa(len(data) + len(script))}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		for _, part := range [][]byte{data[:at], script, data[at:]} {
			if _, err := w.Write(part); err != nil {
				break
			}
		}
	}
	return nil
}

// sent notes that content could not be read after the head of the answer was out. The client sees that the answer is
// shorter than announced. A client that left is not worth a line.
func (s *Static) sent(r *http.Request, err error) {
	if err == nil || r.Context().Err() != nil {
		return
	}
	s.unread.note(r, err)
	if left := net.Error(nil); !errors.As(err, &left) {
		s.log.Warn("a static file was cut off", "path", r.URL.Path, "error", err)
	}
}

// Unreadable are the addresses of files that the disk could not read since the start, the first few of them.
func (s *Static) Unreadable() []string { return s.unread.list() }

// file is a page in the form that is sent: in memory, or a stream from the database.
type file struct {
	*page
	variant *content.Variant // nil = as it is
	data    []byte
	stream  *content.Reader // nil when data holds it
	etag    []string
	length  []string
}

// openSound opens f and reads its beginning: what is damaged is found before an answer begins. A compressed form that is
// damaged is not worth an error: then the content itself is sent.
func (s *Static) openSound(r *http.Request, f *file) error {
	err := s.open(r.Context(), f)
	if whole := r.Method != http.MethodHead && len(r.Header["Range"]) == 0; err == nil && whole {
		err = f.begin(0)
	}
	if err == nil || f.variant == nil {
		return err
	}
	f.variant, f.stream = nil, nil
	return s.openSound(r, f)
}

// begin moves a stream and reads the chunk it is to begin with.
func (f *file) begin(at int64) error {
	if f.stream == nil {
		return nil
	}
	if _, err := f.stream.Seek(at, io.SeekStart); err != nil {
		return err
	}
	return f.stream.Begin()
}

// open finds the content of f. A stream reads nothing yet.
func (s *Static) open(ctx context.Context, f *file) error {
	key, blob, size := content.Key{Hash: f.Hash}, f.Blob, f.Size
	if f.variant != nil {
		key.Encoding, blob, size = f.variant.Encoding, f.variant.Blob, f.variant.Size
	}
	if !s.cache.keeps(size) {
		f.stream = s.store.blobs.OpenShared(ctx, s.shared, key, blob, size)
		if err := f.stream.Begin(); err != nil { // while an error can still be answered
			return err
		}
		f.etag = []string{etag(key.Hash, key.Encoding)}
		f.length = []string{strconv.FormatInt(size, 10)}
		return nil
	}
	b, ok := s.cache.bodies.GetIfPresent(key)
	if ok {
		s.hits.Add(1)
	} else {
		s.misses.Add(1)
		var err error
		if b, err = s.load(ctx, key, blob, size); err != nil {
			return err
		}
	}
	f.data, f.etag, f.length = b.data, b.etag, b.length
	return nil
}

func (s *Static) load(ctx context.Context, key content.Key, blob, size int64) (*body, error) {
	return s.cache.loadBody(ctx, key, func(ctx context.Context) ([]byte, error) { return s.store.blobs.ReadAll(ctx, blob, size) })
}

func (f *file) size() int64 {
	if f.variant != nil {
		return f.variant.Size
	}
	return f.Size
}

func (f *file) writeTo(w io.Writer) error {
	if f.stream != nil {
		_, err := f.stream.WriteTo(w)
		return err
	}
	_, err := w.Write(f.data)
	return err
}

func (f *file) writeRange(w io.Writer, r byteRange) error {
	if f.stream == nil {
		_, err := w.Write(f.data[r.start : r.start+r.length])
		return err
	}
	if _, err := f.stream.Seek(r.start, io.SeekStart); err != nil {
		return err
	}
	_, err := io.CopyN(w, f.stream, r.length)
	return err
}

// writeRanges sends several parts as multipart/byteranges. They go out in the order they were asked for.
func (f *file) writeRanges(w http.ResponseWriter, ranges []byteRange) error {
	part := func(r byteRange) textproto.MIMEHeader {
		return textproto.MIMEHeader{"Content-Type": f.contentType, "Content-Range": {r.contentRange(f.size())}}
	}
	// The length is that of the same answer without the contents, and the contents.
	var head limitio.CountWriter
	frame := multipart.NewWriter(&head)
	for _, r := range ranges {
		_, _ = frame.CreatePart(part(r))
		head += limitio.CountWriter(r.length)
	}
	_ = frame.Close()

	out := multipart.NewWriter(w)
	_ = out.SetBoundary(frame.Boundary())
	h := w.Header()
	h["Content-Type"] = []string{"multipart/byteranges; boundary=" + frame.Boundary()}
	h["Content-Length"] = []string{strconv.FormatInt(int64(head), 10)}
	w.WriteHeader(http.StatusPartialContent)
	for _, r := range ranges {
		p, err := out.CreatePart(part(r))
		if err != nil {
			return err
		}
		if err := f.writeRange(p, r); err != nil {
			return err
		}
	}
	return out.Close()
}
