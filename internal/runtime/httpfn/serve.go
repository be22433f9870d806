package httpfn

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"time"

	"fazt/internal/errs"
	"fazt/internal/runtime"
	"fazt/internal/runtime/compile"
	"fazt/internal/system"
	"fazt/internal/timeout"
)

// Serve runs a function for a request and writes its response.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, f runtime.Function) {
	limits := s.engine.Limits(f.AppID)
	if err := s.engine.Admit(&f, limits); err != nil {
		timeout.HoldBack(r.Context())
		s.fail(w, r, err, f)
		return
	}
	kept, in, err := s.receive(w, r, &f, limits)
	defer kept.release()
	if err != nil {
		s.fail(w, r, visibleError(err), f)
		return
	}
	v := s.newVisit(w, r, f, limits, kept, in)
	defer v.opened()
	defer v.inv.Cancel()
	defer v.release()
	program, err := v.inv.Perform()
	if err != nil {
		v.fail(err)
		return
	}
	kept.release()
	v.inv.Cancel()
	v.finish(program)
	v.endCalls()
	if v.broken() {
		panic(http.ErrAbortHandler) // ends the connection
	}
}

// receive reads the body of a request. A body that arrives while the function runs is an input, and nothing is stored.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, f *runtime.Function, limits system.Runtime) (*storedBody, *input, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil, nil
	}
	limit := min(limits.MaxRequestBody, limits.MaxMemory)
	if r.ContentLength < 0 || r.ContentLength > limit {
		p, err := s.engine.Program(r.Context(), *f)
		switch {
		case err != nil:
			return nil, nil, err
		case p.Style == compile.StyleModule:
			return s.openStream(w, r, f, limits, limit)
		case r.ContentLength > limit:
			w.Header().Set("Connection", "close") // the body is not wanted
			return nil, nil, over(limit)
		}
	}
	a := &storedBody{server: s, holder: f.Holder(), limits: limits, w: w, size: r.ContentLength, max: limit}
	if err := a.read(r, f); err != nil {
		a.release()
		if !errs.Is(err, errs.Invalid) {
			w.Header().Set("Connection", "close")
		}
		return nil, nil, err
	}
	if a.file == nil && len(a.data) <= atHand {
		return a, nil, nil
	}
	in := &input{body: a.reader(), f: *f, size: a.length(), max: limit, here: true}
	in.ended.Store(true)
	return a, in, nil
}

// openStream returns the input of a body that is handed over in pieces, once its function may start. Streams of an app start in
// turn. If waiting streams occupy more than half of their memory, the first atHand bytes of the body are read before that,
// without a VM: a client that sends nothing, or a byte at a time, then holds only a connection.
func (s *Server) openStream(w http.ResponseWriter, r *http.Request, f *runtime.Function, limits system.Runtime, limit int64) (start *storedBody, in *input, err error) {
	window, timed := time.Until(f.Ends), !f.Ends.IsZero()
	in = stream(r, *f, limit)
	if s.engine.IsCalm(limits) {
		if in.turn, err = s.waitToOpen(r, f, limits); err == nil && !s.engine.IsCalm(limits) { // others started meanwhile
			in.turn.done()
			in.turn = nil
		}
	}
	if err == nil && in.turn == nil {
		start, err = s.readStart(w, r, f, limits)
		if err == nil && start.ended && int64(len(start.data)) <= limit {
			in = nil // it is a small body
		} else if err == nil {
			in.body = io.MultiReader(bytes.NewReader(start.data), releasing{start}, r.Body)
			in.turn, err = s.waitToOpen(r, f, limits)
		}
	}
	if err != nil {
		start.release()
		w.Header().Set("Connection", "close")
		return nil, nil, err
	}
	if timed {
		f.Ends = time.Now().Add(window)
	}
	return start, in, nil
}

// readStart reads the first atHand bytes of a body.
func (s *Server) readStart(w http.ResponseWriter, r *http.Request, f *runtime.Function, limits system.Runtime) (*storedBody, error) {
	if b, ok := r.Body.(interface{ EndBy(time.Time) }); ok {
		b.EndBy(time.Now().Add(time.Duration(limits.StreamTimeout) * time.Millisecond))
	}
	a := &storedBody{server: s, holder: f.Holder(), limits: limits, w: w, size: -1, max: math.MaxInt64}
	a.enough = func() bool { return len(a.data) >= atHand }
	err := a.all(r.Body)
	if known := (*errs.Error)(nil); err != nil && !errors.As(err, &known) {
		err = bodyFault(*f, err)
	}
	return a, err
}

// waitToOpen waits for a stream's turn, unless it would be cut off at once.
func (s *Server) waitToOpen(r *http.Request, f *runtime.Function, limits system.Runtime) (*turn, error) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(limits.StreamTimeout)*time.Millisecond)
	defer cancel()
	var t *turn
	if s.engine.StreamFits(f, limits) {
		t = s.opening.wait(ctx, f.AppID)
	}
	if t == nil {
		s.crowded.Add(1)
		return nil, runtime.ErrCrowded
	}
	return t, nil
}

// releasing is an empty reader that releases the memory of the bytes before it.
type releasing struct{ a *storedBody }

func (r releasing) Read([]byte) (int, error) {
	r.a.memory.Release()
	return 0, io.EOF
}
