package api

import (
	"context"
	"net/http"

	"fazt/internal/api/op"
)

// streamed joins an operation that returns a stream with its implementation. The stream is not held back: an error after
// its first byte goes to the log, and the connection is cut.
func streamed[Req any](a *API, o op.Op[Req, op.Stream], fn func(ctx context.Context, req Req) (op.Stream, error)) route {
	return route{o.Spec, func(w http.ResponseWriter, r *http.Request) error {
		req, err := o.Parse(w, r)
		if err != nil {
			return err
		}
		stream, err := fn(r.Context(), req)
		if err != nil {
			return err
		}
		if held, ok := w.(*response); ok {
			w = held.ResponseWriter
		}
		begun, err := o.Spec.WriteStream(w, stream)
		if err == nil || !begun {
			return err
		}
		if r.Context().Err() == nil {
			a.Log.Warn("a stream was cut off", "name", o.Spec.Name, "request_id", w.Header().Get("X-Request-Id"), "error", err)
		}
		panic(http.ErrAbortHandler)
	}}
}

// EndStreams ends the streams that last as long as their clients stay and would keep the server from stopping. It may be
// called more than once.
func (a *API) EndStreams() { a.end.Do(func() { close(a.ending) }) }
