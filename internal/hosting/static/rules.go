package static

import (
	"net/http"

	"fazt/internal/hosting/siterules"
)

// follow applies the redirects of a site to a request; ok is false if none applies.
func (x *index) follow(v View, query string) (result siterules.Result, ok bool) {
	if x.rules.Redirects == nil || v.Private {
		return result, false
	}
	return x.rules.Redirects.Find(siterules.Request{Host: v.Host, Path: v.Path, Query: query}, func() bool {
		p, location := x.files.resolve(v.Path)
		return p != nil || location != ""
	})
}

// rewritten returns the page that a rule serves at another path, with its status; nil if there is none.
func (t tree) rewritten(result siterules.Result) (p *page, status int) {
	p, location := t.resolve(result.Path)
	if location != "" {
		p, _ = t.resolve(location)
	}
	if p == nil && result.Status != http.StatusOK {
		return t[notFoundFile], result.Status
	}
	return p, result.Status
}

// changes returns what the rules of a site change in the headers of its files.
func (x *index) changes(v View) []siterules.Change {
	if x.rules.Headers == nil || v.Private {
		return nil
	}
	return x.rules.Headers.Find(siterules.Request{Host: v.Host, Path: v.Path})
}

// redirectOther applies the redirects of a site to a request that cannot be for a file, such as a POST.
func (s *Server) redirectOther(w http.ResponseWriter, r *http.Request, v View) (bool, error) {
	x, err := s.index(r.Context(), v.Deployment)
	if err != nil {
		return false, err
	}
	result, _ := x.follow(v, r.URL.RawQuery)
	if result.Location != "" {
		redirect(w, result.Status, result.Location)
	}
	return result.Location != "", nil
}
