package gateway

import (
	"net/http"
	"net/url"

	"fazt/internal/errs"
	"fazt/internal/hosting/static"
)

// assets serves the files of a deployment to its function, as env.ASSETS: what visitors get when no function is in charge,
// in one encoding, without pages of the product. Files below private/ are not among them.
type assets struct {
	g *gateway
	t *Target
}

// ServeHTTP implements http.Handler.
func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Header.Del("Accept-Encoding") // scripts read the content
	path, err := canonicalPath(r.URL)
	switch {
	case err == nil && path != r.URL.Path:
		w.Header().Set("Location", (&url.URL{Path: path, RawQuery: r.URL.RawQuery}).String())
		w.WriteHeader(http.StatusMovedPermanently)
		return
	case err == nil:
		err = a.g.Static.Serve(w, r, static.View{Deployment: a.t.Deployment, Path: path, SPA: a.t.SPA})
	}
	if err != nil {
		http.Error(w, errs.Sentence(err), errs.KindOf(err).HTTPStatus())
	}
}
