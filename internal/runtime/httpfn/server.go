// Package httpfn serves HTTP requests with functions: a request is an event whose response may be streamed.
//
// A body is read before its function runs: a client that sends slowly, or nothing, holds a connection and the bytes that have
// arrived, but neither a request slot nor a VM. Only a body that is too large to be handed over whole, or of unknown
// size, arrives while the function runs.
package httpfn

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync/atomic"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime"
	"fazt/internal/share"
)

// Config is what a Server works with.
type Config struct {
	Engine *runtime.Engine // made with Table
	Temp   string          // directory for bodies that are too large for memory; "" = the system's
	// Fail writes the response for a function that failed, with an error that may be shown; nil = the error as JSON.
	Fail func(w http.ResponseWriter, r *http.Request, err error, f runtime.Function)
}

// Server serves requests with the functions of an engine.
type Server struct {
	engine  *runtime.Engine
	temp    string
	fail    func(w http.ResponseWriter, r *http.Request, err error, f runtime.Function)
	buffers share.Pool // memory of bodies that are read ahead, and of responses that wait to be read
	spooled share.Pool // disk space of bodies that are read ahead
	opening openings   // streams that are starting
	crowded atomic.Uint64
}

// New returns a server.
func New(c Config) *Server {
	s := &Server{engine: c.Engine, temp: c.Temp, fail: c.Fail}
	if s.fail == nil {
		s.fail = plainFailure
	}
	return s
}

// plainFailure writes an error as JSON, with the id of the request.
func plainFailure(w http.ResponseWriter, _ *http.Request, err error, f runtime.Function) {
	body, _ := json.Marshal(map[string]any{"error": map[string]string{
		"code": errs.Code(err), "message": errs.Sentence(err), "request_id": f.RequestID,
	}})
	w.Header().Set("Content-Type", "application/json")
	if wait := errs.RetryAfterHeader(err); wait != "" {
		w.Header().Set("Retry-After", wait)
	}
	w.WriteHeader(errs.KindOf(err).HTTPStatus())
	_, _ = w.Write(append(body, '\n'))
}

// Stats are the counters of a server.
type Stats struct {
	Buffers int64  // memory of bodies and responses that wait
	Spooled int64  // disk space of bodies
	Crowded uint64 // bodies and responses that were cut off because too much waited for visitors
}

// Stats returns the counters now.
func (s *Server) Stats() Stats {
	held, cut := s.buffers.Taken()
	spooled, cutOnDisk := s.spooled.Taken()
	return Stats{Buffers: held, Spooled: spooled, Crowded: s.crowded.Load() + cut + cutOnDisk}
}

// visibleError returns what a visitor may know of an error: its kind if it concerns their request or a shortage, otherwise
// only that the function failed.
func visibleError(err error) error {
	var t *quickjs.Thrown
	if errors.As(err, &t) {
		if t.Retry { // a queue, a rate, a lack of time inside: all the same to the visitor
			return &errs.Error{Kind: errs.Unavailable, Message: "not possible right now; try again", Retry: t.After}
		}
		if t.Code == errs.StorageFull.Code() { // the disk or a quota is full: the visitor may know
			return errs.New(errs.StorageFull, "there is no space left to store this")
		}
		return errs.New(errs.Failed, "the app's function failed")
	}
	switch errs.KindOf(err) {
	case errs.TooLarge, errs.Invalid, errs.Timeout, errs.Unavailable, errs.Canceled:
		return err
	}
	return errs.New(errs.Failed, "the app's function failed")
}
