package httpfn

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"fazt/internal/errs"
	"fazt/internal/runtime"
	"fazt/internal/scratch"
	"fazt/internal/share"
	"fazt/internal/system"
)

// atHand is the size up to which a script has the body at once; most bodies are smaller. It requests a larger one, or one of
// unknown size, piece by piece.
const atHand = 64 << 10

const (
	unbounded = 4 << 10 // size up to which memory for a body is not counted: every connection has as much anyway
	// waitForRoom is how long a request waits for memory or disk space that others hold.
	waitForRoom = time.Second
	inMemory    = 256 << 10 // a larger one lies in a file while the rest of it arrives, and until the function has read it
)

// storedBody is a body that is read before its function runs; nil if the request has none.
type storedBody struct {
	server *Server
	holder share.Holder
	limits system.Runtime
	w      http.ResponseWriter
	size   int64 // announced; -1 = unknown
	max    int64
	enough func() bool // reports whether what has arrived will do; nil = all of it is wanted
	ended  bool        // all of it has arrived

	data         []byte        // the part in memory
	file         *scratch.File // the part before that; nil = none
	filed        int64         // bytes in the file
	memory, disk *share.Part
	reading, cut atomic.Bool // it is being read; it gave way to others
}

// read reads the whole body. One larger than atHand may take as long as a stream; the time of the request starts when it has
// arrived.
func (a *storedBody) read(r *http.Request, f *runtime.Function) error {
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

// all reads and stores a body.
func (a *storedBody) all(body io.Reader) error {
	a.reading.Store(true)
	err := a.take(body)
	a.reading.Store(false)
	switch {
	case a.cut.Load():
		return runtime.ErrCrowded
	case err != nil:
		return err
	}
	return a.fileRest()
}

// reader returns a reader of what was stored.
func (a *storedBody) reader() io.Reader {
	if a.file != nil {
		return a.file
	}
	return bytes.NewReader(a.data)
}

func (a *storedBody) length() int64 { return a.filed + int64(len(a.data)) }

// take reads until the end, or up to the announced size.
func (a *storedBody) take(body io.Reader) error {
	for idle := 0; idle < 100; idle++ { // a reader may return nothing, but not forever
		if len(a.data) == cap(a.data) {
			if err := a.grow(); err != nil {
				return err
			}
		}
		if a.cut.Load() {
			return runtime.ErrCrowded
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

// grow makes room in memory, or moves the part in memory to the file.
func (a *storedBody) grow() error {
	have := int64(cap(a.data))
	if have == inMemory {
		return a.spill()
	}
	want := min(max(4*have, unbounded), inMemory)
	if a.size >= 0 {
		want = min(want, a.size)
	}
	if want > unbounded && !a.hold(&a.memory, &a.server.buffers, want-max(have, unbounded), a.limits.BufferMemory) {
		a.server.crowded.Add(1)
		return runtime.ErrCrowded
	}
	data := make([]byte, len(a.data), want)
	copy(data, a.data)
	a.data = data
	return nil
}

// hold takes more from a pool, and waits a moment for it.
func (a *storedBody) hold(part **share.Part, of *share.Pool, size, limit int64) bool {
	return size <= limit && of.Within(context.Background(), waitForRoom, func() bool {
		if *part != nil {
			return a.cut.Load() || (*part).Grow(size, limit)
		}
		*part = of.Take(a.holder, size, limit, a.giveWay)
		return *part != nil
	}) && !a.cut.Load()
}

// giveWay ends the reading because others need what the body holds.
func (a *storedBody) giveWay() {
	a.cut.Store(true)
	if !a.reading.Load() {
		return
	}
	_ = http.NewResponseController(a.w).SetReadDeadline(time.Now())
}

// spill moves the part in memory to the file.
func (a *storedBody) spill() error {
	if !a.hold(&a.disk, &a.server.spooled, int64(len(a.data)), a.limits.BufferDisk) {
		a.server.crowded.Add(1)
		return runtime.ErrCrowded
	}
	if a.file == nil {
		file, err := scratch.Create(a.server.temp)
		if err != nil {
			return errs.Wrap(errs.StorageFull, err, "there is no space to store the body while it arrives")
		}
		a.file = file
	}
	n, err := a.file.Write(a.data)
	a.filed += int64(n)
	a.data = a.data[:0]
	if err != nil {
		return errs.Wrap(errs.StorageFull, err, "there is no space to store the body while it arrives")
	}
	return nil
}

// fileRest moves the end of a body to the file that holds its beginning, and rewinds the file.
func (a *storedBody) fileRest() error {
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

// gaveWay reports whether the body gave way to others.
func (a *storedBody) gaveWay() bool { return a != nil && a.cut.Load() }

// body returns the body if it is small enough to give it to the script at once.
func (a *storedBody) body() []byte {
	if a == nil || a.file != nil || len(a.data) > atHand || !a.ended {
		return nil
	}
	return a.data
}

// release gives back what the body holds. It may be called more than once.
func (a *storedBody) release() {
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

// bodyFault explains why a body could not be read.
func bodyFault(f runtime.Function, err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return over(tooLarge.Limit)
	case !f.Ends.IsZero() && !time.Now().Before(f.Ends):
		return errs.New(errs.Unavailable, "the request took too long to arrive; try again")
	}
	return errs.Wrap(errs.Invalid, err, "the body was cut off")
}

func over(limit int64) error {
	return errs.New(errs.TooLarge, "the body is larger than %d bytes", limit)
}
