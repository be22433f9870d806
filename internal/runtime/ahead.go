package runtime

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"sync/atomic"
	"time"

	"fazt/internal/errs"
	"fazt/internal/runtime/compile"
	"fazt/internal/scratch"
	"fazt/internal/share"
	"fazt/internal/system"
)

// A body is read before its function runs: a client that sends slowly, or nothing, holds a connection and what has arrived, and
// neither a place among the requests nor a VM. Only what is larger than may be handed over whole, or of unknown
// size, arrives while the function runs.

const (
	unbounded = 4 << 10 // of a body, so much is read without asking: every connection has as much anyway
	// waitForRoom is how long a request waits for memory or disk space that others hold.
	waitForRoom = time.Second
	// streamBase is the least that a stream takes of the memory of streams: a VM and what is parked with it.
	streamBase = 1 << 20
	inMemory   = 256 << 10 // a larger one lies in a file while the rest of it arrives, and until the function has read it
)

// errCrowded is the error of a request that gives way because too much waits for visitors.
var errCrowded = &errs.Error{Kind: errs.Unavailable, Message: "too many are sending or reading slowly; try again", Retry: time.Second}

// ahead is a body that is read before its function runs. A nil ahead means that the request has none.
type ahead struct {
	e      *Engine
	holder share.Holder
	limits system.Runtime
	w      http.ResponseWriter
	size   int64 // announced; -1 = unknown
	max    int64
	enough func() bool // true when what is here will do; nil = all of it is wanted
	ended  bool        // all of it is here

	data         []byte        // what is in memory
	file         *scratch.File // what came before it; nil = nothing
	filed        int64         // bytes in it
	memory, disk *share.Part
	reading, cut atomic.Bool // it is under way; it gave way to others
}

// receive takes the body in. What arrives while the function runs is an input, and there is nothing ahead then.
func (e *Engine) receive(w http.ResponseWriter, r *http.Request, f *Function, limits system.Runtime) (*ahead, *input, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil, nil
	}
	most := min(limits.MaxRequestBody, limits.MaxMemory)
	if r.ContentLength < 0 || r.ContentLength > most {
		p, err := e.pool(r.Context(), *f)
		switch {
		case err != nil:
			return nil, nil, err
		case p.program.Style == compile.StyleModule:
			return e.openStream(w, r, f, limits, most)
		case r.ContentLength > most:
			w.Header().Set("Connection", "close") // what comes of it is not wanted
			return nil, nil, over(most)
		}
	}
	a := &ahead{e: e, holder: f.holder(), limits: limits, w: w, size: r.ContentLength, max: most}
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
	in := &input{body: a.reader(), f: *f, size: a.length(), max: most, here: true}
	in.ended.Store(true)
	return a, in, nil
}

