package runtime

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"fazt/internal/errs"
	"fazt/internal/system"
)

// readAhead is how large a body may be that is read before the function runs: most are, and a script then has them at
// once. Of a larger one, or one of unknown size, the function asks for each piece, and it lies nowhere but with its sender
// until then.
const readAhead = 64 << 10

// input is a request body that comes as the function asks for it. The machine's goroutine starts each read; one is under
// way at a time.
type input struct {
	body  io.Reader
	f     Function
	size  int64 // announced; -1 = unknown
	most  int64 // of it that is handed over whole
	piece []byte
	ended atomic.Bool // all of it was read: the connection can be used again
}

// newInput is the input of r, or nil when the body is small enough to be read at once.
func newInput(r *http.Request, f Function, limits system.Runtime) *input {
	most := min(limits.MaxRequestBody, limits.MaxMemory)
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength >= 0 && r.ContentLength <= min(readAhead, most) {
		return nil
	}
	f.Ends = time.Time{} // the time of a stream is its own
	return &input{body: r.Body, f: f, size: r.ContentLength, most: most}
}

// next is the next piece, valid until the following call; io.EOF at the end.
func (in *input) next() ([]byte, error) {
	if in.piece == nil {
		in.piece = make([]byte, readAhead)
	}
	for range 100 { // a reader may give nothing, but not for ever
		n, err := in.body.Read(in.piece)
		if err == io.EOF {
			in.ended.Store(true)
		}
		if n > 0 {
			return in.piece[:n], nil // an error comes again
		}
		if err != nil {
			return nil, in.fault(err)
		}
	}
	return nil, in.fault(io.ErrNoProgress)
}

// rest is all that is still to come, if it may be handed over whole.
func (in *input) rest() ([]byte, error) {
	if in.size > in.most {
		return nil, over(in.most)
	}
	data, err := io.ReadAll(io.LimitReader(in.body, in.most+1))
	switch {
	case err != nil:
		return nil, in.fault(err)
	case int64(len(data)) > in.most:
		return nil, over(in.most)
	}
	in.ended.Store(true)
	return data, nil
}

// form is the parts of a form, if all of them together may be handed over whole.
func (in *input) form(contentType string) ([]part, error) {
	if in.size > in.most {
		return nil, over(in.most)
	}
	limited := &io.LimitedReader{R: in.body, N: in.most + 1}
	parts, err := readForm(contentType, limited)
	if err == nil {
		_, err = io.Copy(io.Discard, limited) // what follows the last boundary
	}
	switch {
	case limited.N == 0:
		return nil, over(in.most)
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
	return bodyFault(in.f, err)
}

// bodyFault says why a body could not be read.
func bodyFault(f Function, err error) error {
	var most *http.MaxBytesError
	switch {
	case errors.As(err, &most):
		return over(most.Limit)
	case !f.Ends.IsZero() && !time.Now().Before(f.Ends):
		return errs.New(errs.Unavailable, "the time for this request passed before all of it had arrived; try again")
	}
	return errs.Wrap(errs.Invalid, err, "the body was cut off")
}

func over(most int64) error {
	return errs.New(errs.TooLarge, "the body is larger than %d bytes", most)
}

// readBody reads a body at once, within its limit and the time of the request; one whose announced size is over the limit
// is refused before it is read. The connection is closed then: what still comes of the body is not wanted.
func readBody(w http.ResponseWriter, r *http.Request, f Function, limits system.Runtime) ([]byte, error) {
	most := limits.MaxRequestBody
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	err := over(most)
	if r.ContentLength <= most {
		var data []byte
		if data, err = io.ReadAll(http.MaxBytesReader(w, r.Body, most)); err == nil {
			return data, nil
		}
		err = bodyFault(f, err)
	}
	if !errs.Is(err, errs.Invalid) {
		w.Header().Set("Connection", "close")
	}
	return nil, err
}

// receive takes the body in: small ones at once, before anything is made for the request, so that who sends slowly holds
// nothing; others as the function asks. A script of the classic style has its request whole before it begins.
func (e *Engine) receive(w http.ResponseWriter, r *http.Request, f Function, limits system.Runtime) ([]byte, *input, error) {
	in := newInput(r, f, limits)
	if in == nil {
		body, err := readBody(w, r, f, limits)
		return body, nil, err
	}
	p, err := e.pool(r.Context(), f)
	switch {
	case err != nil:
		return nil, nil, err
	case p.program.Style == StyleModule:
		return nil, in, nil
	}
	body, err := readBody(w, r, f, limits)
	return body, nil, err
}

// What the script asks of its visitor runs beside the machine, like a host call, but neither counts among those nor has
// to end before the run may.
type exchange uint8

const (
	ofHost   exchange = iota
	ofBody            // a piece of the body
	ofAnswer          // a piece of the answer
)

// ask reads of the body beside the machine.
func (u *run) ask(read func() (func(*machine) value, error)) (int32, error) {
	if u.in == nil || u.reading {
		return 0, errs.New(errs.Conflict, "the body cannot be read now")
	}
	u.reading = true
	u.extend()
	return u.beside(ofBody, read), nil
}

// askNext gives the next piece to the script as an ArrayBuffer, undefined at the end.
func (u *run) askNext() (int32, error) {
	return u.ask(func() (func(*machine) value, error) {
		piece, err := u.in.next()
		if err == io.EOF { //nolint:errorlint // next returns it bare
			return nil, nil
		}
		return func(m *machine) value { return m.realm.newBytes(piece) }, err
	})
}

// askRest gives all of the body, as a small one would have been given.
func (u *run) askRest() (int32, error) {
	return u.ask(func() (func(*machine) value, error) {
		data, err := u.in.rest()
		return func(m *machine) value { return m.bodyValue(data) }, err
	})
}

// askForm gives the parts of a form, undefined when it is none.
func (u *run) askForm(contentType string) (int32, error) {
	return u.ask(func() (func(*machine) value, error) {
		parts, err := u.in.form(contentType)
		if errors.Is(err, errNoForm) {
			return nil, nil
		}
		return func(m *machine) value { return m.formValue(parts) }, err
	})
}

// bodyOver is the error of a body that the script collects from its stream, and that is larger than may be handed over whole.
func (u *run) bodyOver() error {
	if u.in != nil {
		u.refused = over(u.in.most)
	}
	return u.refused
}

// hangUp is called before the head of an answer is written. When some of the body is still on its way then, that may be read
// while the answer goes out, and nobody waits for it; but the connection is of no use for another request.
func (u *run) hangUp() {
	if u.in != nil && !u.in.ended.Load() {
		u.w.Header().Set("Connection", "close")
		_ = http.NewResponseController(u.w).EnableFullDuplex()
	}
}
