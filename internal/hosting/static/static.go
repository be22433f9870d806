// Package static serves the files of deployments.
package static

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"

	"fazt/internal/content"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/hosting/mediatype"
)

// Config configures a Server.
type Config struct {
	Deployments *hosting.Store
	Content     *content.Store
	CacheBytes  func() int64 // memory for files that are requested often; read for every request; 0 = none
	Log         *slog.Logger // nil = silent
}

// Server serves the files of deployments from bounded memory; files that do not fit there stream from the database in
// constant memory. It is safe for concurrent use.
type Server struct {
	deployments *hosting.Store
	content     *content.Store
	cache       *cache
	shared      *content.Shared // chunks of files that are too large for the cache
	unread      unread
	log         *slog.Logger

	hits, misses atomic.Uint64
}

// New returns a server. It starts nothing.
func New(c Config) *Server {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{deployments: c.Deployments, content: c.Content, cache: newCache(c.CacheBytes), log: c.Log}
	s.shared = content.NewShared(func() int { return int(s.cache.now.Load() / (bodyShare * content.ChunkSize)) })
	return s
}

// View selects what a request may see of a deployment.
type View struct {
	Deployment string // dep_…
	Path       string // canonical: decoded and clean, starts with one slash
	Private    bool   // only files below private/ are served; the caller has checked who asks
	SPA        bool   // paths without a file and without an extension lead to index.html
	Inject     []byte // put before </body> of every HTML page, which then is not cached; nil = nothing
}

// Methods that files allow.
const allowed = "GET, HEAD, OPTIONS"

// Serve responds with a file of v.Deployment. If it returns an error, it has written nothing, except perhaps the header
// Allow: NotFound if there is no file and the app has no 404.html, MethodNotAllowed, or an error of the database.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, v View) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusNoContent)
		return nil
	default:
		w.Header().Set("Allow", allowed)
		return errs.New(errs.MethodNotAllowed, "files are read-only; the methods are %s", allowed)
	}
	err := s.respond(w, r, v)
	s.unread.note(r, err)
	if err != nil && !errs.Is(err, errs.NotFound) || errors.Is(err, content.ErrGone) {
		s.Forget(v.Deployment) // the index may be out of date: damaged content is replaced
	}
	return err
}

func (s *Server) respond(w http.ResponseWriter, r *http.Request, v View) error {
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
			return errs.New(errs.NotFound, "nothing found at this address")
		}
		status = http.StatusNotFound
	}
	if v.Inject != nil && mediatype.IsHTML(p.contentType) {
		return s.sendInjected(w, r, p, status, v.Inject)
	}
	return s.send(w, r, p, status)
}

// index returns the files of a deployment.
func (s *Server) index(ctx context.Context, deployment string) (*index, error) {
	if x, ok := s.cache.indexes.GetIfPresent(deployment); ok {
		return x, nil
	}
	return s.cache.loadIndex(ctx, deployment, s.deployments.Files)
}

// Has reports whether the path of v leads to a file, or to a redirect to one.
func (s *Server) Has(ctx context.Context, v View) (bool, error) {
	x, err := s.index(ctx, v.Deployment)
	if err != nil {
		return false, err
	}
	p, location := x.files.resolve(v.Path)
	return p != nil || location != "", nil
}

// Forget drops the index of a deployment that is no longer served. Its content stays in memory as long as it is
// requested: the next deployment shares most of it.
func (s *Server) Forget(deployment string) { s.cache.indexes.Invalidate(deployment) }

// Stats are counters of a Server.
type Stats struct {
	Hits, Misses uint64 // files found in memory, and not
	Bytes        int64  // memory in use
}

// Stats returns the counters since New.
func (s *Server) Stats() Stats {
	return Stats{s.hits.Load(), s.misses.Load(), int64(s.cache.bodies.WeightedSize())}
}

// Memory returns how many bytes the cache holds, including indexes and chunks of large files.
func (s *Server) Memory() int64 {
	return int64(s.cache.bodies.WeightedSize()+s.cache.indexes.WeightedSize()) + s.shared.Memory()
}

// Resize applies a change of CacheBytes without waiting for a request.
func (s *Server) Resize() { s.cache.resize() }

// Unreadable returns the addresses of files that the disk failed to read, the first few since the start.
func (s *Server) Unreadable() []string { return s.unread.list() }