// openStream returns the input of a body that is handed over in pieces, once its function may start. Streams of an app start
// in turn. While waiting streams leave half of their memory free, that is all. Otherwise as much of the body as a small one
// may have is read first, without a VM: a client that sends nothing, or a byte at a time, then holds only a connection.
func (e *Engine) openStream(w http.ResponseWriter, r *http.Request, f *Function, limits system.Runtime, most int64) (start *ahead, in *input, err error) {
	window, timed := time.Until(f.Ends), !f.Ends.IsZero()
	in = stream(r, *f, most)
	if e.calm(limits) {
		if in.turn, err = e.waitToOpen(r, f, limits); err == nil && !e.calm(limits) { // others started meanwhile
			in.turn.done()
			in.turn = nil
		}
	}
	if err == nil && in.turn == nil {
		start, err = e.readStart(w, r, f, limits)
		if err == nil && start.ended && int64(len(start.data)) <= most {
			in = nil // it is a small body
		} else if err == nil {
			in.body = io.MultiReader(bytes.NewReader(start.data), releasing{start}, r.Body)
			in.turn, err = e.waitToOpen(r, f, limits)
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

// readStart reads as much of a body as a small one may have.
func (e *Engine) readStart(w http.ResponseWriter, r *http.Request, f *Function, limits system.Runtime) (*ahead, error) {
	if b, ok := r.Body.(interface{ EndBy(time.Time) }); ok {
		b.EndBy(time.Now().Add(time.Duration(limits.StreamTimeout) * time.Millisecond))
	}
	a := &ahead{e: e, holder: f.holder(), limits: limits, w: w, size: -1, max: math.MaxInt64}
	a.enough = func() bool { return len(a.data) >= atHand }
	err := a.all(r.Body)
	if known := (*errs.Error)(nil); err != nil && !errors.As(err, &known) {
		err = bodyFault(*f, err)
	}
	return a, err
}

// waitToOpen waits for the turn of a stream, unless the stream would be cut off at once.
func (e *Engine) waitToOpen(r *http.Request, f *Function, limits system.Runtime) (*turn, error) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(limits.StreamTimeout)*time.Millisecond)
	defer cancel()
	var t *turn
	if e.streams.Fits(f.holder(), streamBase, limits.StreamMemory) {
		t = e.opening.wait(ctx, f.AppID)
	}
	if t == nil {
		e.crowded.Add(1)
		return nil, errCrowded
	}
	return t, nil
}

// calm reports whether streams that wait leave half of their memory free.
func (e *Engine) calm(limits system.Runtime) bool {
	taken, _ := e.streams.Taken()
	return taken <= limits.StreamMemory/2
}

// releasing is an empty reader that gives back the memory of the bytes before it.
type releasing struct{ a *ahead }

func (r releasing) Read([]byte) (int, error) {
	r.a.memory.Release()
	return 0, io.EOF
}

// read reads all of the body. One that a script does not have at once may take as long as a stream; the time of the
// request begins when it is there.
func (a *ahead) read(r *http.Request, f *Function) error {
	large := a.size < 0 || a.size > atHand
	window := time.Until(f.Ends)
	if large && !f.Ends.IsZero() {
		f.Ends = time.Now().Add(max(window, time.Duration(a.limits.StreamTimeout)*time.Millisecond))
		if b, ok := r.Body.(interface{ EndBy(time.Time) }); ok {
			b.EndBy(f.Ends)
		}
	}
	err := a.all(r.Body)
	var known *errs.Error
	switch {
	case errors.As(err, &known):
		return err
	case err != nil:
		return bodyFault(*f, err)
	}
	if large && !f.Ends.IsZero() {
		f.Ends = time.Now().Add(window)
	}
	return nil
}

// all takes a body in and keeps it where it can be read from.
func (a *ahead) all(body io.Reader) error {
	a.reading.Store(true)
	err := a.take(body)
	a.reading.Store(false)
	switch {
	case a.cut.Load():
		return errCrowded
	case err != nil:
		return err
	}
	return a.fileRest()
}

// reader reads what was taken in.
func (a *ahead) reader() io.Reader {
	if a.file != nil {
		return a.file
	}
	return bytes.NewReader(a.data)
}

func (a *ahead) length() int64 { return a.filed + int64(len(a.data)) }

// take reads until the end, or as much as was announced.
func (a *ahead) take(body io.Reader) error {
	for idle := 0; idle < 100; idle++ { // a reader may give nothing, but not for ever
		if len(a.data) == cap(a.data) {
			if err := a.grow(); err != nil {
				return err
			}
		}
		if a.cut.Load() {
			return errCrowded
		}
		n, err := body.Read(a.data[len(a.data):cap(a.data)])
		a.data = a.data[:len(a.data)+n]
		switch got := a.filed + int64(len(a.data)); {
		case got > a.max:
			return over(a.max)
		case err == io.EOF && (a.size < 0 || got == a.size), got == a.size:
			a.ended = true
			return nil
		case err == nil && a.enough != nil && a.enough():
			return nil
		case err != nil:
			return err
		}
		if n > 0 {
			idle = -1
		}
	}
	return io.ErrNoProgress
}

// grow makes room in memory for more, or puts what is there into the file.
func (a *ahead) grow() error {
	have := int64(cap(a.data))
	if have == inMemory {
		return a.spill()
	}
	want := min(max(4*have, unbounded), inMemory)
	if a.size >= 0 {
		want = min(want, a.size)
	}
	if want > unbounded && !a.hold(&a.memory, &a.e.buffers, want-max(have, unbounded), a.limits.BufferMemory) {
		a.e.crowded.Add(1)
		return errCrowded
	}
	data := make([]byte, len(a.data), want)
	copy(data, a.data)
	a.data = data
	return nil
}

// hold takes more of a pool, and waits a moment for it.
func (a *ahead) hold(part **share.Part, of *share.Pool, size, most int64) bool {
	return size <= most && of.Within(context.Background(), waitForRoom, func() bool {
		if *part != nil {
			return a.cut.Load() || (*part).Grow(size, most)
		}
		*part = of.Take(a.holder, size, most, a.giveWay)
		return *part != nil
	}) && !a.cut.Load()
}

// giveWay makes the reading end, because others need what the body holds.
func (a *ahead) giveWay() {
	a.cut.Store(true)
	if !a.reading.Load() {
		return
	}
	_ = http.NewResponseController(a.w).SetReadDeadline(time.Now())
}

// spill puts what is in memory into the file.
func (a *ahead) spill() error {
	if !a.hold(&a.disk, &a.e.spooled, int64(len(a.data)), a.limits.BufferDisk) {
		a.e.crowded.Add(1)
		return errCrowded
	}
	if a.file == nil {
		file, err := scratch.Create(a.e.config.Temp)
		if err != nil {
			return errs.Wrap(errs.StorageFull, err, "there is no place to keep the body while it arrives")
		}
		a.file = file
	}
	n, err := a.file.Write(a.data)
	a.filed += int64(n)
	a.data = a.data[:0]
	if err != nil {
		return errs.Wrap(errs.StorageFull, err, "there is no place to keep the body while it arrives")
	}
	return nil
}

// fileRest puts the end of a body that is in a file there too, ready to be read.
func (a *ahead) fileRest() error {
	if a.file == nil {
		return nil
	}
	if err := a.spill(); err != nil {
		return err
	}
	a.memory.Release()
	a.data, a.memory = nil, nil
	_, err := a.file.Seek(0, io.SeekStart)
	return err
}

// gaveWay reports whether others got what the body holds.
func (a *ahead) gaveWay() bool { return a != nil && a.cut.Load() }

// body is a small one, which the script has at once.
func (a *ahead) body() []byte {
	if a == nil || a.file != nil || len(a.data) > atHand || !a.ended {
		return nil
	}
	return a.data
}

// release gives back what the body holds. It may be called more than once.
func (a *ahead) release() {
	if a == nil {
		return
	}
	a.memory.Release()
	a.disk.Release()
	if a.file != nil {
		_ = a.file.Close() // nothing is lost with it
		a.file = nil
	}
}
