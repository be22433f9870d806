package api

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"fazt/internal/api/op"
	"fazt/internal/auth"
	"fazt/internal/errs"
)

// repeatKey is the header that makes an operation safe to repeat.
const repeatKey = "Idempotency-Key"

// once runs serve, unless the same caller has sent the same request with the same Idempotency-Key before: then the response
// is the earlier one. This applies to operations that change something and are not streams.
func (a *API) once(spec op.Spec, w *response, r *http.Request, serve func() error) error {
	key := r.Header.Get(repeatKey)
	if key == "" || !spec.Repeats() {
		return serve()
	}
	if len(key) < 8 || len(key) > 200 {
		return errs.New(errs.Invalid, "an %s must have 8 to 200 characters", repeatKey)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, spec.BodyLimit()))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return errs.Wrap(errs.TooLarge, err, "the request is larger than %d bytes", tooLarge.Limit)
		}
		return errs.Wrap(errs.Invalid, err, "the request was cut off")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	request := append([]byte(r.Method+" "+r.URL.RequestURI()+"\n"), body...)
	p := auth.From(r.Context())
	fresh := false
	answer, err := a.Idempotency.Once(r.Context(), p.Kind.String()+" "+p.ID+" "+spec.Name, key, request, func() ([]byte, error) {
		fresh = true
		err := serve()
		return w.body, err
	})
	if err != nil || fresh {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Idempotency-Replayed", "true")
	w.body = answer
	return nil
}
