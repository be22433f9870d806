package gateway

import (
	"net/http"
	"net/url"
	"strings"

	"fazt/internal/apps"
	"fazt/internal/errs"
)

// Redirect sends visitors of a host to another URL. The destination is the owner's choice alone: a request contributes
// only the query and, if wanted, the path, after the host.
type Redirect struct {
	URL      *url.URL // http or https, with a canonical host; never modified
	Status   int
	KeepPath bool
}

// serve responds with the redirect. host and path are canonical. The response is never cached, not even a permanent
// redirect, so that the owner's changes take effect on the next visit.
func (d *Redirect) serve(w http.ResponseWriter, r *http.Request, host, path string) error {
	if d.URL.Hostname() == host {
		return errs.New(errs.NotFound, "%s redirects to itself", host)
	}
	to := *d.URL
	if d.KeepPath {
		to.Path, to.RawPath = strings.TrimSuffix(to.Path, "/")+path, ""
	}
	if query := apps.EscapeQuery(r.URL.RawQuery); query != "" {
		if to.RawQuery != "" {
			query = to.RawQuery + "&" + query
		}
		to.RawQuery = query
	}
	h := w.Header()
	h.Set("Location", to.String())
	h.Set("Cache-Control", "no-cache")
	w.WriteHeader(d.Status)
	return nil
}
