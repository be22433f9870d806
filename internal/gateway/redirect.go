package gateway

import (
	"net/http"
	"net/url"
	"strings"

	"fazt/internal/apps"
	"fazt/internal/errs"
)

// Redirect sends visitors of a host to another address. Where it leads is the owner's choice alone: of a request, only
// the query and, if wanted, the path are added, behind the host.
type Redirect struct {
	URL      *url.URL // http or https, with a canonical host; not changed
	Status   int
	KeepPath bool
}

// serve answers with the redirect. host and path are canonical. The answer is not kept, also where its status says
// that it is for good: what the owner changes holds from the next visit on.
func (d *Redirect) serve(w http.ResponseWriter, r *http.Request, host, path string) error {
	if d.URL.Hostname() == host {
		return errs.New(errs.NotFound, "the redirect of %s leads to itself", host)
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
