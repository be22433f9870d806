// Package static serves the files of deployments.
package static

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"

	"fazt/internal/content"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/hosting/mediatype"
	"fazt/internal/hosting/siterules"
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
	Host       string // canonical, without a port
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
		return s.finish(r, v, s.respond(w, r, v))
	case http.MethodOptions:
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if redirected, err := s.redirectOther(w, r, v); redirected || err != nil {
		return s.finish(r, v, err)
	}
	w.Header().Set("Allow", allowed)
	return errs.New(errs.MethodNotAllowed, "files are read-only; the methods are %s", allowed)
}

// finish records the outcome of a request.
func (s *Server) finish(r *http.Request, v View, err error) error {
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
	rule, ruled := x.follow(v, r.URL.RawQuery)
	if rule.Location != "" {
		redirect(w, rule.Status, rule.Location)
		return nil
	}
	var p *page
	var location string
	status := http.StatusOK
	if ruled {
		p, status = files.rewritten(rule)
	} else if p, location = files.resolve(v.Path); location != "" {
		if v.Private {
			w.Header()["Cache-Control"] = noStore
		}
		redirect(w, http.StatusMovedPermanently, (&url.URL{Path: location, RawQuery: r.URL.RawQuery}).String())
		return nil
	}
	if p == nil && v.SPA && !ruled {
		p = files.fallback(v.Path)
	}
	if p == nil {
		if p = files[notFoundFile]; p == nil {
			return errs.New(errs.NotFound, "nothing found at this address")
		}
		status = http.StatusNotFound
	}
	if v.Inject != nil && mediatype.IsHTML(p.contentType) {
		return s.sendInjected(w, r, p, status, x.changes(v), v.Inject)
	}
	return s.send(w, r, p, status, x.changes(v))
}

// index returns the files of a deployment.
func (s *Server) index(ctx context.Context, deployment string) (*index, error) {
	if x, ok := s.cache.indexes.GetIfPresent(deployment); ok {
		return x, nil
	}
	return s.cache.loadIndex(ctx, deployment, s.loadIndex)
}

func (s *Server) loadIndex(ctx context.Context, deployment string) (*index, error) {
	files, err := s.deployments.Files(ctx, deployment)
	if err != nil {
		return nil, err
	}
	x := newIndex(files)
	x.rules, err = siterules.Read(func(name string) ([]byte, error) {
		i := slices.IndexFunc(files, func(f hosting.File) bool { return f.Path == name })
		if i < 0 || files[i].Size > siterules.MaxFile {
			return nil, nil
		}
		return s.content.ReadAll(ctx, files[i].Blob, files[i].Size)
	})
	x.weight += x.rules.Weight()
	return x, err
}

// Has reports whether the path of v leads to a file, or to a redirect.
func (s *Server) Has(r *http.Request, v View) (bool, error) {
	x, err := s.index(r.Context(), v.Deployment)
	if err != nil {
		return false, err
	}
	if rule, _ := x.follow(v, r.URL.RawQuery); rule.Location != "" {
		return true, nil
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
