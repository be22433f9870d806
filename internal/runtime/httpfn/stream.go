package httpfn

import (
	"errors"
	"net/http"
	"time"

	"fazt/internal/errs"
	"fazt/internal/header"
	"fazt/internal/quickjs"
	"fazt/internal/runtime"
)

// streamFuncs send a response piece by piece.
func streamFuncs() runtime.Table {
	return runtime.Table{
		"stream": promised(func(v *visit, a runtime.Args) (int32, error) {
			return v.stream(response{status: int(a.Number(0)), headers: a.Text(1), contentType: a.Text(2)})
		}),
		"write": promised(func(v *visit, a runtime.Args) (int32, error) { return v.write(a.Data(0)) }),
		"end": runtime.Notice(func(inv *runtime.Invocation, a runtime.Args) {
			var err error
			if a.Len() > 0 {
				err = a.Realm().Describe(a.Value(0))
			}
			visitOf(inv).end(err)
		}),
	}
}

// stream begins a response whose pieces follow: its head is sent at once. The id is 0 if no pieces are wanted.
func (v *visit) stream(a response) (int32, error) {
	if v == nil || v.inv.Answered() {
		return 0, nil
	}
	a.streamed = true
	if err := v.checkResponse(&a, nil); err != nil {
		return 0, err
	}
	v.response = a
	v.inv.Respond(nil)
	if v.r.Method == http.MethodHead || header.IsBodyless(a.status) || !v.claim() {
		return 0, nil
	}
	v.inv.Traffic.Streaming = true
	v.streamed.Store(true)
	v.useStreamTime()
	return v.sendPiece(func() error {
		v.send()
		return v.flush()
	}), nil
}

// write sends a piece. Its promise is settled when the connection has taken it, so the script produces
// no faster than its visitor reads.
func (v *visit) write(piece []byte) (int32, error) {
	if v == nil || !v.inv.Traffic.Streaming || v.inv.Traffic.Writing {
		return 0, errs.New(errs.Conflict, "nothing can be sent at this point")
	}
	v.sent += int64(len(piece))
	if limit := v.inv.Limits().MaxResponseBody; v.sent > limit {
		return 0, errs.New(errs.TooLarge, "the response has more than %s, which is the limit (runtime.max_response_body)", errs.Bound(limit))
	}
	v.inv.Traffic.Piece = len(piece)
	return v.sendPiece(func() error {
		_, err := v.w.Write(piece)
		if err == nil {
			err = v.flush()
		}
		if errors.Is(err, http.ErrContentLength) {
			return errs.Wrap(errs.Invalid, err, "the response is longer than its content-length header says")
		}
		return errs.Wrap(errs.Canceled, err, "the visitor left")
	}), nil
}

// sendPiece sends the head of a streamed response, or a piece of it, alongside the VM.
func (v *visit) sendPiece(send func() error) (id int32) {
	v.inv.Traffic.Writing = true
	return v.alongside(func() runtime.Outcome {
		v.writeMu.Lock()
		defer v.writeMu.Unlock()
		return runtime.Outcome{Err: send()}
	}, func(err error) bool {
		v.inv.Traffic.Writing = false
		return errs.Is(err, errs.Canceled) // a visitor who does not take the response has left
	})
}

// flush sends what is buffered. Not every ResponseWriter has a buffer.
func (v *visit) flush() error {
	if err := http.NewResponseController(v.w).Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// end marks the response as complete or, with an error, as one that cannot be completed.
func (v *visit) end(err error) {
	if v != nil && v.inv.Traffic.Streaming {
		v.inv.Traffic.Streaming, v.inv.Traffic.OutputErr = false, err
	}
}

// broken reports whether a response was begun and not completed. The only way to tell the visitor is to break the
// connection.
func (v *visit) broken() bool {
	return v.streamed.Load() && (v.inv.Traffic.Streaming || v.inv.Traffic.OutputErr != nil)
}

// alongside runs fn alongside the VM, and settles a promise of the script with its outcome. The script is told after then was
// called; then reports whether the visitor has left. Unlike a host call, fn need not end before the invocation does.
func (v *visit) alongside(fn func() runtime.Outcome, then func(error) (left bool)) (id int32) {
	id, settle := v.inv.Promise(then)
	v.calls.Go(func() { settle(fn()) })
	return id
}

// useStreamTime gives the invocation the time of a stream, for the body too.
func (v *visit) useStreamTime() {
	ends, changed := v.inv.UseStreamTime()
	if b, ok := v.r.Body.(interface{ EndBy(time.Time) }); ok && changed && v.input != nil {
		b.EndBy(ends)
	}
}

// Abandoned responds in place of a script that cannot be stopped, or breaks the connection if the response has begun.
func (v *visit) Abandoned() (answer func()) {
	if !v.claim() {
		return v.breakConnection
	}
	v.calls.Add(1)
	return func() {
		defer v.calls.Done()
		v.w.Header().Set("Connection", "close") // the invocation does not give the connection back
		v.fail(quickjs.ErrDeadline)
		_ = http.NewResponseController(v.w).Flush()
	}
}

// endCalls waits for what runs alongside the VM. It cuts short reads from the visitor, and writes of a response that will not be
// completed, but nothing else.
func (v *visit) endCalls() {
	v.inv.EndHostCalls()
	if !v.inv.Traffic.Reading && !v.broken() {
		v.calls.Wait()
		return
	}
	done := make(chan struct{})
	go func() { v.calls.Wait(); close(done) }()
	control := http.NewResponseController(v.w)
	again := time.NewTicker(10 * time.Millisecond) // the goroutine that reads or writes sets a deadline too, before each time
	defer again.Stop()
	for {
		_ = control.SetReadDeadline(time.Now())
		if v.broken() {
			_ = control.SetWriteDeadline(time.Now())
		}
		select {
		case <-done:
			return
		case <-again.C:
		}
	}
}

// breakConnection breaks the connection of a response that was begun by an abandoned invocation.
func (v *visit) breakConnection() {
	if !v.streamed.Load() {
		return
	}
	control := http.NewResponseController(v.w)
	for _ = control.SetWriteDeadline(time.Now()); !v.writeMu.TryLock(); time.Sleep(10 * time.Millisecond) {
		_ = control.SetWriteDeadline(time.Now())
	}
	defer v.writeMu.Unlock()
	if conn, _, err := control.Hijack(); err == nil {
		conn.Close()
	}
}
