package gateway

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"fazt/internal/errs"
)

// errPanicked is the error for a request that panicked. The log has the trace.
var errPanicked = errs.New(errs.Internal, "")

//go:embed page.html
var pageSource string

// pages are the product's own pages: errors and the welcome page. They load nothing external.
type pages struct{ template *template.Template }

func newPages() *pages {
	return &pages{template.Must(template.New("page").Parse(pageSource))}
}

// page is the content of one of them.
type page struct {
	Status    int
	Title     string
	Message   string
	Domain    string // the welcome shows how to deploy to it
	RequestID string
}

// fail responds with an error: its sentence, never its cause. The product's own faults are logged under the request ID
// that the client sees.
func (g *gateway) fail(w *exchange, r *http.Request, err error) {
	kind := errs.KindOf(err)
	status := kind.HTTPStatus()
	p := page{Status: status, Title: title(status), Message: sentence(errs.Sentence(err))}
	if status >= 500 {
		p.RequestID = w.setRequestID()
		if !errors.Is(err, errPanicked) && kind != errs.Unavailable { // overload is not a fault, and comes in bursts
			g.Log.Error("a request failed", "request_id", p.RequestID, "method", r.Method, "host", r.Host, "path", r.URL.Path, "error", err)
		}
	}
	if wait := errs.RetryAfterHeader(err); wait != "" {
		w.Header().Set("Retry-After", wait)
	}
	if wantsJSON(r) {
		writeJSON(w, err, status)
		return
	}
	g.pages.write(w, p)
}

// welcome is the page of an instance whose domain has no app. It reveals nothing to strangers.
func (p *pages) welcome(w http.ResponseWriter, r *http.Request, domain string) error {
	if r.URL.Path != "/" {
		return nothing()
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return errs.New(errs.MethodNotAllowed, "this page is read-only")
	}
	p.write(w, page{
		Status: http.StatusOK, Title: "This is a Fazt", Domain: domain,
		Message: "It runs apps, each at its own address. An app named root would be served here.",
	})
	return nil
}

// policy allows a page its own style and nothing else.
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (p *pages) write(w http.ResponseWriter, data page) {
	var out bytes.Buffer
	if err := p.template.Execute(&out, data); err != nil {
		panic(err) // template and data are compiled in
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(data.Status)
	_, _ = w.Write(out.Bytes())
}

// failure is an error as JSON, in the shape that the control API and functions use too.
type failure struct {
	Error struct {
		Code      string `json:"code"`
		Message   string `json:"message"`
		RequestID string `json:"request_id,omitempty"`
	} `json:"error"`
}

func writeJSON(w *exchange, err error, status int) {
	var f failure
	f.Error.Code, f.Error.Message, f.Error.RequestID = errs.Code(err), errs.Sentence(err), w.requestID
	data, _ := json.Marshal(f) // strings only: cannot fail
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(data)+1))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n'))
}

// wantsJSON reports whether the client is a program rather than a person.
func wantsJSON(r *http.Request) bool {
	if p := r.URL.Path; p == "/api" || strings.HasPrefix(p, "/api/") {
		return true
	}
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "json") && !strings.Contains(accept, "text/html")
}

func title(status int) string {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "Access denied"
	case status == http.StatusNotFound:
		return "Not found"
	case status == http.StatusMethodNotAllowed:
		return "Method not allowed"
	case status == http.StatusServiceUnavailable:
		return "Busy"
	case status < 500:
		return "Bad request"
	}
	return "Something went wrong"
}

// sentence turns an error message into a sentence.
func sentence(words string) string {
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:] + "."
}
