package static

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"strconv"

	"fazt/internal/hosting/siterules"
)

// Header values, which must not be changed.
var (
	nosniff        = []string{"nosniff"}
	acceptRanges   = []string{"bytes"}
	varyEncoding   = []string{"Accept-Encoding"}
	sameOrigin     = []string{"same-origin"}
	noEtag         = []string{""}
	encodingHeader = map[string][]string{"zstd": {"zstd"}, "br": {"br"}, "gzip": {"gzip"}}
)

// redirect sends the client to another address. The response is not cached: the next deployment may have its files the
// other way round, and a cached redirect would then loop.
func redirect(w http.ResponseWriter, status int, location string) {
	h := w.Header()
	if h["Cache-Control"] == nil { // private files are not stored at all
		h["Cache-Control"] = revalidate
	}
	h["Location"] = []string{location}
	w.WriteHeader(status)
}

// send sends a file with the headers of the site's rules. An error page (status 404) has neither conditions nor ranges.
func (s *Server) send(w http.ResponseWriter, r *http.Request, p *page, status int, own []siterules.Change) error {
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
		// Clients keep nothing of it that a tag could be compared with, and pages of other apps must not embed it.
		f.etag = noEtag
		h["Cross-Origin-Resource-Policy"] = sameOrigin
	}
	siterules.Apply(own, h)
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

// conditional responds to requests that the entity tag decides or that ask for ranges. The headers common to all
// responses are set already.
func (s *Server) conditional(w http.ResponseWriter, r *http.Request, f *file) (done bool, err error) {
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
	ranges, satisfiable := requestedRanges(r.Header, f.etag[0], f.size())
	switch {
	case !satisfiable:
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

// sendInjected sends a page with a script added, for `fazt dev`.
func (s *Server) sendInjected(w http.ResponseWriter, r *http.Request, p *page, status int, own []siterules.Change, script []byte) error {
	data, err := s.content.ReadAll(r.Context(), p.Blob, p.Size)
	if err != nil {
		return err
	}
	at := bytes.LastIndex(data, []byte("</body>"))
	if at < 0 {
		at = len(data)
	}
	h := w.Header()
	h["Content-Type"] = p.contentType
	h["X-Content-Type-Options"] = nosniff
	siterules.Apply(own, h)
	h["Cache-Control"] = []string{"no-store"}
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

// sent logs that content could not be read after the head of the response was sent; the client sees that the response
// is too short. A client that left is not logged.
func (s *Server) sent(r *http.Request, err error) {
	if err == nil || r.Context().Err() != nil {
		return
	}
	s.unread.note(r, err)
	if left := net.Error(nil); !errors.As(err, &left) {
		s.log.Warn("a static file was cut off", "path", r.URL.Path, "error", err)
	}
}
