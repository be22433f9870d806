package httpfn

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime"
)

// input is a request body that is read as the function asks for it. The goroutine of the invocation starts the reads, one at
// a time.
type input struct {
	body  io.Reader
	f     runtime.Function
	size  int64 // announced; -1 = unknown
	max   int64 // of it that is handed over whole
	here  bool  // all of it has arrived, and is stored
	piece []byte
	kept  *storedBody // holds it if it was collected while the function ran
	turn  *turn       // held while its function starts
	ended atomic.Bool // all of it was read: the connection can be reused
}

// stream returns the input of a body that arrives while the function runs.
func stream(r *http.Request, f runtime.Function, limit int64) *input {
	f.Ends = time.Time{} // the time of a stream is its own
	return &input{body: r.Body, f: f, size: r.ContentLength, max: limit}
}

// next returns the next piece, valid until the following call; io.EOF at the end.
func (in *input) next() ([]byte, error) {
	if in.piece == nil {
		in.piece = make([]byte, atHand)
	}
	for range 100 { // a reader may return nothing, but not forever
		n, err := in.body.Read(in.piece)
		if err == io.EOF {
			in.ended.Store(true)
		}
		if n > 0 {
			if in.here {
				in.size -= int64(n)
			}
			return in.piece[:n], nil // an error comes again
		}
		if err != nil {
			return nil, in.fault(err)
		}
	}
	return nil, in.fault(io.ErrNoProgress)
}

// whole copies the rest of a stored body into the VM's memory.
func (in *input) whole(r *quickjs.Realm) (quickjs.Value, error) {
	v, err := r.NewText(in.body, int(in.size), false)
	return v, errs.Wrap(errs.Internal, err, "the body can no longer be read")
}

// form returns the parts of a form, if all of them together may be handed over whole.
func (in *input) form(contentType string) ([]part, error) {
	limited := &io.LimitedReader{R: in.body, N: in.max + 1}
	parts, err := readForm(contentType, limited)
	if err == nil {
		_, err = io.Copy(io.Discard, limited) // what follows the last boundary
	}
	switch {
	case limited.N == 0:
		return nil, over(in.max)
	case err != nil:
		return nil, in.fault(err)
	}
	in.ended.Store(true)
	return parts, nil
}

func (in *input) fault(err error) error {
	if err == io.EOF || errors.Is(err, errNoForm) { //nolint:errorlint // readers return it bare
		return err
	}
	if in.here {
		return errs.Wrap(errs.Internal, err, "the body can no longer be read")
	}
	return bodyFault(in.f, err)
}
